"""What is ordered for cards that are used beyond their scope, and what their holder is told.

Reason, remedy and papers are told with each order; an appeal is taken in and, where it is upheld,
the order is lifted at once (Anti-Fraud Law art. 12, 32).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, of_carrier


class CardMeasure(StrEnum):
    """From the mildest to the gravest."""

    WARN = "warn"
    RESTRICT = "restrict"
    REVERIFY = "reverify"
    SUSPEND = "suspend"
    SHUT_DOWN = "shut_down"


LIMITS_SERVICE: Final = frozenset(
    {CardMeasure.RESTRICT, CardMeasure.SUSPEND, CardMeasure.SHUT_DOWN}
)
"""These cut something off, which is put on again when they end."""
RESTRICTS_BATCH: Final = LIMITS_SERVICE | {CardMeasure.REVERIFY}
"""Ordered for a whole batch, these make it `restricted`. Emergency calls stay open under each
(004-4.3-c).
"""


class OrderState(StrEnum):
    IN_FORCE = "in_force"
    CARRIED_OUT = "carried_out"
    APPEALED = "appealed"
    LIFTED = "lifted"


class OrderMove(StrEnum):
    CARRY_OUT = "carry_out"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    LIFT = "lift"


_S, _M = OrderState, OrderMove
ORDER_MOVES: Final[Mapping[tuple[OrderState, OrderMove], OrderState]] = {
    (_S.IN_FORCE,     _M.CARRY_OUT):  _S.CARRIED_OUT,
    (_S.IN_FORCE,     _M.APPEAL):     _S.APPEALED,
    (_S.IN_FORCE,     _M.LIFT):       _S.LIFTED,
    (_S.CARRIED_OUT,  _M.APPEAL):     _S.APPEALED,
    (_S.CARRIED_OUT,  _M.LIFT):       _S.LIFTED,
    (_S.APPEALED,     _M.CARRY_OUT):  _S.APPEALED,
    (_S.APPEALED,     _M.UPHOLD):     _S.LIFTED,
    (_S.APPEALED,     _M.DISMISS):    _S.CARRIED_OUT,
}  # fmt: skip
"""A dismissed appeal leads back to `in_force` where the order was not carried out before."""

IN_FORCE: Final = (_S.IN_FORCE, _S.CARRIED_OUT, _S.APPEALED)
"""An appeal does not lift by being lodged."""


class CardOrder(Table, table=True):
    __table_args__ = (
        # With the carrier: beside a list's index SQLite takes the one that more is known of.
        Index("ix_card_orders_batch", "batch_id", "carrier_id", "id", "state"),
        Index("ix_card_orders_carrier", "carrier_id", "state", "due_at", "id"),
        # A list's filters, so that what is not shown is not read whole either.
        Index("ix_card_orders_listed", "carrier_id", "id", "state", "measure", "due_at"),
        Index("ix_card_orders_late", "state", "is_late", "due_at"),
        # Counts by province, of whoever watches one and of whoever has the cards.
        Index("ix_card_orders_province", "province", "measure", "state"),
        Index("ix_card_orders_counted", "carrier_id", "province", "measure", "state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    """Of the notice."""
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    case_measure_id: UUID | None = Field(default=None, foreign_key="case_measures.id", index=True)
    """The measure of that case which it carries out."""
    measure: CardMeasure = Field(sa_type=words(CardMeasure))
    cards: list[str] = Field(default_factory=list, sa_type=JSON)
    """First 19 characters of the ICCIDs; none: the whole batch."""
    finding_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    reason: str = Field(max_length=2000)
    remedy: str = Field(max_length=2000)
    papers: str = Field(max_length=1000)
    is_emergency_exempt: bool = Field(default=False)
    notice_zh: str = Field(max_length=8000)
    notice_en: str = Field(max_length=8000)
    """The whole letter, as it was when it was ordered."""
    state: OrderState = Field(default=OrderState.IN_FORCE, sa_type=words(OrderState))
    ordered_by: UUID | None = Field(default=None)
    ordered_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    told_how: str = Field(default="", max_length=300)
    """By which way, with the number of the receipt."""
    told_by: UUID | None = Field(default=None)
    carried_out_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    carried_out_by: UUID | None = Field(default=None)
    proof_sha256: str = Field(default="", max_length=64)
    proof_file: str = Field(default="", max_length=200)
    proof_type: str = Field(default="", max_length=64)
    appeal: str = Field(default="", max_length=4000)
    appellant: str = Field(default="", max_length=200)
    """The unit that appeals."""
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appeal_decided_by: UUID | None = Field(default=None)
    appeal_answer: str = Field(default="", max_length=2000)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_by: UUID | None = Field(default=None)
    lifted_why: str = Field(default="", max_length=1000)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Of what has to be done next: told and carried out, verified again, the appeal decided."""
    is_late: bool = Field(default=False)
    rule_version: str = Field(default="", max_length=64)
    version: int = Field(default=1)

    def move(self, move: OrderMove) -> None:
        after = moved(ORDER_MOVES, self.state, move)
        if move is OrderMove.DISMISS and self.carried_out_at is None:
            after = OrderState.IN_FORCE
        self.state = after
        self.is_late = False
        self.version += 1

    def open_moves(self) -> list[OrderMove]:
        return open_moves(ORDER_MOVES, self.state)

    def covers(self, key: str) -> bool:
        """Whether it holds for the card of these 19 characters."""
        return not self.cards or key in self.cards

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id
