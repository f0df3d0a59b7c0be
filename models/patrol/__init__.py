"""What is seen on platforms and sites: sources, runs, shops, listings, findings."""
