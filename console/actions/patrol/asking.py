"""Asking a source: through the guarded fetcher, each question with its own evidence."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from console.desk import House
from console.settings import Settings
from integrations.evidence import Capture, Digest
from integrations.fetch import Fetcher, FetchSettings
from integrations.marketplaces.base import Page, SourceError
from integrations.marketplaces.connectors.tokens import Tokens
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.reading import read_apart
from integrations.marketplaces.route import Route
from integrations.marketplaces.steps import Done, Fault, Step
from integrations.marketplaces.walk import do
from models.canonical import canonical
from models.patrol.judge import Entry, Register, numbers_in
from models.patrol.screening import Model


def never() -> bool:
    return False


def unmetered() -> None:
    """A question that nobody counts."""


def fetcher_for(
    settings: Settings, source: Source | None = None, stop: Callable[[], bool] = never
) -> Fetcher:
    """A fetcher within the house's settings; at the source's own pace where it names one.

    Whoever gave us a key has invited us, and robots.txt is for guests.
    """
    fetcher = Fetcher(
        FetchSettings(
            agent=settings.agent,
            allowed_networks=settings.fetch_allowed_networks,
            pace_seconds=settings.fetch_pace,
            lanes=settings.data / "lanes",
            invited=source is not None and bool(source.secrets_named()),
        ),
        stop=stop,
    )
    return fetcher if source is None else fetcher.at_pace(source.pace, source.concurrency)


class Witness:
    """An asker that tells the capture what it saw, or why it saw nothing."""

    def __init__(
        self, fetcher: Fetcher, capture: Capture, meter: Callable[[], None] = unmetered
    ) -> None:
        self._fetcher = fetcher.recording(capture.recorder)
        self._capture = capture
        self._meter = meter

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        try:
            self._meter()
            page = self._fetcher.ask(url, method=method, headers=headers, body=body)
        except SourceError as error:
            self._capture.missed(error)
            raise
        self._capture.saw(page)
        return page


@dataclass(frozen=True, slots=True)
class Road:
    """All that one run needs to ask its source; kept by whoever walks, never stored."""

    source: Source
    fetcher: Fetcher
    secrets: Mapping[str, str]
    register: Register
    tokens: Tokens = field(default_factory=Tokens)
    meter: Callable[[], None] = unmetered
    """Counts a question of the source, or refuses it."""
    model: Model | None = None
    """What screens for the organisation; None: the shipped one."""

    @property
    def at_once(self) -> int:
        """Questions that may be under way together: more than one only at no pace at all."""
        return self.source.concurrency if self.source.pace == 0 else 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What one question gave, with the manifest of its evidence."""

    done: Done
    manifest: Digest


def put(
    house: House, road: Road, step: Step, subject: str, about: Mapping[str, object] | None = None
) -> Seen:
    """Ask one question, read the answer, and put both away with what the register said."""
    with Capture(house.evidence, subject, step.url, about=about, now=house.now) as capture:
        witness = Witness(road.fetcher, capture, road.meter)
        done = do(
            road.source,
            step,
            witness,
            secrets=road.secrets,
            now=house.now,
            read=read_apart,
            tokens=road.tokens,
            quiet=road.fetcher,
        )
        fields: dict[str, Any] = {
            "step": step.as_json(),
            "listings": [listing_facts(one) for one in done.listings],
            "faults": [fault_facts(one) for one in done.faults],
        }
        shops = sorted({one.shop_id for one in done.listings if one.shop_id})
        capture.note(listings=[one.listing_id for one in done.listings], shops=shops)
        bundle = capture.bundle(fields, _extract(road.register, done))
    return Seen(done, bundle.manifest_sha256)


def put_along(house: House, road: Road, route: Route, subject: str) -> Iterator[tuple[Step, Seen]]:
    """All questions of a route. The caller tells the route of each what it gave."""
    under_way = deque[tuple[Step, Future[Seen]]]()
    with ThreadPoolExecutor(road.at_once, "asking") as pool:
        while True:
            while len(under_way) < road.at_once and (step := route.next()) is not None:
                under_way.append((step, pool.submit(put, house, road, step, subject)))
            if not under_way:
                return
            step, seen = under_way.popleft()
            yield step, seen.result()


def listing_facts(listing: Listing) -> dict[str, Any]:
    facts = asdict(listing)
    facts["price"] = None if listing.price is None else str(listing.price)
    facts["seen_at"] = listing.seen_at.isoformat()
    facts["images"] = list(listing.images)
    return facts


def fault_facts(fault: Fault) -> dict[str, Any]:
    """A fault as it is kept and shown: the word, what was seen, and where."""
    return {
        "word": fault.reason.word,
        "facts": {
            "url": fault.url[:2000],
            **{name: str(fact)[:500] for name, fact in fault.reason.facts.items()},
        },
        "url": fault.url[:2000],
        "step": fault.step.value if fault.step else None,
        "again": fault.again,
    }


def _extract(register: Register, done: Done) -> bytes:
    """What the register of the run says of the numbers on the page, and which register it was."""
    numbers = {
        number
        for listing in done.listings
        for number in (listing.licence_no, *numbers_in(listing.description))
        if number
    }
    entries = {number: list(map(_shown, register.of_number(number))) for number in sorted(numbers)}
    return canonical({"register_sha256": register.digest, "numbers": entries})


def _shown(entry: Entry) -> dict[str, object]:
    return {
        "number": entry.number,
        "holder": entry.holder,
        "begins_on": entry.begins_on.isoformat() if entry.begins_on else None,
        "ends_on": entry.ends_on.isoformat() if entry.ends_on else None,
        "in_force": entry.in_force,
    }
