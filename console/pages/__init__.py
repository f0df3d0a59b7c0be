"""Screens of the console. A page reads, shows and asks; it holds no rule and no query."""
