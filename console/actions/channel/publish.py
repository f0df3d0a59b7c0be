"""The published list: its rows frozen, compared, checked, signed (4.6, BADGE 6)."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlmodel import col, or_, select

from console.actions.audit import history
from console.actions.channel.announce import tell
from console.actions.channel.held import carrier_of, deadline
from console.actions.channel.numbers import next_numbers
from console.actions.channel.register import OF_AGENTS, status_of
from console.desk import PAGE, Desk, House, Order, Slice, Work
from integrations.evidence import Digest
from integrations.keys import Signer
from models.audit import AuditEntry
from models.canonical import canonical
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogKind
from models.channel.public import PublicStatus, shop_number
from models.channel.publications import Publication, PublicationMove, PublicationState
from models.channel.shops import AuthorisedShop
from models.formats import Fault, check_resident_id
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.rules import china_day
from models.staff import Organisation
from models.tokens import Alg, KeyRole

Line = Mapping[str, Any]
FORMAT: Final = "channel-register/1"
FIELDS: Final = (
    "agent_no", "name", "uscc", "province", "carrier", "licence_no", "products", "provinces",
    "begins_on", "ends_on", "status", "shops",
)  # fmt: skip
"""All that is published of a licensed agent: no representative, no contact."""
_JOSE: Final = {
    Alg.ED25519: "Ed25519",
    Alg.EDDSA: "EdDSA",
    Alg.ESP256: "ES256",
    Alg.ES256: "ES256",
}
_ID_LIKE: Final = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_PHONE_LIKE: Final = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edition has against the one before, by licence number."""

    added: Sequence[Line]
    removed: Sequence[Line]
    changed: Sequence[Line]


@dataclass(frozen=True, slots=True)
class PublicationRecord:
    publication: Publication
    carrier: Organisation
    changes: Changes
    deeds: Sequence[AuditEntry]


def prepare_publication(desk: Desk, carrier: str | None = None) -> Publication:
    """Freeze the list of a carrier, and of the companies below it, as it stands now."""
    with desk.begin(Permission.PUBLICATION_EDIT) as work:
        owner = carrier_of(work, carrier)
        day = f"{china_day(work.at):%Y%m%d}"
        (serial,) = next_numbers(work, f"publications:{owner.code}-{day}")
        publication = work.add(
            Publication(
                number=f"P-{owner.code}-{day}-{serial:02d}",
                carrier_id=owner.id,
                province=owner.province,
                prepared_by=desk.actor.name,
                created_at=work.at,
            )
        )
        work.record("publication.begun", publication)
        carriers = _below(work, owner.id)
        before = latest_of(work, owner.id)
    lines = list(published_lines(desk.house, carriers))
    for line in lines:
        must_be_public(line, china_day(desk.now()))
    digest = desk.house.evidence.keep(as_ndjson(lines))
    old = lines_of(desk.house, before.sha256 if before else None)
    changes = compared(old, lines)
    with desk.begin(Permission.PUBLICATION_EDIT) as work:
        publication = work.get(Publication, publication.id)
        publication.move(PublicationMove.CHECK_OK)
        publication.sha256, publication.rows = digest, len(lines)
        publication.added, publication.removed = len(changes.added), len(changes.removed)
        work.record("publication.prepared", publication, rows=len(lines), sha256=digest)
        return publication


def _below(work: Work, carrier_id: UUID) -> list[UUID]:
    rows = work.session.exec(
        select(Organisation.id).where(
            or_(Organisation.id == carrier_id, Organisation.parent_id == carrier_id)
        )
    )
    return list(rows.all())


def latest_of(work: Work, carrier_id: UUID) -> Publication | None:
    """The edition that is out."""
    return work.session.exec(
        select(Publication).where(
            Publication.carrier_id == carrier_id,
            Publication.state == PublicationState.PUBLISHED,
        )
    ).first()


def published_lines(house: House, carriers: Sequence[UUID]) -> Iterable[Line]:
    """One line for each licence in force, in the order of the numbers."""
    from models.channel.agents import Agent

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
        for _, found in groupby(connection.execute(query), lambda row: row.licence_no):
            rows = list(found)
            if status_of(rows[0], on) is PublicStatus.ACTIVE:
                yield _line(rows)


def _line(rows: Sequence[Row[*tuple[Any, ...]]]) -> Line:
    first = rows[0]
    return {
        "agent_no": first.agent_no,
        "name": first.agent_name,
        "uscc": first.uscc,
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
                "name": row.shop_name,
                "url": row.shop_url,
            }
            for row in rows
            if str(row.shop_id) in first.shop_ids
        ],
    }


def must_be_public(line: Line, today: date) -> None:
    """The guard of 4.6: published columns alone, and no person's number in a name."""
    if set(line) != set(FIELDS):
        raise Conflict("channel.private_field", field=min(set(line) ^ set(FIELDS)))
    for words in (line["name"], *(shop["name"] for shop in line["shops"])):
        numbers = _ID_LIKE.findall(words)
        named = any(not isinstance(check_resident_id(one, today), Fault) for one in numbers)
        if named or _PHONE_LIKE.search(words):
            raise Conflict("channel.private_data", agent_no=line["agent_no"])


def as_ndjson(lines: Iterable[Line]) -> bytes:
    """The same rows make the same bytes, whoever writes them."""
    return b"".join(canonical(line) for line in lines)


def lines_of(house: House, digest: str | None) -> list[Line]:
    """The rows of an edition, from the store; none where there is no edition."""
    if digest is None:
        return []
    return [json.loads(line) for line in house.evidence.open(Digest(digest)).splitlines()]


def compared(before: Iterable[Line], now: Iterable[Line]) -> Changes:
    old = {line["licence_no"]: line for line in before}
    new = {line["licence_no"]: line for line in now}
    return Changes(
        added=[line for number, line in new.items() if number not in old],
        removed=[line for number, line in old.items() if number not in new],
        changed=[
            line for number, line in new.items() if number in old and dict(old[number]) != line
        ],
    )


def publish(desk: Desk, publication_id: UUID | str) -> Publication:
    """Put an edition out, signed, in the place of the one before."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        draft = work.get(Publication, publication_id)
        carrier = work.session.get_one(Organisation, draft.carrier_id)
    at = desk.now()
    lines = lines_of(desk.house, draft.sha256)
    signer = desk.house.keys.ensure(KeyRole.REGISTER, at)
    signature = jws(signer, canonical(manifest_of(draft, carrier, lines, at)))
    with desk.begin(Permission.PUBLICATION_PUBLISH) as work:
        publication = work.get(Publication, draft.id)
        if not desk.actor.is_house and publication.carrier_id not in desk.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=publication.title)
        before = latest_of(work, publication.carrier_id)
        publication.move(PublicationMove.PUBLISH)
        _must_all_be_licensed(work, lines)
        due = deadline(work, "list_publication")
        publication.signature, publication.published_at = signature, at
        publication.due_at = due.at
        tell(
            work,
            LogKind.PUBLICATION_PUBLISHED,
            publication,
            rows=publication.rows,
            sha256=publication.sha256,
            rule=due.version,
        )
        if before is not None:
            before.move(PublicationMove.NEWER)
            work.record("publication.superseded", before, by=publication.number)
        return publication


def _must_all_be_licensed(work: Work, lines: Sequence[Line]) -> None:
    """No row whose licence fell since the list was prepared."""
    wanted = [line["licence_no"] for line in lines]
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        active = work.session.exec(
            select(Licence.number).where(
                col(Licence.number).in_(part),
                Licence.state == LicenceState.ACTIVE,
                col(Licence.ends_on) >= china_day(work.at),
            )
        ).all()
        if gone := set(part).difference(active):
            raise Conflict("channel.row_without_licence", number=min(gone))


_CHUNK: Final = 5_000


def manifest_of(
    publication: Publication, carrier: Organisation, lines: Sequence[Line], at: datetime
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "number": publication.number,
        "carrier": carrier.code,
        "as_of": at.isoformat(),
        "sha256": publication.sha256,
        "counts": counts(lines),
    }


def counts(lines: Sequence[Line]) -> dict[str, int]:
    return {
        "agents": len({line["agent_no"] for line in lines}),
        "licences": len(lines),
        "shops": sum(len(line["shops"]) for line in lines),
    }


def jws(signer: Signer, payload: bytes) -> str:
    """JWS in its compact form (RFC 7515 7.1); the key may lie in an HSM, so it signs bytes."""
    header = {"alg": _JOSE[signer.alg], "kid": signer.kid.hex(), "typ": "channel-register+jws"}
    signed = f"{_base64(canonical(header).strip())}.{_base64(payload)}"
    return f"{signed}.{_base64(signer.raw_sign(signed.encode()))}"


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def list_publications(
    desk: Desk, *, after: str | None = None, limit: int = PAGE
) -> Slice[Publication]:
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.slice(work.select(Publication), Order.by(Publication.id), after, limit)


def get_publication(desk: Desk, publication_id: UUID | str) -> Publication:
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.get(Publication, publication_id)


@dataclass(frozen=True, slots=True)
class NewestList:
    """The edition that came out last, over all carriers."""

    publisher: str
    number: str
    at: datetime
    agents: int


def newest_list(house: House) -> NewestList | None:
    """As everybody may know of it; None before the first list is out."""
    query = (
        select(Publication, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Publication.carrier_id))
        .where(Publication.state == PublicationState.PUBLISHED)
        .where(col(Publication.published_at).is_not(None), col(Publication.signature).is_not(None))
        .order_by(col(Publication.published_at).desc())
    )
    with house.desk().begin(Permission.PUBLICATION_READ) as work:
        found = work.session.exec(query.limit(1)).first()
    if found is None:
        return None
    publication, publisher = found
    agents = _signed_counts(publication.signature or "")["agents"]
    return NewestList(publisher, publication.number, publication.published_at or work.at, agents)


def _signed_counts(signature: str) -> Mapping[str, int]:
    """What the signed manifest counts, so that no list is read to be counted."""
    payload = signature.split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["counts"]


def publication_record(desk: Desk, publication_id: UUID | str) -> PublicationRecord:
    """An edition, and what it has against the one that was out when it was made."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        publication = work.get(Publication, publication_id)
        carrier = work.session.get_one(Organisation, publication.carrier_id)
        before = work.session.exec(
            select(Publication)
            .where(
                Publication.carrier_id == publication.carrier_id,
                col(Publication.id) < publication.id,
                col(Publication.published_at).is_not(None),
            )
            .order_by(col(Publication.id).desc())
        ).first()
        deeds = history(work, publication)
    old = lines_of(desk.house, before.sha256 if before else None)
    return PublicationRecord(
        publication, carrier, compared(old, lines_of(desk.house, publication.sha256)), deeds
    )
