"""Files that imports leave open are put away after each test; and the command line."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.actions.imports.reading import close_readings

CHANNEL = Path(sys.executable).parent / "channel"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _files_put_away() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    close_readings()


@pytest.fixture
def channel(tmp_path: Path) -> Run:
    """A command in a data folder of its own, with one carrier."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "zh_CN.UTF-8",
            "CHANNEL_DATA": str(tmp_path / "var"),
        }
        return subprocess.run(
            [CHANNEL, *words], capture_output=True, text=True, check=False, env=env, timeout=60
        )

    assert run("migrate").returncode == 0
    assert run("org", "add", "CT", "basic_carrier_group", "中国电信").returncode == 0
    return run
