"""What was learned: a weight for every run of letters, as arrays that are their own identity."""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.data import packaged_bytes
from models.patrol.screening.grams import SLOTS
from models.patrol.screening.labels import FLAGGED, Label, OfferKind

FORMAT: Final = 2
STEP: Final = 1024
"""Weights are kept in steps of 1/1024, so that sums are exact in any order."""
NOT_A_MODEL: Final = "not a model of this format"


@dataclass(frozen=True)
class Model:
    """Flag weights by slot; weights of labels and kinds by slot for what is flagged."""

    flag_slots: NDArray[np.uint32]
    flag_weights: NDArray[np.int16]
    flag_bias: float
    threshold: float
    """The probability from which an offer is flagged."""
    class_slots: NDArray[np.uint32]
    class_weights: NDArray[np.int16]
    """A row a slot, a column a class: the labels that are flagged, then the kinds."""
    class_biases: NDArray[np.float32]
    kinds: tuple[OfferKind, ...]
    version: str

    def to_bytes(self) -> bytes:
        """The same bytes for the same model, on any day."""
        head = {
            "format": FORMAT,
            "bias": self.flag_bias,
            "threshold": self.threshold,
            "kinds": [kind.value for kind in self.kinds],
            "version": self.version,
        }
        out = io.BytesIO()
        np.savez_compressed(
            out,
            head=np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8),
            flag_slots=self.flag_slots,
            flag_weights=self.flag_weights,
            class_slots=self.class_slots,
            class_weights=self.class_weights,
            class_biases=self.class_biases,
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> "Model":
        """Raise ValueError for what is no model; nothing in the bytes is run."""
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as kept:
                arrays: dict[str, NDArray[Any]] = {name: kept[name] for name in kept.files}
            head = json.loads(arrays["head"].tobytes())
            kinds = tuple(OfferKind(kind) for kind in head["kinds"])
            model = cls(
                flag_slots=arrays["flag_slots"].astype(np.uint32),
                flag_weights=arrays["flag_weights"].astype(np.int16),
                flag_bias=float(head["bias"]),
                threshold=float(head["threshold"]),
                class_slots=arrays["class_slots"].astype(np.uint32),
                class_weights=arrays["class_weights"].astype(np.int16),
                class_biases=arrays["class_biases"].astype(np.float32),
                kinds=kinds,
                version=str(head["version"]),
            )
        except (OSError, EOFError, KeyError, TypeError, ValueError) as broken:
            raise ValueError(NOT_A_MODEL) from broken
        if head["format"] != FORMAT or not model.is_whole:
            raise ValueError(NOT_A_MODEL)
        return model

    @property
    def is_whole(self) -> bool:
        """Every slot is one, and every slot has its weights."""
        columns = len(FLAGGED) + len(self.kinds)
        return (
            self.flag_slots.shape == self.flag_weights.shape
            and self.class_weights.shape == (len(self.class_slots), columns)
            and self.class_biases.shape == (columns,)
            and int(self.flag_slots.max(initial=0)) < SLOTS
            and int(self.class_slots.max(initial=0)) < SLOTS
        )

    @property
    def labels(self) -> tuple[Label, ...]:
        return FLAGGED

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @cached_property
    def flag_table(self) -> NDArray[np.int16]:
        """The flag's weight of every slot."""
        table = np.zeros(SLOTS, np.int16)
        table[self.flag_slots] = self.flag_weights
        return table

    @cached_property
    def class_rows(self) -> NDArray[np.int32]:
        """The row of every slot in `class_columns`; 0 is the row without weights."""
        rows = np.zeros(SLOTS, np.int32)
        rows[self.class_slots] = np.arange(1, len(self.class_slots) + 1, dtype=np.int32)
        return rows

    @cached_property
    def class_columns(self) -> tuple[NDArray[np.float64], ...]:
        """The weights of one class after the other, by the row of `class_rows`."""
        none = np.zeros((1, self.class_weights.shape[1]))
        whole = np.concatenate([none, self.class_weights])
        return tuple(np.ascontiguousarray(column) for column in whole.T)


@cache
def shipped_model() -> Model:
    return Model.from_bytes(packaged_bytes("screening-model.npz"))
