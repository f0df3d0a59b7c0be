"""What waits for the console, and the challenges that were packed for a trip."""
