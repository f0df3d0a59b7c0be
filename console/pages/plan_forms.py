"""The form of a plan: what is patrolled, how often, at which hours, and who looks."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.patrol.plans import PlanTerms
from console.i18n import t
from console.pages.channel_forms import LAST_DAY, packed, unpacked
from models.patrol.plans import WHOLE, Cadence, PatrolPlan
from models.rules import china_day
from models.staff import User

LONGEST_NAME: Final = 64
_HOURS: Final = 24
_SHARE: Final = 20


def plan_fields(
    key: str,
    sources: Mapping[str, UUID],
    people: Sequence[User],
    plan: PatrolPlan | None = None,
    first: date | None = None,
) -> str:
    """A new plan, or the terms of one as they stand; empty while something is missing."""
    name = st.text_input(
        t("plans_page.name"), plan.name if plan else "", key=f"{key}:name", max_chars=LONGEST_NAME
    )
    source = "" if plan else _source(key, sources)
    cadences = list(Cadence)
    cadence = st.segmented_control(
        t("plans_page.cadence"),
        cadences,
        default=plan.cadence if plan else Cadence.MONTHLY,
        required=True,
        key=f"{key}:cadence",
        format_func=lambda one: t(f"cadence.{one}"),
    )
    share = st.slider(
        t("plans_page.share"), 0, WHOLE, plan.share if plan else _SHARE, 5,
        key=f"{key}:share", help=t("plans_page.share_help"), format="%d %%",
    )  # fmt: skip
    begins, ends = _hours(key, plan)
    next_on = st.date_input(
        t("plans_page.next"), china_day(plan.next_at) if plan else first, key=f"{key}:next",
        min_value=first, max_value=LAST_DAY,
    )  # fmt: skip
    assignee = _person(f"{key}:assignee", "assignee", people, plan and plan.assignee_id)
    substitute = _person(f"{key}:substitute", "substitute", people, plan and plan.substitute_id)
    if not name.strip() or not (plan or source):
        return ""
    return packed(
        name=name, source=source, cadence=cadence, share=share, next=next_on,
        assignee=assignee, substitute=substitute, begins=begins, ends=ends,
    )  # fmt: skip


def _source(key: str, sources: Mapping[str, UUID]) -> str:
    chosen = st.selectbox(
        t("plans_page.source"), list(sources), index=None, key=f"{key}:source", placeholder=""
    )
    return str(sources[chosen]) if chosen else ""


def _hours(key: str, plan: PatrolPlan | None) -> tuple[int, int]:
    left, right = st.columns(2)
    begins = left.number_input(
        t("plans_page.from_hour"), 0, _HOURS - 1, plan.from_hour if plan else 0, 1,
        key=f"{key}:begins",
    )  # fmt: skip
    ends = right.number_input(
        t("plans_page.until_hour"), 0, _HOURS, plan.until_hour if plan else _HOURS, 1,
        key=f"{key}:ends",
    )  # fmt: skip
    return int(begins), int(ends)


def _person(key: str, word: str, people: Sequence[User], now: UUID | None) -> str:
    ids = [one.id for one in people]
    names = {one.id: f"{one.name}（{one.login}）" for one in people}
    chosen = st.selectbox(
        t(f"plans_page.{word}"),
        ids,
        index=ids.index(now) if now is not None and now in names else None,
        key=key,
        format_func=names.__getitem__,
        placeholder=t(f"plans_page.{word}_none"),
        help=t(f"plans_page.{word}_help"),
    )
    return str(chosen) if chosen else ""


def terms_of(words: str) -> PlanTerms:
    given = unpacked(words)
    return PlanTerms(
        Cadence(given["cadence"]),
        int(given["share"]),
        UUID(given["assignee"]) if given["assignee"] else None,
        UUID(given["substitute"]) if given["substitute"] else None,
        int(given["begins"]),
        int(given["ends"]),
    )
