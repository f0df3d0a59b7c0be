"""Reading a request's head before anyone believes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.types import Scope

from console.web.guard.door import DEFAULT_PORTS, GuardRules
from console.web.guard.headers import Headers

TOKEN: Final = re.compile(r"[A-Za-z0-9_\-.]{16,256}")
TRUSTED_PREFIXES: Final = ("x-channel-", "x-forwarded-")
TRUSTED: Final = frozenset({"forwarded", "x-real-ip", "x-request-id", "x-original-url"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
NEXT_LIMIT: Final = 2000

MESSAGES: Final[Mapping[str, str]] = {
    "guard.host": "此地址不在本站允许之列。 This host is not served here.",
    "guard.headers": "请求头过多。 Too many header fields.",
    "guard.body": "请求内容过大。 The request's body is too large.",
    "guard.closed": "此入口已关闭。 This door is closed.",
    "guard.sign_in": "请先登录。 Sign in first.",
    "guard.origin": "请求来自其他网站。 The request comes from another site.",
    "guard.not_yours": "此内容属于另一次登录。 This belongs to another login.",
}


def _no_facts() -> Mapping[str, str | int]:
    return {}


@dataclass(frozen=True, slots=True)
class Refused:
    status: int
    code: str
    facts: Mapping[str, str | int] = field(default_factory=_no_facts)
    location: str | None = None


def values_of(scope: Scope, name: str) -> list[str]:
    wanted = name.encode()
    headers: Headers = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key.lower() == wanted]


def value_of(scope: Scope, name: str) -> str | None:
    """The one value; a header sent twice is none at all."""
    values = values_of(scope, name)
    return values[0] if len(values) == 1 else None


def token_of(scope: Scope, cookie: str) -> str | None:
    """The login's token, unless it is malformed or two cookies dispute the name."""
    pairs = (part.partition("=") for line in values_of(scope, "cookie") for part in line.split(";"))
    tokens = {value.strip() for name, _, value in pairs if name.strip() == cookie}
    token = tokens.pop() if len(tokens) == 1 else ""
    return token if TOKEN.fullmatch(token) else None


def without_trusted(scope: Scope) -> Headers:
    """A client may not say what only we may say, in either spelling of the dash."""
    headers: Headers = scope["headers"]
    return [pair for pair in headers if not _is_trusted(pair[0].decode("latin-1").lower())]


def _is_trusted(name: str) -> bool:
    name = name.replace("_", "-")
    return name in TRUSTED or name.startswith(TRUSTED_PREFIXES)


def head_refused(scope: Scope, rules: GuardRules) -> Refused | None:
    headers: Headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > rules.headers_limit or size > rules.headers_bytes:
        return Refused(431, "guard.headers", {"limit": rules.headers_limit})
    host = value_of(scope, "host")
    if host is None or _plain_host(host, scope) not in rules.hosts:
        return Refused(421, "guard.host")
    return None


def _plain_host(host: str, scope: Scope) -> str:
    scheme = str(scope.get("scheme", "http")).replace("ws", "http")
    return host.lower().removesuffix(DEFAULT_PORTS.get(scheme, ""))


def is_own_origin(scope: Scope, rules: GuardRules) -> bool:
    """Strictly ours, and the very host that was asked: localhost's other ports are strangers."""
    origin = value_of(scope, "origin")
    host = value_of(scope, "host") or ""
    return origin in rules.origins and urlsplit(origin).netloc == _plain_host(host, scope)


def is_forged(scope: Scope, rules: GuardRules) -> bool:
    """A write with our cookie that another site's page sent."""
    if scope["method"] in SAFE_METHODS or token_of(scope, rules.cookie) is None:
        return False
    if values_of(scope, "origin"):
        return not is_own_origin(scope, rules)
    return value_of(scope, "sec-fetch-site") not in {None, "same-origin", "none"}


def is_navigation(scope: Scope, rules: GuardRules) -> bool:
    path: str = scope["path"]
    return (
        scope["method"] in {"GET", "HEAD"}
        and any("text/html" in accepted for accepted in values_of(scope, "accept"))
        and not path.startswith((f"{rules.console}/_stcore/", rules.media))
    )


def to_sign_in(scope: Scope, rules: GuardRules) -> Refused:
    query = str(scope["query_string"].decode("latin-1"))
    wanted = f"{scope['path']}?{query}" if query else str(scope["path"])
    if len(wanted) > NEXT_LIMIT:
        wanted = f"{rules.console}/"
    where = f"{rules.sign_in}?next={quote(wanted, safe='/')}"
    return Refused(303, "guard.sign_in", location=where)
