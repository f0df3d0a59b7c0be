"""Offers that a patrol found, and whose industry cards they are of (004-2.3-f).

What tells is a card's number, a batch's, the purchaser's name, or the product's. The machine
suggests, a person judges; a carrier learns of its own batches alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.files import written
from console.actions.cards.industry.found import Sighting, add_finding
from console.actions.cards.industry.places import batch_with, by_id, own_batches
from console.actions.patrol.listings import insert_new
from console.actions.patrol.looks import MOST_PICTURES
from console.desk import LONGEST_PAGE, PAGE, Desk, Order, Slice, Work
from integrations.evidence import Damaged, Digest, Store
from integrations.likeness import NotAPicture, look
from models.base import new_id
from models.cards.industry import IndustryBatch
from models.cards.monitoring import FoundBy, UsageFinding
from models.cards.numbers import card_number
from models.cards.offered import ShownCard, batch_numbers_in, cards_in, folded, telling
from models.cards.purchasers import Purchaser
from models.checks.test_purchases import LinkBy, OfferLink, OfferLinkState
from models.patrol.findings import Finding, FindingState
from models.patrol.pictures import SeenPicture
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.rules import FindingKind, china_day

MOST_SUGGESTED: Final = 20
"""Batches that one offer is tied to; more is a name that tells nothing."""
_MOST_ALIKE: Final = 3
"""Batches that may bear a product's name while the name still tells which."""
_LONGEST_REASON: Final = 1000
_LONGEST_SAID: Final = 500
_APART: Final = " · "


@dataclass(frozen=True, slots=True)
class Sign:
    """By what an offer is known to be of a batch."""

    batch: IndustryBatch
    how: LinkBy
    said: str


@dataclass(frozen=True, slots=True)
class LinkRecord:
    link: OfferLink
    batch: IndustryBatch
    purchaser: Purchaser | None
    usage_finding: UsageFinding | None
    """What came of it."""


def suggest_links(
    desk: Desk, finding_id: UUID | str, *, with_pictures: bool = True
) -> Sequence[OfferLink]:
    """Tie a finding to the batches that its offers' words tell of; what was judged stays judged.

    `with_pictures` reads the codes on their pictures as well, which takes some seconds.
    """
    desk.must(Permission.USAGE_JUDGE)
    with desk.begin(Permission.FINDING_READ) as work:
        finding = work.get(Finding, finding_id)
        if finding.state is FindingState.FALSE_POSITIVE:
            raise Conflict("offer_link.dismissed", number=finding.number)
        words, pictures = _words(work, finding)
    if with_pictures:
        words = "\n".join([words, *_codes_on(desk.house.evidence, pictures)])
    with desk.begin(Permission.INDUSTRY_READ) as work:
        signs = _signs(work, words)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        rows = [_row(work, finding, one) for one in signs]
        new = insert_new(work, OfferLink, rows, ["finding_id", "batch_id"])
        if new:
            work.record("offer_link.suggested", finding, links=len(new))
        mine = work.select(OfferLink).where(OfferLink.finding_id == finding.id)
        return work.all(mine.order_by(col(OfferLink.id)))


def shows_cards(finding: Finding, listings: Sequence[SeenListing]) -> bool:
    """Whether there is anything to tie to a batch."""
    if finding.kind is FindingKind.IOT_CARD_ONLINE:
        return True
    return bool(cards_in("\n".join(part for one in listings for part in _said(one))))


def _row(work: Work, finding: Finding, sign: Sign) -> Mapping[str, Any]:
    return {
        "id": new_id(),
        "finding_id": finding.id,
        "batch_id": sign.batch.id,
        "carrier_id": sign.batch.carrier_id,
        "province": sign.batch.province,
        "how": sign.how,
        "said": sign.said[:_LONGEST_SAID],
        "state": OfferLinkState.SUGGESTED,
        "judged_by": None,
        "judged_at": None,
        "created_at": work.at,
    }


def _words(work: Work, finding: Finding) -> tuple[str, Sequence[Digest]]:
    """All that the finding's offers say, and the pictures that a closer look met."""
    ids = [UUID(one) for one in finding.listing_ids]
    listings = work.all(select(SeenListing).where(col(SeenListing.id).in_(ids)))
    pictures = work.all(
        select(SeenPicture).where(
            SeenPicture.run_id == finding.run_id, SeenPicture.shop_id == finding.shop_id
        )
    )
    said = [part for one in listings for part in _said(one)]
    return "\n".join(said), [Digest(one.sha256) for one in pictures]


def _codes_on(store: Store, pictures: Sequence[Digest]) -> Iterator[str]:
    """What the codes on pictures say, as far as the pictures were kept and can be read."""
    for digest in pictures[:MOST_PICTURES]:
        with suppress(NotAPicture, Damaged):
            if store.has(digest):
                yield from look(store.open(digest)).codes


def _said(listing: SeenListing) -> Iterator[str]:
    yield listing.title_seen
    yield str(listing.fields.get("description", ""))
    extra = listing.fields.get("extra")
    if isinstance(extra, dict):
        yield from map(str, cast("Mapping[str, object]", extra).values())


def _signs(work: Work, words: str) -> Sequence[Sign]:
    """The surest first; of one batch the surest alone."""
    found: dict[UUID, Sign] = {}
    for sign in (*_by_card(work, words), *_by_number(work, words), *_by_name(work, words)):
        found.setdefault(sign.batch.id, sign)
    return list(found.values())[:MOST_SUGGESTED]


def _by_card(work: Work, words: str) -> Iterator[Sign]:
    shown = {card_number(one.card.key): one for one in cards_in(words)}
    of_batch: dict[UUID, tuple[IndustryBatch, list[ShownCard]]] = {}
    held = own_batches(work, shown)
    for number, card in shown.items():  # as the offer names them: the first is the finding's card
        if batch := held.get(number):
            of_batch.setdefault(batch.id, (batch, []))[1].append(card)
    for batch, cards in of_batch.values():
        yield Sign(batch, LinkBy.ICCID, _APART.join(one.said for one in cards))


def _by_number(work: Work, words: str) -> Iterator[Sign]:
    numbers = batch_numbers_in(words)[:MOST_SUGGESTED]
    named = work.select(IndustryBatch).where(col(IndustryBatch.number).in_(numbers))
    for batch in work.all(named) if numbers else ():
        yield Sign(batch, LinkBy.TEXT, batch.number)


def _by_name(work: Work, words: str) -> Iterator[Sign]:
    """By its purchaser's name, and then by the product that is named besides; else by a product
    that is of few batches.
    """
    text = folded(words)
    purchasers = _named_purchasers(work, text)
    batches = work.select(IndustryBatch).order_by(col(IndustryBatch.id).desc())
    for purchaser in purchasers:
        mine = work.all(batches.where(IndustryBatch.purchaser_id == purchaser.id))
        closer = [one for one in mine if _is_named(one.product, text)]
        for batch in closer or mine[:MOST_SUGGESTED]:
            named = [purchaser.name, batch.product] if closer else [purchaser.name]
            yield Sign(batch, LinkBy.TEXT, _APART.join(named))
    if not purchasers:
        for product in _named_products(work, text):
            for batch in work.all(batches.where(IndustryBatch.product == product)):
                yield Sign(batch, LinkBy.TEXT, product)


def _named_purchasers(work: Work, text: str) -> Sequence[Purchaser]:
    columns = work.select(Purchaser).with_only_columns(col(Purchaser.id), col(Purchaser.name))
    rows = work.session.connection().execute(columns).all()
    ids = [row_id for row_id, name in rows if _is_named(name, text)][:MOST_SUGGESTED]
    return work.all(work.select(Purchaser).where(col(Purchaser.id).in_(ids))) if ids else []


def _named_products(work: Work, text: str) -> Sequence[str]:
    """Products of few batches: what many are called tells of none."""
    products = work.select(IndustryBatch).with_only_columns(col(IndustryBatch.product))
    names = work.session.connection().execute(products.where(col(IndustryBatch.product) != ""))
    counted: dict[str, int] = {}
    for (name,) in names:
        counted[name] = counted.get(name, 0) + 1
    rare = (name for name, n in counted.items() if n <= _MOST_ALIKE)
    return [name for name in rare if _is_named(name, text)][:MOST_SUGGESTED]


def _is_named(name: str, text: str) -> bool:
    told = telling(name)
    return bool(told) and told in text


def judge_link(desk: Desk, link_id: UUID | str, *, confirm: bool, reason: str) -> OfferLink:
    """Say whether the offer is of that batch. If it is, it is a finding of the batch, for another
    to look at.
    """
    why = written(desk, "reason", reason, _LONGEST_REASON)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        link = work.get(OfferLink, link_id)
        finding = work.session.get_one(Finding, link.finding_id)
        if not work.actor.is_house and link.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=finding.number)
        if link.state is not OfferLinkState.SUGGESTED:
            raise Conflict("offer_link.judged_already", number=finding.number)
        batch = work.session.get_one(IndustryBatch, link.batch_id)
        link.state = OfferLinkState.CONFIRMED if confirm else OfferLinkState.REJECTED
        link.judged_by, link.judged_at = work.actor.id, work.at
        # On the batch alone: whoever reads the patrol's finding need not know of batches.
        work.record(f"offer_link.{link.state}", batch, finding=finding.number, reason=why)
        if confirm:
            _report(work, batch, link, finding)
        return link


def _report(work: Work, batch: IndustryBatch, link: OfferLink, finding: Finding) -> None:
    """A card of the batch in somebody's offer was resold; a name alone tells of an offer."""
    day, shop = china_day(finding.created_at), work.session.get_one(Shop, finding.shop_id)
    cards = [
        one.card.text for one in cards_in(link.said) if batch_with(work, one.card.key) is batch
    ]
    facts = {
        "who": f"{finding.number} {finding.platform} {shop.name}",
        "said": link.said,
        "how": link.how.value,
        "cards": cards,
    }
    resold = link.how is not LinkBy.TEXT
    kind = FindingKind.IOT_RESALE if resold else FindingKind.IOT_CARD_ONLINE
    seen = Sighting(
        FoundBy.ONLINE_SALE,
        kind,
        day,
        day,
        card_number(cards[0]) if resold and cards else 0,
        facts=facts,
        evidence=[digest for digest in finding.evidence if digest],
        source_id=finding.id,
        reported_by=work.actor.id,
    )
    add_finding(work, batch, seen)


def links_of(desk: Desk, finding_id: UUID | str) -> Sequence[LinkRecord]:
    """The batches that a finding is tied to, as far as the reader may know of them."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        mine = work.select(OfferLink).where(OfferLink.finding_id == UUID(str(finding_id)))
        return _records(work, work.all(mine.order_by(col(OfferLink.id))))


def list_links(
    desk: Desk,
    *,
    batch_id: UUID | str | None = None,
    state: OfferLinkState | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[OfferLink]:
    """Offers of a batch, or of all that the reader knows of; the newest first."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(OfferLink)
        if batch_id is not None:
            query = query.where(OfferLink.batch_id == work.get(IndustryBatch, batch_id).id)
        if state is not None:
            query = query.where(OfferLink.state == state)
        return work.slice(query, Order.by(OfferLink.id), after, limit)


def _records(work: Work, links: Sequence[OfferLink]) -> Sequence[LinkRecord]:
    batches = by_id(work, [one.batch_id for one in links])
    units = {one.purchaser_id for one in batches.values()}
    purchasers = {
        one.id: one for one in work.all(work.select(Purchaser).where(col(Purchaser.id).in_(units)))
    }
    sources = {one.finding_id for one in links}
    came = work.select(UsageFinding).where(col(UsageFinding.source_id).in_(sources))
    found = {one.batch_id: one for one in work.session.exec(came.limit(LONGEST_PAGE)).all()}
    return [
        LinkRecord(
            one,
            batches[one.batch_id],
            purchasers.get(batches[one.batch_id].purchaser_id),
            found.get(one.batch_id),
        )
        for one in links
        if one.batch_id in batches
    ]
