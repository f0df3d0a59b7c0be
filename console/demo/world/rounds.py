"""One organisation that patrols, and its runs before they have rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from console.demo.world.made import Sheaf, World
from console.demo.world.titles import Titles
from models.staff import Organisation


@dataclass(slots=True)
class Round:
    """One run before its row, and what it saw."""

    id: UUID
    at: datetime
    platform: str
    counts: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True)
class Patrol:
    """Whoever patrols, with the people that it has: none where nobody signs in."""

    world: World
    sheaf: Sheaf
    owner: Organisation
    titles: Titles
    actor: Mapping[str, Any]
    planner: UUID | None
    filler: UUID | None
    reviewer: UUID | None
