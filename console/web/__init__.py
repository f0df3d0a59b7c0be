"""HTTP doors beside the console: sign-in, public pages, the JSON API, files."""
