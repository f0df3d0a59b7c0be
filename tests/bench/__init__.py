"""Measurements: `make bench` runs them all and writes docs/benchmarks.md. They print ratios."""
