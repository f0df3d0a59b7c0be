"""Workbooks, read by a process of their own that may die of them."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from integrations.sheets.shape import Kind, Limits, Row, Table, tabulated
from models.refusals import Invalid

_HOUSE: Final = Path(__file__).parents[2]
_COMMAND: Final = (sys.executable, "-m", "integrations.sheets.child")
_FRAME: Final = 64_000_000
_PIPE: Final = 1 << 20


@contextmanager
def open_workbook(path: Path, limits: Limits, sheet: str | None) -> Generator[Table]:
    with tempfile.TemporaryDirectory(prefix="workbook-") as scratch:
        asked = {
            "path": str(path.resolve()),
            "scratch": scratch,
            "sheet": sheet,
            "limits": asdict(limits),
        }
        with _reader(asked) as pipe:
            rows = _rows(_Frames(pipe, path.name, limits), path.name)
            yield tabulated(rows, file=path.name, kind=Kind.XLSX, encoding="utf-8")


@contextmanager
def _reader(asked: Mapping[str, object]) -> Generator[IO[bytes]]:
    child = subprocess.Popen(  # noqa: S603
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(_HOUSE), "PYTHONUTF8": "1", "PATH": os.defpath},
    )
    try:
        assert child.stdin  # noqa: S101
        assert child.stdout  # noqa: S101
        child.stdin.write(json.dumps(asked).encode())
        child.stdin.close()
        yield child.stdout
    finally:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


class _Frames:
    """Takes frames off the pipe, and waits in all no longer than the limit."""

    def __init__(self, pipe: IO[bytes], file: str, limits: Limits) -> None:
        self._pipe, self._file, self._left = pipe, file, float(limits.seconds)

    def next(self) -> dict[str, Any]:
        size = int.from_bytes(self._exactly(4), "big")
        if size > _FRAME:
            raise Invalid("import.too_heavy", file=self._file)
        return json.loads(self._exactly(size).decode("utf-8", "surrogatepass"))

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            began = time.monotonic()
            ready, _, _ = select.select([self._pipe], [], [], max(self._left, 0))
            self._left -= time.monotonic() - began
            some = os.read(self._pipe.fileno(), min(size - len(data), _PIPE)) if ready else b""
            if not some:
                raise Invalid("import.too_heavy", file=self._file)
            data += some
        return bytes(data)


def _rows(frames: _Frames, file: str) -> Iterator[Row]:
    while True:
        frame = frames.next()
        if "end" in frame:
            return
        if "code" in frame:
            raise Invalid(frame["code"], **{**frame["facts"], "file": file})
        for number, cells in frame["rows"]:
            yield Row(number, tuple(cells))
