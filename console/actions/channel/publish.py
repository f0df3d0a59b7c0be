"""The published list: an edition begun, frozen, approved by another, signed (4.6, BADGE 6)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import Final
from uuid import UUID

import structlog
from sqlmodel import col, or_, select

from console.actions.channel.announce import tell
from console.actions.channel.held import carrier_of, must_be_another
from console.actions.channel.keys import signer
from console.actions.channel.lines import (
    FORMAT,
    kept_lines,
    marks_of,
    published_lines,
    write_lines,
)
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, House, Order, Slice, Work
from integrations.keys import Signer
from models.audit import AuditEntry
from models.canonical import canonical
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogKind
from models.channel.publications import Publication, PublicationMove, PublicationState
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, Refusal
from models.rules import china_day
from models.staff import Organisation
from models.tokens import Alg, KeyRole

_JOSE: Final = {
    Alg.ED25519: "Ed25519",
    Alg.EDDSA: "EdDSA",
    Alg.ESP256: "ES256",
    Alg.ES256: "ES256",
}
_CHUNK: Final = 5_000
_BEFORE_DUE: Final = timedelta(days=1)
"""How long before its day the house prepares an edition by itself, so that it can be approved."""
_LEFT: Final = timedelta(minutes=1)
"""An edition that a person began is not touched by the house before; then nobody builds it."""


def begin_edition(work: Work, carrier_id: UUID, because: str) -> None:
    """Out of turn, in the transaction of what it is for: every list that tells of the carrier
    is to be built anew. Once for all that happens until it is built.
    """
    own = work.session.get_one(Organisation, carrier_id)
    out = [one for one in (own.id, own.parent_id) if one and latest_of(work, one)]
    for owner_id in out or [own.id]:
        unfinished = work.session.exec(
            select(Publication.id).where(
                Publication.carrier_id == owner_id,
                Publication.state == PublicationState.BUILDING,
                Publication.because != "",
            )
        ).first()
        if unfinished is None:
            _begun(work, work.session.get_one(Organisation, owner_id), because, None)


def _begun(work: Work, owner: Organisation, because: str, preparer: UUID | None) -> Publication:
    day = f"{china_day(work.at):%Y%m%d}"
    (serial,) = next_numbers(work, f"publications:{owner.code}-{day}")
    publication = work.add(
        Publication(
            number=f"P-{owner.code}-{day}-{serial:02d}",
            carrier_id=owner.id,
            province=owner.province,
            because=because[:300],
            prepared_by=work.actor.name if preparer else "channel",
            preparer_id=preparer,
            created_at=work.at,
        )
    )
    work.record("publication.begun", publication, because=publication.because)
    return publication


def prepare_publication(desk: Desk, carrier: str | None = None) -> Publication:
    """Freeze the list of a carrier, and of the companies below it, as it stands now."""
    with desk.begin(Permission.PUBLICATION_EDIT) as work:
        begun = _begun(work, carrier_of(work, carrier), "", desk.actor.id)
    build_edition(desk, begun.id)
    return get_publication(desk, begun.id)


def build_edition(desk: Desk, publication_id: UUID | str) -> bool:
    """Freeze the rows of an edition that was begun; False when somebody has.

    A build that is killed leaves the edition as it was, and the next one begins anew.
    """
    house = desk.house
    with desk.begin(Permission.PUBLICATION_READ) as work:
        publication = work.get(Publication, publication_id)
        if publication.state is not PublicationState.BUILDING:
            return False
        carriers = _below(work, publication.carrier_id)
        before = latest_of(work, publication.carrier_id)
    with TemporaryFile() as file:
        old = marks_of(house, before.sha256 if before else None)
        tally = write_lines(file, published_lines(house, carriers), old)
        file.seek(0)
        digest = house.evidence.keep(file)
    with desk.begin(Permission.PUBLICATION_EDIT) as work:
        publication = work.get(Publication, publication_id)
        if publication.state is not PublicationState.BUILDING:
            return False
        publication.move(PublicationMove.CHECK_OK)
        publication.sha256, publication.rows = digest, tally.rows
        publication.added, publication.removed = tally.added, tally.removed
        publication.changed = tally.changed
        work.record("publication.prepared", publication, rows=tally.rows, sha256=digest)
    return True


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


def sweep_prepare(desk: Desk) -> int:
    """Begin the editions that are due within a day and that nobody has begun; how many."""
    soon = desk.now() + _BEFORE_DUE
    with desk.begin(Permission.PUBLICATION_READ) as work:
        due = work.session.exec(
            select(Publication).where(
                Publication.state == PublicationState.PUBLISHED, col(Publication.due_at) < soon
            )
        ).all()
    return sum(_began_next(desk, edition) for edition in due)


def _began_next(desk: Desk, out: Publication) -> bool:
    with desk.begin(Permission.PUBLICATION_EDIT) as work:
        owner = work.session.get_one(Organisation, out.carrier_id, with_for_update=True)
        following = work.session.exec(
            select(Publication.id).where(
                Publication.carrier_id == out.carrier_id, col(Publication.id) > out.id
            )
        ).first()
        if following is None:
            _begun(work, owner, "", None)
    return following is None


def sweep_build(desk: Desk) -> int:
    """Build what the house has begun, and what a person's killed process left; how many."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        waiting = work.session.exec(
            select(Publication.id)
            .where(Publication.state == PublicationState.BUILDING)
            .where(
                or_(
                    col(Publication.preparer_id).is_(None),
                    col(Publication.created_at) < desk.now() - _LEFT,
                )
            )
            .order_by(col(Publication.id))
        ).all()
    return sum(_built(desk, publication_id) for publication_id in waiting)


def _built(desk: Desk, publication_id: UUID) -> bool:
    """A list that may not be published does not keep the others from being built."""
    try:
        return build_edition(desk, publication_id)
    except Refusal as no:
        _record_refusal(desk, publication_id, no)
        return False


def _record_refusal(desk: Desk, publication_id: UUID, no: Refusal) -> None:
    """Why it is not built, on its record; once as long as it is the same."""
    why = {"code": no.code, **no.facts}
    with desk.begin(Permission.PUBLICATION_EDIT) as work:
        publication = work.get(Publication, publication_id)
        last = work.session.exec(
            select(AuditEntry)
            .where(AuditEntry.subject_kind == Publication.__name__)
            .where(AuditEntry.subject_id == str(publication.id))
            .order_by(col(AuditEntry.seq).desc())
        ).first()
        if last is None or last.facts != why:
            work.record("publication.refused", publication, **why)
            structlog.get_logger(__name__).warning("publication.refused", code=no.code)


def publish(desk: Desk, publication_id: UUID | str) -> Publication:
    """Approve an edition that another has prepared, and put it out, signed, in the place of the
    one before. One that the house prepared by itself may be approved by any approver.
    """
    house, at = desk.house, desk.now()
    with desk.begin(Permission.PUBLICATION_READ) as work:
        draft = work.get(Publication, publication_id)
        carrier = work.session.get_one(Organisation, draft.carrier_id)
    listed = _listed(house, draft.sha256)
    manifest = manifest_of(draft, carrier, listed.counts, at)
    signature = jws(signer(desk, KeyRole.REGISTER), canonical(manifest))
    with desk.begin(Permission.PUBLICATION_PUBLISH) as work:
        publication = work.get(Publication, draft.id)
        if not desk.actor.is_house and publication.carrier_id not in desk.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=publication.title)
        if publication.preparer_id is not None:
            must_be_another(work, publication.preparer_id, publication.title)
        before = latest_of(work, publication.carrier_id)
        if before is not None and before.id > publication.id:
            raise Conflict("register.newer_is_out", number=before.number)
        publication.move(PublicationMove.PUBLISH)
        _must_all_be_licensed(work, listed.numbers)
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


@dataclass(frozen=True, slots=True)
class _Listed:
    numbers: Sequence[str]
    """Of the licences."""
    counts: dict[str, int]


def _listed(house: House, digest: str | None) -> _Listed:
    numbers, agents, shops = list[str](), set[str](), 0
    for line in kept_lines(house, digest):
        numbers.append(line["licence_no"])
        agents.add(line["agent_no"])
        shops += len(line["shops"])
    counts = {"agents": len(agents), "licences": len(numbers), "shops": shops}
    return _Listed(numbers, counts)


def _must_all_be_licensed(work: Work, wanted: Sequence[str]) -> None:
    """No row whose licence fell since the list was prepared."""
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


def manifest_of(
    publication: Publication, carrier: Organisation, counts: Mapping[str, int], at: datetime
) -> dict[str, object]:
    return {
        "format": FORMAT,
        "number": publication.number,
        "carrier": carrier.code,
        "as_of": at.isoformat(),
        "sha256": publication.sha256,
        "counts": counts,
    }


def jws(by: Signer, payload: bytes) -> str:
    """JWS in its compact form (RFC 7515 7.1); the key may lie in an HSM, so it signs bytes."""
    header = {"alg": _JOSE[by.alg], "kid": by.kid.hex(), "typ": "channel-register+jws"}
    signed = f"{_base64(canonical(header).strip())}.{_base64(payload)}"
    return f"{signed}.{_base64(by.raw_sign(signed.encode()))}"


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def unsigned(signature: str) -> bytes:
    """The payload of a JWS of our own."""
    payload = signature.split(".")[1]
    return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


def list_publications(
    desk: Desk, *, after: str | None = None, limit: int = PAGE, order: Order | None = None
) -> Slice[Publication]:
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.slice(work.select(Publication), order or Order.by(Publication.id), after, limit)


def get_publication(desk: Desk, publication_id: UUID | str) -> Publication:
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.get(Publication, publication_id)
