"""Labels that officers gave, and the models that learned from them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.patrol.labels import get_label, list_labels, relabel
from console.actions.patrol.models import (
    adopt_model,
    list_models,
    model_for,
    model_record,
    refuse_model,
)
from console.actions.patrol.training import promise_training
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.patrol.labels import ModelState
from models.patrol.screening import Label, OfferKind, screen
from models.permissions import Permission

router = APIRouter(tags=["patrol"])


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LabelOut(_Out):
    id: UUID
    title: Annotated[str, Field(validation_alias="title_seen")]
    shop_name: str
    label: Label
    machine_label: Label
    finding_id: UUID | None
    labelled_at: datetime


class LabelIn(_In):
    label: Label


class ModelOut(_Out):
    id: UUID
    number: str
    sha256: str
    labels: int
    measures: dict[str, Any]
    state: ModelState
    trained_at: datetime
    reason: str
    version: int


class JudgeIn(_In):
    reason: Annotated[str, Field(max_length=1000)] = ""
    version: int | None = None


class ScreenedOut(_Out):
    label: Label
    kind: OfferKind
    score: float
    severity: int
    reasons: list[str]
    is_disguised: bool


@shown("TitleLabel")
def label_out(desk: Desk, label_id: UUID) -> LabelOut:
    return LabelOut.model_validate(get_label(desk, label_id))


@shown("ScreenModel")
def model_out(desk: Desk, model_id: UUID) -> ModelOut:
    return ModelOut.model_validate(model_record(desk, model_id).model)


@router.get("/labels")
def labels(
    desk: Reading,
    label: Label | None = None,
    disagree: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[LabelOut]:
    """Labels by officers; `disagree` leaves those where the machine had said something else."""
    found = list_labels(desk, after, label=label, disagree=disagree, limit=limit)
    return Page(items=[LabelOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/labels/{label_id}")
def one_label(desk: Reading, label_id: UUID) -> LabelOut:
    return LabelOut.model_validate(get_label(desk, label_id))


@router.put("/labels/{label_id}")
def put_label(desk: Writing, label_id: UUID, given: LabelIn) -> LabelOut:
    return LabelOut.model_validate(relabel(desk, label_id, given.label))


@router.get("/screening-models")
def models(desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[ModelOut]:
    found = list_models(desk, after, limit=limit)
    return Page(items=[ModelOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/screening-models/{model_id}")
def one_model(desk: Reading, model_id: UUID) -> ModelOut:
    return ModelOut.model_validate(model_record(desk, model_id).model)


@router.post("/screening-models")
def train(desk: Writing) -> ModelOut:
    """Train on the organisation's labels. Answers at once, in the state `training`; ask for the
    model until it is a `candidate`, or `failed` with the reason.
    """
    return ModelOut.model_validate(promise_training(desk))


@router.post("/screening-models/{model_id}/adopt")
def adopt(desk: Writing, model_id: UUID, given: JudgeIn) -> ModelOut:
    return ModelOut.model_validate(adopt_model(desk, model_id, given.reason, version=given.version))


@router.post("/screening-models/{model_id}/refuse")
def refuse(desk: Writing, model_id: UUID, given: JudgeIn) -> ModelOut:
    return ModelOut.model_validate(
        refuse_model(desk, model_id, given.reason, version=given.version)
    )


@router.get("/screened")
def screened(
    desk: Reading, title: Annotated[str, Field(min_length=1, max_length=1000)]
) -> ScreenedOut:
    """What the organisation's model says of a title, and why."""
    desk.must(Permission.PATROL_READ)
    model = model_for(desk.house, desk.actor.organisation_id)
    return ScreenedOut.model_validate(screen(title, model=model))
