"""A large fictitious history, in bulk: what a newcomer tries every role in and charts show."""

from importlib import import_module
from typing import Final

from console.demo.world.made import Tell, World
from console.desk import House

PARTS: Final = (
    "places", "channel", "patrols", "signals",
    "cases", "notices", "checks", "industry", "complaints", "oversight",
)  # fmt: skip
"""Modules, each with `build(world)`; a part builds on those before it."""


def build(house: House, scale: float, tell: Tell) -> World:
    """Fill a house that holds the stories; the world, so that a test may look at it."""
    world = World(house, scale, tell, house.now())
    for part in PARTS:
        import_module(f"{__name__}.{part}").build(world)
    return world
