"""Reader devices (读卡设备): asked for by one, approved by another who compares the fingerprint.

A device is one laptop with one key. It works while two people stand for it, its holder is here, and
nothing that it sent speaks against it.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.audit import history
from console.actions.cards.industry.files import written
from console.actions.channel.held import must_be_another, must_say_why
from console.actions.checks.device_doors import code_hash
from console.actions.checks.device_rows import is_long_silent, quarantine, span
from console.actions.deadlines import deadline
from console.desk import LONGEST_PAGE, PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.checks.devices import (
    CardReader,
    CardReaderState,
    DeviceMove,
    DeviceState,
    EnrolmentCode,
    ReaderDevice,
    WhyQuarantined,
)
from models.checks.reads import CardRead, ReadChallenge
from models.checks.spot_checks import CheckState, SpotCheck
from models.permissions import GRANTS, Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day
from models.staff import Organisation, User, UserRole

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LETTERS: Final = 10
"""Of a pairing code: 50 bits."""
_LONGEST_SITE: Final = 200
_LONGEST_REFERENCE: Final = 64
_CHALLENGES_KEPT: Final = timedelta(days=7)
"""Those that no read answered, behind their end."""
_FINGERPRINT: Final = re.compile(r"[^A-Z2-7]")


@dataclass(frozen=True, slots=True)
class Asked:
    code: str
    """To be typed on the laptop; only its hash is kept."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    device: ReaderDevice
    organisation: Organisation
    holder: User
    asker: User | None
    approver: User | None
    readers: Sequence[CardReader]
    checks: Sequence[SpotCheck]
    """That it is open for now, of those that the asking person may know of."""
    reads: Sequence[CardRead]
    """The newest."""
    deeds: Sequence[AuditEntry]


def ask_code(desk: Desk, holder_login: str, site: str) -> Asked:
    """A code that pairs one laptop with its holder, once and within ten minutes."""
    place = written(desk, "reader_site", site, _LONGEST_SITE, needed=False)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    with desk.begin(Permission.DEVICE_EDIT) as work:
        holder = _holder(work, holder_login)
        row = work.add(
            EnrolmentCode(
                code_hash=code_hash(code),
                organisation_id=holder.organisation_id,
                holder_id=holder.id,
                site=place,
                asked_by=work.actor.id,
                created_at=work.at,
                expires_at=work.at + span("reader_code", work.at),
            )
        )
        work.record("reader_device.code_asked", row, holder=holder.login, site=place)
        return Asked(f"{code[:5]}-{code[5:]}", row.expires_at)


def code_expiry(desk: Desk, code_id: UUID | str) -> datetime:
    """When a code that was asked for runs out; the code itself nobody knows any more."""
    with desk.begin(Permission.DEVICE_READ) as work:
        return work.get(EnrolmentCode, code_id).expires_at


def _holder(work: Work, login: str) -> User:
    """Somebody of one's own unit who may make checks."""
    wanted = login.strip().lower()
    holder = work.session.exec(
        select(User).where(User.login == wanted, col(User.disabled_at).is_(None))
    ).first()
    is_ours = work.actor.is_house or (
        holder is not None and holder.organisation_id in work.actor.organisations
    )
    if holder is None or not is_ours:
        raise Invalid("reader.no_such_holder", login=login)
    roles = work.session.exec(select(UserRole.role).where(UserRole.user_id == holder.id)).all()
    if not any(Permission.SPOT_CHECK_DO in GRANTS[Role(one)] for one in roles):
        raise Invalid("reader.holder_makes_no_checks", login=login)
    return holder


def approve_device(
    desk: Desk, device_id: UUID | str, fingerprint: str, version: int | None = None
) -> ReaderDevice:
    """Let it read, by the fingerprint as the laptop shows it.

    By another than who asked for its code and than its holder. A wrong fingerprint is on record:
    somebody else's key may wait under this number.
    """
    typed = _FINGERPRINT.sub("", fingerprint.upper())
    with desk.begin(Permission.DEVICE_APPROVE) as work:
        row = _held(work, device_id, version)
        must_be_another(work, row.asked_by, row.number)
        must_be_another(work, row.holder_id, row.number)
        is_it = hmac.compare_digest(typed, row.fingerprint.replace("-", ""))
        if is_it:
            row.move(DeviceMove.APPROVE)
            row.approved_by, row.approved_at = work.actor.id, work.at
            work.record("reader_device.approved", row, fingerprint=row.fingerprint)
        else:
            work.record("reader_device.fingerprint_wrong", row)
    if not is_it:
        raise Invalid("reader.fingerprint_wrong", number=row.number)
    return row


def vouch_for_holder(
    desk: Desk,
    device_id: UUID | str,
    trained_until: date,
    secrecy_ref: str,
    version: int | None = None,
) -> ReaderDevice:
    """Say that its holder is trained, until when, and where their promise of secrecy is filed.

    Without both no session is opened (DOMAIN 4.11). A manager says it, and nobody of
    themselves.
    """
    filed = written(desk, "reader_secrecy", secrecy_ref, _LONGEST_REFERENCE)
    with desk.begin(Permission.HOLDER_VOUCH) as work:
        row = _held(work, device_id, version)
        must_be_another(work, row.holder_id, row.number)
        today, most = china_day(work.at), china_day(deadline(work, "reader_training").at)
        if not today <= trained_until <= most:
            raise Invalid("reader.training_day", first=today.isoformat(), last=most.isoformat())
        row.trained_until, row.secrecy_ref = trained_until, filed
        row.version += 1
        work.record(
            "reader_device.holder_vouched", row, until=trained_until.isoformat(), filed=filed
        )
        return row


def refuse_device(
    desk: Desk, device_id: UUID | str, reason: str, version: int | None = None
) -> ReaderDevice:
    """One that waits is not let in; its key never will be."""
    why = must_say_why(reason)
    with desk.begin(Permission.DEVICE_APPROVE) as work:
        row = _held(work, device_id, version)
        row.move(DeviceMove.REFUSE)
        row.reason = why
        work.record("reader_device.refused", row, reason=why)
        return row


def quarantine_device(
    desk: Desk, device_id: UUID | str, reason: str, version: int | None = None
) -> ReaderDevice:
    """Out of work at once, until somebody has looked into it."""
    why = must_say_why(reason)
    with desk.begin(Permission.DEVICE_EDIT) as work:
        row = _held(work, device_id, version)
        if not row.is_at_work:
            raise Conflict("state.cannot_move", state=row.state, move=DeviceMove.QUARANTINE)
        quarantine(work, row, WhyQuarantined.BY_HAND, why)
        return row


def reinstate_device(
    desk: Desk, device_id: UUID | str, reason: str, version: int | None = None
) -> ReaderDevice:
    """Back to work, by another than its holder; what is said is what was found out."""
    why = must_say_why(reason)
    with desk.begin(Permission.DEVICE_APPROVE) as work:
        row = _held(work, device_id, version)
        must_be_another(work, row.holder_id, row.number)
        before = row.why
        row.move(DeviceMove.REINSTATE)
        row.why, row.reason, row.last_seen_at = None, why, work.at
        # What its clock was then says nothing of now: its next pass does.
        row.skew_ms = None
        work.record("reader_device.reinstated", row, reason=why, why=before)
        return row


def retire_device(
    desk: Desk, device_id: UUID | str, reason: str, version: int | None = None
) -> ReaderDevice:
    """For good: a laptop that is to work again gets another key."""
    why = must_say_why(reason)
    with desk.begin(Permission.DEVICE_EDIT) as work:
        row = _held(work, device_id, version)
        row.move(DeviceMove.RETIRE)
        row.why, row.reason = None, why
        work.record("reader_device.retired", row, reason=why)
        return row


def judge_reader(
    desk: Desk,
    reader_id: UUID | str,
    allowed: bool,  # noqa: FBT001 - as it is called
    version: int | None = None,
) -> CardReader:
    """Let a card reader count, or bar it. One for identity cards counts only when it was let."""
    with desk.begin(Permission.DEVICE_APPROVE) as work:
        row = work.get(CardReader, reader_id)
        if version is not None and row.version != version:
            raise Conflict("channel.changed_meanwhile", title=row.title)
        device = work.session.get_one(ReaderDevice, row.device_id)
        must_be_another(work, device.holder_id, device.number)
        state = CardReaderState.ALLOWED if allowed else CardReaderState.BARRED
        if row.state is not state:
            row.state, row.judged_by, row.judged_at = state, work.actor.id, work.at
            row.version += 1
        deed = "card_reader.allowed" if allowed else "card_reader.barred"
        work.record(deed, device, reader=row.name, sam_id=row.sam_id)
        return row


def list_devices(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    *,
    state: DeviceState | None = None,
    words: str = "",
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[ReaderDevice]:
    """The newest first; `words` is the beginning of a number or of a host."""
    with desk.begin(Permission.DEVICE_READ) as work:
        query = work.select(ReaderDevice)
        if state is not None:
            query = query.where(ReaderDevice.state == state)
        if start := words.strip()[:40]:
            query = query.where(
                or_(
                    col(ReaderDevice.number).startswith(start.upper(), autoescape=True),
                    col(ReaderDevice.host).startswith(start, autoescape=True),
                )
            )
        return work.slice(query, order or Order.by(ReaderDevice.id), after, limit)


def device_record(desk: Desk, device_id: UUID | str) -> DeviceRecord:
    with desk.begin(Permission.DEVICE_READ) as work:
        row = work.get(ReaderDevice, device_id)
        readers = select(CardReader).where(CardReader.device_id == row.id)
        reads = work.select(CardRead).where(CardRead.device_id == row.id)
        checks = work.select(SpotCheck).where(
            SpotCheck.device_id == row.id, SpotCheck.state == CheckState.READING
        )
        return DeviceRecord(
            device=row,
            organisation=work.session.get_one(Organisation, row.organisation_id),
            holder=work.session.get_one(User, row.holder_id),
            asker=work.session.get(User, row.asked_by) if row.asked_by else None,
            approver=work.session.get(User, row.approved_by) if row.approved_by else None,
            readers=work.all(readers.order_by(col(CardReader.id))),
            checks=work.all(checks.order_by(col(SpotCheck.id))),
            reads=work.session.exec(reads.order_by(col(CardRead.id).desc()).limit(PAGE)).all(),
            deeds=history(work, row),
        )


def _held(work: Work, device_id: UUID | str, version: int | None) -> ReaderDevice:
    """The row under lock, of the actor's own unit; Conflict when it is not as it was shown."""
    row = work.get(ReaderDevice, device_id)
    if not work.actor.is_house and row.organisation_id not in work.actor.organisations:
        raise NotAllowed("channel.not_your_carrier", title=row.number)
    if version is not None and row.version != version:
        raise Conflict("channel.changed_meanwhile", title=row.number)
    return row


def sweep_devices(desk: Desk) -> int:
    """Devices that were not heard of for long stop; what was used up is forgotten."""
    with desk.begin(Permission.DEVICE_READ) as work:
        silent = [row.id for row in work.all(_silent(work)) if is_long_silent(row, work.at)]
    for device_id in silent:
        with desk.begin(Permission.DEVICE_EDIT) as work:
            row = work.get(ReaderDevice, device_id)
            if is_long_silent(row, work.at):
                quarantine(work, row, WhyQuarantined.NOT_SEEN)
            work.no_deed()
    with desk.begin(Permission.DEVICE_EDIT) as work:
        past = col(EnrolmentCode.expires_at) <= work.at
        unused = col(EnrolmentCode.used_at).is_(None)
        work.session.connection().execute(delete(EnrolmentCode).where(past, unused))
        old = col(ReadChallenge.until) <= work.at - _CHALLENGES_KEPT
        idle = col(ReadChallenge.used_at).is_(None)
        work.session.connection().execute(delete(ReadChallenge).where(old, idle))
        work.no_deed()
    return len(silent)


def _silent(work: Work) -> SelectOfScalar[ReaderDevice]:
    """Those heard of longest ago first, as many as one round takes."""
    at_work = col(ReaderDevice.state).in_([DeviceState.ENROLLED, DeviceState.ACTIVE])
    heard = func.coalesce(ReaderDevice.last_seen_at, ReaderDevice.approved_at)
    return work.select(ReaderDevice).where(at_work).order_by(heard).limit(LONGEST_PAGE)
