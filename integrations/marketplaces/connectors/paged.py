"""Searches that go on by the number of the page."""

from dataclasses import replace

from integrations.marketplaces.base import Unreadable
from integrations.marketplaces.connectors.base import Onward
from integrations.marketplaces.paging import Held
from integrations.marketplaces.steps import Step


def page_of(step: Step) -> int:
    return step.page or 1


def next_page(step: Step, held: Held, *, more: bool = True, cursor: str | None = None) -> Onward:
    """The next page, unless they say that there is none, or this one was empty or seen before."""
    if not held.count or not more:
        return Onward()
    if held.mark and held.mark in step.marks:
        raise Unreadable("paging_loops", url=step.url, field="list.paging", query=step.query)
    onward = replace(
        step,
        turn=step.turn + 1,
        page=page_of(step) + 1,
        cursor=cursor if cursor is not None else step.cursor,
        count=step.count + held.count,
        marks=tuple(dict.fromkeys((*step.marks[:1], held.mark))) if held.mark else step.marks,
    )
    return Onward((onward,))
