"""What is watched: how things stand for an organisation, and what of it was reported when."""
