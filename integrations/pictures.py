"""Opening pictures that strangers send: judged by their heads before anything is unpacked."""

import struct
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from models.refusals import Invalid

LARGEST: Final = 10 * 1024 * 1024
MOST_PIXELS: Final = 24_000_000
_MOST_SCANS: Final = 64
"""Of a progressive JPEG: each costs a pass over the whole picture, and few bytes."""
_MIB: Final = 1024 * 1024
_KINDS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "PNG": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "JPEG": lambda data: data.startswith(b"\xff\xd8\xff"),
    "WEBP": lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP",
    "GIF": lambda data: data.startswith((b"GIF87a", b"GIF89a")),
    "BMP": lambda data: data.startswith(b"BM"),
}
_UNREADABLE: Final = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)
"""What Pillow's parsers raise on files that were made to break them, or broke on their way."""
_BOMBS: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def opened(data: bytes, most: int = MOST_PIXELS) -> Image.Image:
    """The picture upright, in RGB on white; of an animation the first frame. Else Invalid.

    `most`: pixels that are unpacked, from a quarter of all that any picture may have. A larger
    JPEG is halved both ways while it is read; others have no such way, and are refused.
    """
    if len(data) > LARGEST:
        raise Invalid("picture.too_large", most=LARGEST // _MIB)
    kind = kind_of(data)
    most_here = MOST_PIXELS if kind == "JPEG" else most
    _must_be_small(*_size_of(kind, data), most_here)
    if kind == "JPEG" and data.count(b"\xff\xda") > _MOST_SCANS:
        raise Invalid("picture.broken")
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            _must_be_small(*image.size, most_here)
            if image.width * image.height > most:
                image.draft(None, (image.width // 2, image.height // 2))
            image.load()
            return _on_white(_upright(image))
    except Invalid:
        raise
    except _BOMBS:
        raise Invalid("picture.too_many_pixels", most=most_here // 1_000_000) from None
    except _UNREADABLE:
        raise Invalid("picture.broken") from None


def kind_of(data: bytes) -> str:
    """What the first bytes say it is: what a sender calls a file is not believed."""
    for kind, fits in _KINDS.items():
        if fits(data):
            return kind
    raise Invalid("picture.wrong_type")


def is_picture(data: bytes) -> bool:
    return any(fits(data) for fits in _KINDS.values())


def _must_be_small(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise Invalid("picture.too_many_pixels", most=most // 1_000_000)


def _size_of(kind: str, data: bytes) -> tuple[int, int]:
    """Of WebP, whose library makes room for the whole picture before Pillow tells its size."""
    if kind != "WEBP" or len(data) < _WEBP_HEAD:
        return 0, 0
    match data[12:16]:
        case b"VP8X":
            return _u24(data[24:27]) + 1, _u24(data[27:30]) + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return _u14(data[26:28]), _u14(data[28:30])
        case _:
            raise Invalid("picture.broken")


_WEBP_HEAD: Final = 30


def _u24(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _u14(data: bytes) -> int:
    return int.from_bytes(data, "little") & 0x3FFF


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its camera was held; a damaged note about that is no reason to refuse."""
    try:
        return ImageOps.exif_transpose(image)
    except _UNREADABLE:
        return image


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        shown = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown).convert("RGB")
    if image.mode.startswith("I") or image.mode == "F":
        image = ImageOps.autocontrast(
            image.convert("F").point(lambda level: level / 256).convert("L")
        )
    return image.convert("RGB")
