"""Persons from a file that was encrypted for this house: nobody types them (004-2.1-c)."""

from collections.abc import Iterator
from datetime import datetime

from integrations.person_files.envelope import MOST_BYTES, must_fit, open_file, seal_file
from integrations.person_files.recipient import RecipientKeys, read_public
from integrations.person_files.rows import COLUMNS, rows_of
from models.cards.persons import PersonFault, PersonRow

__all__ = ["COLUMNS", "MOST_BYTES", "RecipientKeys", "read_person_file", "seal_person_file"]


def read_person_file(
    content: bytes, keys: RecipientKeys, at: datetime
) -> Iterator[PersonRow | PersonFault]:
    """Each row or its first fault, opened in memory alone; Invalid for a file that can't be read.

    `at` is now: nobody is born and nothing was verified behind it.
    """
    return rows_of(open_file(content, keys), at)


def seal_person_file(content: bytes, key: str, at: datetime) -> tuple[bytes, list[PersonFault]]:
    """A plain file encrypted for the holder of a JWK, and the rows that it will turn down."""
    must_fit(content)
    public = read_public(key)
    faults = [one for one in rows_of(content, at) if isinstance(one, PersonFault)]
    is_lines = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return seal_file(content, public, "application/x-ndjson" if is_lines else "text/csv"), faults
