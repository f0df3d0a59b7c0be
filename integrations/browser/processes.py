"""The processes that one of ours has begotten, as Linux tells of them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_PARENT: Final = 1
"""In `stat`, counted behind the command's closing bracket."""


def family_of(pid: int) -> list[int]:
    """A process and all that descend from it; on systems without /proc itself alone."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            told = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            children.setdefault(int(told[_PARENT]), []).append(int(folder.name))
    family = [pid]
    for one in family:
        family += children.get(one, [])
    return family


def private_bytes(pids: Iterable[int]) -> int:
    """The memory that the processes have to themselves."""
    pages = 0
    for pid in pids:
        with suppress(OSError, ValueError):
            _, resident, shared, *_ = (_PROC / str(pid) / "statm").read_text("ascii").split()
            pages += int(resident) - int(shared)
    return pages * os.sysconf("SC_PAGE_SIZE")
