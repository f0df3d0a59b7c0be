"""Random bytes that one read answers, and what a device is asked to read with them."""

import hashlib
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.checks.device_rows import span
from console.actions.checks.sealed_reads import fresh_salt, salt_of
from console.desk import House, Work
from models.base import new_id
from models.checks.notice import CheckNotice, check_notices, notice_on
from models.checks.reads import ReadChallenge, ReadKind
from models.checks.spot_checks import CheckState, SpotCheck
from models.checks.wire import ID_FIELDS, NONCE, SIM_FIELDS
from models.rules import china_day

FIELDS: Final[Mapping[ReadKind, Sequence[str]]] = {
    ReadKind.SIM: SIM_FIELDS,
    ReadKind.ID: ID_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of read of one check, and the newest challenge for it."""

    check: SpotCheck
    kind: ReadKind
    challenge: ReadChallenge | None

    def needs_another(self, at: datetime) -> bool:
        """When less than half of its life is left: a read takes a while to be made."""
        one = self.challenge
        return one is None or one.until - at < (one.until - one.made_at) / 2


@dataclass(frozen=True, slots=True)
class Board:
    """What a device is to read now."""

    entries: Sequence[Entry]

    @property
    def tag(self) -> str:
        """Another one whenever there is something new to tell the device."""
        told = [
            f"{one.check.id} {one.kind} {one.check.session_until} {one.challenge.value}"
            for one in self.entries
            if one.challenge
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]

    def is_ready(self, at: datetime) -> bool:
        return not any(one.needs_another(at) for one in self.entries)


def board_of(work: Work, device_id: UUID) -> Board:
    checks = work.session.exec(
        select(SpotCheck)
        .where(SpotCheck.device_id == device_id, SpotCheck.state == CheckState.READING)
        .where(col(SpotCheck.session_until) > work.at)
        .order_by(col(SpotCheck.id))
    ).all()
    newest = _newest(work, device_id, [one.id for one in checks])
    return Board(
        [
            Entry(one, kind, newest.get((one.id, kind)))
            for one in checks
            for kind in wanted_kinds(one)
        ]
    )


def wanted_kinds(check: SpotCheck) -> Sequence[ReadKind]:
    wanted = ((ReadKind.SIM, check.wants_card), (ReadKind.ID, check.wants_identity))
    return [kind for kind, is_wanted in wanted if is_wanted]


def _newest(
    work: Work, device_id: UUID, checks: Sequence[UUID]
) -> Mapping[tuple[UUID, ReadKind], ReadChallenge]:
    if not checks:
        return {}
    rows = work.session.exec(
        select(ReadChallenge)
        .where(ReadChallenge.device_id == device_id, col(ReadChallenge.check_id).in_(checks))
        .where(col(ReadChallenge.used_at).is_(None), col(ReadChallenge.until) > work.at)
        .where(col(ReadChallenge.is_offline).is_(False))
        .order_by(col(ReadChallenge.until), col(ReadChallenge.id))
    )
    return {(one.check_id, one.kind): one for one in rows}


def new_challenge(work: Work, device_id: UUID, check_id: UUID, kind: ReadKind) -> ReadChallenge:
    """For a read at once."""
    until = work.at + span("reader_challenge", work.at)
    (one,) = new_challenges(work, device_id, check_id, kind, until)
    return one


def new_challenges(  # noqa: PLR0913 - what a challenge is for
    work: Work,
    device_id: UUID,
    check_id: UUID,
    kind: ReadKind,
    until: datetime,
    *,
    pack: int = 0,
) -> Sequence[ReadChallenge]:
    made = (
        challenge_values(work.at, device_id, check_id, kind, until, is_offline=bool(pack))
        for _ in range(pack or 1)
    )
    return [work.add(ReadChallenge(**one)) for one in made]


def challenge_values(  # noqa: PLR0913 - what a challenge is for
    at: datetime,
    device_id: UUID,
    check_id: UUID,
    kind: ReadKind,
    until: datetime,
    *,
    is_offline: bool = False,
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "value": _b64(os.urandom(NONCE)),
        "device_id": device_id,
        "check_id": check_id,
        "kind": kind,
        "is_offline": is_offline,
        "made_at": at,
        "until": until,
    }


def renewed(house: House, work: Work, device_id: UUID, board: Board) -> Board:
    """The board with a good challenge for each entry; marks of persons get their salt."""
    for check in {one.check.id: one.check for one in board.entries}.values():
        if check.wants_identity and not check.salt:
            held = work.session.get_one(SpotCheck, check.id, with_for_update=True)
            held.salt = held.salt or fresh_salt(house, held)
    return Board(
        [
            Entry(one.check, one.kind, new_challenge(work, device_id, one.check.id, one.kind))
            if one.needs_another(work.at)
            else one
            for one in board.entries
        ]
    )


def tasks_on(house: House, entries: Iterable[Entry], at: datetime) -> list[dict[str, Any]]:
    """TASK of docs/reader.md, one for each entry that has its challenge."""
    return [_task(house, one, one.challenge, at) for one in entries if one.challenge]


def _task(house: House, one: Entry, challenge: ReadChallenge, at: datetime) -> dict[str, Any]:
    check, is_id = one.check, one.kind is ReadKind.ID
    notice = check_notices().get(check.notice_version) or notice_on(china_day(at))
    return {
        "task": str(check.id),
        "number": check.number,
        "kind": one.kind.value,
        "title": check.subject,
        "fields": list(FIELDS[one.kind]),
        "expires_at": moment(check.session_until or at),
        **told_challenge(challenge.value, challenge.until),
        **({"salt": _b64(salt_of(house, check))} if is_id else {}),
        "notice": _told_notice(notice) if is_id else None,
    }


def told_challenge(value: str, until: datetime) -> dict[str, str]:
    return {"challenge": value, "challenge_until": moment(until)}


def moment(at: datetime) -> str:
    """RFC 3339 in UTC, ending in Z."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def _told_notice(notice: CheckNotice) -> dict[str, str]:
    return {"version": notice.version, "zh": notice.zh, "en": notice.en}


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
