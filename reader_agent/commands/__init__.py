"""What a person types, and what the agent says back."""
