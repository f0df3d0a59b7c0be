"""Patrols go on by themselves, those of one host one after another."""

from typing import Final
from uuid import UUID

from console.actions.patrol.asking import Road
from console.actions.patrol.plan import lane_of, queued_runs
from console.actions.patrol.run import advance_run
from console.desk import Desk
from console.jobs.base import Kind


class Walks:
    """What the runs of this process need between two questions: their pace, robots, keys."""

    def __init__(self) -> None:
        self._roads: dict[UUID, Road] = {}

    def advance(self, desk: Desk, run_id: UUID) -> bool:
        return advance_run(desk, run_id, self._roads)


PATROLS: Final = Kind("patrol", queued_runs, Walks().advance, lane_of)
