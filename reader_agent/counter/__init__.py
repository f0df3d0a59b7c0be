"""The readers at the counter: who watches them, what is wanted of each, what comes of a card."""
