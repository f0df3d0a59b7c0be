"""When things are done: durable work and the clock."""
