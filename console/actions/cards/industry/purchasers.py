"""Purchasers of industry cards: one register a carrier, each unit in it once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, or_, select

from console.actions.audit import history
from console.actions.cards.industry.files import barred, bring, written
from console.actions.channel.held import carrier_of, held
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cards.industry import BatchState, IndustryBatch
from models.cards.purchasers import Purchaser
from models.formats import Fault, UsccKind, check_uscc, compact
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, Invalid
from models.search import sought_text
from models.staff import Organisation


@dataclass(frozen=True, slots=True)
class PurchaserRecord:
    purchaser: Purchaser
    carrier: Organisation
    batches: Sequence[IndustryBatch]
    """The newest."""
    is_blacklisted: bool
    is_restricted: bool
    """Under joint punishment."""
    deeds: Sequence[AuditEntry]


def add_purchaser(  # noqa: PLR0913 - what is said of a unit
    desk: Desk,
    *,
    name: str,
    uscc: str,
    province: str,
    is_device_maker: bool = False,
    contact: str = "",
    organisation: str | None = None,
) -> Purchaser:
    """`organisation` is a carrier's code, for those who work for several."""
    fields = _cleaned(desk, name, uscc, province, contact)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        carrier = carrier_of(work, organisation)
        _must_be_new(work, carrier.id, fields["uscc"])
        row = work.add(
            Purchaser(
                carrier_id=carrier.id,
                is_device_maker=is_device_maker,
                created_by=work.actor.id,
                created_at=work.at,
                **fields,  # pyright: ignore[reportArgumentType] - `_cleaned` names columns
            )
        )
        work.record("purchaser.added", row, uscc=row.uscc)
        return row


def change_purchaser(  # noqa: PLR0913 - what is said of a unit
    desk: Desk,
    purchaser_id: UUID | str,
    *,
    name: str,
    uscc: str,
    province: str,
    is_device_maker: bool,
    contact: str,
    version: int | None = None,
) -> Purchaser:
    """Correct what is known of a unit. Once a batch of its was reviewed, the code is the unit."""
    fields = _cleaned(desk, name, uscc, province, contact)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        row = held(work, Purchaser, purchaser_id, version)
        said = {**fields, "is_device_maker": is_device_maker}
        changed = sorted(one for one, value in said.items() if getattr(row, one) != value)
        if not changed:
            return row
        if "uscc" in changed:
            _must_not_be_reviewed(work, row)
            _must_be_new(work, row.carrier_id, fields["uscc"])
        for one in changed:
            setattr(row, one, said[one])
        if {"name", "uscc"} & set(changed):
            _find_batches_by(work, row)
        row.version += 1
        work.record("purchaser.changed", row, fields=changed)
        return row


def file_licence(  # noqa: PLR0913 - a file, and what it says
    desk: Desk,
    purchaser_id: UUID | str,
    file_name: str,
    content: bytes,
    *,
    licence_name: str,
    until: date | None,
    version: int | None = None,
) -> Purchaser:
    """File the licence that the unit showed: under which name, and its last day if it has one."""
    named = written(desk, "licence_name", licence_name, 200)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:  # before anything is written to disk
        held(work, Purchaser, purchaser_id, version)
    filed = bring(desk, Permission.INDUSTRY_EDIT, file_name, content)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        row = held(work, Purchaser, purchaser_id, version)
        before = row.licence_sha256
        row.licence_sha256, row.licence_file = filed.sha256, filed.name
        row.licence_type, row.licence_name, row.licence_until = filed.media_type, named, until
        row.version += 1
        work.record(
            "purchaser.licence_filed", row, sha256=filed.sha256, replaces=before,
            until=until.isoformat() if until else "",
        )  # fmt: skip
        return row


def list_purchasers(
    desk: Desk, q: str = "", after: str | None = None, limit: int = PAGE, order: Order | None = None
) -> Slice[Purchaser]:
    """Units by part of their name, or by how their code begins; the newest first."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(Purchaser)
        if words := q.strip():
            named = col(Purchaser.name).contains(words, autoescape=True)
            coded = col(Purchaser.uscc).startswith(compact(words), autoescape=True)
            query = query.where(or_(named, coded))
        return work.slice(query, order or Order.by(Purchaser.id), after, limit)


def purchaser_names(desk: Desk, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """What units are called, by id, for a list that names them."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        rows = work.all(work.select(Purchaser).where(col(Purchaser.id).in_(ids)))
        return {row.id: row.name for row in rows}


def purchaser_record(desk: Desk, purchaser_id: UUID | str) -> PurchaserRecord:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        row = work.get(Purchaser, purchaser_id)
        batches = work.select(IndustryBatch).where(IndustryBatch.purchaser_id == row.id)
        is_blacklisted, is_restricted = barred(work, row)
        return PurchaserRecord(
            purchaser=row,
            carrier=work.session.get_one(Organisation, row.carrier_id),
            batches=work.all(batches.order_by(col(IndustryBatch.id).desc())),
            is_blacklisted=is_blacklisted,
            is_restricted=is_restricted,
            deeds=history(work, row),
        )


def _cleaned(desk: Desk, name: str, uscc: str, province: str, contact: str) -> dict[str, str]:
    checked = check_uscc(uscc)
    if isinstance(checked, Fault):
        raise Invalid("channel.bad_uscc", uscc=uscc.strip()[:40])
    if checked.kind is UsccKind.INDIVIDUAL_BUSINESS:
        raise Invalid("industry.no_unit", uscc=checked.code)
    if province not in provinces():
        raise Invalid("staff.bad_province", province=province)
    return {
        "name": written(desk, "name", name, 200),
        "uscc": checked.code,
        "province": province,
        "contact": written(desk, "contact", contact, 200, needed=False),
    }


def _must_be_new(work: Work, carrier_id: UUID, uscc: str) -> None:
    there = work.session.exec(
        select(Purchaser).where(Purchaser.carrier_id == carrier_id, Purchaser.uscc == uscc)
    ).first()
    if there is not None:
        raise Conflict("industry.duplicate_purchaser", uscc=uscc, name=there.name)


def _must_not_be_reviewed(work: Work, row: Purchaser) -> None:
    reviewed = work.session.exec(
        select(IndustryBatch.number).where(
            IndustryBatch.purchaser_id == row.id, IndustryBatch.state != BatchState.DRAFT
        )
    ).first()
    if reviewed is not None:
        raise Conflict("industry.uscc_fixed", name=row.name, number=reviewed)


def _find_batches_by(work: Work, row: Purchaser) -> None:
    """Its batches are looked for by what it is called now."""
    own = select(IndustryBatch).where(IndustryBatch.purchaser_id == row.id)
    for batch in work.session.exec(own.with_for_update()).all():
        batch.search_text = batch_words(batch, row)


def batch_words(batch: IndustryBatch, purchaser: Purchaser) -> str:
    """What a batch is looked for by."""
    return sought_text(batch.number, purchaser.name, purchaser.uscc, batch.product)
