"""The console: doors over use cases over one desk."""
