"""Rectification notices (整改通知) from draft to report (DOMAIN 4.12)."""
