"""A digest of what waits for somebody: read, downloaded, or mailed in the morning."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.staff.sign_in import actor_named
from console.actions.waiting import WorkItem, WorkState
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language, language_of, spoken, t
from integrations.mail import Mail, Mailer
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed
from models.rules import china_day
from models.staff import Door, User
from models.today import DigestChoice, HowOften

_CHINA: Final = ZoneInfo("Asia/Shanghai")
_FROM: Final = (8, 30)
_UNTIL: Final = (20, 0)
"""What could not go out by then is yesterday's news."""
_LINES: Final = 20
"""Of each state; the rest is counted."""
_AT_ONCE: Final = 30
"""In one round, so that other sweeps do not wait for a slow server."""
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_LONGEST_ADDRESS: Final = 254
_WORDS: Final = 500


@dataclass(frozen=True, slots=True)
class Digest:
    """How many things wait, and the most urgent of each state in words."""

    day: date
    counts: Mapping[WorkState, int]
    lines: Mapping[WorkState, Sequence[str]]

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values())


def digest_of(desk: Desk, day: date) -> Digest:
    """Of the actor's own work list, in the language that is spoken."""
    items = work_items(desk)
    of_state = {state: [one for one in items if one.state is state] for state in WorkState}
    return Digest(
        day,
        {state: len(rows) for state, rows in of_state.items()},
        {state: [_line(one) for one in rows[:_LINES]] for state, rows in of_state.items() if rows},
    )


def _line(item: WorkItem) -> str:
    words = t(f"work.{item.kind}", title=item.title)
    said = " ".join("".join(one if one.isprintable() else " " for one in words).split())
    if item.due is None:
        return said
    return t("digest.line", words=said, day=china_day(item.due - timedelta(microseconds=1)))


def digest_text(digest: Digest, public_url: str) -> str:
    """As plain text: what is late first."""
    counts = {state.value: digest.counts[state] for state in WorkState}
    parts = [t("digest.head", day=digest.day.isoformat(), **counts)]
    if digest.is_empty:
        parts.append(t("digest.nothing"))
    for state, lines in digest.lines.items():
        more = digest.counts[state] - len(lines)
        rows = [f"- {line}" for line in lines] + ([t("digest.more", n=more)] if more else [])
        parts.append("\n".join([t(f"work_list.{state}"), *rows]))
    parts.append(t("digest.foot", address=f"{public_url.rstrip('/')}/console/"))
    return "\n\n".join(parts) + "\n"


def my_digest(desk: Desk) -> str:
    """One's own of today, to be read or downloaded."""
    desk.must(Permission.ACCOUNT_USE)
    return digest_text(digest_of(desk, china_day(desk.now())), desk.house.settings.public_url)


def my_choice(desk: Desk) -> DigestChoice | None:
    with desk.begin(Permission.ACCOUNT_USE) as work:
        return None if work.actor.id is None else work.session.exec(_of(work.actor.id)).first()


def choose_digest(desk: Desk, how_often: HowOften, address: str) -> DigestChoice:
    """Whether, and where to; nothing is sent where no mail server is set."""
    to = address.strip()
    is_wanted = how_often is not HowOften.NEVER
    if (is_wanted or to) and (len(to) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(to)):
        raise Invalid("digest.bad_address")
    with desk.begin(Permission.ACCOUNT_USE) as work:
        if work.actor.id is None:
            raise Invalid("filter.nobody")
        row = work.session.exec(_of(work.actor.id).with_for_update()).first()
        row = row or work.add(DigestChoice(user_id=work.actor.id))
        row.how_often, row.address, row.last_words = how_often, to, ""
        row.language = spoken.get()
        user = work.session.get_one(User, work.actor.id)
        work.record("digest.chosen", user, how_often=how_often.value)
        return row


def has_mail(desk: Desk) -> bool:
    """Whether a mail server is set at all."""
    return desk.house.settings.smtp_url is not None


def send_digests(desk: Desk) -> int:
    """Mail what is due to be mailed today; how many went out.

    Who is noted first and mailed then: a crash between the two costs one digest, never two. A
    server that can't be reached ends the round, and the next one begins where it was.
    """
    mailer = _mailer(desk)
    now = desk.now().astimezone(_CHINA)
    if mailer is None or not _FROM <= (now.hour, now.minute) < _UNTIL:
        return 0
    today, sent = now.date(), 0
    for choice_id in _due(desk, today):
        before = _promised(desk, choice_id, today)
        if before is None:
            continue
        try:
            sent += _sent(desk, mailer, choice_id, today)
        except Unreachable as error:
            _noted(desk, choice_id, error, before.sent_on)
            break
        except SourceError as error:
            _noted(desk, choice_id, error, today)
    return sent


@dataclass(frozen=True, slots=True)
class _Before:
    sent_on: date | None


def _mailer(desk: Desk) -> Mailer | None:
    own = desk.house.settings
    if own.smtp_url is None or own.smtp_from is None:
        return None
    return Mailer(own.smtp_url, own.smtp_from, own.smtp_ca)


def _due(desk: Desk, today: date) -> Sequence[UUID]:
    monday = today - timedelta(days=today.weekday())
    sent_on = col(DigestChoice.sent_on)
    daily = (col(DigestChoice.how_often) == HowOften.DAILY) & or_(
        sent_on.is_(None), sent_on < today
    )
    weekly = (col(DigestChoice.how_often) == HowOften.WEEKLY) & or_(
        sent_on.is_(None), sent_on < monday
    )
    with desk.begin(Permission.STAFF_READ) as work:
        return work.session.exec(
            select(DigestChoice.id)
            .join(User, col(User.id) == col(DigestChoice.user_id))
            .where(or_(daily, weekly), col(User.disabled_at).is_(None))
            .order_by(sent_on.is_not(None), sent_on, col(DigestChoice.id))
            .limit(_AT_ONCE)
        ).all()


def _promised(desk: Desk, choice_id: UUID, today: date) -> _Before | None:
    """Note that today's is under way; None when somebody else was faster."""
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(DigestChoice, choice_id)
        if row.how_often is HowOften.NEVER or (row.sent_on is not None and row.sent_on >= today):
            work.no_deed()
            return None
        before, row.sent_on = _Before(row.sent_on), today
        work.no_deed()
        return before


def _sent(desk: Desk, mailer: Mailer, choice_id: UUID, today: date) -> int:
    with desk.begin(Permission.STAFF_READ) as work:
        row = work.get(DigestChoice, choice_id)
        user = work.session.get_one(User, row.user_id)
    try:
        actor = actor_named(desk.house, user.login, Door.API)
    except NotAllowed:
        return 0
    before = spoken.set(language_of(row.language, Language.ZH))
    try:
        digest = digest_of(desk.as_(actor), today)
        if digest.is_empty:
            return 0
        text = digest_text(digest, desk.house.settings.public_url)
        subject = t("digest.subject", day=today.isoformat(), n=sum(digest.counts.values()))
    finally:
        spoken.reset(before)
    mailer.send(Mail(row.address, subject, text))
    with desk.begin(Permission.SWEEP) as work:
        work.get(DigestChoice, choice_id).last_words = ""
        work.record("digest.sent", user, day=today.isoformat())
    return 1


def _noted(desk: Desk, choice_id: UUID, error: SourceError, sent_on: date | None) -> None:
    """What the server said, for the account page; what may pass is tried again."""
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(DigestChoice, choice_id)
        row.sent_on, row.last_words = sent_on, str(error)[:_WORDS]
        user = work.session.get_one(User, row.user_id)
        if isinstance(error, TurnedDown):
            work.record("digest.turned_down", user, reason=error.reason.word)
        else:
            work.no_deed()


def _of(user_id: UUID) -> SelectOfScalar[DigestChoice]:
    return select(DigestChoice).where(DigestChoice.user_id == user_id)
