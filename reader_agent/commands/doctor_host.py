"""What `doctor` can see of the machine without loading a reader's library."""

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from errno import EACCES, ECONNREFUSED, ENOENT, EPERM
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from reader_agent.counter.child import Child, Message, module
from reader_agent.counter.ports import usb_ports

_Found = TypeVar("_Found")
_PATIENCE: Final = 6.0
_LIBRARY: Final = "libpcsclite"
_BY_ERRNO: Final = {
    ENOENT: "missing",
    ECONNREFUSED: "dead",
    EACCES: "closed",
    EPERM: "closed",
}


@dataclass(frozen=True, slots=True)
class Host:
    """Where this machine keeps things; tests look elsewhere."""

    socket: Path = Path("/run/pcscd/pcscd.comm")
    proc: Path = Path("/proc")
    path: str | None = None
    """Where programs are looked for; None is the environment's PATH."""

    def service(self) -> str:
        """`running`, `missing`, `dead` (a socket that nobody answers), `closed` (to this user)."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with line:
            line.settimeout(2)
            try:
                line.connect(str(self.socket))
            except OSError as error:
                return _BY_ERRNO.get(error.errno or 0, "dead")
        return "running"

    def has_pcscd(self) -> bool:
        search = self.path or os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
        return shutil.which("pcscd", path=search) is not None

    def others(self) -> Iterator[tuple[int, str]]:
        """Who else has the PC/SC library loaded: pid and name, as far as we may look."""
        for folder in sorted(self.proc.glob("[0-9]*")):
            try:
                name = (folder / "comm").read_text("utf-8", "replace").strip()
                is_ours = b"reader_agent" in (folder / "cmdline").read_bytes()
                loaded = _LIBRARY in (folder / "maps").read_text("utf-8", "replace")
            except OSError:
                continue
            if loaded and not is_ours and name != "pcscd":
                yield int(folder.name), name

    def port(self, path: Path) -> str:
        """`port_usable`, `port_missing` or `port_denied`."""
        if os.name == "nt":
            return "port_usable"  # COM names are no files; the reader's own answer tells
        try:
            path.stat()
        except PermissionError:
            return "port_denied"
        except OSError:
            return "port_missing"
        effective = os.access in os.supports_effective_ids
        allowed = os.access(path, os.R_OK | os.W_OK, effective_ids=effective)
        return "port_usable" if allowed else "port_denied"


@dataclass(frozen=True, slots=True)
class Seen:
    up: bool
    reason: str
    readers: list[str]


def readers() -> Seen:
    """What the monitor says of service and readers."""
    down = Seen(up=False, reason="timeout", readers=[])

    def judge(message: Message) -> Seen | None:
        match message.get("event"):
            case "service" if not message["up"]:
                return Seen(up=False, reason=str(message["reason"]), readers=[])
            case "readers":
                return Seen(up=True, reason="", readers=list(message["readers"]))
            case "ended":
                return Seen(up=False, reason=str(message["crash"]), readers=[])
            case _:
                return None

    return _first(module("cards.watch"), judge) or down


def identity_reader(port: str) -> Message:
    """The `port` line of a worker at that port; empty where it says nothing."""

    def judge(message: Message) -> Message | None:
        return message if message.get("event") in {"port", "ended"} else None

    return _first(module("documents.id_worker", port), judge) or {}


def found_ports() -> list[str]:
    """Ports of known readers and bridges."""
    return [str(one["path"]) for one in usb_ports() if not one["virtual"]]


def _first(command: list[str], judge: Callable[[Message], _Found | None]) -> _Found | None:
    """What the first telling line of a child says, while patience lasts."""
    lines: SimpleQueue[Message] = SimpleQueue()
    child = Child(command, lambda _, message: lines.put(message))
    until = time.monotonic() + _PATIENCE
    try:
        while (left := until - time.monotonic()) > 0:
            found = judge(lines.get(timeout=left))
            if found is not None:
                return found
    except Empty:
        pass
    finally:
        child.end()
    return None
