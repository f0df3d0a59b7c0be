"""Signals: what buyers report and what scans look like. A reason to look, never a verdict."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.badges import fall_as_copied
from console.actions.channel.scan_counts import Series, series_of
from console.desk import PAGE, Desk, House, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.badges import Badge, BadgeMove, BadgeState
from models.channel.shops import AuthorisedShop
from models.channel.signals import (
    ScanCount,
    Signal,
    SignalKind,
    SignalMove,
    SignalOutcome,
    SignalState,
)
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day
from models.scan_watch import Limits, Watched, watch
from models.staff import HOUSE

LONGEST_WORDS: Final = 200
_MOST_SHOPS: Final = 50
"""Reports that a signal keeps word for word; all are counted."""
_LOOK_BACK: Final = timedelta(hours=26)
_SERIES_DAYS: Final = 180
_BATCH: Final = 100
_WATCHED: Final = frozenset({BadgeState.ISSUED, BadgeState.DISPLAYED, BadgeState.SUSPENDED})
_PERSONAL: Final = re.compile(r"(?<!\d)\d{11,18}[\dXx]?(?!\d)")


@dataclass(frozen=True, slots=True)
class Report:
    """What a buyer says who is in another shop than the badge names. All of it may be empty."""

    platform: str = ""
    shop: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class SignalRecord:
    signal: Signal
    badge: Badge
    agent: Agent
    shop: AuthorisedShop
    series: Series | None
    """None of a badge that nobody scanned of late."""
    deeds: Sequence[AuditEntry]


def report_badge(house: House, badge_name: str, report: Report) -> Signal:
    """A buyer's word that a badge hangs in another shop. Who said it is not known, nor asked."""
    with house.desk(HOUSE).begin(Permission.SWEEP) as work:
        badge = _badge_named(work, badge_name)
        said = {"at": work.at.isoformat(), **_cleaned(report)}
        signal = _open_signal(work, badge, SignalKind.REPORTED)
        shops = [*signal.facts.get("shops", []), said]
        signal.facts = {**signal.facts, "shops": shops[-_MOST_SHOPS:]}
        work.record("signal.reported", signal, platform=said["platform"], shop=said["shop"])
        return signal


def _cleaned(report: Report) -> dict[str, str]:
    """Numbers as long as a telephone's or an identity card's are not kept."""
    given = {"platform": report.platform, "shop": report.shop, "words": report.words}
    plain = {
        name: "".join(one for one in text if one.isprintable()).strip()[:LONGEST_WORDS]
        for name, text in given.items()
    }
    plain["words"] = _PERSONAL.sub("•••", plain["words"])
    return plain


def _badge_named(work: Work, badge_name: str) -> Badge:
    """Under its lock, so that two signals are never opened at once."""
    return work.one(work.select(Badge).where(Badge.badge_id == badge_name), Badge)


def _open_signal(work: Work, badge: Badge, kind: SignalKind) -> Signal:
    """The open signal of that kind, counted up; else a new one."""
    query = select(Signal).where(
        Signal.badge_id == badge.id, Signal.kind == kind, Signal.state == SignalState.OPEN
    )
    known = work.session.exec(query.with_for_update()).first()
    if known is not None:
        known.times, known.last_at = known.times + 1, work.at
        return known
    return work.add(
        Signal(
            badge_id=badge.id,
            badge_name=badge.badge_id,
            carrier_id=badge.carrier_id,
            agent_id=badge.agent_id,
            platform=badge.platform,
            province=badge.province,
            kind=kind,
            first_at=work.at,
            last_at=work.at,
        )
    )


def watch_badges(desk: Desk) -> int:
    """Open a signal for each badge whose scans are not its own; how many were new."""
    with desk.begin(Permission.SIGNAL_READ) as work:
        scanned = work.session.exec(
            select(ScanCount.badge_id)
            .where(col(ScanCount.hour) >= work.at - _LOOK_BACK)
            .distinct()
            .order_by(ScanCount.badge_id)
        ).all()
    raised = 0
    for start in range(0, len(scanned), _BATCH):
        raised += sum(
            _raise(desk, badge_name, watched)
            for badge_name, watched in _alarms(desk, scanned[start : start + _BATCH])
        )
    return raised


def _alarms(desk: Desk, badge_names: Sequence[str]) -> list[tuple[str, Watched]]:
    limits = Limits.on(china_day(desk.now()))
    with desk.begin(Permission.SIGNAL_READ) as work:
        series = series_of(work, badge_names, _SERIES_DAYS)
        closed = _closed(work, badge_names)
    found: list[tuple[str, Watched]] = []
    for name, one in series.items():
        looked = closed.get(name)
        since = one.at(china_day(looked)) + 1 if looked else 0
        watched = watch(one.days, limits, since)
        if watched.is_alarm(limits):
            found.append((name, watched))
    return found


def _closed(work: Work, badge_names: Sequence[str]) -> Mapping[str, datetime]:
    """When somebody last looked at a badge's scans and closed the matter."""
    rows = work.session.exec(
        select(Signal.badge_name, Signal.closed_at)
        .where(col(Signal.badge_name).in_(badge_names), Signal.kind == SignalKind.SCANS)
        .where(Signal.state == SignalState.CLOSED)
        .order_by(col(Signal.closed_at))
    ).all()
    return {name: at for name, at in rows if at is not None}


def _raise(desk: Desk, badge_name: str, watched: Watched) -> bool:
    """Whether the signal is new. One that is open is told of once a day."""
    limits = Limits.on(china_day(desk.now()))
    facts = {
        "score": round(watched.score(limits), 2),
        "count": round(watched.count, 2),
        "mix": round(watched.mix, 2),
        "provinces": list(watched.provinces),
    }
    with desk.begin(Permission.SWEEP) as work:
        badge = _badge_named(work, badge_name)
        if badge.state not in _WATCHED:
            return False
        last = work.session.exec(
            select(Signal.last_at)
            .where(Signal.badge_id == badge.id, Signal.kind == SignalKind.SCANS)
            .where(Signal.state == SignalState.OPEN)
        ).first()
        if last is not None and china_day(last) == china_day(work.at):
            return False
        signal = _open_signal(work, badge, SignalKind.SCANS)
        signal.facts = facts
        work.record("signal.raised", signal, **facts)
        return last is None


def close_signal(desk: Desk, signal_id: UUID | str, outcome: SignalOutcome, remark: str) -> Signal:
    """Say what came of it. A copy makes the badge void in the same transaction."""
    if not remark.strip():
        raise Invalid("signal.remark_needed")
    with desk.begin(Permission.SIGNAL_CLOSE) as work:
        signal = work.get(Signal, signal_id)
        if not work.actor.is_house and signal.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=signal.title)
        if signal.state is SignalState.CLOSED:
            raise Conflict("signal.closed", title=signal.title)
        signal.move(SignalMove.CLOSE)
        signal.outcome, signal.remark = outcome, remark.strip()
        signal.closed_by, signal.closed_at = work.actor.id, work.at
        work.record("signal.closed", signal, outcome=outcome.value, reason=signal.remark)
        badge = work.get(Badge, signal.badge_id)
        if outcome is SignalOutcome.COPIED and BadgeMove.COPIED_DETECTED in badge.open_moves():
            fall_as_copied(work, badge.id, signal.remark)
        return signal


def get_signal(desk: Desk, signal_id: UUID | str) -> Signal:
    with desk.begin(Permission.SIGNAL_READ) as work:
        return work.get(Signal, signal_id)


def list_signals(
    desk: Desk,
    *,
    state: SignalState | None = None,
    kind: SignalKind | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[Signal]:
    """Signals that the actor may know of, those that were heard of last first."""
    with desk.begin(Permission.SIGNAL_READ) as work:
        query = work.select(Signal)
        if state is not None:
            query = query.where(Signal.state == state)
        if kind is not None:
            query = query.where(Signal.kind == kind)
        return work.slice(query, Order.by(Signal.last_at), after, limit)


def signal_record(desk: Desk, signal_id: UUID | str) -> SignalRecord:
    with desk.begin(Permission.SIGNAL_READ) as work:
        signal = work.get(Signal, signal_id)
        badge = work.session.get_one(Badge, signal.badge_id)
        series = series_of(work, [signal.badge_name], _SERIES_DAYS)
        return SignalRecord(
            signal=signal,
            badge=badge,
            agent=work.session.get_one(Agent, signal.agent_id),
            shop=work.session.get_one(AuthorisedShop, badge.shop_id),
            series=series.get(signal.badge_name),
            deeds=history(work, signal),
        )
