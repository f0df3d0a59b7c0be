"""What follows from a licence's move, in its transaction: its badges, and its agent."""

from typing import Final

from sqlmodel import col, select

from console.actions.channel.announce import tell
from console.actions.channel.badges import badges_follow, finish_badges, request_missing
from console.desk import Desk, Work
from models.channel.agents import Agent, AgentMove, AgentState
from models.channel.badges import BadgeMove
from models.channel.licences import Licence, LicenceMove, LicenceState
from models.channel.log import LogKind
from models.permissions import Permission
from models.rules import china_day

LIVE: Final = (LicenceState.ACTIVE, LicenceState.SUSPENDED)
_BADGE_MOVES: Final = {
    LicenceMove.SUSPEND: BadgeMove.SUSPEND,
    LicenceMove.RESUME: BadgeMove.RESUME,
    LicenceMove.REVOKE: BadgeMove.REVOKE,
    LicenceMove.TERMINATE: BadgeMove.REVOKE,
    LicenceMove.EXPIRE: BadgeMove.EXPIRE,
}
_TOLD: Final = {
    LicenceMove.SUSPEND: LogKind.LICENCE_SUSPENDED,
    LicenceMove.RESUME: LogKind.LICENCE_RESUMED,
    LicenceMove.REVOKE: LogKind.LICENCE_REVOKED,
    LicenceMove.TERMINATE: LogKind.LICENCE_TERMINATED,
    LicenceMove.EXPIRE: LogKind.LICENCE_EXPIRED,
}
_SWEEP: Final = 1_000


def change(work: Work, licence: Licence, move: LicenceMove, reason: str) -> None:
    """Move a licence, and its badges with it."""
    licence.move(move)
    licence.reason = reason.strip()
    tell(work, _TOLD[move], licence, reason=licence.reason)
    badges_follow(work, licence, _BADGE_MOVES[move], licence.reason)


def end(work: Work, licence: Licence, move: LicenceMove, reason: str) -> None:
    """End a licence; an agent whose last one this was is eligible again."""
    change(work, licence, move, reason)
    agent = work.session.get_one(Agent, licence.agent_id, with_for_update=True)
    if agent.state not in {AgentState.ACTIVE, AgentState.SUSPENDED}:
        return
    work.session.flush()
    left = work.session.exec(
        select(Licence.id).where(Licence.agent_id == agent.id, col(Licence.state).in_(LIVE))
    ).first()
    if left is None:
        agent.move(AgentMove.LAST_LICENCE_ENDED)
        work.record("agent.last_licence_ended", agent, licence=licence.number)


def end_all_of(work: Work, agent: Agent, move: LicenceMove, reason: str) -> None:
    for licence in _live_of(work, agent):
        end(work, licence, move, reason)


def suspend_all_of(work: Work, agent: Agent, reason: str, remedy: str) -> None:
    for licence in _live_of(work, agent):
        if licence.state is LicenceState.ACTIVE:
            licence.remedy = remedy
            change(work, licence, LicenceMove.SUSPEND, reason)


def _live_of(work: Work, agent: Agent) -> list[Licence]:
    query = select(Licence).where(Licence.agent_id == agent.id, col(Licence.state).in_(LIVE))
    return list(work.session.exec(query.with_for_update()).all())


def sweep_expired(desk: Desk) -> int:
    """End the licences whose last day is over, with their badges; how many.

    A licence that was renewed in time has no badge in the shops of the old one: they get it now.
    """
    today = china_day(desk.now())
    with desk.begin(Permission.LICENCE_READ) as work:
        over = work.session.exec(
            select(Licence.id)
            .where(col(Licence.state).in_(LIVE), Licence.ends_on < today)
            .limit(_SWEEP)
        ).all()
    expired = 0
    for licence_id in over:
        with desk.begin(Permission.SWEEP) as work:
            licence = work.get(Licence, licence_id)
            if licence.state in LIVE and licence.ends_on < today:
                end(work, licence, LicenceMove.EXPIRE, licence.ends_on.isoformat())
                request_missing(work, licence.agent_id)
                expired += 1
    if expired:
        finish_badges(desk)
    return expired
