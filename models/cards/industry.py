"""A batch of industry cards (行业卡批次), from its order to its retirement (DOMAIN 4.10)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKeyConstraint, Index, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cards.classes import CardClass
from models.search import LONGEST_SOUGHT
from models.staff import Actor, of_carrier


class BatchState(StrEnum):
    DRAFT = "draft"
    PURCHASER_REVIEW = "purchaser_review"
    APPROVED = "approved"
    REFUSED = "refused"
    CONTRACTED = "contracted"
    REGISTERED = "registered"
    IN_USE = "in_use"
    RESTRICTED = "restricted"
    SHUT_DOWN = "shut_down"
    RETIRED = "retired"


class BatchMove(StrEnum):
    SUBMIT = "submit"
    ASSESS_PASS = "assess_pass"  # noqa: S105 - a move
    ASSESS_FAIL = "assess_fail"
    CONTRACT = "contract"
    REGISTER = "register"
    ACTIVATE = "activate"
    CHANGE_ACCOUNTABLE = "change_accountable"
    ABNORMAL = "abnormal"
    REVERIFY_OK = "reverify_ok"
    REVERIFY_FAIL = "reverify_fail"
    RESALE = "resale"
    REASSESS_DUE = "reassess_due"
    DOWNSTREAM_REPORT = "downstream_report"
    RETIRE = "retire"
    APPEAL_UPHELD = "appeal_upheld"


_S, _M = BatchState, BatchMove
BATCH_MOVES: Final[Mapping[tuple[BatchState, BatchMove], BatchState]] = {
    (_S.DRAFT,             _M.SUBMIT):              _S.PURCHASER_REVIEW,
    (_S.PURCHASER_REVIEW,  _M.ASSESS_PASS):         _S.APPROVED,
    (_S.PURCHASER_REVIEW,  _M.ASSESS_FAIL):         _S.REFUSED,
    (_S.APPROVED,          _M.CONTRACT):            _S.CONTRACTED,
    (_S.CONTRACTED,        _M.REGISTER):            _S.REGISTERED,
    (_S.REGISTERED,        _M.ACTIVATE):            _S.IN_USE,
    (_S.REGISTERED,        _M.CHANGE_ACCOUNTABLE):  _S.REGISTERED,
    (_S.IN_USE,            _M.CHANGE_ACCOUNTABLE):  _S.IN_USE,
    (_S.IN_USE,            _M.ABNORMAL):            _S.RESTRICTED,
    (_S.IN_USE,            _M.REASSESS_DUE):        _S.IN_USE,
    (_S.IN_USE,            _M.DOWNSTREAM_REPORT):   _S.IN_USE,
    (_S.IN_USE,            _M.RETIRE):              _S.RETIRED,
    (_S.RESTRICTED,        _M.CHANGE_ACCOUNTABLE):  _S.RESTRICTED,
    (_S.RESTRICTED,        _M.REVERIFY_OK):         _S.IN_USE,
    (_S.RESTRICTED,        _M.REVERIFY_FAIL):       _S.SHUT_DOWN,
    (_S.RESTRICTED,        _M.RESALE):              _S.SHUT_DOWN,
    (_S.RESTRICTED,        _M.RETIRE):              _S.RETIRED,
    (_S.RESTRICTED,        _M.APPEAL_UPHELD):       _S.IN_USE,
    (_S.SHUT_DOWN,         _M.APPEAL_UPHELD):       _S.IN_USE,
    (_S.SHUT_DOWN,         _M.RETIRE):              _S.RETIRED,
}  # fmt: skip
"""Registered people may also change before activation, and an appeal against a restriction may be
upheld: both go beyond DOMAIN 4.10, which names the moves from `in_use` and `shut_down` alone. So
does the way out of `shut_down`: once nobody can appeal any more the cards are counted and the batch
is retired, or what is kept of people would be kept for ever.
"""

LIVE: Final = (_S.REGISTERED, _S.IN_USE, _S.RESTRICTED)
"""Where exactly one unit and at least one person answer for the cards (004-2.3-e)."""
ENDED: Final = (_S.REFUSED, _S.SHUT_DOWN, _S.RETIRED)
BEFORE_USE: Final = (_S.DRAFT, _S.PURCHASER_REVIEW, _S.APPROVED, _S.CONTRACTED, _S.REGISTERED)

_NOT_LIVE: Final = ", ".join(f"'{state.value}'" for state in BatchState if state not in LIVE)


_LISTED: Final = ("state", "card_class", "due_at", "search_text")
_COUNTED: Final = ("province", "state", "card_class", "cards", "unit_id", "person_id", "id")
_MADE: Final = ("activated_at", "id", "number")


class IndustryBatch(Table, table=True):
    """Cards that one unit buys for one use.

    Its accountable unit and person are named in the row itself, and only by records that are open:
    the database keeps a live batch from ever being without one.
    """

    __table_args__ = (
        # A list's filters and its search, so that what is not shown is not read whole either.
        Index("ix_industry_batches_listed", "carrier_id", "id", *_LISTED),
        Index("ix_industry_batches_state", "carrier_id", "state", "due_at", "id"),
        # Counts by province read no batch, of whoever watches one and of whoever has the cards.
        Index("ix_industry_batches_province", *_COUNTED),
        Index("ix_industry_batches_counted", "carrier_id", *_COUNTED),
        Index("ix_industry_batches_late", "state", "is_late", "due_at"),
        Index("ix_industry_batches_reassess", "state", "reassess_on"),
        Index("ix_industry_batches_change", "carrier_id", "change_due_at"),
        # What a purchaser has in use, without reading the batches.
        Index("ix_industry_batches_purchaser", "purchaser_id", "state", *_MADE),
        Index(
            "ix_industry_batches_kept",
            "keep_until",
            sqlite_where=text("keep_until IS NOT NULL"),
            postgresql_where=text("keep_until IS NOT NULL"),
        ),
        CheckConstraint("unit_open IS TRUE AND person_open IS TRUE", "answers_open"),
        CheckConstraint(
            f"state IN ({_NOT_LIVE}) OR (unit_id IS NOT NULL AND person_id IS NOT NULL)",
            "answered_for",
        ),
        ForeignKeyConstraint(
            ["unit_id", "id", "unit_open"],
            ["accountable_units.id", "accountable_units.batch_id", "accountable_units.is_open"],
            # Only one unit may be open, so a change closes the old one first.
            deferrable=True,
            initially="DEFERRED",
        ),
        ForeignKeyConstraint(
            ["person_id", "id", "person_open"],
            [
                "accountable_persons.id",
                "accountable_persons.batch_id",
                "accountable_persons.is_open",
            ],
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    """Home of the cards."""
    purchaser_id: UUID = Field(foreign_key="purchasers.id")
    card_class: CardClass = Field(sa_type=words(CardClass))
    product: str = Field(default="", max_length=120)
    ordered: int = Field(ge=1)
    """Cards that were ordered; as many have to be loaded before activation."""
    use_statement: str = Field(default="", max_length=4000)
    search_text: str = Field(default="", max_length=LONGEST_SOUGHT)
    state: BatchState = Field(default=BatchState.DRAFT, sa_type=words(BatchState))
    submitted_by: UUID | None = Field(default=None)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reviewed_by: UUID | None = Field(default=None)
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_reason: str = Field(default="", max_length=2000)
    cards: int = Field(default=0)
    """Cards that were loaded."""
    unit_id: UUID | None = Field(default=None)
    unit_open: bool = Field(default=True)
    person_id: UUID | None = Field(default=None)
    person_open: bool = Field(default=True)
    change_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Until when somebody else answers, once a change was announced (iot_accountable_change)."""
    change_reason: str = Field(default="", max_length=500)
    proof_sha256: str = Field(default="", max_length=64)
    """That the limits are set on the network's platform: its own export or picture."""
    proof_file: str = Field(default="", max_length=200)
    proof_type: str = Field(default="", max_length=64)
    activated_by: UUID | None = Field(default=None)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    assessed_until: date | None = Field(default=None)
    """The last day of the assessment in force."""
    reassess_on: date | None = Field(default=None)
    """From when it is to be assessed again; the sweep raises `is_reassess_due`."""
    is_reassess_due: bool = Field(default=False)
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    """The case on which it was shut down."""
    retired_on: date | None = Field(default=None)
    retired_cards: int = Field(default=0)
    """Cancelled and returned, as counted at its end."""
    keep_until: date | None = Field(default=None)
    """What is kept of people goes after this day (iot_retention); None: there is nothing."""
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Of what has to be done next."""
    is_late: bool = Field(default=False)
    rule_version: str = Field(default="", max_length=64)
    created_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    def move(self, move: BatchMove) -> None:
        self.state = moved(BATCH_MOVES, self.state, move)
        self.is_late = False
        self.version += 1

    def open_moves(self) -> list[BatchMove]:
        return open_moves(BATCH_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id
