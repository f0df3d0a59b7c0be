"""Shops against a register: by id, by address, by a name that is an agent's or nearly."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.patrol.matching.alike import Pairs, alike
from models.patrol.matching.index import ODDS_FROM, AgentIndex
from models.patrol.matching.names import Rows, names_of
from models.patrol.matching.places import Texts, id_keys, url_keys

_BETWEEN: Final = "\x1f"
SHOP_COLUMNS: Final = ("platform", "shop_id", "shop_name", "shop_url")


class ShopMatch(StrEnum):
    BY_ID = "by_id"
    BY_URL = "by_url"
    BY_NAME = "by_name"
    """The name is an agent's of whom the register knows no shop id and no address."""
    LOOKS_LIKE = "looks_like"
    """The name comes from an agent's, and the shop is not that agent's."""
    NONE = "none"


WORDS: Final = tuple(ShopMatch)
"""Matches as the numbers that travel inside this package."""
_BY_ID, _BY_URL, _BY_NAME, _LOOKS_LIKE, _NONE = range(5)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent that a name may be meant to be taken for."""

    agent_no: str
    agent_name: str
    likeness: float
    reason: str


@dataclass(frozen=True)
class Matched:
    """For each shop: the match, the row of the agent or -1, how alike, and why."""

    match: NDArray[np.int8]
    agent: Rows
    likeness: NDArray[np.float32]
    reason: NDArray[np.object_]

    @classmethod
    def none(cls, shops: int) -> "Matched":
        return cls(
            np.full(shops, _NONE, np.int8),
            np.full(shops, -1, np.int64),
            np.zeros(shops, np.float32),
            np.full(shops, "", object),
        )

    def put(self, other: "Matched", at: Rows) -> None:
        self.match[at] = other.match
        self.agent[at] = other.agent
        self.likeness[at] = other.likeness
        self.reason[at] = other.reason

    def take(self, rows: Rows) -> "Matched":
        return Matched(self.match[rows], self.agent[rows], self.likeness[rows], self.reason[rows])

    def with_(self, other: "Matched") -> "Matched":
        return Matched(
            np.concatenate([self.match, other.match]),
            np.concatenate([self.agent, other.agent]),
            np.concatenate([self.likeness, other.likeness]),
            np.concatenate([self.reason, other.reason]),
        )

    def batch(self, index: AgentIndex) -> pa.RecordBatch:
        agent = pa.array(self.agent, mask=self.agent < 0)
        columns = {
            "shop_match": pa.DictionaryArray.from_arrays(
                pa.array(self.match), pa.array([word.value for word in WORDS])
            ).cast(pa.string()),
            "agent_no": pc.fill_null(index.agent_no.take(agent), "").cast(pa.string()),
            "likeness": pa.array(self.likeness),
            "reason": pa.array(self.reason, pa.string()),
        }
        return pa.RecordBatch.from_pydict(columns)


def match_shops(shops: pa.RecordBatch, index: AgentIndex) -> pa.RecordBatch:
    """`shop_match`, `agent_no`, `likeness` and `reason` for each shop, in their order.

    Reads `platform`, `shop_id`, `shop_name`, `shop_url`; a column that is missing is empty.
    """
    return matched(shops, index).batch(index)


def matched(
    shops: pa.RecordBatch,
    index: AgentIndex,
    by_name: Callable[[pa.Array, AgentIndex], Matched] | None = None,
) -> Matched:
    found = placed(shops, index)
    left = np.flatnonzero(found.match == _NONE)
    platforms, names = _column(shops, "platform"), _column(shops, "shop_name")
    joined = pc.binary_join_element_wise(platforms, names, pa.scalar(_BETWEEN, pa.large_string()))
    once = cast("pa.DictionaryArray", joined.take(pa.array(left)).dictionary_encode())
    found.put((by_name or named)(once.dictionary, index).take(once.indices.to_numpy()), left)
    return found


def placed(shops: pa.RecordBatch, index: AgentIndex) -> Matched:
    """By the platform's own id, else by address: whose shop it is for certain."""
    found = Matched.none(shops.num_rows)
    platforms, urls = _column(shops, "platform"), _column(shops, "shop_url")
    by_id = _rows_in(id_keys(platforms, _column(shops, "shop_id"), urls), index.ids)
    left = np.flatnonzero(by_id < 0)
    by_url = np.full(shops.num_rows, -1, np.int64)
    by_url[left] = _rows_in(url_keys(urls.take(pa.array(left))), index.urls)
    for match, rows in ((_BY_ID, by_id), (_BY_URL, by_url)):
        hit = rows >= 0
        found.match[hit], found.agent[hit], found.likeness[hit] = match, rows[hit], 1.0
    return found


def named(shops: pa.Array, index: AgentIndex) -> Matched:
    """By name, for shops as `platform`, unit separator, name."""
    found = Matched.none(len(shops))
    parts = pc.split_pattern(shops, _BETWEEN, max_splits=1)
    platforms = pc.utf8_lower(pc.list_element(parts, 0)).to_numpy(zero_copy_only=False)
    pairs = alike(names_of(pc.list_element(parts, 1)), index)
    rows = np.arange(len(pairs.shops))
    # Of names that are equally alike always the same one.
    best = rows[np.lexsort((-pairs.names, pairs.likeness, pairs.odds, pairs.shops))]
    last = np.append(pairs.shops[best][1:] != pairs.shops[best][:-1], True)[: len(best)]
    for at in best[last].tolist():
        shop, agents = int(pairs.shops[at]), index.agents_of(int(pairs.names[at]))
        at_home = [row for row in agents.tolist() if index.platforms[row] in {platforms[shop], ""}]
        nowhere = [row for row in at_home if not index.has_place[row]]
        is_same = pairs.reasons[at] == "same_name"
        if is_same and nowhere:
            match, agent = _BY_NAME, nowhere[0]
        elif pairs.odds[at] > ODDS_FROM:
            match, agent = _LOOKS_LIKE, (at_home or agents.tolist())[0]
        else:
            continue
        found.match[shop], found.agent[shop] = match, agent
        found.likeness[shop], found.reason[shop] = pairs.likeness[at], pairs.reasons[at]
    return found


def candidates(name: str, index: AgentIndex, most: int = 5) -> list[Candidate]:
    """The agents whose name is the same or nearly, the likeliest first."""
    pairs: Pairs = alike(names_of(pa.array([name], pa.large_string())), index)
    ranked = np.lexsort((pairs.names, -pairs.odds, -pairs.likeness)).tolist()
    found: dict[str, Candidate] = {}
    for at in ranked:
        for row in index.agents_of(int(pairs.names[at])).tolist():
            number = index.agent_no[row].as_py()
            shown = index.table["agent_name"][row].as_py() or index.table["shop_name"][row].as_py()
            alike_by = round(float(pairs.likeness[at]), 3)
            found.setdefault(number, Candidate(number, shown, alike_by, str(pairs.reasons[at])))
        if len(found) >= most:
            break
    return list(found.values())[:most]


def _rows_in(keys: pa.Array, known: pa.Array) -> Rows:
    """Where each key stands among the known ones, or -1."""
    at = pc.index_in(keys, value_set=known, skip_nulls=True)
    return pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64)


def _column(shops: pa.RecordBatch, name: str) -> Texts:
    if name not in shops.schema.names:
        return pa.repeat(pa.scalar("", pa.large_string()), shops.num_rows)
    return pc.fill_null(shops.column(name).cast(pa.large_string()), "")


class Matcher:
    """Matches batch after batch, and remembers the names that it has met.

    Names come again with every batch of a market's listings; the answers are the same as without.
    """

    def __init__(self, index: AgentIndex, most: int = 250_000) -> None:
        self._index = index
        self._most = most
        self._rows: dict[str, int] = {}
        self._known = Matched.none(0)

    def match(self, shops: pa.RecordBatch) -> pa.RecordBatch:
        return matched(shops, self._index, self._named).batch(self._index)

    def _named(self, shops: pa.Array, index: AgentIndex) -> Matched:
        keys = shops.to_pylist()
        if len(self._rows) + len(keys) > self._most:
            self._rows, self._known = {}, Matched.none(0)
        new = [at for at, key in enumerate(keys) if key not in self._rows]
        if new:
            first = len(self._rows)
            self._rows.update((keys[at], first + place) for place, at in enumerate(new))
            self._known = self._known.with_(named(shops.take(pa.array(new)), index))
        return self._known.take(np.array([self._rows[key] for key in keys], np.int64))
