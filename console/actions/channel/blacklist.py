"""Firms that a carrier and its group admit no more, by their USCC."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.channel.held import carrier_of, family_of
from console.desk import Desk, Order, Slice, Work
from models.channel.agents import Agent, AgentState, Blacklisted
from models.formats import Fault, check_uscc
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day


def blacklisted_among(
    work: Work, carrier_id: UUID, usccs: Collection[str] | None = None
) -> frozenset[str]:
    """Which of the codes are on the list of the carrier or its group today; None asks for all."""
    query = _in_force(china_day(work.at), family_of(work, carrier_id))
    if usccs is not None:
        query = query.where(col(Blacklisted.uscc).in_(usccs))
    return frozenset(work.session.exec(query).all())


def _in_force(on: date, carriers: Collection[UUID]) -> SelectOfScalar[str]:
    return select(Blacklisted.uscc).where(
        col(Blacklisted.carrier_id).in_(carriers),
        col(Blacklisted.lifted_at).is_(None),
        or_(col(Blacklisted.until).is_(None), col(Blacklisted.until) >= on),
    )


def list_blacklist(desk: Desk, after: str | None = None) -> Slice[Blacklisted]:
    with desk.begin(Permission.BLACKLIST_READ) as work:
        return work.slice(work.select(Blacklisted), Order.by(Blacklisted.created_at), after)


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
        row.lifted_at = row.lifted_at or work.at
        work.record("blacklist.lifted", row, reason=reason)
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
