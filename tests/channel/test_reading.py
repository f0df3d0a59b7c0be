"""Codes read from pictures as shops show them; bad pictures are refused, whatever they hold."""

import contextlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from console.actions.channel.badges import badge_record, list_badges
from console.actions.channel.checks import MOST_CHECKS, check_picture, page_of
from console.actions.staff.people import add_client
from console.desk import House
from integrations.pictures import MOST_PIXELS, opened
from models.badge_reading import codes_in, grey
from models.permissions import Role
from models.refusals import Invalid, NotAllowed
from models.tokens import Verdict, badge_url, url_prefix
from tests.channel.degraded import DEGRADED, busy, drawn, jpeg, on, small
from tests.channel.stories import licensed
from tests.conftest import Desks
from tests.serving import served
from tests.test_tokens import HOST, TOKEN

TEXT = badge_url(HOST, TOKEN)
SLOWEST = 0.6
"""Seconds of CPU; four times the figure, which tests/bench/bench_reading.py measures."""


def ours(text: str) -> bool:
    return text.startswith(url_prefix(HOST))


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)  # pyright: ignore[reportArgumentType]
    return out.getvalue()


@pytest.mark.requirement("004-3.1-k")
@pytest.mark.parametrize("name", list(DEGRADED))
def test_a_code_is_read_however_badly_it_is_shown(name: str) -> None:
    (code,) = codes_in(DEGRADED[name](drawn(TEXT)), ours)
    assert code.text == TEXT


def test_of_several_codes_ours_comes_first_and_each_says_where_it_is() -> None:
    picture = busy(1000, 600, 3)
    picture.paste(small(drawn(TEXT), 180), (90, 210))
    picture.paste(small(drawn("https://u.example.com/g/1"), 150), (700, 100))
    one, other = codes_in(jpeg(picture, 65), ours)

    assert (one.text, other.text) == (TEXT, "https://u.example.com/g/1")
    assert one.box == pytest.approx((90, 210, 270, 390), abs=20)


def test_a_code_on_transparent_ground_is_read() -> None:
    code = drawn(TEXT, quiet=0).convert("L").resize((400, 400))
    picture = Image.new("RGBA", (500, 500), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (50, 50), Image.eval(code, lambda level: 255 - level))
    assert [one.text for one in codes_in(picture)] == [TEXT]
    assert grey(picture)[0, 0] == 255


@pytest.mark.parametrize("seed", range(3))
def test_a_busy_picture_without_a_code_costs_little(seed: int) -> None:
    picture = busy(1080, 1080, seed)
    begun = time.process_time()
    assert codes_in(picture, ours) == []
    assert time.process_time() - begun < SLOWEST


# Pictures that strangers send


def sample() -> Image.Image:
    return on(small(drawn(TEXT), 200))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_the_usual_formats_are_read_by_what_they_are(kind: str) -> None:
    assert [one.text for one in codes_in(opened(encoded(sample(), kind)))] == [TEXT]


def test_a_picture_is_turned_as_its_camera_was_held() -> None:
    wide = Image.new("RGB", (300, 200), "white")
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(encoded(wide, "JPEG", exif=exif)).size == (200, 300)


def test_of_an_animation_the_first_picture_counts() -> None:
    blank = Image.new("RGB", sample().size, "white")
    moving = encoded(sample(), "GIF", save_all=True, append_images=[blank])
    assert [one.text for one in codes_in(opened(moving))] == [TEXT]


def png_of(width: int, height: int) -> bytes:
    """Some dozens of bytes that claim to be so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(10_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def webp_of(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + bytes(20)
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS = [png_of(60_000, 60_000), png_of(5_000, 5_000), webp_of(16_000, 16_000)]


@pytest.mark.parametrize("data", BOMBS)
def test_a_picture_bomb_is_refused_before_it_is_unpacked(data: bytes) -> None:
    begun = time.process_time()
    with pytest.raises(Invalid) as no:
        opened(data)
    assert no.value.code == "picture.too_many_pixels"
    assert time.process_time() - begun < 0.2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "picture.wrong_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture.wrong_type"),
        (b"%PDF-1.7", "picture.wrong_type"),
        (b"\x89PNG\r\n\x1a\n", "picture.broken"),
        (b"RIFF\x10\0\0\0WEBP", "picture.broken"),
        (encoded(sample())[:-200], "picture.broken"),
        (encoded(sample(), "JPEG")[:900], "picture.broken"),
        (b"\xff\xd8\xff" + b"\xff\xda" * 100, "picture.broken"),
        (b"\x89PNG\r\n\x1a\n" + bytes(11 * 1024 * 1024), "picture.too_large"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_a_reason(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as no:
        opened(data)
    assert no.value.code == code


SAMPLES = [
    encoded(sample().resize((90, 90)), kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP")
]


@settings(
    max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.tuples(
            st.sampled_from(SAMPLES), st.integers(0, 400), st.binary(min_size=1, max_size=12)
        ).map(lambda made: made[0][: made[1]] + made[2] + made[0][made[1] + len(made[2]) :]),
        st.tuples(st.sampled_from(SAMPLES), st.integers(0, 4000)).map(
            lambda made: made[0][: made[1]]
        ),
    )
)
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    with contextlib.suppress(Invalid):
        image = opened(data)
        assert image.width * image.height <= MOST_PIXELS


# By API


def badge_code(desks: Desks) -> str:
    return badge_record(desks.manager, list_badges(desks.manager).rows[0].id).url or ""


Send = Callable[..., httpx.Response]


def test_a_picture_is_judged_with_the_shop_it_was_seen_in(desks: Desks) -> None:
    licensed(desks)
    data = encoded(on(small(drawn(badge_code(desks)), 260)))
    for page, verdict in (
        (page_of("lanhai", "1001"), Verdict.VALID),
        (page_of("lanhai", "666"), Verdict.WRONG_SHOP),
        (page_of(url="https://elsewhere.example/a"), Verdict.WRONG_SHOP),
        (None, Verdict.VALID_SHOP_UNCHECKED),
    ):
        seen = check_picture(desks.platform, data, page)
        assert [code.scan.verdict for code in seen.codes] == [verdict]
    with pytest.raises(NotAllowed):
        check_picture(desks.iot, data)
    with pytest.raises(Invalid):
        page_of("lanhai", "")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_marketplaces_program_has_badges_judged(desks: Desks, house: House) -> None:
    licensed(desks)
    _, key = add_client(
        desks.security, organisation="lanhai", name="t", roles=[Role.PLATFORM_OFFICER]
    )
    code = badge_code(desks)
    data = encoded(on(small(drawn(code), 260)))
    where = {"platform": "lanhai", "shop": "1001"}
    with (
        served(house) as base,
        httpx.Client(base_url=f"{base}/api/v1", headers={"Authorization": f"Bearer {key}"}) as http,
    ):
        digits = code.rpartition("/")[2]
        one = http.post("/badges/check", json={"digits": digits, **where})
        assert (one.status_code, one.json()["verdict"]) == (200, "valid")
        assert one.json()["badge"]["shop"]["id"] == "1001"
        many = http.post("/badges/check-many", json={"checks": [{"digits": digits}, {"text": "x"}]})
        assert [item["verdict"] for item in many.json()["items"]] == [
            "valid_shop_unchecked",
            "not_ours",
        ]
        raw = http.post(
            "/badges/check-picture", content=data, headers={"content-type": "image/png"}
        )
        assert raw.status_code == 200
        assert len(raw.json()["codes"][0]["box"]) == 4
        form = http.post("/badges/check-picture", files={"picture": ("a.png", data)}, data=where)
        assert form.json()["width"] == opened(data).width
        too_many = {"checks": [{"text": "x"}] * (MOST_CHECKS + 1)}
        assert http.post("/badges/check-many", json=too_many).status_code == 422
        bomb = http.post("/badges/check-picture", content=BOMBS[0])
        assert (bomb.status_code, bomb.json()["code"]) == (422, "picture.too_many_pixels")
        for body in ({}, {"text": "a", "digits": "1"}, {"text": code, "platform": "lanhai"}):
            assert http.post("/badges/check", json=body).status_code == 422
        assert http.post("/badges/check-picture", files={"other": b"x"}).status_code == 422
        http.headers.pop("Authorization")
        assert http.post("/badges/check-picture", content=data).status_code == 401
