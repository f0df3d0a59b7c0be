"""Shops and marketplaces as sources of listings, and as receivers of notices."""
