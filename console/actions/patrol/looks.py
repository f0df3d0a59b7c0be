"""A closer look at one shop: the pictures of what is flagged, the badges on them, a screenshot."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urljoin
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.badges import code_prefix
from console.actions.channel.scan import check_badge
from console.actions.patrol.asking import Road, fault_facts
from console.actions.patrol.evidence import look_note, looks_at, note_custody
from console.actions.patrol.listings import insert_new
from console.actions.patrol.traits import note_traits
from console.desk import Desk, House, Work
from integrations.browser import Browser, NotShown, find_chromium
from integrations.evidence import Capture, Digest
from integrations.fetch import Fetcher
from integrations.likeness import Looked, NotAPicture, look
from integrations.marketplaces.base import Asker, Reason, SourceError, TurnedDown
from integrations.marketplaces.base import Page as Answer
from integrations.marketplaces.steps import Fault
from models.base import new_id
from models.canonical import canonical
from models.patrol.custody import CustodyAct
from models.patrol.judge.badges import imitates
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun, RunState
from models.patrol.screening.labels import FLAGGED
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Invalid
from models.tokens import Shop as Page
from models.tokens import Verdict

MOST_PICTURES: Final = 6
_MOST_LISTINGS: Final = 50
_MOST_BYTES: Final = 20 << 20
"""Of all pictures of one shop together."""
_SECONDS: Final = 60.0
"""For all of one shop but the screenshot, our own pace included."""
_PART_SECONDS: Final = 8.0
"""For each thing that the page of a screenshot is made of."""
_MOST_FAULTS: Final = 100
_NO_BADGE: Final = ""
_SHOWN: Final = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif"}
_WORDS_AFTER: Final = r"[0-9]{6,}[^\s\"'<>，。；、]*"


@dataclass(frozen=True, slots=True)
class Badge:
    text: str = ""
    verdict: str = _NO_BADGE
    agent_no: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """One that was fetched and looked at."""

    url: str
    sha256: str
    likeness: str
    badge: Badge


@dataclass(slots=True)
class Look:
    """What a look at one shop gave."""

    pictures: list[Picture] = field(default_factory=list[Picture])
    faults: list[Fault] = field(default_factory=list[Fault])
    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Pictures that our pages can show, by the name of their file in the bundle."""
    shot: str = ""
    """Why there is no screenshot; empty: there is one."""
    manifest: Digest | None = None


@dataclass(frozen=True, slots=True)
class _Asker:
    """Asks for a shop's pictures; the capture is about its page alone."""

    fetcher: Fetcher
    capture: Capture
    page: str

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        try:
            answer = self.fetcher.ask(url, method=method, headers=headers, body=body)
        except SourceError as error:
            if url == self.page:
                self.capture.missed(error)
            raise
        if url == self.page:
            self.capture.saw(answer)
        return answer


def look_at_shop(desk: Desk, run_id: UUID, shop_id: UUID, road: Road | None) -> None:
    """Look at a shop once in a run; without a road at its words alone.

    What goes wrong is a fault with its reason, and ends nothing.
    """
    with desk.begin(Permission.PATROL_READ) as work:
        run, shop = work.get(PatrolRun, run_id), work.get(Shop, shop_id)
        listings = flagged_of(work, run.id, shop.id)
        has_looked = bool(looks_at(work, run.id, shop))
    if run.state is not RunState.IN_PROGRESS or not listings or has_looked:
        return
    seen = _look(desk.house, run, shop, listings, road) if road else None
    needed = Permission.LISTING_IMPORT if run.source_id is None else Permission.PATROL_RUN
    with desk.begin(needed) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is RunState.IN_PROGRESS:
            if seen is not None:
                _keep(work, row, shop, seen)
            note_traits(work, row, shop, listings, vault=desk.house.vault)


def flagged_of(work: Work, run_id: UUID, shop_id: UUID) -> Sequence[SeenListing]:
    """The flagged offers of a shop in a run, the gravest first."""
    return work.session.exec(
        select(SeenListing)
        .where(SeenListing.run_id == run_id, SeenListing.shop_id == shop_id)
        .where(col(SeenListing.label).in_(FLAGGED))
        .order_by(col(SeenListing.severity).desc(), col(SeenListing.id))
        .limit(_MOST_LISTINGS)
    ).all()


def _look(
    house: House, run: PatrolRun, shop: Shop, listings: Sequence[SeenListing], road: Road
) -> Look:
    first = next((one.url for one in listings if one.url), shop.url)
    about = {"shop": shop.shop_key, "platform": shop.platform, "run": run.number,
             "operator": run.actor.get("name", "")}  # fmt: skip
    with Capture(
        house.evidence, f"look {run.number}", first, about=about, now=house.now
    ) as capture:
        asker = _Asker(road.fetcher.recording(capture.recorder), capture, first)
        page = page_of_shop(shop.platform, shop.shop_key)
        offers = [(one.url, one.fields.get("images", ())) for one in listings]
        seen = look_at_pictures(house, asker, offers, page)
        seen.pictures += in_words(house, [words_of(one) for one in listings], first, page)
        for name, content in seen.kept.items():
            capture.attach(name, content)
        seen.shot = _shoot(house, asker, first, capture)
        fields: dict[str, Any] = {
            "pictures": [
                {"url": one.url, "sha256": one.sha256, "likeness": one.likeness,
                 "badge": one.badge.text, "verdict": one.badge.verdict}
                for one in seen.pictures
            ],
            "faults": [fault_facts(one) for one in seen.faults],
        }  # fmt: skip
        register = canonical({"register_sha256": road.register.digest})
        seen.manifest = capture.bundle(fields, register).manifest_sha256
    return seen


def page_of_shop(platform: str, key: str) -> Page:
    return Page(platform, key)


def words_of(listing: SeenListing) -> str:
    return f"{listing.title_seen}\n{listing.fields.get('description', '')}"


def look_at_pictures(
    house: House,
    asker: Asker,
    offers: Sequence[tuple[str, Sequence[str]]],
    page: Page,
) -> Look:
    """Fetch and judge a shop's pictures, one of each offer before the second of any."""
    seen, began, taken = Look(), monotonic(), 0
    for url in _in_turn(offers):
        if monotonic() - began > _SECONDS or taken > _MOST_BYTES:
            most = _SECONDS if taken <= _MOST_BYTES else _MOST_BYTES
            seen.faults.append(Fault(Reason("limit_pictures", {"url": url, "most": most}), url))
            break
        try:
            answer = asker.ask(url)
            taken += len(answer.body)
            _must_be_there(answer.status, url)
            looked = look(answer.body, code_prefix(house))
        except SourceError as error:
            seen.faults.append(Fault(error.reason, url))
        except NotAPicture as no:
            seen.faults.append(Fault(Reason("no_picture", {"url": url, "seen": no.word}), url))
        else:
            digest = sha256(answer.body).hexdigest()
            badge = _badge_on(house, looked, page)
            seen.pictures.append(Picture(url, digest, looked.likeness, badge))
            if suffix := _suffix_of(answer.body):
                seen.kept[f"picture-{digest[:16]}{suffix}"] = answer.body
    return seen


def _suffix_of(content: bytes) -> str:
    """Of a kind that our own routes show; the others lie in the web archive alone."""
    return next((name for mark, name in _SHOWN.items() if content.startswith(mark)), "")


def _must_be_there(status: int, url: str) -> None:
    if status != _OK:
        raise TurnedDown("status", status=status, url=url)


_OK: Final = 200


def _in_turn(offers: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    most = max((len(images) for _, images in offers), default=0)
    found = (
        urljoin(url, images[place])
        for place in range(most)
        for url, images in offers
        if place < len(images)
    )
    return list(dict.fromkeys(one for one in found if one.startswith("http")))[:MOST_PICTURES]


def _badge_on(house: House, looked: Looked, page: Page) -> Badge:
    """The first code on a picture that is a badge, or pretends to be one."""
    badges = (judged_badge(house, text, page) for text in looked.codes)
    return next((one for one in badges if one.verdict != _NO_BADGE), Badge())


def judged_badge(house: House, text: str, page: Page) -> Badge:
    """A code with its verdict on that page; any other code is no badge."""
    try:
        found = check_badge(house, text, page)
    except Invalid:
        return Badge()
    if found.verdict is Verdict.NOT_OURS and not imitates(text, house.settings.public_url):
        return Badge()
    agent_no = found.badge.agent_no if found.badge else ""
    return Badge(text[:1000], found.verdict.value, agent_no)


def in_words(house: House, words: Sequence[str], url: str, page: Page) -> Iterator[Picture]:
    """Badges that stand as addresses in the offers' words; the words are their picture."""
    ours = re.compile(re.escape(code_prefix(house)) + _WORDS_AFTER, re.IGNORECASE)
    for text in dict.fromkeys(hit[0] for one in words for hit in ours.finditer(one)):
        badge = judged_badge(house, text, page)
        if badge.verdict:
            yield Picture(url, sha256(text.encode()).hexdigest(), "", badge)


def _shoot(house: House, asker: _Asker, url: str, capture: Capture) -> str:
    """One screenshot of the gravest offer; else the word why there is none."""
    if not house.settings.screenshots:
        capture.note(browser_reason="switched_off")
        return "switched_off"
    chromium = find_chromium(house.settings.browser)
    if chromium is None:
        capture.note(browser_reason="no_browser")
        return "no_browser"
    parts = replace(asker, fetcher=asker.fetcher.for_page(url).within(_PART_SECONDS))
    try:
        shot = browser_at(chromium).shoot(url, parts.ask, agent=house.settings.agent)
    except NotShown as no:
        capture.note(browser_reason=no.word)
        return no.word
    except SourceError as error:
        capture.note(browser_reason=error.reason.word)
        return error.reason.word
    capture.attach("page.png", shot.png)
    if shot.mhtml:
        capture.attach("page.mhtml", shot.mhtml)
    capture.note(browser=dict(shot.facts), browser_reason="")
    return ""


@lru_cache(maxsize=1)
def browser_at(chromium: Path) -> Browser:
    """The browser of this process."""
    return Browser(chromium)


def _keep(work: Work, run: PatrolRun, shop: Shop, seen: Look) -> None:
    once = {one.sha256: one for one in reversed(seen.pictures)}
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "run_id": run.id,
            "shop_id": shop.id,
            "organisation_id": run.organisation_id,
            "url": one.url[:2000],
            "sha256": one.sha256,
            "likeness": one.likeness,
            "badge_text": one.badge.text,
            "badge_verdict": one.badge.verdict,
            "badge_agent_no": one.badge.agent_no[:40],
            "evidence_sha256": seen.manifest,
            "seen_at": work.at,
        }
        for one in once.values()
    ]
    new = insert_new(work, SeenPicture, rows, ["run_id", "shop_id", "sha256"])
    run.pictures += len(new)
    run.fault_count += len(seen.faults)
    room = max(0, _MOST_FAULTS - len(run.faults))
    run.faults = [*run.faults, *(fault_facts(one) for one in seen.faults[:room])]
    if seen.manifest is not None:
        note_custody(work, run, seen.manifest, CustodyAct.CAPTURED, look_note(shop.shop_key))
    badges = sorted({one.badge.verdict for one in seen.pictures if one.badge.verdict})
    work.record(
        "patrol.looked", run, shop=shop.shop_key, pictures=len(new), badges=badges,
        evidence=seen.manifest, faults=len(seen.faults), screenshot=seen.shot or "kept",
    )  # fmt: skip
