"""Plans of spot checks: a random sample of authorised shops that anybody can draw again (4.11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, exists, select

from console.actions.audit import history
from console.actions.cards.industry.files import written
from console.actions.channel.held import carrier_of
from console.actions.channel.numbers import next_numbers
from console.desk import PAGE, Desk, Order, Slice, Work
from integrations.evidence import Damaged, Digest
from models.audit import AuditEntry
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.checks.orders import is_reference
from models.checks.sampling import draw, frame_of, frame_text, fresh_seed, is_seed
from models.checks.spot_checks import CheckPurpose, SpotCheck, SpotCheckPlan
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Invalid
from models.rules import china_day
from models.staff import Organisation, User

MOST_DRAWN: Final = 200
"""Shops of one plan: so many checks wait for people."""
LONGEST: Final = {"name": 120, "basis": 500, "subject": 300}


@dataclass(frozen=True, slots=True)
class PlanDraft:
    name: str
    purpose: CheckPurpose
    basis: str
    """The legal basis, as people cite it."""
    size: int
    begins_on: date
    ends_on: date
    platforms: Sequence[str] = ()
    """Codes; none is all."""
    provinces: Sequence[str] = ()
    """Of the agents, GB/T 2260; none is all."""
    wants_card: bool = True
    wants_identity: bool = False
    use_approval: str = ""
    """Needed where identity documents are read."""
    seed: str = ""
    """Hex of 32 bytes, where somebody outside has drawn it; else it is drawn here."""
    carrier: str | None = None


@dataclass(frozen=True, slots=True)
class PlanRecord:
    plan: SpotCheckPlan
    carrier: Organisation
    maker: User | None
    checks: Sequence[SpotCheck]
    is_same: bool | None
    """Drawn anew from seed and frame it gives the same shops; None: the frame can't be read."""
    deeds: Sequence[AuditEntry]


def make_plan(desk: Desk, draft: PlanDraft) -> SpotCheckPlan:
    """Draw the sample, and plan a check of every shop drawn."""
    name = written(desk, "plan_name", draft.name, LONGEST["name"])
    basis = written(desk, "check_basis", draft.basis, LONGEST["basis"])
    _must_make_sense(desk, draft)
    with desk.begin(Permission.SPOT_CHECK_PLAN) as work:
        carrier = carrier_of(work, draft.carrier)
        frame = _frame(work, carrier.id, draft)
        if len(frame) < draft.size:
            raise Invalid("spot_plan.frame_small", n=len(frame), size=draft.size)
        seed = draft.seed.strip().lower() or fresh_seed()
        year = china_day(work.at).year
        (serial,) = next_numbers(work, f"spot_check_plans:{year}")
        plan = work.add(
            SpotCheckPlan(
                number=f"SP-{year}-{serial:06}",
                carrier_id=carrier.id,
                province=carrier.province,
                name=name,
                purpose=draft.purpose,
                basis=basis,
                platforms=sorted(set(draft.platforms)),
                provinces=sorted(set(draft.provinces)),
                wants_card=draft.wants_card,
                wants_identity=draft.wants_identity,
                size=draft.size,
                seed=seed,
                frame_size=len(frame),
                # The frame is kept by its digest, so that whoever doubts the draw can repeat it.
                frame_sha256=desk.house.evidence.keep(frame_text(frame)),
                begins_on=draft.begins_on,
                ends_on=draft.ends_on,
                made_by=work.actor.id,
                created_at=work.at,
            )
        )
        work.session.flush()
        _plan_checks(work, plan, draw(seed, frame, draft.size), draft.use_approval.strip())
        work.record(
            "spot_plan.made", plan, seed=seed, frame=plan.frame_sha256, frame_size=len(frame),
            size=draft.size,
        )  # fmt: skip
        return plan


def _must_make_sense(desk: Desk, draft: PlanDraft) -> None:
    must_want_something(draft.use_approval, card=draft.wants_card, identity=draft.wants_identity)
    if not 1 <= draft.size <= MOST_DRAWN:
        raise Invalid("spot_plan.bad_size", most=MOST_DRAWN)
    if draft.ends_on < max(draft.begins_on, china_day(desk.now())):
        raise Invalid("spot_plan.bad_days")
    if draft.seed.strip() and not is_seed(draft.seed.strip().lower()):
        raise Invalid("spot_plan.bad_seed")
    if unknown := sorted(set(draft.provinces) - set(provinces())):
        raise Invalid("spot_plan.no_such_province", province=unknown[0])


def must_want_something(use_approval: str, *, card: bool, identity: bool) -> None:
    """A check reads something; identity only by an approved use (内部使用审批)."""
    if not card and not identity:
        raise Invalid("spot_check.wants_nothing")
    if identity and not is_reference(use_approval.strip()):
        raise Invalid("spot_check.use_approval_needed")


def _frame(work: Work, carrier_id: UUID, draft: PlanDraft) -> Sequence[str]:
    """Ids of live shops of agents with a licence in force today."""
    today = china_day(work.at)
    licensed = exists().where(
        col(Licence.agent_id) == col(AuthorisedShop.agent_id),
        col(Licence.state) == LicenceState.ACTIVE,
        col(Licence.begins_on) <= today,
        col(Licence.ends_on) >= today,
    )
    query = (
        select(AuthorisedShop.id)
        .join(Agent, col(Agent.id) == col(AuthorisedShop.agent_id))
        .where(AuthorisedShop.carrier_id == carrier_id, col(AuthorisedShop.ended_at).is_(None))
        .where(Agent.state == AgentState.ACTIVE, licensed)
    )
    if draft.platforms:
        query = query.where(col(AuthorisedShop.platform).in_(set(draft.platforms)))
    if draft.provinces:
        query = query.where(col(AuthorisedShop.province).in_(set(draft.provinces)))
    return [str(one) for one in work.session.exec(query).all()]


def _plan_checks(work: Work, plan: SpotCheckPlan, drawn: Sequence[str], use_approval: str) -> None:
    wanted = [UUID(one) for one in drawn]
    rows = work.session.exec(select(AuthorisedShop).where(col(AuthorisedShop.id).in_(wanted))).all()
    shops = {row.id: row for row in rows}
    numbers = check_numbers(work, len(wanted))
    for shop_id, number in zip(wanted, numbers, strict=True):
        shop = shops[shop_id]
        work.add(
            SpotCheck(
                number=number,
                carrier_id=plan.carrier_id,
                province=shop.province,
                plan_id=plan.id,
                shop_id=shop.id,
                agent_id=shop.agent_id,
                platform=shop.platform,
                subject=shop.name[: LONGEST["subject"]],
                purpose=plan.purpose,
                basis=plan.basis,
                use_approval=use_approval,
                wants_card=plan.wants_card,
                wants_identity=plan.wants_identity,
                planned_by=work.actor.id,
                created_at=work.at,
            )
        )


def check_numbers(work: Work, count: int) -> Sequence[str]:
    year = china_day(work.at).year
    return [f"SC-{year}-{one:06}" for one in next_numbers(work, f"spot_checks:{year}", count)]


def list_plans(desk: Desk, after: str | None = None, limit: int = PAGE) -> Slice[SpotCheckPlan]:
    """The newest first."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        return work.slice(work.select(SpotCheckPlan), Order.by(SpotCheckPlan.id), after, limit)


def plan_record(desk: Desk, plan_id: UUID | str) -> PlanRecord:
    """A plan with its checks, and its sample drawn anew."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        plan = work.get(SpotCheckPlan, plan_id)
        checks = work.all(
            work.select(SpotCheck).where(SpotCheck.plan_id == plan.id).order_by(col(SpotCheck.id))
        )
        carrier = work.session.get_one(Organisation, plan.carrier_id)
        maker = work.session.get(User, plan.made_by) if plan.made_by else None
        deeds = history(work, plan)
    frame = _kept_frame(desk, plan)
    drawn = draw(plan.seed, frame, plan.size) if frame is not None else None
    # A check that repeats another one is of its plan, too, and was not drawn.
    first = [str(one.shop_id) for one in checks if one.previous_id is None]
    same = None if drawn is None else sorted(drawn) == sorted(first)
    return PlanRecord(plan, carrier, maker, checks, same, deeds)


def _kept_frame(desk: Desk, plan: SpotCheckPlan) -> Sequence[str] | None:
    try:
        return frame_of(desk.house.evidence.open(Digest(plan.frame_sha256)))
    except (OSError, Damaged):
        return None
