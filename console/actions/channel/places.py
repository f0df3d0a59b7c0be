"""Places in the status lists: drawn at random, each given once (BADGE 2.3)."""

import secrets
from collections.abc import Sequence
from typing import Final

from sqlmodel import col, select

from console.actions.channel.numbers import next_numbers
from console.desk import House, Work
from models.channel.badges import Badge

SHARD: Final = 131_072
"""Places in one status list."""
_FILL: Final = 100_000
"""Badges for which places are drawn in one list, so that a free one is soon found."""


def status_uri(house: House, status_index: int) -> str:
    """The status list that holds a place; the first is number 1."""
    return f"{house.settings.public_url.rstrip('/')}/s/{status_index // SHARD + 1}"


def draw_places(work: Work, count: int) -> Sequence[int]:
    """Random places that nobody has; the counter's lock keeps two from drawing the same."""
    drawn: list[int] = []
    wanted = [(number - 1) // _FILL for number in next_numbers(work, "badges", count)]
    while wanted:
        places = {shard * SHARD + secrets.randbelow(SHARD) for shard in wanted}
        taken = select(Badge.status_index).where(col(Badge.status_index).in_(places))
        free = places.difference(work.session.exec(taken).all(), drawn)
        drawn += free
        for place in free:
            wanted.remove(place // SHARD)
    secrets.SystemRandom().shuffle(drawn)  # a set's order tells something of its numbers
    return drawn
