"""The JSON API under /api/v1. A route reads the request, calls one action, writes what it gave."""
