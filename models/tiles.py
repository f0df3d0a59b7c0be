"""Addresses of a log's tiles and entry bundles, and the bundles' bytes (C2SP tlog-tiles v0.1.0).

A tile is up to 256 hashes of one level, a bundle up to 256 entries; those that are full, and
those of a given width, never change.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from models.merkle import HASH_SIZE, Node, node_hash

WIDTH: Final = 256
TILE_LEVELS: Final = 8
"""A tile stands so many levels of the tree above the one that it is made of."""
LONGEST_ENTRY: Final = (1 << 16) - 1
HIGHEST: Final = 63
_PATH: Final = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_GROUP: Final = 1000
_LONGEST_PATH: Final = 40


class NoTile(ValueError):
    """Not the address of a tile."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which tile or bundle of its row, and how much of it."""

    index: int
    width: int = WIDTH

    @property
    def first(self) -> int:
        return self.index * WIDTH

    @property
    def path(self) -> str:
        """`x001/x234/067` for 1234067, with `.p/<width>` when it is not full."""
        rest, last = divmod(self.index, _GROUP)
        path = f"{last:03}"
        while rest:
            rest, group = divmod(rest, _GROUP)
            path = f"x{group:03}/{path}"
        return path if self.width == WIDTH else f"{path}.p/{self.width}"

    @classmethod
    def from_path(cls, path: str) -> "Part":
        found = _PATH.fullmatch(path) if len(path) <= _LONGEST_PATH else None
        if found is None:
            raise NoTile(path)
        index = int(found[1].replace("x", "").replace("/", ""))
        part = cls(index, int(found[2] or WIDTH))
        if part.path != path:  # one form of each number, and no partial tile that is full
            raise NoTile(path)
        return part


def bundled(entries: Iterable[bytes]) -> bytes:
    """Entries one after another, each behind its length in two bytes."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def tile_of(level: int, index: int) -> tuple[int, int]:
    """Level and number of the tile that a complete subtree's hash is made of."""
    above, below = divmod(level, TILE_LEVELS)
    return above, (index << below) // WIDTH


def node_in(tile: bytes, level: int, index: int) -> bytes:
    """The hash of a complete subtree, made of those in its tile; LookupError if it lacks them."""
    below = level % TILE_LEVELS
    first = (index << below) % WIDTH * HASH_SIZE
    last = first + (HASH_SIZE << below)
    if len(tile) < last:
        raise LookupError(f"level {level}, hash {index}")
    hashes = [tile[at : at + HASH_SIZE] for at in range(first, last, HASH_SIZE)]
    while len(hashes) > 1:
        hashes = [node_hash(*pair) for pair in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]


def rows_of(nodes: Iterable[Node]) -> dict[int, tuple[int, bytes]]:
    """Of subtrees that were completed, those that stand in tiles: for each level the first, and all
    from it on.
    """
    found: dict[int, tuple[int, list[bytes]]] = {}
    for level, index, one in nodes:
        if level % TILE_LEVELS == 0:
            found.setdefault(level // TILE_LEVELS, (index, []))[1].append(one)
    return {level: (first, b"".join(hashes)) for level, (first, hashes) in found.items()}


def cut(first: int, hashes: bytes) -> Iterator[tuple[int, bytes]]:
    """A row of hashes from `first` on, cut where tiles begin: each tile's number and its part."""
    at = 0
    while at < len(hashes):
        place = first + at // HASH_SIZE
        end = at + (WIDTH - place % WIDTH) * HASH_SIZE
        yield place // WIDTH, hashes[at:end]
        at = end


def tiles_of(size: int) -> Mapping[int, int]:
    """How many hashes stand in the tiles of each level of a tree of that size."""
    levels = range(max(1, -(-size.bit_length() // TILE_LEVELS)))
    return {level: size >> TILE_LEVELS * level for level in levels}
