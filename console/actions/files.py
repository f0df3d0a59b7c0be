"""Files that leave the house: each asked for by permission and scope, and each put on record."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import col, select

from console.actions.channel.certificates import certificate, certified
from console.actions.channel.picture_packs import showable_of, write_pack
from console.actions.channel.pictures import Format, Look, picture_of, shown_of
from console.desk import Desk, Work
from console.i18n import Language
from integrations.evidence import Damaged, Digest, Store, pack
from models.base import Table
from models.canonical import canonical
from models.cases.cases import Case
from models.cases.notices import Answer, Notice, Proof
from models.channel.badges import Badge
from models.channel.imports import Import
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.refusals import Conflict, NotFound
from models.staff import Actor

_DIGEST_LENGTH: Final = 64
_SHORT: Final = 16
_CASE_FORMAT: Final = "channel-evidence/1"


@dataclass(frozen=True, slots=True)
class Download:
    """A file for one reader: by its path or, when small and made on the spot, by its bytes."""

    name: str
    media_type: str
    path: Path | None = None
    data: bytes | None = None
    is_temporary: bool = False
    """Whoever has sent it takes it away."""


def evidence_file(desk: Desk, sha256: str, of: str | None = None) -> Download:
    """A capture's manifest by its digest; with `of`, a file that the manifest `of` names."""
    manifest = _digest(of or sha256)
    wanted = _digest(sha256)
    with desk.begin(Permission.EVIDENCE_READ) as work:
        row = _row_of_manifest(work, manifest)
        brought = _brought(work, row, [manifest])
        if brought and not _may_read_whole(work.actor, row):
            raise NotFound("file.not_found")
    store = desk.house.evidence
    if of is None and brought:
        name, kind = Path(brought[manifest]).name, "application/octet-stream"
    elif of is None:
        name, kind = f"manifest-{wanted[:_SHORT]}.json", "application/json"
    else:
        name, kind = _name_in(store, manifest, wanted)
    path = _whole(store, wanted)
    _on_record(desk, "evidence.downloaded", row, sha256=wanted, manifest=manifest)
    return Download(name, kind, path)


def evidence_pack(desk: Desk, case_id: UUID | str) -> Download:
    """Everything a case rests on, in one zip that anybody can check without us."""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        case = work.get(Case, case_id)
        manifests, summary, proofs = _behind(work, case)
        brought = _brought(work, case, manifests)
        whole = _may_read_whole(work.actor, case)
    store = desk.house.evidence
    captures = [one for one in manifests if one not in brought]
    files = [_file_manifest(store, one, brought[one]) for one in brought if whole]
    manifests = [*captures, *files, _case_manifest(store, case, summary, proofs)]
    path = _temporary("pack-")
    try:
        digest = pack(store, manifests, path)
    except (Damaged, FileNotFoundError) as error:
        path.unlink(missing_ok=True)
        raise Conflict("file.damaged", sha256=str(error)) from error
    _on_record(desk, "evidence.packed", case, sha256=digest, captures=len(manifests) - 1)
    return Download(f"{case.reference}.zip", "application/zip", path, is_temporary=True)


def proof_file(desk: Desk, proof_id: UUID | str) -> Download:
    """What a platform sent in to show that it had acted."""
    with desk.begin(Permission.CASE_READ) as work:
        proof = work.get(Proof, proof_id)
        notice = work.session.exec(
            select(Notice).join(Answer).where(Answer.id == proof.answer_id)
        ).one()
    path = _whole(desk.house.evidence, Digest(proof.sha256))
    _on_record(desk, "proof.downloaded", notice, sha256=proof.sha256, name=proof.name)
    return Download(proof.name, proof.media_type, path)


def badge_picture(desk: Desk, badge_id: str, kind: Format, look: Look) -> Download:
    """What a shop shows."""
    with desk.begin(Permission.BADGE_READ) as work:
        found = work.select(Badge).where(Badge.badge_id == badge_id.lower())
        shown = shown_of(work, work.one(found, Badge))
    data = picture_of(desk.house, shown, kind, look)
    badge = shown.badge
    facts = {"kind": kind, "style": look.style, "language": look.language}
    _on_record(desk, "badge.downloaded", badge, **facts)
    return Download(f"badge-{badge.badge_id}-{look.style}.{kind}", kind.media_type, data=data)


def agent_badges(desk: Desk, agent_no: str, language: Language) -> Download:
    """Every badge of an agent that may be shown, in all styles and formats."""
    badges = showable_of(desk, agent_no)
    path = _temporary("badges-")
    with ExitStack() as stack:
        stack.callback(path.unlink, missing_ok=True)
        write_pack(desk.house, badges, language, path)
        _on_record(desk, "agent.badges_downloaded", badges[0].agent, badges=len(badges))
        stack.pop_all()
    return Download(f"badges-{agent_no}.zip", "application/zip", path, is_temporary=True)


def licence_certificate(desk: Desk, number: str, language: Language) -> Download:
    """The certificate of a licence that was approved once."""
    told = certified(desk, number)
    data = certificate(desk.house, told, language)
    _on_record(desk, "licence.certificate_downloaded", told.licence, language=language)
    return Download(f"{told.licence.number}.pdf", "application/pdf", data=data)


def _temporary(prefix: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".zip")
    os.close(descriptor)
    return Path(name)


def rejected_rows(desk: Desk, import_id: UUID | str) -> Download:
    """The rows of an import that were not taken, each with its reason."""
    agents = desk.actor.may(Permission.AGENT_IMPORT)
    permission = Permission.AGENT_IMPORT if agents else Permission.LISTING_IMPORT
    with desk.begin(permission) as work:
        brought = work.get(Import, import_id)
    if brought.rejects_sha256 is None or brought.ended_at is None:
        raise NotFound("file.no_rejects", name=brought.file_name)
    path = _whole(desk.house.evidence, Digest(brought.rejects_sha256))
    _on_record(desk, "import.rejects_downloaded", brought, sha256=brought.rejects_sha256)
    return Download(f"rejects-{Path(brought.file_name).stem}.csv", "text/csv; charset=utf-8", path)


def _on_record(desk: Desk, deed: str, row: Table, **facts: object) -> None:
    """A file that can't be put on record is not handed out. It is one's own deed, not a change."""
    with desk.begin(Permission.ACCOUNT_USE) as work:
        work.record(deed, row, **facts)


def _digest(text: str) -> Digest:
    if len(text) != _DIGEST_LENGTH or set(text) - set("0123456789abcdef"):
        raise NotFound("file.not_found")
    return Digest(text)


def _row_of_manifest(work: Work, manifest: Digest) -> Table:
    """What the actor knows of that rests on the capture: a case, a finding or a listing."""
    named = cast(col(Finding.evidence), String).contains(f'"{manifest}"')
    case = work.session.exec(
        work.select(Case).where(col(Case.id).in_(select(Finding.case_id).where(named))).limit(1)
    ).first()
    finding = case or work.session.exec(work.select(Finding).where(named).limit(1)).first()
    row = (
        finding
        or work.session.exec(
            work.select(SeenListing).where(SeenListing.evidence_sha256 == manifest).limit(1)
        ).first()
    )
    if row is None:
        raise NotFound("file.not_found")
    if row.belongs_to is not None and row.belongs_to not in work.actor.organisations:
        work.seen.append(row)
    return row


def _brought(work: Work, row: Table, digests: Sequence[Digest]) -> dict[Digest, str]:
    """Which of the digests are files that the row's organisation brought, and their names."""
    rows = work.session.exec(
        select(Import.sha256, Import.file_name)
        .where(col(Import.sha256).in_(digests), Import.organisation_id == row.belongs_to)
        .order_by(col(Import.id))
    ).all()
    return {Digest(digest): name for digest, name in rows}


def _may_read_whole(actor: Actor, row: Table) -> bool:
    """A file that was brought tells of all platforms, so no platform but its owner reads it."""
    return actor.platform is None or row.belongs_to in actor.organisations


def _file_manifest(store: Store, digest: Digest, name: str) -> Digest:
    """A file of listings, as one more capture of the pack."""
    file = {"name": name, "bytes": store.size(digest), "sha256": digest}
    told = {"format": _CASE_FORMAT, "subject": f"file {name}", "files": [file]}
    return store.keep(canonical(told))


def _name_in(store: Store, manifest: Digest, wanted: Digest) -> tuple[str, str]:
    try:
        files: list[dict[str, Any]] = json.loads(store.open(manifest))["files"]
    except (OSError, Damaged, ValueError, KeyError):
        raise Conflict("file.damaged", sha256=manifest) from None
    for file in files:
        if file["sha256"] == wanted:
            kind = "application/json" if file["name"].endswith(".json") else "application/gzip"
            return f"{manifest[:_SHORT]}-{file['name']}", kind
    raise NotFound("file.not_found")


def _whole(store: Store, digest: Digest) -> Path:
    """Where the file lies, after it was hashed again: nothing altered leaves the house."""
    try:
        for _ in store.stream(digest):
            pass
    except (OSError, Damaged):
        raise Conflict("file.damaged", sha256=digest) from None
    return store.path(digest)


def _behind(work: Work, case: Case) -> tuple[list[Digest], Mapping[str, object], Sequence[Proof]]:
    """Captures, the case in words, and proofs; all hangs on a case that the actor was given."""
    findings = work.session.exec(select(Finding).where(Finding.case_id == case.id)).all()
    notices = work.all(
        work.select(Notice).where(Notice.case_id == case.id).order_by(col(Notice.number))
    )
    answers = work.session.exec(
        select(Answer)
        .where(col(Answer.notice_id).in_([one.id for one in notices]))
        .order_by(col(Answer.id))
    ).all()
    proofs = work.session.exec(
        select(Proof)
        .where(col(Proof.answer_id).in_([one.id for one in answers]))
        .order_by(col(Proof.name), col(Proof.id))
    ).all()
    manifests = sorted({Digest(digest) for one in findings for digest in one.evidence})
    fields = {"reference", "platform", "shop_name", "shop_key", "kind", "ground", "tier", "state",
              "measure", "reason", "remedy", "rule_version"}  # fmt: skip
    summary: dict[str, object] = {
        "case": case.model_dump(mode="json", include=fields),
        "findings": [
            one.model_dump(
                mode="json",
                include={"number", "kind", "ground", "tier", "rule_version", "evidence"},
            )
            for one in sorted(findings, key=lambda one: one.number)
        ],
        "notices": [
            one.model_dump(mode="json", exclude={"last_words", "tries", "next_try_at"})
            for one in notices
        ],
        "answers": [one.model_dump(mode="json") for one in answers],
    }
    return manifests, summary, proofs


def _case_manifest(
    store: Store, case: Case, summary: Mapping[str, object], proofs: Sequence[Proof]
) -> Digest:
    """The case as it stands, as one more capture of the pack: what was asked and answered."""
    told = canonical(summary)
    files = [{"name": "case.json", "bytes": len(told), "sha256": store.keep(told)}]
    files += [{"name": one.name, "bytes": one.size, "sha256": one.sha256} for one in proofs]
    manifest = {"format": _CASE_FORMAT, "subject": f"case {case.reference}", "files": files}
    return store.keep(canonical(manifest))
