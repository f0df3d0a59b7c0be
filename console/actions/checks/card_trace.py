"""Where one card came from, and whether it may be sold in a shop on a day (004-3.3-h)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.places import own_batches
from console.actions.cards.places import CardPlace, below, places
from console.desk import Desk, Work
from models.cards.industry import BatchState, IndustryBatch
from models.cards.numbers import CardFault, card_number, card_of
from models.channel.agents import Agent
from models.channel.licences import Ground, Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.checks.orders import OrderFacts
from models.checks.traces import CardSeen, IccidMatch, TraceGround, ground_of, in_scope
from models.formats import Carrier, Iccid
from models.permissions import Permission
from models.refusals import Invalid, NotFound
from models.rules import china_day

_NOT_YET = (LicenceState.DRAFT, LicenceState.PENDING_APPROVAL)
_WORKING = frozenset({BatchState.IN_USE, BatchState.RESTRICTED})


@dataclass(frozen=True, slots=True)
class CardTrace:
    iccid: str
    issuer: Carrier
    """By the number alone: a hint."""
    matched: IccidMatch | None
    """None: no number here is like it."""
    is_industry: bool
    batch: IndustryBatch | None
    """None also for who may not know of batches."""
    place: CardPlace | None
    """Its delivery in stock, and the chain of channels."""
    shop: AuthorisedShop | None
    agent: Agent | None
    """Of the shop, else of the channel that the card was given to."""
    licence: Licence | None
    """That of the agent's which speaks best for the sale."""
    in_scope: bool | None
    grounds: tuple[TraceGround, ...]
    should_be_active: bool | None
    """By its batch, or by its order; None: nobody can say."""

    @property
    def seen(self) -> CardSeen:
        industry = (TraceGround.INDUSTRY_CARD,) if self.is_industry else ()
        return CardSeen(self.iccid, self.in_scope, tuple(dict.fromkeys(industry + self.grounds)))

    def as_row(self) -> dict[str, Any]:
        """As a check's outcome keeps it."""
        return {
            "iccid": self.iccid,
            "issuer": self.issuer.value,
            "matched": self.matched.value if self.matched else None,
            "is_industry": self.is_industry,
            "batch": self.batch.number if self.batch else None,
            "stock": self.place.batch.number if self.place else None,
            "chain": [dict(one) for one in self.place.chain] if self.place else [],
            "agent": self.agent.agent_no if self.agent else None,
            "licence": self.licence.number if self.licence else None,
            "in_scope": self.in_scope,
            "grounds": [one.value for one in self.grounds],
            "should_be_active": self.should_be_active,
        }


@dataclass(frozen=True, slots=True)
class Sale:
    """Where and when a card was sold, as far as it is known."""

    shop: AuthorisedShop | None = None
    on: date | None = None
    order: OrderFacts = field(default_factory=OrderFacts)
    is_shop: bool = False
    """It was sold in a shop, whoever's that is."""


def trace_card(
    desk: Desk, iccid: str, shop: UUID | str | None = None, on: date | None = None
) -> CardTrace:
    """One card by its ICCID in any spelling; `shop` is an authorised one, by its id."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        place = work.get(AuthorisedShop, shop) if shop else None
        sale = Sale(place, on, is_shop=place is not None)
        return traces_of(work, [iccid], sale)[0]


def traces_of(work: Work, iccids: Sequence[str], sale: Sale) -> list[CardTrace]:
    """Each of the cards, in their order, as far as the actor may know of where they are."""
    cards = [_card(one) for one in iccids]
    numbers = [card_number(one.key) for one in cards]
    batches, stock = own_batches(work, numbers), places(work, numbers)
    single = _singles(work, numbers, stock)
    ordered = frozenset(one.replace(" ", "").upper() for one in sale.order.iccids)
    return [
        _traced(work, card, batches.get(number), stock.get(number), sale,
                _matched(card, number, ordered, single, batches, stock))
        for card, number in zip(cards, numbers, strict=True)
    ]  # fmt: skip


def _card(text: str) -> Iccid:
    found = card_of(text)
    if isinstance(found, CardFault):
        raise Invalid("stock.no_iccid", value=text.strip()[:40])
    return found


def _singles(work: Work, numbers: Sequence[int], stock: Mapping[int, CardPlace]) -> frozenset[int]:
    """Which cards stand in a delivery by their own number, and not between two others."""
    carriers = {place.batch.carrier_id for place in stock.values()}
    found = below(work, carriers, numbers)
    return frozenset(number for number, _, one in found if one.first == one.last == number)


def _matched(  # noqa: PLR0913, PLR0917 - where a number may stand
    card: Iccid,
    number: int,
    ordered: frozenset[str],
    single: frozenset[int],
    batches: Mapping[int, IndustryBatch],
    stock: Mapping[int, CardPlace],
) -> IccidMatch | None:
    if card.text in ordered:
        return IccidMatch.EXACT
    if number in single or any(one[: len(card.key)] == card.key for one in ordered):
        return IccidMatch.FIRST_19
    return IccidMatch.RANGE if number in batches or number in stock else None


def _traced(  # noqa: PLR0913, PLR0917 - what is known of a card
    work: Work,
    card: Iccid,
    batch: IndustryBatch | None,
    place: CardPlace | None,
    sale: Sale,
    matched: IccidMatch | None,
) -> CardTrace:
    agent = _agent(work, place, sale)
    on = sale.on or china_day(work.at)
    licence = _licence(work, agent, sale.shop, on) if agent else None
    grounds = tuple(_grounds(batch, place, agent, licence, sale, on))
    may_know = work.actor.may(Permission.INDUSTRY_READ)
    return CardTrace(
        iccid=card.text,
        issuer=card.issuer,
        matched=matched,
        is_industry=batch is not None,
        batch=batch if may_know else None,
        place=place,
        shop=sale.shop,
        agent=agent,
        licence=licence,
        in_scope=in_scope(grounds),
        grounds=grounds,
        should_be_active=(
            batch.state in _WORKING if batch is not None else sale.order.may_be_active
        ),
    )


def _agent(work: Work, place: CardPlace | None, sale: Sale) -> Agent | None:
    if sale.shop is not None:
        return work.session.get_one(Agent, sale.shop.agent_id)
    given = place.channel.agent_id if place else None
    return work.session.get(Agent, given) if given else None


def _licence(work: Work, agent: Agent, shop: AuthorisedShop | None, on: date) -> Licence | None:
    """The one in force there on that day; else the newest that names the shop; else the newest."""
    rows = work.session.exec(
        select(Licence)
        .where(Licence.agent_id == agent.id, col(Licence.state).not_in(_NOT_YET))
        .order_by(col(Licence.ends_on).desc(), col(Licence.id).desc())
        .limit(50)
    ).all()
    if shop is None:
        return next((one for one in rows if _is_in_force(one, on)), None)
    covering = (one for one in rows if _against(one, shop, on) is None)
    naming = (one for one in rows if str(shop.id) in one.shop_ids)
    return next(covering, None) or next(naming, None) or next(iter(rows), None)


def _is_in_force(licence: Licence, on: date) -> bool:
    return licence.state is LicenceState.ACTIVE and licence.begins_on <= on <= licence.ends_on


def _grounds(  # noqa: PLR0913, PLR0917 - as above
    batch: IndustryBatch | None,
    place: CardPlace | None,
    agent: Agent | None,
    licence: Licence | None,
    sale: Sale,
    on: date,
) -> Iterator[TraceGround]:
    if batch is not None:
        # Cards of a batch are bought by a unit; in no shop and by no agent are they sold.
        yield TraceGround.INDUSTRY_CARD
        return
    if place is None:
        yield TraceGround.UNKNOWN_CARD  # perhaps another carrier's, whose licences are not known
        return
    if sale.is_shop and sale.shop is None:
        yield TraceGround.NO_DELEGATION
        return
    if agent is None:
        yield TraceGround.NO_AGENT
        return
    if sale.shop is not None and not _has_passed(place, agent):
        yield TraceGround.OTHER_CHANNEL
    if licence is None:
        yield TraceGround.NO_DELEGATION
    elif sale.shop is not None:
        against = _against(licence, sale.shop, on)
        if against is not None:
            yield ground_of(against)


def _against(licence: Licence, shop: AuthorisedShop, on: date) -> Ground | None:
    """One that has run out since was in force on its days all the same."""
    if licence.state is LicenceState.EXPIRED and licence.begins_on <= on <= licence.ends_on:
        return None if str(shop.id) in licence.shop_ids else Ground.OUT_OF_SCOPE
    return licence.ground_against(shop.id, (), on)


def _has_passed(place: CardPlace, agent: Agent) -> bool:
    """The card went through a channel of that agent, or through none that is an agent's."""
    named = {one["agent_no"] for one in place.chain if one["agent_no"]}
    return not named or agent.agent_no in named


def shop_of(work: Work, shop_id: UUID | None) -> AuthorisedShop | None:
    if shop_id is None:
        return None
    shop = work.session.get(AuthorisedShop, shop_id)
    if shop is None:
        raise NotFound("row.not_found", table=AuthorisedShop.__name__)
    return shop
