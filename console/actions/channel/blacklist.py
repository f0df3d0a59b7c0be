"""Firms that a carrier and its group admit no more, by their USCC."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.audit import history
from console.actions.channel.held import carrier_of, family_of
from console.database import one_of_many
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.agents import Agent, AgentState, Blacklisted
from models.formats import Fault, check_uscc, compact
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day
from models.staff import Organisation


def blacklisted_among(
    work: Work, carrier_id: UUID, usccs: Collection[str] | None = None
) -> frozenset[str]:
    """Which of the codes are on the list of the carrier or its group today; None asks for all."""
    query = _in_force(china_day(work.at), family_of(work, carrier_id))
    if usccs is not None:
        dialect = work.session.get_bind().dialect.name
        query = query.where(one_of_many(col(Blacklisted.uscc), usccs, dialect))
    return frozenset(work.session.exec(query).all())


def _in_force(on: date, carriers: Collection[UUID]) -> SelectOfScalar[str]:
    return select(Blacklisted.uscc).where(
        col(Blacklisted.carrier_id).in_(carriers),
        col(Blacklisted.lifted_at).is_(None),
        _not_over(on),
    )


def _not_over(on: date) -> ColumnElement[bool]:
    return or_(col(Blacklisted.until).is_(None), col(Blacklisted.until) >= on)


@dataclass(frozen=True, slots=True)
class BlacklistRecord:
    entry: Blacklisted
    carrier: Organisation
    deeds: Sequence[AuditEntry]


def list_blacklist(
    desk: Desk, q: str = "", *, live: bool = False, after: str | None = None, limit: int = PAGE
) -> Slice[Blacklisted]:
    """Entries by words in the name or the beginning of the code; `live` leaves out what ended."""
    with desk.begin(Permission.BLACKLIST_READ) as work:
        query = work.select(Blacklisted)
        if live:
            query = query.where(col(Blacklisted.lifted_at).is_(None), _not_over(china_day(work.at)))
        if words := q.strip():
            named = col(Blacklisted.name).contains(words, autoescape=True)
            coded = col(Blacklisted.uscc).startswith(compact(words), autoescape=True)
            query = query.where(or_(named, coded))
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
    until: date | None = None,
    carrier: str | None = None,
) -> Blacklisted:
    """Keep a firm out that is no agent here. One that is an agent takes two approvers."""
    checked = check_uscc(uscc)
    if isinstance(checked, Fault):
        raise Invalid("channel.bad_uscc", uscc=uscc)
    if not (name.strip() and reason.strip() and source.strip()):
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        owner = carrier_of(work, carrier)
        agent = work.session.exec(
            select(Agent).where(Agent.carrier_id == owner.id, Agent.uscc == checked.code)
        ).first()
        if agent is not None and agent.state is not AgentState.BLACKLISTED:
            raise Conflict("channel.blacklist_the_agent", agent_no=agent.agent_no)
        row = entry(
            work, owner.id, uscc=checked.code, name=name, reason=reason, source=source, until=until
        )
        work.record("blacklist.added", row, reason=reason, source=source)
        return row


def entry(  # noqa: PLR0913 - an entry's parts
    work: Work,
    carrier_id: UUID,
    *,
    uscc: str,
    name: str,
    reason: str,
    source: str,
    until: date | None = None,
) -> Blacklisted:
    return work.add(
        Blacklisted(
            carrier_id=carrier_id,
            uscc=uscc,
            name=name.strip(),
            reason=reason.strip(),
            source=source.strip(),
            until=until,
            created_at=work.at,
        )
    )


def lift_from_blacklist(desk: Desk, entry_id: UUID | str, reason: str) -> Blacklisted:
    """Take a firm off the list. One that was an agent comes back by an appeal alone."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
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
        work.record("blacklist.lifted", row, reason=reason.strip())
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
