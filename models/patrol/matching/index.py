"""The register's agents, laid out for joins: by shop id, by address, and by name."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.patrol.matching.likeness import Followers
from models.patrol.matching.names import Keys, Names, Rows, folding, names_of, sounds
from models.patrol.matching.places import id_keys, url_keys

_BITS: Final = 22
_SHIFT: Final = np.uint64(64 - _BITS)
SHORTEST: Final = 4
"""Letters of a name below which one more or less makes another name."""
ODDS_FROM: Final = 0.0
"""Bits from which a name counts as taken: likelier that than chance."""
_FIRM: Final = re.compile(
    r"[(（\[【][^)）\]】]*[)）\]】]|(?:股份有限公司|有限责任公司|有限公司|分公司|公司|集团|股份)+$"
)


@dataclass(frozen=True, slots=True)
class AgentShop:
    """One shop of an agent, as the register has it; what it does not say is empty."""

    agent_no: str
    agent_name: str = ""
    platform: str = ""
    shop_id: str = ""
    shop_url: str = ""
    shop_name: str = ""


COLUMNS: Final = tuple(AgentShop.__dataclass_fields__)


class KeyedRows:
    """Rows by a 64-bit key; most keys that are not there cost one look at a map of bits."""

    def __init__(self, keys: Keys, rows: Rows) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._rows = rows[order].astype(np.int32)
        self._map = np.zeros(1 << _BITS, np.bool_)
        self._map[(keys >> _SHIFT).astype(np.int64)] = True

    def join(self, keys: Keys, rows: Rows) -> tuple[Rows, Rows]:
        """Every pair of a row given and a row kept under the same key."""
        maybe = self._map[(keys >> _SHIFT).astype(np.int64)]
        keys, rows = keys[maybe], rows[maybe]
        order = np.argsort(keys)
        keys, rows = keys[order], rows[order]
        first = np.searchsorted(self._keys, keys, "left")
        many = np.searchsorted(self._keys, keys, "right") - first
        hit = many > 0
        first, many, rows = first[hit], many[hit], rows[hit]
        ends = np.cumsum(many)
        total = int(ends[-1]) if len(ends) else 0
        at = np.arange(total) - np.repeat(ends - many, many) + np.repeat(first, many)
        return np.repeat(rows, many), self._rows[at].astype(np.int64)


class AgentIndex:
    """Built once for a register, and then only read."""

    def __init__(self, agents: pa.Table | Sequence[AgentShop]) -> None:
        table = agents if isinstance(agents, pa.Table) else _table(agents)
        self.table = _whole(table)
        platform, urls = self.table["platform"], self.table["shop_url"]
        self.ids = id_keys(platform, self.table["shop_id"], urls)
        self.urls = url_keys(urls)
        named = _named(self.table)
        letters = folding()
        folded = names_of(named["name"]).through(letters)
        wide = folded.lengths >= 2  # noqa: PLR2004 - one letter is no name
        folded = folded.take(np.flatnonzero(wide))
        agents_of = named["row"].to_numpy()[wide]
        _, firsts, which = np.unique(folded.whole, return_index=True, return_inverse=True)
        self.names: Names = folded.take(firsts)
        """Distinct names, folded."""
        self._agents = agents_of[np.argsort(which, kind="stable")]
        self._agent_starts = np.concatenate(
            [[0], np.cumsum(np.bincount(which, minlength=len(firsts)))]
        )
        self.followers = Followers.of(self.names)
        self.agent_no: pa.Array = self.table["agent_no"].combine_chunks()
        self.platforms: list[str] = pc.utf8_lower(platform).to_pylist()
        self.has_place: list[bool] = pc.or_(self.ids.is_valid(), self.urls.is_valid()).to_pylist()

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def wholes(self) -> KeyedRows:
        return KeyedRows(self.names.whole, np.arange(len(self.names)))

    @cached_property
    def shortened(self) -> KeyedRows:
        """Names as they are and without any one letter."""
        long = self.names.lengths[self.names.rows] >= SHORTEST
        keys = np.concatenate([self.names.whole, self.names.without_one()[long]])
        rows = np.concatenate([np.arange(len(self.names)), self.names.rows[long]])
        return KeyedRows(keys, rows)

    @cached_property
    def sound_of(self) -> Keys:
        """Each name's hash by sound."""
        return self.names.through(sounds()).whole

    @cached_property
    def sounds(self) -> KeyedRows:
        return KeyedRows(self.sound_of, np.arange(len(self.names)))

    def written(self, name: int) -> frozenset[str]:
        """The ways in which the register itself writes a name."""
        rows = self.agents_of(name)
        shops = (self.table["shop_name"][row].as_py() for row in rows.tolist())
        firms = (_FIRM.sub("", self.table["agent_name"][row].as_py()) for row in rows.tolist())
        return frozenset(
            unicodedata.normalize("NFKC", text).casefold() for text in (*shops, *firms)
        )

    def agents_of(self, name: int) -> NDArray[np.int64]:
        """Rows of the table that have the name."""
        return self._agents[self._agent_starts[name] : self._agent_starts[name + 1]]

    def first_agents(self, names: Rows) -> Rows:
        return self._agents[self._agent_starts[names]]


def _table(agents: Sequence[AgentShop]) -> pa.Table:
    rows = [asdict(agent) for agent in agents]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.large_string()) for name in COLUMNS]))


def _whole(table: pa.Table) -> pa.Table:
    """The columns of an index, empty where the register has none."""
    empty = pa.repeat(pa.scalar("", pa.large_string()), table.num_rows)
    columns = {
        name: pc.fill_null(table[name].cast(pa.large_string()), "")
        if name in table.column_names
        else empty
        for name in COLUMNS
    }
    return pa.table(columns).combine_chunks()


def _named(table: pa.Table) -> pa.Table:
    """Names of shops, and of firms without what all firms are called, each with its row."""
    rows = pa.array(np.arange(table.num_rows))
    firms = pc.replace_substring_regex(table["agent_name"], _FIRM.pattern, "")
    names = [*table["shop_name"].chunks, *cast("pa.ChunkedArray", firms).chunks]
    return pa.table(
        {
            "name": pa.chunked_array(names, pa.large_string()),
            "row": pa.chunked_array([rows, rows]),
        }
    ).combine_chunks()
