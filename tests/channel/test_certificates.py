"""Certificates of licences, archives of badges, and the doors that hand them out."""

import zipfile
from dataclasses import replace
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image

from console.actions.audit import list_deeds
from console.actions.channel.badges import list_badges
from console.actions.channel.certificates import (
    Certified,
    certificate,
    certificate_facts,
    certified,
)
from console.actions.channel.licences import (
    approve_licence,
    suspend_licence,
    terminate_licence,
)
from console.actions.channel.logos import put_logo
from console.actions.staff.sign_in import (
    _open_session,  # pyright: ignore[reportPrivateUsage]
)
from console.desk import Desk, House
from console.i18n import Language
from console.web import files
from console.web.site import Site
from integrations.documents import pages, pdf
from models.badge_reading import codes_in
from models.channel.licences import Licence
from models.refusals import Conflict, NotFound
from tests.browser import Visitor, web_app
from tests.channel.stories import admitted, licensed, pending, shop_of
from tests.channel.test_pictures import logo
from tests.conftest import Desks
from tests.pdf_words import pages_of_pdf, words_of_pdf

HOSTILE = '#panic("x") $a$ ] [ \\ ` *b* _c_ @d <e> // "f" ~g --- #let x = read("/etc/passwd")'


def told_of(desks: Desks, licence: Licence) -> Certified:
    return certified(desks.manager, licence.number)


def compact(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize("language", list(Language))
def test_a_certificate_says_who_may_sell_what_where_and_until_when(
    desks: Desks, house: House, language: Language
) -> None:
    put_logo(desks.manager, "CT-44", logo())
    agent, licence, (shop,) = licensed(desks)
    data = certificate(house, told_of(desks, licence), language)
    words = compact(words_of_pdf(data))
    badge = list_badges(desks.manager).rows[0]
    wanted = [
        "中国电信广东", agent.name, agent.uscc, agent.agent_no, licence.number, "XY-2026-001",
        "2026-03-01", "2027-02-28", "2026-03-02", shop.name, "1001", badge.badge_id,
        "127.0.0.1:8501",
    ]  # fmt: skip
    wanted += ["网络代理委托证书", "移动电话卡", "广东", "有效"] if language is Language.ZH else [
        "CertificateofDelegation", "Voicecard", "Guangdong", "Version1",
    ]  # fmt: skip
    assert [one for one in wanted if compact(one) not in words] == []
    assert certificate(house, told_of(desks, licence), language) == data


def test_the_codes_of_a_certificate_lead_to_the_verify_page(desks: Desks, house: House) -> None:
    _, licence, _ = licensed(desks, numbers=("1001", "1002", "1003"))
    facts = certificate_facts(house, told_of(desks, licence), Language.ZH)
    drawn = pages("licence", facts, ppi=150)
    read = [codes_in(Image.open(BytesIO(page)).convert("RGB")) for page in drawn]
    urls = {str(one["url"]) for one in facts["shops"]}  # type: ignore[index,union-attr]
    assert len(urls) == 3
    assert {code.text for page in read for code in page} == urls
    assert len(read[0]) == 1


def test_three_hundred_shops_stand_on_as_many_pages_as_they_need(
    desks: Desks, house: House
) -> None:
    _, licence, (shop,) = licensed(desks)
    told = told_of(desks, licence)
    many = [
        shop.model_copy(update={"id": uuid4(), "shop_key": f"shop:{n}", "name": f"第{n}号专营店"})
        for n in range(300)
    ]
    (badge,) = told.badges.values()
    told = replace(told, shops=many, badges=dict.fromkeys([one.id for one in many], badge))
    data = certificate(house, told, Language.ZH)
    words = compact(words_of_pdf(data))
    assert [n for n in range(300) if f"第{n}号专营店" not in words] == []
    assert 6 <= pages_of_pdf(data) <= 14
    assert words.count("店铺号或网址") == pages_of_pdf(data) or words.count("店铺号或网址") > 5


def test_a_licence_that_was_never_approved_has_no_certificate(desks: Desks) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    with pytest.raises(Conflict) as no:
        certified(desks.manager, licence.number)
    assert no.value.code == "pictures.never_approved"
    with pytest.raises(NotFound):
        certified(desks.other_manager, licence.number)
    approve_licence(desks.approver, licence.id)
    assert certified(desks.manager, licence.number).shops


def test_a_licence_that_is_not_in_force_says_so_across_the_page(desks: Desks, house: House) -> None:
    _, licence, _ = licensed(desks)
    assert certificate_facts(house, told_of(desks, licence), Language.ZH)["watermark"] is None
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    told = told_of(desks, licence)
    assert certificate_facts(house, told, Language.ZH)["watermark"] == "暂停"
    assert certificate_facts(house, told, Language.EN)["watermark"] == "Suspended"
    words = words_of_pdf(certificate(house, told, Language.ZH))
    assert words.count("暂停") >= 3


@pytest.mark.parametrize("word", [HOSTILE, HOSTILE[::-1], "\\u{1F600}", "#" * 60, "]" * 60])
def test_hostile_names_come_out_letter_by_letter(desks: Desks, house: House, word: str) -> None:
    agent, licence, (shop,) = licensed(desks)
    told = told_of(desks, licence)
    named = replace(
        told,
        agent=agent.model_copy(update={"name": word}),
        shops=[shop.model_copy(update={"name": word, "shop_key": f"shop:{word}"})],
        platforms={"lanhai": word},
    )
    words = compact(words_of_pdf(certificate(house, named, Language.ZH)))
    assert words.count(compact(word)) >= 4


def test_a_template_reads_no_file_and_no_network() -> None:
    from typst import TypstError

    with pytest.raises(TypstError):
        pdf("licence", {})  # a fact that is missing is a bug and says so


@pytest.fixture
def visitor(house: House) -> Visitor:
    site = Site.of(house)
    return Visitor(web_app(site, files.routes(site)))


def as_(visitor: Visitor, desk: Desk) -> Visitor:
    assert desk.actor.id is not None
    token = _open_session(desk.house, desk.actor.id, "127.0.0.1", "test", None)
    visitor.cookies.clear()
    visitor.cookies.set("channel", token, domain="127.0.0.1")
    return visitor


def last_deed(desks: Desks) -> str:
    return list_deeds(desks.audit, limit=1).rows[0].deed


def test_a_picture_is_handed_out_as_asked_and_on_record(desks: Desks, visitor: Visitor) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = list_badges(desks.manager).rows[0].badge_id
    as_(visitor, desks.manager)
    kinds = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
    for kind, media_type in kinds.items():
        for style in ("card", "compact", "qr"):
            given = visitor.get(f"/files/badges/{badge}.{kind}?style={style}&language=en")
            assert (given.status_code, given.headers["content-type"]) == (200, media_type)
            assert "attachment" in given.headers["content-disposition"]
    assert last_deed(desks) == "badge.downloaded"
    wide = visitor.get(f"/files/badges/{badge}.png?width=1440").content
    assert Image.open(BytesIO(wide)).width == 1440
    assert b"<text" in visitor.get(f"/files/badges/{badge}.svg?letters=text").content
    for wrong in ("style=poster", "letters=x", "language=fr", "width=-1", "width=1e9", "width=١"):
        assert visitor.get(f"/files/badges/{badge}.svg?{wrong}").status_code == 404
    assert visitor.get(f"/files/badges/{badge}.png?width=100").status_code == 422
    assert as_(visitor, desks.other_manager).get(f"/files/badges/{badge}.svg").status_code == 404


def test_all_badges_of_an_agent_come_in_one_archive(desks: Desks, visitor: Visitor) -> None:
    put_logo(desks.manager, "CT-44", logo())
    agent, _, _ = licensed(desks, numbers=("1001", "10/../02"))
    as_(visitor, desks.manager)
    given = visitor.get(f"/files/agents/{agent.agent_no}/badges.zip?language=en")
    assert given.headers["content-type"] == "application/zip"
    assert last_deed(desks) == "agent.badges_downloaded"
    with zipfile.ZipFile(BytesIO(given.content)) as pack:
        names = pack.namelist()
        readme = pack.read("README.txt").decode("utf-8-sig")
        assert len(names) == 1 + 2 * 11
        assert not [name for name in names if ".." in name or name.startswith("/")]
        for name in names:
            if name.endswith(".png"):
                assert codes_in(Image.open(BytesIO(pack.read(name))).convert("RGB"))
    assert agent.name in readme
    assert "请认准" in readme
    assert "Only trust" in readme or "only trust" in readme
    assert as_(visitor, desks.other_manager).get(given.request.url.path).status_code == 404


def test_an_agent_without_a_good_badge_has_no_archive(desks: Desks, visitor: Visitor) -> None:
    agent, licence, _ = licensed(desks)
    terminate_licence(desks.approver, licence.id, reason="协商终止", is_handed_back=True)
    as_(visitor, desks.manager)
    given = visitor.get(
        f"/files/agents/{agent.agent_no}/badges.zip", headers={"accept": "application/json"}
    )
    assert given.status_code == 409


def test_a_certificate_is_handed_out_and_on_record(desks: Desks, visitor: Visitor) -> None:
    _, licence, _ = licensed(desks)
    as_(visitor, desks.platform)
    given = visitor.get(f"/files/licences/{licence.number}.pdf?language=en")
    assert given.content.startswith(b"%PDF-")
    assert last_deed(desks) == "licence.certificate_downloaded"
    assert visitor.get("/files/licences/CT-0.pdf").status_code == 404
    assert as_(visitor, desks.other_platform).get(given.request.url.path).status_code == 404
