"""People and programs: how they come in, who they are, what they may do."""
