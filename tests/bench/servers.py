"""A PostgreSQL of one's own for as long as a benchmark runs."""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import start_server


@contextmanager
def postgres() -> Generator[str]:
    """The address of a server that forgets all when it ends."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent
    folder = Path(tempfile.mkdtemp(prefix="channel-bench-"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    stop = start_server(binaries, folder, as_user)
    try:
        yield f"postgresql+psycopg://channel@/postgres?host={folder}"
    finally:
        stop()
        shutil.rmtree(folder)
