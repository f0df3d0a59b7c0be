"""The first check of an application, and of a licence's scope: decided from values in hand."""

from collections.abc import Collection, Container
from datetime import date
from typing import Final

from models.channel.agents import AgentReason
from models.formats import Fault, check_uscc

FINAL_REASONS: Final = frozenset({AgentReason.FALSE_MATERIAL, AgentReason.BLACKLIST_HIT})
"""What no correction mends: a review that finds one of these ends the application (4.3)."""


def first_check(
    uscc: str,
    business_licence_until: date | None,
    *,
    known_duplicates: Container[str],
    blacklisted: Container[str],
    on: date,
) -> list[AgentReason]:
    """Why an application does not go on to review, at once (000-5.2-a); empty when it does.

    `known_duplicates` and `blacklisted` hold codes in their one spelling (18, upper case).
    """
    checked = check_uscc(uscc)
    if isinstance(checked, Fault):
        bad = {Fault.CHECKSUM: AgentReason.USCC_CHECKSUM}
        return [bad.get(checked, AgentReason.USCC_FORMAT)]
    found = {
        AgentReason.NO_BUSINESS_LICENCE: not checked.is_business_licence,
        AgentReason.LICENCE_EXPIRED: (
            business_licence_until is not None and business_licence_until < on
        ),
        AgentReason.DUPLICATE: checked.code in known_duplicates,
        AgentReason.BLACKLIST_HIT: checked.code in blacklisted,
    }
    return [reason for reason, is_so in found.items() if is_so]


def is_final(reasons: Collection[AgentReason], failures: int, limit: int) -> bool:
    """Whether a failed review ends the application; `failures` counts this one."""
    return failures >= limit or not FINAL_REASONS.isdisjoint(reasons)
