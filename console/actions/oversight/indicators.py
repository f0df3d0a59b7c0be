"""What each indicator counts, as conditions on rows: the figure and the list behind it share them.

`among` are the rows that it is of, `hits` those of them that are counted. What passes is counted
over the past year and by the month of its `moment`; what stands is counted now, and of the end of
an earlier month by `stood`, as far as rows still tell; else it is kept from when it was counted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_
from sqlmodel import col

from console.actions.cards.industry.counts import SOLD
from console.actions.cases.lists import case_is_overdue, notice_is_overdue
from console.actions.oversight.conditions import (
    BORNE_OUT,
    BREACHES,
    FIRST_NOTICE,
    GONE,
    IN_FORCE,
    IS_HEAD,
    OF_CASE,
    SAID_OF_CASE,
    SAID_OF_SHOP,
    SEEN_GONE,
    TAKEN_DOWN,
    Asked,
    Column,
    Condition,
    before_report,
    had_licence,
    list_holds,
    live_unlicensed,
    must_publish,
    open_then,
    seconds,
    shown,
    strangers,
    unlicensed,
    was_live,
)
from models.base import Table
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.scopes import CardScope
from models.cases.cases import ENDED, OVER, Case, CaseState
from models.cases.notices import Notice, NoticeState
from models.cases.tasks import Recovery
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.checks.spot_checks import SpotCheck, Verdict
from models.checks.test_purchases import TestPurchase
from models.oversight.figures import Indicator
from models.patrol.checks import CheckAnswer, ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.shops import Shop
from models.rules import Tier
from models.staff import Organisation


@dataclass(frozen=True, slots=True)
class Joined:
    to: Any
    on: Condition
    is_outer: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """One indicator. Its rows are narrowed by `table.seen_by` before anything else."""

    indicator: Indicator
    table: type[Table]
    among: Callable[[Asked], Sequence[Condition]]
    hits: Callable[[Asked], Condition] | None = None
    """None: all of them; the figure is no share then."""
    moment: Column | None = None
    stood: Callable[[Asked], Sequence[Condition]] | None = None
    """At the end of an earlier month, which is `Asked.at`, in the place of `among`."""
    joins: Sequence[Joined] = ()
    platform: Column | None = None
    places: Sequence[Column] = ()
    """Provinces by the routers, the first that is known holds."""
    owner: Column | None = None
    amounts: tuple[Column, Column] | None = None
    """What is added up where rows are not counted: of the hits, and of all."""
    seconds: Column | None = None
    """Of a time: how long it took."""

    @property
    def is_share(self) -> bool:
        return self.hits is not None or self.amounts is not None


_I: Final = Indicator


def _of_findings(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of `Counted`
    return {
        "table": Finding,
        "moment": col(Finding.created_at),
        "platform": col(Finding.platform),
        "places": (col(Finding.card_home), col(Finding.platform_home)),
        "owner": col(Finding.organisation_id),
    } | more


def _of_shops(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of `Counted`
    return {
        "table": Shop,
        "platform": col(Shop.platform),
        "places": (col(Shop.card_home), col(Shop.platform_home)),
        "owner": col(Shop.organisation_id),
    } | more


def _of_cases(case: type[Case] = Case, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {
        "table": Case,
        "platform": col(case.platform),
        "places": (col(case.card_home), col(case.platform_home), col(case.filing_place)),
        "owner": col(case.organisation_id),
    } | more


def _of_carrier(table: Any, platform: Column | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {
        "table": table,
        "platform": platform,
        "places": (col(table.province),),
        "owner": col(table.carrier_id),
    } | more


_CHANNEL: Final = (
    Counted(
        _I.LISTS_CURRENT,
        Organisation,
        must_publish,
        list_holds,
        stood=must_publish,
        places=(col(Organisation.province),),
        owner=col(Organisation.id),
    ),
    Counted(
        _I.LICENSED_AGENTS,
        among=lambda _: [col(Agent.state) == AgentState.ACTIVE],
        stood=had_licence,
        **_of_carrier(Agent),
    ),
    Counted(
        _I.LICENSED_SHOPS,
        among=lambda _: [col(Badge.state).in_(IN_FORCE)],
        stood=lambda asked: [
            col(Badge.state).in_([*IN_FORCE, BadgeState.EXPIRED]),
            col(Badge.issued_at) <= asked.at,
            col(Badge.expires_at) > asked.at,
        ],
        **_of_carrier(Badge, col(Badge.platform)),
    ),
    Counted(
        _I.BADGES_SHOWN,
        among=lambda _: [
            col(Shop.agent_id).is_not(None),
            shown(CheckAnswer.GOOD, CheckAnswer.BAD),
        ],
        hits=lambda _: shown(CheckAnswer.GOOD),
        joins=[Joined(Shop, col(Shop.id) == col(ShopCheck.shop_id))],
        moment=col(ShopCheck.done_at),
        **_of_shops(table=ShopCheck),
    ),
)
_PATROLS: Final = (
    Counted(_I.UNLICENSED_LIVE, among=live_unlicensed, stood=was_live, **_of_shops()),
    Counted(
        _I.UNLICENSED_NEW,
        among=lambda _: [or_(unlicensed(), strangers(*GONE))],
        **_of_shops(moment=col(Shop.first_seen_at)),
    ),
    Counted(
        _I.UNLICENSED_RELISTED,
        among=lambda _: [
            col(ShopLink.kind) == LinkKind.RELISTED,
            col(ShopLink.state) != LinkState.REJECTED,
        ],
        joins=[Joined(Shop, col(Shop.id) == col(ShopLink.other_id))],
        moment=col(ShopLink.created_at),
        **_of_shops(table=ShopLink),
    ),
    Counted(
        _I.TIME_TO_FINDING,
        among=lambda _: [
            col(Finding.is_new).is_(True),
            col(Finding.state).in_(BORNE_OUT),
            col(Shop.first_seen_at) <= col(Finding.created_at),
        ],
        joins=[Joined(Shop, col(Shop.id) == col(Finding.shop_id))],
        seconds=seconds(col(Shop.first_seen_at), col(Finding.created_at)),
        **_of_findings(),
    ),
    Counted(
        _I.TIME_TO_NOTICE,
        among=lambda _: [FIRST_NOTICE.c.at >= col(Finding.created_at)],
        joins=[Joined(FIRST_NOTICE, FIRST_NOTICE.c.case_id == col(Finding.case_id))],
        seconds=seconds(col(Finding.created_at), FIRST_NOTICE.c.at),
        **_of_findings(moment=FIRST_NOTICE.c.at),
    ),
    Counted(
        _I.FOUND_BEFORE_REPORT,
        among=lambda _: [col(Finding.state).in_(BORNE_OUT)],
        hits=before_report,
        joins=[
            Joined(SAID_OF_SHOP, SAID_OF_SHOP.c.shop_id == col(Finding.shop_id), is_outer=True),
            Joined(SAID_OF_CASE, SAID_OF_CASE.c.case_id == col(Finding.case_id), is_outer=True),
        ],
        **_of_findings(),
    ),
    Counted(
        _I.FINDINGS,
        among=lambda _: [col(Finding.state) != FindingState.FALSE_POSITIVE],
        **_of_findings(),
    ),
)


def _of_notices(owner: Column = col(Notice.organisation_id), **more: Any) -> dict[str, Any]:  # noqa: ANN401, B008 - a column
    return _of_cases(OF_CASE, table=Notice, platform=col(Notice.platform), owner=owner, **more)


_notice_case: Final = Joined(OF_CASE, col(OF_CASE.id) == col(Notice.case_id), is_outer=True)
_CASES: Final = (
    Counted(
        _I.UNLICENSED_GONE,
        among=lambda _: [col(Case.agent_id).is_(None)],
        joins=[Joined(SEEN_GONE, SEEN_GONE.c.case_id == col(Case.id))],
        **_of_cases(moment=SEEN_GONE.c.at),
    ),
    Counted(
        _I.TIME_TO_GONE,
        among=lambda _: [TAKEN_DOWN.c.at >= col(Notice.sent_at)],
        joins=[
            Joined(TAKEN_DOWN, TAKEN_DOWN.c.notice_id == col(Notice.id)),
            Joined(SEEN_GONE, SEEN_GONE.c.case_id == col(Notice.case_id)),
            _notice_case,
        ],
        moment=TAKEN_DOWN.c.at,
        seconds=seconds(col(Notice.sent_at), TAKEN_DOWN.c.at),
        **_of_notices(),
    ),
    Counted(_I.CASES_OPENED, among=lambda _: [IS_HEAD], **_of_cases(moment=col(Case.created_at))),
    Counted(
        _I.CASES_OPEN,
        among=lambda _: [IS_HEAD, col(Case.state).not_in(ENDED)],
        stood=open_then,
        **_of_cases(),
    ),
    Counted(
        _I.CASES_SERIOUS,
        among=lambda _: [IS_HEAD, col(Case.state).not_in(ENDED)],
        hits=lambda _: col(Case.tier) == Tier.SERIOUS,
        stood=open_then,
        **_of_cases(),
    ),
    Counted(
        _I.CASES_CLOSED,
        among=lambda _: [IS_HEAD, col(Case.state) == CaseState.CLOSED],
        **_of_cases(moment=col(Case.closed_at)),
    ),
    Counted(
        _I.CASES_TRUE,
        among=lambda _: [IS_HEAD, col(Case.state).in_(OVER)],
        hits=lambda _: col(Case.state) == CaseState.CLOSED,
        **_of_cases(moment=col(Case.closed_at)),
    ),
    Counted(
        _I.OVERDUE,
        among=lambda _: [IS_HEAD, col(Case.state).not_in(ENDED)],
        hits=lambda asked: func.coalesce(case_is_overdue(asked.at), False),
        **_of_cases(),
    ),
    Counted(
        _I.OVERDUE,
        among=lambda _: [col(Notice.state).in_([NoticeState.SENT, NoticeState.ACKNOWLEDGED])],
        hits=lambda asked: func.coalesce(notice_is_overdue(asked.at), False),
        joins=[_notice_case],
        **_of_notices(col(Notice.recipient_id)),
    ),
    Counted(
        _I.NOTICES,
        among=lambda _: [],
        joins=[_notice_case],
        moment=col(Notice.sent_at),
        **_of_notices(),
    ),
    Counted(
        _I.CARDS_RECOVERED,
        among=lambda _: [],
        amounts=(col(Recovery.recovered), col(Recovery.ordered)),
        joins=[Joined(OF_CASE, col(OF_CASE.id) == col(Recovery.case_id))],
        moment=col(Recovery.at),
        **_of_cases(OF_CASE, table=Recovery),
    ),
)
_CARDS: Final = (
    Counted(
        _I.SPOT_CHECKS_PASSED,
        among=lambda _: [col(SpotCheck.verdict).in_([Verdict.PASSED, Verdict.FAILED])],
        hits=lambda _: col(SpotCheck.verdict) == Verdict.PASSED,
        **_of_carrier(SpotCheck, col(SpotCheck.platform), moment=col(SpotCheck.compared_at)),
    ),
    Counted(
        _I.INDUSTRY_COMPLETE,
        among=lambda _: [col(IndustryBatch.state).in_(SOLD)],
        hits=lambda _: and_(
            col(IndustryBatch.unit_id).is_not(None),
            col(IndustryBatch.person_id).is_not(None),
            exists().where(col(CardScope.batch_id) == col(IndustryBatch.id)),
        ),
        **_of_carrier(IndustryBatch),
    ),
    Counted(
        _I.INDUSTRY_BREACHES,
        among=lambda _: [col(UsageFinding.state).in_(BREACHES)],
        **_of_carrier(UsageFinding, moment=col(UsageFinding.created_at)),
    ),
    Counted(
        _I.REAL_NAME,
        among=lambda _: [col(TestPurchase.asked_identity).is_not(None)],
        hits=lambda _: col(TestPurchase.asked_identity).is_(True),
        **_of_carrier(
            TestPurchase, col(TestPurchase.platform), moment=col(TestPurchase.created_at)
        ),
    ),
)
_EACH: Final = (*_CHANNEL, *_PATROLS, *_CASES, *_CARDS)
COUNTED: Final[Mapping[Indicator, Sequence[Counted]]] = {
    indicator: [one for one in _EACH if one.indicator is indicator] for indicator in Indicator
}
"""What is of two kinds is added up."""
