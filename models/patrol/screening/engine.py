"""Screening: what does an offer sell, how sure is that, and which words say so.

Titles are scored a whole Arrow batch at once: letters are folded by tables, every run of letters
is a place in a table of weights, and sums are whole numbers, so that a row's answer does not
depend on its neighbours. Only what may be flagged is looked at again for its label and reasons.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.data import packaged
from models.patrol.screening.kinds import LABEL_OF
from models.patrol.screening.labels import FLAGGED, Label, OfferKind
from models.patrol.screening.letters import Classes, tables
from models.patrol.screening.model import Model, shipped_model
from models.patrol.screening.reasons import fixed, reasons_of
from models.patrol.screening.scoring import flag_logits, hits_of
from models.patrol.screening.views import MOST, Views, codes_of, codes_of_texts, look, marked

RESULT: Final = pa.schema(
    [
        ("label", pa.string()),
        ("kind", pa.string()),
        ("score", pa.float32()),
        ("severity", pa.int16()),
        ("reasons", pa.list_(pa.string())),
        ("is_disguised", pa.bool_()),
    ]
)
CHUNK: Final = 16_384
"""So many titles are looked at together; their arrays fit a processor's cache."""
DOUBT: Final = 0.08
"""From this probability on a title is read closely, and its description with it."""
DESCRIPTION_SHARE: Final = 0.6
_DESCRIPTION: Final = 400
_PLACEHOLDERS: Final = re.compile(
    "补差|差价链接|专拍|补邮费|补运费|专用链接|邮费链接|拍前联系|定金链接|运费链接|拍下改价|联系客服"
)
_MOST_SAID: Final = 4.0
"""Log-odds that a description can bring at most."""
_HARM: Final = np.array([70, 90, 100, 95], np.int64)
"""Severity of a sure offer, by label in the order of FLAGGED."""
_DISGUISED_HARM: Final = 10


@dataclass(frozen=True, slots=True)
class Screened:
    """What the engine says of one offer, and why."""

    label: Label
    kind: OfferKind
    score: float
    """How sure the engine is that something is offered that is flagged, from 0 to 1."""
    severity: int
    """From 0 to 100: what is offered, how sure, and how disguised."""
    reasons: tuple[str, ...]
    """The words that counted, with their weight; `sound:` before those found by sound."""
    is_disguised: bool = False

    @property
    def is_card(self) -> bool:
        return self.label is Label.SELLS_CARD

    @property
    def is_flagged(self) -> bool:
        return self.label is not Label.NOT_CARD


def screen(
    title: str, description: str = "", *, shop_name: str = "", model: Model | None = None
) -> Screened:
    """Judge an offer by its title, and where that leaves doubt by its description too."""
    del shop_name  # names are chosen to please; no shop is accused for its name
    told = pa.array([_whole(description or "")], pa.string())
    found = _judge(_Texts(*codes_of_texts([title or ""])), told, model or shipped_model())
    return Screened(
        label=_LABELS[int(found.labels[0])],
        kind=_KINDS[int(found.kinds[0])],
        score=float(found.scores[0]),
        severity=int(found.severities[0]),
        reasons=tuple(found.words.to_pylist()),
        is_disguised=bool(found.disguised[0]),
    )


def screen_many(offers: Sequence[tuple[str, str]], model: Model | None = None) -> list[Screened]:
    """Judge offers, each by its title and description, as one batch; in the same order."""
    titles = [title for title, _ in offers]
    batch = pa.RecordBatch.from_pydict(
        {
            "title": pa.array(titles, pa.string()),
            "description": pa.array([told for _, told in offers], pa.string()),
        }
    )
    return [
        Screened(
            label=Label(row["label"]),
            kind=OfferKind(row["kind"]),
            score=row["score"],
            severity=row["severity"],
            reasons=tuple(row["reasons"]),
            is_disguised=row["is_disguised"],
        )
        for row in screen_batch(batch, model).to_pylist()
    ]


def screen_batch(batch: pa.RecordBatch, model: Model | None = None) -> pa.RecordBatch:
    """Judge every row of a batch by `title`, and by `description` where there is one.

    The answer has the rows' order and `RESULT`'s columns.
    """
    learned = model or shipped_model()
    titles = batch.column("title")
    if "description" in batch.schema.names:
        described = batch.column("description")
        parts = [
            _judged(titles.slice(start, CHUNK), described.slice(start, CHUNK), learned)
            for start in range(0, batch.num_rows, CHUNK)
        ]
        return pa.concat_batches(parts) if parts else _nothing()
    once = pc.fill_null(titles.cast(pa.string()), "").dictionary_encode()
    return _spread(once, learned) if batch.num_rows else _nothing()


def _nothing() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=RESULT)


def _spread(titles: pa.DictionaryArray, model: Model) -> pa.RecordBatch:
    """Titles that stand in a batch more than once are judged once."""
    known = titles.dictionary
    parts = [
        _judged(known.slice(start, CHUNK), None, model) for start in range(0, len(known), CHUNK)
    ]
    found = pa.concat_batches(parts)
    return found if len(found) == len(titles) else found.take(titles.indices)


def _judged(titles: pa.Array, descriptions: pa.Array | None, model: Model) -> pa.RecordBatch:
    return _batch(_judge(_Texts(*codes_of(titles)), descriptions, model))


@dataclass(frozen=True, slots=True)
class _Found:
    """The answer as arrays: places in `Label` and `OfferKind`."""

    labels: NDArray[np.int8]
    kinds: NDArray[np.int8]
    scores: NDArray[np.float32]
    severities: NDArray[np.int16]
    disguised: NDArray[np.bool_]
    counts: NDArray[np.int64]
    """How many reasons each row has."""
    reasons: list[pa.StringArray]

    @property
    def words(self) -> pa.StringArray:
        return self.reasons[0] if self.reasons else pa.array([], pa.string())


_LABELS: Final = tuple(Label)
_KINDS: Final = tuple(OfferKind)
_INNOCENT: Final = _LABELS.index(Label.NOT_CARD)
_CARD: Final = _LABELS.index(Label.SELLS_CARD)


def _batch(found: _Found) -> pa.RecordBatch:
    offsets = np.concatenate([[0], np.cumsum(found.counts)]).astype(np.int32)
    columns = [
        fixed(_LABELS).take(pa.array(found.labels)),
        fixed(_KINDS).take(pa.array(found.kinds)),
        pa.array(found.scores),
        pa.array(found.severities),
        pa.ListArray.from_arrays(pa.array(offsets), found.words),
        pa.array(found.disguised),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=RESULT)


@dataclass(frozen=True, slots=True)
class _Texts:
    """Code points of many texts, each behind a `BOUND`, and where those stand."""

    codes: NDArray[np.uint32]
    starts: NDArray[np.int64]

    def rows(self, wanted: NDArray[np.int64]) -> "_Texts":
        lengths = np.diff(np.append(self.starts, len(self.codes)))[wanted]
        begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        places = np.arange(int(lengths.sum())) + np.repeat(self.starts[wanted] - begins, lengths)
        return _Texts(self.codes[places], begins)

    def and_then(self, more: "_Texts") -> "_Texts":
        return _Texts(
            np.concatenate([self.codes, more.codes]),
            np.concatenate([self.starts, more.starts + len(self.codes)]),
        )


def _judge(texts: _Texts, descriptions: pa.Array | None, model: Model) -> _Found:
    views = look(texts.codes, texts.starts, tables())
    logits = flag_logits(views, model)
    size = len(texts.starts)
    spoken = np.arange(size)
    if descriptions is not None and (told := _told(texts, logits, descriptions, model)):
        better = _probability(told.logits) >= model.threshold
        logits[told.rows] = told.logits
        spoken[told.rows[better]] = size + np.flatnonzero(better)
        texts = texts.and_then(told.texts)
    odds = _probability(logits)
    close = np.flatnonzero(odds >= DOUBT)
    found = _Found(
        labels=np.full(size, _INNOCENT, np.int8),
        kinds=np.full(size, _KINDS.index(OfferKind.OTHER), np.int8),
        scores=odds.astype(np.float32),
        severities=np.zeros(size, np.int16),
        disguised=_disguised(views),
        counts=np.zeros(size, np.int64),
        reasons=[],
    )
    if len(close):
        _look_closely(found, texts.rows(spoken[close]), close, model)
    found.severities[:] = _severities(found, model.threshold)
    return found


def _look_closely(found: _Found, texts: _Texts, close: NDArray[np.int64], model: Model) -> None:
    """Label, kind and reasons of what may be flagged, written where they belong."""
    near = look(texts.codes, texts.starts, tables(), placed=True)
    flagged = found.scores[close] >= np.float32(model.threshold)
    label, kind = _classes(near, model, flagged)
    kind = _named_industry(near, label, kind)
    denied = (label == _CARD) & _saying(near, _sayings().denials)
    label[denied], kind[denied] = _deny(found, close[denied], model)
    found.labels[close], found.kinds[close] = label, kind
    reasons = reasons_of(near, model, tables())
    found.counts[close] = reasons.counts
    found.disguised[close] |= reasons.by_sound
    found.reasons.append(reasons.words)


def _probability(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(1 / (1 + np.exp(-np.clip(logits, -30, 30))), 4)


def _classes(
    views: Views, model: Model, flagged: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Label and kind of titles that were looked at closely; a kind is one of its label."""
    hits = hits_of(views, model)
    by_label = hits.logits(model, range(len(FLAGGED)))
    label = np.where(flagged, by_label.argmax(axis=1), _INNOCENT).astype(np.int8)
    kind = np.full(len(label), _KINDS.index(OfferKind.OTHER), np.int8)
    for place, word in enumerate(_LABELS):
        kinds = [at for at, one in enumerate(model.kinds) if LABEL_OF[one] is word]
        here = label == place
        if kinds and here.any():
            found = hits.of(here).logits(model, [len(FLAGGED) + at for at in kinds])[here]
            places = np.array([_KINDS.index(model.kinds[at]) for at in kinds], np.int8)
            kind[here] = places[found.argmax(axis=1)]
    return label, kind


@dataclass(frozen=True, slots=True)
class _Sayings:
    """Words that settle by themselves what they say, folded."""

    denials: tuple[str, ...]
    denial: float
    """What a denial takes from the log-odds."""
    industry: tuple[str, ...]


@cache
def _sayings() -> _Sayings:
    data = packaged("screening.toml")
    return _Sayings(tuple(data["denials"]), float(data["denial"]), tuple(data["industry"]))


def _named_industry(
    views: Views, label: NDArray[np.int8], kind: NDArray[np.int8]
) -> NDArray[np.int8]:
    """An industry card is one that is called so: a finding hangs on it, and no mere likeness."""
    iot, data = _KINDS.index(OfferKind.IOT_CARD), _KINDS.index(OfferKind.DATA_CARD)
    called = _saying(views, _sayings().industry)
    named = np.where((kind == iot) & ~called, data, kind)
    return np.where((label == _CARD) & called, iot, named).astype(np.int8)


def _saying(views: Views, words: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which titles hold one of the words, folded."""
    whole = views.folded.symbols.tobytes().decode("utf-16-le", "replace")
    out = np.zeros(len(views), np.bool_)
    for word in words:
        at = whole.find(word)
        while at >= 0:
            out[np.searchsorted(views.folded.starts, at, side="right") - 1] = True
            at = whole.find(word, at + 1)
    return out


def _deny(
    found: _Found, rows: NDArray[np.int64], model: Model
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Less sure by the denial; labels and kinds of the rows after it."""
    odds = np.clip(found.scores[rows].astype(np.float64), 1e-4, 1 - 1e-4)
    found.scores[rows] = _probability(np.log(odds / (1 - odds)) - _sayings().denial)
    still = found.scores[rows] >= np.float32(model.threshold)
    label = np.where(still, _CARD, _INNOCENT).astype(np.int8)
    device = _KINDS.index(OfferKind.DEVICE)
    return label, np.where(still, _KINDS.index(OfferKind.OTHER), device).astype(np.int8)


def _disguised(views: Views) -> NDArray[np.bool_]:
    letters = np.diff(np.append(views.folded.starts, len(views.folded.symbols))) - 1
    parted = marked(views, Classes.SEPARATOR) + marked(views, Classes.SIGN)
    return (
        (marked(views, Classes.HIDDEN) > 0)
        | (marked(views, Classes.WIDE) > 1)
        | (marked(views, Classes.LOOK_ALIKE) > 1)
        | (marked(views, Classes.PICTURE) > 0)
        | ((parted * 2 > letters) & (letters > 2))  # noqa: PLR2004 - a sign after every other letter
    )


def _severities(found: _Found, threshold: float) -> NDArray[np.int64]:
    """What is offered weighs most; doubt takes up to 40 of 100 from it, a disguise adds ten."""
    harm = np.append(_HARM, 0)[found.labels]
    odds = found.scores.astype(np.float64)
    sure = 0.6 + 0.4 * np.clip((odds - threshold) / max(1 - threshold, 1e-6), 0, 1)
    worth = np.minimum(np.rint(harm * sure) + _DISGUISED_HARM * found.disguised, 100)
    return np.where(found.labels == _INNOCENT, 0, worth).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Told:
    """Descriptions that were read, and what they add to their titles."""

    rows: NDArray[np.int64]
    texts: _Texts
    logits: NDArray[np.float64]
    """Log-odds of the titles with their descriptions."""


def _told(
    texts: _Texts, logits: NDArray[np.float64], descriptions: pa.Array, model: Model
) -> _Told | None:
    """A description helps where the title leaves doubt, and speaks where the title says nothing.

    It never takes a suspicion back: words that deny are the seller's own.
    """
    empty = _without_goods(texts)
    odds = _probability(logits)
    doubtful = (odds < model.threshold) & ((odds >= DOUBT) | empty)
    given = pc.greater(pc.binary_length(pc.fill_null(descriptions, "")), 0)
    rows = np.flatnonzero(doubtful & given.to_numpy(zero_copy_only=False))
    if not len(rows):
        return None
    described = _Texts(*codes_of(descriptions.take(pa.array(rows))))
    said = flag_logits(look(described.codes, described.starts, tables()), model)
    said[empty[rows]] = _best_sentence(descriptions, rows[empty[rows]], model)
    said = np.clip(said, -_MOST_SAID, _MOST_SAID)
    with_share = logits[rows] + DESCRIPTION_SHARE * np.maximum(said, 0)
    return _Told(rows, described, np.where(empty[rows], np.maximum(said, with_share), with_share))


def _best_sentence(
    descriptions: pa.Array, rows: NDArray[np.int64], model: Model
) -> NDArray[np.float64]:
    """Log-odds of each description's most telling sentence: what is sold hides among phrases."""
    if not len(rows):
        return np.zeros(0)
    told = pc.utf8_slice_codeunits(descriptions.take(pa.array(rows)).cast(pa.string()), 0, MOST)
    sentences = pc.split_pattern_regex(told, "[。！!；;\\n]")
    views = look(*codes_of(sentences.flatten()), tables())
    firsts = sentences.offsets.to_numpy()[:-1] - sentences.offsets[0].as_py()
    return np.maximum.reduceat(flag_logits(views, model), firsts)


def _without_goods(texts: _Texts) -> NDArray[np.bool_]:
    """Whether a title names no goods, such as 补差价链接."""
    whole = texts.codes.tobytes().decode("utf-32-le", "replace")
    found = [one.start() for one in _PLACEHOLDERS.finditer(whole)]
    out = np.zeros(len(texts.starts), np.bool_)
    out[np.searchsorted(texts.starts, found, side="right") - 1] = True
    return out


def _whole(text: str) -> str:
    """Without halves of surrogate pairs, which Arrow does not take."""
    return text[:_DESCRIPTION].encode("utf-8", "replace").decode()
