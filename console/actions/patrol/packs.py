"""Evidence packs: of a case, a finding or a run, each in one zip that stands without us."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import col, select

from console.actions import trees
from console.actions.audit import DEEDS
from console.actions.cases.case_file import case_file_of_pack
from console.actions.cases.notices.replies import replies_to
from console.actions.files import Download, put_on_record, temporary
from console.actions.patrol.custody import evidence_behind, manifests_of_run, note_custody
from console.desk import Desk, Work
from integrations.evidence import (
    Damaged,
    Digest,
    LoggedDeed,
    Packing,
    Proofs,
    StampKept,
    Store,
    pack,
)
from models.audit import AuditEntry
from models.base import Table
from models.canonical import canonical
from models.cases.cases import Case
from models.cases.notices import Notice, Proof
from models.channel.imports import Import
from models.notes import Checkpoint, read_note
from models.patrol.custody import CustodyAct, CustodyEntry, EvidenceStamp
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.staff import Actor

MADE: Final = "channel-evidence-summary/1"
_DIGESTS: Final = re.compile(r"\b[0-9a-f]{64}\b")
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class _Held:
    """What a pack is made of, gathered while the actor's right to it was looked at."""

    row: Table
    name: str
    captures: Sequence[Digest]
    runs: Sequence[PatrolRun]
    brought: Mapping[Digest, str] = field(default_factory=dict[Digest, str])
    """Files of listings that stand for captures, and their names."""
    summary: Mapping[str, object] | None = None
    proofs: Sequence[Proof] = ()
    """What platforms sent in."""
    papers: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """What is drawn up for the pack, by the file's name."""


def evidence_pack(desk: Desk, case_id: UUID | str) -> Download:
    """Everything a case rests on."""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        case = work.get(Case, case_id)
        findings = work.session.exec(select(Finding).where(Finding.case_id == case.id)).all()
        summary, proofs = _told_of_case(work, case, findings)
        held = _held(work, case, case.reference, findings, summary, proofs)
    papers = {f"{case.reference}.pdf": case_file_of_pack(desk, case.id)}
    return _packed(desk, replace(held, papers=papers))


def finding_pack(desk: Desk, name: UUID | str) -> Download:
    """Everything one finding rests on; by its id or its number."""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        numbered = work.select(Finding).where(Finding.number == str(name))
        finding = work.get(Finding, name) if _is_id(name) else work.one(numbered, Finding)
        summary = {"findings": [_told_of_finding(finding)]}
        held = _held(work, finding, finding.number, [finding], summary)
    return _packed(desk, held)


def run_pack(desk: Desk, name: UUID | str) -> Download:
    """Every capture of a run; by its id or its number."""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        numbered = work.select(PatrolRun).where(PatrolRun.number == str(name))
        run = work.get(PatrolRun, name) if _is_id(name) else work.one(numbered, PatrolRun)
        digests = list(map(Digest, manifests_of_run(work, run.id)))
        held = _sorted_out(work, _Held(run, run.number, digests, [run]))
    return _packed(desk, held)


def notice_pack(desk: Desk, notice_id: UUID | str) -> Download:
    """What a notice rests on and what was answered; for its sender and its recipient alone."""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        notice = work.get(Notice, notice_id)
        if not {notice.organisation_id, notice.recipient_id} & work.actor.organisations:
            raise NotAllowed("notice.pack_of_two", number=notice.number)
        digests = list(map(Digest, notice.evidence))
        taken = {row.run_id for part in _parts(digests) for row in _entries_of(work, part)}
        runs = work.session.exec(select(PatrolRun).where(col(PatrolRun.id).in_(taken))).all()
        summary, proofs = _told_of_notices(work, [notice])
        held = _Held(notice, notice.number, digests, runs, summary=summary, proofs=proofs)
        held = _sorted_out(work, held)
    return _packed(desk, held)


def _is_id(name: UUID | str) -> bool:
    try:
        UUID(str(name))
    except ValueError:
        return False
    return True


def _held(  # noqa: PLR0913, PLR0917 - the parts of a pack
    work: Work,
    row: Table,
    name: str,
    findings: Sequence[Finding],
    summary: Mapping[str, object],
    proofs: Sequence[Proof] = (),
) -> _Held:
    digests = sorted({Digest(one) for f in findings for one in evidence_behind(work, f)})
    ids = {one.run_id for one in findings if one.run_id is not None}
    runs = work.session.exec(select(PatrolRun).where(col(PatrolRun.id).in_(ids))).all()
    return _sorted_out(work, _Held(row, name, digests, runs, summary=summary, proofs=proofs))


def _sorted_out(work: Work, held: _Held) -> _Held:
    """Files that were brought are no captures, and go only to who may read all of them."""
    brought = brought_files(work, held.row, held.captures)
    captures = [one for one in held.captures if one not in brought]
    given = brought if may_read_whole(work.actor, held.row) else {}
    return _Held(held.row, held.name, captures, held.runs, given, held.summary, held.proofs)


def brought_files(work: Work, row: Table, digests: Sequence[Digest]) -> dict[Digest, str]:
    """Which of the digests are files that the row's organisation brought, and their names."""
    found: dict[Digest, str] = {}
    for part in _parts(digests):
        rows = work.session.exec(
            select(Import.sha256, Import.file_name)
            .where(col(Import.sha256).in_(part), Import.organisation_id == row.belongs_to)
            .order_by(col(Import.id))
        ).all()
        found |= {Digest(digest): name for digest, name in rows}
    return found


def may_read_whole(actor: Actor, row: Table) -> bool:
    """A file that was brought tells of all platforms, so no platform but its owner reads it.

    With a notice it goes to nobody outside.
    """
    if isinstance(row, Notice):
        return row.belongs_to in actor.organisations
    return actor.platform is None or row.belongs_to in actor.organisations


def _packed(desk: Desk, held: _Held) -> Download:
    store = desk.house.evidence
    house = desk.house.desk()
    trees.seal(house, DEEDS)  # so that the newest deeds have their place, and a proof of it
    path = temporary("pack-")
    try:
        sheets = [one for one in held.captures if _is_made(store, one)]
        held = replace(held, captures=[one for one in held.captures if one not in sheets])
        packing = Packing(
            captures=held.captures,
            made=[*sheets, *_made(store, held)],
            proofs=_proofs(house, held),
            stamps=_stamps(house, store, held.runs),
            tsa_root=_tsa_root(desk),
            custody=_custody(house, held.captures),
        )
        digest = pack(store, packing, path)
    except (Damaged, FileNotFoundError) as error:
        path.unlink(missing_ok=True)
        raise Conflict("file.damaged", sha256=str(error)) from error
    packed = len(held.captures) + len(sheets) + len(held.brought)
    with put_on_record(desk, "evidence.packed", held.row, sha256=digest, captures=packed) as work:
        for run, manifest in _taken(work, held):
            note_custody(work, run, manifest, CustodyAct.PACKED, f"{held.name} {digest}")
    return Download(f"{held.name}.zip", "application/zip", path, is_temporary=True)


def _made(store: Store, held: _Held) -> Iterator[Digest]:
    for digest, name in held.brought.items():
        file = {"name": name, "bytes": store.size(digest), "sha256": digest}
        yield _summary(store, f"file {name}", [file])
    if held.summary is not None:
        told = canonical(held.summary)
        files = [{"name": "case.json", "bytes": len(told), "sha256": store.keep(told)}]
        files += [{"name": p.name, "bytes": p.size, "sha256": p.sha256} for p in held.proofs]
        files += [
            {"name": name, "bytes": len(data), "sha256": store.keep(data)}
            for name, data in held.papers.items()
        ]
        yield _summary(store, held.name, files)


def _is_made(store: Store, manifest: Digest) -> bool:
    """The sheet of a spot check: what people did and devices signed, and no capture of a page."""
    return json.loads(store.open(manifest)).get("format") == MADE


def _summary(store: Store, subject: str, files: Sequence[Mapping[str, object]]) -> Digest:
    return store.keep(canonical({"format": MADE, "subject": subject, "files": list(files)}))


# How it stands in the log


def _proofs(house: Desk, held: _Held) -> Proofs | None:
    """Each capture's first deed, with its way to the newest head and the keys that may sign it."""
    with house.begin(Permission.AUDIT_READ) as work:
        connection = work.session.connection()
        head = trees.last_head(connection, DEEDS)
        if head is None:
            return None
        deeds: dict[Digest, LoggedDeed] = {}
        for entry in _entries(work, held):
            if entry.leaf is None or entry.leaf >= head.size:
                continue
            named = set(_DIGESTS.findall(json.dumps(entry.facts)))
            for digest in named & set(held.captures) - deeds.keys():
                proof = trees.prove(connection, DEEDS, entry.leaf, head)
                deed = (
                    entry.at.isoformat(), str(entry.actor_id), entry.actor_name,
                    str(entry.organisation_id), entry.organisation, entry.door, entry.deed,
                    entry.subject_kind, entry.subject_id, entry.subject_name, entry.province,
                    entry.facts,
                )  # fmt: skip
                deeds[Digest(digest)] = LoggedDeed(deed, entry.salt, entry.leaf, proof.path)
    origin = Checkpoint.from_text(read_note(head.note).text).origin
    keys = [trees.note_key(origin, key).vkey for key in trees.public_keys(house)]
    return Proofs(head.note, keys, deeds)


def _entries(work: Work, held: _Held) -> Iterator[AuditEntry]:
    """Deeds on the runs, then, for what none of them names, deeds on anything else."""
    query = select(AuditEntry).where(col(AuditEntry.leaf).is_not(None))
    query = query.order_by(col(AuditEntry.seq))
    met, wanted = set[str](), set(held.captures)
    for run in held.runs:
        of_run = query.where(
            AuditEntry.subject_kind == PatrolRun.__name__, AuditEntry.subject_id == str(run.id)
        )
        for entry in work.session.exec(of_run):
            met |= wanted & set(_DIGESTS.findall(json.dumps(entry.facts)))
            yield entry
    for digest in sorted(wanted - met):
        named = cast(col(AuditEntry.facts), String).contains(digest)
        yield from work.session.exec(query.where(named).limit(1)).all()


def _stamps(house: Desk, store: Store, runs: Sequence[PatrolRun]) -> list[StampKept]:
    ids = [run.id for run in runs]
    with house.begin(Permission.PATROL_READ) as work:
        rows = work.session.exec(
            select(EvidenceStamp)
            .where(col(EvidenceStamp.run_id).in_(ids))
            .order_by(col(EvidenceStamp.id))
        ).all()
    return [
        StampKept(
            id=str(row.id),
            index=Digest(row.index_sha256),
            tsa=row.tsa,
            state=row.state.value,
            at=row.stamped_at.isoformat() if row.stamped_at else None,
            checked_by=row.checked_by,
            problem=row.problem,
            answer=Digest(row.answer_sha256) if row.answer_sha256 else None,
        )
        for row in rows
        if store.has(Digest(row.index_sha256))
    ]


def _tsa_root(desk: Desk) -> bytes | None:
    root: Path | None = desk.house.settings.tsa_root
    return root.read_bytes() if root is not None and root.is_file() else None


# Whose hands it went through


def _custody(house: Desk, captures: Sequence[Digest]) -> list[dict[str, object]]:
    with house.begin(Permission.PATROL_READ) as work:
        rows = [row for part in _parts(captures) for row in _entries_of(work, part)]
    return [
        {
            "manifest": row.manifest_sha256,
            "act": row.act.value,
            "at": row.at.isoformat(),
            "by": row.actor,
            "note": row.note,
        }
        for row in sorted(rows, key=lambda row: (row.at, row.id))
    ]


def _entries_of(work: Work, manifests: Sequence[Digest]) -> Sequence[CustodyEntry]:
    return work.session.exec(
        select(CustodyEntry).where(col(CustodyEntry.manifest_sha256).in_(manifests))
    ).all()


def _taken(work: Work, held: _Held) -> list[tuple[PatrolRun, Digest]]:
    """Each capture with the run that took it, as custody tells."""
    runs = {run.id: run for run in held.runs}
    entries = [row for part in _parts(held.captures) for row in _entries_of(work, part)]
    taken = {
        (row.run_id, Digest(row.manifest_sha256))
        for row in entries
        if row.act is CustodyAct.CAPTURED and row.run_id in runs
    }
    return [(runs[run_id], digest) for run_id, digest in sorted(taken)]


def _parts(digests: Sequence[Digest]) -> Iterator[Sequence[Digest]]:
    for first in range(0, len(digests), _BATCH):
        yield digests[first : first + _BATCH]


# The case in words


def _told_of_finding(finding: Finding) -> dict[str, object]:
    fields = {"number", "kind", "ground", "tier", "basis", "facts", "rule_version", "evidence"}
    return finding.model_dump(mode="json", include=fields)


def _told_of_case(
    work: Work, case: Case, findings: Sequence[Finding]
) -> tuple[Mapping[str, object], Sequence[Proof]]:
    """The case as it stands, and proofs; all hangs on a case that the actor was given."""
    notices = work.all(
        work.select(Notice).where(Notice.case_id == case.id).order_by(col(Notice.number))
    )
    told, proofs = _told_of_notices(work, notices)
    fields = {"reference", "platform", "shop_name", "shop_key", "kind", "ground", "tier", "state",
              "measure", "reason", "remedy", "rule_version"}  # fmt: skip
    summary: dict[str, object] = {
        "case": case.model_dump(mode="json", include=fields),
        "findings": [_told_of_finding(one) for one in sorted(findings, key=lambda f: f.number)],
        **told,
    }
    return summary, proofs


def _told_of_notices(
    work: Work, notices: Sequence[Notice]
) -> tuple[Mapping[str, object], Sequence[Proof]]:
    """Notices that the actor was given, with their answers and proofs."""
    answers, proofs = replies_to(work, notices)
    told: dict[str, object] = {
        "notices": [
            one.model_dump(mode="json", exclude={"last_words", "tries", "next_try_at"})
            for one in notices
        ],
        "answers": [one.model_dump(mode="json") for one in answers],
    }
    return told, proofs
