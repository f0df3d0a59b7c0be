"""Titles as arrays of symbols: as written, folded, and by sound; thousands of titles at once."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.patrol.screening.letters import BOUND, CODES, Classes, Symbols, Tables

MOST: Final = 400
"""So many code points of a title are read."""
_A, _Z, _ZERO, _NINE = ord("a"), ord("z"), ord("0"), ord("9")
_LONGEST_SYLLABLE: Final = 6
_DIGIT: Final = 0x30


@dataclass(frozen=True, slots=True)
class View:
    """Symbols of many titles in one row, each title behind a `BOUND`."""

    symbols: Symbols
    starts: NDArray[np.int64]
    """Where each title's `BOUND` stands."""
    sources: NDArray[np.int32] | None = None
    """For every symbol its place among the code points as written, where that was asked for."""


@dataclass(frozen=True, slots=True)
class Views:
    codes: NDArray[np.uint32]
    """Code points as written, each title behind a `BOUND`."""
    starts: NDArray[np.int64]
    raw: View
    folded: View
    heard: View
    marks: NDArray[np.uint64]
    """For every title how many letters of each of `Classes`, eight bits each."""

    def __len__(self) -> int:
        return len(self.starts)


def codes_of(titles: pa.Array) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """All code points, each title behind a `BOUND`, and where those stand."""
    column = titles.cast(pa.string()) if not pa.types.is_string(titles.type) else titles
    column = pc.utf8_slice_codeunits(pc.fill_null(column, ""), 0, MOST)
    joined = pc.binary_join(
        pa.ListArray.from_arrays(pa.array([0, len(column)], pa.int32()), column), chr(BOUND)
    )
    text = chr(BOUND) + (joined[0].as_py() or "")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    lengths = pc.utf8_length(column).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, _starts(lengths)


def codes_of_texts(titles: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The same of Python's own texts, halves of surrogate pairs among them."""
    cut = [title[:MOST] for title in titles]
    text = chr(BOUND) + chr(BOUND).join(cut)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return codes, _starts(np.array([len(one) for one in cut], np.int64))


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.zeros(len(lengths), np.int64)
    np.cumsum(lengths[:-1] + 1, out=starts[1:])
    return starts


def look(
    codes: NDArray[np.uint32], starts: NDArray[np.int64], tables: Tables, *, placed: bool = False
) -> Views:
    """All views of the titles; `placed` keeps where each folded symbol came from."""
    small = codes if int(codes.max(initial=0)) < CODES else np.minimum(codes, CODES - 1)
    raw = tables.raw[small]
    raw[starts] = BOUND
    classes = tables.classes[small]
    marks = np.add.reduceat(_FIELDS[classes], starts) if len(starts) else np.zeros(0, np.uint64)
    folded = _folded(small, starts, classes, tables, placed=placed)
    return Views(
        codes=codes,
        starts=starts,
        raw=View(raw, starts),
        folded=folded,
        heard=_heard(folded, tables),
        marks=marks,
    )


_FIELDS: Final = np.array(
    [0 if one is Classes.NONE else 1 << (9 * (one - 1)) for one in Classes], np.uint64
)
_FIELD: Final = np.uint64(511)


def marked(views: Views, kind: Classes) -> NDArray[np.int64]:
    """How many letters of a class each title has."""
    return ((views.marks >> np.uint64(9 * (kind - 1))) & _FIELD).astype(np.int64)


def _folded(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    classes: NDArray[np.uint8],
    tables: Tables,
    *,
    placed: bool,
) -> View:
    symbols = tables.fold[codes]
    symbols[starts] = BOUND
    sources = np.arange(len(codes), dtype=np.int32) if placed else None
    odd = np.flatnonzero(classes >= Classes.WIDE)
    if len(odd):
        symbols, sources = _spread(symbols, sources, odd, codes, tables)
    kept = symbols != 0
    symbols = symbols[kept]
    if sources is not None:
        sources = sources[kept]
    symbols, sources = _rejoined(symbols, sources, tables)
    return View(symbols, np.flatnonzero(symbols == BOUND), sources)


def _spread(
    symbols: Symbols,
    sources: NDArray[np.int32] | None,
    odd: NDArray[np.int64],
    codes: NDArray[np.uint32],
    tables: Tables,
) -> tuple[Symbols, NDArray[np.int32] | None]:
    """Letters that stand for several: 📱 for 手机, ⑩ for 10."""
    found = [
        (int(at), tables.parts[int(codes[at])]) for at in odd if int(codes[at]) in tables.parts
    ]
    if not found:
        return symbols, sources
    places = np.array([at for at, parts in found for _ in parts[1:]], np.int64) + 1
    values = np.array([part for _, parts in found for part in parts[1:]], np.uint16)
    if sources is not None:
        sources = np.insert(sources, places, (places - 1).astype(np.int32))
    return np.insert(symbols, places, values), sources


def _rejoined(
    symbols: Symbols, sources: NDArray[np.int32] | None, tables: Tables
) -> tuple[Symbols, NDArray[np.int32] | None]:
    """Characters that were taken apart, whole again: 氵㐬 is 流."""
    heads, lasts = tables.split_flags
    second = np.empty_like(symbols)
    second[:-1] = symbols[1:]
    second[-1:] = 0
    maybe = np.flatnonzero(heads[symbols] & lasts[second])
    if not len(maybe):
        return symbols, sources
    symbols = symbols.copy()
    gone = np.zeros(len(symbols), np.bool_)
    for at in maybe.tolist():
        if gone[at]:
            continue
        for length in (3, 2):
            whole = tables.splits.get(tuple(symbols[at : at + length].tolist()))
            if whole is not None:
                symbols[at : at + len(whole)] = whole
                gone[at + len(whole) : at + length] = True
                break
    kept = ~gone
    return symbols[kept], sources[kept] if sources is not None else None


def _heard(folded: View, tables: Tables) -> View:
    """By sound: homophones alike, pinyin as what it spells, every digit as 0."""
    symbols = tables.sound[folded.symbols]
    latin = (folded.symbols >= _A) & (folded.symbols <= _Z)
    first = np.flatnonzero(latin[1:] & ~latin[:-1]) + 1  # a BOUND stands before every run
    if not len(first):
        return View(symbols, folded.starts, folded.sources)
    keep = np.ones(len(symbols), np.bool_)
    last = np.flatnonzero(latin & ~np.append(latin[1:], np.False_)) + 1
    _spell(folded.symbols, symbols, keep, first, last, tables)
    symbols = symbols[keep]
    sources = folded.sources[keep] if folded.sources is not None else None
    return View(symbols, np.flatnonzero(symbols == BOUND), sources)


def _spell(  # noqa: PLR0913, PLR0917 - arrays that are written in place
    letters: Symbols,
    symbols: Symbols,
    keep: NDArray[np.bool_],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    tables: Tables,
) -> None:
    """Write the sound of runs of Latin letters that are pinyin to their end, all runs at once."""
    long = (last - first >= 2) & (last - first <= 40)  # noqa: PLR2004 - no word is longer
    at, end = first[long], last[long]
    table, sounds = tables.spelled
    padded = np.concatenate([letters, np.zeros(_LONGEST_SYLLABLE, np.uint16)]).astype(np.int64)
    steps = list[tuple[NDArray[np.int64], ...]]()
    run = np.arange(len(at))
    whole = np.zeros(len(at), np.bool_)
    while len(at):
        key = np.zeros(len(at), np.int64)
        length = np.zeros(len(at), np.int64)
        sound = np.zeros(len(at), np.int64)
        for n in range(1, _LONGEST_SYLLABLE + 1):
            key = key * 27 + (padded[at + n - 1] - _A + 1)
            place = np.minimum(np.searchsorted(table, key), len(table) - 1)
            hit = (table[place] == key) & (at + n <= end)
            length[hit] = n
            sound[hit] = sounds[place[hit]]
        going = length > 0
        steps.append((run[going], at[going], length[going], sound[going]))
        at, end, run = at[going] + length[going], end[going], run[going]
        done = at == end
        whole[run[done]] = True
        at, end, run = at[~done], end[~done], run[~done]
    for runs, places, lengths, found in steps:
        good = whole[runs]
        symbols[places[good]] = found[good]
        for more in range(1, _LONGEST_SYLLABLE):
            keep[places[good & (lengths > more)] + more] = False
