"""A closer look at a shop: its pictures, the badges on them, and what cannot be looked at."""

from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image, ImageDraw

from console.actions.channel.badges import badge_record, list_badges
from console.actions.patrol.asking import Road
from console.actions.patrol.looks import look_at_shop
from console.actions.patrol.run import advance_run
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


@pytest.mark.requirement("004-3.1-g")
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
