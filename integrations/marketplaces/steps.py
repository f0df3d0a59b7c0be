"""Steps of a walk: small facts that a durable workflow can keep between two questions."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from pydantic import TypeAdapter

from integrations.marketplaces.base import Reason, SourceError, Unreachable
from integrations.marketplaces.extract import Reading
from integrations.marketplaces.listing import Listing


class StepKind(StrEnum):
    LIST = "list"
    DETAIL = "detail"
    SITEMAP = "sitemap"


@dataclass(frozen=True, slots=True)
class Step:
    """One question that is still to be put."""

    kind: StepKind
    url: str
    turn: int = 0
    """How many pages of this list came before."""
    page: int | None = None
    offset: int = 0
    cursor: str | int | None = None
    depth: int = 0
    count: int = 0
    """How many items the pages before held."""
    marks: tuple[str, ...] = ()
    """What the first and the last page before held, to notice a list that repeats itself."""
    query: str = ""
    """The words that are searched for."""
    within: str = ""
    """The prices that a search is narrowed to, such as `10..20`."""
    known: Mapping[str, Reading] = field(default_factory=dict[str, Reading])
    """Of a detail: what its list said."""

    @property
    def key(self) -> str:
        """The same question has the same key."""
        asked = [self.kind, self.url, self.page, self.offset, self.cursor]
        if self.kind is StepKind.DETAIL and "listing_id" in self.known:
            asked.append(self.known["listing_id"].text)
        if self.query:
            asked += [self.query, self.within]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        return _STEPS.dump_python(self, mode="json")

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> "Step":
        return _STEPS.validate_python(kept)


_STEPS: Final = TypeAdapter(Step)


ENDING: Final = frozenset({"stop", "quota", "reauthorise", "permission", "daily_limit"})
"""Words of a platform's no that holds for every other question too."""
SHAPE_CHANGED: Final = "shape_changed"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a step, or a part of one, gave nothing."""

    reason: Reason
    url: str
    step: StepKind | None = None
    again: bool = False
    """The same step may pass later."""

    @property
    def ends(self) -> bool:
        """Nothing that is still to be asked would fare better."""
        return self.reason.word in ENDING

    @classmethod
    def of(cls, error: SourceError, step: Step) -> "Fault":
        return cls(error.reason, step.url, step.kind, again=isinstance(error, Unreachable))


@dataclass(frozen=True, slots=True)
class Done:
    """What one step gave."""

    listings: tuple[Listing, ...] = ()
    next_steps: tuple[Step, ...] = ()
    faults: tuple[Fault, ...] = ()
    left_out: int = 0
    """Links that lead elsewhere, were excluded, or pages that are no listing."""
    used: frozenset[str] = frozenset()
    """The keys of the mapping that matched something."""

    @property
    def shape_broken(self) -> bool:
        """The page is no longer as the mapping says: no judgement may rest on this run."""
        return any(fault.reason.word == SHAPE_CHANGED for fault in self.faults)

    @property
    def ends(self) -> bool:
        return self.shape_broken or any(fault.ends for fault in self.faults)
