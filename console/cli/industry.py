"""`channel industry`: batches of industry cards, from the purchaser to their end."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer

from console.actions.cards.industry.accountable import name_unit
from console.actions.cards.industry.activation import (
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import AgreementForm, file_agreement
from console.actions.cards.industry.batches import (
    batch_numbered,
    batch_record,
    bind_scope,
    draft_batch,
    list_batches,
    retire_batch,
    submit_batch,
)
from console.actions.cards.industry.persons_import import import_persons
from console.actions.cards.industry.purchasers import (
    add_purchaser,
    file_licence,
    list_purchasers,
)
from console.actions.cards.industry.reviews import assess_batch, reassess_batch
from console.actions.cards.industry.scope_check import check_card
from console.cli.base import FOUND_BAD, choices, desk, say, show, show_json, show_one, show_record
from console.cli.given import AS_ANSWERED, answers, every, read, terms
from console.desk import Desk
from console.i18n import listed, t, told
from models.cards.agreements import IndustryClause
from models.cards.classes import CardClass, risk_form
from models.cards.guards import Lack, Lacking
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.cards.purchasers import Purchaser
from models.cards.scopes import CardScope, ScopeFault, ScopeTerms
from models.permissions import Permission
from models.refusals import NotFound

industry = typer.Typer(help="Industry cards: purchasers and batches.", no_args_is_help=True)
_STEPS: Final = (
    BatchMove.SUBMIT,
    BatchMove.ASSESS_PASS,
    BatchMove.CONTRACT,
    BatchMove.REGISTER,
    BatchMove.ACTIVATE,
    BatchMove.REVERIFY_OK,
)
"""Those that something may be missing for."""
Number = Annotated[str, typer.Argument(help="Of a batch: IOT-44-2026-000017.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its last day.")]
Words = Annotated[str, typer.Option("--find", help="Part of a name, a number or a code.")]


@industry.command("purchasers")
def purchasers(words: Words = "") -> None:
    """Purchasers, newest first."""
    own = desk()
    found = every(lambda after: list_purchasers(own, words, after))
    show([_purchaser(one) for one in found])


@industry.command("add-purchaser")
def add(
    name: str,
    uscc: str,
    province: Annotated[str, typer.Argument(help="Of its seat, two digits (GB/T 2260).")],
    maker: Annotated[bool, typer.Option("--maker", help="It sells devices with cards.")] = False,
    contact: Annotated[str, typer.Option(help="Office and switchboard; no person.")] = "",
    organisation: Annotated[
        str | None, typer.Option(help="Code of the carrier, where there are several.")
    ] = None,
) -> None:
    """Put a unit into the register of purchasers."""
    row = add_purchaser(
        desk(), name=name, uscc=uscc, province=province, is_device_maker=maker, contact=contact,
        organisation=organisation,
    )  # fmt: skip
    say("industry_cli.purchaser_added", name=row.name, uscc=row.uscc)


@industry.command("licence")
def licence(
    uscc: str,
    file: Path,
    name: Annotated[str, typer.Option(help="The name that it has.")],
    until: Day = None,
) -> None:
    """File the business licence that a purchaser showed."""
    own = desk()
    row = _purchaser_of(own, uscc)
    file_licence(own, row.id, *read(file), licence_name=name, until=_day(until))
    say("industry_cli.licence_filed", name=row.name)


@industry.command("batches")
def batches(
    state: Annotated[BatchState | None, typer.Option(help="In this state.")] = None,
    card_class: Annotated[CardClass | None, typer.Option("--class", help="Of this class.")] = None,
    late: Annotated[bool, typer.Option(help="Only those with something overdue.")] = False,
    words: Words = "",
) -> None:
    """Batches, newest first."""
    own = desk()
    found = every(
        lambda after: list_batches(
            own, words, state=state, card_class=card_class, late=late, after=after
        )
    )
    show([_batch(one) for one in found])


@industry.command("show")
def show_(number: Number) -> None:
    """One batch, and what is missing for its next step."""
    own = desk()
    record = batch_record(own, batch_numbered(own, number).id)
    batch, scope = record.batch, record.scope
    facts = _batch(batch) | {
        "purchaser": record.purchaser.name,
        "use": batch.use_statement,
        "scope": _scope(scope),
        "unit": next((one.name for one in record.units if one.is_open), None),
        "users": record.users,
        "locks": record.locks,
        "warnings": record.warnings,
        "agreement": next((one.number for one in record.agreements), None),
        "assessed_until": batch.assessed_until,
    }
    persons = [
        {
            "person": one.name_mask,
            "position": one.position,
            "verified": one.verified_how,
            "since": one.since,
            "until": one.until,
        }
        for one in record.persons
    ]
    orders = [{"order": one.number, "measure": one.measure, "state": one.state}
              for one in record.orders]  # fmt: skip
    show_record(facts, lacks=_lacks(record.lacks), persons=persons, orders=orders)


@industry.command("form")
def form() -> None:
    """The questions of the risk form with the codes of their answers."""
    desk().must(Permission.INDUSTRY_READ)
    show(
        [
            {"question": one.code, "answer": answer.code, "points": answer.points,
             "weight": one.weight, "bars": answer.barred, "zh": answer.zh, "en": answer.en}
            for one in risk_form().question
            for answer in one.answers
        ]
    )  # fmt: skip


@industry.command("draft")
def draft(
    uscc: Annotated[str, typer.Argument(help="The purchaser's code.")],
    card_class: Annotated[CardClass, typer.Option("--class")],
    ordered: Annotated[int, typer.Option(help="How many cards.")],
    product: Annotated[str, typer.Option()] = "",
    use: Annotated[str, typer.Option(help="What they are for, in a sentence.")] = "",
    province: Annotated[str | None, typer.Option(help="Home of the cards.")] = None,
) -> None:
    """Draft a batch; it gets its number."""
    own = desk()
    batch = draft_batch(
        own, purchaser=_purchaser_of(own, uscc).id, card_class=card_class, ordered=ordered,
        product=product, use_statement=use, province=province,
    )  # fmt: skip
    say("industry_cli.drafted", number=batch.number)
    _told(own, batch)


@industry.command("scope")
def scope(
    number: Number,
    file: Annotated[Path, typer.Argument(help="TOML or JSON of the scope's fields.")],
) -> None:
    """Bind a draft to what its cards may be used for."""
    own = desk()
    batch = batch_numbered(own, number)
    bind_scope(own, batch.id, terms(file))
    _told(own, batch)


@industry.command("submit")
def submit(number: Number) -> None:
    """Hand a draft over to be reviewed by somebody else."""
    _step(number, submit_batch)


@industry.command("assess")
def assess(
    number: Number,
    answer: Annotated[list[str], typer.Option(metavar=AS_ANSWERED, help="Each question once.")],
    reason: Annotated[str, typer.Option(help="Needed where it does not pass.")] = "",
    fails: Annotated[bool, typer.Option("--fails", help="Turn down what would pass.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Once more, of a sold batch.")] = False,
) -> None:
    """Weigh the risk: `--answer identity=established --answer use=fits …`."""
    own = desk()
    batch = batch_numbered(own, number)
    given = reassess_batch if again else assess_batch
    given(own, batch.id, answers(answer), reason, fails=fails)
    _told(own, batch)


@industry.command("agreement")
def agreement(
    number: Number,
    file: Path,
    signed_on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    agreement_no: Annotated[str, typer.Option("--number", help="The document's own.")],
    clause: Annotated[
        list[IndustryClause], typer.Option(help="That was read in it; all three are needed.")
    ],
    until: Day = None,
) -> None:
    """File the agreement that the purchaser signed."""
    own = desk()
    batch = batch_numbered(own, number)
    said = AgreementForm(agreement_no, clause, signed_on.date(), _day(until))
    file_agreement(own, batch.id, said, *read(file))
    _told(own, batch)


@industry.command("unit")
def unit(
    number: Number,
    name: Annotated[str, typer.Option(help="Without: the purchaser itself.")] = "",
    uscc: Annotated[str, typer.Option(help="Its code.")] = "",
    reason: Annotated[str, typer.Option(help="Why it takes another's place.")] = "",
) -> None:
    """Name the unit that answers for the cards."""
    own = desk()
    batch = batch_numbered(own, number)
    named = name_unit(own, batch.id, name=name, uscc=uscc, reason=reason)
    say("industry_cli.unit_named", number=batch.number, unit=named.name)
    _told(own, batch)


@industry.command("persons")
def persons(
    file: Annotated[Path, typer.Argument(help="As `channel identity encrypt` made it.")],
) -> None:
    """Register persons from an encrypted file; exit 1 when a row was turned down."""
    done = import_persons(desk(), *read(file))
    facts = {
        "rows": done.rows,
        "persons": done.persons,
        "users": done.users,
        "unchanged": done.unchanged,
    }
    refused: list[dict[str, object]] = [
        {"row": one.row, "field": one.field, "reason": one.reason} for one in done.refused
    ]
    say("industry_cli.persons_done", refused=len(refused), **facts)
    if choices().as_json:
        show_record(facts, refused=refused)
    elif refused:
        show(refused)
    if refused:
        raise typer.Exit(FOUND_BAD)


@industry.command("register")
def register(number: Number) -> None:
    """The unit and a person that answer for the cards are in force."""
    _step(number, register_batch)


@industry.command("proof")
def proof(number: Number, file: Path) -> None:
    """File the proof that the limits are set on the network."""
    own = desk()
    batch = batch_numbered(own, number)
    file_limits_proof(own, batch.id, *read(file))
    _told(own, batch)


@industry.command("activate")
def activate(number: Number) -> None:
    """Activate a batch, if nothing is missing: its cards may be used."""
    _step(number, activate_batch)


@industry.command("retire")
def retire(
    number: Number,
    cancelled: Annotated[int, typer.Option(help="Cards that were cancelled.")],
    returned: Annotated[int, typer.Option(help="Cards that came back.")] = 0,
) -> None:
    """End a batch when each of its cards is counted."""
    own = desk()
    batch = batch_numbered(own, number)
    retire_batch(own, batch.id, cancelled=cancelled, returned=returned)
    _told(own, batch)


@industry.command("check")
def check(iccid: str) -> None:
    """May this card be used, and for what? Exit 1 when it may not."""
    found = check_card(desk(), iccid)
    scope, batch = found.scope, found.batch
    facts: dict[str, object] = {
        "iccid": found.iccid.text,
        "usable": found.is_usable,
        "reasons": [one.value for one in found.reasons],
        "batch": batch.number if batch else None,
        "state": found.state,
        "class": batch.card_class if batch else None,
        "unit": found.unit,
        "device": found.device,
        "scope": _scope(scope),
        "orders": [one.number for one in found.orders],
    }
    if batch is not None and found.is_usable:
        say("industry_cli.usable", iccid=found.iccid.text, batch=batch.number)
    else:
        reasons = listed(t(f"card_reason.{one}") for one in found.reasons)
        say("industry_cli.unusable", iccid=found.iccid.text, reasons=reasons)
    if choices().as_json or batch is not None:
        show_one(facts)
    if not found.is_usable:
        raise typer.Exit(FOUND_BAD)


def _step(number: str, step: Callable[[Desk, Any], IndustryBatch]) -> None:
    own = desk()
    _told(own, step(own, batch_numbered(own, number).id))


def _told(own: Desk, batch: IndustryBatch) -> None:
    """How the batch stands now, and what its next step still wants."""
    record = batch_record(own, batch.id)
    lacks = _lacks(record.lacks)
    if choices().as_json:
        now = record.batch
        show_json({"number": now.number, "state": now.state, "lacks": lacks})
        return
    state = t(f"batch_state.{record.batch.state}")
    say("industry_cli.stands", number=batch.number, state=state)
    for move in (one for one in record.lacks if one in _STEPS):
        named = t(f"batch_move.{move}")
        missing = [str(one["what"]) for one in lacks if one["for"] == move]
        say("industry_cli.lacks" if missing else "industry_cli.may", move=named)
        for what in missing:
            print(f"  - {what}")


def _lacks(lacks: Mapping[BatchMove, Sequence[Lacking]]) -> list[dict[str, object]]:
    return [
        {"for": move, "lack": one.lack, "what": _what(one)}
        for move, missing in lacks.items()
        for one in missing
    ]


def _scope(scope: CardScope | None) -> object:
    """Its fields; for people those alone that say something."""
    if scope is None:
        return None
    said: dict[str, Any] = {name: getattr(scope, name) for name in ScopeTerms.__slots__}
    if choices().as_json:
        return said
    shown = {
        name: ",".join(cast("list[str]", value)) if isinstance(value, list) else f"{value}"
        for name, value in said.items()
        if value
    }
    return listed(f"{name}={value}" for name, value in shown.items())


def _what(lacking: Lacking) -> str:
    what = t(f"lack.{lacking.lack}")
    if lacking.lack is not Lack.SCOPE_FAULTY:
        return what
    faults = [ScopeFault(one) for one in lacking.facts["faults"]]
    return f"{what} ({listed(told(f'scope_fault.{one}', {}) for one in faults)})"


def _purchaser(row: Purchaser) -> dict[str, object]:
    return {
        "name": row.name,
        "uscc": row.uscc,
        "province": row.province,
        "maker": row.is_device_maker,
        "licence_until": row.licence_until,
        "licence": row.licence_file,
    }


def _batch(row: IndustryBatch) -> dict[str, object]:
    return {
        "number": row.number,
        "state": row.state,
        "class": row.card_class,
        "product": row.product,
        "ordered": row.ordered,
        "cards": row.cards,
        "province": row.province,
        "due": row.due_at,
    }


def _purchaser_of(own: Desk, uscc: str) -> Purchaser:
    wanted = uscc.strip().upper()
    for row in list_purchasers(own, wanted).rows:
        if row.uscc == wanted:
            return row
    raise NotFound("row.not_found", table=Purchaser.__name__)


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None
