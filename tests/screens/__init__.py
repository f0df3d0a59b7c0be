"""The pictures of the README, made anew by `make screens`."""
