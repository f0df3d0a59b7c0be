"""A model is learned from labelled titles, the same bytes from the same titles."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.patrol.screening.engine import screen_batch
from models.patrol.screening.grams import CLASS_FAMILIES, FAMILIES, SLOTS, grams
from models.patrol.screening.kinds import kind_of
from models.patrol.screening.labels import FLAGGED, Label, OfferKind
from models.patrol.screening.letters import tables
from models.patrol.screening.model import STEP, Model
from models.patrol.screening.scoring import lengths_of
from models.patrol.screening.views import codes_of_texts, look

FLAG_COST: Final = 0.12
CLASS_COST: Final = 0.1
THRESHOLD: Final = 0.52
"""Chosen by leaving one author out, for precision on the authors left out (docs/screening.md)."""
IDF_POWER: Final = 2.0
"""How much more a rarer run of letters may weigh; with 1 the figures were .01 lower."""
_RARE: Final = 2
_RARE_CLASS: Final = 4
_SMALLEST: Final = 4
"""Weights below so many steps are left out."""


Sparse: TypeAlias = Any
"""A matrix of SciPy, which has no types of its own."""


@dataclass(frozen=True, slots=True)
class Example:
    """A title and what a person said it offers."""

    title: str
    label: Label
    kind: str = ""
    """The author's word for what is offered, or a word of `OfferKind`."""
    evasion: str = ""
    author: str = ""
    weight: float = 1.0
    """How much it counts; a bare word of the field counts less than a title."""


@dataclass(frozen=True, slots=True)
class Measures:
    """How well a model reads labelled titles; the flag is any label but `not_card`."""

    n: int
    precision: float
    recall: float
    f1: float
    accuracy: float
    """Share of titles with the right one of five labels."""
    by_evasion: Mapping[str, float] = field(default_factory=dict[str, float])
    """Recall of the flag among flagged titles of each disguise."""
    false_alarms: Sequence[str] = ()


def measure(model: Model, examples: Sequence[Example]) -> Measures:
    """Read the titles with the model and compare; nothing is learned."""
    batch = pa.RecordBatch.from_pydict({"title": [_clean(one.title) for one in examples]})
    said = screen_batch(batch, model).column("label").to_pylist()
    return compared(said, examples)


def compared(said: Sequence[str], examples: Sequence[Example]) -> Measures:
    pairs = [(Label(word), one) for word, one in zip(said, examples, strict=True)]
    flagged = sum(label in FLAGGED for label, _ in pairs)
    true = sum(one.label in FLAGGED for _, one in pairs)
    hits = Counter(one.evasion for label, one in pairs if label in FLAGGED and one.label in FLAGGED)
    meant = Counter(one.evasion for _, one in pairs if one.label in FLAGGED)
    hit, n = hits.total(), len(pairs)
    return Measures(
        n=n,
        precision=hit / flagged if flagged else 1.0,
        recall=hit / true if true else 1.0,
        f1=2 * hit / (flagged + true) if flagged + true else 1.0,
        accuracy=sum(label is one.label for label, one in pairs) / n if n else 1.0,
        by_evasion={name: hits[name] / count for name, count in sorted(meant.items())},
        false_alarms=tuple(
            one.title for label, one in pairs if label in FLAGGED and one.label not in FLAGGED
        ),
    )


def _clean(title: str) -> str:
    return title.encode("utf-8", "replace").decode()


def train(examples: Iterable[Example], *, version: str = "") -> Model:
    """Learn from the titles. The order of the examples does not count."""
    known = sorted(set(examples), key=lambda one: (one.title, one.label, one.author))
    if {one.label in FLAGGED for one in known} != {True, False}:
        msg = "titles of both sides are needed"
        raise ValueError(msg)
    counts = counted([one.title for one in known])
    weights = np.array([one.weight for one in known])
    flags = np.array([one.label in FLAGGED for one in known])
    flag_slots, flag_weights, bias = _fit(counts, flags, weights, FLAG_COST, _RARE)
    classes = _classes(known, weights)
    return Model(
        flag_slots=flag_slots,
        flag_weights=flag_weights,
        flag_bias=bias,
        threshold=THRESHOLD,
        class_slots=classes.slots,
        class_weights=classes.weights,
        class_biases=classes.biases,
        kinds=classes.kinds,
        version=version or _version(known),
    )


def _version(examples: Sequence[Example]) -> str:
    """Short enough to read aloud; of the examples alone."""
    digest = hashlib.sha256()
    for one in examples:
        digest.update(f"{one.title}\x1f{one.label}\x1f{one.kind}\x1e".encode("utf-8", "replace"))
    return f"titles-{len(examples)}-{digest.hexdigest()[:10]}"


def counted(titles: Sequence[str], families: Collection[tuple[str, int]] = FAMILIES) -> Sparse:
    """A sparse row a title: how often each slot occurs, over the root of the title's length."""
    from scipy import sparse

    views = look(*codes_of_texts(titles), tables())
    rows, slots = list[NDArray[np.int64]](), list[NDArray[np.int64]]()
    for one in grams(views, families):
        owner = np.searchsorted(one.view.starts, np.arange(len(one.slots)), side="right") - 1
        real = one.slots != 0
        rows.append(owner[real])
        slots.append(one.slots[real].astype(np.int64))
    row, slot = np.concatenate(rows), np.concatenate(slots)
    shape = (len(titles), SLOTS)
    counts = sparse.csr_matrix((np.ones(len(row), np.float64), (row, slot)), shape=shape)
    counts.sum_duplicates()
    return (sparse.diags(1 / lengths_of(views)) @ counts).tocsr()


def _fit(
    counts: Sparse,
    wanted: NDArray[np.bool_],
    weights: NDArray[np.float64],
    cost: float,
    rare: int,
) -> tuple[NDArray[np.uint32], NDArray[np.int16], float]:
    """Logistic regression; rarer runs of letters may weigh more (idf as their prior)."""
    slots, scaled, idf = _scaled(counts, rare)
    found, bias = _regress(scaled, wanted, weights, cost)
    steps = np.clip(np.rint(found * idf * STEP), -32767, 32767).astype(np.int16)
    kept = np.abs(steps) >= _SMALLEST
    return slots[kept].astype(np.uint32), steps[kept], bias


def _scaled(counts: Sparse, rare: int) -> tuple[NDArray[np.int64], Sparse, NDArray[np.float64]]:
    from scipy import sparse

    seen = np.bincount(counts.indices, minlength=SLOTS)
    slots = np.flatnonzero(seen >= rare)
    idf = (np.maximum(np.log(counts.shape[0] / seen[slots]), 0) + 1) ** IDF_POWER
    return slots, (counts[:, slots] @ sparse.diags(idf)).tocsr(), idf


def _regress(
    scaled: Sparse, wanted: NDArray[np.bool_], weights: NDArray[np.float64], cost: float
) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    learner = LogisticRegression(C=cost, solver="liblinear", max_iter=60, tol=1e-3)
    with threadpool_limits(1):  # more threads add in another order
        learner.fit(scaled, wanted, sample_weight=weights)
    return learner.coef_[0], float(np.ravel(learner.intercept_)[0])


@dataclass(frozen=True, slots=True)
class _Classes:
    slots: NDArray[np.uint32]
    weights: NDArray[np.int16]
    biases: NDArray[np.float32]
    kinds: tuple[OfferKind, ...]


def _evened(wanted: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rarer classes weigh more, by the root of how much rarer they are."""
    share = weights[~wanted].sum() / weights[wanted].sum()
    return np.where(wanted, weights * np.sqrt(max(share, 1.0)), weights)


def _classes(
    known: Sequence[Example],
    weights: NDArray[np.float64],
) -> _Classes:
    """One against all others: each label among what is flagged, each kind among all."""
    counts = counted([one.title for one in known], CLASS_FAMILIES)
    slots, scaled, idf = _scaled(counts, _RARE_CLASS)
    labels = np.array([FLAGGED.index(one.label) if one.label in FLAGGED else -1 for one in known])
    named = [kind_of(one.kind, one.label, one.title) for one in known]
    kinds = tuple(kind for kind in OfferKind if kind in named)
    kind_at = np.array([kinds.index(kind) if kind else -1 for kind in named])
    columns, biases = list[NDArray[np.float64]](), list[float]()
    for values, count in ((labels, len(FLAGGED)), (kind_at, len(kinds))):
        rows = np.flatnonzero(values >= 0)
        for column in range(count):
            wanted = values[rows] == column
            if wanted.any() and not wanted.all() and len(slots):
                evened = _evened(wanted, weights[rows])
                found, bias = _regress(scaled[rows], wanted, evened, CLASS_COST)
            else:
                found, bias = np.zeros(len(slots)), 0.0 if wanted.all() and len(rows) else -9.0
            columns.append(found * idf)
            biases.append(bias)
    steps = np.clip(np.rint(np.stack(columns, axis=1) * STEP), -32767, 32767).astype(np.int16)
    steps[np.abs(steps) < STEP // 4] = 0
    kept = (np.abs(steps) >= STEP // 2).any(axis=1)
    return _Classes(slots[kept].astype(np.uint32), steps[kept], np.array(biases, np.float32), kinds)
