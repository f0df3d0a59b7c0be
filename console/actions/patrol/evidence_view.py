"""What a finding rests on, read for people: pages, fields and where each stood, pictures, custody.

Every file is hashed when it is read; a capture that is no longer whole says so and shows nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.patrol.custody import evidence_behind
from console.actions.patrol.evidence_files import note_viewed
from console.actions.patrol.packs import brought_files, may_read_whole
from console.desk import Desk, Work
from integrations.evidence import Damaged, Digest, Store
from models.patrol.custody import CustodyEntry, EvidenceStamp
from models.patrol.findings import Finding
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing
from models.permissions import Permission

_MOST: Final = 20
"""Captures on one page; the pack holds all."""
_MOST_ROWS: Final = 200
_MOST_TEXT: Final = 2000
_SHOWN: Final = (".png", ".jpg", ".jpeg", ".gif")
_WHERE_LESS: Final = frozenset({"sources", "raw_ref", "images", "extra"})
_UNREADABLE: Final = (OSError, Damaged, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class FileView:
    name: str
    bytes: int
    sha256: str
    link: str
    is_shown: bool
    """A picture that a page may show by its link; others are handed out."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One value that was read of one offer, and where it stood."""

    listing_id: str
    field: str
    value: str
    where: str
    """The mapping's key and the way that gave it; empty where it followed from something else."""


@dataclass(frozen=True, slots=True)
class CaptureView:
    manifest: str
    link: str
    is_damaged: bool = False
    about: Mapping[str, Any] | None = None
    """The manifest as it was put away: addresses, times, peer, certificate, operator, tools."""
    files: Sequence[FileView] = ()
    screenshot: FileView | None = None
    no_screenshot: str = ""
    """The word why there is none."""
    fields: Sequence[FieldView] = ()
    exchanges: Sequence[Mapping[str, Any]] = ()
    robots: Sequence[Mapping[str, Any]] = ()
    register: Mapping[str, Any] | None = None
    """What the register said of the numbers on the page, and the digest of all of it."""


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture of the shop, and what was made of the badge on it."""

    picture: SeenPicture
    link: str
    """Empty where its bytes lie in the web archive alone."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    finding: Finding
    captures: Sequence[CaptureView]
    more: int
    """Captures beyond those that are shown."""
    pictures: Sequence[PictureView]
    stamps: Sequence[EvidenceStamp]
    custody: Sequence[CustodyEntry]
    pack_link: str


def evidence_of(desk: Desk, finding_id: UUID | str) -> EvidenceView:
    """All that a finding rests on, for whoever may read evidence; each look is in custody."""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        finding = work.get(Finding, finding_id)
        run = work.session.get(PatrolRun, finding.run_id) if finding.run_id else None
        pictures = _pictures(work, finding)
        digests = [Digest(one) for one in evidence_behind(work, finding)]
        brought = brought_files(work, finding, digests)
        offers = _offers(work, finding)
        stamps = work.session.exec(
            select(EvidenceStamp)
            .where(EvidenceStamp.run_id == finding.run_id)
            .order_by(col(EvidenceStamp.id))
        ).all()
        custody = _custody(work, digests)
        whole = may_read_whole(work.actor, finding)
    store = desk.house.evidence
    shown = [one for one in digests if one not in brought][:_MOST]
    captures = [_capture(store, one, offers) for one in shown]
    captures += [_file(store, one, name) for one, name in brought.items() if whole]
    if run is not None:
        note_viewed(desk, run, shown)
    links = {file.sha256: file.link for one in captures for file in one.files}
    return EvidenceView(
        finding=finding,
        captures=captures,
        more=max(0, len(digests) - len(brought) - len(shown)),
        pictures=[PictureView(one, links.get(one.sha256, "")) for one in pictures],
        stamps=stamps,
        custody=custody,
        pack_link=f"/files/evidence/finding/{finding.id}.zip",
    )


def _pictures(work: Work, finding: Finding) -> Sequence[SeenPicture]:
    """Those with a badge first."""
    rows = work.session.exec(
        select(SeenPicture)
        .where(SeenPicture.run_id == finding.run_id, SeenPicture.shop_id == finding.shop_id)
        .order_by(col(SeenPicture.badge_verdict).desc(), col(SeenPicture.id))
        .limit(_MOST)
    )
    return rows.all()


def _offers(work: Work, finding: Finding) -> set[str]:
    ids = [UUID(one) for one in finding.listing_ids[:_MOST_ROWS]]
    query = select(SeenListing.listing_id).where(col(SeenListing.id).in_(ids))
    return set(work.session.exec(query).all())


def _custody(work: Work, digests: Sequence[Digest]) -> Sequence[CustodyEntry]:
    return work.session.exec(
        select(CustodyEntry)
        .where(col(CustodyEntry.manifest_sha256).in_(digests))
        .order_by(col(CustodyEntry.id))
        .limit(_MOST_ROWS)
    ).all()


def _capture(store: Store, manifest: Digest, offers: set[str]) -> CaptureView:
    link = f"/files/evidence/{manifest}"
    try:
        about: dict[str, Any] = json.loads(store.open(manifest))
        files = [_file_view(file, manifest) for file in about["files"]]
        by_name = {file.name: file for file in files}
        told = _read(store, by_name.get("fields.json"))
        register = _read(store, by_name.get("register.json"))
        fields = _fields(told, offers)
    except _UNREADABLE:
        return CaptureView(manifest, link, is_damaged=True)
    return CaptureView(
        manifest,
        link,
        about={name: fact for name, fact in about.items() if name not in {"exchanges", "robots"}},
        files=files,
        screenshot=by_name.get("page.png"),
        no_screenshot=str(about.get("browser_reason") or "") if "page.png" not in by_name else "",
        fields=fields,
        exchanges=about.get("exchanges", [])[:_MOST_ROWS],
        robots=about.get("robots", [])[:_MOST_ROWS],
        register=register,
    )


def _file(store: Store, digest: Digest, name: str) -> CaptureView:
    """A file of listings that somebody brought."""
    link = f"/files/evidence/{digest}"
    if not store.is_whole(digest):
        return CaptureView(digest, link, is_damaged=True)
    file = FileView(name, store.size(digest), digest, link, is_shown=False)
    return CaptureView(digest, link, about={"subject": f"file {name}"}, files=[file])


def _file_view(file: Mapping[str, Any], manifest: Digest) -> FileView:
    name, digest = str(file["name"]), str(file["sha256"])
    link = f"/files/evidence/{digest}?of={manifest}"
    return FileView(name, int(file["bytes"]), digest, link, name.endswith(_SHOWN))


def _read(store: Store, file: FileView | None) -> dict[str, Any]:
    return {} if file is None else json.loads(store.open(Digest(file.sha256)))


def _fields(told: Mapping[str, Any], offers: set[str]) -> list[FieldView]:
    """What was read of the offers that the finding names, each value with where it stood."""
    views = list[FieldView]()
    listings: list[dict[str, Any]] = told.get("listings", [])
    for listing in listings:
        if str(listing.get("listing_id")) not in offers:
            continue
        sources: dict[str, Any] = listing.get("sources") or {}
        extra: dict[str, Any] = listing.get("extra") or {}
        values = {name: value for name, value in listing.items() if name not in _WHERE_LESS}
        values |= {f"extra.{name}": value for name, value in extra.items()}
        for name, value in values.items():
            where = sources.get(name) or sources.get(name.removeprefix("extra.")) or ""
            if value not in (None, ""):
                text = str(value)[:_MOST_TEXT]
                views.append(FieldView(str(listing["listing_id"]), name, text, str(where)))
    return views[:_MOST_ROWS]
