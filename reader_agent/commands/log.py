"""What happened, for whoever looks later: codes, readers, durations, hashes. Nobody's number.

One line of JSON an event in `agent.log` of the state folder (0600; three old ones are kept).
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

_LONGEST: Final = 1_000_000
_OLD: Final = 3
_SHOWN: Final = frozenset(
    {"reader", "reason", "code", "fault", "stage", "sw", "kind", "end", "read_id", "sha256"}
    | {"event_to_ack_ms", "state", "number", "told", "status", "waiting", "seconds", "tasks"}
)
"""Facts that may stand in the log; any other is left out, whoever tells it."""


def masked(iccid: str) -> str:
    """`898699…9018`: issuer and end, enough to tell two cards on a table apart."""
    return f"{iccid[:6]}…{iccid[-4:]}" if len(iccid) > 10 else "…"  # noqa: PLR2004 - 6 + 4


class Log:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "agent.log"
        self._lock = Lock()

    def note(self, code: str, facts: Mapping[str, object]) -> None:
        """Never fails a read: a log that cannot be written is done without."""
        line = {name: fact for name, fact in facts.items() if name in _SHOWN}
        iccid = facts.get("iccid")
        if isinstance(iccid, str):
            line["iccid"] = masked(iccid)
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = json.dumps({"at": at, "event": code, **line}, ensure_ascii=False, default=str)
        with self._lock:
            try:
                self._write(text.encode() + b"\n")
            except OSError:
                return

    def _write(self, line: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size > _LONGEST:
            for age in range(_OLD - 1, 0, -1):
                old = self._path.with_suffix(f".log.{age}")
                if old.exists():
                    old.replace(self._path.with_suffix(f".log.{age + 1}"))
            self._path.replace(self._path.with_suffix(".log.1"))
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
        file = os.open(self._path, flags, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)
