"""Notices between organisations: written, delivered, answered, reminded of, escalated."""
