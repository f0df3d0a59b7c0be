"""Checks by hand: cards that were bought to see where they come from; later reads of cards."""
