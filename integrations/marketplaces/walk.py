"""Walking a source, one kept step after the other: each is one question and what follows of it."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urldefrag, urljoin, urlsplit

from selectolax.lexbor import LexborNode

from integrations.marketplaces.assemble import blanks_of, listing_of, templated
from integrations.marketplaces.base import Asker, Page, Reason, SourceError, TurnedDown, Unreadable
from integrations.marketplaces.extract import Ground, InJson, OnHtml, filled, read_fields
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import By, Kind, Source
from integrations.marketplaces.paging import Held, following
from integrations.marketplaces.parse import html_page, sitemap_page
from integrations.marketplaces.paths import find, texts_of
from integrations.marketplaces.patterns import holds
from integrations.marketplaces.request import (
    Question,
    answer_of,
    detail_question,
    found_at,
    keys_of,
    list_question,
    must_be_answer,
    scrubbed,
)
from integrations.marketplaces.route import Route
from integrations.marketplaces.steps import Done, Fault, Step, StepKind

Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def first_steps(source: Source) -> list[Step]:
    """Where a walk begins: its sitemaps, and where items are named the first page of each list."""
    maps = [urljoin(source.start[0], place) for place in source.listed.sitemap]
    lists = source.start if source.listed.items else ()
    return [
        *(Step(StepKind.SITEMAP, url) for url in maps),
        *(Step(StepKind.LIST, url) for url in lists),
    ]


def do(
    source: Source,
    step: Step,
    ask: Asker,
    *,
    secrets: Mapping[str, str] | None = None,
    now: Clock = _utc_now,
) -> Done:
    """Put one question and read the answer. What a source does wrong comes back as a fault."""
    visit = Visit(source, ask, keys_of(source, secrets or {}), now)
    try:
        match step.kind:
            case StepKind.LIST:
                return visit.listing(step)
            case StepKind.DETAIL:
                return visit.detail(step)
            case StepKind.SITEMAP:
                return visit.sitemap(step)
    except SourceError as error:
        return Done(faults=(visit.fault(error, step),))


@dataclass(frozen=True, slots=True)
class Visit:
    """A source with its keys at hand."""

    source: Source
    ask: Asker
    keys: Mapping[str, str]
    now: Clock

    def fault(self, error: SourceError, step: Step) -> Fault:
        facts = {
            name: scrubbed(fact, self.keys) if isinstance(fact, str) else fact
            for name, fact in error.reason.facts.items()
        }
        return replace(Fault.of(error, step), reason=Reason(error.reason.word, facts))

    def put(self, question: Question) -> Page:
        if not self.ours(question.url):
            raise TurnedDown("host_not_ours", url=question.url, host=urlsplit(question.url).netloc)
        headers = dict(self.keys)
        if question.body is not None:
            headers["Content-Type"] = "application/json"
        return self.ask.ask(
            question.url, method=question.method, headers=headers, body=question.body
        )

    def ours(self, url: str) -> bool:
        """Keys and questions go to the hosts that the mapping names, and to no other."""
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and parts.netloc in self.source.own_hosts

    def wanted(self, url: str) -> bool:
        stage = self.source.listed
        kept = not stage.include or any(holds(pattern, url) for pattern in stage.include)
        return kept and self.ours(url) and not any(holds(out, url) for out in stage.exclude)

    def sitemap(self, step: Step) -> Done:
        page = self.put(Question(step.url))
        must_be_answer(page)
        found = sitemap_page(page)
        deeper = [Step(StepKind.SITEMAP, url, depth=step.depth + 1) for url in found.maps]
        pages = [urldefrag(url).url for url in found.pages]
        steps = [Step(StepKind.DETAIL, url) for url in dict.fromkeys(pages) if self.wanted(url)]
        used = frozenset({"list.sitemap"} if found.pages or found.maps else ())
        return Done((), (*deeper, *steps), left_out=len(pages) - len(steps), used=used)

    def listing(self, step: Step) -> Done:
        stage = self.source.listed
        paging = stage.paging
        page_no = step.page if step.page is not None else (paging.first if paging else None)
        state = {"page": page_no, "offset": step.offset, "cursor": step.cursor}
        state["size"] = paging.size if paging else None
        url = step.url
        page = self.put(_first_page_as_is(self.source, step) or list_question(stage, url, state))
        past = step.turn > 0 and paging is not None and paging.by in {By.PAGE, By.OFFSET}
        if past and page.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Done()
        must_be_answer(page)
        ground, items, places = self._opened(page, step)
        gathered = self._gathered(items, step, page)
        held = Held(len(items), _mark(gathered))
        try:
            onward = following(paging, step, page, ground, held)
        except SourceError as error:
            return replace(gathered, faults=(*gathered.faults, self.fault(error, step)))
        used = gathered.used | {"list.items"} if items else gathered.used
        used |= {"list.paging"} if onward else set[str]()
        used |= {"list.categories"} if places else set[str]()
        steps = (*gathered.next_steps, *places, *([onward] if onward else ()))
        return replace(gathered, next_steps=steps, used=frozenset(used))

    def _opened(self, page: Page, step: Step) -> tuple[Ground, Sequence[Ground], list[Step]]:
        stage = self.source.listed
        if self.source.kind is not Kind.HTML:
            value = answer_of(self.source, self.source.kind, page)
            found = found_at(value, stage.items, page.url, "list.items")
            return InJson(value, page.url), [InJson(item, page.url) for item in found], []
        whole = OnHtml(html_page(page))
        items = [OnHtml(whole.page, node) for node in whole.select(stage.items)]
        places = self._categories(whole, step)
        if not items and not places and step.turn == 0 and step.depth == 0:
            facts = {"url": page.url, "field": "list.items", "tried": stage.items}
            raise Unreadable("shape_unknown", **facts)
        return whole, items, places

    def _categories(self, whole: OnHtml, step: Step) -> list[Step]:
        selector = self.source.listed.categories
        if selector is None or step.turn > 0:
            return []
        links = (_href(node, whole.base) for node in whole.select(selector))
        urls = dict.fromkeys(url for url in links if url and self.ours(url))
        return [Step(StepKind.LIST, url, depth=step.depth + 1) for url in urls]

    def _gathered(self, items: Sequence[Ground], step: Step, page: Page) -> Done:
        """Each item a listing, a step to its page, or a fault of its own."""
        listings: list[Listing] = []
        steps: list[Step] = []
        faults: list[Fault] = []
        used: set[str] = set()
        left_out = 0
        for item in items:
            try:
                link = self._link(item)
                if link is not None and not self.wanted(link):
                    left_out += 1
                    continue
                found = self._one(item, link, step, page, faults)
            except SourceError as error:
                faults.append(self.fault(error, step))
                continue
            if isinstance(found, Step):
                steps.append(found)
                used |= {reading.key for reading in found.known.values()}
            else:
                listings.append(found)
                used |= {said.partition(": ")[0] for said in found.sources.values()}
        return Done(tuple(listings), tuple(steps), tuple(faults), left_out, frozenset(used))

    def _link(self, item: Ground) -> str | None:
        """The address of an item's own page, where the list gives one."""
        place = self.source.listed.link
        if isinstance(item, InJson):
            values = find(item.value, place) if place else []
            said = [text for value in values for text in texts_of(value)]
            return urljoin(item.base, said[0]) if said and said[0] else None
        nodes = item.select(place) if place else _anchors(item)
        links = (_href(node, item.base) for node in nodes)
        return next((link for link in links if link), None)

    def _one(
        self, item: Ground, link: str | None, step: Step, page: Page, faults: list[Fault]
    ) -> Listing | Step:
        fields = self.source.listed.fields
        readings = read_fields(fields, item, "list")
        readings = templated(fields, readings, link or "", item.base, "list")
        if self.source.detail is None:
            listing, doubts = listing_of(
                self.source, readings, url=link or page.url, record=page.record, at=self.now()
            )
            faults.extend(Fault(doubt, listing.url, step.kind) for doubt in doubts)
            return listing
        url = link
        if self.source.detail.url:
            known = {**blanks_of(readings), "link": link or ""}
            url = filled(self.source.detail.url, known)
            url = urljoin(item.base, url) if url else None
        if url is None:
            tried = self.source.detail.url or self.source.listed.link or "a[href]"
            raise Unreadable("field_missing", url=page.url, field="link", tried=tried)
        return Step(StepKind.DETAIL, urldefrag(url).url, known=readings)

    def detail(self, step: Step) -> Done:
        stage = self.source.detail
        if stage is None:
            raise Unreadable("field_missing", url=step.url, field="detail", tried="-")
        page = self.put(detail_question(stage, step.url, blanks_of(step.known)))
        must_be_answer(page)
        ground = self._thing(page)
        if ground is None:
            return Done(left_out=1, used=frozenset({"detail.only"}))
        found = templated(
            stage.fields,
            {**step.known, **read_fields(stage.fields, ground, "detail")},
            step.url,
            ground.base,
            "detail",
        )
        listing, doubts = listing_of(
            self.source, found, url=page.url, record=page.record, at=self.now()
        )
        used = frozenset(reading.key for reading in found.values())
        faults = tuple(Fault(doubt, page.url, step.kind) for doubt in doubts)
        return Done((listing,), faults=faults, used=used)

    def _thing(self, page: Page) -> Ground | None:
        """What the fields are read on; None when the page is not one of a listing."""
        stage, kind = self.source.detail, self.source.detail_kind
        item, only = (stage.item, stage.only) if stage else ("", None)
        if kind is Kind.HTML:
            whole = OnHtml(html_page(page))
            return whole if only is None or whole.select(only) else None
        value = answer_of(self.source, kind, page)
        if only is not None and not find(value, only):
            return None
        found = found_at(value, item, page.url, "detail.item")
        return InJson(found[0] if found else None, page.url)


def _first_page_as_is(source: Source, step: Step) -> Question | None:
    """A shop's first page of HTML is asked for by the address that visitors use."""
    paging = source.listed.paging
    numbered = paging is not None and paging.by is By.PAGE
    if source.kind is Kind.HTML and numbered and step.turn == 0 and "{" not in step.url:
        return Question(step.url)
    return None


def _anchors(item: OnHtml) -> Sequence[LexborNode]:
    if item.node is not None and item.node.attributes.get("href"):
        return [item.node]
    return item.select("a[href]")[:1]


def _href(node: LexborNode, base: str) -> str | None:
    link = (node.attributes.get("href") or "").strip()
    if not link or link.startswith(("#", "javascript:", "mailto:", "tel:")):
        return None
    return urldefrag(urljoin(base, link)).url


def _mark(gathered: Done) -> str:
    """What a page of a list held, by its listings: its bytes differ at each visit by a token."""
    texts = [
        *(listing.listing_id for listing in gathered.listings),
        *(step.key for step in gathered.next_steps),
    ]
    if not texts:
        return ""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def walk(
    source: Source,
    ask: Asker,
    *,
    secrets: Mapping[str, str] | None = None,
    seen: set[str] | None = None,
    now: Clock = _utc_now,
) -> Iterator[Listing | Fault]:
    """All listings of a source, each once, and all that went wrong.

    `seen` holds the listings that were found and the pages of listings that were read; it grows
    as the walk goes. A walk that is given it again reads the lists, and of the listings the rest.
    """
    route = Route(source, seen if seen is not None else set())
    route.add(first_steps(source))
    while (step := route.next()) is not None:
        done = do(source, step, ask, secrets=secrets, now=now)
        yield from route.took(step, done)
    yield from route.end()
