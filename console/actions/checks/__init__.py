"""Checks that people do with their own hands: cards bought to see where they come from."""
