"""The file of a case: what it tells to whom, where it stands in the log, that it is on record."""

import io
import zipfile
from http import HTTPStatus
from uuid import UUID

import pytest

from console.actions.audit import list_deeds, seal
from console.actions.cases import case_file as files
from console.actions.cases.case_file import case_file, case_file_of_pack
from console.actions.cases.case_told import told_of
from console.actions.channel.pictures import in_language
from console.actions.patrol.packs import evidence_pack
from console.desk import Desk
from console.i18n import Language
from console.web import files as web_files
from console.web.site import Site
from integrations.documents import Fact
from models.refusals import NotFound
from tests.browser import Visitor, web_app
from tests.cases.test_files import as_
from tests.cases.world import REASON, REMEDY, all_else_proven, removed, sent
from tests.conftest import Desks


def facts_of(desk: Desk, case_id: UUID, language: Language = Language.ZH) -> dict[str, Fact]:
    told = told_of(desk, case_id)
    with in_language(language):
        return files._facts(told, language, desk.now())  # pyright: ignore[reportPrivateUsage]


def words(fact: Fact) -> str:
    """Every text among the facts."""
    match fact:
        case str():
            return fact
        case dict():
            return "\n".join(words(one) for one in fact.values())
        case list() | tuple():
            return "\n".join(words(one) for one in fact)
        case _:
            return ""


@pytest.fixture
def case_id(desks: Desks) -> UUID:
    notice = sent(desks)
    removed(desks, notice)
    all_else_proven(desks, notice.case_id or UUID(int=0))
    seal(desks.house)
    assert notice.case_id is not None
    return notice.case_id


@pytest.mark.requirement("003-10.2-1")
def test_the_file_tells_the_whole_case(desks: Desks, case_id: UUID) -> None:
    told = words(facts_of(desks.manager, case_id))
    for part in (REASON, REMEDY, "店主称系代亲友出售", "通报与答复", "已清理下架", "after.png",
                 "第 1 轮 · 第 1 次", "证据清单", "批准处理决定", "日志根哈希"):  # fmt: skip
        assert part in told, part
    english = words(facts_of(desks.manager, case_id, Language.EN))
    assert "What was found" in english
    assert "通报与答复" not in english


def test_it_is_a_pdf_and_taking_it_is_on_record(desks: Desks, case_id: UUID) -> None:
    file = case_file(desks.regulator, case_id)
    assert file.data is not None
    assert file.data.startswith(b"%PDF-")
    deed = list_deeds(desks.audit, limit=1).rows[0]
    assert (deed.deed, deed.subject_id) == ("case.file_downloaded", str(case_id))


def test_nobody_else_gets_it_and_a_platform_only_what_it_may_know(
    desks: Desks, case_id: UUID
) -> None:
    for stranger in (desks.other_platform, desks.other_regulator):
        with pytest.raises(NotFound):
            case_file(stranger, case_id)
    told = words(facts_of(desks.platform, case_id))
    assert "已清理下架" in told
    assert "店主称系代亲友出售" not in told
    assert "任务与证明" not in told


def test_letters_that_the_font_lacks_are_boxes(desks: Desks, case_id: UUID) -> None:
    told = facts_of(desks.manager, case_id) | {"carrier": "示例\U0001f4f1公司\t"}
    shown = files._printable(told)  # pyright: ignore[reportPrivateUsage]
    assert shown["carrier"] == "示例□公司 "


def test_the_pack_holds_the_file_and_the_same_while_nothing_happens(
    desks: Desks, case_id: UUID
) -> None:
    made = case_file_of_pack(desks.manager, case_id)
    path = evidence_pack(desks.manager, case_id).path
    assert path is not None
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as pack:
        drawn = [pack.read(name) for name in pack.namelist()]
    path.unlink()
    assert made in drawn
    assert case_file_of_pack(desks.manager, case_id) == made


def test_it_is_handed_out_to_whoever_is_signed_in_and_may_read_it(
    desks: Desks, case_id: UUID
) -> None:
    site = Site.of(desks.house.house)
    visitor = Visitor(web_app(site, web_files.routes(site)))
    address = f"/files/cases/{case_id}.pdf"
    assert visitor.get(address).status_code in {HTTPStatus.SEE_OTHER, HTTPStatus.FORBIDDEN}
    answer = as_(visitor, desks.manager).get(f"{address}?language=en")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert "attachment" in answer.headers["content-disposition"]
    assert as_(visitor, desks.other_platform).get(address).status_code == HTTPStatus.NOT_FOUND
    assert as_(visitor, desks.admin).get(address).status_code == HTTPStatus.FORBIDDEN
