"""Where a shop is, in one spelling: a platform's own id, or an address."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.refusals import Invalid
from models.tokens import canonical_shop
from models.tokens.shops import OWN_SITE

_BETWEEN: Final = "\x1f"
_ID_PREFIX: Final = "^shop:"
_DOUBTFUL: Final = r"[\x00-\x20\x7f\\]"
"""Browsers and we may read such an address apart: it says nothing."""
_HEAD: Final = (
    r"^(?:[Hh][Tt][Tt][Pp][Ss]?:)?(?://)?(?:[^/?#@]*@)?(?:[Ww]{3}\.)?"
    r"(?P<host>[^/?#:@]*)(?P<port>:[0-9]+)?(?P<rest>[/?][^#]*)?(?:#.*)?$"
)
_OWN_PORTS: Final = (":80", ":443")
_TRACKER: Final = (
    r"([?&])(?:_[A-Za-z0-9_]*|spm|scm|pvid|utm_[a-z]+|ali_[a-z_]+|ut_sk|abbucket)=[^&]*"
)
_SHARED: Final = r"([?&])from=[a-z]+(&|$)"
"""By which road a reader was sent; a number there could be whose shop it is."""
_TIDY: Final = (
    (_TRACKER, r"\1"),
    (_SHARED, r"\1\2"),
    (r"&{2,}", "&"),
    (r"\?&", "?"),
    (r"[?&/]+$", ""),
    (r"/+\?", "?"),
)

Texts: TypeAlias = Any
"""A column of texts, in one piece or several."""


def id_keys(platforms: Texts, shop_ids: Texts, urls: Texts) -> pa.Array:
    """`platform` and the platform's own id, in one text as `canonical_shop` has it; else null.

    A shop of no platform (`site`) has its address for an id.
    """
    platform = pc.utf8_lower(pc.utf8_trim_whitespace(platforms))
    own = pc.replace_substring_regex(pc.utf8_trim_whitespace(shop_ids), _ID_PREFIX, "")
    known = pc.and_(pc.not_equal(platform, ""), pc.not_equal(own, ""))
    joined = pc.binary_join_element_wise(platform, own, _text(_BETWEEN))
    keys = pc.if_else(known, joined, _text(None))
    sites = np.flatnonzero(pc.equal(platform, OWN_SITE).to_numpy(zero_copy_only=False))
    if not len(sites):
        return _one(keys)
    rows = pa.array(sites)
    given = zip(shop_ids.take(rows).to_pylist(), urls.take(rows).to_pylist(), strict=True)
    canonical = pa.array([_site(own or url) for own, url in given], pa.large_string())
    is_site = pc.equal(platform, OWN_SITE)
    return _one(pc.replace_with_mask(_one(keys), _one(is_site), canonical))


def url_keys(urls: Texts) -> pa.Array:
    """An address without what does not tell shops apart; null where there is none to go by."""
    once = _one(urls).dictionary_encode()
    return _url_keys(once.dictionary).take(once.indices)


def _url_keys(urls: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(urls)
    parts = pc.extract_regex(trimmed, _HEAD)
    host, port, rest = (pc.struct_field(parts, name) for name in ("host", "port", "rest"))
    host = pc.ascii_rtrim(pc.utf8_lower(host), characters=".")
    port = pc.if_else(pc.is_in(port, pa.array(_OWN_PORTS, pa.large_string())), _text(""), port)
    asked = np.flatnonzero(pc.match_substring(rest, "?").fill_null(False).to_numpy(False))  # noqa: FBT003
    path = pc.ascii_rtrim(rest, characters="/")
    if len(asked):
        tidied = rest.take(pa.array(asked))
        for pattern, instead in _TIDY:
            tidied = pc.replace_substring_regex(tidied, pattern, instead)
        mask = np.zeros(len(urls), bool)
        mask[asked] = True
        path = pc.replace_with_mask(path, pa.array(mask), tidied)
    sound = pc.and_(
        pc.match_substring(host, "."), pc.invert(pc.match_substring_regex(trimmed, _DOUBTFUL))
    )
    joined = pc.binary_join_element_wise(host, port, path, _text(""))
    return pc.if_else(sound, joined, _text(None))


def _site(address: str) -> str | None:
    try:
        return f"{OWN_SITE}{_BETWEEN}{canonical_shop(OWN_SITE, address).id}"
    except Invalid:
        return None


def _text(text: str | None) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


def _one(found: Texts) -> pa.Array:
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
