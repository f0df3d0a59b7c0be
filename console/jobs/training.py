"""Models are trained by themselves, one after another: each takes a processor for a while."""

from typing import Final
from uuid import UUID

from console.actions.patrol.training import Trainings, advance_training, waiting_trainings
from console.desk import Desk
from console.jobs.base import Kind


class Lessons:
    """What trains in this process between two looks at it."""

    def __init__(self) -> None:
        self._begun: Trainings = {}

    def advance(self, desk: Desk, model_id: UUID) -> bool:
        return advance_training(desk, model_id, self._begun)


def _lane(_desk: Desk, _model_id: UUID) -> str:
    return "training"


TRAININGS: Final = Kind("training", waiting_trainings, Lessons().advance, _lane)
