"""Why something is not in order: every ground at once, each with the rule it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from models.refusals import Conflict


class LicenceRule(StrEnum):
    """What a ground rests on: a duty of docs/requirements.csv, or the law itself."""

    DELEGATION = "004-3.1-a"
    BUSINESS_LICENCE = "004-3.1-b"
    CONDITIONS = "004-3.1-c"
    SCOPE = "004-3.1-f"
    SHOP = "004-3.1-i"
    AGREEMENT = "afl-9"
    """Anti-Telecom and Online Fraud Law, art. 9."""


@dataclass(frozen=True, slots=True)
class Failing:
    """One ground: the code of its text, its rule, and what the text names."""

    code: str
    rule: LicenceRule
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def as_fact(self) -> dict[str, Any]:
        return {"code": self.code, "rule": self.rule, **self.facts}


def must_be_in_order(title: str, failing: Sequence[Failing]) -> None:
    """Conflict with every ground in its fact `failing`; a single one speaks under its own code."""
    said = [one.as_fact() for one in failing]
    if len(failing) == 1:
        (only,) = failing
        raise Conflict(only.code, **only.facts, rule=only.rule, failing=said)
    if failing:
        raise Conflict("licence.not_in_order", number=title, n=len(said), failing=said)
