"""The file of a case (案卷) as PDF: all that its reader may know, and where its record stands.

It is Chinese unless asked for in English. A letter that our font lacks is shown as a box: a shop's
odd name is no reason to have no file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import col

from console.actions import trees
from console.actions.audit import DEEDS
from console.actions.cases import case_file_parts as parts
from console.actions.cases.lists import CaseRecord, case_record
from console.actions.cases.story import deeds_about, subjects_of
from console.actions.channel.pictures import in_language, platform_names
from console.actions.files import Download, put_on_record
from console.desk import Desk
from console.i18n import Language, t
from integrations.documents import Fact, pdf
from models.audit import AuditEntry
from models.badge_picture import lacking
from models.cases.appeals import CaseAppeal
from models.cases.instructions import Instruction
from models.cases.reports import AuthorityReport
from models.cases.tasks import Recovery
from models.cases.traces import OutflowTrace
from models.permissions import Permission
from models.staff import Organisation

_TAKEN: Final = frozenset({"case.file_downloaded", "evidence.packed", "proof.downloaded"})
"""Looks at a file are no part of what it tells."""
_BOX: Final = "□"


@dataclass(frozen=True, slots=True)
class Told:
    """A case with all that its file says."""

    record: CaseRecord
    carrier: str
    platforms: Mapping[str, str]
    """Names by code."""
    deeds: Sequence[AuditEntry]
    """The latest first."""
    traces: Sequence[OutflowTrace]
    recoveries: Sequence[Recovery]
    appeals: Sequence[CaseAppeal]
    reports: Sequence[AuthorityReport]
    instructions: Sequence[Instruction]
    head: trees.Head | None
    """The newest signed head of the log of deeds."""

    def name_of(self, actor_id: UUID | None) -> str:
        """Who it was, by the name that stands in the record."""
        return next((one.actor_name for one in self.deeds if one.actor_id == actor_id), "")


def case_file(desk: Desk, case_id: UUID | str, language: Language = Language.ZH) -> Download:
    told = _told(desk, case_id)
    data = _pdf(told, language, desk.now())
    case = told.record.case
    with put_on_record(desk, "case.file_downloaded", case, language=language):
        return Download(f"{case.reference}.pdf", "application/pdf", data=data)


def case_file_of_pack(desk: Desk, case_id: UUID | str) -> bytes:
    """The same file as it goes into an evidence pack: equal while nothing happens in the case."""
    return _pdf(_told(desk, case_id), Language.ZH, None)


def _told(desk: Desk, case_id: UUID | str) -> Told:
    record = case_record(desk, case_id)
    case = record.case
    with desk.begin(Permission.CASE_READ) as work:
        of_case = col(Recovery.case_id) == case.id
        return Told(
            record,
            work.session.get_one(Organisation, case.organisation_id).name,
            platform_names(work, [case.platform, *(one.notice.platform for one in record.notices)]),
            [one for one in deeds_about(work, subjects_of(work, record)) if one.deed not in _TAKEN],
            work.all(work.select(OutflowTrace).where(OutflowTrace.case_id == case.id)),
            work.all(work.select(Recovery).where(of_case).order_by(col(Recovery.id))),
            work.all(
                work.select(CaseAppeal)
                .where(CaseAppeal.case_id == case.id)
                .order_by(col(CaseAppeal.id))
            )
            if desk.actor.may(Permission.APPEAL_READ)
            else [],
            work.all(
                work.select(AuthorityReport)
                .where(AuthorityReport.case_id == case.id)
                .order_by(col(AuthorityReport.id))
            ),
            work.all(
                work.select(Instruction)
                .where(Instruction.case_id == case.id)
                .order_by(col(Instruction.id))
            )
            if desk.actor.may(Permission.INSTRUCTION_READ)
            else [],
            trees.last_head(work.session.connection(), DEEDS),
        )


def _pdf(told: Told, language: Language, issued: datetime | None) -> bytes:
    with in_language(language):
        return pdf("case", _printable(_facts(told, language, issued)))


def _facts(told: Told, language: Language, issued: datetime | None) -> dict[str, Fact]:
    record = told.record
    case = record.case
    names = (
        parts.summary, parts.parties, parts.found, parts.evidence, parts.decision, parts.measures,
        parts.tasks, parts.trace, parts.notices, parts.looks, parts.appeals, parts.reports,
        parts.story,
    )  # fmt: skip
    sections = [section for make in names if (section := make(told))]
    last = told.deeds[0] if told.deeds else None
    at = issued or (last.at if last else case.created_at)
    rows: list[Fact] = []
    if last is not None and last.leaf is not None:
        rows.append([t("case_file.log_place"), t("case_file.leaf_of", n=last.leaf + 1)])
    if told.head is not None and issued is not None:
        rows.append([t("case_file.log_size"), f"{told.head.size:,}"])
        rows.append([t("case_file.log_root"), told.head.root.hex()])
    return {
        "language": language.value,
        "title": f"{t('case_file.heading')} {case.reference}",
        "heading": t("case_file.heading"),
        "carrier": told.carrier,
        "reference": case.reference,
        "state": t(f"case_state.{case.state}"),
        "as_of": t("case_file.as_of", at=parts.moment(at)),
        "foot": t("case_file.foot", reference=case.reference, at=parts.moment(at)),
        "sections": sections,
        "log_title": t("case_file.log_title"),
        "log_hint": t("case_file.log_hint"),
        "log": rows,
    }


def _printable(fact: Fact) -> dict[str, Fact]:
    shown = _shown(fact)
    assert isinstance(shown, dict)  # noqa: S101 - as it was given
    return shown


def _shown(fact: Fact) -> Fact:
    match fact:
        case str():
            return "\n".join(_line(line) for line in fact.splitlines())
        case dict():
            return {name: _shown(one) for name, one in fact.items()}
        case list() | tuple():
            return [_shown(one) for one in fact]
        case _:
            return fact


def _line(text: str) -> str:
    text = text.replace("\t", " ")
    while letter := lacking(text):
        text = text.replace(letter, _BOX)
    return text
