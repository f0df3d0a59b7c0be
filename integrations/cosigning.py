"""Heads of the log are shown to witnesses, who sign them too (C2SP tlog-witness)."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from integrations.fetch import Fetcher, FetchSettings
from integrations.fetch.address import Network
from integrations.marketplaces.base import Asker, TurnedDown, Unreachable, Unreadable
from models.notes import BadNote, WitnessKey, read_note

_SECONDS: Final = 4.0
"""For all of it: the logs are sealed by the same clock."""
_MAX_BYTES: Final = 16 * 1024
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n?")
_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """A head, and the proof that it goes on from the one that the witness signed last."""

    old: int
    path: Sequence[bytes]
    checkpoint: str

    @property
    def body(self) -> bytes:
        hashes = "".join(f"{b64encode(one).decode()}\n" for one in self.path)
        return f"old {self.old}\n{hashes}\n{self.checkpoint}".encode()


@dataclass(frozen=True, slots=True)
class Cosigned:
    line: str
    at: int
    """POSIX seconds, as the witness says."""


@dataclass(frozen=True, slots=True)
class KnowsOther:
    """The witness signed a head of another size last."""

    size: int


@dataclass(frozen=True, slots=True)
class Witness:
    key: WitnessKey
    url: str
    asker: Asker

    def cosign(self, offer: Offer) -> Cosigned | KnowsOther:
        """Its signature on the head, or which head it knows; else one of the three SourceErrors."""
        page = self.asker.ask(
            f"{self.url}/add-checkpoint",
            method="POST",
            headers={"content-type": "text/plain; charset=utf-8"},
            body=offer.body,
        )
        match page.status:
            case HTTPStatus.OK:
                return self._signed(offer, page.body)
            case HTTPStatus.CONFLICT:
                size = _SIZE.fullmatch(page.body)
                if size is None or int(size[1]) == offer.old:
                    raise TurnedDown("fork", status=page.status, words=_words(page.body))
                return KnowsOther(int(size[1]))
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise Unreachable("status", status=status, words=_words(page.body))
            case status:
                raise TurnedDown("status", status=status, words=_words(page.body))

    def _signed(self, offer: Offer, lines: bytes) -> Cosigned:
        try:
            text, _, own = offer.checkpoint.rpartition("\n\n")
            found = read_note(f"{text}\n\n{own}{lines.decode()}").cosigned(self.key)
        except (BadNote, UnicodeDecodeError) as error:
            raise Unreadable("cosignature", words=str(error)) from error
        if found is None:
            raise Unreadable("cosignature", words="not signed by the witness that was asked")
        return Cosigned(*found)


def witness_of(words: str, agent: str, networks: Sequence[Network]) -> Witness:
    """A witness as the settings name it: `<vkey> <address>`."""
    vkey, _, url = words.partition(" ")
    settings = FetchSettings(
        agent=agent,
        allowed_networks=tuple(networks),
        total_seconds=_SECONDS,
        max_bytes=_MAX_BYTES,
        max_redirects=0,
        pace_seconds=0.0,
        invited=True,
    )
    return Witness(WitnessKey.from_vkey(vkey), url.strip().rstrip("/"), Fetcher(settings))


def _words(body: bytes) -> str:
    return body[:_WORDS].decode("utf-8", "replace").strip()
