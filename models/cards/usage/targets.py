"""Directed use (定向流量): which of the targets that a card reached lie outside its list."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_WILD: Final = "*."
_NONE: Final = -1
_AT_HAND: Final = 1 << 16
"""Texts whose entries are remembered."""


class Lists:
    """Sets of texts, each set kept once: what many batches have alike."""

    def __init__(self, column: Iterable[Sequence[str] | None]) -> None:
        known: dict[tuple[str, ...], int] = {}
        self.of_row: Final = np.array(
            [_NONE if one is None else known.setdefault(tuple(one), len(known)) for one in column],
            np.int64,
        )
        """Which set, row by row; below zero: not limited."""
        self.sets: Final[Sequence[tuple[str, ...]]] = tuple(known)


class Targets:
    """The lists of targets, ready for whole columns."""

    def __init__(self, lists: Lists) -> None:
        self.of_range: Final = np.append(lists.of_row, _NONE)
        """Which list, range by range in the order of their numbers; and none behind the last."""
        sets = [{entry_key(one) for one in entries} for entries in lists.sets]
        entries = sorted(set[str]().union(*sets))
        self._known = {entry: at for at, entry in enumerate(entries)}
        pairs = [at * len(entries) + self._known[one] for at, few in enumerate(sets) for one in few]
        self._pairs = np.sort(np.array(pairs, np.int64))
        self._networks = sorted(
            {(net.version, net.prefixlen) for net in map(_network, entries) if net is not None}
        )
        self._passes = lru_cache(maxsize=_AT_HAND)(self._passes_as)

    def outside(self, lists: np.ndarray, targets: pa.Array) -> pa.Array:
        """Of each row the hosts and addresses that are not on its list; null where there are none.

        `lists` says which list each row has, `targets` are lists of text, of a dictionary or not.
        """
        ends, words = _items(targets)
        codes = words.indices.to_numpy(zero_copy_only=False)
        lists = np.repeat(lists, np.diff(ends, prepend=0))
        foreign = np.flatnonzero(lists >= 0)
        if len(foreign) < len(lists):
            lists, codes = lists[foreign], codes[foreign]
        texts = words.dictionary
        used = np.zeros(len(texts), bool)
        used[codes] = True
        hosts, levels = self._keys(texts, np.flatnonzero(used))
        for level in levels:
            entry = level[codes]
            left = (entry < 0) | ~within(self._pairs, lists * len(self._known) + entry)
            foreign, lists, codes = foreign[left], lists[left], codes[left]
        named = pc.not_equal(hosts, "").to_numpy(zero_copy_only=False)[codes]
        foreign, codes = foreign[named], codes[named]
        rows = np.searchsorted(ends, foreign, "right")
        return _regrouped(rows, hosts.take(pa.array(codes)), len(targets))

    def _keys(self, texts: pa.Array, used: np.ndarray) -> tuple[pa.Array, list[np.ndarray]]:
        """The host of each text; and the entries that would let each pass, a column each.

        Empty and below zero for a text that is not used; below zero also: no more entries.
        """
        asked = list(map(self._passes, texts.take(pa.array(used)).to_pylist()))
        found = [entries for _, entries in asked]
        hosts = np.full(len(texts), "", object)
        hosts[used] = [host for host, _ in asked]
        levels = np.full((max(map(len, found), default=0), len(texts)), _NONE)
        for at, entries in zip(used, found, strict=True):
            levels[: len(entries), at] = entries
        return pa.array(hosts, pa.string()), list(levels)

    def _passes_as(self, text: str) -> tuple[str, list[int]]:
        """The host of a text, and the entries that would let it pass."""
        host = target_key(text)
        return host, [self._known[one] for one in self._candidates(host) if one in self._known]

    def _candidates(self, host: str) -> Iterator[str]:
        yield host
        address = _address(host)
        if address is None:
            rest = host
            while rest := rest.partition(".")[2]:
                yield _WILD + rest
        else:
            for version, length in self._networks:
                if version == address.version:
                    yield str(ip_network((address, length), strict=False))


def entry_key(text: str) -> str:
    """An entry of a list, in the spelling in which entries are compared."""
    network = _network(text)
    if network is not None:
        return str(network)
    wild = text.strip().lower().startswith(_WILD)
    return _WILD + target_key(text.strip()[2:]) if wild else target_key(text)


def target_key(text: str) -> str:
    """The host or address alone: what stands before and behind it in an address bar is cut off."""
    host = text.strip().lower()
    host = host.partition("://")[2] or host
    host = host.partition("/")[0].rpartition("@")[2]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    address = _address(host)
    return host.rstrip(".") if address is None else str(address)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    if not (":" in host or host[-1:].isdecimal()):
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _network(text: str):  # noqa: ANN202 - of either version
    if "/" not in text:
        return None
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _items(targets: pa.Array) -> tuple[np.ndarray, pa.DictionaryArray]:
    """All targets in a row, and where those of each row end."""
    words = targets.flatten()
    lengths = pc.fill_null(pc.list_value_length(targets), 0).to_numpy(zero_copy_only=False)
    if not pa.types.is_dictionary(words.type):
        words = pc.fill_null(words, "").dictionary_encode()
    return np.cumsum(lengths), words


def within(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Which of these stand in a sorted row."""
    if not len(known):
        return np.zeros(len(asked), bool)
    at = np.searchsorted(known, asked)
    return known[np.minimum(at, len(known) - 1)] == asked


def _regrouped(rows: np.ndarray, texts: pa.Array, count: int) -> pa.Array:
    """Lists again, of so many rows; null where a row has none."""
    lengths = np.bincount(rows, minlength=count)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    is_null = np.append(lengths == 0, False)
    return pa.ListArray.from_arrays(pa.array(offsets, mask=is_null), texts)
