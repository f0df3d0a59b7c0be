"""How a notice reaches a platform: it waits in the console, or it is pushed to their server.

A push is one POST of JSON with the notice's number as `Idempotency-Key`. The platform answers
with any 2xx and `{"receipt": "…"}`, the same receipt however often the number comes. It is signed
as Standard Webhooks 1.0 says, with each secret that the platform holds at the moment.
"""

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Annotated, Final, Protocol

from pydantic import BaseModel, StringConstraints, ValidationError

from integrations.fetch import Fetcher, FetchSettings
from integrations.fetch.address import Network
from integrations.marketplaces.base import Asker, Page, TurnedDown, Unreachable, Unreadable

LONGEST_WORDS: Final = 500
_SECONDS: Final = 15.0
_MAX_BYTES: Final = 64 * 1024
_MAY_PASS_LATER: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)


@dataclass(frozen=True, slots=True)
class LetterListing:
    """One offer that the notice is about."""

    title: str
    url: str
    seen_at: str
    """ISO 8601 with its zone."""
    evidence_sha256: str | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes to the platform. The same notice is the same letter at every try."""

    number: str
    case: str
    sender: str
    platform: str
    subject: str
    body: str
    shop_id: str
    shop_name: str
    shop_url: str
    kind: str
    ground: str
    tier: str
    measure: str
    listings: tuple[LetterListing, ...]
    answer_to: str
    """Where the API takes the answer."""
    pack: str = ""
    """Where the API has the evidence."""
    reminder: int = 0
    """Which reminder it is; 0 is the notice itself."""

    @property
    def key(self) -> str:
        """Under which the recipient files it once, however often it comes."""
        return f"{self.number}-R{self.reminder}" if self.reminder else self.number


@dataclass(frozen=True, slots=True)
class LicenceLetter:
    """What befell a licence under which an agent sells on the platform (004-3.3-f)."""

    number: str
    sender: str
    platform: str
    subject: str
    body: str
    event: str
    licence_no: str
    agent_no: str
    agent: str
    shops: tuple[str, ...]
    """As the platform calls them."""
    at: str
    """ISO 8601 with its zone, as `acknowledge_by`."""
    acknowledge_by: str
    acknowledge_to: str
    """Where the API takes the acknowledgement."""

    @property
    def key(self) -> str:
        return self.number


@dataclass(frozen=True, slots=True)
class MessageLetter:
    """What the other side wrote to a thread; of a lifting, what holds no more."""

    number: str
    event: str
    """`said`, `asked_again` or `lifted`."""
    notice: str
    case: str
    sender: str
    platform: str
    subject: str
    body: str
    measures: tuple[str, ...]
    """What is lifted: to be undone."""
    still_asked: tuple[str, ...]
    shop_id: str
    shop_name: str
    at: str
    """ISO 8601 with its zone."""
    thread: str
    """Where the API has the whole thread."""

    @property
    def key(self) -> str:
        return self.number


class Delivery(Protocol):
    def deliver(self, letter: Letter) -> str:
        """The platform's receipt; one of the three `SourceError`s when there is none."""
        ...


class Portal:
    """The notice waits for the platform in this very console, and is there at once."""

    def deliver(self, letter: Letter) -> str:
        return f"PORTAL-{letter.number}"


class _Received(BaseModel):
    receipt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Push:
    """The notice is posted to the platform's own server."""

    url: str
    key: str
    asker: Asker
    secrets: tuple[bytes, ...] = ()
    """Newest first."""
    at: int = 0
    """The moment of the try, in seconds since 1970."""

    def signed(self, secrets: tuple[bytes, ...], at: int) -> "Push":
        return replace(self, secrets=secrets, at=at)

    def deliver(self, letter: Letter | LicenceLetter | MessageLetter) -> str:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "accept": "application/json",
            "idempotency-key": letter.key,
        }
        if self.key:
            headers["authorization"] = f"Bearer {self.key}"
        body = json.dumps(asdict(letter), ensure_ascii=False).encode()
        if self.secrets:
            headers |= {
                "webhook-id": letter.key,
                "webhook-timestamp": str(self.at),
                "webhook-signature": self._signatures(letter.key, body),
            }
        page = self.asker.ask(self.url, method="POST", headers=headers, body=body)
        return _receipt(page)

    def _signatures(self, key: str, body: bytes) -> str:
        told = f"{key}.{self.at}.".encode() + body
        digests = (hmac.digest(secret, told, "sha256") for secret in self.secrets)
        return " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests)


def push_to(url: str, key: str, agent: str, networks: Sequence[Network]) -> Push:
    """A push through the guarded fetcher. It follows no redirect: the key is for one server."""
    settings = FetchSettings(
        agent=agent,
        allowed_networks=tuple(networks),
        total_seconds=_SECONDS,
        max_bytes=_MAX_BYTES,
        max_redirects=0,
        pace_seconds=0.0,
        invited=True,
    )
    return Push(url, key, Fetcher(settings))


def _receipt(page: Page) -> str:
    status = page.status
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _MAY_PASS_LATER:
        raise Unreachable("status", status=status)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        words = page.body.decode("utf-8", "replace")[:LONGEST_WORDS]
        raise TurnedDown("status", status=status, words=words)
    try:
        return _Received.model_validate_json(page.body).receipt
    except ValidationError as error:
        words = page.body.decode("utf-8", "replace")[:LONGEST_WORDS]
        raise Unreadable("receipt", status=status, words=words) from error
