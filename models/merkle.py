"""The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1.

Only complete subtrees are kept, named by level (0 for leaves) and index: `nodes(level, index)` is
the hash of entries `index << level` up to `(index + 1) << level`. They never change once written.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

Node = tuple[int, int, bytes]
"""Level, index, hash."""
Nodes = Callable[[int, int], bytes]
"""Fetches the hash of a complete subtree by level and index."""

EMPTY_ROOT: Final = sha256().digest()
HASH_SIZE: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    return sha256(_LEAF + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()


def edge_of(size: int) -> list[tuple[int, int]]:
    """Level and index of the complete subtrees that make up a tree of that size, largest first."""
    if size < 0:
        raise ValueError(f"a tree of {size} entries")
    return [
        (level, (size >> level) - 1)
        for level in reversed(range(size.bit_length()))
        if size >> level & 1
    ]


def nodes_to_add(size: int, added: Sequence[bytes], nodes: Nodes) -> list[Node]:
    """The subtrees that `added` leaf hashes complete in a tree of `size`, level by level.

    Of the old tree only its right edge is asked for.
    """
    complete: list[Node] = []
    level, first, hashes = 0, size, list(added)
    while hashes:
        complete += [(level, first + step, found) for step, found in enumerate(hashes)]
        if first & 1:
            hashes.insert(0, nodes(level, first - 1))
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level, first = level + 1, first >> 1
    return complete


class Appender:
    """Grows a tree while holding its right edge alone: at most one hash for each level."""

    def __init__(self, size: int, edge: Sequence[bytes]) -> None:
        """`edge` are the hashes of `edge_of(size)`, in that order."""
        self.size = size
        self._edge = dict(zip(edge_of(size), edge, strict=True))

    def append(self, added: Sequence[bytes]) -> list[Node]:
        """Take in leaf hashes; the subtrees to be written, all of them complete."""
        complete = nodes_to_add(self.size, added, self._held)
        self.size += len(added)
        known = self._edge | {(level, index): found for level, index, found in complete}
        self._edge = {place: known[place] for place in edge_of(self.size)}
        return complete

    def root(self) -> bytes:
        return root(self.size, self._held)

    def _held(self, level: int, index: int) -> bytes:
        return self._edge[level, index]


def root(size: int, nodes: Nodes) -> bytes:
    return _range_root(0, size, nodes)


def needed(ask: Callable[[Nodes], object]) -> list[tuple[int, int]]:
    """The subtrees that a root or a proof is made of, so that they are fetched in one go."""
    places: list[tuple[int, int]] = []

    def note(level: int, index: int) -> bytes:
        places.append((level, index))
        return b""

    ask(note)
    return places


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """PATH(m, D_n) of RFC 9162 section 2.1.3.1, nearest sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} of a tree of {size}")
    proof: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = _split(low, high)
        if index < middle:
            proof.append(_range_root(middle, high, nodes))
            high = middle
        else:
            proof.append(_range_root(low, middle, nodes))
            low = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """PROOF(m, D_n) of RFC 9162 section 2.1.4.1; empty when either tree says all by itself."""
    if not 0 <= old <= new:
        raise ValueError(f"from a tree of {old} to one of {new}")
    if old in {0, new}:
        return []
    proof: list[bytes] = []
    low, high = 0, new
    while high != old:
        middle = _split(low, high)
        if old <= middle:
            proof.append(_range_root(middle, high, nodes))
            high = middle
        else:
            proof.append(_range_root(low, middle, nodes))
            low = middle
    if low:
        proof.append(_range_root(low, high, nodes))
    return proof[::-1]


def includes(leaf: bytes, index: int, size: int, root_hash: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.3.2, step by step as it stands there."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(sibling, found)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root_hash


def inclusion_steps(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes]
) -> list[tuple[bool, bytes, bytes]]:
    """The way from a leaf to the root: whether the sibling is at the left, it, what they make."""
    fn, sn, found = index, size - 1, leaf
    steps: list[tuple[bool, bytes, bytes]] = []
    for sibling in proof:
        is_left = bool(fn & 1 or fn == sn)
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
        while is_left and not fn & 1 and fn:
            fn, sn = fn >> 1, sn >> 1
        steps.append((is_left, sibling, found))
        fn, sn = fn >> 1, sn >> 1
    return steps


def extends(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2, with the two cases that need no proof before it."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(sibling, fr), node_hash(sibling, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root


def _split(low: int, high: int) -> int:
    """Where a subtree divides: the largest power of two that is smaller than its size."""
    return low + (1 << (high - low - 1).bit_length() - 1)


def _range_root(low: int, high: int, nodes: Nodes) -> bytes:
    """The hash of entries from `low` up to `high`, where `low` begins a subtree that holds both."""
    parts = [nodes(level, (low >> level) + index) for level, index in edge_of(high - low)]
    if not parts:
        return EMPTY_ROOT
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found
