"""How things stand for an organisation: counted by the house, kept, and read at once.

Counting takes seconds and reads no whole row; a page reads what was counted and says when.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from operator import itemgetter
from time import monotonic, perf_counter
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import delete, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, func, select

from console.actions.oversight.counting import count_all
from console.actions.staff.able import may
from console.actions.staff.sign_in import actor_in
from console.desk import Desk, House, Work
from models.audit import AuditEntry
from models.base import new_ids
from models.oversight.figures import Cut, Indicator, OversightFigure, OversightPicture
from models.permissions import Permission, Role
from models.refusals import Conflict, Refusal
from models.staff import HOUSE, Actor, Organisation, OrganisationKind, User

HOURLY: Final = timedelta(hours=1)
AGAIN: Final = timedelta(minutes=5)
"""So long after a count, or after somebody asked for one, nobody may ask for another."""
ASKED: Final = "oversight.count_asked"
_ROUND: Final = 5.0
"""Seconds of one round of the sweep: others wait for it."""
_NOTHING: Final = "-"


@dataclass(frozen=True, slots=True)
class Picture:
    """What was last counted for an organisation."""

    made_at: datetime | None
    """None: nothing was counted yet."""
    figures: Mapping[tuple[Indicator, Cut], Sequence[OversightFigure]] = field(
        default_factory=dict[tuple[Indicator, Cut], Sequence[OversightFigure]]
    )
    """As things stand now, or over the past year where something passes; by name."""
    months: Mapping[tuple[Indicator, str], Mapping[str, OversightFigure]] = field(
        default_factory=dict[tuple[Indicator, str], Mapping[str, OversightFigure]]
    )
    """By month, of the whole (an empty name), and of times by platform."""

    def now(self, indicator: Indicator) -> OversightFigure | None:
        """The figure of the whole; None where it was not counted."""
        return next(iter(self.by(indicator, Cut.WHOLE)), None)

    def by(self, indicator: Indicator, cut: Cut) -> Sequence[OversightFigure]:
        """One figure for each platform, province or carrier that has any, by name."""
        return self.figures.get((indicator, cut), ())

    def trend(self, indicator: Indicator, platform: str = "") -> Mapping[str, OversightFigure]:
        """By month, the oldest first, at most 18: what passed in it, or how it stood at its end."""
        return self.months.get((indicator, platform), {})


def picture(desk: Desk, cuts: Collection[Cut] = tuple(Cut)) -> Picture:
    """Of the actor's own organisation; by those cuts alone where a page shows no others."""
    with desk.begin(Permission.OVERVIEW_READ) as work:
        organisation = work.actor.organisation_id
        head = None if organisation is None else work.session.get(OversightPicture, organisation)
        if head is None:
            return Picture(None)
        whose, made_at = head.organisation_id, head.made_at
        return desk.house.memory.ask(
            ("picture", whose, made_at, frozenset(cuts)),
            work.at,
            lambda: put_together(made_at, figures_of(work, whose, cuts)),
        )


def figures_of(
    work: Work, organisation_id: UUID, cuts: Collection[Cut] = tuple(Cut)
) -> Sequence[OversightFigure]:
    """What was counted for it, whatever the actor's scope."""
    own = OversightFigure.organisation_id == organisation_id
    found = select(OversightFigure).where(own, col(OversightFigure.cut).in_(cuts))
    return work.session.exec(found).all()


def put_together(made_at: datetime, rows: Sequence[OversightFigure]) -> Picture:
    figures: dict[tuple[Indicator, Cut], list[OversightFigure]] = defaultdict(list)
    months: dict[tuple[Indicator, str], dict[str, OversightFigure]] = defaultdict(dict)
    for row in sorted(rows, key=lambda one: (one.month, one.name)):
        if row.month:
            months[row.indicator, row.name][row.month] = row
        else:
            figures[row.indicator, row.cut].append(row)
    return Picture(made_at, dict(figures), dict(months))


def refresh(desk: Desk) -> Organisation:
    """Ask the house to count anew; Conflict within five minutes of the last time."""
    with desk.begin(Permission.OVERVIEW_COUNT) as work:
        organisation = work.get(Organisation, desk.actor.organisation_id or _NOTHING)
        head = work.session.get(OversightPicture, organisation.id)
        asked = _asked_at(work, organisation.id)
        last = max((one for one in (asked, head and head.made_at) if one), default=None)
        if last is not None and work.at - last < AGAIN:
            raise Conflict("oversight.counted_just_now", minutes=int(AGAIN.total_seconds() // 60))
        work.record(ASKED, organisation)
        return organisation


def _asked_at(work: Work, organisation_id: UUID) -> datetime | None:
    return work.session.exec(
        select(AuditEntry.at)
        .where(AuditEntry.subject_kind == Organisation.__name__)
        .where(AuditEntry.subject_id == str(organisation_id), AuditEntry.deed == ASKED)
        .order_by(col(AuditEntry.seq).desc())
    ).first()


def sweep_pictures(desk: Desk) -> int:
    """As many as fit into a round; the next one goes on with those that are due still."""
    return count_pictures(desk, seconds=_ROUND)


def count_pictures(desk: Desk, *, seconds: float | None = None, everything: bool = False) -> int:
    """Count each picture that is an hour old or asked for, or all; how many it was.

    One that fails stops no other.
    """
    begun, done = monotonic(), 0
    for organisation_id in _due(desk, timedelta(0) if everything else HOURLY):
        try:
            count_picture(desk.house, organisation_id)
            done += 1
        except (Refusal, SQLAlchemyError):
            log = structlog.get_logger(__name__)
            log.exception("oversight.failed", organisation=str(organisation_id))
        if seconds is not None and monotonic() - begun >= seconds:
            break
    return done


def _due(desk: Desk, after: timedelta) -> Sequence[UUID]:
    """Of organisations with people who may look at it, those never counted first."""
    with desk.begin(Permission.STAFF_READ) as work:
        people = (
            select(User.organisation_id)
            .where(may(Permission.OVERVIEW_READ), col(User.disabled_at).is_(None))
            .distinct()
        )
        organisations = work.session.exec(
            select(Organisation.id).where(
                col(Organisation.id).in_(people), col(Organisation.disabled_at).is_(None)
            )
        ).all()
        heads = work.session.exec(select(OversightPicture)).all()
        made = {one.organisation_id: one.made_at for one in heads}
        asked, old = _asked(work, work.at - HOURLY), work.at - after
        never = [one for one in organisations if one not in made]
        again = [
            one
            for one, at in sorted(made.items(), key=itemgetter(1))
            if one in organisations and (at <= old or asked.get(one, at) > at)
        ]
    return [*never, *again]


def _asked(work: Work, since: datetime) -> Mapping[UUID, datetime]:
    rows = work.session.exec(
        select(AuditEntry.subject_id, func.max(AuditEntry.at))
        .where(AuditEntry.deed == ASKED, AuditEntry.at >= since)
        .group_by(AuditEntry.subject_id)
    ).all()
    return {UUID(subject): at for subject, at in rows}


def count_picture(house: House, organisation_id: UUID) -> OversightPicture:
    """Count what the organisation's own people may know of, and put it in the old one's place."""
    begun, counter = perf_counter(), onlooker(house, organisation_id)
    with house.desk(counter).begin(Permission.OVERVIEW_READ) as work:
        counted, at = count_all(work), work.at
    ids = new_ids(len(counted))
    rows = [{**row, "id": row_id, "organisation_id": organisation_id}
            for row, row_id in zip(counted, ids, strict=True)]  # fmt: skip
    with house.desk().begin(Permission.SWEEP) as work:
        held = select(Organisation).where(Organisation.id == organisation_id)
        work.session.exec(held.with_for_update()).one()
        own = col(OversightFigure.organisation_id) == organisation_id
        work.session.connection().execute(delete(OversightFigure).where(own))
        if rows:
            work.session.connection().execute(insert(OversightFigure), rows)
        head = work.session.get(OversightPicture, organisation_id)
        took = round(1000 * (perf_counter() - begun))
        head = head or OversightPicture(organisation_id=organisation_id, made_at=at, took_ms=took)
        head.made_at, head.took_ms = at, took
        work.add(head)
        work.no_deed()
        return head


def onlooker(house: House, organisation_id: UUID) -> Actor:
    """Nobody in particular of the organisation, who may read whatever its people may."""
    with house.desk().begin(Permission.STAFF_READ) as work:
        organisation = work.session.get_one(Organisation, organisation_id)
        watches = organisation.kind is OrganisationKind.COMM_ADMIN
        role = Role.REGULATOR if watches else Role.AUDITOR
        return replace(actor_in(work, organisation), name=HOUSE.name, roles=frozenset({role}))
