"""A closer look at a shop: its pictures, the badges on them, and what cannot be looked at."""

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image, ImageDraw

from console.actions.channel.badges import badge_record, list_badges
from console.actions.patrol import looks
from console.actions.patrol.asking import Road
from console.actions.patrol.evidence_view import evidence_of
from console.actions.patrol.looks import look_at_shop
from console.actions.patrol.run import advance_run
from console.actions.patrol.screenshots import screenshot_of
from integrations.browser import Shot
from integrations.likeness import NotAPicture, likeness_of, look
from models.channel.licences import Ground
from models.patrol.custody import CustodyAct, CustodyEntry
from models.patrol.findings import Finding
from models.patrol.judge import Basis
from models.patrol.judge.badges import imitates
from models.patrol.operators import is_same_picture, same_pictures
from models.patrol.pictures import SeenPicture
from models.patrol.runs import RunState
from models.patrol.shops import ShopState
from models.rules import FindingKind, Outcome, Tier
from tests.channel.degraded import drawn
from tests.channel.stories import licensed
from tests.conftest import Desks
from tests.patrol.walks import planned, rows_of, shop_open, shops_by_key, walked, walking
from tests.shops import Answer, Call

OURS = "https://v.carrier.example"


def photo(seed: int, size: tuple[int, int] = (240, 240)) -> Image.Image:
    """A scene with enough on it to be known again."""
    image = Image.new("RGB", size, (220 - 20 * seed, 200, 140 + 10 * seed))
    draw = ImageDraw.Draw(image)
    for at in range(6):
        left, top = (at * 67 + seed * 31) % 180, (at * 43 + seed * 59) % 180
        colour = ((at * 50 + seed * 70) % 255, (seed * 90) % 255, (at * 90) % 255)
        draw.ellipse((left, top, left + 30 + at * 9, top + 40 + seed * 5), fill=colour)
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: int) -> bytes:
    out = BytesIO()
    image.convert("RGB").save(out, kind, **options)
    return out.getvalue()


def test_a_picture_is_known_again_in_another_size_and_encoding() -> None:
    one = likeness_of(photo(1))
    again = look(encoded(photo(1).resize((150, 150)), "JPEG", quality=60)).likeness
    other = likeness_of(photo(2))

    assert is_same_picture(one, again)
    assert not is_same_picture(one, other)
    found = same_pictures([one, again, other])
    assert found[one] == found[again]
    assert found[other] == other


def test_a_blank_picture_is_like_no_other() -> None:
    assert look(encoded(Image.new("RGB", (200, 200), "white"))).likeness == ""


@pytest.mark.parametrize("data", [b"", b"<html>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        look(data)


HUNGRY: list[tuple[str, str, tuple[int, int], dict[str, bool]]] = [
    ("JPEG", "CMYK", (6000, 4000), {"progressive": True}),
    ("WEBP", "RGBA", (3999, 2000), {"lossless": True}),
    ("PNG", "LA", (3999, 2000), {}),
]


@pytest.mark.parametrize(("kind", "mode", "size", "options"), HUNGRY)
def test_the_hungriest_pictures_that_are_let_in_are_looked_at(
    kind: str, mode: str, size: tuple[int, int], options: dict[str, bool]
) -> None:
    out = BytesIO()
    Image.new(mode, size, 77 if mode == "CMYK" else "grey").save(out, kind, **options)

    assert look(out.getvalue()).width == (3000 if kind == "JPEG" else 3999)


def test_a_badge_is_read_on_a_photograph_too_large_to_be_unpacked_whole() -> None:
    text = f"{OURS}/b/123456789012"
    image = Image.new("RGB", (6000, 4000), (200, 180, 90))
    image.paste(drawn(text).resize((900, 900)), (4000, 2500))

    assert look(encoded(image, "JPEG", quality=70)).codes == (text,)
    with pytest.raises(NotAPicture) as no:
        look(encoded(image.convert("L")))
    assert no.value.word == "picture.too_many_pixels"


@pytest.mark.parametrize(
    ("code", "is_imitation"),
    [
        ("https://v.carrier-example.com/b/123456789012", True),
        ("https://v.carner.example/abc", True),
        ("https://v.carrier.example.evil.cn/x", True),
        ("网络代理商统一标识 CT-44-2026-000001-8", True),
        ("https://u.wechat.com/EJ8aaa", False),
        ("https://weixin.qq.com/r/abc", False),
        ("https://item.example.com/3.html", False),
        ("WIFI:S:shop;P:12345678;;", False),
    ],
)
def test_a_code_that_passes_for_ours_is_told_from_any_other(
    code: str, *, is_imitation: bool
) -> None:
    assert imitates(code, OURS) is is_imitation


def with_pictures(**pictures: bytes):  # noqa: ANN201 - a change of answers
    def change(call: Call, answer: Answer) -> Answer:
        name = call.path.removeprefix("/pics/").removesuffix(".jpg")
        if call.path.startswith("/pics/") and f"p{name}" in pictures:
            return Answer(pictures[f"p{name}"], headers={"Content-Type": "image/png"})
        return answer

    return change


def badge_code(desks: Desks) -> str:
    return badge_record(desks.manager, list_badges(desks.manager).rows[0].id).url or ""


@pytest.mark.requirement("004-3.1-k")
def test_somebody_elses_badge_on_a_shops_picture_is_a_finding(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    badge = encoded(drawn(badge_code(desks)))
    with shop_open(with_pictures(p1=badge)) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    shop = shops_by_key(desks.manager)["shop:s-1"]
    (seen,) = [
        one
        for one in rows_of(desks.manager, SeenPicture)
        if one.shop_id == shop.id and one.badge_verdict
    ]
    assert (seen.badge_verdict, seen.badge_agent_no) == ("wrong_shop", agent.agent_no)
    (found,) = [one for one in rows_of(desks.manager, Finding)
                if one.kind is FindingKind.BADGE_MISUSE]  # fmt: skip
    assert (found.shop_id, found.ground) == (shop.id, Ground.SOMEONE_ELSES_BADGE)
    assert (found.tier, found.basis) == (Tier.SERIOUS, Basis.BADGE_OF_ANOTHER)
    assert found.claimed_number == agent.agent_no
    assert seen.evidence_sha256 in found.evidence
    assert found.facts["outcomes"] == [Outcome.REVOKE_BADGE, Outcome.REMOVE_SHOP]
    assert run.pictures == len(rows_of(desks.manager, SeenPicture))


def test_a_shops_own_badge_on_its_picture_is_its_right(desks: Desks) -> None:
    licensed(desks, numbers=("s-1",))
    badge = encoded(drawn(badge_code(desks)))
    with shop_open(with_pictures(p1=badge)) as stand:
        walked(desks.manager, planned(desks.manager, stand))

    shop = shops_by_key(desks.manager)["shop:s-1"]
    (seen,) = [
        one
        for one in rows_of(desks.manager, SeenPicture)
        if one.shop_id == shop.id and one.badge_verdict
    ]
    assert seen.badge_verdict == "valid"
    assert shop.state is ShopState.LICENSED
    assert not [one for one in rows_of(desks.manager, Finding) if one.shop_id == shop.id]


def test_a_picture_that_fails_is_a_fault_and_ends_nothing(desks: Desks) -> None:
    def change(call: Call, answer: Answer) -> Answer:
        if call.path == "/pics/1.jpg":
            return Answer("<h1>gone</h1>", 404)
        return Answer(b"no picture") if call.path.startswith("/pics/") else answer

    with shop_open(change) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.state is RunState.SUBMITTED
    assert {fault["word"] for fault in run.faults} == {"no_picture", "status"}
    assert rows_of(desks.manager, SeenPicture) == []


def test_a_look_is_kept_with_its_evidence_and_done_once(desks: Desks) -> None:
    with shop_open(with_pictures(p1=encoded(photo(1)), p3=encoded(photo(2)))) as stand:
        planned_run = planned(desks.manager, stand)
        own, roads = walking(desks.house), dict[UUID, Road]()
        looked = 0
        while looked == 0 and advance_run(own, planned_run.id, roads):
            looked = len(rows_of(desks.manager, SeenPicture))
        seen = rows_of(desks.manager, SeenPicture)[0]
        calls = len(stand.calls)
        look_at_shop(own, planned_run.id, seen.shop_id, roads[planned_run.id])

        assert len(stand.calls) == calls
        assert len(rows_of(desks.manager, SeenPicture)) == looked
    assert {len(one.likeness) for one in rows_of(desks.manager, SeenPicture)} <= {0, 40}
    kept = [one.manifest_sha256 for one in rows_of(desks.manager, CustodyEntry)
            if one.act is CustodyAct.CAPTURED]  # fmt: skip
    assert seen.evidence_sha256 in kept


@dataclass(frozen=True)
class Camera:
    """A browser that sees one thing everywhere."""

    png: bytes

    def shoot(self, url: str, *_given: object, **_named: object) -> Shot:
        return Shot(self.png, b"", url, {})


def test_a_look_without_pictures_is_known_by_its_screenshot_and_done_once(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(call: Call, answer: Answer) -> Answer:
        return Answer("", 404) if call.path.startswith("/pics/") else answer

    def found(_chosen: Path | None) -> Path:
        return Path("/nowhere")

    def camera(_at: Path) -> Camera:
        return Camera(encoded(photo(1)))

    monkeypatch.setattr(looks, "find_chromium", found)
    monkeypatch.setattr(looks, "browser_at", camera)
    own = walking(desks.house)
    settings = own.house.settings.model_copy(update={"screenshots": True})
    own, roads = replace(own, house=replace(own.house, settings=settings)), dict[UUID, Road]()
    with shop_open(without) as stand:
        run = planned(desks.manager, stand)
        while not [one for one in rows_of(desks.manager, CustodyEntry) if "look" in one.note]:
            advance_run(own, run.id, roads)
        seen = [one.id for one in shops_by_key(desks.manager).values()]
        for shop_id in seen:
            look_at_shop(own, run.id, shop_id, roads[run.id])
        calls, kept = len(stand.calls), len(rows_of(desks.manager, CustodyEntry))
        for shop_id in seen:
            look_at_shop(own, run.id, shop_id, roads[run.id])
        assert (len(stand.calls), len(rows_of(desks.manager, CustodyEntry))) == (calls, kept)
        while advance_run(own, run.id, roads):
            pass

    assert rows_of(desks.manager, SeenPicture) == []
    finding = rows_of(desks.manager, Finding)[0]
    shot = evidence_of(desks.manager, finding.id).captures[0].screenshot
    assert shot is not None
    assert screenshot_of(desks.manager, finding) == shot.link
    assert screenshot_of(desks.admin, finding) == ""
