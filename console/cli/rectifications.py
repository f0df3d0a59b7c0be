"""`channel rectification`: rectification notices, from the draft to the look at what was done."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from console.actions.cases.lists import case_by_reference
from console.actions.cases.rectifications.answers import (
    File,
    IssueAnswer,
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    RectificationForm,
    draft_rectification,
    escalate,
    issue_rectification,
    issues_of_case,
    remind,
)
from console.actions.cases.rectifications.lists import (
    Side,
    list_rectifications,
    open_until,
    rectification_record,
)
from console.actions.cases.rectifications.rechecks import IssueVerdict, recheck_rectification
from console.cli.base import desk, say, show, show_record
from console.desk import Desk
from console.i18n import t
from models.cases.rectifications import (
    Delivery,
    Rectification,
    RectificationIssue,
    RectificationState,
)
from models.refusals import NotFound
from models.rules import Tier

rectification = typer.Typer(help="Rectification notices.", no_args_is_help=True)
_NUMBERED: Final = "N=TEXT"
Proof = Annotated[str, typer.Option(help="What shows that it went: of a letter or a mail.")]
Given = Annotated[list[str] | None, typer.Option(metavar=_NUMBERED)]


def _row(row: Rectification) -> dict[str, object]:
    return {
        "number": row.number or row.id,
        "state": row.state,
        "tier": row.tier,
        "unit": row.unit_name,
        "subject": row.subject,
        "round": row.round,
        "due": open_until(row),
        "late": row.is_late,
    }


def _issue(one: RectificationIssue) -> dict[str, object]:
    return {
        "issue": one.number,
        "what": one.what,
        "rule": one.rule,
        "done": one.done,
        "refused": one.is_refused,
        "file": one.file_name,
        "good": one.is_good,
        "remark": one.remark,
    }


@rectification.command("list")
def list_(
    side: Annotated[Side | None, typer.Option(help="Sent by you, or to you.")] = None,
    state: Annotated[RectificationState | None, typer.Option(help="In this state.")] = None,
    tier: Annotated[Tier | None, typer.Option(help="Of this tier.")] = None,
    overdue: Annotated[bool, typer.Option(help="Only those past their due date.")] = False,
    words: Annotated[str, typer.Option("--find", help="Part of a number or unit.")] = "",
) -> None:
    """Rectification notices, newest first."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_rectifications(
            own, side=side, state=state, tier=tier, overdue=overdue, q=words, after=after
        )
        rows += map(_row, part.rows)
        after = part.next
        if after is None:
            break
    show(rows)


@rectification.command("show")
def show_(number: str) -> None:
    """One of them with its issues; a draft by its id."""
    own = desk()
    record = rectification_record(own, _found(own, number).id)
    row = record.row
    facts = _row(row) | {
        "issuer": record.issuer.name,
        "case": record.case.reference if record.case else None,
        "delivery": row.delivery,
        "issued": row.issued_at,
        "acknowledged": row.acknowledged_at,
        "submitted": row.submitted_at,
        "result": row.result,
    }
    show_record(facts, issues=[_issue(one) for one in record.issues])


@rectification.command("draft")
def draft(
    case: Annotated[str, typer.Option(help="Reference of the case whose findings it names.")],
    subject: Annotated[str, typer.Option(help="What it is about.")],
    unit: Annotated[str, typer.Option(help="Code of the organisation that shall answer.")] = "",
    unit_name: Annotated[str, typer.Option(help="Name of one that does not work here.")] = "",
    tier: Tier = Tier.GENERAL,
    delivery: Delivery = Delivery.PORTAL,
) -> None:
    """Write the notice of a case; nobody outside sees it yet."""
    own = desk()
    case_id = case_by_reference(own, case).id
    form = RectificationForm(
        subject, issues_of_case(own, case_id), tier=tier, unit=unit, unit_name=unit_name,
        delivery=delivery, case_id=case_id,
    )  # fmt: skip
    say("rectification_cli.drafted", id=draft_rectification(own, form).id)


@rectification.command("issue")
def issue(number: str, proof: Proof = "") -> None:
    """Give a draft its number and due date, and deliver it."""
    own = desk()
    row = issue_rectification(own, _found(own, number).id, proof=proof)
    say("rectification_cli.issued", number=row.number, due=_day(row))


@rectification.command("acknowledge")
def acknowledge(
    number: str,
    by: Annotated[str, typer.Option(help="Who of the unit, where it does not work here.")] = "",
    paper: Annotated[Path | None, typer.Option(help="What shows it then.")] = None,
) -> None:
    """Say that it was received."""
    own = desk()
    row = acknowledge_rectification(
        own, _found(own, number).id, by=by, paper=_file(paper) if paper else None
    )
    _told(row)


@rectification.command("submit")
def submit(number: str, done: Given = None, file: Given = None, refused: Given = None) -> None:
    """Answer every open issue: `--done 1=… --file 1=after.png`, or `--refused 2=why not`."""
    own = desk()
    said, files, kept = _numbered(done), _numbered(file), _numbered(refused)
    answers = [
        IssueAnswer(one, words, _file(Path(files[one])) if one in files else None)
        for one, words in said.items()
    ]
    answers += [IssueAnswer(one, words, is_refused=True) for one, words in kept.items()]
    _told(submit_rectification(own, _found(own, number).id, answers))


@rectification.command("recheck")
def recheck(
    number: str,
    good: Annotated[list[int] | None, typer.Option(help="Number of an issue put right.")] = None,
    bad: Given = None,
    result: Annotated[str, typer.Option(help="In a sentence, of the whole.")] = "",
) -> None:
    """Say of every issue whether it was put right: `--good 1 --bad 2=what is missing`."""
    own = desk()
    verdicts = [IssueVerdict(one, is_good=True) for one in good or ()]
    verdicts += [IssueVerdict(one, is_good=False, remark=why) for one, why in _pairs(bad)]
    _told(recheck_rectification(own, _found(own, number).id, verdicts, result=result))


@rectification.command("remind")
def remind_(number: str, delivery: Delivery, proof: Proof = "") -> None:
    """A second notice went by another channel."""
    own = desk()
    _told(remind(own, _found(own, number).id, delivery, proof))


@rectification.command("escalate")
def escalate_(number: str, reason: Annotated[str, typer.Option(help="Why.")]) -> None:
    """An overdue one goes up."""
    own = desk()
    _told(escalate(own, _found(own, number).id, reason))


def _found(own: Desk, number: str) -> Rectification:
    """By its number as people say it; a draft has none, and goes by its id."""
    wanted = number.strip().upper()
    for row in list_rectifications(own, q=wanted).rows:
        if row.number == wanted:
            return row
    if wanted.startswith("RCT-"):
        raise NotFound("row.not_found", table=Rectification.__name__)
    return rectification_record(own, number.strip()).row


def _told(row: Rectification) -> None:
    state = t(f"rectification_state.{row.state}")
    say("rectification_cli.stands", number=row.title, state=state, due=_day(row))


def _day(row: Rectification) -> str:
    due = open_until(row)
    return f"{due.astimezone():%F %T}" if due else "—"


def _file(path: Path) -> File:
    if not path.is_file():
        raise typer.BadParameter(str(path))
    return path.name, path.read_bytes()


def _numbered(given: Sequence[str] | None) -> Mapping[int, str]:
    return dict(_pairs(given))


def _pairs(given: Sequence[str] | None) -> list[tuple[int, str]]:
    """`2=words`, as it was typed."""
    pairs: list[tuple[int, str]] = []
    for one in given or ():
        number, is_pair, words = one.partition("=")
        if not (is_pair and number.isascii() and number.isdecimal()):
            raise typer.BadParameter(f"{one!r}: {_NUMBERED}")
        pairs.append((int(number), words))
    return pairs
