"""The lines of a published list: read, checked, kept as NDJSON, compared (4.6, BADGE 6).

A line is handled as it comes: of a list of any size only a mark of each line is in memory.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from hashlib import blake2b
from itertools import groupby
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import col

from console.actions.channel.register import OF_AGENTS, status_of
from console.desk import House
from integrations.evidence import Digest
from models.canonical import canonical
from models.channel.agents import Agent
from models.channel.licences import Licence, LicenceState
from models.channel.public import (
    PublicStatus,
    personal_numbers,
    public_name,
    public_uscc,
    shop_number,
)
from models.channel.shops import AuthorisedShop
from models.formats import Fault, check_resident_id
from models.refusals import Conflict
from models.rules import china_day

Line = Mapping[str, Any]
FORMAT: Final = "channel-register/1"
FIELDS: Final = (
    "agent_no", "name", "uscc", "province", "carrier", "licence_no", "products", "provinces",
    "begins_on", "ends_on", "status", "shops",
)  # fmt: skip
"""All that is published of a licensed agent: no representative, no contact."""
_AT_ONCE: Final = 2_000
_MARK: Final = 16
_NUMBER: Final = re.compile(rb'"licence_no":"([^"\\]+)"')
_ID_LENGTHS: Final = {15, 18}


def published_lines(house: House, carriers: Sequence[UUID]) -> Iterator[Line]:
    """One line for each licence in force, in the order of the numbers."""
    on = china_day(house.now())
    query = OF_AGENTS.where(
        col(Agent.carrier_id).in_(carriers), col(Licence.state) == LicenceState.ACTIVE
    ).order_by(
        col(Agent.agent_no),
        col(Licence.number),
        col(AuthorisedShop.platform),
        col(AuthorisedShop.shop_key),
    )
    with house.engine.connect() as connection:
        streamed = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
        for _, found in groupby(streamed.execute(query), lambda row: row.licence_no):
            rows = list(found)
            if status_of(rows[0], on) is PublicStatus.ACTIVE:
                yield _line(rows, on)


def _line(rows: Sequence[Row[*tuple[Any, ...]]], on: date) -> Line:
    first = rows[0]
    named = [row for row in rows if str(row.shop_id) in first.shop_ids]
    for words in (first.agent_name, *(row.shop_name for row in named)):
        _must_name_nobody(first.agent_no, words, on)

    def public(name: str) -> str:
        return public_name(name, first.uscc, first.representative)

    return {
        "agent_no": first.agent_no,
        "name": public(first.agent_name),
        "uscc": public_uscc(first.uscc),
        "province": first.province,
        "carrier": first.carrier,
        "licence_no": first.licence_no,
        "products": first.products,
        "provinces": first.provinces,
        "begins_on": first.begins_on.isoformat(),
        "ends_on": first.ends_on.isoformat(),
        "status": PublicStatus.ACTIVE.value,
        "shops": [
            {
                "platform": row.platform,
                "id": shop_number(row.shop_key),
                "name": public(row.shop_name),
                "url": row.shop_url,
            }
            for row in named
        ],
    }


def must_be_public(line: Line) -> None:
    """The guard of 4.6: published columns alone."""
    if set(line) != set(FIELDS):
        raise Conflict("channel.private_field", field=min(set(line) ^ set(FIELDS)))


def _must_name_nobody(agent_no: str, words: str, today: date) -> None:
    """Nor a person's number in a name; a long number that is nobody's may stand there."""
    for found in personal_numbers(words):
        is_number = len(found) in _ID_LENGTHS and "@" not in found
        if not is_number or not isinstance(check_resident_id(found, today), Fault):
            raise Conflict("channel.private_data", agent_no=agent_no)


@dataclass(slots=True)
class Tally:
    """What was written, against the edition before."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0


def write_lines(file: BinaryIO, lines: Iterable[Line], old: dict[str, bytes]) -> Tally:
    """Write the lines as NDJSON. `old` are the marks of the edition before; they are used up."""
    tally = Tally()
    for line in lines:
        must_be_public(line)
        raw, tally.rows = canonical(line), tally.rows + 1
        file.write(raw)
        before = old.pop(line["licence_no"], None)
        tally.added += before is None
        tally.changed += before is not None and before != _mark(raw)
    tally.removed = len(old)
    return tally


def raw_lines(house: House, digest: str | None) -> Iterator[bytes]:
    """The lines of an edition as they are kept; none where there is no edition."""
    if digest is None:
        return
    rest = b""
    for piece in house.evidence.stream(Digest(digest)):
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole


def kept_lines(house: House, digest: str | None) -> Iterator[Line]:
    return (json.loads(raw) for raw in raw_lines(house, digest))


def marks_of(house: House, digest: str | None) -> dict[str, bytes]:
    """Of each licence in an edition a few bytes that differ when its line does."""
    return {_number(raw): _mark(raw + b"\n") for raw in raw_lines(house, digest)}


def _number(raw: bytes) -> str:
    """A line's licence, without reading the rest: in a text every quote has a stroke before it."""
    found = _NUMBER.search(raw)
    assert found is not None  # noqa: S101 - we wrote the line
    return found[1].decode()


def _mark(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=_MARK).digest()


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A licence whose line is not the same in two editions."""

    kind: ChangeKind
    line: Line
    """As it stands now; of a removed one as it stood."""
    before: Line | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Which columns of a changed line differ."""
        old = self.before
        return () if old is None else tuple(n for n in FIELDS if old.get(n) != self.line.get(n))


def changes_between(house: House, old: str | None, new: str | None) -> Iterator[Change]:
    """Added and changed lines in the new edition's order, then those that are gone."""
    known, marks = marks_of(house, old), marks_of(house, new)
    moved = {number for number, mark in known.items() if marks.get(number) != mark}
    stood = {
        number: cast("Line", json.loads(raw))
        for raw in (raw_lines(house, old) if moved else ())
        if (number := _number(raw)) in moved
    }
    for raw in raw_lines(house, new):
        number = _number(raw)
        if number in stood:
            yield Change(ChangeKind.CHANGED, json.loads(raw), stood[number])
        elif number not in known:
            yield Change(ChangeKind.ADDED, json.loads(raw))
    for number, line in stood.items():
        if number not in marks:
            yield Change(ChangeKind.REMOVED, line)


@dataclass(slots=True)
class Changes:
    """How many lines two editions differ in, and the first of them."""

    counts: dict[ChangeKind, int] = field(default_factory=lambda: dict.fromkeys(ChangeKind, 0))
    first: dict[ChangeKind, list[Change]] = field(
        default_factory=lambda: {kind: [] for kind in ChangeKind}
    )

    @classmethod
    def of(cls, found: Iterable[Change], most: int) -> "Changes":
        changes = cls()
        for one in found:
            changes.counts[one.kind] += 1
            if len(changes.first[one.kind]) < most:
                changes.first[one.kind].append(one)
        return changes
