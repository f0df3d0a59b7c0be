"""SQLite as the house uses it, for its database and for the store of subjects' keys."""

import sqlite3
from collections.abc import Mapping
from types import ModuleType
from typing import Final

import pysqlite3.dbapi2  # pyright: ignore[reportMissingTypeStubs]

SAFE_SQLITE: Final = (3, 51, 3)
"""From here on WAL databases with several connections can't be corrupted by a reset."""
PRAGMAS: Final[Mapping[str, str]] = {
    "journal_mode": "wal",
    "synchronous": "2",  # FULL: NORMAL loses acknowledged writes when the power goes
    "foreign_keys": "1",
    "secure_delete": "1",  # what is deleted is gone from the file
    "busy_timeout": "10000",
    "mmap_size": "0",
}


def sqlite_module() -> ModuleType:
    """The built-in SQLite where it is free of the WAL-reset bug, else the one from its wheel."""
    return sqlite3 if sqlite3.sqlite_version_info >= SAFE_SQLITE else pysqlite3.dbapi2
