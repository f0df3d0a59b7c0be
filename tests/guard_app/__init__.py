"""A small app behind the guard, for tests that attack it."""
