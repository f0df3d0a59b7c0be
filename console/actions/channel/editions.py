"""Editions of the list to look at: what is out and how old it is, and how two of them differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.held import carrier_of
from console.actions.channel.lines import Change, Changes, changes_between
from console.actions.channel.publish import unsigned
from console.desk import Desk, House, Work
from integrations.sheets import write_csv
from models.audit import AuditEntry
from models.channel.publications import Publication, PublicationState
from models.permissions import Permission
from models.refusals import Conflict
from models.staff import Organisation

SHOWN: Final = 50
HISTORY: Final = 60


@dataclass(frozen=True, slots=True)
class NewestList:
    """An edition that is out, as everybody may know of it."""

    publisher: str
    number: str
    at: datetime
    agents: int
    last_day: datetime | None = None
    """The last moment at which the next edition is in time."""
    is_stale: bool = False


def newest_list(house: House) -> NewestList | None:
    """The one that came out last, over all carriers; None before the first is out."""
    return next(iter(lists_out(house)), None)


def lists_out(house: House) -> list[NewestList]:
    """Each carrier's edition that is out, the newest first."""
    query = (
        select(Publication, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Publication.carrier_id))
        .where(Publication.state == PublicationState.PUBLISHED)
        .order_by(col(Publication.published_at).desc())
    )
    with house.desk().begin(Permission.PUBLICATION_READ) as work:
        found = work.session.exec(query).all()
    return [_out(one, publisher, house.now()) for one, publisher in found]


def waiting_edition(desk: Desk, carrier: str | None = None) -> Publication | None:
    """The newest edition that waits for the actor's approval: ready, and prepared by another."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        owner = carrier_of(work, carrier)
        if work.actor.is_house:
            return None
        return work.session.exec(
            select(Publication)
            .where(
                Publication.carrier_id == owner.id,
                Publication.state == PublicationState.READY,
                col(Publication.preparer_id).is_distinct_from(work.actor.id),
            )
            .order_by(col(Publication.id).desc())
        ).first()


def _out(publication: Publication, publisher: str, now: datetime) -> NewestList:
    # What the signed manifest counts, so that no list is read to be counted.
    counts = json.loads(unsigned(publication.signature or ""))["counts"]
    at = publication.published_at or publication.created_at
    return NewestList(
        publisher,
        publication.number,
        at,
        counts["agents"],
        publication.due_at and publication.due_at - timedelta(microseconds=1),
        publication.is_stale(now),
    )


@dataclass(frozen=True, slots=True)
class PublicationRecord:
    publication: Publication
    carrier: Organisation
    before: Publication | None
    """What it is compared with."""
    others: Sequence[Publication]
    """The carrier's other editions that are frozen, the newest first."""
    changes: Changes
    deeds: Sequence[AuditEntry]


def publication_record(
    desk: Desk, publication_id: UUID | str, against: UUID | str | None = None
) -> PublicationRecord:
    """An edition, and what it has against another, else against the one that was out before."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        publication = work.get(Publication, publication_id)
        carrier = work.session.get_one(Organisation, publication.carrier_id)
        others = _others(work, publication)
        before = _named(work, publication, against) if against else _before(others, publication)
        deeds = history(work, publication)
    found = _changes(desk.house, before, publication)
    return PublicationRecord(publication, carrier, before, others, Changes.of(found, SHOWN), deeds)


def _others(work: Work, publication: Publication) -> Sequence[Publication]:
    return work.session.exec(
        work.select(Publication)
        .where(Publication.carrier_id == publication.carrier_id)
        .where(Publication.id != publication.id, col(Publication.sha256).is_not(None))
        .order_by(col(Publication.id).desc())
        .limit(HISTORY)
    ).all()


def _before(others: Sequence[Publication], publication: Publication) -> Publication | None:
    earlier = (one for one in others if one.published_at and one.id < publication.id)
    return next(earlier, None)


def _named(work: Work, publication: Publication, other_id: UUID | str) -> Publication:
    other = work.get(Publication, other_id)
    if other.carrier_id != publication.carrier_id:
        raise Conflict("register.other_carrier", number=other.number)
    return other


def _changes(house: House, before: Publication | None, now: Publication) -> Iterator[Change]:
    if now.sha256 is None:
        return iter(())
    return changes_between(house, before.sha256 if before else None, now.sha256)


COLUMNS: Final = ("change", "licence_no", "agent_no", "name", "fields", "before", "now")


def changes_csv(
    desk: Desk, publication_id: UUID | str, against: UUID | str | None = None
) -> tuple[str, Path]:
    """Every line that differs, as a table that no spreadsheet computes: its name and the file,
    which is the caller's to delete.
    """
    with desk.begin(Permission.PUBLICATION_READ) as work:
        publication = work.get(Publication, publication_id)
        before = (
            _named(work, publication, against)
            if against
            else _before(_others(work, publication), publication)
        )
    with NamedTemporaryFile(prefix="changes-", suffix=".csv", delete=False) as file:
        path = Path(file.name)
    found = _changes(desk.house, before, publication)
    write_csv(path, COLUMNS, (_cells(one) for one in found))
    return f"{publication.number}-changes.csv", path


def _cells(one: Change) -> list[str]:
    line, old = one.line, one.before
    fields = one.fields
    return [
        one.kind.value,
        line["licence_no"],
        line["agent_no"],
        line["name"],
        " ".join(fields),
        "" if old is None else _told(old, fields),
        _told(line, fields) if fields else "",
    ]


def _told(line: Mapping[str, object], fields: Sequence[str]) -> str:
    return json.dumps({name: line.get(name) for name in fields}, ensure_ascii=False)
