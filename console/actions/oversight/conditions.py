"""What rows must be to be counted: conditions and joined questions that indicators are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, and_, exists, extract, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from console.actions.patrol.sellers import LIVE
from models.cards.monitoring import UsageFindingState
from models.cases.cases import ENDED, Case
from models.cases.complaints import Complaint
from models.cases.notices import Answer, AnswerOutcome, Notice, NoticeKind
from models.cases.rechecks import Recheck
from models.channel.agents import Agent, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import Licence, LicenceState
from models.channel.publications import Publication, PublicationState
from models.patrol.checks import CheckAnswer, CheckItem, ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop, ShopState
from models.rules import china_day
from models.staff import CARRIERS, Actor, Organisation

YEAR: Final = timedelta(days=365)
Condition = ColumnElement[bool]
Column = Any
"""SQLModel types a column as its value."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom, and as of when, it is counted."""

    actor: Actor
    at: datetime


_HELD: Final = (LicenceState.ACTIVE, LicenceState.SUSPENDED, LicenceState.EXPIRED)
IN_FORCE: Final = (BadgeState.ISSUED, BadgeState.DISPLAYED)
_TOLD: Final = (ShopState.PLATFORM_NOTIFIED, ShopState.ESCALATED)
GONE: Final = (ShopState.REMOVED, ShopState.CLOSED)
BORNE_OUT: Final = (
    FindingState.CONFIRMED, FindingState.RECTIFYING, FindingState.IN_CASE, FindingState.CLOSED,
)  # fmt: skip
BREACHES: Final = (
    UsageFindingState.CONFIRMED, UsageFindingState.IN_CASE, UsageFindingState.CLOSED,
)  # fmt: skip
_REMOVED: Final = (AnswerOutcome.REMOVED, AnswerOutcome.SERVICE_STOPPED)


def strangers(*states: ShopState) -> Condition:
    """In these states a shop of an agent may be as well, for something else."""
    return and_(col(Shop.state).in_(states), col(Shop.agent_id).is_(None))


def had_licence(asked: Asked) -> Sequence[Condition]:
    """An approved licence covered that day; one that was revoked since does not say from when."""
    day = china_day(asked.at)
    return [
        exists().where(
            col(Licence.agent_id) == col(Agent.id),
            col(Licence.state).in_(_HELD),
            col(Licence.approved_at) <= asked.at,
            col(Licence.begins_on) <= day,
            col(Licence.ends_on) >= day,
        )
    ]


def unlicensed() -> Condition:
    return or_(col(Shop.state) == ShopState.UNLICENSED, strangers(*_TOLD))


def live_unlicensed(asked: Asked) -> Sequence[Condition]:
    """Confirmed, and met by a patrol of late: the dead are not counted (LegitScript, 2012)."""
    return (unlicensed(), col(Shop.last_seen_at) >= asked.at - LIVE)


def was_live(asked: Asked) -> Sequence[Condition]:
    between = col(Shop.first_seen_at) <= asked.at, col(Shop.last_seen_at) >= asked.at - LIVE
    return (or_(unlicensed(), strangers(*GONE)), *between)


def _lists(at: datetime, *states: PublicationState) -> Condition:
    """One's own list, or that of the group above, holds at that moment."""
    return exists().where(
        or_(
            col(Publication.carrier_id) == col(Organisation.id),
            col(Publication.carrier_id) == col(Organisation.parent_id),
        ),
        col(Publication.state).in_(states),
        col(Publication.published_at) <= at,
        col(Publication.due_at) >= at,
    )


def must_publish(asked: Asked) -> Sequence[Condition]:
    """Whoever has agents in force (004-3.2), as far as the actor may know of one."""
    known = select(col(Agent.carrier_id)).where(
        col(Agent.state) == AgentState.ACTIVE, Agent.seen_by(asked.actor)
    )
    # Asked once and not for each organisation: of few agents in a province no index says whose.
    has_agents = col(Organisation.id).in_(known)
    kinds = col(Organisation.kind).in_(CARRIERS)
    return kinds, col(Organisation.disabled_at).is_(None), has_agents


def list_holds(asked: Asked) -> Condition:
    return _lists(asked.at, PublicationState.PUBLISHED, PublicationState.SUPERSEDED)


_BADGE: Final = CheckItem.BADGE_DISPLAYED.value


def shown(*answers: CheckAnswer) -> Condition:
    """What two people agreed on where they had answered differently."""
    settled, answered = (
        cast("Column", one)[_BADGE].as_string() for one in (ShopCheck.settled, ShopCheck.answers)
    )
    return func.coalesce(settled, answered).in_([one.value for one in answers])


IS_HEAD: Final = col(Case.merged_into_id).is_(None)


def open_then(asked: Asked) -> Sequence[Condition]:
    goes_on = and_(col(Case.closed_at).is_(None), col(Case.state).not_in(ENDED))
    return IS_HEAD, col(Case.created_at) <= asked.at, or_(goes_on, col(Case.closed_at) > asked.at)


def _key(column: Column, name: str) -> Column:
    return column.label(name)


SAID_OF_SHOP: Final = (
    select(_key(col(Complaint.shop_id), "shop_id"), func.min(Complaint.created_at).label("at"))
    .where(col(Complaint.shop_id).is_not(None))
    .group_by(col(Complaint.shop_id))
    .subquery()
)
SAID_OF_CASE: Final = (
    select(_key(col(Complaint.case_id), "case_id"), func.min(Complaint.created_at).label("at"))
    .where(col(Complaint.case_id).is_not(None))
    .group_by(col(Complaint.case_id))
    .subquery()
)
FIRST_NOTICE: Final = (
    select(_key(col(Notice.case_id), "case_id"), func.min(Notice.sent_at).label("at"))
    .where(col(Notice.sent_at).is_not(None), col(Notice.kind) == NoticeKind.CASE)
    .group_by(col(Notice.case_id))
    .subquery()
)
TAKEN_DOWN: Final = (
    select(_key(col(Answer.notice_id), "notice_id"), func.min(Answer.at).label("at"))
    .where(col(Answer.outcome).in_(_REMOVED))
    .group_by(col(Answer.notice_id))
    .subquery()
)
SEEN_GONE: Final = (
    select(_key(Recheck.case_id, "case_id"), func.min(Recheck.done_at).label("at"))
    .where(col(Recheck.is_clean).is_(True), col(Recheck.done_at).is_not(None))
    .group_by(col(Recheck.case_id))
    .subquery()
)
"""What a platform says is not enough: somebody has looked (DOMAIN 4.7)."""
OF_CASE: Final = aliased(Case)


def seconds(first: Column, last: Column) -> Column:
    return extract("epoch", last) - extract("epoch", first)


def before_report(_: Asked) -> Condition:
    """Nobody had complained of the shop, or of what became its case, when a patrol found it."""
    unsaid = [or_(one.c.at.is_(None), one.c.at > col(Finding.created_at))
              for one in (SAID_OF_SHOP, SAID_OF_CASE)]  # fmt: skip
    return and_(*unsaid)
