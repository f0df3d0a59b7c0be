"""What is ordered in a case, on whom, and what those it falls on are told (Anti-Fraud Law 32)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, and_
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.scope import of_case
from models.rules import FindingKind, Outcome, package_rules
from models.staff import Actor


class Measure(StrEnum):
    # asked of a platform
    CORRECT = "correct"
    REMOVE_LISTINGS = "remove_listings"
    REMOVE_SHOP = "remove_shop"
    STOP_SERVICE = "stop_service"
    # on an agent or a channel
    WARN = "warn"
    RECTIFY = "rectify"
    RETRAIN = "retrain"
    REVOKE_BADGE = "revoke_badge"
    SUSPEND_LICENCE = "suspend_licence"
    CANCEL_DELEGATION = "cancel_delegation"
    BLACKLIST = "blacklist"
    # on cards
    RECOVER_CARDS = "recover_cards"
    REVIEW_CARDS = "review_cards"
    RESTRICT_CARDS = "restrict_cards"
    SUSPEND_CARDS = "suspend_cards"
    REVERIFY = "reverify"
    SHUT_DOWN_CARDS = "shut_down_cards"
    # elsewhere
    TRACE_CHANNEL = "trace_channel"
    REPORT_POLICE = "report_police"
    REPORT_AUTHORITY = "report_authority"
    HOLD_TO_ACCOUNT = "hold_to_account"
    PUBLISH_LIST = "publish_list"
    OPEN_INCIDENT = "open_incident"


_M = Measure
BY_PLATFORM: Final = (_M.CORRECT, _M.REMOVE_LISTINGS, _M.REMOVE_SHOP, _M.STOP_SERVICE)
"""From the mildest to the gravest."""
SUSPENDS_SERVICE: Final = frozenset({_M.RESTRICT_CARDS, _M.SUSPEND_CARDS, _M.SHUT_DOWN_CARDS})
"""These cut something off, which is put on again when they end."""
RESTRICTS_CARDS: Final = SUSPENDS_SERVICE | {_M.REVERIFY}
"""Emergency calls stay open whatever else is cut off (004-4.3-c)."""
ON_INDUSTRY_CARDS: Final = frozenset(
    {_M.WARN, _M.RESTRICT_CARDS, _M.SUSPEND_CARDS, _M.REVERIFY, _M.SHUT_DOWN_CARDS}
)
"""Of a case about a batch of industry cards these are orders for its cards."""
_ANY_STOP: Final = frozenset({_M.REMOVE_LISTINGS, _M.REMOVE_SHOP, _M.STOP_SERVICE})
MEETS: Final[Mapping[Outcome, frozenset[Measure]]] = {
    Outcome.STOP_SERVICE: frozenset({_M.STOP_SERVICE}),
    Outcome.REMOVE_SHOP: frozenset({_M.REMOVE_SHOP, _M.STOP_SERVICE}),
    Outcome.DELIST: _ANY_STOP,
    Outcome.STOP_SALE: _ANY_STOP,
    Outcome.NOTIFY_PLATFORM: frozenset(BY_PLATFORM),
    Outcome.CORRECT_AT_ONCE: frozenset({_M.CORRECT, _M.RECTIFY}),
    Outcome.RECTIFY: frozenset({_M.RECTIFY, _M.CORRECT}),
    Outcome.RETRAIN: frozenset({_M.RETRAIN}),
    Outcome.DECIDE_SUSPEND_OR_CANCEL: frozenset({_M.SUSPEND_LICENCE, _M.CANCEL_DELEGATION}),
    Outcome.CANCEL_DELEGATION: frozenset({_M.CANCEL_DELEGATION}),
    Outcome.BLACKLIST: frozenset({_M.BLACKLIST}),
    Outcome.REVOKE_BADGE: frozenset({_M.REVOKE_BADGE}),
    Outcome.TRACE_CHANNEL: frozenset({_M.TRACE_CHANNEL}),
    Outcome.RECOVER_CARDS: frozenset({_M.RECOVER_CARDS}),
    Outcome.REVIEW_CARDS: frozenset({_M.REVIEW_CARDS}),
    Outcome.SUSPEND_CARDS: frozenset({_M.SUSPEND_CARDS, _M.SHUT_DOWN_CARDS}),
    Outcome.SHUT_DOWN_CARDS: frozenset({_M.SHUT_DOWN_CARDS}),
    Outcome.REVERIFY: frozenset({_M.REVERIFY, _M.SHUT_DOWN_CARDS}),
    Outcome.REPORT_POLICE: frozenset({_M.REPORT_POLICE}),
    Outcome.REPORT_AUTHORITY: frozenset({_M.REPORT_AUTHORITY}),
    Outcome.PUBLISH_LIST: frozenset({_M.PUBLISH_LIST}),
    Outcome.OPEN_INCIDENT: frozenset({_M.OPEN_INCIDENT}),
}
"""Any of these brings about what the rule wants."""
_NEEDS_AGENT: Final = frozenset(
    {
        Outcome.CANCEL_DELEGATION,
        Outcome.BLACKLIST,
        Outcome.DECIDE_SUSPEND_OR_CANCEL,
        Outcome.REVOKE_BADGE,
    }
)
"""These fall on the carrier's own agent; a stranger's shop has nothing to cancel."""
_NEEDS_SHOP: Final = frozenset(
    {
        Outcome.STOP_SERVICE,
        Outcome.REMOVE_SHOP,
        Outcome.DELIST,
        Outcome.STOP_SALE,
        Outcome.NOTIFY_PLATFORM,
    }
)


class MeasureState(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    CARRIED_OUT = "carried_out"
    LIFTED = "lifted"
    DROPPED = "dropped"


class MeasureMove(StrEnum):
    IMPOSE = "impose"
    DROP = "drop"
    CARRY_OUT = "carry_out"
    LIFT = "lift"


_S, _V = MeasureState, MeasureMove
MEASURE_MOVES: Final[Mapping[tuple[MeasureState, MeasureMove], MeasureState]] = {
    (_S.PROPOSED,     _V.IMPOSE):     _S.IN_FORCE,
    (_S.PROPOSED,     _V.DROP):       _S.DROPPED,
    (_S.IN_FORCE,     _V.CARRY_OUT):  _S.CARRIED_OUT,
    (_S.IN_FORCE,     _V.LIFT):       _S.LIFTED,
    (_S.CARRIED_OUT,  _V.LIFT):       _S.LIFTED,
}  # fmt: skip


class CaseMeasure(Table, table=True):
    """One measure, with the three things that whoever it falls on has a right to be told."""

    __table_args__ = (Index("ix_case_measures_case", "case_id", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    party_id: UUID | None = Field(default=None, foreign_key="case_parties.id")
    measure: Measure = Field(sa_type=words(Measure))
    state: MeasureState = Field(default=MeasureState.PROPOSED, sa_type=words(MeasureState))
    is_interim: bool = Field(default=False)
    """Ordered at once, before the decision (notice 182 三(三): 立即制止)."""
    reason: str = Field(max_length=2000)
    remedy: str = Field(max_length=2000)
    """Where and until when to appeal."""
    papers: str = Field(max_length=1000)
    """What to bring."""
    is_emergency_exempt: bool = Field(default=False)
    """Fire, police, medical and traffic calls stay open (004-4.3-c)."""
    rules: str = Field(default="", max_length=300)
    ordered_by: UUID | None = Field(default=None)
    ordered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_why: str = Field(default="", max_length=1000)

    def move(self, move: MeasureMove) -> None:
        self.state = moved(MEASURE_MOVES, self.state, move)

    def open_moves(self) -> list[MeasureMove]:
        return open_moves(MEASURE_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        """A platform that was told of the case learns what holds, and not what is proposed."""
        known = of_case(actor, col(cls.case_id))
        if actor.platform is None:
            return known
        return and_(known, col(cls.state).not_in([MeasureState.PROPOSED, MeasureState.DROPPED]))

    @property
    def title(self) -> str:
        return self.measure


def outcomes_of(
    kinds: Iterable[FindingKind], *, has_agent: bool, has_shop: bool = True
) -> list[Outcome]:
    """What these kinds have to lead to, in the order of the rules (DOMAIN 4.2)."""
    wanted = [one for kind in kinds for one in package_rules().finding(kind).outcomes]
    skipped = set[Outcome]()
    if not has_agent:
        skipped |= _NEEDS_AGENT
    if not has_shop:
        skipped |= _NEEDS_SHOP
    return list(dict.fromkeys(one for one in wanted if one not in skipped))


def not_met(wanted: Iterable[Outcome], ordered: Iterable[Measure]) -> list[Outcome]:
    """The outcomes that none of the measures brings about."""
    given = frozenset(ordered)
    return [one for one in wanted if not given & MEETS[one]]


def least_measures(wanted: Iterable[Outcome]) -> list[Measure]:
    """The mildest measures that meet every outcome: what the decision's form begins with."""
    found: list[Measure] = []
    for outcome in sorted(wanted, key=lambda one: len(MEETS[one])):
        if not MEETS[outcome] & set(found):
            found.append(min(MEETS[outcome], key=list(Measure).index))
    return [one for one in Measure if one in found]
