"""Classes of industry cards and the form by which a purchaser's risk is weighed, as data."""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from models.data import packaged
from models.refusals import Invalid


class CardClass(StrEnum):
    I1 = "I1"
    I2 = "I2"
    I3 = "I3"
    I4 = "I4"
    I5 = "I5"


class Voice(StrEnum):
    OFF = "off"
    WHITELIST = "whitelist"
    EMERGENCY_ONLY = "emergency_only"
    ON = "on"


class Sms(StrEnum):
    OFF = "off"
    PLATFORM_ONLY = "platform_only"
    WHITELIST = "whitelist"
    ON = "on"


class DataUse(StrEnum):
    DIRECTED = "directed"
    DIRECTED_OR_SMALL = "directed_or_small"
    GENERAL = "general"


class Registered(StrEnum):
    """Who is registered: the unit and its person alone, or the user of each card as well."""

    UNIT = "unit"
    USER = "user"


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class ClassPolicy:
    zh: str
    en: str
    use_zh: str
    use_en: str
    voice: tuple[Voice, ...]
    sms: tuple[Sms, ...]
    data: DataUse
    device_lock: bool
    registered: Registered
    regions: bool = False
    """Whether a region has to be named."""
    site: bool = False
    """Whether each card's place of installation is registered."""
    chassis: bool = False
    """Whether each card is bound to a vehicle's chassis or T-Box."""

    @property
    def by_user(self) -> bool:
        return self.registered is Registered.USER


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Answer:
    code: str
    points: int
    zh: str
    en: str
    barred: bool = False
    """No sale with this answer, whatever the others are."""


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Question:
    code: str
    weight: int
    zh: str
    en: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class RiskForm:
    version: str
    pass_to: float
    question: tuple[Question, ...]

    def weighed(self, answers: Mapping[str, str]) -> "Weighed":
        """The score from 0 to 10 of a whole form; Invalid where an answer is missing or unknown."""
        given = [self._given(one, answers) for one in self.question]
        if unknown := sorted(set(answers) - {one.code for one in self.question}):
            raise Invalid("industry.no_such_question", value=", ".join(unknown))
        weights = sum(one.weight for one in self.question)
        points = sum(
            one.weight * answer.points for one, answer in zip(self.question, given, strict=True)
        )
        barred = tuple(
            one.code for one, answer in zip(self.question, given, strict=True) if answer.barred
        )
        score = round(points / weights, 2)
        return Weighed(score, not barred and score <= self.pass_to, barred, self.version)

    @staticmethod
    def _given(question: Question, answers: Mapping[str, str]) -> Answer:
        code = answers.get(question.code, "")
        found = next((one for one in question.answers if one.code == code), None)
        if found is None:
            choices = ", ".join(one.code for one in question.answers)
            raise Invalid(
                "industry.answer_missing", question=question.code, value=code or "-", codes=choices
            )
        return found


@dataclass(frozen=True, slots=True)
class Weighed:
    score: float
    is_passed: bool
    barred_by: tuple[str, ...]
    """Questions whose answer alone forbids the sale."""
    version: str


@cache
def class_policy(card_class: CardClass) -> ClassPolicy:
    return ClassPolicy(**packaged("industry.toml")["class"][card_class])


@cache
def risk_form() -> RiskForm:
    return RiskForm(**packaged("industry.toml")["form"])


@cache
def classes_version() -> str:
    """Kept with every scope that was checked by it."""
    return str(packaged("industry.toml")["version"])
