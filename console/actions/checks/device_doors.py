"""What a reader device asks of the house: to be known, a pass, its tasks, challenges for a trip.

It is an actor of its own: role `device`, door `reader`, called by its number.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.channel.numbers import next_numbers
from console.actions.checks.challenges import (
    Board,
    Entry,
    board_of,
    moment,
    new_challenges,
    renewed,
    tasks_on,
    wanted_kinds,
)
from console.actions.checks.device_rows import (
    SEEN_EACH,
    Known,
    is_long_silent,
    kept_skew,
    known_device,
    note_seen,
    quarantine,
    span,
)
from console.actions.checks.reader_keys import own_side
from console.desk import House, Work
from integrations.reader_tokens import (
    ASSERTION,
    ENROLMENT,
    PASS,
    NotSigned,
    Token,
    fingerprint,
    public_jwk,
    read_key,
    thumbprint,
)
from models.audit import DoneOnce
from models.checks.devices import DeviceState, EnrolmentCode, ReaderDevice, WhyQuarantined
from models.checks.reads import ReadChallenge, ReadKind
from models.checks.spot_checks import CheckState, SpotCheck
from models.checks.wire import Assertion, Enrolment, PackAsk, parsed, version_of
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import china_day
from models.staff import Organisation, User

MOST_OPEN: Final = 60
"""Challenges of packs that one device may hold at a time for one check."""
_TYPED_BETWEEN: Final = str.maketrans("", "", " -")


@dataclass(frozen=True, slots=True)
class Enrolled:
    device: ReaderDevice
    facts: Mapping[str, Any]
    """What the laptop learns of the house."""


@dataclass(frozen=True, slots=True)
class Given:
    """A pass, and what the device is told with it."""

    token: str
    expires_in: int
    """Seconds."""
    state: DeviceState
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tasks:
    tag: str
    tasks: Sequence[Mapping[str, Any]]
    """As docs/reader.md has them."""


@dataclass(frozen=True, slots=True)
class Pack:
    task: Mapping[str, Any]
    challenges: Sequence[Mapping[str, str]]


def code_hash(code: str) -> str:
    """Of a pairing code as somebody typed it: case, blanks and dashes do not count."""
    typed = code.translate(_TYPED_BETWEEN).upper()
    return hashlib.sha256(f"channel reader code {typed}".encode()).hexdigest()


def house_facts(house: House) -> dict[str, Any]:
    """What every device is told of the house."""
    side = own_side(house)
    return {
        "aud": side.aud,
        "receipt_keys": {"keys": list(side.keys.receipt_keys())},
        "encryption_key": dict(side.keys.encryption_key()),
        "minimum_version": house.settings.reader_minimum,
    }


def enrol(house: House, token: str) -> Enrolled:
    """Make a laptop's key known by a code that was asked for its holder; it waits for approval."""
    try:
        read = Token.read(token, ENROLMENT)
        key = read_key(read.header.get("jwk"))
        told = parsed(Enrolment, read.payload(key))
    except NotSigned as error:
        raise Invalid("reader.signature_wrong", why=str(error)) from None
    facts, wanted = house_facts(house), code_hash(told.code)
    with house.desk().begin(Permission.DEVICE_READ) as work:
        behind = _behind(work, key, told, _open_code(work, wanted))
    device = behind.device
    with house.desk(behind.actor).begin(Permission.CARD_READ_SEND) as work:
        code = _open_code(work, wanted, held=True)
        if work.session.exec(select(ReaderDevice.id).where(ReaderDevice.kid == device.kid)).first():
            raise Conflict("reader.key_known")
        year = china_day(work.at).year
        (serial,) = next_numbers(work, f"reader_devices:{year}")
        device.number, device.created_at = f"RD-{year}-{serial:06}", work.at
        work.add(device)
        work.session.flush()
        code.used_at, code.device_id = work.at, device.id
        work.record(
            "reader_device.enrolled", device, host=device.host,
            agent=device.agent_version,
        )  # fmt: skip
    return Enrolled(device, facts)


def _open_code(work: Work, wanted: str, *, held: bool = False) -> EnrolmentCode:
    """The same refusal for a code that never was, was used, or is past."""
    query = select(EnrolmentCode).where(EnrolmentCode.code_hash == wanted)
    code = work.session.exec(query.with_for_update() if held else query).first()
    if code is None or code.used_at is not None or code.expires_at <= work.at:
        raise NotFound("reader.code_unknown")
    return code


def _behind(work: Work, key: bytes, told: Enrolment, code: EnrolmentCode) -> Known:
    organisation = work.session.get_one(Organisation, code.organisation_id)
    holder = work.session.get_one(User, code.holder_id)
    if holder.disabled_at or organisation.disabled_at:
        raise NotFound("reader.code_unknown")
    device = ReaderDevice(
        number="",
        organisation_id=organisation.id,
        province=organisation.province,
        kid=thumbprint(key),
        public_key=public_jwk(key)["x"],
        fingerprint=fingerprint(key),
        host=told.host,
        site=code.site,
        holder_id=holder.id,
        asked_by=code.asked_by,
        agent_version=told.agent.version,
        agent_build=told.agent.build,
        created_at=work.at,
    )
    return Known(device, organisation, holder)


def give_pass(house: House, token: str) -> Given:
    """A pass for a device that proves that it has its key; each proof counts once."""
    facts = house_facts(house)
    try:
        read = Token.read(token, ASSERTION)
        known = _known(house, read.kid)
        told = parsed(Assertion, read.payload(known.key))
    except NotSigned as error:
        raise Invalid("reader.signature_wrong", why=str(error)) from None
    with house.desk(known.actor).begin(Permission.CARD_READ_SEND) as work:
        known = known_device(work.session, id=known.device.id, held=True)
        device = known.device
        if is_long_silent(device, work.at):
            quarantine(work, device, WhyQuarantined.NOT_SEEN)
        no = (
            known.refusal()
            or too_old(house, told.agent.version)
            or _why_not(work, told, str(facts["aud"]))
        )
        if no is None:
            no = _used_before(work, device, told, read.sha256)
        if no is None:
            device.agent_version, device.agent_build = told.agent.version, told.agent.build
            # A wrong clock opens no session; with a pass the laptop learns the time, and says so.
            device.skew_ms = kept_skew(told.clock_skew_ms)
            note_seen(work, device)
    if no is not None:
        raise no
    return _given(house, device, facts, work.at)


def _known(house: House, kid: str) -> Known:
    with house.desk().begin(Permission.DEVICE_READ) as work:
        return known_device(work.session, kid)


def too_old(house: House, version: str) -> NotAllowed | None:
    least = house.settings.reader_minimum
    if version_of(version) >= version_of(least):
        return None
    return NotAllowed("reader.agent_too_old", version=version, least=least)


def _why_not(work: Work, told: Assertion, aud: str) -> Refusal | None:
    if told.aud != aud:
        return Invalid("reader.other_console")
    if abs(told.iat - work.at.timestamp()) > span("check_clock_skew", work.at).total_seconds():
        return Invalid("reader.clock_off")
    return None


def _used_before(work: Work, device: ReaderDevice, told: Assertion, digest: str) -> Refusal | None:
    """Who has listened gets no pass with what was said; every process knows of it."""
    owner, key = str(device.id), str(told.jti)
    if work.session.get(DoneOnce, (owner, key)) is not None:
        return Conflict("reader.assertion_used")
    work.session.add(
        DoneOnce(owner=owner, key=key, fingerprint=digest, subject_kind="ReaderDevice",
                 subject_id=owner, at=work.at)
    )  # fmt: skip
    work.no_deed()
    return None


def _given(house: House, device: ReaderDevice, facts: Mapping[str, Any], at: datetime) -> Given:
    until = at + span("reader_pass", at)
    told = {
        "aud": facts["aud"],
        "sub": str(device.id),
        "iat": int(at.timestamp()),
        "exp": int(until.timestamp()),
    }
    token = own_side(house).keys.sign(PASS, told)
    return Given(token, int((until - at).total_seconds()), device.state, facts)


def device_of_pass(house: House, token: str) -> UUID:
    """Whose pass it is; whether that device may still work is asked with each thing it wants."""
    side = own_side(house)
    try:
        read = Token.read(token, PASS)
        told = json.loads(read.payload(side.keys.vouching.get(read.kid, b"")))
    except NotSigned:
        raise NotAllowed("reader.pass_past") from None
    if told["aud"] != side.aud or told["exp"] <= house.now().timestamp():
        raise NotAllowed("reader.pass_past")
    return UUID(told["sub"])


def tag_of(house: House, device_id: UUID) -> str | None:
    """Of what the device is to read now; None when a challenge has to be made first.

    Cheap enough to be asked twice a second for each device that waits.
    """
    with house.desk().begin(Permission.DEVICE_READ) as work:
        known = known_device(work.session, id=device_id)
        if no := known.refusal():
            raise no
        board = board_of(work, device_id)
        return board.tag if board.is_ready(work.at) else None


def tasks_of(house: House, device_id: UUID) -> Tasks:
    """What the device is to read now, each with a challenge that still has half of its life."""
    with house.desk().begin(Permission.DEVICE_READ) as work:
        known = known_device(work.session, id=device_id)
        if no := known.refusal():
            raise no
        board = board_of(work, device_id)
        heard = known.device.last_seen_at
        is_due = heard is None or work.at - heard >= SEEN_EACH
    if is_due or not board.is_ready(work.at):
        board = _written(house, known)
    return Tasks(board.tag, tasks_on(house, board.entries, house.now()))


def _written(house: House, known: Known) -> Board:
    with house.desk(known.actor).begin(Permission.CARD_READ_SEND) as work:
        now = known_device(work.session, id=known.device.id, held=True)
        if no := now.refusal():
            raise no
        note_seen(work, now.device)
        board = renewed(house, work, now.device.id, board_of(work, now.device.id))
        work.no_deed()
    return board


def make_pack(house: House, device_id: UUID, ask: PackAsk) -> Pack:
    """Challenges for reads without a network. They outlive the session; it grows no longer."""
    kind = ReadKind(ask.kind)
    with house.desk().begin(Permission.DEVICE_READ) as work:
        known = known_device(work.session, id=device_id)
    with house.desk(known.actor).begin(Permission.CARD_READ_SEND) as work:
        known = known_device(work.session, id=device_id, held=True)
        if no := known.refusal():
            raise no
        check = _check_of(work, device_id, ask.task, kind)
        until = work.at + min(timedelta(hours=ask.hours), span("reader_pack", work.at))
        _must_not_pile_up(work, device_id, ask)
        made = new_challenges(work, device_id, check.id, kind, until, pack=ask.count)
        board = renewed(house, work, device_id, Board([Entry(check, kind, made[0])]))
        work.record(
            "spot_check.pack_made", check, count=ask.count, hours=ask.hours, kind=kind.value
        )
    (task,) = tasks_on(house, board.entries, house.now())
    told = [{"challenge": one.value, "until": moment(one.until)} for one in made]
    return Pack({**task, "expires_at": moment(until)}, told)


def _check_of(work: Work, device_id: UUID, check_id: UUID, kind: ReadKind) -> SpotCheck:
    """NotFound for another device's as for none at all."""
    check = work.session.exec(
        select(SpotCheck)
        .where(SpotCheck.id == check_id, SpotCheck.device_id == device_id)
        .with_for_update()
    ).first()
    if check is None or kind not in wanted_kinds(check):
        raise NotFound("reader.task_unknown")
    is_open = check.session_until is not None and check.session_until > work.at
    if check.state is not CheckState.READING or not is_open:
        raise Invalid("reader.task_closed")
    return check


def _must_not_pile_up(work: Work, device_id: UUID, ask: PackAsk) -> None:
    held = work.session.exec(
        select(func.count())
        .select_from(ReadChallenge)
        .where(ReadChallenge.device_id == device_id, ReadChallenge.check_id == ask.task)
        .where(col(ReadChallenge.is_offline), col(ReadChallenge.used_at).is_(None))
        .where(col(ReadChallenge.until) > work.at)
    ).one()
    if held + ask.count > MOST_OPEN:
        raise Conflict("reader.pack_full", most=MOST_OPEN)
