"""Signatures that platforms ask for. Each holds against what its platform has published."""

import hashlib
import hmac
from collections.abc import Mapping

from integrations.marketplaces.terms import SignMethod


def top_sign(params: Mapping[str, str], secret: str, method: SignMethod = SignMethod.MD5) -> str:
    """Taobao TOP, JD's routerjson and PDD: names and values in the order of names, in UTF-8.

    A parameter counts as it is sent, to the byte; `sign` itself does not.
    """
    pairs = "".join(f"{name}{params[name]}" for name in sorted(params) if name != "sign")
    if method is SignMethod.MD5:
        whole = f"{secret}{pairs}{secret}".encode()
        return hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()
    return hmac.new(secret.encode(), pairs.encode(), hashlib.sha256).hexdigest().upper()


def shopee_sign(app_id: str, at: int, payload: bytes, secret: str) -> str:
    """Shopee's affiliates: over the very bytes that are sent; `at` in seconds."""
    whole = f"{app_id}{at}".encode() + payload + secret.encode()
    return hashlib.sha256(whole).hexdigest()
