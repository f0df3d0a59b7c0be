"""What comes from authorities and goes to them: instructions, reports, transfers, appeals."""
