"""What may be done next about a complaint, with the forms that ask for it."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from console.actions.cases.complaints.handling import (
    accept_complaint,
    answer_complaint,
    assign_handler,
    card_resold,
    close_complaint,
    contact_of,
    handlers_for,
    investigate,
    link_complaint,
    name_colleague,
    pass_on,
    reward,
)
from console.actions.cases.complaints.lists import ComplaintRecord
from console.desk import Desk
from console.i18n import t
from console.pages.channel_words import move_of
from console.pages.kit import Next, leave_record, next_moves, show_once
from models.cases.complaints import (
    OPEN,
    Complaint,
    ComplaintKind,
    ComplaintMove,
    ComplaintState,
    Fault,
)
from models.permissions import Permission

_HANDLE = Permission.COMPLAINT_HANDLE
_READY = "ready"
"""What a form answers when it is filled in."""
_WHY: Final = ("console.reason", 500)


def complaint_moves(desk: Desk, record: ComplaintRecord) -> None:
    """Buttons for the moves that are open, to whoever may take them."""
    row = record.complaint
    own = desk.actor.id is not None and row.lodged_by == desk.actor.id
    if own or not desk.actor.may(_HANDLE):
        return
    mine = row.handler_id == desk.actor.id
    waits, moves = row.state in OPEN, row.open_moves()
    steps = [
        _accepting(desk, row),
        move_of(
            "complaints_page.investigate",
            lambda why: investigate(desk, row.id, plan=why),
            _HANDLE, "travel_explore",
            when=mine and ComplaintMove.INVESTIGATE in moves, reason=True,
        ),
        move_of(
            "complaints_page.card_resold",
            lambda why: card_resold(desk, row.id, reason=why),
            _HANDLE, "sim_card_alert",
            when=mine and waits and _is_to_be_found(record), reason=True,
        ),
        _answering(desk, row, when=mine and ComplaintMove.ANSWER in moves),
        move_of(
            "complaints_page.close",
            lambda why: close_complaint(desk, row.id, reason=why),
            _HANDLE, "task_alt",
            when=mine and ComplaintMove.CLOSE in moves, reason=True, main=True,
        ),
        _rewarding(desk, row, when=ComplaintMove.REWARD in moves),
        _looking(desk, row, when=mine and row.contact is not None),
        _linking(desk, row),
        _assigning(desk, row, when=waits and row.state is not ComplaintState.RECEIVED),
        _naming(desk, row, when=waits),
        _passing(desk, row, when=row.state is ComplaintState.RECEIVED),
    ]  # fmt: skip
    next_moves(desk, steps, f"{row.id}:{row.version}")


def _is_to_be_found(record: ComplaintRecord) -> bool:
    card, own = record.card, record.complaint.id
    return card is not None and all(one.source_id != own for one in card.findings)


def _accepting(desk: Desk, row: Complaint) -> Next:
    return move_of(
        "complaints_page.accept",
        lambda _: accept_complaint(desk, row.id),
        _HANDLE,
        "assignment_ind",
        when=ComplaintMove.ACCEPT in row.open_moves() and desk.actor.id is not None,
        main=True,
    )


def _lines(**fields: tuple[str, int]) -> Callable[[str, dict[str, str]], bool]:
    """A form of lines, each with the text that names it and its length; all have to be written."""

    def draw(key: str, given: dict[str, str]) -> bool:
        for field, (label, longest) in fields.items():
            given[field] = st.text_input(t(label), key=f"{key}:{field}", max_chars=longest)
        return all(given[field].strip() for field in fields)

    return draw


def _asking(  # noqa: PLR0913 - a move's parts
    text: str, icon: str, act: Callable[[dict[str, str]], object], *, when: bool,
    draw: Callable[[str, dict[str, str]], bool], main: bool = False,
) -> Next:  # fmt: skip
    """A move with a form of its own; `draw` says whether it is filled in."""
    given: dict[str, str] = {}
    return move_of(
        f"complaints_page.{text}",
        lambda _: act(given),
        _HANDLE,
        icon,
        when=when,
        ask=lambda key: _READY if draw(key, given) else "",
        main=main,
    )


def _answering(desk: Desk, row: Complaint, *, when: bool) -> Next:
    def draw(key: str, given: dict[str, str]) -> bool:
        given["answer"] = st.text_area(
            t("complaints_page.answer"), key=f"{key}:answer", max_chars=4000,
            help=t("complaints_page.answer_help"),
        )  # fmt: skip
        given["fault"] = st.radio(
            t("complaints_page.fault"), [one.value for one in Fault], key=f"{key}:fault",
            format_func=lambda one: t(f"complaint_fault.{one}"), index=None,
        ) or ""  # fmt: skip
        given["paper"] = ""
        if row.kind is ComplaintKind.RE_REGISTRATION:
            given["paper"] = st.text_input(
                t("complaints_page.fault_paper"), key=f"{key}:paper", max_chars=120
            )
        return bool(given["answer"].strip() and given["fault"])

    return _asking(
        "reply", "reply",
        lambda given: answer_complaint(
            desk, row.id, answer=given["answer"], fault=Fault(given["fault"]), paper=given["paper"]
        ),
        when=when, draw=draw, main=True,
    )  # fmt: skip


def _rewarding(desk: Desk, row: Complaint, *, when: bool) -> Next:
    return _asking(
        "reward", "redeem",
        lambda given: reward(desk, row.id, what=given["what"], paper=given["paper"]),
        when=when,
        draw=_lines(
            what=("complaints_page.reward_what", 140), paper=("complaints_page.reward_paper", 140)
        ),
    )  # fmt: skip


def _looking(desk: Desk, row: Complaint, *, when: bool) -> Next:
    def look(_: str) -> None:
        show_once(t("complaints_page.contact_of", number=row.number), contact_of(desk, row.id))

    return move_of("complaints_page.contact_look", look, _HANDLE, "visibility", when=when)


def _linking(desk: Desk, row: Complaint) -> Next:
    def draw(key: str, given: dict[str, str]) -> bool:
        for field in ("case", "finding"):
            given[field] = st.text_input(
                t(f"complaints_page.link_{field}"), key=f"{key}:{field}", max_chars=40
            )
        return any(one.strip() for one in given.values())

    return _asking(
        "link", "link",
        lambda given: link_complaint(desk, row.id, case=given["case"], finding=given["finding"]),
        when=True, draw=draw,
    )  # fmt: skip


def _assigning(desk: Desk, row: Complaint, *, when: bool) -> Next:
    people = {str(one.id): one.name for one in handlers_for(desk, row.id)} if when else {}
    why = _lines(why=_WHY)

    def draw(key: str, given: dict[str, str]) -> bool:
        given["who"] = st.selectbox(
            t("complaints_page.handler"), list(people), key=f"{key}:who", index=None,
            format_func=lambda one: people[one],
        ) or ""  # fmt: skip
        return why(key, given) and bool(given["who"])

    return _asking(
        "assign", "group",
        lambda given: assign_handler(desk, row.id, given["who"], reason=given["why"]),
        when=when, draw=draw,
    )  # fmt: skip


def _naming(desk: Desk, row: Complaint, *, when: bool) -> Next:
    return _asking(
        "about_name", "person_off",
        lambda given: name_colleague(desk, row.id, given["login"], reason=given["why"]),
        when=when, draw=_lines(login=("complaints_page.login", 64), why=_WHY),
    )  # fmt: skip


def _passing(desk: Desk, row: Complaint, *, when: bool) -> Next:
    def hand_on(given: dict[str, str]) -> None:
        pass_on(desk, row.id, given["to"], reason=given["why"])
        leave_record()  # whoever passes a complaint on has it no longer

    return _asking(
        "pass_on", "forward", hand_on,
        when=when, draw=_lines(to=("complaints_page.pass_to", 32), why=_WHY),
    )  # fmt: skip
