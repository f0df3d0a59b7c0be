"""Much of one kind, done in transactions that hold few rows for a short time."""

from collections.abc import Callable
from typing import Final

from console.desk import Desk, Work
from models.permissions import Permission

AT_ONCE: Final = 500
"""Rows in one transaction."""


def in_batches(desk: Desk, step: Callable[[Work, int], int]) -> int:
    """Let the house do `step` with at most so many rows until it finds fewer; how many it found."""
    done = 0
    while True:
        with desk.begin(Permission.SWEEP) as work:
            found = step(work, AT_ONCE)
            if not found:
                work.no_deed()
        done += found
        if found < AT_ONCE:
            return done
