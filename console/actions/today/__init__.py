"""What people keep for their own day."""
