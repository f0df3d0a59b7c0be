"""Badge tokens: what they say, how they are signed, and what to think of one that was scanned."""

from models.tokens.claims import (
    BADGE_ID_BYTES,
    Claims,
    badge_url,
    digits_of,
    sign,
    token_of,
    url_prefix,
)
from models.tokens.cose import (
    PROFILES,
    STATUS_LIST_TYPE,
    Alg,
    Key,
    KeySet,
    Malformed,
    PublicKey,
    RawSign,
)
from models.tokens.keysets import RoleKeys, cose_key_set, jwk_set, read_jwk_set
from models.tokens.shops import OWN_SITE, Shop, canonical_shop, canonical_site, shop_hash
from models.tokens.status import (
    Standing,
    StatusList,
    StatusSource,
    StatusUnknown,
    no_status,
    pack,
    sign_status_list,
)
from models.tokens.verdict import Answer, Badge, Verifier
from models.tokens.words import KeyRole, Reason, Verdict

__all__ = [
    "BADGE_ID_BYTES",
    "OWN_SITE",
    "PROFILES",
    "STATUS_LIST_TYPE",
    "Alg",
    "Answer",
    "Badge",
    "Claims",
    "Key",
    "KeyRole",
    "KeySet",
    "Malformed",
    "PublicKey",
    "RawSign",
    "Reason",
    "RoleKeys",
    "Shop",
    "Standing",
    "StatusList",
    "StatusSource",
    "StatusUnknown",
    "Verdict",
    "Verifier",
    "badge_url",
    "canonical_shop",
    "canonical_site",
    "cose_key_set",
    "digits_of",
    "jwk_set",
    "no_status",
    "pack",
    "read_jwk_set",
    "shop_hash",
    "sign",
    "sign_status_list",
    "token_of",
    "url_prefix",
]
