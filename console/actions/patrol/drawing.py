"""The lot: which shops of a run people look at, and who looks at each (4.8)."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.patrol.judging import hints_of_shop
from console.actions.patrol.listings import insert_new
from console.actions.patrol.related import related_people
from console.desk import Work
from models.base import new_id
from models.patrol.checks import ShopCheck, draw
from models.patrol.runs import PatrolRun
from models.patrol.screening import FLAGGED
from models.patrol.shops import SeenListing, Shop

_HINTED: Final = 200
"""Checklists that are given their hints at once; those of the others are made when opened."""
_IN_DEED: Final = 2000
"""Keys that a deed holds; of more it holds the digest, and the checklists are the list."""


def draw_shops(work: Work, run: PatrolRun) -> int:
    """Write a checklist for each shop that the run's seed draws; how many there are.

    The seed was put on record when the run began, before any shop was known.
    """
    flagged = _flagged(work, run)
    by_key = {shop.shop_key: shop for shop in flagged}
    keys = list(draw(run.seed, by_key, run.share)) if run.share else []
    asked = _asked(work, run)
    by_key |= {shop.shop_key: shop for shop in asked}
    keys = list(dict.fromkeys([*keys, *(shop.shop_key for shop in asked)]))
    chosen = [by_key[key] for key in keys]
    rows = _checks(work, run, chosen)
    for first in range(0, len(rows), 500):
        insert_new(work, ShopCheck, rows[first : first + 500], ["run_id", "shop_id"])
    run.drawn = len(chosen)
    missed = sorted(set(run.asked_shops) - {shop.shop_key for shop in asked})
    work.record(
        "patrol.drawn", run, seed=run.seed, share=run.share, of=len(flagged), drawn=len(chosen),
        shops=keys[:_IN_DEED], sha256=sha256("\n".join(keys).encode()).hexdigest(),
        passed_on=sum(row["is_passed_on"] for row in rows), not_seen=missed,
    )  # fmt: skip
    return len(chosen)


def _flagged(work: Work, run: PatrolRun) -> Sequence[Shop]:
    """The shops with an offer that this run flagged."""
    seen = select(SeenListing.shop_id).where(
        SeenListing.run_id == run.id, col(SeenListing.label).in_(FLAGGED)
    )
    return work.session.exec(select(Shop).where(col(Shop.id).in_(seen))).all()


def _asked(work: Work, run: PatrolRun) -> Sequence[Shop]:
    if not run.asked_shops:
        return ()
    return work.session.exec(
        select(Shop)
        .where(Shop.organisation_id == run.organisation_id, Shop.platform == run.platform)
        .where(col(Shop.shop_key).in_(run.asked_shops), Shop.last_run_id == run.id)
    ).all()


def _checks(work: Work, run: PatrolRun, shops: Sequence[Shop]) -> list[dict[str, Any]]:
    people = [one for one in (run.assignee_id, run.substitute_id) if one is not None]
    agents = {shop.agent_id for shop in shops if shop.agent_id is not None}
    related = related_people(work, agents, people)
    rows = [_check(run, shop, people, related) for shop in shops]
    for row, shop in zip(rows[:_HINTED], shops, strict=False):
        row["hints"] = hints_of_shop(work, run, shop)
    return rows


def _check(
    run: PatrolRun, shop: Shop, people: Sequence[UUID], related: set[tuple[UUID, UUID]]
) -> dict[str, Any]:
    free = [one for one in people if shop.agent_id is None or (shop.agent_id, one) not in related]
    assignee = free[0] if free else None
    return {
        "id": new_id(),
        "run_id": run.id,
        "shop_id": shop.id,
        "organisation_id": run.organisation_id,
        "hints": {},
        "answers": {},
        "remark": "",
        "assignee_id": assignee,
        "is_passed_on": bool(people) and assignee != people[0],
        "is_review_drawn": False,
        "review": {},
        "settled": {},
        "settled_reason": "",
        "version": 1,
    }
