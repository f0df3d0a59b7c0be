"""How things stand, counted by a job and read at once."""
