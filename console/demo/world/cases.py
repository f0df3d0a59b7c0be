"""Cases with their parties, looks and hands; what was decided of each is put beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, inspect, update
from sqlmodel import col

from console.demo.world.appeals import put_appeals
from console.demo.world.courses import Course, courses
from console.demo.world.instructions import instructed
from console.demo.world.made import Sheaf, World
from console.demo.world.matters import Matter
from console.demo.world.notices import Noticing, put_notice
from console.demo.world.office import Office, due, likely, numbered, office_of
from console.demo.world.orders import Licensed, put_orders, revoked_or_live
from console.demo.world.rectifications import rectified
from console.demo.world.stock import Stock, stocked
from console.demo.world.tracing import put_trace
from models.cases.appeals import CaseAppeal
from models.cases.cases import Case, CaseState, TierBasis
from models.cases.extensions import Extension
from models.cases.hands import CaseHand
from models.cases.instructions import Instruction
from models.cases.measures import CaseMeasure
from models.cases.notices import Answer, Message, Notice, Proof
from models.cases.parties import CaseParty, PartyRole
from models.cases.rechecks import Recheck
from models.cases.rectifications import Rectification, RectificationIssue
from models.cases.reports import AuthorityReport
from models.cases.tasks import CaseTask, Recovery
from models.cases.traces import OutflowTrace, TracedCard
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission, Role
from models.provinces import provinces
from models.rules import Tier
from models.search import sought_text
from models.staff import Organisation, OrganisationKind
from models.tokens import OWN_SITE

_S: Final = CaseState
_TABLES: Final = (
    Case, CaseParty, CaseHand, CaseMeasure, CaseTask, Recovery, OutflowTrace, TracedCard, Recheck,
    Notice, Answer, Proof, Message, Extension, CaseAppeal, AuthorityReport, Instruction,
    Rectification, RectificationIssue,
)  # fmt: skip
"""In the order in which they refer to each other."""
_FACTS: Final = (
    "该店在平台公开销售移动电话卡，名单中没有它，也未展示有效标识（示例）。",
    "经与名单核对，该店展示的许可编号不属于它，商品由第三人发货（示例）。",
    "店铺首页与商品详情均宣称“免实名”，客服在聊天中再次确认（示例）。",
    "代理商的网店超出许可省份发货，销量与备货量不符（示例）。",
)  # fmt: skip
_SAID: Final = (
    "店主承认未取得委托，称货源来自他人介绍（示例）。",
    "店主称不知须取得委托，已停止接单（示例）。",
    "负责人到场陈述，对认定的事实无异议（示例）。",
    "按登记的方式联系三次未果，以公告方式告知（示例）。",
)  # fmt: skip
_CLEAN: Final = "店铺页面已不存在，按名称与商品搜索均未再发现（示例）"
_MARGIN: Final = timedelta(hours=6)


@dataclass(slots=True)
class _Shelf:
    """What cases share: stock, licences, and those of a shop that have ended."""

    stock: Stock
    licences: Licensed
    noticing: Noticing
    ended: dict[UUID, UUID] = field(default_factory=dict[UUID, UUID])


def build(world: World) -> None:
    office, found = office_of(world), courses(world)
    references = numbered(world, "cases", "CASE", [one.opened_at for one in found])
    carriers = _carriers(world, found)
    with world.keeping("stock") as sheaf:
        stock = stocked(world, sheaf, list(carriers.values()))
    shelf = _Shelf(stock, revoked_or_live(world, found), Noticing.of(world, office, found))
    made: list[Matter] = []
    with world.keeping("cases") as sheaf:
        for table in _TABLES:
            sheaf.waiting.setdefault(table, [])
        for course, reference in zip(found, references, strict=True):
            matter = _matter(world, sheaf, office, course, reference, carriers[course.organisation])
            _put(matter, shelf)
            made.append(matter)
            sheaf.breathe()
        put_appeals(world, sheaf, made)
        instructed(world, sheaf, office, made)
        rectified(world, sheaf, office, made)
    _take_back(world, found)


def _carriers(world: World, found: Sequence[Course]) -> Mapping[UUID, Organisation]:
    wanted = {one.organisation for one in found}
    kinds = (OrganisationKind.BASIC_CARRIER_PROVINCE, OrganisationKind.RESELLER)
    return {
        one.id: one for one in world.organisations.values() if one.id in wanted or one.kind in kinds
    }


def _matter(  # noqa: PLR0913, PLR0917 - all that a case is made with
    world: World, sheaf: Sheaf, office: Office, course: Course, reference: str,
    carrier: Organisation,
) -> Matter:  # fmt: skip
    turn = course.chance.randrange(4)
    owner = office.one(carrier.id, Role.CHANNEL_MANAGER, turn)
    decider = office.one(carrier.id, Role.APPROVER, turn)
    checker = office.another(carrier.id, Role.CHANNEL_MANAGER, owner, decider)
    return Matter(
        world, sheaf, office, course, reference, carrier,
        world.organisations.get(course.shop.platform),
        None if course.state is _S.OPENED else owner,
        decider,
        checker or office.another(carrier.id, Role.APPROVER, owner, decider),
    )  # fmt: skip


def _put(matter: Matter, shelf: _Shelf) -> None:
    course, sheaf = matter.course, matter.sheaf
    looks = list(_looks(matter))
    sheaf.put(Case, **_row(matter, shelf, looks))
    if course.ended_at is not None:
        shelf.ended[course.shop.id] = course.id
    _parties(matter)
    for person in _hands(matter):
        sheaf.put(CaseHand, case_id=course.id, user_id=person)
    put_orders(matter, shelf.licences)
    put_trace(matter, shelf.stock.get(matter.carrier.id, ()))
    for look in looks:
        sheaf.put(Recheck, **look)
    put_notice(matter, shelf.noticing)


def _row(matter: Matter, shelf: _Shelf, looks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    course, shop = matter.course, matter.course.shop
    former = shelf.ended.get(shop.id)
    due_at, version = _due(course, looks)
    goes_on = course.ended_at is None
    return {
        "id": course.id, "reference": matter.reference, "organisation_id": matter.carrier.id,
        "former_id": former, "platform": shop.platform, "shop_id": shop.id,
        "shop_name": shop.name, "shop_key": shop.shop_key,
        "search_text": sought_text(matter.reference, shop.name, shop.shop_key),
        "agent_id": shop.agent_id, "kind": course.gravest.kind, "ground": course.gravest.ground,
        "tier": course.tier if former is None else course.tier.raised(),
        "tier_basis": _basis(course, former), "state": course.state,
        "appealed_from": _stood(course), "owner_id": matter.owner, **_places(matter),
        "facts": course.chance.choice(_FACTS) if course.proposed_at else "",
        "reason": "未取得网络代理委托销售电话卡" if course.is_decided else "",
        "proposed_by": matter.owner if course.proposed_at else None,
        "decided_by": matter.decider if course.is_decided else None,
        "decided_at": course.decided_at,
        "rechecked_by": matter.checker if course.state is _S.CLOSED else None,
        "due_at": due_at if goes_on else None, "rule_version": version,
        "is_late": goes_on and due_at is not None and due_at <= matter.world.now,
        "version": _moves(course), "created_at": course.opened_at,
        "closed_at": course.ended_at if course.state is not _S.TRANSFERRED else None,
    }  # fmt: skip


def _basis(course: Course, former: UUID | None) -> TierBasis:
    is_raised = former is not None and course.tier is not Tier.SERIOUS
    return TierBasis.RELISTED if is_raised else TierBasis.KIND


def _stood(course: Course) -> CaseState | None:
    """Where an appeal found it."""
    if course.lodged_at is None:
        return None
    return _S.EXECUTING if course.done_at is None else _S.WAITING_RECHECK


def _places(matter: Matter) -> dict[str, str | None]:
    """The three routers of notice 182 三(四)."""
    shop, chance = matter.course.shop, matter.course.chance
    is_site = shop.platform == OWN_SITE or likely(chance, 0.06)
    platform = matter.platform.province if matter.platform else None
    return {
        "filing_place": chance.choice(list(provinces())) if is_site else None,
        "card_home": matter.card_home,
        "platform_home": shop.platform_home or platform,
    }


def _moves(course: Course) -> int:
    moments = (course.assigned_at, course.proposed_at, course.decided_at, course.noticed_at,
               course.done_at, course.lodged_at, course.ended_at)  # fmt: skip
    return 1 + sum(one is not None for one in moments)


def _due(course: Course, looks: Sequence[Mapping[str, Any]]) -> tuple[datetime | None, str]:
    """Of what has to be done next, by the rule of the step."""
    begun = {
        _S.OPENED: ("case_assignment", course.opened_at),
        _S.INVESTIGATING: ("case_investigation", course.assigned_at),
        _S.DECISION_PROPOSED: ("case_decision", course.proposed_at),
        _S.DECIDED: ("platform_notification", course.decided_at),
        _S.EXECUTING: ("case_execution", course.noticed_at),
        _S.APPEALED: (
            "appeal_decision" if course.is_heard else "appeal_acceptance",
            course.lodged_at,
        ),
    }
    if course.state in begun:
        code, at = begun[course.state]
        found = due(code, at or course.opened_at)
        return found.at, found.version
    look = next((one for one in looks if one["done_at"] is None), None) or (looks or [None])[-1]
    return (look["due_at"], look["rule_version"]) if look else (None, "case_execution/1")


def _parties(matter: Matter) -> None:
    """The shop or the agent whose it is, heard before anything is proposed."""
    course, shop = matter.course, matter.course.shop
    is_heard = course.proposed_at is not None
    matter.sheaf.put(
        CaseParty, id=matter.at(course.opened_at), case_id=course.id,
        role=PartyRole.AGENT if shop.agent_id else PartyRole.SHOP, name=shop.name[:200],
        agent_id=shop.agent_id, share=100,
        nature="无委托销售" if is_heard else "",
        circumstance="公开上架数周，可见销量" if is_heard else "",
        result="售出若干张，未见冒名" if is_heard else "",
        statement=course.chance.choice(_SAID) if is_heard else "",
        heard_at=course.proposed_at - _MARGIN if course.proposed_at else None,
        heard_by=matter.owner if is_heard else None,
    )  # fmt: skip


def _hands(matter: Matter) -> set[UUID]:
    course = matter.course
    people = {matter.owner, matter.decider if course.is_decided else None}
    return {one for one in people if one is not None}


def _looks(matter: Matter) -> list[dict[str, Any]]:
    """After 7 and after 30 days, once everything is done; an upheld appeal leaves none."""
    course, done = matter.course, matter.course.done_at
    if done is None or course.state in {_S.REVERSED, _S.TRANSFERRED}:
        return []
    made: list[dict[str, Any]] = []
    for number, code in enumerate(("recheck_first", "recheck_second"), 1):
        when = due(code, done)
        looked = _looked(matter, number, done, when.at)
        made.append(
            matter.own | {
                "id": matter.at(done), "round": 1, "number": number, "due_at": when.at,
                "rule_version": when.version, "done_at": looked,
                "is_late": looked is None and when.at <= matter.world.now,
                "is_clean": True if looked else None, "words_given": _CLEAN if looked else "",
                "done_by": matter.checker if looked else None,
            }
        )  # fmt: skip
    return made


def _looked(matter: Matter, number: int, done: datetime, when: datetime) -> datetime | None:
    course = matter.course
    if course.state is _S.CLOSED:
        first = done + timedelta(days=course.chance.uniform(5, 8))
        return course.ended_at if number > 1 else min(first, course.ended_at or first)
    first = when - timedelta(days=course.chance.uniform(0.2, 2.5))
    is_made = number == 1 and first < matter.world.now and likely(course.chance, 0.93)
    return first if is_made and course.state is _S.WAITING_RECHECK else None


def _take_back(world: World, found: Sequence[Course]) -> None:
    """What a reversed case rested on was not borne out: its findings stay where they stood."""
    rows = [
        {"of": one.id, "to": FindingState.IN_CASE}
        for course in found if course.state is _S.REVERSED for one in course.findings
    ]  # fmt: skip
    table: Any = inspect(Finding).local_table
    statement = (
        update(table).where(col(Finding.id) == bindparam("of"))
        .values(state=bindparam("to"))
    )  # fmt: skip
    with world.house.desk().begin(Permission.ORGANISATION_EDIT) as work:
        if rows:
            work.session.connection().execute(statement, rows)
        operator = next(
            one for one in world.organisations.values() if one.kind is OrganisationKind.OPERATOR
        )
        work.record("demo.filled", operator, part="cases", reversed=len(rows))
