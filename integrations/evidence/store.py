"""Files under the name of their own hash, each hashed again whenever it is read."""

import ctypes
import hashlib
import os
import re
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import IO, BinaryIO, Final, NewType

Digest = NewType("Digest", str)
"""SHA-256 in 64 lower-case hexadecimal digits."""

CHUNK: Final = 1 << 20
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Damaged(Exception):
    """What lies under a digest is not what was put there."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        super().__init__(digest)


class _Flusher:
    """One flush of a disk serves everybody who had written before it began."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tickets = Lock()
        self._turn = Lock()
        self._written = 0
        self._safe = 0

    def flush(self) -> None:
        with self._tickets:
            self._written += 1
            mine = self._written
        with self._turn:
            if self._safe >= mine:
                return
            with self._tickets:
                begun = self._written
            _flush_disk(self._root)
            self._safe = begun


@cache
def _flusher_of(root: Path) -> _Flusher:
    return _Flusher(root)


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _flush_disk(root: Path) -> None:
    """All that was written to the file system of a folder lies on its disk when this returns."""
    syncfs = getattr(_c_library(), "syncfs", None)
    if syncfs is None:  # no Linux
        os.sync()
        return
    descriptor = os.open(root, os.O_RDONLY)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(root))
    finally:
        os.close(descriptor)


class Store:
    """Files under the name of their own SHA-256. Reading hashes again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def path(self, digest: Digest) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"not a digest: {digest!r}")
        return self._root / digest[:2] / digest[2:4] / digest

    def has(self, digest: Digest) -> bool:
        return self.path(digest).is_file()

    def keep(self, given: bytes | BinaryIO) -> Digest:
        """Put a file away, safe from a power cut on return. The same bytes are kept once."""
        (digest,) = self.keep_many((given,))
        return digest

    def keep_many(self, given: Iterable[bytes | BinaryIO]) -> list[Digest]:
        """Put files away together, and wait for the disk once for all of them.

        Threads that put away at the same time share one flush.
        """
        digests = list[Digest]()
        with ExitStack() as stack:
            for one in given:
                digest = Digest(hashlib.sha256(one).hexdigest()) if isinstance(one, bytes) else None
                if digest is None or not self.is_whole(digest):
                    temporary, digest = self._written(one, stack)
                    self._put(temporary, digest)
                digests.append(digest)
        # Also for what was there already: whoever put it there may still wait for the disk.
        _flusher_of(self._root.absolute()).flush()
        return digests

    def open(self, digest: Digest) -> bytes:
        return b"".join(self.stream(digest))

    def stream(self, digest: Digest) -> Generator[bytes]:
        """The file in pieces; `Damaged` at the end if they were not the ones that were kept."""
        seen = hashlib.sha256()
        with self.path(digest).open("rb") as file:
            while piece := file.read(CHUNK):
                seen.update(piece)
                yield piece
        if seen.hexdigest() != digest:
            raise Damaged(digest)

    def size(self, digest: Digest) -> int:
        return self.path(digest).stat().st_size

    def is_whole(self, digest: Digest) -> bool:
        """Whether the file is there, and still what was put there."""
        try:
            for _ in self.stream(digest):
                pass
        except (Damaged, OSError):
            return False
        return True

    def verify_all(self) -> Iterator[Digest]:
        """The digests whose file is not what its name says."""
        for path in sorted(self._root.glob("??/??/*")):
            digest = Digest(path.name)
            ours = _DIGEST.fullmatch(digest) and path == self.path(digest)
            if not (ours and self.is_whole(digest)):
                yield digest

    def _written(self, given: bytes | BinaryIO, stack: ExitStack) -> tuple[Path, Digest]:
        source = BytesIO(given) if isinstance(given, bytes) else given
        descriptor, name = tempfile.mkstemp(prefix="new-", dir=self._root)
        stack.callback(Path(name).unlink, missing_ok=True)
        with os.fdopen(descriptor, "wb") as temporary:
            return Path(name), copied(source, temporary)

    def _put(self, temporary: Path, digest: Digest) -> None:
        path = self.path(digest)
        if not (path.is_file() and self.is_whole(digest)):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(path)


def copied(source: IO[bytes], target: IO[bytes] | None) -> Digest:
    """Read to the end, hash, and write on where there is a target."""
    seen = hashlib.sha256()
    while piece := source.read(CHUNK):
        seen.update(piece)
        if target is not None:
            target.write(piece)
    return Digest(seen.hexdigest())
