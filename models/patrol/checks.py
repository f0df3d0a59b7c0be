"""What people look at in a shop that was drawn: the checklist, and who checked it again (4.8)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.data import packaged
from models.patrol.runs import of_run
from models.patrol.scope import Owned
from models.staff import Actor


class CheckItem(StrEnum):
    """What is looked at in every shop."""

    LICENCE_DISPLAYED = "licence_displayed"
    """亮照: the business licence and the carrier's delegation (004-3.1)."""
    BADGE_DISPLAYED = "badge_displayed"
    """亮标: the unified badge, with a code that is this shop's."""
    ROUTE = "route"
    """Order route A (checked before sending) or B (at handing over), as 004-3.2 asks."""
    NO_INDUSTRY_CARDS = "no_industry_cards"
    NO_FORBIDDEN_OFFERS = "no_forbidden_offers"


class CheckAnswer(StrEnum):
    GOOD = "good"
    BAD = "bad"
    NOT_APPLICABLE = "not_applicable"


class ShopCheck(Owned, Table, table=True):
    """The checklist of one drawn shop in one run."""

    __table_args__ = (
        UniqueConstraint("run_id", "shop_id"),
        Index("ix_shop_checks_waiting", "run_id", "done_at", "id"),
        Index("ix_shop_checks_own", "organisation_id", "done_at", "id"),
        Index("ix_shop_checks_review", "organisation_id", "is_review_drawn", "reviewed_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    run_id: UUID = Field(foreign_key="patrol_runs.id")
    shop_id: UUID = Field(foreign_key="shops.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    hints: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the run itself saw, by item: an offer to whoever answers, never an answer."""
    answers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """`CheckItem` to `CheckAnswer`."""
    rule_version: str = Field(default="", max_length=64)
    """The edition of the checklist that was filled in."""
    remark: str = Field(default="", max_length=1000)
    assignee_id: UUID | None = Field(default=None)
    """Who is asked to fill it in; None: whoever of the organisation may and is not related."""
    is_passed_on: bool = Field(default=False)
    """The assignee is related to the shop's agent, so it was given to somebody else."""
    done_by: UUID | None = Field(default=None)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_review_drawn: bool = Field(default=False)
    """Among the tenth that a second person checks."""
    review: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """The second person's own answers."""
    reviewed_by: UUID | None = Field(default=None)
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """What holds of the items that the two answered differently."""
    settled_by: UUID | None = Field(default=None)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_reason: str = Field(default="", max_length=1000)
    version: int = Field(default=1)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_run(actor, col(cls.run_id))

    @property
    def title(self) -> str:
        return f"{self.id.hex[-8:]}"

    @property
    def differences(self) -> list[str]:
        """The items that the two people answered differently."""
        return [item for item in self.review if self.review[item] != self.answers.get(item)]

    @property
    def is_settled(self) -> bool:
        """Nothing is left to do for the second look."""
        if not self.is_review_drawn:
            return True
        return self.reviewed_at is not None and set(self.differences) <= set(self.settled)


ITEMS: Final = tuple(CheckItem)


def checklist_version(on: date) -> str:
    """The edition of the checklist that holds on that day."""
    editions = [one for one in packaged("checklists.toml")["patrol"] if one["valid_from"] <= on]
    newest = max(editions, key=lambda one: one["valid_from"])
    return f"patrol-checklist/{newest['version']}"


def draw(seed: str, keys: Iterable[str], percent: int) -> Sequence[str]:
    """The share of the keys that a seed draws, at least one: whoever has the seed draws the same.

    Keys are ranked by SHA-256 of `<seed> NUL <key>`, so the order they come in changes nothing.
    """
    ranked = sorted(set(keys), key=lambda key: sha256(f"{seed}\0{key}".encode()).digest())
    return ranked[: -(-len(ranked) * percent // 100)]
