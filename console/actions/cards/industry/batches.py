"""Batches of industry cards, from their draft to the review, and at their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, false, func
from sqlmodel import col, or_, select

from console.actions.audit import history
from console.actions.cards.industry.files import (
    file_of,
    held_batch,
    must_not_lack,
    scope_of,
    small_mb,
    written,
)
from console.actions.cards.industry.purchasers import batch_words
from console.actions.cards.industry.retention import close_records
from console.actions.cards.industry.settled import must_be_beyond_appeal, must_be_settled
from console.actions.channel.held import held
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Row, Slice, Work
from models.audit import AuditEntry
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.agreements import IndustryAgreement
from models.cards.assessments import RiskAssessment
from models.cards.card_orders import CardOrder
from models.cards.classes import CardClass, classes_version
from models.cards.guards import BatchFile, Lacking, lacking, scope_lacks
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.cards.purchasers import Purchaser
from models.cards.ranges import IndustryRange
from models.cards.scopes import (
    MOST_TARGETS,
    CardScope,
    Faulty,
    ScopeFault,
    ScopeTerms,
    scope_faults,
)
from models.cards.users import CardUser, UnattributedRange
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, Invalid
from models.rules import china_day
from models.search import plain_text
from models.staff import Organisation

MOST_ORDERED: Final = 10_000_000
"""Cards of one batch: more is a slip of a digit."""
_LARGEST_MB: Final = 100_000_000
_LISTS: Final = ("voice_numbers", "sms_numbers", "targets", "tacs", "regions")
_MALFORMED: Final = frozenset(
    {
        ScopeFault.TARGET_MALFORMED,
        ScopeFault.TAC_MALFORMED,
        ScopeFault.REGION_MALFORMED,
        ScopeFault.NUMBER_MALFORMED,
    }
)


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch and all that hangs on it."""

    file: BatchFile
    """With the batch itself, its purchaser, and what is in force of the rest."""
    carrier: Organisation
    faults: Sequence[Faulty]
    """What its scope lacks for its class."""
    lacks: Mapping[BatchMove, Sequence[Lacking]]
    """By each move that is open what keeps the reader from it; nothing: it may be made."""
    assessments: Sequence[RiskAssessment]
    """The newest first, as all the following."""
    agreements: Sequence[IndustryAgreement]
    units: Sequence[AccountableUnit]
    persons: Sequence[AccountablePerson]
    users: int
    """Cards with a registered user."""
    unattributed: Sequence[UnattributedRange]
    ranges: Slice[IndustryRange]
    """In the order in which they were loaded."""
    locks: int
    """Cards that are locked to a device."""
    warnings: int
    """Cards that were loaded although their check digit did not hold: not every issuer keeps it."""
    orders: Sequence[CardOrder]
    deeds: Sequence[AuditEntry]

    @property
    def batch(self) -> IndustryBatch:
        return self.file.batch

    @property
    def purchaser(self) -> Purchaser:
        return self.file.purchaser

    @property
    def scope(self) -> CardScope | None:
        return self.file.scope


def draft_batch(  # noqa: PLR0913 - what is ordered
    desk: Desk,
    *,
    purchaser: UUID | str,
    card_class: CardClass,
    ordered: int,
    product: str,
    use_statement: str,
    province: str | None = None,
) -> IndustryBatch:
    """A draft under a number of its own. `province` is the home of the cards: the carrier's own."""
    named, use = _said(desk, ordered, product, use_statement)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        buyer = held(work, Purchaser, purchaser, None)
        home = _home(work, buyer, province)
        batch = IndustryBatch(
            number=_next_number(work, home),
            carrier_id=buyer.carrier_id,
            province=home,
            purchaser_id=buyer.id,
            card_class=CardClass(card_class),
            ordered=ordered,
            created_by=work.actor.id,
            created_at=work.at,
            product=named,
            use_statement=use,
        )
        batch.search_text = batch_words(batch, buyer)
        work.add(batch)
        facts = {"purchaser": buyer.name, "card_class": batch.card_class, "ordered": ordered}
        work.record("industry.drafted", batch, **facts)
        return batch


def change_batch(  # noqa: PLR0913 - what is ordered
    desk: Desk,
    batch_id: UUID | str,
    *,
    card_class: CardClass,
    ordered: int,
    product: str,
    use_statement: str,
    version: int | None = None,
) -> IndustryBatch:
    """Correct a draft. What its scope lacks for another class is seen in the record."""
    named, use = _said(desk, ordered, product, use_statement)
    said = {
        "product": named,
        "use_statement": use,
        "ordered": ordered,
        "card_class": CardClass(card_class),
    }
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_draft(work, batch_id, version)
        if ordered < batch.cards:
            raise Conflict(
                "industry.fewer_than_loaded", number=batch.number, n=ordered, cards=batch.cards
            )
        changed = sorted(one for one, value in said.items() if getattr(batch, one) != value)
        if not changed:
            return batch
        for one in changed:
            setattr(batch, one, said[one])
        batch.search_text = batch_words(batch, work.session.get_one(Purchaser, batch.purchaser_id))
        batch.version += 1
        work.record("industry.changed", batch, fields=changed)
        return batch


def bind_scope(
    desk: Desk, batch_id: UUID | str, terms: ScopeTerms, version: int | None = None
) -> CardScope:
    """Bind a draft to what its cards may be used for (004-2.3-a).

    A scope that its class does not allow, or that is not whole, is kept all the same: the record
    says what it lacks, and it can't be submitted so. What is malformed is refused.
    """
    said = _sound_terms(desk, terms)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_draft(work, batch_id, version)
        faults = scope_faults(batch.card_class, said, small_mb(work))
        if malformed := [one.value for one in faults if one.fault in _MALFORMED]:
            what = sorted({one.fault for one in faults if one.fault in _MALFORMED})
            raise Invalid("industry.scope_malformed", values=malformed[:20], faults=what)
        scope = scope_of(work, batch)
        if scope is None:
            scope = work.add(CardScope(batch_id=batch.id, bound_at=work.at))
        else:
            scope.version += 1
        for name in ScopeTerms.__dataclass_fields__:
            value = getattr(said, name)
            setattr(scope, name, [*value] if name in _LISTS else value)
        scope.rule_version = classes_version()
        scope.bound_by, scope.bound_at = work.actor.id, work.at
        batch.version += 1
        left = [one.fault for one in faults]
        work.record("industry.scope_bound", batch, rule=scope.rule_version, faults=left)
        return scope


def submit_batch(desk: Desk, batch_id: UUID | str, version: int | None = None) -> IndustryBatch:
    """Hand a whole draft over to be reviewed, by somebody else."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        purchaser_id = work.get(IndustryBatch, batch_id).purchaser_id
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        held(work, Purchaser, purchaser_id, None)  # before its batches, as who changes it does
        batch = held_batch(work, batch_id, version)
        batch.move(BatchMove.SUBMIT)
        must_not_lack(work, batch, BatchMove.SUBMIT)
        due = deadline(work, "iot_risk_review")
        batch.due_at, batch.rule_version = due.at, due.version
        batch.submitted_by, batch.submitted_at = work.actor.id, work.at
        work.record("industry.submitted", batch, due_at=due.at.isoformat())
        return batch


def retire_batch(
    desk: Desk, batch_id: UUID | str, *, cancelled: int, returned: int, version: int | None = None
) -> IndustryBatch:
    """End a batch when each of its cards was cancelled or came back.

    Who answers for it and who uses its cards closes in the same moment, and the time begins for
    which that is kept. One that was shut down is not retired while somebody may still appeal.
    """
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        was_shut_down = batch.state is BatchState.SHUT_DOWN
        batch.move(BatchMove.RETIRE)
        if min(cancelled, returned) < 0 or cancelled + returned != batch.cards:
            counts = {"cancelled": cancelled, "returned": returned, "cards": batch.cards}
            raise Conflict("industry.cards_not_counted", number=batch.number, **counts)
        must_be_settled(work, batch)
        if was_shut_down:
            must_be_beyond_appeal(work, batch)
        batch.retired_on, batch.retired_cards = china_day(work.at), cancelled + returned
        batch.due_at, batch.is_reassess_due = None, False
        closed = close_records(work, batch)
        work.record("industry.retired", batch, cancelled=cancelled, returned=returned, **closed)
        return batch


def list_batches(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    q: str = "",
    *,
    state: BatchState | None = None,
    card_class: CardClass | None = None,
    late: bool = False,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[IndustryBatch]:
    """Batches, the newest first, by part of a number, of the purchaser or of the product.

    `late` leaves those of which something, a change of who answers too, has passed its due moment.
    """
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(IndustryBatch)
        if state is not None:
            query = query.where(IndustryBatch.state == state)
        if card_class is not None:
            query = query.where(IndustryBatch.card_class == card_class)
        if late:
            due = (col(IndustryBatch.due_at), col(IndustryBatch.change_due_at))
            query = query.where(or_(*(one <= work.at for one in due)))
        if words := q.strip():
            part = plain_text(words)
            found = col(IndustryBatch.search_text).contains(part) if part else false()
            query = query.where(found)
        return work.slice(query, order or Order.by(IndustryBatch.id), after, limit)


def batch_numbered(desk: Desk, number: str) -> IndustryBatch:
    """By `IOT-44-2026-000017`, as people say it."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(IndustryBatch).where(IndustryBatch.number == number.strip().upper())
        return work.one(query, IndustryBatch)


def batch_record(desk: Desk, batch_id: UUID | str, after: str | None = None) -> BatchRecord:
    """`after` goes on in its ranges of cards."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        file = file_of(work, batch)
        ranges = work.select(IndustryRange).where(IndustryRange.batch_id == batch.id)
        return BatchRecord(
            file=file,
            carrier=work.session.get_one(Organisation, batch.carrier_id),
            faults=scope_lacks(file),
            lacks={one: lacking(file, one, work.actor.id) for one in batch.open_moves()},
            assessments=_all_of(work, RiskAssessment, batch),
            agreements=_all_of(work, IndustryAgreement, batch),
            units=_all_of(work, AccountableUnit, batch),
            persons=_all_of(work, AccountablePerson, batch),
            users=_count(work, CardUser, batch, col(CardUser.is_open).is_(True)),
            unattributed=_all_of(work, UnattributedRange, batch),
            ranges=work.slice(ranges, Order.by(IndustryRange.id, descending=False), after),
            locks=file.locks,
            warnings=_warnings(work, batch),
            orders=_all_of(work, CardOrder, batch),
            deeds=history(work, batch),
        )


def _all_of(work: Work, table: type[Row], batch: IndustryBatch) -> Sequence[Row]:
    rows: Any = table
    return work.all(work.select(table).where(rows.batch_id == batch.id).order_by(rows.id.desc()))


def _count(
    work: Work, table: type[Any], batch: IndustryBatch, *conditions: ColumnElement[bool]
) -> int:
    counted = select(func.count()).select_from(table).where(table.batch_id == batch.id)
    return work.session.exec(counted.where(*conditions)).one()


def _warnings(work: Work, batch: IndustryBatch) -> int:
    """As the deeds tell that loaded the cards: the digit itself is not kept."""
    loaded = work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.subject_kind == IndustryBatch.__name__)
        .where(AuditEntry.subject_id == str(batch.id))
        .where(AuditEntry.deed == "industry.cards_loaded")
    ).all()
    return sum(int(one.facts["warnings"]) for one in loaded)


def _said(desk: Desk, ordered: int, product: str, use_statement: str) -> tuple[str, str]:
    """Product and use as they are kept."""
    if not 1 <= ordered <= MOST_ORDERED:
        raise Invalid("industry.bad_order", n=ordered, most=MOST_ORDERED)
    return (
        written(desk, "product", product, 120, needed=False),
        written(desk, "use_statement", use_statement, 4000, needed=False),
    )


def _home(work: Work, buyer: Purchaser, province: str | None) -> str:
    """Home of the cards; a group has none of its own."""
    own = work.session.get_one(Organisation, buyer.carrier_id).province
    home = province or own
    if home is None or home not in provinces():
        raise Invalid("staff.bad_province", province=home or "-")
    return home


def _next_number(work: Work, province: str) -> str:
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"industry:{province}-{year}")
    return f"IOT-{province}-{year}-{serial:06}"


def _held_draft(work: Work, batch_id: UUID | str, version: int | None) -> IndustryBatch:
    batch = held_batch(work, batch_id, version)
    if batch.state is not BatchState.DRAFT:
        raise Conflict("industry.no_draft", number=batch.number, state=batch.state)
    return batch


def _sound_terms(desk: Desk, terms: ScopeTerms) -> ScopeTerms:
    """The terms as they are kept: blanks and repetitions gone, hosts in one spelling."""
    if terms.monthly_mb is not None and not 1 <= terms.monthly_mb <= _LARGEST_MB:
        raise Invalid("industry.bad_volume", n=terms.monthly_mb, most=_LARGEST_MB)
    words = {
        name: written(desk, name, getattr(terms, name), 1000, needed=False)
        for name in ("function", "business_scope", "scenario", "product_form")
    }
    return replace(
        terms,
        **words,
        apn=written(desk, "apn", terms.apn, 100, needed=False),
        **{name: _each(name, getattr(terms, name)) for name in _LISTS},
    )


def _each(field: str, values: Sequence[str]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(one.strip().lower() for one in values if one.strip()))
    if len(found) > MOST_TARGETS:
        raise Invalid("industry.too_many_values", field=field, n=len(found), most=MOST_TARGETS)
    return found
