"""More time: asked for before the due date with a reason, granted by another person (4.12).

What can have more time is a row of `EXTENDABLE`; another kind of subject is one more row there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cases.rectifications.issuing import is_unit
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import PAGE, Desk, Order, Slice, Work
from models.base import Table
from models.cases.extensions import Extension, ExtensionMove, ExtensionState
from models.cases.notices import Notice, NoticeState
from models.cases.rectifications import Rectification, RectificationMove
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import Parameter, china_day, end_of, parameter
from models.rules.tables import CalendarDay, office_calendar
from models.staff import Actor

_LONGEST: Final = 2000
_LONGEST_ANSWER: Final = 1000
_A_SECOND: Final = timedelta(seconds=1)
_LAST_DAY: Final = date(2100, 12, 31)
"""Past it nothing is due: the last of all days has no end."""


@dataclass(frozen=True, slots=True)
class Extendable:
    """One kind of subject: what is due, who asks and who decides, and how far it may go.

    The callables get a row of `table`. `extend` sets the new due moment, moves the row and leaves
    the deed of the subject to `decide_extension`.
    """

    table: type[Table]
    due: Callable[[Any], datetime | None]
    may_ask: Callable[[Actor, Any], bool]
    asker: Callable[[Any], UUID]
    """Whose people ask."""
    decider: Callable[[Any], UUID]
    """Whose approver decides."""
    is_open: Callable[[Any], bool]
    """Whether it stands where more time can be had."""
    is_fixed: Callable[[Any], bool]
    """Whether somebody outside has set the date, whom nobody here can speak for."""
    extend: Callable[[Any, datetime], None]
    deed: str
    longest: str
    """The parameter that says by how much at most."""
    most: str
    """The parameter that says how often at most."""


def _extend_rectification(row: Rectification, due_at: datetime) -> None:
    row.move(RectificationMove.EXTEND)
    row.due_at = due_at


def _extend_notice(row: Notice, due_at: datetime) -> None:
    row.answer_due_at = due_at
    row.version += 1


def _own(row: Rectification | Notice) -> UUID:
    return row.organisation_id


EXTENDABLE: Final[Mapping[str, Extendable]] = {
    "Rectification": Extendable(
        table=Rectification,
        due=lambda row: row.due_at,
        may_ask=is_unit,
        asker=lambda row: row.unit_id or row.organisation_id,
        decider=_own,
        is_open=lambda row: RectificationMove.EXTEND in row.open_moves(),
        is_fixed=lambda row: row.instruction_id is not None,
        extend=_extend_rectification,
        deed="rectification.extended",
        longest="rectification_extension",
        most="rectification_extension_limit",
    ),
    "Notice": Extendable(
        table=Notice,
        due=lambda row: row.answer_due_at,
        may_ask=lambda actor, row: row.recipient_id in actor.organisations,
        asker=lambda row: row.recipient_id,
        decider=_own,
        is_open=lambda row: row.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED},
        # What has to be stopped at once waits for nobody (004-3.3-k).
        is_fixed=lambda row: "violation_stop/" in row.rule_version,
        extend=_extend_notice,
        deed="notice.extended",
        longest="platform_extension",
        most="platform_extension_limit",
    ),
}


def ask_extension(
    desk: Desk, kind: str, subject_id: UUID | str, new_due: date, reason: str
) -> Extension:
    """Ask for time until the end of a day, before the due date has passed."""
    if not reason.strip() or len(reason.strip()) > _LONGEST:
        raise Invalid("extension.reason_needed", most=_LONGEST)
    must_name_nobodys_number(desk, reason)
    rules = _rules_of(kind)
    with desk.begin(Permission.EXTENSION_ASK) as work:
        row: Any = work.get(rules.table, subject_id)
        if not rules.may_ask(work.actor, row):
            raise NotAllowed("extension.not_yours", title=row.title)
        old = _must_be_asked_in_time(work, rules, row)
        _must_be_the_first(work, rules, row)
        longest = parameter(rules.longest, china_day(work.at))
        last = _longest_after(work, longest, old)
        new = end_of(min(new_due, _LAST_DAY))
        if not old < new <= last:
            raise Conflict(
                "extension.too_long", title=row.title, last=china_day(last - _A_SECOND).isoformat()
            )
        asked = work.add(
            Extension(
                subject_kind=kind,
                subject_id=row.id,
                subject_name=row.title,
                asker_id=rules.asker(row),
                decider_id=rules.decider(row),
                reason=reason.strip(),
                old_due_at=old,
                new_due_at=new,
                asked_by=work.actor.id,
                asked_at=work.at,
                rule_version=longest.version,
            )
        )
        work.record(
            "extension.asked", asked, reason=asked.reason, old=old.isoformat(),
            new=new.isoformat(), rule=longest.version,
        )  # fmt: skip
        return asked


def decide_extension(
    desk: Desk, extension_id: UUID | str, *, grant: bool, answer: str
) -> Extension:
    """Grant it or not, with the reason; never by who asked."""
    if not answer.strip() or len(answer.strip()) > _LONGEST_ANSWER:
        raise Invalid("extension.answer_needed", most=_LONGEST_ANSWER)
    must_name_nobodys_number(desk, answer)
    with desk.begin(Permission.EXTENSION_GRANT) as work:
        asked = work.get(Extension, extension_id)
        if not work.actor.is_house and asked.decider_id not in work.actor.organisations:
            raise NotAllowed("extension.not_yours_to_decide", title=asked.title)
        if asked.asked_by == work.actor.id:
            raise NotAllowed("extension.same_person", title=asked.title)
        asked.move(ExtensionMove.GRANT if grant else ExtensionMove.REFUSE)
        asked.decided_by, asked.decided_at = work.actor.id, work.at
        asked.answer = answer.strip()
        work.record(
            "extension.granted" if grant else "extension.refused", asked, reason=asked.answer
        )
        if grant:
            _carry_out(work, asked)
        return asked


def _carry_out(work: Work, asked: Extension) -> None:
    rules = _rules_of(asked.subject_kind)
    row: Any = work.get(rules.table, asked.subject_id)
    due = rules.due(row)
    if not rules.is_open(row) or due is None or due <= work.at or due != asked.old_due_at:
        raise Conflict("extension.too_late", title=asked.title)
    rules.extend(row, asked.new_due_at)
    work.record(
        rules.deed, row, reason=asked.answer, old=asked.old_due_at.isoformat(),
        new=asked.new_due_at.isoformat(), rule=asked.rule_version,
    )  # fmt: skip


def _must_be_asked_in_time(work: Work, rules: Extendable, row: Any) -> datetime:  # noqa: ANN401
    due = rules.due(row)
    if rules.is_fixed(row):
        raise Conflict("extension.date_is_fixed", title=row.title)
    if not rules.is_open(row) or due is None:
        raise Conflict("extension.not_now", title=row.title)
    if due <= work.at:
        raise Conflict("extension.too_late", title=row.title)
    return due


def _must_be_the_first(work: Work, rules: Extendable, row: Any) -> None:  # noqa: ANN401
    """One question at a time, and no more of them granted than the rules allow."""
    query = select(Extension.state, func.count()).where(
        Extension.subject_kind == type(row).__name__, Extension.subject_id == row.id
    )
    counts = dict(work.session.exec(query.group_by(Extension.state)).all())
    if counts.get(ExtensionState.ASKED):
        raise Conflict("extension.asked_already", title=row.title)
    limit = parameter(rules.most, china_day(work.at))
    if counts.get(ExtensionState.GRANTED, 0) >= limit.value:
        raise Conflict("extension.no_more", title=row.title, most=limit.value, rule=limit.version)


def _longest_after(work: Work, rule: Parameter, old: datetime) -> datetime:
    """The last moment that may be asked for, counted from the day that was due."""
    calendar = office_calendar(work.session.exec(select(CalendarDay)).all())
    return rule.deadline(old - _A_SECOND, calendar).at


def _rules_of(kind: str) -> Extendable:
    if kind not in EXTENDABLE:
        raise Invalid("extension.no_such_kind", kind=kind[:40])
    return EXTENDABLE[kind]


def get_extension(desk: Desk, extension_id: UUID | str) -> Extension:
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        return work.get(Extension, extension_id)


def list_extensions(
    desk: Desk,
    state: ExtensionState | None = None,
    *,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[Extension]:
    """Newest first, as far as the actor asks or decides."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        query = work.select(Extension)
        if state is not None:
            query = query.where(Extension.state == state)
        return work.slice(query, Order.by(Extension.id), after, limit)


def extensions_of(work: Work, row: Table) -> Sequence[Extension]:
    """Of a subject that the actor was given, the latest first."""
    return work.session.exec(
        select(Extension)
        .where(Extension.subject_kind == type(row).__name__)
        .where(Extension.subject_id == getattr(row, "id", None))
        .order_by(col(Extension.id).desc())
    ).all()
