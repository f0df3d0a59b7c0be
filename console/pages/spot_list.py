"""Spot checks as a list, and the form that plans a single one."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from console.actions.checks.spot_checks import CheckDraft, plan_check
from console.actions.checks.spot_choices import shops_named
from console.actions.checks.spot_lists import list_checks
from console.actions.checks.spot_plans import LONGEST, list_plans
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, shop_word, unpacked
from console.pages.channel_parts import own_carriers, platform_names
from console.pages.channel_words import move_of
from console.pages.frame import refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    chips,
    choice,
    cursor,
    empty,
    filters,
    labelled,
    list_tools,
    record_table,
    search,
)
from console.pages.spot_forms import what_fields, why_fields
from console.pages.spot_words import CHECKS, VERDICTS
from models.checks.spot_checks import CheckPurpose, CheckState, SpotCheck, Verdict
from models.checks.test_purchases import PurchaseState, TestPurchase
from models.permissions import Permission

_LONGEST_NUMBER = 40


def show_list(desk: Desk) -> None:
    with filters():
        words = search(t("spot_page.search"), width=230)
        state = choice(
            "state", t("spot_page.state"), labelled("check_state", [*CheckState]), width=150
        )
        verdict = choice(
            "verdict", t("spot_page.verdict"), labelled("verdict", [*Verdict]), width=150
        )
        plans = {str(one.id): f"{one.number} {one.name}" for one in list_plans(desk).rows}
        plan = choice("plan", t("spot_page.plan"), plans, width=230) if plans else None
        mine = chips("whose", t("spot_page.mine"), {"mine": t("spot_page.mine")})
    asked = (words, state, verdict, plan, mine)
    with refusals_shown():
        tools = list_tools(desk, "spot_checks")
        found = list_checks(
            desk,
            state=CheckState(state) if state else None,
            verdict=Verdict(verdict) if verdict else None,
            assignee=desk.actor.id if mine else None,
            plan=plan,
            words=words,
            after=cursor("spot_checks", *asked, tools.sort),
            order=tools.order,
        )
        if not found.rows:
            _nothing(desk, is_filtered=any(asked))
            return
        record_table(found.rows, tools.shown(columns(desk)), key="spot_checks")
        tools.pager(found, "spot_checks")


def _nothing(desk: Desk, *, is_filtered: bool) -> None:
    if is_filtered:
        empty(t("spot_page.none_found"), t("spot_page.none_found_next"))
        return
    may = desk.actor.may(Permission.SPOT_CHECK_PLAN)
    empty(t("spot_page.none"), t("spot_page.none_next" if may else "spot_page.none_yet"))


def columns(desk: Desk) -> list[Column[SpotCheck]]:
    names = platform_names(desk)
    return [
        Column(t("spot_page.number"), lambda row: row.number, width=135),
        Column(t("spot_page.subject"), lambda row: row.subject, width=215),
        Column(t("spot_page.state"), lambda row: row.state, Kind.STATE, "check_state", CHECKS, 120),
        Column(t("spot_page.verdict"), _verdict, Kind.STATE, "verdict", VERDICTS, 105),
        Column(t("spot_page.purpose"), lambda row: t(f"check_purpose.{row.purpose}"), width=110),
        Column(t("spot_page.platform"), lambda row: names.get(row.platform, row.platform),
               width=110),
        Column(t("spot_page.planned_for"), lambda row: row.planned_for, Kind.DATE, width=105),
        Column(t("spot_page.review_due"), _due, Kind.DUE, width=105),
    ]  # fmt: skip


def _verdict(row: SpotCheck) -> str:
    """Where the state does not say it."""
    is_over = row.state in {CheckState.CLOSED, CheckState.PURGED}
    return row.verdict.value if row.verdict and is_over else ""


def _due(row: SpotCheck) -> object:
    """Of those alone that wait for their review."""
    return row.review_due_at if row.reviewed_at is None else None


def planning(desk: Desk) -> Next:
    def act(words: str) -> str:
        check = plan_check(desk, _draft(words))
        st.query_params["id"] = str(check.id)  # the run that follows shows it
        return t("spot_page.planned", number=check.number)

    return move_of(
        "spot_page.plan_one", act, Permission.SPOT_CHECK_PLAN, "add_task",
        when=True, ask=partial(_fields, desk), main=True,
    )  # fmt: skip


def purchase_planning(desk: Desk, purchase: TestPurchase) -> Next:
    """On a test purchase's own page: its cards are what is read."""

    def ask(key: str) -> str:
        purpose = CheckPurpose.TEST_PURCHASE.value
        _, basis = why_fields(key, purpose)
        card, identity, approval = what_fields(key)
        return _packed(purpose, basis, card, identity, approval, purchase=purchase.number)

    def act(words: str) -> str:
        return t("spot_page.planned", number=plan_check(desk, _draft(words)).number)

    return move_of(
        "spot_page.plan_one", act, Permission.SPOT_CHECK_PLAN, "add_task",
        when=purchase.state in {PurchaseState.RECEIVED, PurchaseState.CLOSED}, ask=ask,
    )  # fmt: skip


def _fields(desk: Desk, key: str) -> str:
    about = st.segmented_control(
        t("spot_page.about"), ["shop", "purchase"], default="shop", required=True,
        key=f"{key}:about", format_func=lambda one: t(f"spot_page.about_{one}"),
    )  # fmt: skip
    shop = purchase = None
    if about == "purchase":
        purchase = st.text_input(
            t("spot_page.purchase"), key=f"{key}:purchase", max_chars=_LONGEST_NUMBER,
            help=t("spot_page.purchase_help"),
        ).strip()  # fmt: skip
    else:
        shop = _shop(desk, key)
    carriers = own_carriers(desk)
    carrier = None
    if carriers:
        carrier = st.selectbox(
            t("spot_page.carrier"), list(carriers), key=f"{key}:carrier",
            format_func=carriers.__getitem__,
        )  # fmt: skip
    purpose, basis = why_fields(key)
    card, identity, approval = what_fields(key)
    if not (shop or purchase):
        return ""
    return _packed(
        purpose, basis, card, identity, approval, shop=shop, purchase=purchase, carrier=carrier
    )


def _shop(desk: Desk, key: str) -> str | None:
    words = st.text_input(t("spot_page.shop_search"), key=f"{key}:words", max_chars=100)
    shops = {str(one.id): shop_word(one) for one in shops_named(desk, words)}
    return st.selectbox(
        t("spot_page.shop"), list(shops), index=None, key=f"{key}:shop",
        format_func=shops.__getitem__, placeholder=t("spot_page.choose"),
    )  # fmt: skip


def _packed(
    purpose: str,
    basis: str,
    card: bool,  # noqa: FBT001
    identity: bool,  # noqa: FBT001
    approval: str,
    **of: str | None,
) -> str:
    if not basis.strip():
        return ""
    return packed(
        purpose=purpose, basis=basis[: LONGEST["basis"]], wants_card=card,
        wants_identity=identity, use_approval=approval, **of,
    )  # fmt: skip


def _draft(words: str) -> CheckDraft:
    values = unpacked(words)
    return CheckDraft(purpose=CheckPurpose(values.pop("purpose")), **values)


def show_rows(desk: Desk, rows: Sequence[SpotCheck], key: str) -> None:
    record_table(rows, columns(desk), key=key)
