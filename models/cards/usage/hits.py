"""Hits while they are still numbers: found a column at a time, put into words at the end."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.cards.usage.scopes import Scopes
from models.cards.usage.shape import HITS, MOST_FACTS
from models.cards.usage_rules import UsageRule

FOUND: Final = pa.schema(
    [
        ("rule", pa.int8()),  # place in UsageRule
        ("batch", pa.int32()),
        ("place", pa.int64()),  # of the card; the batch's first where the batch is meant
        ("whole", pa.bool_()),  # the batch is meant
        ("first_day", pa.int32()),
        ("last_day", pa.int32()),
        ("records", pa.int32()),
        ("value", pa.float64()),
        ("limit", pa.float64()),
        ("facts", pa.list_(pa.string())),
    ]
)
_RULES: Final = tuple(UsageRule)


def found(  # noqa: PLR0913 - the columns of a hit
    rule: UsageRule,
    batches: np.ndarray,
    places: np.ndarray,
    *,
    days: tuple[np.ndarray, np.ndarray],
    records: np.ndarray,
    value: np.ndarray,
    limit: np.ndarray | float,
    facts: pa.Array | None = None,
    whole: bool = False,
) -> pa.Table:
    """A row for each card, or each batch as a whole."""
    count = len(places)
    columns = {
        "rule": np.full(count, _RULES.index(rule), np.int8),
        "batch": batches,
        "place": places,
        "whole": np.full(count, whole),
        "first_day": days[0],
        "last_day": days[1],
        "records": records,
        "value": value,
        "limit": np.broadcast_to(np.asarray(limit, np.float64), count),
    }
    arrays = [pa.array(column).cast(FOUND.field(name).type) for name, column in columns.items()]
    given = no_facts(count) if facts is None else facts
    return pa.table([*arrays, given], FOUND)


def no_facts(count: int) -> pa.Array:
    return pa.ListArray.from_arrays(np.zeros(count + 1, np.int32), pa.array([], pa.string()))


def facts_of(count: int, groups: np.ndarray, words: np.ndarray, texts: Sequence[str]) -> pa.Array:
    """For each of so many groups its words, each once and in their order, and how many more.

    `words` are places in `texts`, which are in order.
    """
    pairs = np.unique(groups.astype(np.int64) * max(len(texts), 1) + words)
    group, word = np.divmod(pairs, max(len(texts), 1))
    sizes = np.bincount(group, minlength=count)
    rank = np.arange(len(pairs)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    surplus = np.unique(sizes[sizes > MOST_FACTS] - MOST_FACTS)
    kept = rank <= MOST_FACTS
    more = (rank == MOST_FACTS)[kept]
    group, word = group[kept], word[kept]
    word[more] = len(texts) + np.searchsorted(surplus, sizes[group[more]] - MOST_FACTS)
    said = pa.array([*texts, *(f"+{number}" for number in surplus)], pa.string())
    offsets = np.concatenate([[0], np.cumsum(np.minimum(sizes, MOST_FACTS + 1))])
    return pa.ListArray.from_arrays(offsets.astype(np.int32), said.take(pa.array(word)))


def told(tables: Sequence[pa.Table], scopes: Scopes) -> pa.Table:
    """`HITS`, in order."""
    rows = pa.concat_tables([FOUND.empty_table(), *tables])
    order = np.lexsort([rows[name].to_numpy() for name in ("place", "rule", "batch")])
    rows = rows.take(pa.array(order)).combine_chunks()
    rules = rows["rule"].to_numpy()
    keys = scopes.keys(rows["place"].to_numpy())
    columns = {
        "batch": scopes.names.take(rows["batch"]),
        "iccid": pc.if_else(rows["whole"], pa.scalar(None, pa.string()), keys),
        "rule": pa.array([one.value for one in _RULES]).take(pa.array(rules)),
        "kind": pa.array([one.kind.value for one in _RULES]).take(pa.array(rules)),
        "first_day": rows["first_day"].cast(pa.date32()),
        "last_day": rows["last_day"].cast(pa.date32()),
        **{name: rows[name] for name in ("records", "value", "limit", "facts")},
    }
    return pa.table(columns, HITS)
