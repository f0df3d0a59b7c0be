"""Patrols: where they look, what they saw, and what of it somebody must answer for."""
