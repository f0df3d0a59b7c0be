"""Walking a source, one kept step after the other: each is one question and what follows of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from integrations.marketplaces.base import Asker, Page, Reason, SourceError, TurnedDown
from integrations.marketplaces.connectors import CONNECTORS, WITH_PASS, site, with_pass
from integrations.marketplaces.connectors.base import searches
from integrations.marketplaces.connectors.tokens import Tokens
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Kind, Source
from integrations.marketplaces.questions import asked_by, ours
from integrations.marketplaces.request import (
    Question,
    keys_of,
    scrubbed,
)
from integrations.marketplaces.route import Route
from integrations.marketplaces.steps import Done, Fault, Step, StepKind
from integrations.marketplaces.visit import read_here

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def first_steps(source: Source) -> list[Step]:
    """Where a walk begins: its sitemaps, and where items are named the first page of each list."""
    if source.kind is Kind.SITE:
        return site.first(source)
    if source.kind in CONNECTORS:
        return searches(source)
    maps = [urljoin(source.start[0], place) for place in source.listed.sitemap]
    lists = source.start if source.listed.items else ()
    return [
        *(Step(StepKind.SITEMAP, url) for url in maps),
        *(Step(StepKind.LIST, url) for url in lists),
    ]


Read = Callable[[Source, Step, Page, datetime], Done]


def do(  # noqa: PLR0913 - what a visit needs
    source: Source,
    step: Step,
    ask: Asker,
    *,
    secrets: Mapping[str, str] | None = None,
    now: Clock = utc_now,
    read: Read | None = None,
    tokens: Tokens | None = None,
    quiet: Asker | None = None,
) -> Done:
    """Put one question and read the answer. What a source does wrong comes back as a fault.

    Tests aside, `read` is the one that happens in a process of its own. `tokens` keeps passes from
    one question to the next; they are asked for by `quiet`, which keeps no record.
    """
    keys = {**keys_of(source, secrets or {}), **(secrets or {})}
    passes = tokens or Tokens()
    done = Done()
    for _ in range(1 + (source.kind in WITH_PASS)):
        try:
            given = with_pass(source, secrets or {}, passes, quiet or ask, now())
            put = question(source, step, given, now)
            page = ask.ask(put.url, method=put.method, headers=put.headers, body=put.body)
        except SourceError as error:
            onward = site.otherwise(source, step) if source.kind is Kind.SITE else ()
            done = Done(faults=(Fault.of(error, step),), next_steps=onward)
            break
        done = (read or read_here)(source, step, page, now())
        if not any(fault.reason.word == "reauthorise" for fault in done.faults):
            break
        passes.forget()  # it may have ended before its time: once more, with a new one
    return replace(done, faults=tuple(_without(keys, fault) for fault in done.faults))


def question(source: Source, step: Step, secrets: Mapping[str, str], now: Clock) -> Question:
    """What a step asks, keys included; it goes to the hosts that the mapping names alone."""
    connector = CONNECTORS.get(source.kind)
    if source.kind is Kind.SITE and site.is_products(step):
        connector = CONNECTORS[Kind.SHOPIFY]
    if connector is not None:
        asked = connector.question(source, step, secrets, now())
    else:
        asked = asked_by(source, step)
    if not ours(source, asked.url):
        host = urlsplit(asked.url).netloc
        raise TurnedDown("host_not_ours", url=asked.url, host=host)
    headers = {**keys_of(source, secrets), **asked.headers}
    if asked.body is not None:
        headers.setdefault("Content-Type", "application/json")
    return replace(asked, headers=headers)


def _without(keys: Mapping[str, str], fault: Fault) -> Fault:
    facts = {
        name: scrubbed(fact, keys) if isinstance(fact, str) else fact
        for name, fact in fault.reason.facts.items()
    }
    return replace(fault, reason=Reason(fault.reason.word, facts))


def walk(  # noqa: PLR0913 - what a visit needs
    source: Source,
    ask: Asker,
    *,
    secrets: Mapping[str, str] | None = None,
    seen: set[str] | None = None,
    now: Clock = utc_now,
    read: Read | None = None,
) -> Iterator[Listing | Fault]:
    """All listings of a source, each once, and all that went wrong.

    `seen` holds the listings that were found and the pages of listings that were read; it grows
    as the walk goes. A walk that is given it again reads the lists, and of the listings the rest.
    """
    route = Route(source, seen if seen is not None else set())
    route.add(first_steps(source))
    tokens = Tokens()
    while (step := route.next()) is not None:
        done = do(source, step, ask, secrets=secrets, now=now, read=read, tokens=tokens)
        yield from route.took(step, done)
    yield from route.end()
