"""Analysis for carriers and platforms: counted when it is asked for, in the asker's own scope."""
