"""The file of a case (案卷) as PDF: all that its reader may know, and where its record stands.

It is Chinese unless asked for in English. A letter that our font lacks is shown as a box: a shop's
odd name is no reason to have no file.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from console.actions.cases import case_file_parts as parts
from console.actions.cases.case_told import Told, told_of
from console.actions.channel.pictures import in_language
from console.actions.files import Download, put_on_record
from console.desk import Desk
from console.i18n import Language, t
from integrations.documents import Fact, pdf
from models.badge_picture import lacking

_BOX: Final = "□"


def case_file(desk: Desk, case_id: UUID | str, language: Language = Language.ZH) -> Download:
    told = told_of(desk, case_id)
    data = _pdf(told, language, desk.now())
    case = told.record.case
    with put_on_record(desk, "case.file_downloaded", case, language=language):
        return Download(f"{case.reference}.pdf", "application/pdf", data=data)


def case_file_of_pack(desk: Desk, case_id: UUID | str) -> bytes:
    """The same file as it goes into an evidence pack: equal while nothing happens in the case."""
    return _pdf(told_of(desk, case_id), Language.ZH, None)


def _pdf(told: Told, language: Language, issued: datetime | None) -> bytes:
    with in_language(language):
        return pdf("case", _printable(_facts(told, language, issued)))


def _facts(told: Told, language: Language, issued: datetime | None) -> dict[str, Fact]:
    record = told.record
    case = record.case
    names = (
        parts.summary, parts.parties, parts.found, parts.evidence, parts.decision, parts.measures,
        parts.card_orders, parts.tasks, parts.trace, parts.notices, parts.looks, parts.appeals,
        parts.reports, parts.story,
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
    return "".join(_BOX if lacking(one) else one for one in text.replace("\t", " "))
