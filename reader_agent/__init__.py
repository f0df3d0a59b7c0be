"""The program at the counter. It shares a wire format with the console, and no code."""
