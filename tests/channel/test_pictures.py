"""Pictures of badges: the six fields of 004-3.1-f, read back by machine in every format."""

import re
from dataclasses import replace
from io import BytesIO

import pytest
from defusedxml.ElementTree import fromstring
from PIL import Image, ImageOps

from console.actions.channel.badges import badge_record, list_badges, mark_copied
from console.actions.channel.logos import put_logo
from console.actions.channel.pictures import Format, Look, badge_picture
from console.desk import House
from console.i18n import Language
from integrations.documents import pages
from integrations.evidence import Digest
from models.badge_picture import (
    Card,
    CardWords,
    Code,
    Letters,
    Style,
    accent_of,
    draw,
    lacking,
    least_width,
    png,
)
from models.badge_reading import codes_in
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, Invalid, NotAllowed
from tests.channel.stories import deeds, licensed
from tests.conftest import Desks
from tests.pdf_words import words_of_pdf

WORDS = CardWords(
    "网络代理商统一标识", "代理商名称", "代理商编号", "委托范围", "授权网店", "有效期", "委托编号",
    "扫码核验真伪", "请认准 v.10086.cn", "待上传企业标志",
)  # fmt: skip
LINK = "https://v.10086.cn/b/" + "".join(str(n * n % 10) for n in range(452))


def logo(colour: str = "#005bac", size: tuple[int, int] = (200, 120), kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


CARD = Card(
    code=Code(LINK),
    carrier="中国电信广东",
    logo=logo(),
    agent="深圳市龙腾通信有限公司",
    agent_no="CT-44-2026-000123-7",
    products="移动电话卡、流量卡",
    provinces="广东、广西、海南",
    provinces_short="广东等3个省份",
    platform="蓝海商城",
    shop="龙腾专营店",
    valid="2026-03-02 至 2027-02-28",
    licence_no="CT-44-2026-L-000045",
    words=WORDS,
)
SIX = (CARD.carrier, CARD.agent, CARD.agent_no, CARD.products, CARD.provinces)
"""The fields in words; the logo and the code are the other two."""


def words_of(svg: bytes) -> str:
    return "".join(fromstring(svg).itertext())


def seen(picture: bytes, surround: str = "white", side: int | None = None) -> list[str]:
    image = Image.open(BytesIO(picture)).convert("RGB")
    if side is not None:
        image = image.resize((side, side), Image.Resampling.LANCZOS)
    return [code.text for code in codes_in(ImageOps.expand(image, 60, surround))]


@pytest.mark.requirement("004-3.1-f")
@pytest.mark.parametrize("style", [Style.CARD, Style.COMPACT])
def test_a_card_has_the_six_fields_of_the_notice(style: Style) -> None:
    drawing = draw(CARD, style, Letters.TEXT)
    words = words_of(drawing.svg)
    assert [
        field
        for field in (
            *SIX,
            CARD.platform,
            CARD.shop,
            CARD.valid,
            CARD.licence_no,
            "请认准 v.10086.cn",
        )
        if field not in words
    ] == []
    (image,) = re.findall(rb'xlink:href="data:image/png;base64,', drawing.svg)
    assert image
    assert seen(png(draw(CARD, style), drawing.width)) == [LINK]


@pytest.mark.requirement("004-3.1-e")
@pytest.mark.parametrize("surround", ["white", "black"])
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_every_style_is_read_on_light_and_dark_ground(
    surround: str, style: Style, scale: float
) -> None:
    drawing = draw(CARD, style)
    least = least_width(drawing)
    assert seen(png(drawing, round(least * scale)), surround) == [LINK]


@pytest.mark.parametrize("surround", ["white", "black"])
@pytest.mark.parametrize("side", [98, 195, 400])
def test_a_code_is_read_at_the_sizes_that_shops_show(surround: str, side: int) -> None:
    drawing = draw(CARD, Style.QR)
    assert seen(png(drawing, side), surround) == [LINK]
    assert seen(png(drawing, 520), surround, side) == [LINK]


def test_three_pixels_a_module_are_the_least_that_is_delivered() -> None:
    assert CARD.code.version == 10
    for style in Style:
        drawing = draw(CARD, style)
        assert drawing.module * least_width(drawing) / drawing.width >= 3
        assert drawing.width >= least_width(drawing)


def test_white_is_round_the_code_in_the_picture_itself() -> None:
    image = Image.open(BytesIO(png(draw(CARD, Style.QR), 65 * 4))).convert("L")
    assert ImageOps.invert(image).getbbox() == (16, 16, 244, 244)


def test_outlines_need_no_font() -> None:
    drawing = draw(CARD, Style.CARD, Letters.OUTLINE)
    assert b"<text" not in drawing.svg
    assert b"font-family" not in drawing.svg
    root = fromstring(drawing.svg)
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))  # each letter once
    used = {one.get("{http://www.w3.org/1999/xlink}href", "")[1:] for one in root.iter()}
    assert used >= {one for one in ids if one}


def test_the_same_card_gives_the_same_bytes() -> None:
    for style in Style:
        for letters in Letters:
            again = replace(CARD, code=Code(LINK))
            assert draw(CARD, style, letters) == draw(again, style, letters)
    assert png(draw(CARD), 720) == png(draw(CARD), 720)


@pytest.mark.parametrize("letters", list(Letters))
def test_a_hostile_name_is_only_a_name(letters: Letters) -> None:
    name = "</title><script>alert(1)</script>&amp;\"'<image href='x'/>"
    drawing = draw(replace(CARD, agent=name, shop=name), Style.CARD, letters)
    root = fromstring(drawing.svg)
    assert not [one for one in root.iter() if one.tag.endswith("script")]
    assert len([one for one in root.iter() if one.tag.endswith("image")]) == 1
    if letters is Letters.TEXT:
        lines = [one.text for one in root.iter() if one.tag.endswith("text") and one.text]
        assert name.replace(" ", "") in "".join(lines).replace(" ", "")


@pytest.mark.parametrize("style", [Style.CARD, Style.COMPACT])
def test_long_names_and_all_provinces_stay_on_the_card(style: Style) -> None:
    names = [one.zh for one in provinces().values()]
    long = replace(
        CARD,
        agent="深圳市龙腾通信技术有限公司" * 15 + "甲乙丙丁戊",
        shop="店" * 200,
        provinces="、".join(names),
        provinces_short="北京等31个省份",
    )
    drawing = draw(long, style, Letters.TEXT)
    root = fromstring(drawing.svg)
    feet = [float(one.get("y", "0")) for one in root.iter() if one.tag.endswith("}text")]
    assert max(feet) < drawing.height - 4
    words = "".join(one.text or "" for one in root.iter() if one.tag.endswith("}text"))
    assert long.agent in words  # whole: it is one of the six
    assert all(name in words for name in names)
    assert seen(png(draw(long, style), drawing.width)) == [LINK]


def test_names_of_all_provinces_in_english_are_shortened_readably() -> None:
    names = ", ".join(one.en for one in provinces().values())
    long = replace(CARD, provinces=names, provinces_short="Beijing and others, 31 provinces")
    words = words_of(draw(long, Style.COMPACT, Letters.TEXT).svg)
    assert "Xinjiang" in words or "31 provinces" in words.replace("\n", " ")


@pytest.mark.parametrize(
    ("field", "changed"),
    [("agent", {"agent": "北京𠮷祥公司"}), ("shop_name", {"shop": "龙腾⭐店"})],
)
def test_a_letter_that_the_font_lacks_is_refused_and_named(
    field: str, changed: dict[str, str]
) -> None:
    with pytest.raises(Conflict) as no:
        draw(replace(CARD, **changed))
    assert (no.value.code, no.value.facts["field"]) == ("pictures.no_letter", field)
    assert no.value.facts["letter"] in {"𠮷", "⭐"}
    draw(replace(CARD, **changed), Style.QR)  # which has no letters


def test_the_font_has_every_word_that_cards_say_of_themselves() -> None:
    from console.i18n import texts

    for language in Language:
        own = texts(language)
        for key, text in own.items():
            if key.split(".")[0] in {"badge_card", "certificate", "product", "public_status"}:
                assert lacking(text) == "", key


def test_the_accent_is_the_logos_colour_and_dark_enough_for_white_letters() -> None:
    def channels(colour: str) -> list[float]:
        return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]

    for colour in ("#ffe100", "#e60012", "#005bac", "#00a040"):
        parts = channels(accent_of(logo(colour)))
        linear = [(one + 0.055) / 1.055 for one in parts]
        bright = sum(
            weight * one**2.4 for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )
        assert 1.05 / (bright + 0.05) > 4.5
    red = channels(accent_of(logo("#e60012")))
    assert red[0] > 0.5 > max(red[1:])
    assert accent_of(None) == accent_of(logo("#ffffff"))


# As people ask for it.


def the_badge(desks: Desks) -> Badge:
    return list_badges(desks.manager).rows[0]


def url_of(desks: Desks, badge: Badge) -> str:
    url = badge_record(desks.manager, badge.id).url
    assert url is not None
    return url


@pytest.mark.requirement("004-3.1-e", "004-3.1-f")
def test_a_shop_gets_its_badge_in_every_format(desks: Desks) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = the_badge(desks)
    link = url_of(desks, badge)
    given = {kind: badge_picture(desks.manager, badge.id, kind) for kind in Format}

    assert seen(given[Format.PNG], "black") == [link]
    assert fromstring(given[Format.SVG]).get("width") == "720"
    assert given[Format.PDF].startswith(b"%PDF-")
    words = words_of_pdf(given[Format.PDF])
    agent, licence = (
        badge_record(desks.manager, badge.id).agent,
        badge_record(desks.manager, badge.id).licence,
    )
    wanted = ("中国电信广东", agent.name, agent.agent_no, "移动电话卡", "广东", licence.number)
    assert [one for one in (*wanted, "127.0.0.1:8501") if one not in words] == []
    assert given == {kind: badge_picture(desks.manager, badge.id, kind) for kind in Format}


def test_the_printed_code_is_read(desks: Desks) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    link = url_of(desks, the_badge(desks))
    drawing = draw(replace(CARD, code=Code(link)), Style.CARD, Letters.TEXT)
    facts = {"title": "x", "svg": drawing.svg.decode(), "width": 148, "height": 148 * 452 / 720}
    (page,) = pages("badge", facts, ppi=150)
    assert seen(page) == [link]


def test_a_card_speaks_the_language_that_was_asked_for(desks: Desks) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = the_badge(desks)
    look = Look(letters=Letters.TEXT, language=Language.EN)
    words = words_of(badge_picture(desks.manager, badge.id, Format.SVG, look))
    assert "Voice card" in words
    assert "Guangdong" in words
    assert "Only trust 127.0.0.1:8501" in words


def test_no_card_without_the_carriers_logo(desks: Desks) -> None:
    licensed(desks)
    badge = the_badge(desks)
    for style in (Style.CARD, Style.COMPACT):
        with pytest.raises(Conflict) as no:
            badge_picture(desks.manager, badge.id, Format.PNG, Look(style))
        assert no.value.code == "pictures.logo_missing"
    assert seen(badge_picture(desks.manager, badge.id, Format.PNG, Look(Style.QR)))


@pytest.mark.parametrize(("width", "code"), [(300, "too_narrow"), (99_999, "too_wide")])
def test_a_width_that_no_phone_reads_is_refused(desks: Desks, width: int, code: str) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    with pytest.raises(Invalid) as no:
        badge_picture(desks.manager, the_badge(desks).id, Format.PNG, Look(width=width))
    assert no.value.code == f"pictures.{code}"


def test_nobody_gets_a_picture_of_a_badge_that_fell(desks: Desks) -> None:
    licensed(desks)
    badge = mark_copied(desks.manager, the_badge(desks).id, seen_at="https://x.example")
    with pytest.raises(Conflict) as no:
        badge_picture(desks.manager, badge.id, Format.SVG, Look(Style.QR))
    assert no.value.code == "pictures.badge_ended"


def test_a_rare_letter_in_a_name_is_told_when_the_badge_is_drawn(
    desks: Desks, house: House
) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = the_badge(desks)
    with house.desk().begin(Permission.AGENT_EDIT) as work:
        agent = work.get(Agent, badge.agent_id)
        agent.name = "深圳市𠮷祥通信有限公司"
        work.record("agent.edited", agent)
    with pytest.raises(Conflict) as no:
        badge_picture(desks.manager, badge.id)
    assert no.value.facts == {"field": "agent", "letter": "𠮷", "code": "U+20BB7"}


def test_a_logo_is_put_in_use_by_its_own_carrier_alone(desks: Desks, house: House) -> None:
    row = put_logo(desks.manager, "CT-44", logo(kind="JPEG"))
    assert row.logo is not None
    kept = Image.open(BytesIO(house.evidence.open(Digest(row.logo))))
    assert kept.format == "PNG"
    assert deeds(desks.manager)[-1] == "organisation.logo_set"
    for desk in (desks.other_manager, desks.approver, desks.platform, desks.regulator):
        with pytest.raises(NotAllowed):
            put_logo(desk, "CT-44", logo())
    with pytest.raises(Invalid):
        put_logo(desks.house, "lanhai", logo())
