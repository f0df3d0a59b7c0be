"""What is done by the clock. A sweep that fails is logged, and does not stop the others."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from console.desk import Desk
from console.jobs.base import Sweep
from integrations.keys import KeyUnusable
from models.refusals import Refusal


@dataclass(slots=True)
class Clock:
    sweeps: Sequence[Sweep]
    done: dict[str, float] = field(default_factory=dict[str, float])
    """When each was last begun, by the monotonic clock."""

    def tick(self, desk: Desk) -> None:
        for sweep in self.sweeps:
            now = time.monotonic()
            last = self.done.get(sweep.name)
            if last is not None and now - last < sweep.every.total_seconds():
                continue
            self.done[sweep.name] = now
            try:
                sweep.sweep(desk)
            except (Refusal, KeyUnusable, SQLAlchemyError, OSError):
                structlog.get_logger(__name__).exception("jobs.sweep_failed", sweep=sweep.name)
