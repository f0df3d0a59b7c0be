"""Training is promised by a row and done in a process of its own; people go on meanwhile."""

from collections.abc import MutableMapping, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.channel.numbers import next_numbers
from console.actions.patrol.models import model_for
from console.desk import Desk, Work
from integrations.evidence import Damaged
from integrations.training import SECONDS, Labelled, Trained, Training, TrainingFailed
from models.patrol.labels import ModelMove, ModelState, ScreenModel, TitleLabel
from models.patrol.screening import Label
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.rules import china_day

FEWEST: Final = 20
"""Labels from which training is worth its while: a fifth of them is kept to compare with."""
MOST: Final = 20_000
"""Labels that are learned from, the newest."""
_A_WHILE: Final = 1.0
"""Seconds that a worker waits at a time, so that it can be stopped in between."""
_LONGEST: Final = 1000
Trainings = MutableMapping[UUID, Training]
"""What is under way in one process."""


def promise_training(desk: Desk) -> ScreenModel:
    """A model to be trained on the shipped titles and the organisation's labels; one at a time."""
    with desk.begin(Permission.MODEL_TRAIN) as work:
        own, person = work.actor.organisation_id, work.actor.id
        if own is None or person is None:
            raise NotAllowed("model.nobody")
        counted = select(func.count()).select_from(TitleLabel)
        labels = work.session.exec(counted.where(TitleLabel.organisation_id == own)).one()
        if labels < FEWEST:
            raise Conflict("model.too_few_labels", n=labels, least=FEWEST)
        year = china_day(work.at).year
        (serial,) = next_numbers(work, f"models:{year}")
        busy = work.session.exec(
            select(ScreenModel)
            .where(ScreenModel.organisation_id == own, ScreenModel.state == ModelState.TRAINING)
            .limit(1)
        ).first()
        if busy is not None:
            raise Conflict("model.in_training", number=busy.number)
        row = work.add(
            ScreenModel(
                number=f"SM-{year}-{serial:04d}",
                organisation_id=own,
                sha256="",
                labels=min(labels, MOST),
                state=ModelState.TRAINING,
                trained_by=person,
                trained_at=work.at,
            )
        )
        work.record("model.promised", row, labels=row.labels)
        return row


def waiting_trainings(desk: Desk) -> Sequence[UUID]:
    """Models that are promised, the oldest first."""
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(ScreenModel.id)
            .where(ScreenModel.state == ModelState.TRAINING)
            .order_by(col(ScreenModel.id))
        ).all()


def advance_training(desk: Desk, model_id: UUID, begun: Trainings | None = None) -> bool:
    """Wait for a promised model, and keep it; False when nothing is left to wait for.

    `begun` holds what trains from one call to the next; without it the call waits to the end.
    After a kill it begins anew: two that train the same do no harm, the first is kept. A fifth of
    the labels, by hash, and the shipped titles of authors held out are never learned from.
    """
    with desk.begin(Permission.PATROL_READ) as work:
        row = work.get(ScreenModel, model_id)
    under_way: Trainings = dict[UUID, Training]() if begun is None else begun
    ended: Trained | TrainingFailed | None = None
    try:
        if row.state is ModelState.TRAINING:
            training = under_way.get(row.id) or _begun(desk, row)
            under_way[row.id] = training
            ended = training.wait(SECONDS if begun is None else _A_WHILE)
            if ended is None:
                return True
    except TrainingFailed as failed:
        ended = failed
    if row.id in under_way:
        under_way.pop(row.id).close()
    if ended is not None:
        _keep(desk, row.id, ended)
    return False


def train_model(desk: Desk) -> ScreenModel:
    """Promise a model and train it here and now, for the command line."""
    row = promise_training(desk)
    advance_training(desk.house.desk(), row.id)
    with desk.begin(Permission.PATROL_READ) as work:
        row = work.get(ScreenModel, row.id)
    if row.state is ModelState.FAILED:
        raise Conflict("model.not_trained", problem=row.reason)
    return row


def _begun(desk: Desk, row: ScreenModel) -> Training:
    with desk.begin(Permission.PATROL_READ) as work:
        labels = _labels(work, row.organisation_id)
    try:
        return Training(model_for(desk.house, row.organisation_id), labels)
    except (Damaged, FileNotFoundError):
        raise TrainingFailed("damaged") from None


def _keep(desk: Desk, model_id: UUID, ended: Trained | TrainingFailed) -> None:
    digest = desk.house.evidence.keep(ended.body) if isinstance(ended, Trained) else ""
    with desk.begin(Permission.MODEL_TRAIN) as work:
        row = work.get(ScreenModel, model_id)
        if row.state is not ModelState.TRAINING:
            return  # kept by another worker meanwhile
        if isinstance(ended, TrainingFailed):
            row.move(ModelMove.FAIL)
            row.reason = str(ended)[:_LONGEST]
            work.record("model.failed", row, problem=row.reason)
            return
        row.move(ModelMove.FINISH)
        row.sha256, row.labels, row.measures = digest, ended.learned, ended.measures
        work.record("model.trained", row, labels=row.labels, sha256=digest)


def _labels(work: Work, organisation_id: UUID) -> list[Labelled]:
    rows = work.session.exec(
        select(
            TitleLabel.title_seen, TitleLabel.shop_name, TitleLabel.label, TitleLabel.title_sha256
        )
        .where(TitleLabel.organisation_id == organisation_id)
        .order_by(col(TitleLabel.id).desc())
        .limit(MOST)
    ).all()
    return [Labelled(title, shop, Label(label), digest) for title, shop, label, digest in rows]
