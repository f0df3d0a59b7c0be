"""The folder of a laptop's state, and the key that it is known by."""
