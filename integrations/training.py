"""Training in a process of its own: bounded in time and memory, and the console goes on."""

import atexit
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from integrations.child import Child, Died
from models.patrol.screening import Label, Model

SECONDS: Final = 300.0
_LONGEST: Final = 64_000_000
_FRAMES: Final = 2


@dataclass(frozen=True, slots=True)
class Labelled:
    """A title, and what an officer said it is; the digest says whether it is held out."""

    title: str
    shop_name: str
    label: Label
    sha256: str

    @property
    def is_held_out(self) -> bool:
        return int(self.sha256[:8], 16) % 5 == 0


@dataclass(frozen=True, slots=True)
class Trained:
    body: bytes
    learned: int
    """Labels of the organisation that it learned from."""
    measures: dict[str, Any]
    """`new` and `old`, each with its version; over all that was held out, and over the labels."""


class TrainingFailed(Exception):
    """No model came of it, and why."""


class Training:
    """A process that trains a model and measures it beside the old one, on what neither learned.

    It is ended when it takes too long, when it is closed, and with the process that began it.
    """

    def __init__(self, old: Model, labels: Sequence[Labelled], seconds: float = SECONDS) -> None:
        self._child = Child("integrations.training_child", seconds, _LONGEST)
        atexit.register(self.close)
        try:
            told = json.dumps([asdict(one) for one in labels]).encode()
            self._child.tell(old.to_bytes(), told)
        except Died as died:
            self.close()
            raise TrainingFailed(str(died)) from died

    def wait(self, seconds: float = SECONDS) -> Trained | None:
        """The new model; None when there is none after so many seconds, and there may be later."""
        try:
            if not self._child.is_ready(seconds):
                return None
            answer: dict[str, Any] = json.loads(self._child.hear())
            if "problem" in answer:
                raise TrainingFailed(answer["problem"])
            return Trained(self._child.hear(), answer["learned"], answer["measures"])
        except Died as died:
            raise TrainingFailed(str(died)) from died

    def close(self) -> None:
        atexit.unregister(self.close)
        self._child.close()
