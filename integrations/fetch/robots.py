"""What a site's robots.txt says to us, read as RFC 9309 has it."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

import httpx
from protego import Protego

from integrations.marketplaces.base import Page, SourceError

LIMIT: Final = 500 * 1024
"""RFC 9309 section 2.5: as much as must be read. The rest is left."""
_LONGEST_DELAY: Final = 30.0
# The page would meet the same fault, so it is told as the page's own.
_OF_THE_HOST: Final = frozenset({"dns", "connect", "tls", "stopped"})


@dataclass(frozen=True, slots=True)
class Rules:
    """One site's word to us, and where it came from."""

    url: str
    basis: str
    """Either `rules`, `none`, `server_error`, or the word of the fault met."""
    status: int | None = None
    record: str | None = None
    parser: Protego | None = None
    closed: bool = False

    def allow(self, url: str, agent: str) -> bool:
        if self.parser is None:
            return not self.closed
        return self.parser.can_fetch(url, agent)

    def delay(self, agent: str) -> float:
        """Seconds the site wants between two requests; what is absurd is capped."""
        asked = None if self.parser is None else self.parser.crawl_delay(agent)
        return min(asked or 0.0, _LONGEST_DELAY)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one page, for the record."""

    page: str
    allowed: bool
    rules: Rules


class Robots:
    """The robots.txt of every site met in a run, each asked for once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rules: dict[str, Rules] = {}
        self._locks: dict[str, Lock] = {}

    def of(self, url: httpx.URL, fetch: Callable[[str], Page]) -> Rules:
        site = str(url.copy_with(raw_path=b"/robots.txt", fragment=None))
        with self._lock:
            lock = self._locks.setdefault(site, Lock())
        with lock:
            if site not in self._rules:
                self._rules[site] = _read(site, fetch)
            return self._rules[site]


def _read(site: str, fetch: Callable[[str], Page]) -> Rules:
    try:
        page = fetch(site)
    except SourceError as error:
        word = error.reason.word
        if word in _OF_THE_HOST:
            raise
        # Section 2.3.1.2: past five redirects it counts as not there. 2.3.1.4: unreachable is no.
        return Rules(site, word, closed=word != "redirects")
    match page.status // 100:
        case 2:
            parser = Protego.parse(_text(page.body))
            return Rules(site, "rules", page.status, page.record, parser)
        case 5:
            return Rules(site, "server_error", page.status, page.record, closed=True)
        case _:
            return Rules(site, "none", page.status, page.record)


def _text(body: bytes) -> str:
    """The lines that are whole; a rule cut in the middle would say something else."""
    if len(body) >= LIMIT:
        body = body[: body.rfind(b"\n") + 1]
    return body.decode("utf-8-sig", errors="replace")
