"""All rules in one value, so that a test or an office can hold another one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from models.data import packaged
from models.rules.kinds import FindingKind, FindingRule, Tier
from models.rules.parameters import Parameter, UnknownParameterError, months_before


@dataclass(frozen=True, slots=True)
class Rules:
    parameters: Mapping[str, Sequence[Parameter]]
    """Versions by code; of two that hold on a day and begin together, the later in the list."""
    findings: Mapping[FindingKind, FindingRule]

    def parameter(self, code: str, on: date) -> Parameter:
        """The version that holds on that day; UnknownParameterError when there is none."""
        holding = [one for one in self.parameters.get(code, ()) if one.holds_on(on)]
        if not holding:
            raise UnknownParameterError(code, on)
        return max(enumerate(holding), key=lambda placed: (placed[1].valid_from, placed[0]))[1]

    def value(self, code: str, on: date) -> int:
        return self.parameter(code, on).value

    def in_force(self, on: date) -> list[Parameter]:
        """Every parameter that holds on that day, one version each, in the library's order."""
        return [
            self.parameter(code, on)
            for code, versions in self.parameters.items()
            if any(one.holds_on(on) for one in versions)
        ]

    def finding(self, kind: FindingKind) -> FindingRule:
        return self.findings[kind]

    def with_parameters(self, added: Iterable[Parameter]) -> "Rules":
        """These rules with an office's own versions. KeyError for a code that nothing asks for."""
        found = dict(self.parameters)
        for one in added:
            found[one.code] = (*found[one.code], one)
        return replace(self, parameters=MappingProxyType(found))

    def escalated(
        self,
        tier: Tier,
        on: date,
        earlier: Iterable[tuple[Tier, date]] = (),
        *,
        refused_to_correct: bool = False,
    ) -> Tier:
        """A finding's tier after its history: minor ones add up, and so do general ones.

        `earlier` are the same party's confirmed findings without this one. A refusal to correct,
        or a second due date missed, puts it one tier up.
        """
        history = list(earlier)
        if tier is Tier.MINOR:
            since = on - timedelta(days=self.value("escalation_minor_window", on))
            if _count(history, Tier.MINOR, since, on) >= self.value("escalation_minor_count", on):
                tier = Tier.GENERAL
        if tier is Tier.GENERAL:
            since = months_before(on, self.value("escalation_general_window", on))
            limit = self.value("escalation_general_count", on)
            if _count(history, Tier.GENERAL, since, on) >= limit:
                tier = Tier.SERIOUS
        return tier.raised() if refused_to_correct else tier


@cache
def package_rules() -> Rules:
    """The rules that come with the program, without an office's own versions."""
    parameters = {
        code: tuple(_parameter(code, row) for row in rows)
        for code, rows in packaged("parameters.toml").items()
    }
    findings = {
        FindingKind(kind): FindingRule(kind=FindingKind(kind), **row)
        for kind, row in packaged("findings.toml").items()
    }
    return Rules(MappingProxyType(parameters), MappingProxyType(findings))


def parameter(code: str, on: date) -> Parameter:
    """From the rules that come with the program."""
    return package_rules().parameter(code, on)


def _parameter(code: str, row: Mapping[str, object]) -> Parameter:
    fields = dict(row)
    return Parameter(code=code, edition=fields.pop("version"), **fields)  # pyright: ignore[reportArgumentType] - checked by pydantic


def _count(history: Iterable[tuple[Tier, date]], tier: Tier, since: date, on: date) -> int:
    """Findings of that tier in the window, the present one with them."""
    return 1 + sum(one is tier and since <= day <= on for one, day in history)
