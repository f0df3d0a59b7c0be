"""Where in stock cards are: one step down an index for each, however many cards are held."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, FromClause, column, func, literal
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from console.actions.channel.numbers import carrier_mark
from console.desk import Work
from models.cards.stock import SourceChannel, StockBatch, StockRange
from models.channel.agents import Agent
from models.formats import Carrier
from models.staff import CARRIERS, Organisation, OrganisationKind

LONGEST_CHAIN: Final = 20
_ISSUERS: Final[Mapping[str, Carrier]] = {
    "CM": Carrier.CMCC,
    "CU": Carrier.CUCC,
    "CT": Carrier.CTCC,
    "CB": Carrier.CBN,
    "CBN": Carrier.CBN,
}
"""By the mark of a basic carrier's code; a reseller sells the cards of all."""
_AT_ONCE: Final = 1_000


class Place(NamedTuple):
    """A range of stock."""

    first: int
    last: int
    batch_id: UUID


@dataclass(frozen=True, slots=True)
class CardPlace:
    """What stock says of a card."""

    batch: StockBatch
    channel: SourceChannel
    chain: Sequence[Mapping[str, Any]]
    """The channel, whom it has its cards from, and so on up: id, code, name, kind, agent number."""


def below(
    work: Work, carriers: Iterable[UUID], numbers: Iterable[int]
) -> list[tuple[int, UUID, Place]]:
    """For each number and carrier the range that begins there or nearest below it.

    Ranges of a carrier don't overlap: it is the only one that may hold the number. No scope is
    applied: what is found is shown to nobody before `select` was asked for it.
    """
    wanted, own = sorted(set(numbers)), list(carriers)
    found: list[tuple[int, UUID, Place]] = []
    for at in range(0, len(wanted), _AT_ONCE):
        given = numbers_table(work, wanted[at : at + _AT_ONCE])
        for carrier in own:
            found += _below(work, carrier, given)
    return found


def _below(work: Work, carrier: UUID, given: FromClause) -> list[tuple[int, UUID, Place]]:
    near = aliased(StockRange)
    nearest = (
        select(near.id)
        .where(near.carrier_id == carrier, col(near.first) <= given.c.value)
        .order_by(col(near.first).desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(given.c.value, StockRange.first, StockRange.last, StockRange.batch_id)
        .select_from(given)
        .join(StockRange, col(StockRange.id) == nearest)
    )
    return [
        (int(number), carrier, Place(first, last, batch_id))
        for number, first, last, batch_id in work.session.connection().execute(statement).all()
    ]


def numbers_table(work: Work, numbers: Sequence[int]) -> FromClause:
    """Numbers as a table of one column."""
    if work.session.get_bind().dialect.name == "postgresql":
        each = func.unnest(literal(list(numbers), ARRAY(BigInteger)))
        return each.table_valued(column("value", BigInteger), name="given").render_derived()
    each = func.json_each(json.dumps(list(numbers)))
    return each.table_valued(column("value", BigInteger), name="given")


def numbers_of(work: Work, batch_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """What batches are called; for whoever has the carrier's stock before them."""
    wanted, found = sorted(set(batch_ids)), dict[UUID, str]()
    for at in range(0, len(wanted), _AT_ONCE):
        query = select(StockBatch.id, StockBatch.number)
        some = query.where(col(StockBatch.id).in_(wanted[at : at + _AT_ONCE]))
        found |= dict(work.session.exec(some).all())
    return found


def places(work: Work, numbers: Iterable[int]) -> Mapping[int, CardPlace]:
    """What the actor's stock says of each card; a card that is not in it is not in the answer."""
    held = [
        (number, place) for number, _, place in below(work, _carriers(work), numbers)
        if place.last >= number
    ]  # fmt: skip
    batches = _rows(work, StockBatch, {place.batch_id for _, place in held})
    channels = chains(work, {batch.channel_id for batch in batches.values()})
    found: dict[int, CardPlace] = {}
    for number, place in held:
        batch = batches.get(place.batch_id)
        if batch is not None and batch.channel_id in channels:
            channel, chain = channels[batch.channel_id]
            found[number] = CardPlace(batch, channel, chain)
    return found


def _carriers(work: Work) -> Sequence[UUID]:
    """Whose stock may have it: the actor's own carriers, or for who watches any."""
    if work.actor.carriers:
        return sorted(work.actor.carriers)
    query = select(Organisation.id).where(col(Organisation.kind).in_(CARRIERS))
    return work.session.exec(query.order_by(col(Organisation.id))).all()


def _rows(work: Work, table: type[Any], ids: Iterable[UUID]) -> dict[UUID, Any]:
    wanted, found = sorted(set(ids)), dict[UUID, Any]()
    for at in range(0, len(wanted), _AT_ONCE):
        query = work.select(table).where(table.id.in_(wanted[at : at + _AT_ONCE]))
        found |= {row.id: row for row in work.session.exec(query).all()}
    return found


def chains(
    work: Work, channel_ids: Iterable[UUID]
) -> Mapping[UUID, tuple[SourceChannel, Sequence[Mapping[str, Any]]]]:
    """Each channel, and from it up to the one that has its cards from nobody, level by level."""
    first = set(channel_ids)
    known: dict[UUID, SourceChannel] = {}
    wanted = set(first)
    for _ in range(LONGEST_CHAIN):
        wanted -= known.keys()
        if not wanted:
            break
        known |= _rows(work, SourceChannel, wanted)
        wanted = {one.parent_id for one in known.values() if one.parent_id is not None}
    agents = _agents(work, known.values())
    return {
        one: (known[one], _chain(known, agents, known[one])) for one in first if one in known
    }  # fmt: skip


def _chain(
    known: Mapping[UUID, SourceChannel], agents: Mapping[UUID, str], channel: SourceChannel
) -> list[Mapping[str, Any]]:
    chain: list[Mapping[str, Any]] = []
    at: SourceChannel | None = channel
    while at is not None and len(chain) < LONGEST_CHAIN:
        chain.append(
            {
                "id": str(at.id),
                "code": at.code,
                "name": at.name,
                "kind": at.kind.value,
                "agent_no": agents.get(at.agent_id, "") if at.agent_id else "",
            }
        )
        at = known.get(at.parent_id) if at.parent_id else None
    return chain


def _agents(work: Work, channels: Iterable[SourceChannel]) -> Mapping[UUID, str]:
    ids = {one.agent_id for one in channels if one.agent_id is not None}
    return {row.id: row.agent_no for row in _rows(work, Agent, ids).values()}


def own_issuer(work: Work, carrier_id: UUID) -> Carrier | None:
    """Whose cards a carrier's must be, as far as its code tells; None where they may be any."""
    own = work.session.get_one(Organisation, carrier_id)
    return None if own.kind is OrganisationKind.RESELLER else _ISSUERS.get(carrier_mark(own))
