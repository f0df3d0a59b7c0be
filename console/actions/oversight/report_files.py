"""A picture as PDF and as a sheet: of a kept report, or as things stood at the latest count.

Who takes one is on record, a regulator's own people as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from console.actions.channel.pictures import in_language
from console.actions.files import Download, put_on_record
from console.actions.oversight.pictures import Picture, picture
from console.actions.oversight.report_facts import Told, document
from console.actions.oversight.report_sheets import workbook
from console.actions.oversight.reports import report
from console.actions.oversight.told import names_of
from console.desk import Desk
from console.i18n import Language, t
from integrations.documents import pdf
from models.base import Table
from models.canonical import canonical
from models.oversight.figures import Cut, OversightFigure, OversightPicture
from models.permissions import Permission
from models.refusals import Conflict, NotFound

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHINA: Final = ZoneInfo("Asia/Shanghai")


class ReportFormat(StrEnum):
    PDF = "pdf"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        return "application/pdf" if self is ReportFormat.PDF else _XLSX


@dataclass(frozen=True, slots=True)
class _Taken:
    """What goes into the file, and whose deed it is to have taken it."""

    told: Told
    file_name: str
    deed: str
    row: Table


def report_file(
    desk: Desk, report_id: UUID | str, kind: ReportFormat, language: Language
) -> Download:
    """A kept report. Conflict where its figures are not those that were kept."""
    found = report(desk, report_id)
    kept = found.kept
    if not found.is_whole:
        raise Conflict("oversight_pages.altered", name=kept.name)
    with in_language(language):
        told = Told(
            picture=found.picture,
            organisation=found.organisation,
            name=t("reports.record_title", period=t(f"report_period.{kept.period}"),
                   name=kept.name),
            made=t("oversight_file.kept", period=t(f"report_period.{kept.period}"),
                   name=kept.name, at=_moment(kept.made_at)),
            sha256=kept.sha256,
            is_kept=True,
            names=_names(desk, found.picture),
        )  # fmt: skip
    taken = _Taken(told, f"oversight-{kept.name}", "oversight.report_downloaded", kept)
    return _handed(desk, taken, kind, language)


def picture_file(desk: Desk, kind: ReportFormat, language: Language) -> Download:
    """As things stood at the latest count. NotFound before the first."""
    seen = picture(desk)
    if seen.made_at is None:
        raise NotFound("oversight_pages.not_counted")
    with desk.begin(Permission.OVERVIEW_READ) as work:
        row = work.session.get_one(OversightPicture, desk.actor.organisation_id)
    with in_language(language):
        told = Told(
            picture=seen,
            organisation=desk.actor.organisation,
            name=t("oversight_file.now_name"),
            made=t("oversight_file.not_kept"),
            sha256=_digest(seen),
            is_kept=False,
            names=_names(desk, seen),
        )
    at = f"{seen.made_at.astimezone(_CHINA):%Y%m%d-%H%M}"
    taken = _Taken(told, f"oversight-{at}", "oversight.picture_downloaded", row)
    return _handed(desk, taken, kind, language)


def _handed(desk: Desk, taken: _Taken, kind: ReportFormat, language: Language) -> Download:
    with in_language(language):
        if kind is ReportFormat.PDF:
            data = pdf("oversight", document(taken.told, language, desk.now()))
        else:
            data = workbook(taken.told, desk.now())
    facts = {"format": kind.value, "language": language.value, "sha256": taken.told.sha256}
    with put_on_record(desk, taken.deed, taken.row, **facts):
        return Download(f"{taken.file_name}.{kind}", kind.media_type, data=data)


def _names(desk: Desk, seen: Picture) -> dict[str, str]:
    codes = {
        row.name
        for (_, cut), rows in seen.figures.items()
        if cut in {Cut.PLATFORM, Cut.CARRIER}
        for row in rows
    }
    return dict(names_of(desk, codes))


def _digest(seen: Picture) -> str:
    """Over the same rows that a kept report is over, so that two of one moment are alike."""
    rows = [_row(one) for one in _all_rows(seen)]
    return sha256(canonical({"figures": sorted(rows, key=lambda row: row[:4])})).hexdigest()


def _all_rows(seen: Picture) -> Sequence[OversightFigure]:
    now = [one for rows in seen.figures.values() for one in rows]
    return [*now, *(one for rows in seen.months.values() for one in rows.values())]


def _row(one: OversightFigure) -> list[str | int | None]:
    return [
        one.indicator.value, one.cut.value, one.name, one.month,
        one.count, one.base, one.median_s, one.p90_s,
    ]  # fmt: skip


def _moment(at: datetime) -> str:
    return f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M}"
