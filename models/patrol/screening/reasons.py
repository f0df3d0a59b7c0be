"""The words of a title that spoke for its verdict, with their weight."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.patrol.screening.letters import Tables
from models.patrol.screening.model import Model
from models.patrol.screening.scoring import placed_weights
from models.patrol.screening.views import Views

MOST: Final = 4
"""So many words are named for a title, those that weigh most first."""
BY_SOUND: Final = "sound:"
_LEAST: Final = 0.05
"""A letter that adds less to the log-odds is no part of a reason."""
_LEAST_TENTHS: Final = 2
_HEARD_TENTHS: Final = 10
_MOSTLY: Final = 0.75
_SPOKEN: Final = ("", BY_SOUND)
_TENTHS: Final = tuple(f" +{tenths / 10:.1f}" for tenths in range(301))


@cache
def fixed(words: tuple[str, ...]) -> pa.StringArray:
    """Words that never change, made when first asked for: Arrow's first array looks for pandas."""
    return pa.array(words, pa.string())


@dataclass(frozen=True, slots=True)
class Reasons:
    counts: NDArray[np.int64]
    """How many reasons each title has."""
    words: pa.StringArray
    """All of them, title after title."""
    by_sound: NDArray[np.bool_]
    """Titles in which a word weighs that only its sound betrays."""


def reasons_of(views: Views, model: Model, tables: Tables) -> Reasons:
    """Runs of letters that spoke for the flag, the weightiest first."""
    weights, heard = placed_weights(views, model)
    size = len(views)
    owners = np.repeat(np.arange(size), np.diff(np.append(views.starts, len(views.codes))))
    folded = tables.fold[np.minimum(views.codes, len(tables.fold) - 1)] != 0
    inside = (weights > _LEAST) & folded
    inside[views.starts] = False
    inside |= _between(views, inside, folded)
    edges = np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    whole, sounds = np.append(0, np.cumsum(weights)), np.append(0, np.cumsum(heard))
    weight = np.rint((whole[ends] - whole[begins]) * 10).astype(np.int64)
    sound = (sounds[ends] - sounds[begins]) * 10 > _MOSTLY * weight
    order = np.lexsort((begins, -weight, owners[begins]))
    order = order[weight[order] >= _LEAST_TENTHS]
    owner = owners[begins[order]]
    rank = np.arange(len(order)) - np.searchsorted(owner, np.arange(size))[owner]
    order = order[rank < MOST]
    owner = owners[begins[order]]
    by_sound = np.zeros(size, np.bool_)
    by_sound[owner[sound[order] & (weight[order] >= _HEARD_TENTHS)]] = True
    words = pc.binary_join_element_wise(
        fixed(_SPOKEN).take(pa.array(sound[order].astype(np.int8))),
        _slices(views.codes, begins[order], ends[order]),
        fixed(_TENTHS).take(pa.array(np.minimum(weight[order], len(_TENTHS) - 1))),
        "",
    )
    return Reasons(np.bincount(owner, minlength=size), words, by_sound)


def _slices(
    codes: NDArray[np.uint32], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> pa.StringArray:
    """Parts of a long text of code points, as Arrow strings."""
    sane = np.where((codes >= 0xD800) & (codes < 0xE000), 0xFFFD, codes).astype("<u4")  # noqa: PLR2004
    body = np.frombuffer(sane.tobytes().decode("utf-32-le").encode(), np.uint8)
    wide = 1 + (sane >= 0x80) + (sane >= 0x800) + (sane >= 0x10000)  # noqa: PLR2004 - UTF-8's steps
    at = np.append(0, np.cumsum(wide))
    first, lengths = at[begins], at[ends] - at[begins]
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    places = np.arange(int(offsets[-1])) + np.repeat(first - offsets[:-1], lengths)
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(body[places].tobytes())]
    return pa.StringArray.from_buffers(len(begins), *buffers[1:])


def _between(
    views: Views, inside: NDArray[np.bool_], folded: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """A separator within a word is part of it."""
    gap = ~folded
    gap[views.starts] = False
    out = np.zeros(len(inside), np.bool_)
    out[1:-1] = gap[1:-1] & inside[:-2] & inside[2:]
    return out
