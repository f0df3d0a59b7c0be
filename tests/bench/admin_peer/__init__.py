"""The peer: Django's own admin over the very table of agents that the console lists."""
