"""What the guard is told: who a cookie belongs to, and which paths follow which rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

LOGIN_HEADER: Final = "x-channel-login"
USER_HEADER: Final = "x-channel-user"
DEFAULT_PORTS: Final[Mapping[str, str]] = {"http": ":80", "https": ":443"}
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Login:
    """A server-side session. Two that differ in anything are two logins to the guard."""

    session: str
    """Its id in our table; never the token that the cookie carries."""
    user: str
    """An id, in ASCII: it travels in a header."""
    rights: str = ""
    """A stamp of the roles held; when it changes, open sockets close and come back anew."""


@dataclass(frozen=True, slots=True)
class Door:
    """How the guard asks about logins. Both may block; they run in a thread."""

    login_of: Callable[[str], Login | None]
    touch: Callable[[str], None]


def _no_limits() -> Mapping[str, int]:
    return {}


@dataclass(frozen=True, slots=True)
class GuardRules:
    public_url: str
    more_origins: tuple[str, ...] = ()
    more_hosts: tuple[str, ...] = ()
    """Hosts that a probe or a proxy asks by; pages do not open sockets from them."""
    console: str = "/console"
    sign_in: str = "/signin"
    open_paths: tuple[str, ...] = ("/console/static/", "/console/favicon.png")
    """Under the console, and yet for everyone."""
    closed_paths: tuple[str, ...] = (
        "/console/_stcore/metrics",
        "/console/_stcore/agent",
        "/console/_stcore/script-health-check",
        "/console/auth/",
        "/console/oauth2callback",
        "/console/app/static",
        "/console/component/",
    )
    """Doors of Streamlit that nobody uses here."""
    body_limit: int = MIB
    body_limits: Mapping[str, int] = field(default_factory=_no_limits)
    """By prefix of the path; the longest that fits counts."""
    upload_limit: int = 21 * MIB
    """For Streamlit's uploader, whose own limit is 20; it holds files in memory."""
    headers_limit: int = 100
    headers_bytes: int = 32 * 1024
    sockets_per_address: int = 200
    """An office behind one address has as many people; each socket has a login of its own."""
    sockets_total: int = 1000
    check_every: float = 4.0
    """Seconds after which an open socket's login is looked up again, asked or not."""
    touch_every: float = 5.0

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    @property
    def cookie(self) -> str:
        return "__Host-channel" if self.is_https else "channel"

    @property
    def origins(self) -> frozenset[str]:
        return frozenset(map(origin_of, (self.public_url, *self.more_origins)))

    @property
    def hosts(self) -> frozenset[str]:
        own = {urlsplit(origin).netloc for origin in self.origins}
        return frozenset(own | {host.lower() for host in self.more_hosts})

    @property
    def stream(self) -> str:
        return f"{self.console}/_stcore/stream"

    @property
    def uploads(self) -> str:
        return f"{self.console}/_stcore/upload_file/"

    @property
    def media(self) -> str:
        return f"{self.console}/media/"

    def limit_of(self, path: str) -> int:
        if path.startswith(self.uploads):
            return self.upload_limit
        fitting = [prefix for prefix in self.body_limits if path.startswith(prefix)]
        return self.body_limits[max(fitting, key=len)] if fitting else self.body_limit


def origin_of(url: str) -> str:
    """The address as a browser writes it into Origin: lower case, no default port."""
    parts = urlsplit(url.lower())
    return f"{parts.scheme}://{parts.netloc.removesuffix(DEFAULT_PORTS.get(parts.scheme, ''))}"
