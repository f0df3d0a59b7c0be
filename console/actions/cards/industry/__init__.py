"""Industry cards: who buys them for what, who answers for them, and what becomes of each batch."""
