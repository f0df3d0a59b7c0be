"""What of the channel waits for the actor: reviews, approvals, second approvers, what runs out."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, or_, select

from console.actions.channel.admission import warned_if_before
from console.actions.channel.waiting_admission import ADMISSION_SOURCES, AGENT_TITLE
from console.actions.channel.waiting_keys import KEY_SOURCES
from console.actions.channel.waiting_licences import LICENCE_SOURCES
from console.actions.channel.waiting_publications import PUBLICATION_SOURCES, editions_of
from console.actions.channel.waiting_signals import SIGNAL_SOURCES
from console.actions.waiting import Shown, WorkItem, WorkState, due_state, items, only
from console.desk import Desk, Work
from models.channel.agents import Agent, AgentMove, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.licences import EXPIRY_WARNINGS, Licence, LicenceState
from models.channel.publications import Publication, PublicationState
from models.permissions import Permission
from models.rules import china_day, end_of
from models.staff import Organisation

SIGNED_BY_THEN: Final = timedelta(minutes=10)
"""A badge that is not signed after so long is not only waiting for its turn."""
LIST_DUE_SOON: Final = timedelta(days=2)
_SECOND: Final = {
    AgentMove.VERIFY_FAIL_FINAL: "agent_refuse_second",
    AgentMove.BLACKLIST: "agent_blacklist_second",
}
_CALM: Final = max(EXPIRY_WARNINGS)
_LATER: Final = aliased(Licence)
_AGENT: Final = Shown("agents", Agent.id, AGENT_TITLE, Agent.review_due_at)
_LICENCE: Final = Shown("licences", Licence.id, Licence.number)
_PENDING: Final = Shown("licences", Licence.id, Licence.number, Licence.approval_due_at)


def _reviews(desk: Desk) -> Iterator[WorkItem]:
    """Applications that somebody else has submitted."""
    if not desk.actor.may(Permission.AGENT_REVIEW):
        return
    with desk.begin(Permission.AGENT_READ) as work:
        query = (
            work.select(Agent)
            .where(Agent.state == AgentState.VERIFYING, col(Agent.proposal).is_(None))
            .where(col(Agent.submitted_by).is_distinct_from(desk.actor.id))
            .order_by(col(Agent.review_due_at))
        )
        by = Agent.id, AGENT_TITLE, Agent.review_due_at, Agent.submitted_at
        found = only(work, query, *by)
        warned = warned_if_before(work) if found else desk.now()
    for agent_id, title, due, submitted_at in found:
        state = due_state(due, desk.now())
        is_late = state is WorkState.DUE and submitted_at and submitted_at < warned
        kind = "agent_review_soon" if is_late else "agent_review"
        yield WorkItem(kind, title, state, "agents", agent_id, due)


def _second_looks(desk: Desk) -> Iterator[WorkItem]:
    """What another approver has asked for: a final refusal, or the blacklist."""
    actor, now = desk.actor, desk.now()
    if not (actor.may(Permission.AGENT_REVIEW) and actor.may(Permission.BLACKLIST_EDIT)):
        return
    with desk.begin(Permission.AGENT_READ) as work:
        query = (
            work.select(Agent)
            .where(col(Agent.proposal).in_(_SECOND))
            .where(col(Agent.proposed_by).is_distinct_from(actor.id))
            .order_by(col(Agent.serial))
        )
        by = Agent.id, Agent.state, Agent.proposal, Agent.submitted_by, Agent.review_due_at
        found = only(work, query, *by, AGENT_TITLE.label("title"))
    for row in found:
        if row.proposal is AgentMove.VERIFY_FAIL_FINAL and row.submitted_by == actor.id:
            continue
        due = row.review_due_at if row.state is AgentState.VERIFYING else None
        kind = _SECOND[row.proposal]
        yield WorkItem(kind, row.title, due_state(due, now), "agents", row.id, due)


def _corrections(desk: Desk) -> Iterator[WorkItem]:
    """Applications that came back."""
    if not desk.actor.may(Permission.AGENT_EDIT):
        return
    with desk.begin(Permission.AGENT_READ) as work:
        back = (
            work.select(Agent)
            .where(Agent.state == AgentState.NEEDS_CORRECTION)
            .order_by(col(Agent.review_due_at))
        )
        yield from items(work, back, "agent_correct", _AGENT)


def _approvals(desk: Desk) -> Iterator[WorkItem]:
    """Licences that somebody else has handed in, and revocations that another has asked for."""
    actor = desk.actor
    if not actor.may(Permission.LICENCE_APPROVE):
        return
    with desk.begin(Permission.LICENCE_READ) as work:
        pending = (
            work.select(Licence)
            .where(Licence.state == LicenceState.PENDING_APPROVAL)
            .where(col(Licence.submitted_by).is_distinct_from(actor.id))
            .order_by(col(Licence.approval_due_at))
        )
        yield from items(work, pending, "licence_approve", _PENDING)
        if not actor.may(Permission.LICENCE_REVOKE):
            return
        asked = (
            work.select(Licence)
            .where(col(Licence.state).in_([LicenceState.ACTIVE, LicenceState.SUSPENDED]))
            .where(col(Licence.revocation_asked_by) != actor.id)
            .order_by(col(Licence.id))
        )
        yield from items(work, asked, "licence_revoke_second", _LICENCE)


def _licences(desk: Desk) -> Iterator[WorkItem]:
    """Drafts that came back, and licences that run out with none to follow them."""
    if not desk.actor.may(Permission.LICENCE_EDIT):
        return
    today = china_day(desk.now())
    with desk.begin(Permission.LICENCE_READ) as work:
        returned = (
            work.select(Licence)
            .where(Licence.state == LicenceState.DRAFT, Licence.reason != "")
            .order_by(col(Licence.id))
        )
        yield from items(work, returned, "licence_mend", _LICENCE)
        query = (
            work.select(Licence)
            .where(Licence.state == LicenceState.ACTIVE)
            .where(col(Licence.ends_on).between(today, today + _CALM), ~_is_followed())
            .order_by(col(Licence.ends_on))
        )
        ending = only(work, query, Licence.id, Licence.number, Licence.ends_on)
    for row_id, number, ends_on in ending:
        left = ends_on - today
        within = min(warning for warning in EXPIRY_WARNINGS if left <= warning)
        state = WorkState.WAITING if within == _CALM else WorkState.DUE
        kind = f"licence_ends_{within.days}"
        yield WorkItem(kind, number, state, "licences", row_id, end_of(ends_on))


def _is_followed() -> ColumnElement[bool]:
    """Another licence of the same agent goes on behind it."""
    later = _LATER
    going_on = [LicenceState.PENDING_APPROVAL, LicenceState.ACTIVE]
    return (
        select(later.id)
        .where(later.agent_id == Licence.agent_id, later.ends_on > Licence.ends_on)
        .where(col(later.state).in_(going_on))
        .exists()
    )


def _lists(desk: Desk) -> Iterator[WorkItem]:
    """Lists of the actor's carriers that are stale, due, prepared and not out, or none at all."""
    if not desk.actor.may(Permission.PUBLICATION_EDIT):
        return
    with desk.begin(Permission.PUBLICATION_READ) as work:
        editions = editions_of(work)
        never = None if editions else _never_published(work)
    if never is not None:
        yield WorkItem("list_none", never.name, WorkState.WAITING, "publications")
    for carrier_id in dict.fromkeys(row.carrier_id for row in editions):
        own = [row for row in editions if row.carrier_id == carrier_id]
        yield from _list_of(own, desk.now())


def _never_published(work: Work) -> Organisation | None:
    """The actor's own carrier, where it has licences in force that no list tells of."""
    own = work.session.exec(
        select(Organisation).where(Organisation.id == work.actor.organisation_id)
    ).first()
    if own is None:
        return None
    told = work.session.exec(
        select(Publication.id)
        .where(Publication.carrier_id == own.parent_id)
        .where(Publication.state == PublicationState.PUBLISHED)
    ).first()
    in_force = work.select(Licence).where(
        Licence.state == LicenceState.ACTIVE, col(Licence.carrier_id).in_(work.actor.carriers)
    )
    licensed = work.session.exec(in_force.limit(1)).first()
    return own if licensed is not None and told is None else None


def _list_of(editions: Sequence[Row[Any]], now: datetime) -> Iterator[WorkItem]:
    """`editions` are those of one carrier that are ready or out, the newest first."""
    newest, out = editions[0], _published(editions)
    due = out.due_at if out else None
    if newest.state is PublicationState.READY:
        state = due_state(due, now)
        yield WorkItem("list_ready", newest.number, state, "publications", newest.id, due)
    elif due is not None and due < now + LIST_DUE_SOON:
        kind = "list_stale" if due < now else "list_due"
        yield WorkItem(kind, newest.number, due_state(due, now), "publications", newest.id, due)


def _published(editions: Sequence[Row[Any]]) -> Row[Any] | None:
    return next((row for row in editions if row.state is PublicationState.PUBLISHED), None)


def _badges(desk: Desk) -> Iterator[WorkItem]:
    """Badges that were never signed, and copied ones that nothing has replaced."""
    if not desk.actor.may(Permission.BADGE_ISSUE):
        return
    in_force = select(Licence.id).where(Licence.state == LicenceState.ACTIVE)
    unsigned = and_(
        Badge.state == BadgeState.REQUESTED,
        col(Badge.issued_at) < desk.now() - SIGNED_BY_THEN,
        col(Badge.licence_id).in_(in_force),
    )
    copied = Badge.state == BadgeState.COMPROMISED
    with desk.begin(Permission.BADGE_READ) as work:
        query = (
            work.select(Badge)
            .where(col(Badge.state).in_([BadgeState.REQUESTED, BadgeState.COMPROMISED]))
            .where(or_(unsigned, copied))
            .order_by(col(Badge.issued_at))
        )
        found = only(work, query, Badge.id, Badge.badge_id, Badge.state)
    for row_id, badge_id, stands in found:
        kind = "badge_stuck" if stands is BadgeState.REQUESTED else "badge_replace"
        yield WorkItem(kind, badge_id, WorkState.WAITING, "badges", row_id)


CHANNEL_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _reviews,
    _second_looks,
    _corrections,
    _approvals,
    _licences,
    _lists,
    _badges,
    *ADMISSION_SOURCES,
    *LICENCE_SOURCES,
    *PUBLICATION_SOURCES,
    *SIGNAL_SOURCES,
    *KEY_SOURCES,
)
