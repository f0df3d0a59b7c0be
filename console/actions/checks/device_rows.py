"""A device as its doors see it: under lock, with whoever stands behind it, and why it may not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session, col, select

from console.desk import Work
from integrations.reader_tokens import read_key
from models.checks.devices import DeviceMove, DeviceState, ReaderDevice, WhyQuarantined
from models.permissions import Role
from models.refusals import NotAllowed, NotFound
from models.rules import Calendar, china_day, parameter
from models.staff import Actor, Door, Organisation, User

SEEN_EACH: Final = timedelta(minutes=1)
"""How often it is written that a device was heard of."""
_MOST_SKEW: Final = 2**31 - 1
_WHY_NOT: Final = {
    DeviceState.PENDING: "reader.device_pending",
    DeviceState.QUARANTINED: "reader.device_quarantined",
    DeviceState.RETIRED: "reader.device_retired",
}


@dataclass(frozen=True, slots=True)
class Known:
    device: ReaderDevice
    organisation: Organisation
    holder: User

    @property
    def actor(self) -> Actor:
        """Of no carrier: what a device may see is said by its own tasks alone."""
        own = self.organisation
        return Actor(
            id=self.device.id,
            name=self.device.number,
            roles=frozenset({Role.DEVICE}),
            organisation_id=own.id,
            organisation=own.name,
            kind=own.kind,
            door=Door.READER,
        )

    @property
    def key(self) -> bytes:
        return key_of(self.device)

    def refusal(self) -> NotAllowed | None:
        is_left = bool(self.holder.disabled_at or self.organisation.disabled_at)
        return why_not(self.device.state, is_left=is_left)


def why_not(state: DeviceState, *, is_left: bool) -> NotAllowed | None:
    """Why a device may do nothing now. When its holder or unit has left, it stands still."""
    code = _WHY_NOT.get(state) or ("reader.device_quarantined" if is_left else None)
    return NotAllowed(code) if code else None


def key_of(device: ReaderDevice) -> bytes:
    return read_key({"kty": "OKP", "crv": "Ed25519", "x": device.public_key})


def known_device(
    session: Session,
    kid: str = "",
    *,
    id: UUID | None = None,  # noqa: A002 - of the row
    held: bool = False,
) -> Known:
    """NotFound for a key that nobody enrolled. `held`: nobody else moves it until the work ends."""
    query = (
        select(ReaderDevice, Organisation, User)
        .join(Organisation, col(Organisation.id) == ReaderDevice.organisation_id)
        .join(User, col(User.id) == ReaderDevice.holder_id)
        .where(ReaderDevice.kid == kid if id is None else ReaderDevice.id == id)
    )
    if held:
        query = query.with_for_update(of=ReaderDevice)
    found = session.exec(query).first()
    if found is None:
        raise NotFound("reader.device_unknown")
    return Known(*found)


def span(code: str, at: datetime) -> timedelta:
    """A parameter that is a length of time, from that moment on."""
    return parameter(code, china_day(at)).deadline(at, Calendar()).at - at


def kept_skew(told: int) -> int:
    """Milliseconds as the column holds them: more than twenty-four days are as good as none."""
    return max(-_MOST_SKEW, min(told, _MOST_SKEW))


def is_long_silent(device: ReaderDevice, at: datetime) -> bool:
    heard = device.last_seen_at or device.approved_at
    if heard is None or not device.is_at_work:
        return False
    return heard + span("reader_last_seen", heard) <= at


def quarantine(work: Work, device: ReaderDevice, why: WhyQuarantined, reason: str = "") -> None:
    """Out of work, and on record; a device that is out of work already stays as it is."""
    if device.is_at_work:
        device.move(DeviceMove.QUARANTINE)
        device.why, device.reason = why, reason
        work.record("reader_device.quarantined", device, why=why.value, reason=reason)


def note_seen(work: Work, device: ReaderDevice) -> bool:
    """That it was heard of; the first time it is active from then on. Whether it is written."""
    if device.state is DeviceState.ENROLLED:
        device.move(DeviceMove.SEEN)
        work.record("reader_device.active", device)
    elif device.last_seen_at is not None and work.at - device.last_seen_at < SEEN_EACH:
        return False
    device.last_seen_at = work.at
    work.no_deed()
    return True
