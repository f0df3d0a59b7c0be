"""Wordings by which a seller's texts are known again: a few of their places, chosen by the text.

Winnowing (Schleimer, Wilkerson, Aiken 2003): of each window of shingles the one with the least
hash is kept, so that a passage which two texts share gives both the same places, whatever stands
around it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

from models.patrol.contacts import undisguised

_SHINGLE: Final = 12
"""Letters; a Chinese sentence has twenty."""
_WINDOW: Final = 12
_MOST: Final = 40
"""Wordings of one shop that are kept."""
_LONGEST: Final = 4000
_ENDS: Final = re.compile(r"[。！？；!?;|｜~～]|[,，.:：](?![0-9])|\s{2,}")
_NOT_WORDS: Final = re.compile(r"[0-9a-z.\-_/]{5,}")
"""Numbers, names and addresses: contacts and licences are traits of their own."""


def wordings_of(texts: Iterable[str], besides: Iterable[str] = ()) -> Mapping[str, str]:
    """Hash to wording. What also stands in `besides`, as titles do, is no wording of the seller."""
    without = [plain for one in besides if (plain := _plain(one))]
    found = dict[str, str]()
    for text in texts:
        plain = _plain(text[:_LONGEST])
        for title in without:
            plain = plain.replace(title, "\n")
        for piece in plain.split("\n"):
            found |= _places(piece)
    return dict(sorted(found.items())[:_MOST])


def _plain(text: str) -> str:
    """Letters and digits; what ends a sentence ends a line, so that no wording is of two."""
    bare = _NOT_WORDS.sub("\n", _ENDS.sub("\n", undisguised(text)))
    kept = (one if one == "\n" or unicodedata.category(one)[0] in "LN" else "" for one in bare)
    return "".join(kept).strip()


def _places(plain: str) -> dict[str, str]:
    shingles = [plain[at : at + _SHINGLE] for at in range(len(plain) - _SHINGLE + 1)]
    hashes = [hashlib.sha256(one.encode()).hexdigest()[:32] for one in shingles]
    found = dict[str, str]()
    for at in range(max(1, len(hashes) - _WINDOW + 1) if hashes else 0):
        least = min(range(at, min(at + _WINDOW, len(hashes))), key=hashes.__getitem__)
        found[hashes[least]] = shingles[least]
    return found
