"""Models that learned from an organisation's own labels: compared, adopted, in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.audit import history
from console.desk import Desk, House, Order, Slice, Work
from integrations.evidence import Digest, Store
from models.audit import AuditEntry
from models.patrol.labels import ModelMove, ModelState, ScreenModel, TitleLabel
from models.patrol.screening import Model, shipped_model
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed

_UNTRAINED: Final = (ModelState.TRAINING, ModelState.FAILED)
_LONGEST_REASON: Final = 1000
_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class ModelRecord:
    model: ScreenModel
    deeds: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True)
class Standing:
    """What screens now, and what waits to be learned."""

    version: str
    adopted: ScreenModel | None
    """None: the shipped model."""
    candidate: ScreenModel | None
    training: ScreenModel | None
    """The newest, while it is being trained or when its training failed."""
    labels: int
    disagreements: int
    waiting: int
    """Labels given since the newest model was trained."""


def model_for(house: House, organisation_id: UUID | None) -> Model:
    """The model that screens for an organisation: the one it adopted, else the shipped one."""
    if organisation_id is None:
        return shipped_model()
    with house.desk().begin(Permission.PATROL_READ) as work:
        row = _adopted(work, organisation_id)
    return shipped_model() if row is None else opened_model(house, row)


def opened_model(house: House, row: ScreenModel) -> Model:
    if not row.sha256:
        raise Conflict("model.not_trained_yet", number=row.number)
    return _opened(house.settings.data / "evidence", row.sha256)


@lru_cache(maxsize=_KEPT)
def _opened(store: Path, sha256: str) -> Model:
    return Model.from_bytes(Store(store).open(Digest(sha256)))


def adopt_model(
    desk: Desk, model_id: UUID | str, reason: str = "", *, version: int | None = None
) -> ScreenModel:
    """Let it screen from now on. Somebody else than its trainer; a worse one needs a reason."""
    with desk.begin(Permission.MODEL_ADOPT) as work:
        row = _held(work, model_id, version)
        if row.trained_by == work.actor.id:
            raise NotAllowed("model.same_person", title=row.number)
        now = _adopted(work, row.organisation_id)
        if row.state is ModelState.CANDIDATE and not reason.strip():
            _refuse_worse(row, now, desk.house)
        if row.state is ModelState.REPLACED and not reason.strip():
            raise Invalid("model.reason_needed")
        row.move(ModelMove.ADOPT)
        row.judged_by, row.reason = work.actor.id, reason.strip()[:_LONGEST_REASON]
        if now is not None:
            now.move(ModelMove.REPLACE)
            work.record("model.replaced", now, by=row.number)
        work.record("model.adopted", row, reason=row.reason)
        return row


def refuse_model(
    desk: Desk, model_id: UUID | str, reason: str, *, version: int | None = None
) -> ScreenModel:
    if not reason.strip():
        raise Invalid("model.reason_needed")
    with desk.begin(Permission.MODEL_ADOPT) as work:
        row = _held(work, model_id, version)
        row.move(ModelMove.REFUSE)
        row.judged_by, row.reason = work.actor.id, reason.strip()[:_LONGEST_REASON]
        work.record("model.refused", row, reason=row.reason)
        return row


def list_models(desk: Desk, after: str | None = None, *, limit: int = 50) -> Slice[ScreenModel]:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.slice(work.select(ScreenModel), Order.by(ScreenModel.id), after, limit)


def model_record(desk: Desk, model_id: UUID | str) -> ModelRecord:
    with desk.begin(Permission.PATROL_READ) as work:
        row = work.get(ScreenModel, model_id)
        return ModelRecord(row, history(work, row))


def model_numbered(desk: Desk, number: str) -> ScreenModel:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.one(work.select(ScreenModel).where(ScreenModel.number == number), ScreenModel)


def standing(desk: Desk) -> Standing:
    """Of the actor's own organisation."""
    own = desk.actor.organisation_id
    version = model_for(desk.house, own).version
    with desk.begin(Permission.PATROL_READ) as work:
        if own is None:
            return Standing(version, None, None, None, 0, 0, 0)
        newest = (
            work.select(ScreenModel)
            .where(ScreenModel.organisation_id == own)
            .order_by(col(ScreenModel.id).desc())
            .limit(1)
        )
        last = work.session.exec(newest).first()
        trained = work.session.exec(newest.where(col(ScreenModel.state).not_in(_UNTRAINED))).first()
        is_open = trained is not None and trained.state is ModelState.CANDIDATE
        count = (
            select(func.count()).select_from(TitleLabel).where(TitleLabel.organisation_id == own)
        )
        later = count if trained is None else count.where(
            TitleLabel.labelled_at > trained.trained_at
        )  # fmt: skip
        return Standing(
            version,
            _adopted(work, own),
            trained if is_open else None,
            last if last is not None and last.state in _UNTRAINED else None,
            work.session.exec(count).one(),
            work.session.exec(
                count.where(col(TitleLabel.label) != col(TitleLabel.machine_label))
            ).one(),
            work.session.exec(later).one(),
        )


def _adopted(work: Work, organisation_id: UUID) -> ScreenModel | None:
    return work.session.exec(
        select(ScreenModel)
        .where(ScreenModel.organisation_id == organisation_id)
        .where(ScreenModel.state == ModelState.ADOPTED)
        .order_by(col(ScreenModel.id).desc())
        .limit(1)
    ).first()


def _held(work: Work, model_id: UUID | str, version: int | None) -> ScreenModel:
    row = work.get(ScreenModel, model_id)
    if not work.actor.is_house and row.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=row.title)
    if version is not None and version != row.version:
        raise Conflict("patrol.changed_meanwhile", title=row.title)
    return row


def _refuse_worse(row: ScreenModel, now: ScreenModel | None, house: House) -> None:
    new, old = row.measures["new"], row.measures["old"]
    in_force = shipped_model().version if now is None else opened_model(house, now).version
    if old["version"] != in_force:
        raise Conflict("model.compared_with_another", number=row.number, version=in_force)
    if new["f1"] < old["f1"]:
        raise Conflict("model.worse", number=row.number, new=_shown(new), old=_shown(old))


def _shown(measures: dict[str, Any]) -> str:
    return f"{measures['f1']:.3f}"
