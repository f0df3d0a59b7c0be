"""Admission, licences, shops, badges, and the published register."""
