"""Training in a process of its own: bounded in time and memory, and the console goes on."""

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


def trained_beside(old: Model, labels: Sequence[Labelled], *, seconds: float = SECONDS) -> Trained:
    """A new model, measured beside the old one on what neither learned from these labels."""
    child = Child("integrations.training_child", seconds, _LONGEST)
    try:
        child.tell(old.to_bytes(), json.dumps([asdict(one) for one in labels]).encode())
        answer: dict[str, Any] = json.loads(child.hear())
        if "problem" in answer:
            raise TrainingFailed(answer["problem"])
        return Trained(child.hear(), answer["learned"], answer["measures"])
    except Died as died:
        raise TrainingFailed(str(died)) from died
    finally:
        child.close()
