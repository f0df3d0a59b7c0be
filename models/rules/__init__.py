"""The rule library: duties, deadlines and limits by day, kinds of findings, working days."""

from models.rules.duties import Duty, DutyTier, read_duties
from models.rules.kinds import FindingKind, FindingRule, Outcome, Tier
from models.rules.library import Rules, package_rules, parameter
from models.rules.parameters import (
    Deadline,
    Parameter,
    ParameterKind,
    Period,
    Unit,
    UnknownParameterError,
)
from models.rules.refs import RuleRef, package_duties, rule_refs
from models.rules.working_days import CHINA, Calendar, Due, china_day, end_of

__all__ = [
    "CHINA",
    "Calendar",
    "Deadline",
    "Due",
    "Duty",
    "DutyTier",
    "FindingKind",
    "FindingRule",
    "Outcome",
    "Parameter",
    "ParameterKind",
    "Period",
    "RuleRef",
    "Rules",
    "Tier",
    "Unit",
    "UnknownParameterError",
    "china_day",
    "end_of",
    "package_duties",
    "package_rules",
    "parameter",
    "read_duties",
    "rule_refs",
]
