"""Complaints and reports from the public (投诉举报, DOMAIN 4.13)."""
