"""Sums of weights: how flagged a title is, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.patrol.screening.grams import CLASS_FAMILIES, Grams, grams
from models.patrol.screening.model import STEP, Model
from models.patrol.screening.views import View, Views

_SMOOTH: Final = 3.0
"""Added to a title's length: a single word says less than a sentence of it."""


def lengths_of(views: Views) -> NDArray[np.float64]:
    """The root of every title's folded length, by which sums are divided."""
    view = views.folded
    ends = np.append(view.starts[1:], len(view.symbols))
    return np.sqrt(ends - view.starts + _SMOOTH)


def flag_logits(views: Views, model: Model) -> NDArray[np.float64]:
    """Log-odds that each title is flagged."""
    table = model.flag_table
    total = np.zeros(len(views), np.int64)
    sums: dict[str, NDArray[np.int32]] = {}
    for one in grams(views):
        added = sums.setdefault(one.name, np.zeros(len(one.view.symbols), np.int32))
        added[: len(one.slots)] += table[one.slots]
    for name, added in sums.items():
        view: View = getattr(views, name)
        total += np.add.reduceat(added, view.starts, dtype=np.int64)
    return total / (STEP * lengths_of(views)) + model.flag_bias


@dataclass(frozen=True, slots=True)
class Hits:
    """Runs of letters that a model's classes know: whose they are, and their row of weights."""

    owners: NDArray[np.int64]
    rows: NDArray[np.int32]
    lengths: NDArray[np.float64]

    def of(self, titles: NDArray[np.bool_]) -> "Hits":
        """Those of some of the titles."""
        kept = titles[self.owners]
        return Hits(self.owners[kept], self.rows[kept], self.lengths)

    def logits(self, model: Model, columns: Sequence[int]) -> NDArray[np.float64]:
        """Log-odds of some of the classes, a row a title, a column a class."""
        weights, size = model.class_columns, len(self.lengths)
        sums = [np.bincount(self.owners, weights[one][self.rows], size) for one in columns]
        return (
            np.stack(sums, axis=1) / (STEP * self.lengths)[:, None]
            + model.class_biases[list(columns)]
        )


def hits_of(views: Views, model: Model) -> Hits:
    size = len(views)
    owners: dict[str, NDArray[np.int64]] = {}
    hits, places = list[NDArray[np.int32]](), list[NDArray[np.int64]]()
    for one in grams(views, CLASS_FAMILIES):
        if one.name not in owners:
            ends = np.append(one.view.starts[1:], len(one.view.symbols))
            owners[one.name] = np.repeat(np.arange(size), ends - one.view.starts)
        row = model.class_rows[one.slots]
        known = np.flatnonzero(row)
        hits.append(row[known])
        places.append(owners[one.name][known])
    return Hits(np.concatenate(places), np.concatenate(hits), lengths_of(views))


def placed_weights(views: Views, model: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For every code point as written how much it spoke for the flag, and how much by sound."""
    table = model.flag_table
    size = len(views.codes)
    found = dict[str, NDArray[np.float64]]()
    views_by_name: dict[str, tuple[View, NDArray[np.float64]]] = {}
    for one in grams(views):
        _, shares = views_by_name.setdefault(one.name, (one.view, np.zeros(len(one.view.symbols))))
        _smear(shares, one, table[one.slots] / one.length)
    for name, (view, shares) in views_by_name.items():
        if view.sources is None:
            found[name] = shares
        else:
            found[name] = np.bincount(view.sources, shares, size).astype(np.float64)
    lengths = np.diff(np.append(views.starts, size))
    scale = np.repeat(1 / (STEP * lengths_of(views)), lengths)
    return (found["raw"] + found["folded"] + found["heard"]) * scale, found["heard"] * scale


def _smear(shares: NDArray[np.float64], one: Grams, weights: NDArray[np.float64]) -> None:
    for step in range(one.length):
        reached = shares[step : step + len(weights)]
        reached += weights[: len(reached)]
