"""`channel complaint`: complaints and reports from the public, taken on and answered."""

from typing import Annotated

import typer

from console.actions.cases.complaints.handling import (
    accept_complaint,
    answer_complaint,
    assign_handler,
    card_resold,
    close_complaint,
    handlers_for,
    investigate,
    link_complaint,
    pass_on,
    reward,
)
from console.actions.cases.complaints.lists import complaint_record, list_complaints
from console.cli.base import desk, say, show, show_record
from console.desk import Desk
from console.i18n import t
from models.cases.complaints import Complaint, ComplaintKind, ComplaintState, Fault
from models.refusals import Invalid, NotFound

complaint = typer.Typer(help="Complaints and reports from the public.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why.")]


def _row(row: Complaint) -> dict[str, object]:
    return {
        "number": row.number,
        "state": row.state,
        "kind": row.kind,
        "source": row.source,
        "platform": row.platform,
        "shop": row.shop,
        "due": row.due_at,
        "late": row.is_late,
    }


@complaint.command("list")
def list_(
    state: Annotated[ComplaintState | None, typer.Option(help="Only those in this state.")] = None,
    kind: Annotated[ComplaintKind | None, typer.Option(help="Only those of this kind.")] = None,
    late: Annotated[bool, typer.Option(help="Only those that are late.")] = False,
    mine: Annotated[bool, typer.Option(help="Only those that you handle.")] = False,
    words: Annotated[str, typer.Option("--find", help="How the number begins.")] = "",
) -> None:
    """Complaints, newest first."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_complaints(
            own, state=state, kind=kind, late=late or None, mine=mine, words=words, after=after
        )
        rows += map(_row, part.rows)
        after = part.next
        if after is None:
            break
    show(rows)


@complaint.command("show")
def show_(number: str) -> None:
    """One of them; never the reporter's contact, nor whom it is about."""
    own = desk()
    record = complaint_record(own, _found(own, number).id)
    row = record.complaint
    facts = _row(row) | {
        "organisation": record.organisation.name,
        "handler": record.handler.login if record.handler else None,
        "case": record.case.reference if record.case else None,
        "finding": record.finding.number if record.finding else None,
        "iccid": row.iccid,
        "batch": record.card.batch.number if record.card else None,
        "received": row.created_at,
        "text": row.text,
        "answer": row.answer,
        "fault": row.fault,
        "answered": row.answered_at,
        "reward": row.reward,
    }
    show_record(facts, files=row.files)


@complaint.command("accept")
def accept(
    number: str,
    to: Annotated[str, typer.Option(help="Login of the colleague who handles it.")] = "",
) -> None:
    """Take it on, oneself or for a colleague."""
    own = desk()
    row = _found(own, number)
    handler = _colleague(own, row, to) if to else None
    _told(accept_complaint(own, row.id, handler_id=handler))


@complaint.command("assign")
def assign(number: str, login: str, reason: Reason) -> None:
    """Give it to another colleague."""
    own = desk()
    row = _found(own, number)
    _told(assign_handler(own, row.id, _colleague(own, row, login), reason=reason))


@complaint.command("pass-on")
def pass_on_(number: str, code: str, reason: Reason) -> None:
    """To the organisation that can answer it, before it is accepted."""
    own = desk()
    row = pass_on(own, _found(own, number).id, code, reason=reason)
    say("complaint_cli.passed_on", number=row.number, code=code)


@complaint.command("investigate")
def investigate_(number: str, plan: Annotated[str, typer.Option(help="What you will do.")]) -> None:
    """Look into it."""
    own = desk()
    _told(investigate(own, _found(own, number).id, plan=plan))


@complaint.command("answer")
def answer(
    number: str,
    words: Annotated[str, typer.Option("--answer", help="What the reporter reads.")],
    fault: Annotated[Fault, typer.Option(help="Whether your organisation was at fault.")],
    paper: Annotated[str, typer.Option(help="The administration's paper that says so.")] = "",
) -> None:
    """Answer the reporter."""
    own = desk()
    row = _found(own, number)
    _told(answer_complaint(own, row.id, answer=words, fault=fault, paper=paper))


@complaint.command("card-resold")
def card_resold_(number: str, reason: Reason) -> None:
    """The card of a device was sold on: a finding of the batch that it is in."""
    own = desk()
    found = card_resold(own, _found(own, number).id, reason=reason)
    say("complaint_cli.card_resold", number=found.number)


@complaint.command("close")
def close(number: str, reason: Reason) -> None:
    """Nothing more is to be done."""
    own = desk()
    _told(close_complaint(own, _found(own, number).id, reason=reason))


@complaint.command("reward")
def reward_(
    number: str,
    what: Annotated[str, typer.Option(help="What the reporter was given.")],
    paper: Annotated[str, typer.Option(help="By which paper.")],
) -> None:
    """Note the reward of a true report."""
    own = desk()
    _told(reward(own, _found(own, number).id, what=what, paper=paper))


@complaint.command("link")
def link(
    number: str,
    case: Annotated[str, typer.Option(help="Reference of the case it led to.")] = "",
    finding: Annotated[str, typer.Option(help="Number of the finding it led to.")] = "",
) -> None:
    """Tie it to what it led to."""
    own = desk()
    _told(link_complaint(own, _found(own, number).id, case=case, finding=finding))


def _found(own: Desk, number: str) -> Complaint:
    """By its number as people say it."""
    wanted = number.strip().upper()
    for row in list_complaints(own, words=wanted).rows:
        if row.number == wanted:
            return row
    raise NotFound("row.not_found", table=Complaint.__name__)


def _colleague(own: Desk, row: Complaint, login: str) -> str:
    wanted = login.strip().lower()
    for one in handlers_for(own, row.id):
        if one.login == wanted:
            return str(one.id)
    raise Invalid("complaint.no_such_colleague", login=wanted[:64])


def _told(row: Complaint) -> None:
    say("complaint_cli.stands", number=row.number, state=t(f"complaint_state.{row.state}"))
