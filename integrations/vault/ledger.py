"""The ledger of erasures: whose keys are gone for good, in a file that only grows.

It lies outside the store of keys and outlives its backups: a store that is put back from before an
erasure reads here what to forget again (SECURITY 3.3, 8 and 9). A line names no person:

    <code of the line before it and of this> {"subject": …, "tenant": …, "request": …, "at": …}
"""

import hmac
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from integrations.keys.base import KeyDamaged
from integrations.keys.folder import Folder
from integrations.vault.roots import keyed

_FILE: Final = "erased.log"
_CODE: Final = 64
"""Letters of an HMAC-SHA256 in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    subject: UUID
    tenant: UUID
    request: str
    """The number of the request that led to it."""
    at: datetime

    def __str__(self) -> str:
        told = {
            "subject": str(self.subject),
            "tenant": str(self.tenant),
            "request": self.request,
            "at": self.at.isoformat(),
        }
        return json.dumps(told)

    @classmethod
    def read(cls, text: str) -> "Tombstone":
        told = json.loads(text)
        at = datetime.fromisoformat(told["at"])
        return cls(UUID(told["subject"]), UUID(told["tenant"]), told["request"], at)


@dataclass(frozen=True, slots=True)
class Ledger:
    path: Path
    """Of its folder."""
    key: bytes

    def append(self, *tombstones: Tombstone) -> None:
        """All on the disk when this returns. Half a line that a crash left is taken away first."""
        with Folder(self.path).alone():
            lines = list(self._lines())
            before, fresh = lines[-1] if lines else "", list[str]()
            for one in tombstones:
                before = f"{self._code(before, str(one))} {one}"
                fresh.append(f"{before}\n")
            flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
            with os.fdopen(os.open(self.path / _FILE, flags, 0o600), "wb") as out:
                out.truncate(sum(len(line) + 1 for line in lines))
                out.seek(0, os.SEEK_END)
                out.write("".join(fresh).encode())
                out.flush()
                os.fsync(out.fileno())

    def read(self) -> tuple[Sequence[Tombstone], int]:
        """All that were written whole, and how many bytes they take; KeyDamaged for another's."""
        found: list[Tombstone] = []
        before, size = "", 0
        for line in self._lines():
            code, text = line[:_CODE], line[_CODE + 1 :]
            if not hmac.compare_digest(code, self._code(before, text)):
                raise KeyDamaged(f"{self.path / _FILE}: line {len(found) + 1} was altered")
            found.append(Tombstone.read(text))
            before, size = line, size + len(line) + 1
        return found, size

    def _lines(self) -> Iterator[str]:
        if ledger_bytes(self.path):
            whole, _, _ = Folder(self.path).read(_FILE).decode("ascii", "replace").rpartition("\n")
            yield from whole.split("\n") if whole else ()

    def _code(self, before: str, text: str) -> str:
        return keyed(self.key, f"{before[:_CODE]} {text}").hex()


def ledger_bytes(path: Path) -> int:
    """How long it is: whether there is something new is asked before each use of a key."""
    try:
        return (path / _FILE).stat().st_size
    except FileNotFoundError:
        return 0
