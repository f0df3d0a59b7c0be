"""Codes that lead elsewhere and look as if they were ours."""

import re
from typing import Final
from urllib.parse import urlsplit

from rapidfuzz.distance import Levenshtein

_ADDRESS: Final = re.compile(r"(?:https?://)?([A-Za-z0-9.\-]{4,253})(:[0-9]+)?(/[^\s]*)?", re.ASCII)
_BADGE_PATH: Final = re.compile(r"/b/[0-9]{12,}", re.ASCII)
_BADGE_WORDS: Final = re.compile(
    r"(?:网络代理商?|代理)(?:统一)?标识|[A-Z]{2}-[0-9]{2}-20[0-9]{2}-[0-9]{6}-[0-9]"
)
_NEAR: Final = 2
_LEAST_HOST: Final = 8
"""Two letters of a shorter host make another word."""


def imitates(code: str, public_url: str) -> bool:
    """Whether a code that is not ours pretends to be: our path on another host, a host like ours,
    or the words of a badge.
    """
    hit = _ADDRESS.match(code.strip())
    host = (hit[1] if hit else "").lower().removeprefix("www.")
    ours = (urlsplit(public_url).hostname or "").lower()
    if hit is not None and _BADGE_PATH.match(hit[3] or ""):
        return True
    if host != ours and len(ours) >= _LEAST_HOST and "." in host:
        is_inside = ours in host
        return is_inside or Levenshtein.distance(host, ours, score_cutoff=_NEAR) <= _NEAR
    return _BADGE_WORDS.search(code) is not None
