"""Lists that leave the console as files: which, who may, and how many rows at once."""
