"""docs/reader.md as this side speaks it."""
