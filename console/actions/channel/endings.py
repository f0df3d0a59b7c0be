"""What follows from a licence's move, in its transaction.

Its badges, its agent, the platforms that are told, and with a revocation an edition of the list
out of turn: all of it is kept, or nothing is (004-3.3-e, 004-3.3-f).
"""

from datetime import timedelta
from typing import Final

from sqlmodel import col, select

from console.actions.channel.announce import tell
from console.actions.channel.badges import badges_follow, finish_badges, request_missing
from console.actions.channel.publish import begin_edition
from console.actions.channel.tellings import tell_platforms
from console.desk import Desk, Work
from models.channel.agents import Agent, AgentMove, AgentState
from models.channel.badges import BadgeMove
from models.channel.licences import Licence, LicenceMove, LicenceState
from models.channel.log import LogKind
from models.channel.tellings import TellingEvent
from models.channel.versions import LicenceVersion, VersionMove, VersionState
from models.permissions import Permission
from models.rules import china_day, parameter

LIVE: Final = (LicenceState.ACTIVE, LicenceState.SUSPENDED)
_BADGE_MOVES: Final = {
    LicenceMove.SUSPEND: BadgeMove.SUSPEND,
    LicenceMove.RESUME: BadgeMove.RESUME,
    LicenceMove.REVOKE: BadgeMove.REVOKE,
    LicenceMove.TERMINATE: BadgeMove.REVOKE,
    LicenceMove.EXPIRE: BadgeMove.EXPIRE,
}
_ANNOUNCED: Final = {
    LicenceMove.SUSPEND: LogKind.LICENCE_SUSPENDED,
    LicenceMove.RESUME: LogKind.LICENCE_RESUMED,
    LicenceMove.REVOKE: LogKind.LICENCE_REVOKED,
    LicenceMove.TERMINATE: LogKind.LICENCE_TERMINATED,
    LicenceMove.EXPIRE: LogKind.LICENCE_EXPIRED,
}
_TOLD: Final = {
    LicenceMove.SUSPEND: TellingEvent.SUSPENDED,
    LicenceMove.RESUME: TellingEvent.RESUMED,
    LicenceMove.REVOKE: TellingEvent.REVOKED,
    LicenceMove.TERMINATE: TellingEvent.TERMINATED,
}
"""A licence that runs out is no news to a platform: its last day stands in the list."""
_WARNINGS: Final = (
    "licence_expiry_warning_last",
    "licence_expiry_warning_second",
    "licence_expiry_warning_first",
)
"""The nearest first."""
_SWEEP: Final = 1_000


def change(work: Work, licence: Licence, move: LicenceMove, reason: str) -> None:
    """Move a licence, its badges with it, and tell the platforms where it was used."""
    licence.move(move)
    licence.reason = reason.strip()
    tell(work, _ANNOUNCED[move], licence, reason=licence.reason)
    badges_follow(work, licence, _BADGE_MOVES[move], licence.reason)
    if move in _TOLD:
        tell_platforms(work, licence, _TOLD[move], licence.reason)


def end(work: Work, licence: Licence, move: LicenceMove, reason: str) -> None:
    """End a licence; an agent whose last one this was is eligible again."""
    change(work, licence, move, reason)
    _drop_amendment(work, licence)
    _let_go(work, licence)
    if move is LicenceMove.REVOKE:
        begin_edition(work, licence.carrier_id, licence.number)


def _drop_amendment(work: Work, licence: Licence) -> None:
    """A change of scope that waited for approval has nothing left to change."""
    for asked in work.session.exec(
        select(LicenceVersion).where(
            LicenceVersion.licence_id == licence.id, LicenceVersion.state == VersionState.PENDING
        )
    ).all():
        asked.move(VersionMove.WITHDRAW)
        asked.decided_at, asked.due_at = work.at, None
        work.record("licence.amendment_withdrawn", licence, version=asked.number)


def _let_go(work: Work, licence: Licence) -> None:
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

    In the same transaction the licence that renews one takes over its shops: their new badges
    are requested where the old ones expire, so that none has two and none is forgotten.
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


def warn_of_ends(desk: Desk) -> int:
    """Put on record that licences run out, once for each of the three warnings; how many."""
    today = china_day(desk.now())
    rules = [parameter(code, today) for code in _WARNINGS]
    warned = 0
    for rule in rules:
        with desk.begin(Permission.LICENCE_READ) as work:
            near = work.session.exec(
                select(Licence.id)
                .where(Licence.state == LicenceState.ACTIVE)
                .where(col(Licence.ends_on).between(today, today + timedelta(days=rule.value)))
                .where((col(Licence.warned) == 0) | (col(Licence.warned) > rule.value))
                .limit(_SWEEP)
            ).all()
        for licence_id in near:
            with desk.begin(Permission.SWEEP) as work:
                licence = work.get(Licence, licence_id)
                licence.warned = rule.value
                work.record(
                    "licence.ends_soon",
                    licence,
                    ends_on=licence.ends_on.isoformat(),
                    days=rule.value,
                    rule=rule.version,
                )
        warned += len(near)
    return warned
