"""Everything that a read is judged by, in one question; and what it changes, without more loading.

Laptops of a whole country send through here, so nothing is loaded that no rule asks for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Select, and_, bindparam, func, insert, select, update
from sqlmodel import col

from console.actions.checks.challenges import challenge_values
from console.actions.checks.device_rows import SEEN_EACH, span
from console.desk import Work
from models.checks.devices import CardReader, CardReaderState, DeviceState, ReaderDevice
from models.checks.reads import CardRead, ReadChallenge, ReadKind, ReadState
from models.checks.spot_checks import CheckState, SpotCheck
from models.checks.wire import SignedRead
from models.staff import Organisation, User

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """In the order that `_FACTS` asks for them."""

    device_state: DeviceState
    last_seq: int
    last_sha256: str
    last_seen_at: datetime | None
    agent_version: str
    organisation_id: UUID
    is_for_tests: bool
    unit_closed_at: datetime | None
    holder_gone_at: datetime | None
    challenge_id: UUID | None
    challenge_check: UUID | None
    challenge_kind: ReadKind | None
    is_of_pack: bool | None
    made_at: datetime | None
    until: datetime | None
    used_at: datetime | None
    check_id: UUID | None
    """Of the check that it names, where that is one of this device."""
    carrier_id: UUID | None
    check_number: str | None
    check_state: CheckState | None
    session_until: datetime | None
    wants_card: bool | None
    wants_identity: bool | None
    reader_state: CardReaderState | None
    before_id: UUID | None
    """The read that came under this id before."""
    hour: int
    """Cards that were read within the hour before, by the device's own clock."""
    near: int
    """Of them, those less than the least time apart."""


def _cards(begins: str, ends: str) -> Any:  # noqa: ANN401 - a subquery
    return (
        select(func.count())
        .where(col(CardRead.device_id) == bindparam("device"))
        .where(col(CardRead.captured_at) > bindparam(begins))
        .where(col(CardRead.captured_at) < bindparam(ends))
        .where(col(CardRead.state) == ReadState.ACCEPTED, col(CardRead.kind) != ReadKind.FAULT)
        .scalar_subquery()
    )


_FACTS: Final[Select[*tuple[Any, ...]]] = (
    select(
        col(ReaderDevice.state), col(ReaderDevice.last_seq), col(ReaderDevice.last_sha256),
        col(ReaderDevice.last_seen_at), col(ReaderDevice.agent_version),
        col(ReaderDevice.organisation_id),
        col(Organisation.is_for_tests), col(Organisation.disabled_at), col(User.disabled_at),
        col(ReadChallenge.id), col(ReadChallenge.check_id), col(ReadChallenge.kind),
        col(ReadChallenge.is_offline), col(ReadChallenge.made_at), col(ReadChallenge.until),
        col(ReadChallenge.used_at),
        col(SpotCheck.id), col(SpotCheck.carrier_id), col(SpotCheck.number), col(SpotCheck.state),
        col(SpotCheck.session_until), col(SpotCheck.wants_card), col(SpotCheck.wants_identity),
        col(CardReader.state),
        col(CardRead.id),
        _cards("hour_before", "gap_after"), _cards("gap_before", "gap_after"),
    )
    .select_from(ReaderDevice)
    .join(Organisation, col(Organisation.id) == col(ReaderDevice.organisation_id))
    .join(User, col(User.id) == col(ReaderDevice.holder_id))
    .outerjoin(
        ReadChallenge,
        and_(
            col(ReadChallenge.value) == bindparam("challenge"),
            col(ReadChallenge.device_id) == col(ReaderDevice.id),
        ),
    )
    .outerjoin(
        SpotCheck,
        and_(
            col(SpotCheck.id) == bindparam("task"),
            col(SpotCheck.device_id) == col(ReaderDevice.id),
        ),
    )
    .outerjoin(
        CardReader,
        and_(
            col(CardReader.device_id) == col(ReaderDevice.id),
            col(CardReader.name) == bindparam("reader"),
            col(CardReader.serial) == bindparam("serial"),
            col(CardReader.sam_id) == bindparam("sam"),
        ),
    )
    .outerjoin(
        CardRead,
        and_(
            col(CardRead.device_id) == col(ReaderDevice.id),
            col(CardRead.read_id) == bindparam("read"),
        ),
    )
    .where(col(ReaderDevice.id) == bindparam("device"))
)  # fmt: skip
_HOLD_DEVICE: Final = (
    select(col(ReaderDevice.id))
    .where(col(ReaderDevice.id) == bindparam("device"))
    .with_for_update()
)
_HOLD_CHECK: Final = (
    select(col(SpotCheck.id))
    .where(col(SpotCheck.id) == bindparam("task"), col(SpotCheck.device_id) == bindparam("device"))
    .with_for_update(read=True)
)
_USE_UP: Final = (
    update(ReadChallenge)
    .where(col(ReadChallenge.id) == bindparam("challenge"))
    .values(used_at=bindparam("at"))
)
_NEW: Final = insert(ReadChallenge)
_GO_ON: Final = (
    update(ReaderDevice)
    .where(col(ReaderDevice.id) == bindparam("device"))
    .values(
        last_seq=bindparam("seq"),
        last_sha256=bindparam("digest"),
        last_seen_at=bindparam("seen"),
        skew_ms=func.coalesce(bindparam("skew", type_=Integer), col(ReaderDevice.skew_ms)),
        reads=col(ReaderDevice.reads) + bindparam("accepted"),
        refused=col(ReaderDevice.refused) + bindparam("turned_down"),
    )
)


def held_facts(work: Work, device_id: UUID, told: SignedRead) -> Facts:
    """What holds until the work ends: nobody else moves the device, or closes the check, before."""
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":
        # SQLite has one writer. Here the facts are asked for when the lock is held: a question that
        # waits for it would be answered from before.
        connection.execute(_HOLD_DEVICE, {"device": device_id})
        connection.execute(_HOLD_CHECK, {"device": device_id, "task": told.task})
    gap = span("check_card_gap", work.at)
    found = connection.execute(
        _FACTS,
        {
            "device": device_id,
            "challenge": told.challenge,
            "task": told.task,
            "reader": told.reader.name,
            "serial": told.reader.serial,
            "sam": told.reader.sam_id,
            "read": told.read_id,
            "hour_before": told.captured_at - _HOUR,
            "gap_before": told.captured_at - gap,
            "gap_after": told.captured_at + gap,
        },
    ).one()
    return Facts(*found)


def go_on(work: Work, row: CardRead, facts: Facts, *, is_ours: bool) -> None:
    """The challenge is used up and the chain goes on, whether the read counts or not."""
    connection = work.session.connection()
    if facts.challenge_id is not None and facts.used_at is None:
        connection.execute(_USE_UP, {"challenge": facts.challenge_id, "at": work.at})
    is_newest = is_ours and row.seq > facts.last_seq
    is_seen = facts.last_seen_at is None or work.at - facts.last_seen_at >= SEEN_EACH
    counts = row.state is ReadState.ACCEPTED
    connection.execute(
        _GO_ON,
        {
            "device": row.device_id,
            "seq": row.seq if is_newest else facts.last_seq,
            "digest": row.sha256 if is_newest else facts.last_sha256,
            "seen": work.at if is_seen else facts.last_seen_at,
            # Of a trip it tells how the clock was then, and not how it is.
            "skew": None if row.is_offline else row.skew_ms,
            "accepted": int(counts),
            "turned_down": int(not counts),
        },
    )


def next_challenge(work: Work, row: CardRead, kind: ReadKind) -> dict[str, Any]:
    """The values of a new challenge for the read after this one."""
    until = work.at + span("reader_challenge", work.at)
    values = challenge_values(work.at, row.device_id, _of(row.check_id), kind, until)
    work.session.connection().execute(_NEW, values)
    return values


def _of(check_id: UUID | None) -> UUID:
    assert check_id is not None  # noqa: S101 - of an accepted read
    return check_id
