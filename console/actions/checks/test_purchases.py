"""Test purchases (测试购买): planned, approved by another, ordered, received, and whose card it is.

What a parcel tells is found by the house and not by whoever opens it: a card of a batch here is
tied to the offer and becomes a finding of the batch (004-2.3-f), a card of stock can be traced.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.brought import media_type_of, nobodys_name
from console.actions.cards.industry.files import written
from console.actions.cards.industry.found import Sighting, add_finding
from console.actions.cards.industry.places import own_batches
from console.actions.cards.places import CardPlace, places
from console.actions.cases.tracing.card_words import cards_named
from console.actions.channel.held import carrier_of, held, must_be_another
from console.actions.channel.numbers import next_numbers
from console.actions.files import Download, put_on_record, whole
from console.desk import PAGE, Desk, Order, Slice, Work
from integrations.evidence import Digest
from models.audit import AuditEntry
from models.cards.industry import IndustryBatch
from models.cards.monitoring import FoundBy, UsageFinding
from models.cards.numbers import card_number
from models.checks.test_purchases import (
    LinkBy,
    OfferLink,
    OfferLinkState,
    PurchaseMove,
    PurchaseResult,
    PurchaseState,
    TestPurchase,
)
from models.formats import Carrier, Fault, check_iccid
from models.patrol.findings import Finding
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Invalid, NotFound
from models.rules import FindingKind, china_day
from models.staff import Organisation, User

MOST_FILES: Final = 10
MOST_CARDS: Final = 20
"""Cards of one parcel."""
MOST_FEN: Final = 10_000_000
LONGEST: Final[Mapping[str, int]] = {
    "offer": 500, "purpose": 1000, "platform": 32, "order_no": 64, "notes": 2000, "reason": 1000
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be bought, and why."""

    purpose: str
    offer: str
    """Its title or address."""
    finding: str = ""
    """Number of the patrol's finding that it is to prove; platform and shop are then its own."""
    platform: str = ""
    carrier: str | None = None
    """Its code, where the actor works for several."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What came."""

    iccids: str = ""
    """As printed, in lines or with commas between; nothing: there was no card."""
    asked_identity: bool | None = None
    """Whether the seller asked who buys (004-1-b)."""
    works: bool | None = None
    notes: str = ""
    files: Sequence[tuple[str, bytes]] = ()
    """Pictures of parcel, card and order."""


@dataclass(frozen=True, slots=True)
class BoughtCard:
    """A card that came, and what is known of it here."""

    iccid: str
    issuer: Carrier
    """By the number alone: a hint."""
    batch: IndustryBatch | None
    """None also of one that the reader may not know of."""
    place: CardPlace | None


@dataclass(frozen=True, slots=True)
class PurchaseRecord:
    purchase: TestPurchase
    carrier: Organisation
    finding: Finding | None
    shop: Shop | None
    planner: User | None
    approver: User | None
    cards: Sequence[BoughtCard]
    usage_finding: UsageFinding | None
    deeds: Sequence[AuditEntry]


def plan_purchase(desk: Desk, plan: Plan) -> TestPurchase:
    purpose, offer, platform = (
        written(desk, f"purchase_{field}", words, LONGEST[field], needed=field != "platform")
        for field, words in
        (("purpose", plan.purpose), ("offer", plan.offer), ("platform", plan.platform))
    )  # fmt: skip
    with desk.begin(Permission.TEST_PURCHASE_EDIT) as work:
        carrier = carrier_of(work, plan.carrier)
        finding = _named(work, plan.finding)
        year = china_day(work.at).year
        (serial,) = next_numbers(work, f"test_purchases:{year}")
        row = work.add(
            TestPurchase(
                number=f"TP-{year}-{serial:06}",
                carrier_id=carrier.id,
                province=carrier.province,
                finding_id=finding.id if finding else None,
                shop_id=finding.shop_id if finding else None,
                platform=finding.platform if finding else platform,
                offer=offer,
                purpose=purpose,
                planned_by=work.actor.id,
                created_at=work.at,
            )
        )
        work.record("test_purchase.planned", row, finding=finding.number if finding else "")
        return row


def _named(work: Work, number: str) -> Finding | None:
    if not number.strip():
        return None
    wanted = work.select(Finding).where(Finding.number == number.strip().upper())
    return work.one(wanted, Finding)


def approve_purchase(
    desk: Desk, purchase_id: UUID | str, *, version: int | None = None
) -> TestPurchase:
    """Let it be bought; whoever planned it does not."""
    with desk.begin(Permission.TEST_PURCHASE_APPROVE) as work:
        row = held(work, TestPurchase, purchase_id, version)
        must_be_another(work, row.planned_by, row.number)
        row.move(PurchaseMove.APPROVE)
        row.approved_by = work.actor.id
        work.record("test_purchase.approved", row)
        return row


def order_purchase(
    desk: Desk,
    purchase_id: UUID | str,
    *,
    order_no: str,
    price_fen: int,
    version: int | None = None,
) -> TestPurchase:
    number = written(desk, "purchase_order_no", order_no, LONGEST["order_no"])
    if not 0 <= price_fen <= MOST_FEN:
        raise Invalid("test_purchase.bad_price", most=MOST_FEN // 100)
    with desk.begin(Permission.TEST_PURCHASE_EDIT) as work:
        row = held(work, TestPurchase, purchase_id, version)
        row.move(PurchaseMove.ORDER)
        row.order_no, row.price_fen, row.ordered_at = number, price_fen, work.at
        work.record("test_purchase.ordered", row, order=number, price_fen=price_fen)
        return row


def receive_purchase(
    desk: Desk, purchase_id: UUID | str, parcel: Parcel, *, version: int | None = None
) -> TestPurchase:
    """Put down what came, and find out whose it is."""
    cards = _cards(parcel)
    notes = written(desk, "purchase_notes", parcel.notes, LONGEST["notes"], needed=not cards)
    kept = _kept(desk, purchase_id, parcel)
    with desk.begin(Permission.TEST_PURCHASE_EDIT) as work:
        row = held(work, TestPurchase, purchase_id, version)
        row.move(PurchaseMove.RECEIVE)
        row.received_at, row.iccids, row.files, row.notes = work.at, cards, kept, notes
        row.asked_identity, row.works = parcel.asked_identity, parcel.works
        batches = _find_out(work, row)
        work.record(
            "test_purchase.received", row, result=row.result, cards=cards,
            asked_identity=row.asked_identity, works=row.works,
            files=[one["sha256"] for one in kept],
        )  # fmt: skip
        _report(work, row, batches)
        return row


def _cards(parcel: Parcel) -> list[str]:
    if not parcel.iccids.strip():
        return []
    cards = cards_named(parcel.iccids)
    if len(cards) > MOST_CARDS:
        raise Invalid("test_purchase.too_many_cards", most=MOST_CARDS)
    if not parcel.files:
        raise Invalid("test_purchase.picture_needed")
    if parcel.asked_identity is None or parcel.works is None:
        raise Invalid("test_purchase.say_how")
    return cards


def _kept(desk: Desk, purchase_id: UUID | str, parcel: Parcel) -> list[dict[str, str]]:
    """Every file is looked at before the first is written, and whoever may not writes none."""
    if len(parcel.files) > MOST_FILES:
        raise Invalid("test_purchase.too_many_files", most=MOST_FILES)
    kinds = [media_type_of(name, content) for name, content in parcel.files]
    with desk.begin(Permission.TEST_PURCHASE_EDIT) as work:
        held(work, TestPurchase, purchase_id, None)
    if not kinds:
        return []
    day = china_day(desk.now())
    digests = desk.house.evidence.keep_many(content for _, content in parcel.files)
    return [
        {"name": nobodys_name(name, day), "type": kind, "sha256": digest}
        for (name, _), kind, digest in zip(parcel.files, kinds, digests, strict=True)
    ]


def _find_out(work: Work, row: TestPurchase) -> Mapping[str, IndustryBatch]:
    """A card of a batch tells more than one of stock, and that more than a stranger's.

    The batches by the numbers of their cards.
    """
    numbers = {card_number(one): one for one in row.iccids}
    batches = own_batches(work, numbers)
    if batches:
        row.result = PurchaseResult.IN_BATCH
        row.card, first = next(iter(batches.items()))
        row.batch_id = first.id
    elif stock := places(work, numbers):
        row.result = PurchaseResult.IN_STOCK
        row.card = next(one for one in numbers if one in stock)
    else:
        row.result = PurchaseResult.NOT_OURS if numbers else PurchaseResult.NO_CARD
    return {numbers[at]: batch for at, batch in batches.items()}


def _report(work: Work, row: TestPurchase, batches: Mapping[str, IndustryBatch]) -> None:
    found = [_resold(work, row, iccid, batch) for iccid, batch in batches.items()]
    row.usage_finding_id = found[0].id if found else None
    for batch in {one.id: one for one in batches.values()}.values():
        _tie(work, row, batch, [iccid for iccid, one in batches.items() if one.id == batch.id])


def _resold(work: Work, row: TestPurchase, iccid: str, batch: IndustryBatch) -> UsageFinding:
    facts: dict[str, Any] = {
        "who": f"{row.number} {row.platform}".strip(),
        "said": row.offer,
        "asked_identity": row.asked_identity,
        "works": row.works,
    }
    seen = Sighting(
        FoundBy.TEST_PURCHASE,
        FindingKind.IOT_RESALE,
        china_day(row.ordered_at or work.at),
        china_day(work.at),
        card_number(iccid),
        facts=facts,
        evidence=[one["sha256"] for one in row.files],
        source_id=row.id,
        reported_by=work.actor.id,
    )
    finding = add_finding(work, batch, seen)
    work.session.flush()
    return finding


def _tie(work: Work, row: TestPurchase, batch: IndustryBatch, cards: Sequence[str]) -> None:
    """The offer that was bought is of that batch: proven, whatever was judged of it before."""
    if row.finding_id is None:
        return
    known = work.session.exec(
        select(OfferLink).where(
            OfferLink.finding_id == row.finding_id, OfferLink.batch_id == batch.id
        )
    ).first()
    link = known or work.add(
        OfferLink(
            finding_id=row.finding_id, batch_id=batch.id, carrier_id=batch.carrier_id,
            province=batch.province, how=LinkBy.TEST_PURCHASE, created_at=work.at,
        )
    )  # fmt: skip
    link.how, link.said = LinkBy.TEST_PURCHASE, f"{row.number} {' '.join(cards)}"[:500]
    link.state = OfferLinkState.CONFIRMED
    link.judged_by, link.judged_at = work.actor.id, work.at
    # On the batch alone: whoever reads the patrol's finding need not know of batches.
    work.record("offer_link.proven", batch, purchase=row.number)


def close_purchase(
    desk: Desk, purchase_id: UUID | str, *, reason: str, version: int | None = None
) -> TestPurchase:
    """What became of it."""
    why = written(desk, "reason", reason, LONGEST["reason"])
    with desk.begin(Permission.TEST_PURCHASE_EDIT) as work:
        row = held(work, TestPurchase, purchase_id, version)
        row.move(PurchaseMove.CLOSE)
        row.closed_at = work.at
        work.record("test_purchase.closed", row, reason=why)
        return row


def call_off_purchase(
    desk: Desk, purchase_id: UUID | str, *, reason: str, version: int | None = None
) -> TestPurchase:
    why = written(desk, "reason", reason, LONGEST["reason"])
    with desk.begin(Permission.TEST_PURCHASE_EDIT) as work:
        row = held(work, TestPurchase, purchase_id, version)
        row.move(PurchaseMove.CALL_OFF)
        row.closed_at = work.at
        work.record("test_purchase.called_off", row, reason=why)
        return row


def list_purchases(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    *,
    state: PurchaseState | None = None,
    result: PurchaseResult | None = None,
    words: str = "",
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[TestPurchase]:
    """The newest first; `words` is the beginning of a number."""
    with desk.begin(Permission.STOCK_READ) as work:
        query = work.select(TestPurchase)
        if state is not None:
            query = query.where(TestPurchase.state == state)
        if result is not None:
            query = query.where(TestPurchase.result == result)
        if start := words.strip().upper()[:40]:
            query = query.where(col(TestPurchase.number).startswith(start, autoescape=True))
        return work.slice(query, order or Order.by(TestPurchase.id), after, limit)


def purchase_record(desk: Desk, purchase_id: UUID | str) -> PurchaseRecord:
    with desk.begin(Permission.STOCK_READ) as work:
        row = work.get(TestPurchase, purchase_id)
        known = desk.actor.may(Permission.INDUSTRY_READ)
        usage = row.usage_finding_id if known else None
        return PurchaseRecord(
            purchase=row,
            carrier=work.session.get_one(Organisation, row.carrier_id),
            finding=_known(work, Finding, row.finding_id),
            shop=_known(work, Shop, row.shop_id),
            planner=_known(work, User, row.planned_by),
            approver=_known(work, User, row.approved_by),
            cards=_bought(work, row),
            usage_finding=_known(work, UsageFinding, usage),
            deeds=history(work, row),
        )


def _known(work: Work, table: type[Any], row_id: UUID | None) -> Any:  # noqa: ANN401 - of the table
    if row_id is None:
        return None
    return work.session.exec(work.select(table).where(table.id == row_id)).first()


def _bought(work: Work, row: TestPurchase) -> Sequence[BoughtCard]:
    numbers = {one: card_number(one) for one in row.iccids}
    in_batches = numbers.values() if work.actor.may(Permission.INDUSTRY_READ) else ()
    batches, stock = own_batches(work, in_batches), places(work, numbers.values())
    return [
        BoughtCard(one, _issuer(one), batches.get(number), stock.get(number))
        for one, number in numbers.items()
    ]


def _issuer(iccid: str) -> Carrier:
    card = check_iccid(iccid)
    return Carrier.UNKNOWN if isinstance(card, Fault) else card.issuer


def purchase_file(desk: Desk, purchase_id: UUID | str, sha256: str) -> Download:
    """A picture of what came, checked again; the look is on record."""
    with desk.begin(Permission.STOCK_READ) as work:
        row = work.get(TestPurchase, purchase_id)
        found = next((one for one in row.files if one["sha256"] == sha256), None)
        if found is None:
            raise NotFound("file.not_found")
    path = whole(desk.house.evidence, Digest(found["sha256"]))
    with put_on_record(desk, "test_purchase.file_looked_at", row, sha256=sha256):
        pass
    return Download(found["name"], found["type"], data=path.read_bytes())
