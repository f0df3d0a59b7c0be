"""The record stays whole when the house gets another address, and is checked against its keys."""

from dataclasses import replace

from console.actions.audit import seal, verify
from console.actions.channel.agents import add_agent
from console.desk import Desk
from tests.channel.stories import form
from tests.conftest import Desks


def moved(desk: Desk, url: str) -> Desk:
    settings = desk.house.settings.model_copy(update={"public_url": url})
    return replace(desk, house=replace(desk.house, settings=settings))


def test_heads_that_were_signed_under_an_older_address_still_hold(desks: Desks) -> None:
    assert seal(desks.house) > 0
    there = moved(desks.house, "https://channel.example")
    add_agent(desks.manager, form())

    assert verify(there).fault is None
    assert seal(there) > 0
    found = verify(there)
    assert (found.fault, found.checkpoints) == (None, 2)
    assert verify(desks.house).fault is None
