"""Jointly punished parties: entered from an authority's paper, for at most five years running."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, or_

from console.actions.audit import history
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.held import carrier_of, must_say_why
from console.desk import PAGE, Desk, Order, Slice
from models.audit import AuditEntry
from models.channel.admission import person_key
from models.channel.restricted import RestrictedParty
from models.formats import Fault, check_uscc, compact
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, parameter
from models.staff import Organisation

_LONGEST: Final = {"name": 200, "authority": 200, "document_no": 64, "basis": 500, "appeal_to": 500}


@dataclass(frozen=True, slots=True)
class RestrictedForm:
    """What the authority's paper says. Without `uscc` it is a person, by name."""

    name: str
    authority: str
    document_no: str
    basis: str
    begins_on: date
    until: date
    appeal_to: str
    uscc: str = ""

    def cleaned(self) -> dict[str, str]:
        words = {name: str(getattr(self, name)).strip() for name in _LONGEST}
        for name, most in _LONGEST.items():
            if not words[name]:
                raise Invalid("channel.field_missing", field=name)
            if len(words[name]) > most:
                raise Invalid("channel.field_too_long", field=name, most=most)
        return words


@dataclass(frozen=True, slots=True)
class RestrictedRecord:
    party: RestrictedParty
    carrier: Organisation
    deeds: Sequence[AuditEntry]


def list_restricted(
    desk: Desk, q: str = "", *, live: bool = False, after: str | None = None, limit: int = PAGE
) -> Slice[RestrictedParty]:
    """Parties by words in the name or the beginning of the code; `live` leaves out what ended."""
    with desk.begin(Permission.BLACKLIST_READ) as work:
        query = work.select(RestrictedParty)
        if live:
            today = china_day(work.at)
            query = query.where(
                col(RestrictedParty.lifted_at).is_(None),
                col(RestrictedParty.is_proposed).is_(False),
                RestrictedParty.until >= today,
            )
        if words := q.strip():
            named = col(RestrictedParty.name).contains(words, autoescape=True)
            coded = col(RestrictedParty.uscc).startswith(compact(words), autoescape=True)
            query = query.where(or_(named, coded))
        return work.slice(query, Order.by(RestrictedParty.created_at), after, limit)


def restricted_record(desk: Desk, party_id: UUID | str) -> RestrictedRecord:
    with desk.begin(Permission.BLACKLIST_READ) as work:
        row = work.get(RestrictedParty, party_id)
        carrier = work.session.get_one(Organisation, row.carrier_id)
        return RestrictedRecord(row, carrier, history(work, row))


def add_restricted(desk: Desk, form: RestrictedForm, carrier: str | None = None) -> RestrictedParty:
    """Put a firm or a person on the list, with term, source and where to appeal (law art. 31)."""
    words = form.cleaned()
    code = ""
    if form.uscc.strip():
        checked = check_uscc(form.uscc)
        if isinstance(checked, Fault):
            raise Invalid("channel.bad_uscc", uscc=form.uscc)
        code = checked.code
    if form.until < form.begins_on:
        raise Invalid("channel.ends_before_it_begins")
    must_name_nobodys_number(desk, *words.values())
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        owner = carrier_of(work, carrier)
        cap = parameter("joint_punishment_cap", china_day(work.at))
        if form.until >= years_after(form.begins_on, cap.value):
            raise Conflict("admission.term_too_long", most=cap.value, rule=cap.version)
        row = work.add(
            RestrictedParty(
                carrier_id=owner.id,
                uscc=code,
                name=words["name"] if code else person_key(words["name"]),
                authority=words["authority"],
                document_no=words["document_no"],
                basis=words["basis"],
                appeal_to=words["appeal_to"],
                begins_on=form.begins_on,
                until=form.until,
                created_at=work.at,
            )
        )
        work.record(
            "restricted.added", row, reason=words["basis"], document=words["document_no"],
            rule=cap.version,
        )  # fmt: skip
        return row


def years_after(day: date, years: int) -> date:
    """The same day so many years on; of 29 February the first of March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def restricted_until(begins_on: date, on: date, *, is_convicted: bool) -> date:
    """The last day of the usual term: three years for the convicted, two for all others."""
    code = "joint_punishment_convicted" if is_convicted else "joint_punishment"
    return years_after(begins_on, parameter(code, on).value) - timedelta(days=1)


def lift_restricted(desk: Desk, party_id: UUID | str, reason: str) -> RestrictedParty:
    """The authority has ended it before its term."""
    why = must_say_why(reason)
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        row = work.get(RestrictedParty, party_id)
        if not work.actor.is_house and row.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=row.title)
        if row.lifted_at is not None:
            raise Conflict("channel.already_lifted", title=row.title)
        row.lifted_at = work.at
        work.record("restricted.lifted", row, reason=why)
        return row
