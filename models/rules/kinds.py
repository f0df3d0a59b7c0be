"""How grave a finding is, what kinds there are, and what each has to lead to."""

from enum import StrEnum
from typing import Final

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass


class Tier(StrEnum):
    """How grave. The order is that of gravity, not of the alphabet."""

    MINOR = "minor"
    GENERAL = "general"
    SERIOUS = "serious"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def __lt__(self, other: str) -> bool:
        return self.rank < Tier(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Tier(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Tier(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Tier(other).rank

    def raised(self) -> "Tier":
        """One tier up; serious stays serious."""
        return Tier.GENERAL if self is Tier.MINOR else Tier.SERIOUS


_RANKS: Final = {tier: rank for rank, tier in enumerate(Tier)}


class FindingKind(StrEnum):
    NO_BUSINESS_LICENCE = "no_business_licence"
    NO_DELEGATION = "no_delegation"
    SUB_AGENT = "sub_agent"
    NO_REGISTRATION = "no_registration"
    FALSE_REGISTRATION = "false_registration"
    BULK_OPENING = "bulk_opening"
    CARD_RAISING = "card_raising"
    SECONDARY_RESALE = "secondary_resale"
    IDREADER_CRACK_TOOL = "idreader_crack_tool"
    ILLEGAL_DEVICE = "illegal_device"
    FAKE_AGENCY = "fake_agency"
    IOT_CARD_ONLINE = "iot_card_online"
    IOT_SCOPE_BREACH = "iot_scope_breach"
    IOT_RESALE = "iot_resale"
    MANUAL_ENTRY = "manual_entry"
    OVER_FIVE_WRONG_CHANNEL = "over_five_wrong_channel"
    SHIPPED_BEFORE_VERIFY = "shipped_before_verify"
    ACTIVATED_BEFORE_VERIFY = "activated_before_verify"
    HANDOVER_MISMATCH = "handover_mismatch"
    BADGE_MISSING = "badge_missing"
    LICENCE_NOT_DISPLAYED = "licence_not_displayed"
    BADGE_MISUSE = "badge_misuse"
    SCOPE_EXCEEDED = "scope_exceeded"
    LIST_STALE = "list_stale"
    PI_BREACH = "pi_breach"


class Outcome(StrEnum):
    """What a confirmed finding has to lead to before its case may close."""

    CANCEL_DELEGATION = "cancel_delegation"
    BLACKLIST = "blacklist"
    DECIDE_SUSPEND_OR_CANCEL = "decide_suspend_or_cancel"
    STOP_SERVICE = "stop_service"
    STOP_SALE = "stop_sale"
    NOTIFY_PLATFORM = "notify_platform"
    REMOVE_SHOP = "remove_shop"
    DELIST = "delist"
    TRACE_CHANNEL = "trace_channel"
    RECOVER_CARDS = "recover_cards"
    REVIEW_CARDS = "review_cards"
    SUSPEND_CARDS = "suspend_cards"
    SHUT_DOWN_CARDS = "shut_down_cards"
    REVERIFY = "reverify"
    REPORT_POLICE = "report_police"
    REPORT_AUTHORITY = "report_authority"
    REVOKE_BADGE = "revoke_badge"
    PUBLISH_LIST = "publish_list"
    RECTIFY = "rectify"
    RETRAIN = "retrain"
    CORRECT_AT_ONCE = "correct_at_once"
    OPEN_INCIDENT = "open_incident"


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class FindingRule:
    kind: FindingKind
    zh: str
    tier: Tier
    outcomes: tuple[Outcome, ...]
    source: str
    duties: tuple[str, ...]
    """Ids of docs/requirements.csv."""
    reseller_tier: Tier | None = None
    cannot_be_lowered: bool = False
    """No discretion: cancel at once and blacklist (MIIT opinions of 2016-11-07, (五))."""

    def tier_for(self, *, is_reseller: bool) -> Tier:
        """The default tier. Resellers may not sell industry cards online at all."""
        return self.reseller_tier or self.tier if is_reseller else self.tier
