"""Where the agent keeps its key, its console and its spool; nobody else may look in.

device.key      PKCS#8, 0600
console.json    what enrolment told: where the console is, its keys, its id
spool.db        reads that wait, and receipts of those that went (with -wal and -shm)
agent.lock      held by the agent that runs
"""

import os
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reader_agent.refusals import AgentRunning, FolderUnusable

_NAME: Final = "channel-reader"
_FILES: Final = ("device.key", "console.json", "spool.db", "spool.db-wal", "spool.db-shm")
_CLOSED: Final = 0o700
_FAR: Final = 1 << 30
"""On Windows a locked byte can't be read, so it is one behind the number that the file holds."""


@dataclass(frozen=True, slots=True)
class StateFolder:
    path: Path

    @classmethod
    def open(cls, path: Path | None = None) -> "StateFolder":
        """Made if missing, closed to others; where `READER_STATE` says, else the platform."""
        chosen = path or _default()
        try:
            chosen.mkdir(mode=_CLOSED, parents=True, exist_ok=True)
            _close(chosen)
        except OSError as error:
            raise FolderUnusable(path=str(chosen), why=error.strerror or "") from error
        return cls(chosen)

    @property
    def key_path(self) -> Path:
        return self.path / "device.key"

    @property
    def console_path(self) -> Path:
        return self.path / "console.json"

    @property
    def spool_path(self) -> Path:
        return self.path / "spool.db"

    @contextmanager
    def alone(self) -> Generator[None]:
        """Held while reads are made or sent. The system lets go of it when the process ends."""
        flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
        lock = os.open(self.path / "agent.lock", flags, 0o600)
        try:
            if not _taken(lock):
                raise AgentRunning(pid=os.read(lock, 20).decode("ascii", "replace").strip())
            os.ftruncate(lock, 0)
            os.write(lock, f"{os.getpid()}\n".encode())
            yield
        finally:
            os.close(lock)

    def put_aside(self, name: str) -> Path:
        """Key, console and spool go into a folder beside, so that another enrolment can begin."""
        aside = self.path / name
        aside.mkdir(mode=_CLOSED)
        for file in _FILES:
            if (self.path / file).exists():
                (self.path / file).rename(aside / file)
        return aside


def write_closed(path: Path, content: bytes) -> None:
    """Whole or not at all, over what was there, for our eyes alone."""
    draft = closed_draft(path, content)
    draft.replace(path)


def closed_draft(path: Path, content: bytes) -> Path:
    """A new file beside `path`, 0600 from its first byte, on the disk when this returns."""
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_CLOEXEC", 0), 0o600)
    with os.fdopen(file, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return draft


def _default() -> Path:
    told = os.environ.get("READER_STATE")
    if told:
        return Path(told)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / _NAME
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / _NAME


def _close(path: Path) -> None:
    if sys.platform == "win32":
        return  # a user's local application data is closed to others by its access list
    if stat.S_IMODE(path.stat().st_mode) == _CLOSED:
        return
    names = {one.name for one in path.iterdir()}
    if names and not names & {"agent.lock", *_FILES}:
        raise FolderUnusable(path=str(path), why="other files")  # say, somebody's home
    path.chmod(_CLOSED)


def _taken(lock: int) -> bool:
    """Whether the lock is now ours; it is never waited for."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(lock, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(lock, 0, os.SEEK_SET)
        return True
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
