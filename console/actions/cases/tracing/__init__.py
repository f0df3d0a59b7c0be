"""Where the cards of a case came from, the cases that follow, and cards called back."""
