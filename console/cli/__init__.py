"""The command line `channel`."""
