"""Reports as files: who gets them, what is in them, and that taking one is on record."""

import io
from http import HTTPStatus
from typing import Any

import openpyxl
import pytest

from console.actions.audit import list_deeds
from console.actions.channel.pictures import in_language
from console.actions.oversight.pictures import picture
from console.actions.oversight.report_facts import Told, document
from console.actions.oversight.report_files import ReportFormat, picture_file, report_file
from console.actions.oversight.reports import keep_reports, list_reports
from console.i18n import Language
from console.web import files as web_files
from console.web.site import Site
from models.audit import AuditEntry
from models.oversight.figures import Cut, Indicator, OversightReport
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound
from models.staff import Organisation
from tests.browser import Visitor, web_app
from tests.cases.test_files import as_
from tests.conftest import ONLY_SQLITE, Desks
from tests.oversight.planted import figure, plant_for
from tests.pdf_words import words_of_pdf

I = Indicator  # noqa: E741 - its name in these tests
pytestmark = ONLY_SQLITE


@pytest.fixture
def week(desks: Desks) -> OversightReport:
    """Guangdong's report of the week that is over."""
    plant_for(desks.regulator)
    keep_reports(desks.house)
    return next(one for one in list_reports(desks.regulator).rows if one.period == "week")


@pytest.fixture
def visitor(desks: Desks) -> Visitor:
    site = Site.of(desks.house.house)
    return Visitor(web_app(site, web_files.routes(site)))


def last_deed(desks: Desks) -> AuditEntry:
    return list_deeds(desks.audit, limit=1).rows[0]


def sheets(data: bytes | None) -> dict[str, list[tuple[Any, ...]]]:
    assert data is not None
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: [tuple(row) for row in sheet.iter_rows(values_only=True)]
            for sheet in book}  # fmt: skip


@pytest.mark.requirement("004-3.4-a")
def test_a_kept_report_is_a_pdf_with_definitions_digest_and_caution(
    desks: Desks, week: OversightReport
) -> None:
    made = report_file(desks.regulator, week.id, ReportFormat.PDF, Language.ZH)
    assert made.data is not None
    assert made.data.startswith(b"%PDF-")
    words = words_of_pdf(made.data).replace("\u200b", "")
    for part in ("渠道治理情况报告", "广东省通信管理局", week.sha256[:20], "统计方法",
                 "基数少于", "蓝海商城"):  # fmt: skip
        assert part in words, part
    english = report_file(desks.regulator, week.id, ReportFormat.PDF, Language.EN)
    assert "Channel governance report" in words_of_pdf(english.data or b"")


def test_whoever_takes_one_is_on_record_a_regulator_too(
    desks: Desks, week: OversightReport
) -> None:
    report_file(desks.regulator, week.id, ReportFormat.XLSX, Language.EN)
    deed = last_deed(desks)
    assert (deed.deed, deed.subject_id) == ("oversight.report_downloaded", str(week.id))
    assert deed.facts["format"] == "xlsx"
    assert deed.actor_id == desks.regulator.actor.id
    picture_file(desks.regulator, ReportFormat.PDF, Language.ZH)
    assert last_deed(desks).deed == "oversight.picture_downloaded"


def test_a_sheet_has_figures_as_numbers_and_nothing_that_runs(
    desks: Desks, week: OversightReport
) -> None:
    with desks.admin.house.desk().begin(Permission.SWEEP) as work:
        lanhai = work.session.exec(work.select(Organisation).where(Organisation.code == "lanhai"))
        row = lanhai.one()
        row.name = '=HYPERLINK("http://x")'
        work.add(row)
        work.no_deed()
    made = sheets(picture_file(desks.regulator, ReportFormat.XLSX, Language.ZH).data)
    assert list(made) == ["数字", "定义", "说明"]
    heads, *rows = made["数字"]
    assert heads[0] == "指标"
    shown = next(row for row in rows if row[:4] == ("标识展示率", "整体", "", "当前或近一年"))
    assert (shown[4], shown[5]) == (47, 63)
    assert shown[6] == pytest.approx(47 / 63)
    assert '\'=HYPERLINK("http://x")' in {row[2] for row in rows}
    assert len(made["定义"]) == 1 + len(Indicator)
    assert week.sha256 not in str(made["说明"])  # that of this moment says of no period


def test_few_are_marked_as_few_in_both_files(desks: Desks) -> None:
    whose = desks.manager.actor.organisation_id
    assert whose is not None
    plant_for(desks.manager, [
        figure(whose, I.BADGES_SHOWN, size=8),
        figure(whose, I.BADGES_SHOWN, Cut.PLATFORM, "lanhai", size=8),
    ])  # fmt: skip
    made = sheets(picture_file(desks.manager, ReportFormat.XLSX, Language.ZH).data)
    assert {row[11] for row in made["数字"][1:]} == {"是"}
    told = Told(picture(desks.manager), "x", "y", "z", "0" * 64, is_kept=False, names={})
    with in_language(Language.ZH):
        facts = document(told, Language.ZH, desks.manager.now())
    assert "75.0% *" in str(facts["sections"])
    assert "样本过少" in str(facts["headline"])


def test_the_same_moment_gives_the_same_digest(desks: Desks) -> None:
    plant_for(desks.manager)
    for language in Language:
        picture_file(desks.manager, ReportFormat.XLSX, language)
    first, second = (one.facts["sha256"] for one in list_deeds(desks.audit, limit=2).rows)
    assert first == second


def test_an_altered_report_is_not_handed_out(desks: Desks, week: OversightReport) -> None:
    with desks.house.begin(Permission.SWEEP) as work:
        row = work.session.get_one(OversightReport, week.id)
        row.figures = row.figures.replace("1", "2", 1)
        work.add(row)
        work.no_deed()
    with pytest.raises(Conflict, match=r"oversight_pages\.altered"):
        report_file(desks.regulator, week.id, ReportFormat.PDF, Language.ZH)


def test_nobody_gets_anothers_and_who_may_not_read_gets_none(
    desks: Desks, week: OversightReport
) -> None:
    for stranger in (desks.other_regulator, desks.manager, desks.platform):
        with pytest.raises(NotFound):
            report_file(stranger, week.id, ReportFormat.PDF, Language.ZH)
        with pytest.raises(NotFound, match=r"oversight_pages\.not_counted"):
            picture_file(stranger, ReportFormat.PDF, Language.ZH)
    for asked in (desks.admin, desks.security):
        with pytest.raises(NotAllowed):
            picture_file(asked, ReportFormat.PDF, Language.ZH)


def test_the_door_hands_them_out_as_attachments_to_those_who_are_signed_in(
    desks: Desks, week: OversightReport, visitor: Visitor
) -> None:
    address = f"/files/oversight/{week.id}.pdf"
    assert visitor.get(address).status_code in {HTTPStatus.SEE_OTHER, HTTPStatus.FORBIDDEN}
    answer = as_(visitor, desks.regulator).get(f"{address}?language=en")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert (
        f'attachment; filename="oversight-{week.name}.pdf"'
        in (answer.headers["content-disposition"])
    )
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    now = visitor.get("/files/oversight/now.xlsx")
    assert "spreadsheetml" in now.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["{id}.exe", "{id}.pdf?language=fr", "nonsense.pdf", "now.csv", "now.pdf?language="]
)
def test_a_bad_address_is_answered_in_words(
    desks: Desks, week: OversightReport, visitor: Visitor, path: str
) -> None:
    answer = as_(visitor, desks.regulator).get(f"/files/oversight/{path.format(id=week.id)}")
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert as_(visitor, desks.other_regulator).get(
        f"/files/oversight/{week.id}.pdf"
    ).status_code == (HTTPStatus.NOT_FOUND)
