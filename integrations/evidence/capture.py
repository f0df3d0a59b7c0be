"""One look at one address: its exchanges, what was read from them, and what it all hangs on."""

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import IO, BinaryIO, Final, Self, cast

from integrations.evidence.store import Digest, Store, copied
from integrations.fetch import Recorder, outcome_of
from integrations.marketplaces.base import Page, SourceError
from models.canonical import canonical

FORMAT: Final = "channel-evidence/2"
WARC: Final = "page.warc.gz"
_TOOLS: Final = ("channel-governance", "httpx", "httpcore", "h11", "protego", "warcio")
_IN_MEMORY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    name: str
    bytes: int
    sha256: Digest


@dataclass(frozen=True, slots=True)
class Bundle:
    """One capture, put away. The manifest's digest stands for all of it."""

    manifest_sha256: Digest
    files: tuple[KeptFile, ...]


class Capture:
    """One look at one address, from the first look-up to the manifest."""

    def __init__(  # noqa: PLR0913 - what is said of one capture
        self,
        store: Store,
        subject: str,
        url: str,
        *,
        reasons: Sequence[str] = (),
        about: Mapping[str, object] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`about`: what is known of it besides: shop, listing, who ran it (`operator`), run."""
        self._store = store
        self._now = now
        self._began = now()
        self._about: dict[str, object] = {
            **(about or {}),
            "subject": subject,
            "url": url,
            "reasons": list(reasons),
            "outcome": "failed",
            "browser": None,
            "browser_reason": "not_asked",
        }
        self._attached: dict[str, bytes] = {}
        self._warc: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed on exit
        info = {"software": _software(), "format": "WARC File Format 1.1"}
        self.recorder = Recorder(cast("BinaryIO", self._warc), name=WARC, info=info)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._warc.close()

    def saw(self, page: Page) -> None:
        self._about |= {
            "outcome": "stored",
            "final_url": page.url,
            "status": page.status,
            "record": page.record,
            "body": {"bytes": len(page.body), "sha256": hashlib.sha256(page.body).hexdigest()},
        }

    def missed(self, error: SourceError) -> None:
        """There is no page. That, too, is kept, with the reason."""
        facts = {name: str(fact) for name, fact in error.reason.facts.items()}
        self._about |= {"outcome": outcome_of(error), "reason": error.reason.word, "facts": facts}

    def attach(self, name: str, content: bytes) -> None:
        """A further file of the bundle: a screenshot, a picture. A name stands once."""
        if name in self._attached or name in {WARC, "fields.json", "register.json"}:
            raise ValueError(f"twice in one bundle: {name}")
        self._attached[name] = content

    def note(self, **facts: object) -> None:
        """Say more of it in the manifest; what was said under the same name before is replaced."""
        self._about |= facts

    def bundle(self, fields: Mapping[str, object], register: bytes | BinaryIO) -> Bundle:
        """Put away the exchanges, what was read from them, and the register as it stood.

        All of it reaches the disk by one wait.
        """
        given: dict[str, bytes | BinaryIO] = {
            WARC: cast("BinaryIO", self._warc),
            "fields.json": canonical(fields),
            "register.json": register,
            **self._attached,
        }
        files = tuple(_measured(name, one) for name, one in given.items())
        manifest = (
            self._about
            | self._of_the_page()
            | {
                "format": FORMAT,
                "started": _utc(self._began),
                "ended": _utc(self._now()),
                "tools": tools(),
                "exchanges": [
                    asdict(noted) | {"at": _utc(noted.at)} for noted in self.recorder.noted
                ],
                "robots": self._robots(),
                "files": [asdict(file) for file in files],
            }
        )
        *_, digest = self._store.keep_many([*map(_from_start, given.values()), canonical(manifest)])
        return Bundle(digest, files)

    def _of_the_page(self) -> dict[str, object]:
        """Who answered for the page itself, and with which certificate."""
        record = self._about.get("record")
        for noted in self.recorder.noted:
            if record is not None and noted.record == record:
                return {"peer": noted.peer, "certificate": noted.certificate}
        return {"peer": None, "certificate": None}

    def _robots(self) -> list[dict[str, object]]:
        return [
            {
                "page": verdict.page,
                "allowed": verdict.allowed,
                "robots": verdict.rules.url,
                "basis": verdict.rules.basis,
                "status": verdict.rules.status,
                "record": verdict.rules.record,
            }
            for verdict in self.recorder.verdicts
        ]


def tools() -> dict[str, str]:
    """What took part in a capture, with versions."""
    return dict(_tools())


@cache
def _tools() -> Mapping[str, str]:
    found = {"python": platform.python_version()}
    for name in _TOOLS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _from_start(given: bytes | BinaryIO) -> bytes | BinaryIO:
    if not isinstance(given, bytes):
        given.seek(0)
    return given


def _measured(name: str, given: bytes | BinaryIO) -> KeptFile:
    if isinstance(given, bytes):
        return KeptFile(name, len(given), Digest(hashlib.sha256(given).hexdigest()))
    given.seek(0)
    digest = copied(given, None)
    return KeptFile(name, given.seek(0, os.SEEK_END), digest)


def _software() -> str:
    return " ".join(f"{name}/{number}" for name, number in tools().items())


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
