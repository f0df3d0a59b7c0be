"""Files that people bring in: what they are by their own bytes, and a name that is safe to show."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Final

from models.formats.masking import without_identities
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


def nobodys_name(name: str, on: date) -> str:
    """The clean name, without the identity number of whom the file is about."""
    return without_identities(clean_name(name), on)[0]


def clean_name(name: str) -> str:
    """The name without its folders and control characters, at most 200 characters."""
    base = re.split(r"[/\\]", name)[-1]
    shown = "".join(one for one in base if unicodedata.category(one)[0] != "C").strip(" .")
    return shown[-_LONGEST_NAME:] or "file"
