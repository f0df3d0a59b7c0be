"""A folder whose files nobody else may read, written whole or not at all."""

import fcntl
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from integrations.keys.base import KeyDamaged, KeyFileOpen

_OTHERS_READ: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Folder:
    path: Path

    @contextmanager
    def alone(self) -> Generator[None]:
        """Held against every other process that makes or changes keys."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        _must_be_closed(self.path, self.path.stat())
        lock = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def read(self, name: str) -> bytes:
        path = self.path / name
        try:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise KeyDamaged(f"{path}: {error.strerror}") from error
        with os.fdopen(file, "rb") as source:
            _must_be_closed(path, os.fstat(file))
            return source.read()

    def must_be_closed(self, name: str) -> None:
        """KeyFileOpen when others may reach a file that something else reads and writes."""
        path = self.path / name
        _must_be_closed(path, path.stat())

    def write_new(self, name: str, content: bytes) -> None:
        """Whole or not at all, and never over another: `link` refuses a name that is taken."""
        with self._written(content) as draft:
            os.link(draft, self.path / name)
        self._sync()

    def replace(self, name: str, content: bytes) -> None:
        with self._written(content) as draft:
            draft.replace(self.path / name)
        self._sync()

    @contextmanager
    def _written(self, content: bytes) -> Generator[Path]:
        draft = self.path / f".draft-{os.getpid()}"
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(file, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(file)
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _must_be_closed(path: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS_READ:
        wanted = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise KeyFileOpen(
            f"{path} has mode {mode:03o}, so others may reach the key: chmod {wanted} it, "
            "and revoke the key if they may have read it"
        )
    if found.st_uid not in {0, os.geteuid()}:
        raise KeyFileOpen(f"{path} belongs to user {found.st_uid}, not to us")
