"""What an answer of a source says: listings, what is asked next, and what is wrong with it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urldefrag

from selectolax.lexbor import LexborNode

from integrations.marketplaces.assemble import blanks_of, listing_of, templated
from integrations.marketplaces.base import Page, SourceError, Unreadable
from integrations.marketplaces.connectors import CONNECTORS, site
from integrations.marketplaces.connectors.base import Connector, answer
from integrations.marketplaces.extract import Ground, InJson, OnHtml, filled, read_fields
from integrations.marketplaces.links import joined
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import By, Kind, Source
from integrations.marketplaces.paging import Held, following
from integrations.marketplaces.parse import html_page, sitemap_page
from integrations.marketplaces.paths import find, texts_of
from integrations.marketplaces.patterns import holds
from integrations.marketplaces.questions import asked_by, ours
from integrations.marketplaces.request import (
    answer_of,
    found_at,
    must_be_answer,
)
from integrations.marketplaces.shape import judged
from integrations.marketplaces.steps import Done, Fault, Step, StepKind
from integrations.marketplaces.walls import must_be_open, must_not_be_door


def read_here(source: Source, step: Step, page: Page, at: datetime) -> Done:
    """Read an answer in this very process: for the process that may die of it."""
    visit = Visit(source, at)
    try:
        if source.kind is Kind.SITE:
            return visit.site(step, page)
        must_be_open(source, page, _address_of(source, step))
        match step.kind:
            case StepKind.LIST:
                return visit.listing(step, page)
            case StepKind.DETAIL:
                return visit.detail(step, page)
            case StepKind.SITEMAP:
                return visit.sitemap(step, page)
    except SourceError as error:
        return Done(faults=(Fault.of(error, step),))


def _address_of(source: Source, step: Step) -> str:
    try:
        return asked_by(source, step).url
    except SourceError:
        return step.url


@dataclass(frozen=True, slots=True)
class Visit:
    """An answer that came at a time, read by the mapping of its source."""

    source: Source
    at: datetime

    def site(self, step: Step, page: Page) -> Done:
        if site.is_products(step):
            if step.turn == 0 and not site.has_products(page):
                return Done(next_steps=site.otherwise(self.source, step))
            done = Visit(site.as_shopify(self.source), self.at).listing(step, page)
            return replace(done, used=done.used | {"site.products_json"})
        if step.kind is not StepKind.SITEMAP:
            must_be_open(self.source, page, step.url)
        return site.read(self.source, step, page, self.at)

    def wanted(self, url: str) -> bool:
        stage = self.source.listed
        kept = not stage.include or any(holds(pattern, url) for pattern in stage.include)
        out = any(holds(pattern, url) for pattern in stage.exclude)
        return kept and ours(self.source, url) and not out

    def sitemap(self, step: Step, page: Page) -> Done:
        must_be_answer(page)
        found = sitemap_page(page)
        maps = filter(None, (joined(page.url, url) for url in found.maps))
        deeper = [Step(StepKind.SITEMAP, url, depth=step.depth + 1) for url in maps]
        pages = [urldefrag(joined(page.url, url)).url for url in found.pages]
        steps = [Step(StepKind.DETAIL, url) for url in dict.fromkeys(pages) if self.wanted(url)]
        used = frozenset({"list.sitemap"} if found.pages or found.maps else ())
        return Done((), (*deeper, *steps), left_out=len(pages) - len(steps), used=used)

    def searched(self, connector: Connector, step: Step, page: Page) -> Done:
        """A page of a platform's own search."""
        value = answer(connector, step, page)
        if value is None:
            return Done(used=frozenset({"list.items"}))
        found = found_at(value, self.source.listed.items, page.url, "list.items")
        gathered = self._gathered([InJson(item, page.url) for item in found], step, page)
        try:
            onward = connector.onward(self.source, step, value, Held(len(found), _mark(gathered)))
        except SourceError as error:
            return replace(gathered, faults=(*gathered.faults, Fault.of(error, step)))
        gathered = judged(gathered, step, len(found)) if onward.whole else Done()
        if gathered.shape_broken:
            return gathered
        return replace(
            gathered,
            next_steps=(*gathered.next_steps, *onward.steps),
            faults=(*gathered.faults, *(Fault(no, step.url, step.kind) for no in onward.faults)),
            used=gathered.used | {"list.items"},
        )

    def listing(self, step: Step, page: Page) -> Done:
        connector = CONNECTORS.get(self.source.kind)
        if connector is not None:
            return self.searched(connector, step, page)
        paging = self.source.listed.paging
        past = step.turn > 0 and paging is not None and paging.by in {By.PAGE, By.OFFSET}
        if past and page.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return Done()
        must_be_answer(page)
        ground, items, places = self._opened(page, step)
        gathered = judged(self._gathered(items, step, page), step, len(items))
        if gathered.shape_broken:
            return gathered
        held = Held(len(items), _mark(gathered))
        try:
            onward = following(paging, step, page, ground, held)
        except SourceError as error:
            return replace(gathered, faults=(*gathered.faults, Fault.of(error, step)))
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
        if not items and not places:
            must_not_be_door(self.source, page, whole.page)
        if not items and not places and step.turn == 0 and step.depth == 0:
            facts = {"url": page.url, "field": "list.items", "tried": stage.items}
            raise Unreadable("shape_unknown", **facts)
        return whole, items, places

    def _categories(self, whole: OnHtml, step: Step) -> list[Step]:
        selector = self.source.listed.categories
        if selector is None or step.turn > 0:
            return []
        links = (_href(node, whole.base) for node in whole.select(selector))
        urls = dict.fromkeys(url for url in links if url and ours(self.source, url))
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
                faults.append(Fault.of(error, step))
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
            return (joined(item.base, said[0]) or None) if said and said[0] else None
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
                self.source, readings, url=link or page.url, record=page.record, at=self.at
            )
            faults.extend(Fault(doubt, listing.url, step.kind) for doubt in doubts)
            return listing
        url = link
        if self.source.detail.url:
            known = {**blanks_of(readings), "link": link or ""}
            url = filled(self.source.detail.url, known)
            url = joined(item.base, url) if url else None
        if not url:
            tried = self.source.detail.url or self.source.listed.link or "a[href]"
            raise Unreadable("field_missing", url=page.url, field="link", tried=tried)
        return Step(StepKind.DETAIL, urldefrag(url).url, known=readings)

    def detail(self, step: Step, page: Page) -> Done:
        stage = self.source.detail
        if stage is None:
            raise Unreadable("field_missing", url=step.url, field="detail", tried="-")
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
        try:
            listing, doubts = listing_of(
                self.source, found, url=page.url, record=page.record, at=self.at
            )
        except Unreadable:
            if isinstance(ground, OnHtml):
                must_not_be_door(self.source, page, ground.page)
            raise
        used = frozenset(reading.key for reading in found.values())
        faults = tuple(Fault(doubt, page.url, step.kind) for doubt in doubts)
        return Done((listing,), faults=faults, used=used)

    def _thing(self, page: Page) -> Ground | None:
        """What the fields are read on; None when the page is not one of a listing."""
        stage, kind = self.source.detail, self.source.detail_kind
        item, only = (stage.item, stage.only) if stage else ("", None)
        if kind is Kind.HTML:
            whole = OnHtml(html_page(page))
            if only is None or whole.select(only):
                return whole
            must_not_be_door(self.source, page, whole.page)
            return None
        value = answer_of(self.source, kind, page)
        if only is not None and not find(value, only):
            return None
        found = found_at(value, item, page.url, "detail.item")
        return InJson(found[0] if found else None, page.url)


def _anchors(item: OnHtml) -> Sequence[LexborNode]:
    if item.node is not None and item.node.attributes.get("href"):
        return [item.node]
    return item.select("a[href]")[:1]


def _href(node: LexborNode, base: str) -> str | None:
    link = (node.attributes.get("href") or "").strip()
    if not link or link.startswith(("#", "javascript:", "mailto:", "tel:")):
        return None
    return urldefrag(joined(base, link)).url or None


def _mark(gathered: Done) -> str:
    """What a page of a list held, by its listings: its bytes differ at each visit by a token."""
    texts = [
        *(listing.listing_id for listing in gathered.listings),
        *(step.key for step in gathered.next_steps),
    ]
    if not texts:
        return ""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
