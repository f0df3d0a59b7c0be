"""Which shop a badge is for, written in one way only (BADGE.md 2.4)."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit

import idna

from models.refusals import Invalid

OWN_SITE: Final = "site"
"""The platform word of an agent's own web site."""
SHOP_HASH_BYTES: Final = 8
_DOMAIN: Final = b"badge-shop-v1\x00"
_SEPARATOR: Final = b"\x1f"
_ID_PREFIX: Final = "shop:"
_PLATFORM: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_MARKETPLACE_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_CONFUSING: Final = re.compile(r"[\x00-\x20\x7f\\]")
_PATH_SAFE: Final = "/%:@!$&'()*+,;=-._~"
_LONGEST: Final = 2048
_OWN_PORT: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Shop:
    """A platform and its canonical shop id; build it by `canonical_shop`."""

    platform: str
    id: str

    @property
    def hash(self) -> bytes:
        return shop_hash(self.platform, self.id)


def shop_hash(platform: str, canonical_id: str) -> bytes:
    """SHA-256("badge-shop-v1" 00 ‖ platform ‖ 1F ‖ canonical id), its first eight bytes."""
    shop = platform.encode() + _SEPARATOR + canonical_id.encode()
    return sha256(_DOMAIN + shop).digest()[:SHOP_HASH_BYTES]


def canonical_shop(platform: str, shop: str) -> Shop:
    """A shop by the platform's own id, or an own site (`platform` "site") by its address.

    Marketplace ids are kept with the word `shop:` before them, whether or not it was given.
    """
    platform = platform.strip().lower()
    if not _PLATFORM.fullmatch(platform):
        raise Invalid("shop.no_platform", platform=platform)
    if platform == OWN_SITE:
        return Shop(platform, canonical_site(shop))
    number = shop.strip().removeprefix(_ID_PREFIX)
    if not _MARKETPLACE_ID.fullmatch(number):
        raise Invalid("shop.no_id", platform=platform)
    return Shop(platform, _ID_PREFIX + number)


def canonical_site(url: str) -> str:
    """IDNA host in lower case without `www.`, and the path without its last slashes.

    Scheme, query and fragment say nothing about whose site it is; another port is another server.
    """
    text = url.strip()
    if len(text) > _LONGEST or _CONFUSING.search(text):
        raise Invalid("shop.no_address")
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = _canonical_host(parts.hostname or ""), parts.port
        path = quote(parts.path, safe=_PATH_SAFE).rstrip("/")
    except ValueError:
        raise Invalid("shop.no_address") from None
    if parts.scheme not in _OWN_PORT:
        raise Invalid("shop.no_address")
    own_port = port in {None, _OWN_PORT[parts.scheme]}
    return host + ("" if own_port else f":{port}") + path


def _canonical_host(host: str) -> str:
    host = host.lower().rstrip(".")
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    host = host.removeprefix("www.")
    if not _HOST.fullmatch(host):
        raise ValueError(host)
    return host
