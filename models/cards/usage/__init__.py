"""Monitoring of industry cards (004-2.3-g): what cards did, beside what their batch may do.

hits = judge_usage(usage, scopes_table(batches), usage_limits(today))
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from models.cards.usage.judge import judge_usage
from models.cards.usage.scopes import scopes_table
from models.cards.usage.shape import (
    BINDINGS,
    DAYS,
    HITS,
    MOST_REACHED,
    SCOPES,
    USAGE,
    WATCHED_DAYS,
    BatchScope,
    UsageFault,
    UsageLimits,
    usage_limits,
)
from models.cards.usage_rules import MEGABYTE, UsageRule

__all__ = [
    "BINDINGS",
    "DAYS",
    "HITS",
    "MEGABYTE",
    "MOST_REACHED",
    "SCOPES",
    "USAGE",
    "WATCHED_DAYS",
    "BatchScope",
    "UsageFault",
    "UsageLimits",
    "UsageRule",
    "judge_usage",
    "scopes_table",
    "usage_limits",
]
