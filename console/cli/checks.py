"""`channel check`: spot checks, and where a card came from."""

from datetime import datetime
from typing import Annotated

import typer

from console.actions.checks.card_trace import trace_card
from console.actions.checks.spot_checks import CheckDraft, assign_check, plan_check, repeat_check
from console.actions.checks.spot_lists import check_record, list_checks
from console.actions.checks.spot_moves import review_check
from console.actions.checks.spot_plans import PlanDraft, make_plan
from console.actions.checks.spot_submit import submit_check
from console.cli.base import desk, say, show, show_one, show_record
from console.desk import Desk
from console.i18n import t
from models.checks.spot_checks import CheckPurpose, CheckState, SpotCheck, Verdict
from models.refusals import NotFound

check = typer.Typer(help="Spot checks.", no_args_is_help=True)
Basis = Annotated[str, typer.Option(help="The legal basis, as people cite it.")]
Purpose = Annotated[CheckPurpose, typer.Option(help="Why it is checked.")]
Approval = Annotated[
    str, typer.Option(help="Reference of the approval to use identity data; asks for documents.")
]
Carrier = Annotated[str | None, typer.Option(help="Code of the carrier.")]


def _row(row: SpotCheck) -> dict[str, object]:
    return {
        "number": row.number,
        "state": row.state,
        "verdict": row.verdict,
        "purpose": row.purpose,
        "platform": row.platform,
        "subject": row.subject,
        "day": row.planned_for,
    }


@check.command("list")
def list_(
    state: Annotated[CheckState | None, typer.Option(help="Only those in this state.")] = None,
    verdict: Annotated[Verdict | None, typer.Option(help="With this verdict.")] = None,
    words: Annotated[str, typer.Option("--find", help="How the number begins.")] = "",
) -> None:
    """Spot checks, newest first."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_checks(own, state=state, verdict=verdict, words=words, after=after)
        rows += map(_row, part.rows)
        after = part.next
        if after is None:
            break
    show(rows)


@check.command("show")
def show_(number: str) -> None:
    """One of them: its answers, its reads, and where its cards came from."""
    own = desk()
    record = check_record(own, _found(own, number).id)
    row = record.check
    facts = _row(row) | {
        "basis": row.basis,
        "shop": record.shop.shop_key if record.shop else None,
        "agent": record.agent.agent_no if record.agent else None,
        "assignee": record.assignee.login if record.assignee else None,
        "device": record.device.number if record.device else None,
        "rules": row.rule_version,
        "result": row.result,
        "service_refused": row.service_refused,
        "finding": record.finding.number if record.finding else None,
        "usage_finding": record.usage_finding.number if record.usage_finding else None,
        "review_due": row.review_due_at,
        "recheck_due": row.recheck_due_at,
    }
    answers = [{"rule": one["rule"], "ok": one["ok"], "duty": one["duty"]}
               for one in record.answers]  # fmt: skip
    reads = [
        {
            "seq": one.seq,
            "kind": one.kind,
            "state": one.state,
            "captured": one.captured_at,
            "iccid": one.iccid,
            "fault": one.fault,
            "sha256": one.sha256,
        }
        for one in record.reads
    ]
    show_record(facts, answers=answers, reads=reads, traces=record.traces)


@check.command("trace")
def trace(
    iccid: str,
    shop: Annotated[str | None, typer.Option(help="Id of an authorised shop.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of sale.")] = None,
) -> None:
    """Where a card came from, and whether it may be sold in a shop on a day."""
    show_one(trace_card(desk(), iccid, shop, on.date() if on else None).as_row())


@check.command("plan")
def plan(
    purpose: Purpose,
    basis: Basis,
    subject: Annotated[str, typer.Option(help="What is checked; else the shop's name.")] = "",
    shop: Annotated[str | None, typer.Option(help="Id of an authorised shop.")] = None,
    purchase: Annotated[str | None, typer.Option(help="Number of a test purchase.")] = None,
    approval: Approval = "",
    carrier: Carrier = None,
) -> None:
    """Plan one check."""
    draft = CheckDraft(
        purpose=purpose, basis=basis, subject=subject, shop=shop, purchase=purchase,
        wants_identity=bool(approval), use_approval=approval, carrier=carrier,
    )  # fmt: skip
    _told(plan_check(desk(), draft))


@check.command("draw")
def draw(
    name: Annotated[str, typer.Option(help="Name of the plan.")],
    purpose: Purpose,
    basis: Basis,
    size: Annotated[int, typer.Option(help="How many shops.")],
    begins: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")],
    ends: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day.")],
    platform: Annotated[list[str] | None, typer.Option(help="Only of this; repeat it.")] = None,
    province: Annotated[list[str] | None, typer.Option(help="Only here; repeat it.")] = None,
    seed: Annotated[str, typer.Option(help="Hex of 32 bytes; else one is drawn.")] = "",
    approval: Approval = "",
    carrier: Carrier = None,
) -> None:
    """Draw a random sample of authorised shops, and plan a check of each."""
    draft = PlanDraft(
        name, purpose, basis, size, begins.date(), ends.date(), platform or (), province or (),
        wants_identity=bool(approval), use_approval=approval, seed=seed, carrier=carrier,
    )  # fmt: skip
    made = make_plan(desk(), draft)
    say("spot_cli.drawn", number=made.number, size=made.size, frame=made.frame_size, seed=made.seed)


@check.command("assign")
def assign(
    number: str,
    to: Annotated[str, typer.Option(help="Login of an inspector.")],
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="For this day.")],
) -> None:
    """Give a check to an inspector."""
    own = desk()
    _told(assign_check(own, _found(own, number).id, to, day.date()))


@check.command("submit")
def submit(number: str) -> None:
    """Nothing more is read: compare and judge."""
    own = desk()
    _told(submit_check(own, _found(own, number).id))


@check.command("review")
def review(number: str, note: Annotated[str, typer.Option(help="What was looked at.")]) -> None:
    """A second person has looked."""
    own = desk()
    _told(review_check(own, _found(own, number).id, note))


@check.command("repeat")
def repeat(number: str) -> None:
    """Plan a check of the same anew."""
    own = desk()
    _told(repeat_check(own, _found(own, number).id))


def _found(own: Desk, number: str) -> SpotCheck:
    """By its number as people say it."""
    wanted = number.strip().upper()
    for row in list_checks(own, words=wanted).rows:
        if row.number == wanted:
            return row
    raise NotFound("row.not_found", table=SpotCheck.__name__)


def _told(row: SpotCheck) -> None:
    say("spot_cli.stands", number=row.number, state=t(f"check_state.{row.state}"))
