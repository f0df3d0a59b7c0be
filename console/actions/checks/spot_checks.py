"""Spot checks (抽查) before anything is read: planned, assigned, told of their order, repeated."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.files import written
from console.actions.channel.held import carrier_of, held
from console.actions.checks.spot_plans import LONGEST, check_numbers, must_want_something
from console.actions.staff.able import may
from console.desk import Desk, Work
from models.cards.numbers import CardFault, card_of
from models.channel.shops import AuthorisedShop
from models.checks.orders import OrderFacts, is_reference, latest
from models.checks.spot_checks import (
    CheckMove,
    CheckPurpose,
    CheckState,
    SpotCheck,
    SpotCheckPlan,
    Verdict,
)
from models.checks.test_purchases import PurchaseState, TestPurchase
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day
from models.staff import Organisation, User

_OPEN: Final = (CheckState.PLANNED, CheckState.ASSIGNED, CheckState.READING)
_REPEATED: Final = (Verdict.INCONCLUSIVE, Verdict.ABORTED)


@dataclass(frozen=True, slots=True)
class CheckDraft:
    purpose: CheckPurpose
    basis: str
    """The legal basis, as people cite it."""
    subject: str = ""
    """What is checked, as people call it; the shop's name or the purchase's number where empty."""
    shop: UUID | str | None = None
    """An authorised shop, by its id."""
    purchase: UUID | str | None = None
    """A test purchase, by id or number: its order, cards, shop and platform are the check's."""
    wants_card: bool = True
    wants_identity: bool = False
    use_approval: str = ""
    order: OrderFacts | None = None
    carrier: str | None = None
    """Its code, where the actor works for several."""


def plan_check(desk: Desk, draft: CheckDraft) -> SpotCheck:
    """One check by itself, and not of a sample."""
    basis = written(desk, "check_basis", draft.basis, LONGEST["basis"])
    subject = written(
        desk, "check_subject", draft.subject, LONGEST["subject"],
        needed=draft.shop is None and draft.purchase is None,
    )  # fmt: skip
    must_want_something(draft.use_approval, card=draft.wants_card, identity=draft.wants_identity)
    order = kept_order(desk, draft.order) if draft.order else OrderFacts()
    with desk.begin(Permission.SPOT_CHECK_PLAN) as work:
        carrier = carrier_of(work, draft.carrier)
        purchase = _purchase(work, carrier, draft.purchase)
        shop = _shop(work, carrier, draft.shop, purchase)
        (number,) = check_numbers(work, 1)
        row = work.add(
            SpotCheck(
                number=number,
                carrier_id=carrier.id,
                province=shop.province if shop else carrier.province,
                purchase_id=purchase.id if purchase else None,
                shop_id=shop.id if shop else None,
                agent_id=shop.agent_id if shop else None,
                platform=shop.platform if shop else purchase.platform if purchase else "",
                subject=subject or _called(shop, purchase),
                purpose=draft.purpose,
                basis=basis,
                use_approval=draft.use_approval.strip(),
                wants_card=draft.wants_card,
                wants_identity=draft.wants_identity,
                planned_by=work.actor.id,
                order=order.as_row(),
                created_at=work.at,
            )
        )
        work.record("spot_check.planned", row, purpose=draft.purpose, basis=basis)
        return row


def _called(shop: AuthorisedShop | None, purchase: TestPurchase | None) -> str:
    if purchase is not None:
        return f"{purchase.number} {purchase.offer}"[: LONGEST["subject"]]
    return shop.name[: LONGEST["subject"]] if shop else ""


def _purchase(work: Work, carrier: Organisation, asked: UUID | str | None) -> TestPurchase | None:
    if asked is None:
        return None
    query = work.select(TestPurchase).where(TestPurchase.carrier_id == carrier.id)
    numbered = TestPurchase.number == str(asked).strip().upper()
    by = numbered if str(asked).upper().startswith("TP-") else TestPurchase.id == _id(asked)
    row = work.one(query.where(by), TestPurchase)
    if row.state is PurchaseState.CALLED_OFF:
        raise Conflict("spot_check.purchase_called_off", number=row.number)
    return row


def _id(text: UUID | str) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _shop(
    work: Work, carrier: Organisation, asked: UUID | str | None, purchase: TestPurchase | None
) -> AuthorisedShop | None:
    """The shop that was named, else the authorised one at which the purchase was made."""
    own = work.select(AuthorisedShop).where(AuthorisedShop.carrier_id == carrier.id)
    if asked is not None:
        return work.one(own.where(AuthorisedShop.id == _id(asked)), AuthorisedShop)
    seen = work.session.get(Shop, purchase.shop_id) if purchase and purchase.shop_id else None
    if seen is None:
        return None
    same = own.where(
        AuthorisedShop.platform == seen.platform,
        AuthorisedShop.shop_key == seen.shop_key,
        col(AuthorisedShop.ended_at).is_(None),
    )
    return work.session.exec(same).first()


def assign_check(
    desk: Desk,
    check_id: UUID | str,
    assignee_login: str,
    planned_for: date,
    version: int | None = None,
) -> SpotCheck:
    """Give it to an inspector, for a day; again, while nobody has begun."""
    with desk.begin(Permission.SPOT_CHECK_PLAN) as work:
        row = held(work, SpotCheck, check_id, version)
        row.move(CheckMove.ASSIGN)
        assignee = _inspector(work, row, assignee_login)
        _must_be_a_day(work, row, planned_for)
        row.assignee_id, row.planned_for = assignee.id, planned_for
        work.record("spot_check.assigned", row, to=assignee.login, day=planned_for.isoformat())
        return row


def _inspector(work: Work, row: SpotCheck, login: str) -> User:
    """Of the carrier, or of the one above it whose people see its checks."""
    carrier = work.session.get_one(Organisation, row.carrier_id)
    houses = {carrier.id, carrier.parent_id} - {None}
    user = work.session.exec(
        select(User)
        .where(User.login == login.strip(), col(User.organisation_id).in_(houses))
        .where(col(User.disabled_at).is_(None), may(Permission.SPOT_CHECK_DO))
    ).first()
    if user is None:
        raise Invalid("spot_check.no_such_inspector", login=login.strip()[:64])
    return user


def _must_be_a_day(work: Work, row: SpotCheck, day: date) -> None:
    if day < china_day(work.at):
        raise Invalid("spot_check.day_past")
    plan = work.session.get(SpotCheckPlan, row.plan_id) if row.plan_id else None
    # What repeats a check of a plan comes after it, and so may its plan's last day.
    if plan and row.previous_id is None and not plan.begins_on <= day <= plan.ends_on:
        raise Invalid("spot_check.day_outside", number=plan.number)


def note_order(
    desk: Desk, check_id: UUID | str, facts: OrderFacts, version: int | None = None
) -> SpotCheck:
    """What carrier and agent say of the order, and what the inspector saw: all of it, each time."""
    order = kept_order(desk, facts)
    with desk.begin(Permission.SPOT_CHECK_DO) as work:
        row = held(work, SpotCheck, check_id, version)
        must_be_mine(work, row)
        if row.state not in _OPEN:
            raise Conflict("spot_check.compared_already", number=row.number)
        row.order = order.as_row()
        row.version += 1
        work.record("spot_check.order_noted", row, **row.order)
        return row


def kept_order(desk: Desk, facts: OrderFacts) -> OrderFacts:
    """Times and references as they are kept: nothing of people, and nothing of tomorrow."""
    written(desk, "check_order_no", facts.order_no, 64, needed=False)
    for reference in (facts.authority_compare_ref, facts.live_check_ref):
        written(desk, "check_reference", reference, 64, needed=False)
        if reference and not is_reference(reference):
            raise Invalid("spot_check.bad_reference", reference=reference)
    for card in facts.iccids:
        if isinstance(card_of(card), CardFault):
            written(desk, "check_iccids", card, 64)
            raise Invalid("stock.no_iccid", value=card[:40])
    last = latest(facts)
    if last is not None and last > desk.now():
        raise Invalid("spot_check.future")
    return facts


def order_of(work: Work, row: SpotCheck) -> OrderFacts:
    """What is known of the order; what was not said of it, by the test purchase that it is."""
    said = OrderFacts.of_row(row.order)
    bought = work.session.get(TestPurchase, row.purchase_id) if row.purchase_id else None
    if bought is None:
        return said
    known = {
        "order_no": said.order_no or bought.order_no,
        "iccids": said.iccids or tuple(bought.iccids),
        "ordered_at": said.ordered_at or bought.ordered_at,
        "asked_identity": bought.asked_identity
        if said.asked_identity is None
        else said.asked_identity,
        "active_on_arrival": bought.works
        if said.active_on_arrival is None
        else said.active_on_arrival,
    }
    return said.model_copy(update=known)


def must_be_mine(work: Work, row: SpotCheck) -> None:
    """Whoever it was given to does it, and nobody else."""
    if row.assignee_id is None or row.assignee_id != work.actor.id:
        raise NotAllowed("spot_check.not_yours", number=row.number)


def repeat_check(desk: Desk, check_id: UUID | str) -> SpotCheck:
    """A new check of the same, because the first could not tell or was broken off."""
    with desk.begin(Permission.SPOT_CHECK_PLAN) as work:
        row = held(work, SpotCheck, check_id, None)
        if row.verdict not in _REPEATED:
            raise Conflict("spot_check.not_repeated", number=row.number)
        if next_of(work, row) is not None:
            raise Conflict("spot_check.repeated_already", number=row.number)
        (number,) = check_numbers(work, 1)
        kept = row.model_dump(
            include={
                "carrier_id", "province", "plan_id", "purchase_id", "shop_id", "agent_id",
                "platform", "subject", "basis", "use_approval", "wants_card", "wants_identity",
                "order",
            }
        )  # fmt: skip
        again = work.add(
            SpotCheck(
                **kept,
                number=number,
                previous_id=row.id,
                purpose=CheckPurpose.RECHECK,
                planned_by=work.actor.id,
                created_at=work.at,
            )
        )
        work.record("spot_check.repeated", again, of=row.number)
        return again


def next_of(work: Work, row: SpotCheck) -> SpotCheck | None:
    """The check that repeats this one."""
    return work.session.exec(select(SpotCheck).where(SpotCheck.previous_id == row.id)).first()
