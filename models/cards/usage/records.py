"""Records of use as numbers: what judging sorts and adds up."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.cards.usage.codes import NO_CARD, NONE, cards_of, devices_of, regions_of
from models.cards.usage.scopes import Scopes
from models.cards.usage.shape import MOST_REACHED, USAGE, UsageFault

DAY_BITS: Final = 16
DAYS: Final = 1 << DAY_BITS
"""A day is counted from 1970-01-01, up to 2149."""
RECORDS: Final = pa.schema(
    [
        ("key", pa.int64()),  # the card's place, and the day in the lowest bits
        ("bytes", pa.int64()),
        ("voice", pa.int32()),
        ("sms", pa.int32()),
        ("device", pa.int64()),
        ("region", pa.int32()),
        ("outside", pa.list_(pa.string())),  # targets that are not on the batch's list
    ]
)


@dataclass(slots=True)
class Read:
    """What was made of some records."""

    records: pa.RecordBatch
    """`RECORDS` of cards in scope."""
    faults: np.ndarray
    """Row by row as given: 0, or which of `UsageFault` counted from 1."""
    unknown: np.ndarray
    """Numbers of cards in no scope, each once."""
    unread: Counter[str] = field(default_factory=Counter[str])
    """Devices and regions that are written as none is; such a record counts without."""


def read_records(usage: pa.RecordBatch, scopes: Scopes) -> Read:
    """Records as `USAGE` has them; below zero stands for a number that could not be read."""
    columns = {name: usage.column(name) for name in USAGE.names}
    cards = cards_of(columns["iccid"])
    days = pc.fill_null(columns["day"].cast(pa.int32()), NONE).to_numpy(zero_copy_only=False)
    counts = {
        name: pc.fill_null(columns[name], 0).to_numpy(zero_copy_only=False)
        for name in ("bytes", "voice", "sms")
    }
    faults = _faults(cards, days, counts, reached(columns["targets"]))
    places, ranges = scopes.places(cards)
    is_good = faults == 0
    unknown = np.unique(cards[is_good & (places == NONE)])
    kept = is_good & (places != NONE)
    devices, regions = devices_of(columns["device"]), regions_of(columns["region"])
    made = pa.RecordBatch.from_arrays(
        [
            pa.array((places << DAY_BITS) | days),
            *(pa.array(counts[name]) for name in ("bytes", "voice", "sms")),
            pa.array(devices),
            pa.array(regions),
            scopes.targets.outside(scopes.targets.of_range[ranges], columns["targets"]),
        ],
        schema=RECORDS,
    )
    unread = Counter(
        device=_unread(columns["device"], devices), region=_unread(columns["region"], regions)
    )
    whole = made if kept.all() else made.filter(pa.array(kept))
    return Read(whole, faults, unknown, unread)


def reached(targets: pa.Array) -> np.ndarray:
    """How many targets each record has."""
    return pc.fill_null(pc.list_value_length(targets), 0).to_numpy(zero_copy_only=False)


def _faults(
    cards: np.ndarray, days: np.ndarray, counts: dict[str, np.ndarray], targets: np.ndarray
) -> np.ndarray:
    """The first that is wrong with each."""
    wrong = {
        UsageFault.ICCID: cards == NO_CARD,
        UsageFault.DAY: (days < 0) | (days >= DAYS),
        **{UsageFault(name): column < 0 for name, column in counts.items()},
        UsageFault.TARGETS: targets > MOST_REACHED,
    }
    found = np.zeros(len(cards), np.int8)
    for at, fault in reversed(list(enumerate(UsageFault, 1))):
        found[wrong[fault]] = at
    return found


def _unread(column: pa.Array, codes: np.ndarray) -> int:
    """Texts that are not blank and of which no number was made."""
    left = np.flatnonzero(codes == NONE)
    if not len(left):
        return 0
    texts = column.take(pa.array(left))
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    return int(pc.sum(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0)).as_py() or 0)


def ordered(records: pa.Table) -> pa.Table:
    """By card and day; of several records of a card and day by what they say.

    So that the order in which records came in changes no answer.
    """
    records = records.combine_chunks()
    keys = records["key"].to_numpy()
    order = _order(keys)
    sorted_keys = keys[order]
    same = np.zeros(len(keys) + 1, bool)
    same[1:-1] = sorted_keys[1:] == sorted_keys[:-1]
    twice = np.flatnonzero(same[1:] | same[:-1])
    if len(twice):
        some = order[twice]
        said = [records[name].to_numpy()[some] for name in ("bytes", "region", "device", "key")]
        order[twice] = some[np.lexsort(said)]
    return records.take(pa.array(order))


def _order(keys: np.ndarray) -> np.ndarray:
    """How to sort: sixteen bits at a time, which numpy does by counting; those that differ."""
    if not len(keys) or (keys[1:] >= keys[:-1]).all():
        return np.arange(len(keys))
    differ = int(np.bitwise_or.reduce(keys ^ keys[0]))
    order: np.ndarray | None = None
    for shift in range(0, 64, 16):
        if not (differ >> shift) & 0xFFFF:
            continue
        digits = (keys >> shift).astype(np.uint16)
        if order is None:
            order = np.argsort(digits, kind="stable")
        else:
            order = order[np.argsort(digits[order], kind="stable")]
    return order if order is not None else np.arange(len(keys))
