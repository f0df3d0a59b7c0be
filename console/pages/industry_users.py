"""People of a batch by their masks: who answers, who uses which card, how they were verified."""

from collections.abc import Sequence
from typing import Final, TypeVar
from uuid import UUID

import streamlit as st

from console.actions.cards.industry.batches import BatchRecord
from console.actions.cards.industry.user_lists import (
    UsersScreen,
    end_users_of,
    marks_of,
    unmark_of,
    users_screen,
)
from console.desk import Desk
from console.i18n import t
from console.pages.channel_parts import show_refused, told
from console.pages.channel_words import move_of
from console.pages.frame import refusals_shown
from console.pages.kit import (
    NOTHING,
    Column,
    Kind,
    cursor,
    filters,
    moment,
    next_moves,
    pager,
    part,
    record_table,
    section,
    view,
)
from console.pages.kit.records import Next
from models.cards.accountable import AccountablePerson
from models.cards.classes import class_policy
from models.cards.numbers import card_key
from models.cards.persons import SealedIdentity
from models.cards.users import CardUser, UnattributedRange
from models.permissions import Permission

P = Permission
People = TypeVar("People", AccountablePerson, CardUser)
_WHEN: Final = ("in_force", "ended")


def show_persons(record: BatchRecord) -> None:
    """Those who answer or answered: verified how and when, and until when they did."""
    if not record.persons:
        return
    section(t("users_page.persons"), t("users_page.persons_hint"))
    in_charge = record.batch.person_id
    columns = [
        Column[AccountablePerson](
            t("users_page.name"),
            lambda row: (
                t("users_page.in_charge", name=_name(row)) if row.id == in_charge else _name(row)
            ),
            width=130,
        ),
        *_verified(AccountablePerson),
        Column[AccountablePerson](t("industry_page.since"), lambda row: row.since, Kind.MOMENT),
        Column[AccountablePerson](t("industry_page.until"), _until, width=140),
        Column[AccountablePerson](t("users_page.position"), lambda row: row.position, width=120),
        *_document(AccountablePerson),
        Column[AccountablePerson](t("users_page.why"), lambda row: row.reason, width=200),
    ]
    record_table(record.persons, columns, key="batch:persons", opens=False)


def show_users(desk: Desk, record: BatchRecord) -> None:
    """Users a screen at a time, of one card where one is named; and cards that can have none."""
    show_refused()
    section(t("users_page.users"), t("users_page.users_hint"))
    batch_id = str(record.batch.id)
    with filters():
        when = view({one: t(f"users_page.{one}") for one in _WHEN}, "when")
        card = part("card", t("users_page.card"), width=260)
    with refusals_shown():
        found = users_screen(
            desk,
            batch_id,
            card,
            ended=when == "ended",
            after=cursor("batch:users", batch_id, when, card),
        )
        if found.users.rows:
            chosen = _user_table(desk, record, found)
            pager(found.users, "batch:users")
            _ending(desk, record, chosen, when)
        else:
            st.caption(t("users_page.none_found" if card else f"users_page.none_{when}"))
    show_marks(desk, record)


def _user_table(desk: Desk, record: BatchRecord, found: UsersScreen) -> list[UUID]:
    policy = class_policy(record.batch.card_class)
    columns = [
        Column[CardUser](t("usage_page.card"), lambda row: card_key(row.card), width=170),
        Column[CardUser](t("users_page.name"), _name, width=90),
        Column[CardUser](
            t("users_page.own_cards"),
            lambda row: f"{found.cards[row.id]} / {found.limit}" if row.is_open else NOTHING,
            width=90,
        ),
        *_verified(CardUser),
        *_document(CardUser),
        Column[CardUser](t("industry_page.since"), lambda row: row.since, Kind.MOMENT),
        Column[CardUser](t("industry_page.until"), _until, width=140),
    ]
    if policy.site:
        columns.append(Column(t("users_page.site"), lambda row: row.site, width=220))
    if policy.chassis:
        columns.append(Column(t("users_page.chassis"), lambda row: row.chassis, width=180))
    may = desk.actor.may(P.INDUSTRY_EDIT) and any(one.is_open for one in found.users.rows)
    return record_table(found.users.rows, columns, key="batch:users", select=may, opens=False)


def _ending(desk: Desk, record: BatchRecord, chosen: Sequence[UUID], when: str) -> None:
    """Of those in force."""
    if when != "in_force" or not desk.actor.may(P.INDUSTRY_EDIT):
        return
    if not chosen:
        st.caption(t("users_page.tick_users"))
        return
    batch = record.batch
    move = move_of(
        "users_page.end_users",
        lambda why: told(end_users_of(desk, batch.id, chosen, why), "users_page.users_ended"),
        P.INDUSTRY_EDIT,
        "person_remove",
        when=True,
        reason=True,
    )
    _ticked(desk, len(chosen), move, f"{batch.id}:users")


def show_marks(desk: Desk, record: BatchRecord) -> None:
    """Cards that were marked as without a user of their own, and why."""
    batch = record.batch
    found = marks_of(desk, batch.id, after=cursor("batch:marks", str(batch.id)))
    if not found.rows:
        return
    section(t("users_page.marks"), t("users_page.marks_hint"))
    mark = Column[UnattributedRange]
    columns = [
        mark(t("stock_page.first"), lambda row: card_key(row.first), width=190),
        mark(t("stock_page.last"), lambda row: card_key(row.last), width=190),
        mark(t("stock_page.cards"), lambda row: row.last - row.first + 1, Kind.NUMBER),
        mark(t("users_page.why"), lambda row: row.reason, width=240),
        mark(t("users_page.marked_at"), lambda row: row.marked_at, Kind.MOMENT),
    ]
    may = desk.actor.may(P.INDUSTRY_EDIT)
    chosen = record_table(found.rows, columns, key="batch:marks", select=may, opens=False)
    pager(found, "batch:marks")
    if may and chosen:
        move = move_of(
            "users_page.unmark",
            lambda why: told(unmark_of(desk, batch.id, chosen, why), "users_page.unmarked"),
            P.INDUSTRY_EDIT,
            "undo",
            when=True,
            reason=True,
        )
        _ticked(desk, len(chosen), move, f"{batch.id}:marks")
    elif may:
        st.caption(t("users_page.tick_marks"))


def _ticked(desk: Desk, n: int, move: Next, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(t("agents_page.ticked", n=n), width="content")
        next_moves(desk, [move], key)


def how_word(row: SealedIdentity) -> str:
    """The method, and under which number a comparison was made."""
    how = t(f"capture_method.{row.verified_how}")
    return t("users_page.compared", how=how, ref=row.compare_ref) if row.compare_ref else how


def _name(row: SealedIdentity) -> str:
    return t("users_page.forgotten") if row.is_forgotten else row.name_mask


def _until(row: AccountablePerson | CardUser) -> str:
    return moment(row.until) if row.until else t("users_page.in_force")


def _verified(_: type[People]) -> list[Column[People]]:
    return [
        Column(
            t("users_page.verified_how"),
            how_word,
            width=160,
        ),
        Column(t("users_page.verified_at"), lambda row: row.verified_at, Kind.MOMENT),
    ]


def _document(_: type[People]) -> list[Column[People]]:
    """Of whoever was forgotten there is none."""

    def kind(row: People) -> str:
        return NOTHING if row.is_forgotten else t(f"document_kind.{row.document_kind}")

    return [
        Column(t("users_page.document"), lambda row: row.document_mask, width=175),
        Column(t("person_field.document_kind"), kind, width=120),
    ]
