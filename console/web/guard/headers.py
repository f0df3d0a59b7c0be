"""The headers that every answer carries."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Final

import streamlit

from console.web.guard.door import GuardRules

Headers = list[tuple[bytes, bytes]]

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_BLIND: Final = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), browsing-topics=()"
)
_SEEING: Final = _BLIND.replace("camera=()", "camera=(self)")
"""In the console a badge may be shown to the camera."""
YEAR: Final = 365 * 24 * 3600
API: Final = "/api"
_NOT_KEPT: Final = ((b"cache-control", b"no-store"),)
"""Answers of the API are one reader's, and stay in nobody's cache."""
DROPPED: Final = frozenset({b"server", b"x-powered-by"})


def streamlit_index() -> Path:
    return Path(streamlit.__file__).parent / "static" / "index.html"


def inline_script_hashes(page: str) -> list[str]:
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def console_policy(rules: GuardRules) -> str:
    """What Streamlit needs and no more: its one inline script, styles, components from `blob:`."""
    scripts = " ".join(inline_script_hashes(streamlit_index().read_text("utf-8")))
    sockets = " ".join(sorted(f"ws{origin.removeprefix('http')}" for origin in rules.origins))
    return (
        f"default-src 'none'; script-src 'self' {scripts} blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; "
        f"font-src 'self' data:; connect-src 'self' {sockets}; worker-src 'self' blob:; "
        "manifest-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; "
        "frame-ancestors 'none'"
    )


class Outgoing:
    """Adds what is missing; an own route may say something stricter, Streamlit may not."""

    def __init__(self, rules: GuardRules) -> None:
        self._rules = rules
        always = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": _BLIND,
            "x-frame-options": "DENY",
        }
        if rules.is_https:
            always["strict-transport-security"] = f"max-age={2 * YEAR}; includeSubDomains"
        console = {
            **always,
            # A badge may be shown to the camera there.
            "permissions-policy": always["permissions-policy"].replace(
                "camera=()", "camera=(self)"
            ),
            "content-security-policy": console_policy(rules),
            "cache-control": "no-store",
        }
        self._page = _encoded({**always, "content-security-policy": PAGE_POLICY})
        self._console = _encoded(console)
        del console["cache-control"]
        self._asset = _encoded(console)

    def dressed(self, given: Headers, path: str, request_id: bytes) -> Headers:
        kept = [(name.lower(), value) for name, value in given if name.lower() not in DROPPED]
        if _is_under(path, self._rules.console):
            ours = self._asset if path.startswith(self._rules.open_paths) else self._console
            names = {name for name, _ in ours}
            kept = [pair for pair in kept if pair[0] not in names]
        else:
            present = {name for name, _ in kept}
            given_to_one = _NOT_KEPT if _is_under(path, API) else ()
            ours = [pair for pair in (*self._page, *given_to_one) if pair[0] not in present]
        return [*kept, *ours, (b"x-request-id", request_id)]


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _is_under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
