"""Asking a source: through the guarded fetcher, each question with its own evidence."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from console.desk import House
from console.settings import Settings
from integrations.evidence import Capture, Digest
from integrations.fetch import Fetcher, FetchSettings
from integrations.marketplaces.base import Page, SourceError
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.steps import Done, Fault, Step
from integrations.marketplaces.walk import do
from models.canonical import canonical
from models.patrol.judge import Entry, Register, numbers_in


def never() -> bool:
    return False


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
            invited=source is not None and bool(source.secrets_named()),
        ),
        stop=stop,
    )
    return fetcher if source is None else fetcher.at_pace(source.pace)


class Witness:
    """An asker that tells the capture what it saw, or why it saw nothing."""

    def __init__(self, fetcher: Fetcher, capture: Capture) -> None:
        self._fetcher = fetcher.recording(capture.recorder)
        self._capture = capture

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        try:
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


@dataclass(frozen=True, slots=True)
class Seen:
    """What one question gave, with the manifest of its evidence."""

    done: Done
    manifest: Digest


def put(house: House, road: Road, step: Step, subject: str) -> Seen:
    """Ask one question, read the answer, and put both away with what the register said."""
    with Capture(house.evidence, subject, step.url, now=house.now) as capture:
        witness = Witness(road.fetcher, capture)
        done = do(road.source, step, witness, secrets=road.secrets, now=house.now)
        fields: dict[str, Any] = {
            "step": step.as_json(),
            "listings": [listing_facts(one) for one in done.listings],
            "faults": [fault_facts(one) for one in done.faults],
        }
        bundle = capture.bundle(fields, _extract(road.register, done))
    return Seen(done, bundle.manifest_sha256)


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
        "facts": {name: str(fact)[:500] for name, fact in fault.reason.facts.items()},
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
