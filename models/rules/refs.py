"""What a notice or a decision may rest on: duties, deadlines and limits, kinds of findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from models.data import packaged_bytes
from models.rules.duties import Duty, read_duties
from models.rules.library import package_rules


@dataclass(frozen=True, slots=True)
class RuleRef:
    """One rule of the library, as it is cited."""

    id: str
    clause: str
    """Where it is written."""
    zh: str
    en: str


@cache
def package_duties() -> Mapping[str, Duty]:
    """The duties that come with the program: those of docs/requirements.csv."""
    return read_duties(packaged_bytes("duties.csv").decode())


@cache
def rule_refs() -> Mapping[str, RuleRef]:
    """By id: of a duty its own, of a finding's kind its word, of a parameter its code."""
    rules = package_rules()
    duties = {
        duty.id: RuleRef(duty.id, duty.clause, duty.duty_zh, duty.duty_en)
        for duty in package_duties().values()
    }
    kinds = {
        kind.value: RuleRef(kind.value, rule.source, rule.zh, kind.value.replace("_", " "))
        for kind, rule in rules.findings.items()
    }
    parameters = {
        code: RuleRef(code, versions[-1].source, versions[-1].source, versions[-1].source)
        for code, versions in rules.parameters.items()
    }
    return MappingProxyType({**parameters, **kinds, **duties})
