"""Logos that people bring: bounded before they are unpacked, and made anew."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from models.badge_picture import LOGO_LARGEST, clean_logo
from models.refusals import Invalid


def made(kind: str, **how: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 100), "#c00").save(out, kind, **how)  # pyright: ignore[reportArgumentType]
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side: int) -> bytes:
    """A picture of that many pixels a side in a few hundred kilobytes of zeros."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    line = b"\0" * (1 + (side + 7) // 8)
    data = b"".join(packer.compress(line) for _ in range(min(side, 20_000))) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def webp_bomb() -> bytes:
    """A head that announces 16384 × 16384, and nothing behind it."""
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + b"\xff\x3f\0" * 2
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_three_kinds_of_picture_become_a_png(kind: str) -> None:
    kept = Image.open(BytesIO(clean_logo(made(kind))))
    assert (kept.format, kept.size) == ("PNG", (300, 100))


def test_a_large_logo_is_made_smaller() -> None:
    out = BytesIO()
    Image.new("RGB", (3000, 1500), "#060").save(out, "PNG")
    assert Image.open(BytesIO(clean_logo(out.getvalue()))).size == (400, 200)


def test_nothing_but_the_pixels_is_kept() -> None:
    notes = PngInfo()
    notes.add_text("Author", "chen.ming@example.cn")
    out = BytesIO()
    Image.new("RGB", (50, 50), "#060").save(out, "PNG", pnginfo=notes)
    exif = Image.Exif()
    exif[0x010F] = "a camera of somebody"
    photo = BytesIO()
    Image.new("RGB", (50, 50)).save(photo, "JPEG", exif=exif, comment=b"a comment of somebody")
    for brought in (out.getvalue(), photo.getvalue()):
        kept = clean_logo(brought)
        assert b"example.cn" not in kept
        assert b"somebody" not in kept
        assert set(Image.open(BytesIO(kept)).info) <= {"transparency"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG" + b"\0" * LOGO_LARGEST, "logo_too_large"),
        (png_bomb(20_000), "logo_too_many_pixels"),
        (webp_bomb(), "logo_too_many_pixels"),
        (b"", "logo_unreadable"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo_unreadable"),
        (made("GIF"), "logo_unreadable"),
        (made("BMP"), "logo_unreadable"),
        (made("PNG")[:60], "logo_unreadable"),
        (made("JPEG")[:300], "logo_unreadable"),
        (made("WEBP")[:30], "logo_unreadable"),
        (made("WEBP")[:20], "logo_unreadable"),
        (png_bomb(100)[:-30], "logo_unreadable"),
    ],
)
def test_what_is_no_sound_small_picture_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as no:
        clean_logo(data)
    assert no.value.code == f"pictures.{code}"
