"""Checklists: what people see in the shops that were drawn, and the second look at a tenth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, tuple_
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.patrol.check_findings import find_bad_answers
from console.actions.patrol.judging import hints_of_shop
from console.actions.patrol.related import is_related
from console.actions.patrol.reviewing import close_if_reviewed
from console.desk import Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.patrol.checks import ITEMS, CheckAnswer, CheckItem, ShopCheck, checklist_version
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun, RunState
from models.patrol.screening import FLAGGED
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day
from models.staff import User

Answers = Mapping[CheckItem, CheckAnswer]
_LONGEST: Final = 1000
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """A checklist with what whoever fills it in has to look at."""

    check: ShopCheck
    shop: Shop
    run: PatrolRun
    hints: Mapping[str, Any]
    """By item what the run itself saw: an offer to whoever answers, never an answer."""
    listings: Sequence[SeenListing]
    """The flagged offers of this run, the gravest first."""
    pictures: Sequence[SeenPicture]
    people: dict[UUID, User]
    """Whoever was asked, filled in, looked again or settled."""
    deeds: Sequence[AuditEntry]


def fill_check(
    desk: Desk,
    check_id: UUID | str,
    answers: Answers,
    remark: str = "",
    *,
    version: int | None = None,
) -> ShopCheck:
    """Answer items of a checklist; those answered before stay. It is done with the last of them."""
    with desk.begin(Permission.CHECK_FILL) as work:
        check = _own(work, check_id, version)
        run = work.session.get_one(PatrolRun, check.run_id, with_for_update=True)
        if run.state is not RunState.IN_PROGRESS:
            raise Conflict("check.handed_in", number=run.number)
        shop = work.session.get_one(Shop, check.shop_id)
        if work.actor.id is not None and is_related(work, shop, work.actor.id):
            raise NotAllowed("check.related", shop=shop.name)
        check.answers = {**check.answers, **_words(answers)}
        check.rule_version = checklist_version(china_day(work.at))
        check.remark = remark.strip()[:_LONGEST] or check.remark
        was_done = check.done_at is not None
        check.done_by = work.actor.id
        is_done = set(check.answers) >= set(ITEMS)
        check.done_at = work.at if is_done else None
        check.version += 1
        run.checked += is_done - was_done
        work.record("check.filled", check, run=run.number, shop=shop.shop_key,
                    answers=check.answers, remark=check.remark)  # fmt: skip
        return check


def review_check(
    desk: Desk, check_id: UUID | str, answers: Answers, *, version: int | None = None
) -> ShopCheck:
    """The second person's own answers, to all items; where they differ it has to be settled."""
    with desk.begin(Permission.CHECK_REVIEW) as work:
        check = _own(work, check_id, version)
        run = work.session.get_one(PatrolRun, check.run_id)
        if not check.is_review_drawn or run.state is not RunState.SUBMITTED:
            raise Conflict("check.not_drawn", number=run.number)
        if check.done_by == work.actor.id:
            raise NotAllowed("check.same_person", number=run.number)
        if check.reviewed_at is not None:
            raise Conflict("check.reviewed", number=run.number)
        shop = work.session.get_one(Shop, check.shop_id)
        if work.actor.id is not None and is_related(work, shop, work.actor.id):
            raise NotAllowed("check.related", shop=shop.name)
        given = _words(answers)
        missing = [item.value for item in ITEMS if item.value not in given]
        if missing:
            raise Invalid("check.incomplete", items=" ".join(missing))
        check.review, check.reviewed_by, check.reviewed_at = given, work.actor.id, work.at
        check.version += 1
        work.record("check.reviewed", check, run=run.number, answers=given,
                    differences=check.differences)  # fmt: skip
        work.session.flush()
        close_if_reviewed(work, run.id)
        return check


def settle_check(
    desk: Desk, check_id: UUID | str, answers: Answers, reason: str, *, version: int | None = None
) -> ShopCheck:
    """Say what holds where the two answered differently. Not whoever filled it in first."""
    if not reason.strip():
        raise Invalid("check.reason_needed")
    with desk.begin(Permission.CHECK_REVIEW) as work:
        check = _own(work, check_id, version)
        run = work.session.get_one(PatrolRun, check.run_id)
        if check.reviewed_at is None or check.settled_at is not None or check.is_settled:
            raise Conflict("check.nothing_to_settle", number=run.number)
        if check.done_by == work.actor.id:
            raise NotAllowed("check.same_person", number=run.number)
        given = _words(answers)
        if set(given) != set(check.differences):
            raise Invalid("check.incomplete", items=" ".join(check.differences))
        check.settled, check.settled_by, check.settled_at = given, work.actor.id, work.at
        check.settled_reason = reason.strip()[:_LONGEST]
        check.version += 1
        run.findings += len(find_bad_answers(work, run, [check]))
        work.record("check.settled", check, run=run.number, answers=given,
                    reason=check.settled_reason)  # fmt: skip
        work.session.flush()
        close_if_reviewed(work, run.id)
        return check


def list_checks(  # noqa: PLR0913 - filters
    desk: Desk,
    after: str | None = None,
    *,
    run_id: UUID | str | None = None,
    done: bool | None = None,
    to_review: bool | None = None,
    limit: int = 50,
) -> Slice[ShopCheck]:
    """Checklists, the oldest first. `to_review`: drawn for a second look that is still to come."""
    with desk.begin(Permission.PATROL_READ) as work:
        query = work.select(ShopCheck)
        if run_id is not None:
            query = query.where(ShopCheck.run_id == work.get(PatrolRun, run_id).id)
        if done is not None:
            is_open = col(ShopCheck.done_at).is_(None)
            query = query.where(~is_open if done else is_open)
        if to_review:
            query = query.where(col(ShopCheck.is_review_drawn).is_(True))
            query = query.where(col(ShopCheck.reviewed_at).is_(None))
        return work.slice(query, Order.by(ShopCheck.id, descending=False), after, limit)


def next_check(desk: Desk, run_id: UUID | str, after: UUID | str | None = None) -> ShopCheck | None:
    """The checklist behind `after`, or the first, of those in a run that nobody has finished.

    The actor's own come first. Behind the last is the first again, which may be `after` itself.
    """
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
        place = (case((col(ShopCheck.assignee_id) == work.actor.id, 0), else_=1), col(ShopCheck.id))
        query = (
            select(ShopCheck)
            .where(ShopCheck.run_id == run.id, col(ShopCheck.done_at).is_(None))
            .order_by(*place)
            .limit(1)
        )
        found = None
        if after is not None:
            last = work.get(ShopCheck, after)
            rank = 0 if last.assignee_id == work.actor.id else 1
            found = work.session.exec(query.where(tuple_(*place) > tuple_(rank, last.id))).first()
        return found or work.session.exec(query).first()


def get_check(desk: Desk, check_id: UUID | str) -> ShopCheck:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.get(ShopCheck, check_id)


def shops_of_checks(desk: Desk, checks: Sequence[ShopCheck]) -> dict[UUID, Shop]:
    """The shops of a screen of checklists, by id."""
    with desk.begin(Permission.PATROL_READ) as work:
        wanted = {check.shop_id for check in checks}
        rows = work.all(work.select(Shop).where(col(Shop.id).in_(wanted)))
    return {shop.id: shop for shop in rows}


def check_record(desk: Desk, check_id: UUID | str) -> CheckRecord:
    with desk.begin(Permission.PATROL_READ) as work:
        check = work.get(ShopCheck, check_id)
        listings = work.session.exec(
            select(SeenListing)
            .where(SeenListing.run_id == check.run_id, SeenListing.shop_id == check.shop_id)
            .where(col(SeenListing.label).in_(FLAGGED))
            .order_by(col(SeenListing.severity).desc(), col(SeenListing.id))
            .limit(_SHOWN)
        ).all()
        pictures = work.session.exec(
            select(SeenPicture)
            .where(SeenPicture.run_id == check.run_id, SeenPicture.shop_id == check.shop_id)
            .order_by(col(SeenPicture.id))
            .limit(_SHOWN)
        ).all()
        wanted = {check.assignee_id, check.done_by, check.reviewed_by, check.settled_by} - {None}
        people = work.session.exec(select(User).where(col(User.id).in_(wanted))).all()
        run = work.session.get_one(PatrolRun, check.run_id)
        shop = work.session.get_one(Shop, check.shop_id)
        return CheckRecord(
            check,
            shop,
            run,
            check.hints or hints_of_shop(work, run, shop),
            listings,
            pictures,
            {one.id: one for one in people},
            history(work, check),
        )


def _own(work: Work, check_id: UUID | str, version: int | None) -> ShopCheck:
    check = work.get(ShopCheck, check_id)
    if not work.actor.is_house and check.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=check.title)
    if version is not None and version != check.version:
        raise Conflict("patrol.changed_meanwhile", title=check.title)
    return check


def _words(answers: Answers) -> dict[str, str]:
    return {CheckItem(item).value: CheckAnswer(answer).value for item, answer in answers.items()}
