"""Cards: what stock says of them, batch by batch and channel by channel."""
