"""What officers said an offer is, kept to learn from; and the models that learned."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.patrol.scope import Owned, of_owner
from models.patrol.screening.labels import Label
from models.staff import Actor


class TitleLabel(Owned, Table, table=True):
    """An offer's words with the label that a person gave; the newest of a title counts."""

    __table_args__ = (
        UniqueConstraint("organisation_id", "title_sha256"),
        Index("ix_title_labels_made", "organisation_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    title_sha256: str = Field(max_length=64)
    title_seen: str = Field(max_length=1000)
    shop_name: str = Field(default="", max_length=200)
    label: Label = Field(sa_type=words(Label))
    machine_label: Label = Field(sa_type=words(Label))
    """What the engine had said."""
    finding_id: UUID | None = Field(default=None, foreign_key="findings.id", index=True)
    labelled_by: UUID
    labelled_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_owner(actor, col(cls.organisation_id))

    @property
    def title(self) -> str:
        return self.title_sha256[:12]


class ModelState(StrEnum):
    TRAINING = "training"
    FAILED = "failed"
    """Nothing came of the training; the reason says why."""
    CANDIDATE = "candidate"
    ADOPTED = "adopted"
    REFUSED = "refused"
    REPLACED = "replaced"


class ModelMove(StrEnum):
    FINISH = "finish"
    FAIL = "fail"
    ADOPT = "adopt"
    REFUSE = "refuse"
    REPLACE = "replace"


_S, _M = ModelState, ModelMove
MODEL_MOVES: Final[Mapping[tuple[ModelState, ModelMove], ModelState]] = {
    (_S.TRAINING,   _M.FINISH):   _S.CANDIDATE,
    (_S.TRAINING,   _M.FAIL):     _S.FAILED,
    (_S.CANDIDATE,  _M.ADOPT):    _S.ADOPTED,
    (_S.CANDIDATE,  _M.REFUSE):   _S.REFUSED,
    (_S.ADOPTED,    _M.REPLACE):  _S.REPLACED,
    (_S.REPLACED,   _M.ADOPT):    _S.ADOPTED,
}  # fmt: skip


class ScreenModel(Owned, Table, table=True):
    """A linear model, trained again on an organisation's own labels; first the promise of one."""

    __table_args__ = (Index("ix_screen_models_state", "organisation_id", "state", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    number: str = Field(unique=True, max_length=40)
    sha256: str = Field(max_length=64)
    """Its weights, in the store; empty before it is trained."""
    labels: int
    """How many of the organisation's labels it learned from, beside the shipped ones; before it is
    trained, how many there were.
    """
    measures: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """`new` and `old` on the same held-out labels: precision, recall, f1, accuracy, n; empty before
    it is trained.
    """
    state: ModelState = Field(default=ModelState.CANDIDATE, sa_type=words(ModelState))
    trained_by: UUID
    trained_at: datetime = Field(sa_type=UtcDateTime)
    """When its training was asked for."""
    judged_by: UUID | None = Field(default=None)
    reason: str = Field(default="", max_length=1000)
    version: int = Field(default=1)

    def move(self, move: ModelMove) -> None:
        self.state = moved(MODEL_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[ModelMove]:
        return open_moves(MODEL_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_owner(actor, col(cls.organisation_id))

    @property
    def title(self) -> str:
        return self.number
