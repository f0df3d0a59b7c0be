"""A mapping tried on its source before it is saved."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from integrations.marketplaces.assemble import tried_for
from integrations.marketplaces.base import Asker, Page
from integrations.marketplaces.connectors.tokens import Tokens
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Limits, Source
from integrations.marketplaces.reading import read_apart
from integrations.marketplaces.route import Route
from integrations.marketplaces.steps import Fault
from integrations.marketplaces.terms import TERMS, Kind
from integrations.marketplaces.walk import Clock, do, first_steps, utc_now
from integrations.marketplaces.ways import Fields

LISTINGS = 5
PAGES = 5
MOST_ASKED = 40
"""Questions in all: a site may lead through many pages that offer nothing."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Where a mapped field was empty, and what had been tried."""

    url: str
    tried: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The first listings of a source, and what of its mapping worked."""

    listings: tuple[Listing, ...]
    faults: tuple[Fault, ...]
    empty: Mapping[str, int]
    """Of each mapped field, in how many of the listings it is empty."""
    found_by: Mapping[str, Mapping[str, int]]
    """Of each field, how often which way gave it."""
    missed: Mapping[str, Missed]
    """Of each field that was empty somewhere, the first offer without it."""
    worked: tuple[str, ...]
    """Of a site of which only the address is known: the ways that led to offers."""
    idle: tuple[str, ...]
    """The keys of the mapping that matched nothing so far."""
    asked: int
    left_out: int


class _Counted:
    def __init__(self, ask: Asker) -> None:
        self._ask = ask
        self.asked = 0

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        self.asked += 1
        return self._ask.ask(url, method=method, headers=headers, body=body)


def preview(  # noqa: PLR0913 - what a walk needs
    source: Source,
    ask: Asker,
    *,
    secrets: Mapping[str, str] | None = None,
    listings: int = LISTINGS,
    now: Clock = utc_now,
    quiet: Asker | None = None,
) -> Preview:
    """Walk no further than a few listings and pages."""
    pages = MOST_ASKED if source.kind is Kind.SITE else PAGES  # there offers may stand on lists
    few = source.model_copy(
        update={"limits": Limits(pages=pages, listings=listings, depth=source.limits.depth)}
    )
    counted, used, left_out = _Counted(ask), set[str](), 0
    found: list[Listing] = []
    faults: list[Fault] = []
    route = Route(few, set())
    route.add(first_steps(few))
    tokens = Tokens()
    while counted.asked < MOST_ASKED and (step := route.next()) is not None:
        done = do(
            few, step, counted,
            secrets=secrets, now=now, read=read_apart, tokens=tokens, quiet=quiet or ask,
        )  # fmt: skip
        used |= done.used
        left_out += done.left_out
        for news in route.took(step, done):
            if isinstance(news, Listing):
                found.append(news)
            else:
                faults.append(news)
    return replace(
        _summed(source, found, faults),
        idle=() if source.kind in TERMS else tuple(key for key in _keys(source) if key not in used),
        worked=tuple(sorted(key for key in used if key.startswith("site."))),
        asked=counted.asked,
        left_out=left_out,
    )


def _summed(source: Source, found: list[Listing], faults: list[Fault]) -> Preview:
    stages = [source.listed.fields, *([source.detail.fields] if source.detail else [])]
    words = dict.fromkeys(word for fields in stages for word in fields.named())
    ways = {
        word: Counter(seen.sources[word] for seen in found if word in seen.sources)
        for word in words
    }
    empty = {word: sum(not _given(seen, word) for seen in found) for word in words}
    missed = {
        word: Missed(seen.url, tried_for(source, word))
        for word in words
        for seen in [one for one in found if not _given(one, word)][:1]
    }
    return Preview(tuple(found), tuple(faults), empty, ways, missed, (), (), 0, 0)


def _given(listing: Listing, word: str) -> bool:
    if word.startswith("extra."):
        return bool(listing.extra.get(word.removeprefix("extra.")))
    return getattr(listing, word) not in (None, "", ())


def _keys(source: Source) -> list[str]:
    stage = source.listed
    keys = [
        name
        for name, given in {
            "list.items": stage.items,
            "list.sitemap": stage.sitemap,
            "list.categories": stage.categories,
            "list.paging": stage.paging,
        }.items()
        if given
    ]
    keys += _ways("list", stage.fields)
    return keys + (_ways("detail", source.detail.fields) if source.detail else [])


def _ways(stage: str, fields: Fields) -> list[str]:
    return [
        f"{stage}.fields.{word}.{number}"
        for word, ways in fields.named().items()
        for number in range(len(ways))
    ]
