"""How a list goes on, and when it is at its end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from integrations.marketplaces.base import Page, Unreadable
from integrations.marketplaces.extract import Ground, InJson, OnHtml
from integrations.marketplaces.links import joined
from integrations.marketplaces.mapping import By, Paging
from integrations.marketplaces.paths import find, texts_of
from integrations.marketplaces.steps import Step

_LINK: Final = re.compile(r"<([^<>]*)>\s*((?:;[^;,<>]*)+)")
_REL_NEXT: Final = re.compile(r";\s*rel\s*=\s*\"?(?:[^\";]*\s)?next\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Held:
    """What a page of a list held."""

    count: int
    mark: str
    """The same for the same listings; empty when it held none that are wanted."""


def following(
    paging: Paging | None, step: Step, page: Page, ground: Ground, held: Held
) -> Step | None:
    """The step to the next page; None at the end of the list."""
    count, mark = held.count, held.mark
    if paging is None or _at_end(paging, step, ground, count):
        return None
    if mark and mark in step.marks:
        if paging.by in {By.PAGE, By.OFFSET}:
            return None  # past the end, this shop shows its first or last page again
        raise Unreadable("paging_loops", url=step.url, field="list.paging")
    onward = replace(
        step,
        turn=step.turn + 1,
        count=step.count + count,
        marks=tuple(dict.fromkeys((*step.marks[:1], mark))) if mark else step.marks,
    )
    match paging.by:
        case By.PAGE:
            now = step.page if step.page is not None else paging.first
            return replace(onward, page=now + 1)
        case By.OFFSET:
            return replace(onward, offset=step.offset + count)
        case By.CURSOR:
            return _by_cursor(paging, onward, ground)
        case By.NEXT | By.LINK_HEADER:
            links = _links(paging, page, ground)
            return _by_link(onward, links[0], page) if links else None


def _at_end(paging: Paging, step: Step, ground: Ground, count: int) -> bool:
    if paging.by in {By.PAGE, By.OFFSET} and not count:
        return True
    if _says(paging.more, ground)[:1] in (["false"], ["0"], [""]):
        return True
    last = _whole(paging.last, ground)
    now = step.page if step.page is not None else paging.first
    if paging.by is By.PAGE and last is not None and now >= last:
        return True
    total = _whole(paging.total, ground)
    return bool(total) and step.count + count >= (total or 0)


def _says(path: str | None, ground: Ground) -> list[str]:
    if path is None or isinstance(ground, OnHtml):
        return []
    return [text for value in find(ground.value, path) for text in texts_of(value)]


def _whole(path: str | None, ground: Ground) -> int | None:
    said = _says(path, ground)
    if not said:
        return None
    if not re.fullmatch(r"\d{1,12}", said[0]):
        raise Unreadable("paging_unclear", url=ground.url, tried=path, found=said[0][:40])
    return int(said[0])


def _by_cursor(paging: Paging, onward: Step, ground: Ground) -> Step | None:
    found = find(ground.value, paging.cursor or "") if isinstance(ground, InJson) else []
    said = [value for value in found if isinstance(value, (str, int)) and value not in ("", False)]
    if not said:
        if paging.more and _says(paging.more, ground)[:1] == ["true"]:
            raise Unreadable("paging_unclear", url=onward.url, tried=paging.cursor, found="")
        return None
    if said[-1] == onward.cursor:
        raise Unreadable("paging_loops", url=onward.url, field="list.paging.cursor")
    return replace(onward, cursor=said[-1])


def _links(paging: Paging, page: Page, ground: Ground) -> Sequence[str]:
    if paging.by is By.LINK_HEADER:
        header = page.headers.get("link", "")
        return [hit[1] for hit in _LINK.finditer(header) if _REL_NEXT.search(hit[2])]
    if isinstance(ground, OnHtml):
        nodes = ground.select(paging.next or "")
        return [link for node in nodes if (link := (node.attributes.get("href") or "").strip())]
    return [text for text in _says(paging.next, ground) if text]


def _by_link(onward: Step, link: str, page: Page) -> Step:
    url = joined(page.url, link)
    if not url:
        raise Unreadable("field_missing", url=page.url, field="list.paging.next", tried=link[:80])
    if url == onward.url:
        raise Unreadable("paging_loops", url=url, field="list.paging.next")
    return replace(onward, url=url)
