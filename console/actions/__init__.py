"""Use cases. Each is a function of a desk, and the same one for every door."""
