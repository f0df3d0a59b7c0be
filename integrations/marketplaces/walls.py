"""Noticing that a site wants us to sign in or to prove that we are human. We do neither."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from integrations.marketplaces.base import Page, TurnedDown
from integrations.marketplaces.mapping import Kind, Source
from integrations.marketplaces.parse import Html

_STATUSES: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "sign_in",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "sign_in",
}
_SIGN_IN: Final = re.compile(
    r"(?:^|[/.])(?:log-?in|log-?on|sign-?in|sign_in|user_login|member_?login|passport|sso|cas"
    r"|auth|oauth2?|authorize|denglu)(?:[/.]|$)",
    re.IGNORECASE,
)
_PROOF: Final = re.compile(
    r"(?:^|[/._-])(?:captcha|recaptcha|challenge|punish|_____tmd_____|robot-?check|verify-?human"
    r"|antispider|anti-?bot|waf)(?:[/._-]|$)",
    re.IGNORECASE,
)
_PROOF_MARKS: Final = (
    ".g-recaptcha, .h-captcha, .cf-turnstile, #cf-challenge-running, #challenge-form, "
    "#nocaptcha, .nc-container, [id^=geetest], [class^=geetest], #aliyunCaptcha-window-popup, "
    "input[name=captcha], img[src*=captcha], form[action*=captcha]"
)
_PROOF_WORDS: Final = re.compile(
    r"滑动验证|安全验证|人机验证|访问验证|拖动滑块|请完成验证|are you (?:a )?(?:human|robot)"
    r"|verify (?:that )?you are (?:a )?human|unusual traffic|attention required",
    re.IGNORECASE,
)
_GLANCE: Final = 20_000


def must_be_open(source: Source, page: Page, asked: str) -> None:
    """Refuse an answer that sends guests to a door; those with a key have errors of their own."""
    kind = _STATUSES.get(page.status)
    if kind is not None and not source.secrets_named():
        raise TurnedDown("login_wall", url=page.url, status=page.status, kind=kind)
    if page.url == asked:
        return
    for pattern, word in ((_SIGN_IN, "sign_in"), (_PROOF, "captcha")):
        if pattern.search(_way(page.url)) and not pattern.search(_way(asked)):
            raise TurnedDown("login_wall", url=page.url, asked=asked, kind=word)


def must_not_be_door(source: Source, page: Page, html: Html) -> None:
    """Of a page on which nothing of the mapping was found: is it a door?"""
    if source.kind is not Kind.HTML and source.detail_kind is not Kind.HTML:
        return
    words = html.clean.body.text(separator=" ")[:_GLANCE] if html.clean.body else ""
    if html.raw.css_first(_PROOF_MARKS) is not None or _PROOF_WORDS.search(words):
        raise TurnedDown("login_wall", url=page.url, kind="captcha")
    if html.raw.css_first("input[type=password]") is not None:
        raise TurnedDown("login_wall", url=page.url, kind="sign_in")


def _way(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}"
