"""A complaint comes in: from anybody without a sign-in, or taken down by a colleague (4.13).

Nobody has to say who they are. A contact is sealed; identity numbers are masked before anything
is kept; the code by which the reporter asks how it stands is kept as its digest alone.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.brought import media_type_of, nobodys_name
from console.actions.cases.complaints.addressee import addressee, colleague_in, named_agents
from console.actions.cases.complaints.device_cards import card_told, carrier_with, is_doubtful
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import AlreadyDone, Desk, House, Work
from models.base import new_id
from models.cases.complaints import (
    TIMERS,
    Complaint,
    ComplaintKind,
    ComplaintSource,
    ComplaintState,
)
from models.formats.masking import contact_mask, plain_text, without_identities
from models.permissions import Permission, Role
from models.provinces import provinces
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import china_day
from models.staff import CARRIERS, Actor, Door, Organisation, OrganisationKind

PUBLIC: Final = Actor(id=None, name="public", roles=frozenset({Role.PUBLIC}), door=Door.PUBLIC)
MOST_FILES: Final = 3
LONGEST: Final[Mapping[str, int]] = {
    "text": 4000, "shop": 500, "contact": 120, "platform": 32, "source_number": 64,
    "iccid": 40,
}  # fmt: skip
SHORTEST_TEXT: Final = 5
_CODE_BYTES: Final = 10
"""Eighty bits: sixteen characters, read aloud and typed without being mistaken."""
_GROUP: Final = 4
_MISREAD: Final = str.maketrans("018", "OIB")
"""Base 32 has none of these digits."""
_HANDLERS: Final = CARRIERS | {OrganisationKind.PLATFORM}


@dataclass(frozen=True, slots=True)
class Told:
    """What the reporter says; all but kind and text may be empty."""

    kind: ComplaintKind
    text: str
    platform: str = ""
    shop: str = ""
    province: str = ""
    contact: str = ""
    language: str = "zh"
    iccid: str = ""
    """Of a device's card, as printed on it."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file as it was sent."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Lodged:
    """What the reporter is told, once."""

    id: UUID
    number: str
    code: str
    organisation: str
    """Who handles it; empty where that would tell too much (`_named_to_reporter`)."""
    due_at: datetime
    masked: int
    """Identity numbers that were made unreadable."""
    is_doubtful: bool = False
    """The card's number may have been mistyped; it is kept as it was given."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a complaint stands, as its reporter may know."""

    number: str
    kind: ComplaintKind
    state: ComplaintState
    organisation: str
    """As of `Lodged`."""
    received_at: datetime
    due_at: datetime
    answer: str
    answered_at: datetime | None
    reward: str


def lodge(
    house: House, told: Told, files: Sequence[Enclosed] = (), *, form: str | None = None
) -> Lodged:
    """Take a stranger's complaint. The same `form` sent twice is one, and answered alike."""
    told, masked = _sound(house, told)
    kept = _kept(house, files)
    form = form or secrets.token_urlsafe(24)
    code = _code_of(house, form)
    desk = house.desk(PUBLIC).keyed(form, _fingerprint(told, kept))
    named = named_agents(house, told.platform, told.shop, told.text)
    try:
        with desk.begin(Permission.COMPLAINT_LODGE) as work:
            row = _taken(work, house, told, kept, named=named, code=code)
            work.record("complaint.received", row, kind=row.kind.value, rule=row.rule_version)
    except AlreadyDone as before:
        with house.desk().begin(Permission.COMPLAINT_READ) as work:
            row = work.get(Complaint, before.subject)
    lodged = _lodged(house, row, code, masked)
    return replace(lodged, organisation=_named_to_reporter(row, lodged.organisation))


def take_down(  # noqa: PLR0913 - a complaint's parts
    desk: Desk,
    told: Told,
    files: Sequence[Enclosed] = (),
    *,
    source: ComplaintSource,
    source_number: str = "",
    to: str | None = None,
) -> Lodged:
    """A colleague takes one down: of the administration, of the hotline, or their own.

    It stays with the colleague's organisation unless `to` names another; the house alone gives it
    away by the rule for strangers.
    """
    if source is ComplaintSource.PUBLIC:
        raise Invalid("complaint.source_needed")
    if source is ComplaintSource.CA and not source_number.strip():
        raise Invalid("complaint.source_number_needed")
    _must_fit("source_number", source_number)
    told, masked = _sound(desk.house, told)
    permission = _may_take_down(source)
    with desk.begin(permission) as work:  # before a file is written to disk
        is_theirs = work.actor.sees_channels or told.kind is ComplaintKind.DEVICE_CARD
        if not (is_theirs or source is ComplaintSource.STAFF):
            raise NotAllowed("complaint.industry_alone", actor=work.actor.name)
    kept = _kept(desk.house, files)
    code = _code_of(desk.house, secrets.token_urlsafe(24))
    named = named_agents(desk.house, told.platform, told.shop, told.text)
    with desk.begin(permission) as work:
        row = _taken(work, desk.house, told, kept, named=named, code=code, source=source)
        own = work.actor.id if source is ComplaintSource.STAFF else None
        stays = work.actor.kind in _HANDLERS and not work.actor.is_house
        owner = _named(work, to) if to else work.actor.organisation_id if stays else None
        if owner is not None and owner != row.organisation_id:
            about = colleague_in(work, row.kind, row.text, owner, but=own)
            row.organisation_id, row.about_id = owner, about.id if about else None
        row.source_number, _ = without_identities(plain_text(source_number), china_day(work.at))
        row.lodged_by = own
        work.record(
            "complaint.received", row,
            kind=row.kind.value, source=source.value, rule=row.rule_version,
        )  # fmt: skip
    return _lodged(desk.house, row, code, masked)


def _may_take_down(source: ComplaintSource) -> Permission:
    """One's own may be brought by everybody who works here (003-7.2-2)."""
    own = source is ComplaintSource.STAFF
    return Permission.ACCOUNT_USE if own else Permission.COMPLAINT_HANDLE


def _named(work: Work, code: str) -> UUID:
    row = work.session.exec(select(Organisation).where(Organisation.code == code)).first()
    if row is None or row.disabled_at is not None:
        raise Invalid("staff.no_such_organisation", code=code)
    return row.id


def how_it_stands(house: House, number: str, code: str) -> Standing:
    """For whoever has both number and code; NotFound says nothing of which was wrong."""
    given = _digest(_bare(code))
    with house.desk().begin(Permission.COMPLAINT_READ) as work:
        row = work.session.exec(
            select(Complaint).where(Complaint.number == plain_text(number).upper()[:40])
        ).first()
        known = row.asked_by_sha256 if row is not None else _digest("")
        if not hmac.compare_digest(known, given) or row is None:
            raise NotFound("complaint.no_such")
        owner = work.session.get_one(Organisation, row.organisation_id)
    return Standing(
        row.number, row.kind, row.state, _named_to_reporter(row, owner.name), row.created_at,
        row.due_at,
        row.answer, row.answered_at, row.reward,
    )  # fmt: skip


def _named_to_reporter(row: Complaint, owner: str) -> str:
    """Nobody while a device's card was merely told of: whoever tries numbers would learn from the
    name which of them are in a batch, and whose.
    """
    is_untouched = row.state is ComplaintState.RECEIVED and row.kind is ComplaintKind.DEVICE_CARD
    return "" if is_untouched else owner


def _sound(house: House, told: Told) -> tuple[Told, int]:
    """What is kept of it: plain text, of fitting length, without identity numbers."""
    on = china_day(house.now())
    given = {
        "text": told.text, "shop": told.shop, "contact": told.contact, "platform": told.platform
    }  # fmt: skip
    plain: dict[str, str] = {}
    masked = 0
    for field, words in given.items():
        _must_fit(field, words)
        plain[field], found = without_identities(plain_text(words), on)
        masked += found
    if len(plain["text"]) < SHORTEST_TEXT:
        raise Invalid("complaint.text_needed", least=SHORTEST_TEXT)
    if told.province and told.province not in provinces():
        raise Invalid("staff.bad_province", province=told.province[:8])
    for field in ("shop", "contact", "platform"):
        plain[field] = " ".join(plain[field].split())
    kept = Told(
        told.kind, province=told.province, language=told.language[:8], iccid=_card(told), **plain
    )
    return kept, masked


def _card(told: Told) -> str:
    """Compact, as far as its own kind of complaint was given one."""
    _must_fit("iccid", told.iccid)
    if not told.iccid.strip():
        return ""
    if told.kind is not ComplaintKind.DEVICE_CARD:
        raise Invalid("complaint.iccid_unasked")
    return card_told(told.iccid).text


def _must_fit(field: str, words: str) -> None:
    if len(words) > LONGEST[field]:
        raise Invalid("complaint.too_long", field=f"complaint_{field}", most=LONGEST[field])


def _kept(house: House, files: Sequence[Enclosed]) -> list[dict[str, str]]:
    """Every file is looked at before the first is written."""
    if len(files) > MOST_FILES:
        raise Invalid("complaint.too_many_files", most=MOST_FILES)
    on = china_day(house.now())
    kinds = [media_type_of(file.name, file.data) for file in files]
    digests = house.evidence.keep_many(file.data for file in files) if files else []
    return [
        {
            "name": nobodys_name(file.name, on),
            "media_type": kind,
            "sha256": digest,
        }
        for file, kind, digest in zip(files, kinds, digests, strict=True)
    ]


def _taken(  # noqa: PLR0913 - what a complaint is made of
    work: Work,
    house: House,
    told: Told,
    files: list[dict[str, str]],
    *,
    named: Sequence[str],
    code: str,
    source: ComplaintSource = ComplaintSource.PUBLIC,
) -> Complaint:
    owner = _owner(work, house, told, named)
    year, row_id = china_day(work.at).year, new_id()
    (serial,) = next_numbers(work, f"complaints:{year}")
    due = deadline(work, TIMERS[source])
    sealed = house.vault.seal(told.contact.encode(), context_of(row_id)) if told.contact else None
    own = work.actor.id if source is ComplaintSource.STAFF else None
    about = colleague_in(work, told.kind, told.text, owner.id, but=own)
    return work.add(
        Complaint(
            id=row_id,
            number=f"TS-{year}-{serial:06}",
            asked_by_sha256=_digest(_bare(code)),
            organisation_id=owner.id,
            province=told.province or owner.province,
            source=source,
            kind=told.kind,
            platform=told.platform,
            shop=told.shop,
            iccid=told.iccid,
            text=told.text,
            files=files,
            contact=sealed,
            contact_mask=contact_mask(told.contact) if told.contact else "",
            language=told.language,
            about_id=about.id if about else None,
            due_at=due.at,
            rule_version=due.version,
            created_at=work.at,
        )
    )


def _owner(work: Work, house: House, told: Told, named: Sequence[str]) -> Organisation:
    """By the card's number where it tells, else by what else is named."""
    return carrier_with(work, told.iccid) or addressee(
        work,
        told.kind,
        named,
        platform=told.platform,
        province=told.province or None,
        default=house.settings.complaints_to,
    )


def context_of(complaint_id: UUID) -> str:
    """What a contact is sealed to."""
    return f"complaint:{complaint_id}:contact"


def _lodged(house: House, row: Complaint, code: str, masked: int) -> Lodged:
    with house.desk().begin(Permission.COMPLAINT_READ) as work:
        owner = work.session.get_one(Organisation, row.organisation_id)
    if not hmac.compare_digest(row.asked_by_sha256, _digest(_bare(code))):
        raise Conflict("complaint.sent_already", number=row.number)
    doubtful = is_doubtful(row.iccid)
    return Lodged(row.id, row.number, code, owner.name, row.due_at, masked, doubtful)


def _code_of(house: House, form: str) -> str:
    """Of the form that is sent, so that one sent twice is answered with the same code."""
    drawn = bytes.fromhex(house.vault.blind(form, "complaint code"))[:_CODE_BYTES]
    letters = base64.b32encode(drawn).decode()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _bare(code: str) -> str:
    """As it was drawn: however people group it, write it small, or take a letter for a digit."""
    letters = "".join(one for one in code[:64].upper() if one.isascii() and one.isalnum())
    return letters.translate(_MISREAD)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _fingerprint(told: Told, files: Sequence[Mapping[str, str]]) -> str:
    parts = [
        told.kind, told.text, told.platform, told.shop, told.province, told.contact, told.iccid
    ]  # fmt: skip
    return _digest("\0".join([*parts, *(one["sha256"] for one in files)]))
