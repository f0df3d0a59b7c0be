"""Files that leave the house: each asked for by permission and scope, and each put on record."""

import os
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.channel.certificates import certificate, certified
from console.actions.channel.picture_packs import showable_of, write_pack
from console.actions.channel.pictures import Format, Look, picture_of, shown_of
from console.actions.imports.kinds import row_kind
from console.desk import Desk, Work
from console.i18n import Language
from integrations.evidence import Damaged, Digest, Store
from models.base import Table
from models.cases.notices import Answer, Notice, Proof
from models.channel.badges import Badge
from models.channel.imports import Import
from models.permissions import Permission, Role
from models.refusals import Conflict, NotFound

_DIGEST_LENGTH: Final = 64


@dataclass(frozen=True, slots=True)
class Download:
    """A file for one reader: by its path or, when small and made on the spot, by its bytes."""

    name: str
    media_type: str
    path: Path | None = None
    data: bytes | None = None
    is_temporary: bool = False
    """Whoever has sent it takes it away."""
    is_shown: bool = False
    """A picture that a page of ours may show; all else of strangers is only handed out."""


def proof_file(desk: Desk, proof_id: UUID | str) -> Download:
    """What a platform sent in to show that it had acted."""
    with desk.begin(Permission.CASE_READ) as work:
        proof = work.get(Proof, proof_id)
        notice = work.session.exec(
            select(Notice).join(Answer).where(Answer.id == proof.answer_id)
        ).one()
    path = whole(desk.house.evidence, Digest(proof.sha256))
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
    path = temporary("badges-")
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


def temporary(prefix: str) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=prefix, suffix=".zip")
    os.close(descriptor)
    return Path(name)


def rejected_rows(desk: Desk, import_id: UUID | str) -> Download:
    """The rows of an import that were not taken, each with its reason."""
    with desk.begin(Permission.AGENT_READ) as work:
        brought = work.get(Import, import_id)
    desk.must(row_kind(brought.kind).permission)
    if brought.rejects_sha256 is None or brought.ended_at is None:
        raise NotFound("file.no_rejects", name=brought.file_name)
    path = whole(desk.house.evidence, Digest(brought.rejects_sha256))
    _on_record(desk, "import.rejects_downloaded", brought, sha256=brought.rejects_sha256)
    return Download(f"rejects-{Path(brought.file_name).stem}.csv", "text/csv; charset=utf-8", path)


@contextmanager
def put_on_record(desk: Desk, deed: str, row: Table, **facts: object) -> Generator[Work]:
    """A file that can't be put on record is not handed out. It is one's own deed, not a change.

    A program has no account to use, and what it takes is on record as its own all the same.
    """
    own = desk.as_(replace(desk.actor, roles=desk.actor.roles | {Role.SELF}))
    with own.begin(Permission.ACCOUNT_USE) as work:
        work.record(deed, row, **facts)
        yield work


def _on_record(desk: Desk, deed: str, row: Table, **facts: object) -> None:
    with put_on_record(desk, deed, row, **facts):
        pass


def digest_of(text: str) -> Digest:
    if len(text) != _DIGEST_LENGTH or set(text) - set("0123456789abcdef"):
        raise NotFound("file.not_found")
    return Digest(text)


def whole(store: Store, digest: Digest) -> Path:
    """Where the file lies, after it was hashed again: nothing altered leaves the house."""
    try:
        for _ in store.stream(digest):
            pass
    except (OSError, Damaged):
        raise Conflict("file.damaged", sha256=digest) from None
    return store.path(digest)
