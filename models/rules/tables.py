"""An office's own rules: days it has set, and values it has chosen."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, UniqueConstraint, true
from sqlmodel import Field

from models.base import Table, new_id, words
from models.refusals import Invalid
from models.rules.library import Rules
from models.rules.parameters import Parameter, ParameterKind
from models.rules.working_days import Calendar

if TYPE_CHECKING:
    from models.staff import Actor


_OURS: Final = (ParameterKind.POLICY, ParameterKind.SERVICE)


class CalendarDay(Table, table=True):
    """A day off or a working day, as the office has it from a decree or set it itself."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    day: date = Field(unique=True)
    is_working: bool
    note: str = Field(default="", max_length=200)
    source: str = Field(max_length=400)

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:  # noqa: ARG003 - rules are public
        return true()

    @property
    def title(self) -> str:
        return self.day.isoformat()


class RuleParameter(Table, table=True):
    """An office's own version of a parameter of the library. Rows are added, never changed."""

    __table_args__ = (
        UniqueConstraint("code", "version"),
        CheckConstraint("valid_from <= valid_to", name="begins_before_it_ends"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(index=True, max_length=64)
    value: int = Field(ge=0)
    kind: ParameterKind = Field(default=ParameterKind.POLICY, sa_type=words(ParameterKind))
    version: str = Field(max_length=32)
    valid_from: date
    valid_to: date | None = None
    """The last day on which it holds."""
    source: str = Field(max_length=400)

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:  # noqa: ARG003 - rules are public
        return true()

    @property
    def title(self) -> str:
        return f"{self.code}/{self.version}"

    def must_fit(self, rules: Rules) -> None:
        """Invalid for a code that the library lacks, or a law that would give way to a policy."""
        versions = rules.parameters.get(self.code)
        if not versions:
            raise Invalid("rule.unknown_parameter", parameter=self.code)
        if self.kind is ParameterKind.POLICY and versions[-1].kind not in _OURS:
            kind = versions[-1].kind.value
            raise Invalid("rule.not_ours_to_set", parameter=self.code, kind=kind)

    def as_parameter(self, rules: Rules) -> Parameter:
        """Measured as the library measures it. KeyError for a code that the library lacks."""
        model = rules.parameters[self.code][-1]
        return Parameter(
            code=self.code,
            value=self.value,
            unit=model.unit,
            per=model.per,
            kind=self.kind,
            source=self.source,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            edition=f"office-{self.version}",
        )


def office_calendar(rows: Iterable[CalendarDay]) -> Calendar:
    return Calendar({row.day: row.is_working for row in rows})


def office_rules(rules: Rules, rows: Iterable[RuleParameter]) -> Rules:
    """The library with the office's rows over it, in the order in which they begin."""
    ordered = sorted(rows, key=lambda row: row.valid_from)
    return rules.with_parameters(row.as_parameter(rules) for row in ordered)
