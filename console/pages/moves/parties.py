"""What may be done about the parties of a case while it is looked into."""

from dataclasses import fields

import streamlit as st

from console.actions.cases.lists import CaseRecord
from console.actions.cases.parties import (
    LONGEST_FACTOR,
    LONGEST_NAME,
    LONGEST_STATEMENT,
    Factors,
    PartyForm,
    add_party,
    hear_party,
    remove_party,
    set_shares,
    weigh_party,
)
from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain
from console.pages.kit import Next, next_moves
from models.cases.cases import Case, CaseState
from models.cases.parties import CaseParty, PartyRole
from models.permissions import Permission

_READY = "ready"
_LOOKED_INTO = (CaseState.OPENED, CaseState.INVESTIGATING)
_WHOLE = 100


def _may_change(case: Case) -> bool:
    return case.state in _LOOKED_INTO and case.merged_into_id is None


def party_moves(desk: Desk, case: Case, party: CaseParty) -> None:
    def heard(statement: str) -> None:
        hear_party(desk, party.id, statement)

    def removed(reason: str) -> None:
        remove_party(desk, party.id, reason)

    def ask(key: str) -> str:
        return st.text_area(
            t("case_pages.statement"), party.statement, key=key, max_chars=LONGEST_STATEMENT
        ).strip()

    name, is_open = plain(party.name), _may_change(case)
    next_moves(
        desk,
        [
            Next("hear", t("case_pages.hear"), t("case_pages.hear_will", party=name), heard,
                 Permission.CASE_OPEN, is_open=is_open, ask=ask, icon=":material/hearing:",
                 main=not party.statement),
            _weighing(desk, party, is_open=is_open),
            Next("remove_party", t("case_pages.remove_party"),
                 t("case_pages.remove_party_will", party=name), removed, Permission.CASE_OPEN,
                 is_open=is_open, reason=True),
        ],
        party.id,
    )  # fmt: skip


def _factors(key: str, known: Factors) -> dict[str, str]:
    """The three boxes, with what is known by now."""
    return {
        one.name: st.text_area(
            t(f"case_pages.{one.name}"), getattr(known, one.name), key=f"{key}:{one.name}",
            max_chars=LONGEST_FACTOR, height=68,
        ) or ""
        for one in fields(Factors)
    }  # fmt: skip


def _weighing(desk: Desk, party: CaseParty, *, is_open: bool) -> Next:
    given: dict[str, str] = {}

    def ask(key: str) -> str:
        given.update(_factors(key, Factors(party.nature, party.circumstance, party.result)))
        return _READY if any(words.strip() for words in given.values()) else ""

    def act(_: str) -> None:
        weigh_party(desk, party.id, Factors(**given))

    return Next(
        "weigh", t("case_pages.weigh"), t("case_pages.weigh_will", party=plain(party.name)), act,
        Permission.CASE_OPEN, is_open=is_open, ask=ask, icon=":material/balance:",
    )  # fmt: skip


def parties_moves(desk: Desk, record: CaseRecord) -> None:
    next_moves(desk, [_adding(desk, record.case), _sharing(desk, record)], record.case.id)


def _adding(desk: Desk, case: Case) -> Next:
    given: dict[str, str] = {}

    def ask(key: str) -> str:
        role = st.selectbox(
            t("case_pages.role"),
            [one.value for one in PartyRole],
            key=f"{key}:role",
            format_func=lambda value: t(f"party_role.{value}"),
        )
        given["role"] = role
        given["name"] = st.text_input(
            t("case_pages.party_name"), key=f"{key}:name", max_chars=LONGEST_NAME
        )
        given["uscc"] = st.text_input(t("case_pages.uscc"), key=f"{key}:uscc", max_chars=18)
        given.update(_factors(key, Factors()))
        return _READY if given["name"].strip() else ""

    def act(_: str) -> None:
        factors = Factors(*(given[one.name] for one in fields(Factors)))
        role = PartyRole(given["role"])
        add_party(desk, case.id, PartyForm(role, given["name"], given["uscc"], factors))

    return Next(
        "add_party", t("case_pages.add_party"), t("case_pages.add_party_will"), act,
        Permission.CASE_OPEN, is_open=_may_change(case), ask=ask, icon=":material/person_add:",
    )  # fmt: skip


def _sharing(desk: Desk, record: CaseRecord) -> Next:
    shares: dict[str, int] = {}

    def ask(key: str) -> str:
        for party in record.parties:
            shares[str(party.id)] = int(
                st.number_input(
                    plain(party.name), 0, _WHOLE, party.share, step=5, key=f"{key}:{party.id}"
                )
            )
        total = sum(shares.values())
        if total != _WHOLE:
            st.warning(t("case_pages.shares_sum", n=total), icon=":material/pie_chart:")
        return _READY

    def act(_: str) -> None:
        set_shares(desk, record.case.id, shares)

    return Next(
        "shares", t("case_pages.shares"), t("case_pages.shares_will"), act,
        Permission.CASE_OPEN, is_open=_may_change(record.case) and len(record.parties) > 1,
        ask=ask, icon=":material/pie_chart:",
    )  # fmt: skip
