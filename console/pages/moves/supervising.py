"""Moves of those who watch over a case: its owner, its tier, what is stopped at once, a merger."""

import streamlit as st

from console.actions.cases.assigning import assign_case, owners_for
from console.actions.cases.decide import LONGEST_PAPERS
from console.actions.cases.interim import (
    BEFORE_DECISION,
    INTERIM,
    LONGEST_LIFTING,
    lift_at_once,
    stop_at_once,
)
from console.actions.cases.lists import CaseRecord
from console.actions.cases.merging import unmerge
from console.actions.cases.orders import has_no_choice
from console.actions.cases.tiers import (
    LOWERED_IN,
    decide_tier,
    lower_tier,
    raise_tier,
    why_not_decide_tier,
)
from console.actions.cases.words import LONGEST_WORDS
from console.desk import Desk
from console.i18n import t
from console.pages.channel_words import move_of
from console.pages.frame import plain
from console.pages.kit import Next
from models.cases.cases import ENDED, Case, CaseMove
from models.cases.measures import Measure, MeasureState, least_measures
from models.permissions import Permission
from models.rules import Tier

P = Permission


def supervising(desk: Desk, record: CaseRecord) -> list[Next]:
    case = record.case
    if case.merged_into_id is not None:
        return [
            move_of("case_moves.unmerge", lambda why: unmerge(desk, case.id, why), P.CASE_OPEN,
                    "call_split", when=True, reason=True)
        ]  # fmt: skip
    return [
        _stopping(desk, record),
        _lifting(desk, record),
        *_tiers(desk, record),
        _assigning(desk, case),
    ]


def _stopping(desk: Desk, record: CaseRecord) -> Next:
    case = record.case
    given: dict[str, str] = {}
    chosen: list[Measure] = []

    def ask(key: str) -> str:
        least = [one.value for one in least_measures(record.wanted) if one in INTERIM]
        chosen[:] = [
            Measure(one)
            for one in st.multiselect(
                t("case_page.measure"), [one.value for one in Measure if one in INTERIM], least,
                key=f"{key}:measures", format_func=lambda value: t(f"measure.{value}"),
                placeholder=t("case_decision.choose_measures"),
            )
        ]  # fmt: skip
        boxes = {"reason": "", "remedy": t("case_page.remedy_default"),
                 "papers": t("case_page.papers_default")}  # fmt: skip
        for name, begins in boxes.items():
            most = LONGEST_PAPERS if name == "papers" else LONGEST_WORDS
            given[name] = st.text_area(
                t(f"case_page.{name}"), begins, key=f"{key}:{name}", max_chars=most, height=90
            ).strip()
        return "ready" if chosen and all(given.values()) else ""

    return move_of(
        "case_moves.stop_now", lambda _: stop_at_once(desk, case.id, chosen, **given),
        P.CASE_OPEN, "front_hand", when=CaseMove.STOP_NOW in case.open_moves(), ask=ask,
    )  # fmt: skip


def _lifting(desk: Desk, record: CaseRecord) -> Next:
    """What was stopped at once, by others than whoever looks."""
    case, me = record.case, desk.actor.id
    held = [
        one.measure.value
        for one in record.measures
        if one.is_interim and one.state is MeasureState.IN_FORCE and one.ordered_by != me
    ]
    chosen: list[Measure] = []

    def ask(key: str) -> str:
        chosen[:] = [
            Measure(one)
            for one in st.multiselect(
                t("case_page.measure"), held, held, key=f"{key}:measures",
                format_func=lambda value: t(f"measure.{value}"),
                placeholder=t("case_decision.choose_measures"),
            )
        ]  # fmt: skip
        words = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=LONGEST_LIFTING)
        return words.strip() if chosen else ""

    return move_of(
        "case_moves.lift_now", lambda why: lift_at_once(desk, case.id, chosen, why),
        P.CASE_CLOSE, "lock_open", when=bool(held) and case.state in BEFORE_DECISION, ask=ask,
    )  # fmt: skip


def _tiers(desk: Desk, record: CaseRecord) -> list[Next]:
    case = record.case
    going_on = case.state not in ENDED
    fixed = has_no_choice([case.kind, *(one.kind for one in record.findings)])
    asked = case.tier_asked
    decides = asked is not None and why_not_decide_tier(desk.actor, case) is None
    lowered = {"tier": t(f"tier.{asked}") if asked else "", "why": plain(case.tier_reason)}

    def decided(name: str, *, granted: bool) -> Next:
        return Next(
            name, t(f"case_moves.{name}"), t(f"case_moves.{name}_will", **lowered),
            lambda why: _did(decide_tier(desk, case.id, granted=granted, reason=why)),
            P.CASE_CLOSE, is_open=decides, reason=True, icon=":material/balance:", main=granted,
        )  # fmt: skip

    return [
        _tier_move(desk, case, "raise_tier", is_open=going_on and case.tier is not Tier.SERIOUS),
        _tier_move(
            desk, case, "lower_tier",
            is_open=case.state in LOWERED_IN and asked is None and not fixed
            and case.tier is not Tier.MINOR,
        ),
        decided("grant_tier", granted=True),
        decided("refuse_tier", granted=False),
    ]  # fmt: skip


def _tier_move(desk: Desk, case: Case, name: str, *, is_open: bool) -> Next:
    chosen: list[Tier] = []
    up = name == "raise_tier"

    def ask(key: str) -> str:
        tiers = [one.value for one in Tier if (one > case.tier if up else one < case.tier)]
        tier = st.selectbox(
            t("case_page.tier"), tiers, key=f"{key}:tier", format_func=lambda one: t(f"tier.{one}")
        )
        chosen[:] = [Tier(tier)] if tier else []
        words = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=LONGEST_WORDS)
        return words.strip() if chosen else ""

    def act(words: str) -> object:
        return (raise_tier if up else lower_tier)(desk, case.id, chosen[0], words)

    icon = "keyboard_double_arrow_up" if up else "keyboard_double_arrow_down"
    return move_of(f"case_moves.{name}", act, P.CASE_CLOSE, icon, when=is_open, ask=ask)


def _assigning(desk: Desk, case: Case) -> Next:
    def ask(key: str) -> str:
        people = {str(one.id): one.name for one in owners_for(desk, case.id)}
        people.pop(str(case.owner_id), None)
        chosen = st.selectbox(
            t("case_page.owner"), list(people), index=None, key=f"{key}:owner",
            format_func=lambda one: plain(people[one]), placeholder=t("case_moves.choose_owner"),
        )  # fmt: skip
        return chosen or ""

    return move_of(
        "case_moves.assign", lambda owner: assign_case(desk, case.id, owner), P.CASE_CLOSE,
        "person_raised_hand", when=case.state not in ENDED, ask=ask, main=case.owner_id is None,
    )  # fmt: skip


def _did(_row: object) -> None:
    return None
