"""A batch with all that its guards look at, and the files that people bring for it."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.brought import media_type_of, nobodys_name
from console.actions.channel.blacklist import barred_among
from console.actions.channel.held import held
from console.desk import Desk, Work
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.agreements import IndustryAgreement
from models.cards.assessments import RiskAssessment
from models.cards.guards import BatchFile, Lack, Lacking, lacking
from models.cards.industry import BatchMove, IndustryBatch
from models.cards.purchasers import Purchaser
from models.cards.ranges import DeviceLock
from models.cards.scopes import CardScope
from models.cards.users import CardUser, UnattributedRange
from models.channel.admission import names_identity, person_key
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import Deadline, china_day, parameter


@dataclass(frozen=True, slots=True)
class Filed:
    """A file that was taken in: told by its bytes and kept by its digest."""

    name: str
    media_type: str
    sha256: str


def held_batch(work: Work, batch_id: UUID | str, version: int | None) -> IndustryBatch:
    """The batch under lock, as the door showed it."""
    return held(work, IndustryBatch, batch_id, version)


def bring(desk: Desk, permission: Permission, file_name: str, content: bytes) -> Filed:
    """Take a PNG, JPEG or PDF of at most 10 MB in; whoever may not is refused before."""
    media_type = media_type_of(file_name, content)
    with desk.begin(permission):
        pass
    name = nobodys_name(file_name, china_day(desk.now()))
    return Filed(name, media_type, desk.house.evidence.keep(content))


def written(desk: Desk, field: str, words: str, most: int, *, needed: bool = True) -> str:
    """Words as they are kept: there where they must be, not too long, and nobody's number."""
    kept = words.strip()
    if needed and not kept:
        raise Invalid("channel.field_missing", field=field)
    if len(kept) > most:
        raise Invalid("channel.field_too_long", field=field, most=most)
    if names_identity(kept, china_day(desk.now())):
        raise Invalid("admission.identity_number")
    return kept


def file_of(work: Work, batch: IndustryBatch) -> BatchFile:
    """All that the guards of a batch look at, as it is today."""
    today = china_day(work.at)
    purchaser = work.session.get_one(Purchaser, batch.purchaser_id)
    is_blacklisted, is_restricted = barred(work, purchaser)
    return BatchFile(
        batch=batch,
        purchaser=purchaser,
        scope=scope_of(work, batch),
        assessment=assessment_of(work, batch),
        agreement=agreement_of(work, batch),
        unit=work.session.get(AccountableUnit, batch.unit_id) if batch.unit_id else None,
        persons=work.session.exec(
            select(AccountablePerson)
            .where(AccountablePerson.batch_id == batch.id, col(AccountablePerson.is_open).is_(True))
            .order_by(col(AccountablePerson.id))
        ).all()
        if batch.person_id
        else (),
        cards=batch.cards,
        attributed=attributed_of(work, batch),
        locks=_locks_of(work, batch),
        is_blacklisted=is_blacklisted,
        is_restricted=is_restricted,
        small_mb=small_mb(work),
        on=today,
    )


def small_mb(work: Work) -> int:
    """Megabytes a month up to which general data count as small volume (iot_general_traffic)."""
    return parameter("iot_general_traffic", china_day(work.at)).value


def barred(work: Work, purchaser: Purchaser) -> tuple[bool, bool]:
    """Whether the purchaser is on a blacklist of the carrier's group, and under joint punishment.

    By its code; and by its name, for entries that have none.
    """
    name = person_key(purchaser.name)
    found = barred_among(work, purchaser.carrier_id, [purchaser.uscc], [name])
    return (
        purchaser.uscc in found.firms or name in found.persons,
        purchaser.uscc in found.restricted_firms or name in found.restricted_persons,
    )


def scope_of(work: Work, batch: IndustryBatch) -> CardScope | None:
    return work.session.exec(select(CardScope).where(CardScope.batch_id == batch.id)).first()


def assessment_of(work: Work, batch: IndustryBatch) -> RiskAssessment | None:
    """The newest."""
    return work.session.exec(
        select(RiskAssessment)
        .where(RiskAssessment.batch_id == batch.id)
        .order_by(col(RiskAssessment.id).desc())
    ).first()


def agreement_of(work: Work, batch: IndustryBatch) -> IndustryAgreement | None:
    """The one that no other has taken the place of."""
    return work.session.exec(
        select(IndustryAgreement)
        .where(
            IndustryAgreement.batch_id == batch.id,
            col(IndustryAgreement.superseded_at).is_(None),
        )
        .order_by(col(IndustryAgreement.id).desc())
    ).first()


def attributed_of(work: Work, batch: IndustryBatch) -> int:
    """Cards that have a user, or a mark why they have none; a card with both counts once."""
    mark = UnattributedRange
    marked = work.session.exec(
        select(func.coalesce(func.sum(col(mark.last) - col(mark.first) + 1), 0)).where(
            mark.batch_id == batch.id
        )
    ).one()
    is_marked = (
        select(mark.id)
        .where(mark.batch_id == batch.id)
        .where(col(mark.first) <= col(CardUser.card), col(mark.last) >= col(CardUser.card))
        .exists()
    )
    users = (
        select(func.count())
        .select_from(CardUser)
        .where(CardUser.batch_id == batch.id, col(CardUser.is_open).is_(True))
    )
    used = work.session.exec(users.where(~is_marked) if marked else users).one()
    return int(marked) + int(used)


def _locks_of(work: Work, batch: IndustryBatch) -> int:
    """Cards of the batch that are bound to a device."""
    locked = select(func.count()).select_from(DeviceLock).where(DeviceLock.batch_id == batch.id)
    return work.session.exec(locked).one()


def last_day(due: Deadline) -> date:
    """The last day that is in time: a deadline is the first moment too late."""
    return china_day(due.at - timedelta(microseconds=1))


def must_not_lack(work: Work, batch: IndustryBatch, move: BatchMove) -> BatchFile:
    """Conflict with all that keeps the batch from the move, and not the first of it alone."""
    with work.session.no_autoflush:  # it has moved, and must not reach the database before this
        file = file_of(work, batch)
    if lacks := lacking(file, move, work.actor.id):
        raise not_ready(batch, lacks)
    return file


def not_ready(batch: IndustryBatch, lacks: list[Lacking]) -> Conflict:
    codes: list[Lack] = [one.lack for one in lacks]
    return Conflict("industry.not_ready", number=batch.number, lacks=codes, n=len(codes))
