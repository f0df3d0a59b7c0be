"""Whose use is looked at more closely for a time: batches, and single cards of them (004-2.3-g)."""

from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cards.industry.files import held_batch, written
from console.actions.cards.industry.one_card import card_in
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import WatchEntry
from models.cards.numbers import card_key
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day

MOST_CARDS: Final = 10_000
"""Single cards of one batch under watch; beyond, the batch itself is watched."""
_REASON: Final = 500


def add_watch(
    desk: Desk,
    batch_id: UUID | str,
    iccid: str = "",
    *,
    reason: str,
    until: date | None = None,
) -> WatchEntry:
    """Look closely at a card, or without one at the whole batch; by default for iot_watch_term."""
    why = written(desk, "reason", reason, _REASON)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        batch = held_batch(work, batch_id, None)
        card = card_in(work, batch, iccid) if iccid.strip() else 0
        _must_be_new(work, batch, card)
        entry = work.add(
            WatchEntry(
                batch_id=batch.id,
                carrier_id=batch.carrier_id,
                province=batch.province,
                card=card,
                iccid=card_key(card) if card else "",
                reason=why,
                added_by=work.actor.id,
                since=work.at,
                until=_until(work, until),
            )
        )
        work.record("watch.added", entry, batch=batch.number, until=str(entry.until), reason=why)
        return entry


def end_watch(desk: Desk, entry_id: UUID | str, reason: str) -> WatchEntry:
    """It is looked at like any other again."""
    why = written(desk, "reason", reason, _REASON)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        entry = work.get(WatchEntry, entry_id)
        if not work.actor.is_house and entry.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=entry.iccid)
        if entry.ended_at is not None:
            raise Conflict("watch.ended", iccid=entry.iccid)
        entry.ended_at, entry.ended_why = work.at, why
        work.record("watch.ended", entry, reason=why)
        return entry


def the_watch(desk: Desk, entry_id: UUID | str) -> WatchEntry:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return work.get(WatchEntry, entry_id)


def list_watch(
    desk: Desk,
    *,
    batch: UUID | str | None = None,
    ended: bool = False,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[WatchEntry]:
    """What is under watch, the newest first; with `ended`, what was before as well."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(WatchEntry)
        if batch is not None:
            query = query.where(WatchEntry.batch_id == work.get(IndustryBatch, batch).id)
        if not ended:
            today = china_day(work.at)
            query = query.where(col(WatchEntry.ended_at).is_(None), col(WatchEntry.until) >= today)
        return work.slice(query, Order.by(WatchEntry.id), after, limit)


def _until(work: Work, until: date | None) -> date:
    """The last day: not past, and not beyond a year, so that somebody thinks of it anew."""
    today = china_day(work.at)
    if until is None:
        # A deadline is the first moment too late.
        return china_day(deadline(work, "iot_watch_term").at) - date.resolution
    longest = china_day(deadline(work, "iot_watch_longest").at) - date.resolution
    if not today <= until <= longest:
        raise Invalid("watch.bad_end", until=until, first=today, last=longest)
    return until


def _must_be_new(work: Work, batch: IndustryBatch, card: int) -> None:
    alive = (
        select(WatchEntry)
        .where(WatchEntry.batch_id == batch.id)
        .where(col(WatchEntry.ended_at).is_(None), col(WatchEntry.until) >= china_day(work.at))
    )
    same = work.session.exec(alive.where(WatchEntry.card == card)).first()
    if same is not None:
        raise Conflict("watch.already", title=same.iccid or batch.number, until=same.until)
    if card:
        single = alive.where(WatchEntry.card != 0).subquery()
        if work.session.exec(select(func.count()).select_from(single)).one() >= MOST_CARDS:
            raise Conflict("watch.too_many", number=batch.number, most=MOST_CARDS)
