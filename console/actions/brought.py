"""Files that people bring in: what they are by their own bytes, and a name that is safe to show."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from models.refusals import Invalid

LARGEST: Final = 10 * 1024 * 1024
_LONGEST_NAME: Final = 200
_MAGIC: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"%PDF-": "application/pdf",
}


def media_type_of(name: str, data: bytes) -> str:
    """PNG, JPEG or PDF by the first bytes: what the sender calls a file is not believed."""
    if len(data) > LARGEST:
        raise Invalid("file.too_large", name=clean_name(name), most=LARGEST // (1024 * 1024))
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    raise Invalid("file.wrong_type", name=clean_name(name))


def clean_name(name: str) -> str:
    """The name without its folders and control characters, at most 200 characters."""
    base = re.split(r"[/\\]", name)[-1]
    shown = "".join(one for one in base if unicodedata.category(one)[0] != "C").strip(" .")
    return shown[-_LONGEST_NAME:] or "file"
