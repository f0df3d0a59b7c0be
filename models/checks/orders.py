"""What is said and seen of the order behind a check: times, references and answers, nobody's data.

Two ways lead to an active card (004-3.2). A: checked at hand-over, then active. B: the data are
taken at selection, the card is sent inactive, and the carrier checks live before it is activated.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from models.cards.persons import CaptureMethod

MOST_CARDS: Final = 20
"""Cards of one order."""
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]


class Route(StrEnum):
    A = "a"
    B = "b"


class OrderFacts(BaseModel):
    """One order. What nobody knows yet is None; a reference is a number in the carrier's books."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    route: Route | None = None
    order_no: _Short = ""
    iccids: Annotated[tuple[_Short, ...], Field(max_length=MOST_CARDS)] = ()
    """As ordered or as printed on what came."""
    ordered_at: AwareDatetime | None = None
    authority_compare_ref: _Short = ""
    """Of the comparison with the national citizen identity number query service (004-3.2-b)."""
    compared_at: AwareDatetime | None = None
    compare_agrees: bool | None = None
    """What the carrier answers: whether the document is the one that was submitted."""
    capture: CaptureMethod | None = None
    """How the agent took the identity (004-2.1-b)."""
    manual_entry: bool | None = None
    """The inspector saw identity data typed by hand (004-2.1-c)."""
    asked_identity: bool | None = None
    """Whether anybody asked who buys (004-1-b)."""
    shipped_at: AwareDatetime | None = None
    handed_over_at: AwareDatetime | None = None
    handover_match: bool | None = None
    """Recipient and shown document were those of the order (004-3.2-d)."""
    live_check_ref: _Short = ""
    """Of the carrier's check by picture or video (004-3.2-g)."""
    live_checked_at: AwareDatetime | None = None
    activated_at: AwareDatetime | None = None
    active_on_arrival: bool | None = None
    """Whether the card worked when it came."""
    holder_is_document: bool | None = None
    """By the inspector's eye: whoever holds the card is on the document (004-3.2-h)."""

    @property
    def is_order(self) -> bool:
        """There is an order at all, and not only a person or a shop."""
        return bool(self.order_no or self.route or self.ordered_at or self.shipped_at)

    @property
    def is_active(self) -> bool | None:
        """Whether service is open, as far as anybody knows."""
        return True if self.activated_at is not None else self.active_on_arrival

    @property
    def went_on(self) -> bool:
        """The order was acted on: sent, handed over or activated."""
        moments = (self.shipped_at, self.handed_over_at, self.activated_at)
        return any(moment is not None for moment in moments) or self.active_on_arrival is not None

    @property
    def may_be_active(self) -> bool | None:
        """Whether the card may be active by what its route asks for before."""
        match self.route:
            case Route.A:
                return self.handed_over_at is not None and self.handover_match is True
            case Route.B:
                return self.live_checked_at is not None and bool(self.live_check_ref)
            case None:
                return None

    def as_row(self) -> dict[str, Any]:
        """As `SpotCheck.order` keeps it."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "OrderFacts":
        return cls.model_validate(row)


def is_reference(text: str) -> bool:
    """A number in somebody's books, and no words about people."""
    return _REFERENCE.fullmatch(text) is not None


def latest(facts: OrderFacts) -> datetime | None:
    """The last thing that is said to have happened."""
    moments = (
        facts.ordered_at, facts.compared_at, facts.shipped_at, facts.handed_over_at,
        facts.live_checked_at, facts.activated_at,
    )  # fmt: skip
    return max((one for one in moments if one is not None), default=None)
