"""Firms and persons that a carrier and its group admit no more: by USCC, and by name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.audit import history
from console.actions.channel.held import carrier_of, family_of, must_say_why
from console.database import one_of_many
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.admission import Barred, names_identity, person_key
from models.channel.agents import Agent, AgentReason, AgentState, Blacklisted
from models.channel.restricted import RestrictedParty
from models.formats import Fault, check_uscc, compact
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day
from models.staff import Organisation


@dataclass(frozen=True, slots=True)
class NameHit:
    """An entry that bears the name of an agent's representative."""

    entry_id: UUID
    reason: AgentReason
    title: str
    """Whom the entry is about, and where it comes from."""
    source: str
    is_cleared: bool


@dataclass(frozen=True, slots=True)
class BlacklistRecord:
    entry: Blacklisted
    carrier: Organisation
    deeds: Sequence[AuditEntry]


def barred_among(
    work: Work, carrier_id: UUID, usccs: Collection[str], persons: Collection[str]
) -> Barred:
    """Which of the codes and of the names (by `person_key`) are kept out today.

    Lists of the carrier's whole group hold. Four questions, however many applications.
    """
    day, family = china_day(work.at), family_of(work, carrier_id)
    dialect = work.session.get_bind().dialect.name
    codes, names = set(usccs) - {""}, set(persons) - {""}

    def found(query: SelectOfScalar[str]) -> frozenset[str]:
        return frozenset(work.session.exec(query).all())

    black, bound = _listed(day, family), _bound(day, family)
    firm, person = col(Blacklisted.uscc), col(Blacklisted.person)
    code, name = col(RestrictedParty.uscc), col(RestrictedParty.name)
    return Barred(
        firms=found(select(firm).where(black, one_of_many(firm, codes, dialect))),
        persons=found(select(person).where(black, one_of_many(person, names, dialect))),
        restricted_firms=found(select(code).where(bound, one_of_many(code, codes, dialect))),
        restricted_persons=found(
            select(name).where(bound, code == "", one_of_many(name, names, dialect))
        ),
    )


def name_hits(work: Work, agent: Agent) -> list[NameHit]:
    """Entries in force by the name of the agent's representative, cleared or not."""
    day, family = china_day(work.at), family_of(work, agent.carrier_id)
    key = person_key(agent.legal_representative)
    black = work.session.exec(
        select(Blacklisted).where(_listed(day, family), Blacklisted.person == key)
    ).all()
    bound = work.session.exec(
        select(RestrictedParty).where(
            _bound(day, family), RestrictedParty.uscc == "", RestrictedParty.name == key
        )
    ).all()
    cleared = set(agent.cleared)
    reason = AgentReason.REPRESENTATIVE_BLACKLISTED
    hits = [NameHit(one.id, reason, one.title, one.source, str(one.id) in cleared) for one in black]
    reason = AgentReason.REPRESENTATIVE_RESTRICTED
    return hits + [
        NameHit(one.id, reason, one.authority, one.document_no, str(one.id) in cleared)
        for one in bound
    ]


def is_blacklisted(work: Work, agent: Agent) -> bool:
    """By its code, today."""
    return agent.uscc in barred_among(work, agent.carrier_id, [agent.uscc], []).firms


def _listed(on: date, carriers: Collection[UUID]) -> ColumnElement[bool]:
    return (
        col(Blacklisted.carrier_id).in_(carriers)
        & col(Blacklisted.lifted_at).is_(None)
        & _stands(on)
    )


def _bound(on: date, carriers: Collection[UUID]) -> ColumnElement[bool]:
    return (
        col(RestrictedParty.carrier_id).in_(carriers)
        & col(RestrictedParty.lifted_at).is_(None)
        & col(RestrictedParty.is_proposed).is_(False)
        & (col(RestrictedParty.begins_on) <= on)
        & (col(RestrictedParty.until) >= on)
    )


def _stands(on: date) -> ColumnElement[bool]:
    """Confirmed, begun and not over."""
    begun = or_(col(Blacklisted.begins_on).is_(None), col(Blacklisted.begins_on) <= on)
    over = or_(col(Blacklisted.until).is_(None), col(Blacklisted.until) >= on)
    return col(Blacklisted.is_proposed).is_(False) & begun & over


def list_blacklist(
    desk: Desk, q: str = "", *, live: bool = False, after: str | None = None, limit: int = PAGE
) -> Slice[Blacklisted]:
    """Entries by words in a name or the beginning of the code; `live` leaves out what ended."""
    with desk.begin(Permission.BLACKLIST_READ) as work:
        query = work.select(Blacklisted)
        if live:
            query = query.where(col(Blacklisted.lifted_at).is_(None), _stands(china_day(work.at)))
        if words := q.strip():
            named = col(Blacklisted.name).contains(words, autoescape=True)
            person = col(Blacklisted.person) == person_key(words)
            coded = col(Blacklisted.uscc).startswith(compact(words), autoescape=True)
            query = query.where(or_(named, person, coded))
        return work.slice(query, Order.by(Blacklisted.created_at), after, limit)


def blacklist_record(desk: Desk, entry_id: UUID | str) -> BlacklistRecord:
    with desk.begin(Permission.BLACKLIST_READ) as work:
        row = work.get(Blacklisted, entry_id)
        carrier = work.session.get_one(Organisation, row.carrier_id)
        return BlacklistRecord(row, carrier, history(work, row))


def blacklist_firm(  # noqa: PLR0913 - an entry's parts
    desk: Desk,
    *,
    uscc: str,
    name: str,
    reason: str,
    source: str,
    person: str = "",
    until: date | None = None,
    carrier: str | None = None,
) -> Blacklisted:
    """Keep a firm out that is no agent here, and who runs it. An agent takes two approvers."""
    checked = check_uscc(uscc)
    if isinstance(checked, Fault):
        raise Invalid("channel.bad_uscc", uscc=uscc)
    if not (name.strip() and reason.strip() and source.strip()):
        raise Invalid("channel.reason_needed")
    must_name_nobodys_number(desk, name, reason, source, person)
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        owner = carrier_of(work, carrier)
        agent = work.session.exec(
            select(Agent).where(Agent.carrier_id == owner.id, Agent.uscc == checked.code)
        ).first()
        if agent is not None and agent.state is not AgentState.BLACKLISTED:
            raise Conflict("channel.blacklist_the_agent", agent_no=agent.agent_no)
        row = entry(
            work,
            owner.id,
            uscc=checked.code,
            name=name,
            person=person,
            reason=reason,
            source=source,
            until=until,
        )
        work.record("blacklist.added", row, reason=reason, source=source)
        return row


def blacklist_person(  # noqa: PLR0913 - an entry's parts
    desk: Desk,
    *,
    person: str,
    reason: str,
    source: str,
    until: date | None = None,
    carrier: str | None = None,
) -> Blacklisted:
    """Keep a person out by name; whoever bears it is looked at by a reviewer."""
    if not (person.strip() and reason.strip() and source.strip()):
        raise Invalid("channel.reason_needed")
    must_name_nobodys_number(desk, person, reason, source)
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        owner = carrier_of(work, carrier)
        row = entry(
            work,
            owner.id,
            uscc="",
            name=person,
            person=person,
            reason=reason,
            source=source,
            until=until,
        )
        work.record("blacklist.person_added", row, reason=reason, source=source)
        return row


def must_name_nobodys_number(desk: Desk, *words: str) -> None:
    """Invalid where a resident identity number was typed."""
    day = china_day(desk.now())
    if any(names_identity(one, day) for one in words):
        raise Invalid("admission.identity_number")


def entry(  # noqa: PLR0913 - an entry's parts
    work: Work,
    carrier_id: UUID,
    *,
    uscc: str,
    name: str,
    person: str,
    reason: str,
    source: str,
    until: date | None = None,
) -> Blacklisted:
    return work.add(
        Blacklisted(
            carrier_id=carrier_id,
            uscc=uscc,
            name=name.strip(),
            person=person_key(person),
            reason=reason.strip(),
            source=source.strip(),
            until=until,
            created_at=work.at,
        )
    )


def lift_from_blacklist(desk: Desk, entry_id: UUID | str, reason: str) -> Blacklisted:
    """Take a firm or a person off the list. One that was an agent comes back by appeal alone."""
    why = must_say_why(reason)
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        row = work.get(Blacklisted, entry_id)
        if not work.actor.is_house and row.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=row.title)
        agent = work.session.exec(
            select(Agent).where(Agent.carrier_id == row.carrier_id, Agent.uscc == row.uscc)
        ).first()
        if agent is not None and agent.state is AgentState.BLACKLISTED:
            raise Conflict("channel.appeal_first", agent_no=agent.agent_no)
        if row.lifted_at is not None:
            raise Conflict("channel.already_lifted", title=row.title)
        row.lifted_at = work.at
        work.record("blacklist.lifted", row, reason=why)
        return row


def lift_all_of(work: Work, agent: Agent) -> None:
    """An appeal was upheld: the carrier's own entries against the firm end (law art. 32)."""
    rows = work.session.exec(
        select(Blacklisted).where(
            Blacklisted.carrier_id == agent.carrier_id,
            Blacklisted.uscc == agent.uscc,
            col(Blacklisted.lifted_at).is_(None),
        )
    ).all()
    for row in rows:
        row.lifted_at = work.at
        work.record("blacklist.lifted", row, agent_no=agent.agent_no)
