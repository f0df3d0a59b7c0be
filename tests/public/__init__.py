"""What anyone may ask without being asked who they are."""
