"""Telephone cards: what stock went to which channel; later industry cards and their use."""
