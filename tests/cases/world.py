"""A shop on 蓝海商城 that sells cards without delegation, found and confirmed."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any
from uuid import UUID

from console.actions.cases.decide import Proposal, approve, propose
from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.orders import wanted_of
from console.actions.cases.parties import hear_party
from console.actions.cases.recheck import recheck
from console.actions.cases.tasks import prove
from console.actions.staff.people import add_user
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from integrations.evidence import Capture
from integrations.marketplaces.base import Page
from models.cases.cases import Case
from models.cases.measures import BY_PLATFORM, Measure, least_measures
from models.cases.notices import AnswerOutcome, Notice
from models.cases.parties import CaseParty
from models.cases.tasks import TaskKind
from models.cases.traces import OutflowTrace, TraceState
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing, Shop, ShopState
from models.permissions import Permission, Role
from models.rules import FindingKind, Tier
from models.staff import Door, UserRole
from tests.conftest import Clock, Desks

LOOPBACK = (IPv4Network("127.0.0.0/8"),)
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    + struct.pack(">I", zlib.crc32(b"IHDR"))
)
PDF = b"%PDF-1.7\n%proof\n"
REASON = "该店公开销售电话卡，未见任何委托。"
REMEDY = "可在 15 日内向省公司渠道部提出申诉。"
PAPERS = "营业执照、委托书。"


@dataclass
class Found:
    shop: Shop
    findings: list[Finding]

    @property
    def ids(self) -> list[UUID]:
        return [one.id for one in self.findings]


def found(
    desks: Desks,
    *,
    kind: FindingKind = FindingKind.NO_DELEGATION,
    ground: Ground = Ground.NO_DELEGATION,
    tier: Tier = Tier.SERIOUS,
    state: FindingState = FindingState.CONFIRMED,
    shop_state: ShopState = ShopState.SUSPECTED,
    shop_no: int = 9001,
    platform: str = "lanhai",
    findings: int = 1,
    fields: Mapping[str, Any] | None = None,
) -> Found:
    """What a patrol of 中国电信广东 left behind, with the evidence in the store."""
    capture = evidence(desks.house.house, f"https://lanhai.example/i/{shop_no}")
    organisation = desks.manager.actor.organisation_id
    assert organisation is not None
    with desks.house.begin(Permission.PATROL_RUN) as work:
        where: dict[str, Any] = {
            "organisation_id": organisation,
            "platform": platform,
            "platform_home": "33" if platform == "lanhai" else None,
            "card_home": "44",
        }
        run = work.add(PatrolRun(number=f"PATROL-{shop_no}", actor={}, created_at=work.at, **where))
        shop = work.add(
            Shop(
                shop_key=f"shop:{shop_no}",
                name="星河 <b>通信</b> 专营店",
                url=f"https://lanhai.example/s/{shop_no}",
                state=shop_state,
                first_seen_at=work.at,
                last_seen_at=work.at,
                **where,
            )
        )
        work.session.flush()
        listing = work.add(
            SeenListing(
                run_id=run.id,
                shop_id=shop.id,
                organisation_id=organisation,
                platform=platform,
                listing_id=f"i-{shop_no}",
                title_seen="移动电话卡 大流量 [免实名](https://evil.example)",
                url=f"https://lanhai.example/i/{shop_no}",
                is_card=True,
                fields=dict(fields or {}),
                evidence_sha256=capture,
                seen_at=work.at,
            )
        )
        rows = [
            work.add(
                Finding(
                    number=f"FND-2026-{shop_no:06}-{at}",
                    run_id=run.id,
                    shop_id=shop.id,
                    kind=kind,
                    ground=ground,
                    tier=tier,
                    rule_version="findings/1",
                    listing_ids=[str(listing.id)],
                    evidence=[capture],
                    state=state,
                    created_at=work.at,
                    **where,
                )
            )
            for at in range(findings)
        ]
        work.record("patrol.planted", shop, evidence=capture)
    return Found(shop, rows)


def evidence(house: House, url: str) -> str:
    with Capture(house.evidence, "listing", url) as capture:
        capture.saw(Page(url, 200, {}, b"<html>cards</html>"))
        return capture.bundle({"title": url}, b"{}").manifest_sha256


def person(desks: Desks, login: str, organisation: str, *roles: Role) -> Desk:
    """One more person, where a story needs a third."""
    user, _ = add_user(
        desks.house, organisation=organisation, login=login, name=login, elsewhere=True
    )
    with desks.house.begin(Permission.STAFF_GRANT) as work:
        for role in roles:
            work.session.add(
                UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="house")
            )
        work.record("staff.role_granted", user)
    return desks.house.house.desk(actor_named(desks.house.house, login, Door.CONSOLE))


def opened(desks: Desks, **more: Any) -> Case:  # noqa: ANN401 - as `found` takes them
    return open_case(desks.manager, found(desks, **more).ids)


def established(desks: Desks, case: Case) -> Case:
    """Its parties have been heard, and where its cards came from is known not to be known."""
    with desks.manager.begin(Permission.CASE_READ) as work:
        parties = work.all(work.select(CaseParty).where(CaseParty.case_id == case.id))
    for party in parties:
        hear_party(desks.manager, party.id, "店主称系代亲友出售")
    with desks.house.begin(Permission.TRACE_EDIT) as work:
        work.add(OutflowTrace(case_id=case.id, state=TraceState.NOT_TRACEABLE, reason="未购得卡"))
        work.record("trace.given_up", case)
    return case


def measures_with(desks: Desks, case: Case, measure: Measure) -> list[Measure]:
    """What the rules want at least; of a platform, what the story names."""
    with desks.house.begin(Permission.CASE_READ) as work:
        least = least_measures(wanted_of(work, case))
    return [*(one for one in least if one not in BY_PLATFORM), measure]


def proposal(measures: Sequence[Measure]) -> Proposal:
    return Proposal(measures, REASON, REMEDY, PAPERS)


def proposed(desks: Desks, measure: Measure = Measure.REMOVE_SHOP, **more: Any) -> Case:  # noqa: ANN401
    case = established(desks, opened(desks, **more))
    return propose(desks.manager, case.id, proposal(measures_with(desks, case, measure)))


def decided(desks: Desks, measure: Measure = Measure.REMOVE_SHOP, **more: Any) -> Case:  # noqa: ANN401
    return approve(desks.approver, proposed(desks, measure, **more).id)


def sent(desks: Desks, measure: Measure = Measure.REMOVE_SHOP, **more: Any) -> Notice:  # noqa: ANN401
    return send_notice(desks.manager, decided(desks, measure, **more).id)


def case_of(notice: Notice) -> UUID:
    assert notice.case_id is not None
    return notice.case_id


def all_else_proven(desks: Desks, case_id: UUID) -> None:
    """Every task of the case has its proof, but for those that wait for a platform."""
    with desks.house.begin(Permission.CASE_SEND) as work:
        for kind in set(TaskKind) - {TaskKind.NOTIFY_PLATFORM}:
            prove(work, case_id, kind, words="proven")
        work.no_deed()


def looked_at(desk: Desk, clock: Clock, case_id: UUID) -> Case:
    """Both looks find it clean, the second a month later."""
    recheck(desk, case_id, clean=True, reason="未再发现该店")
    clock.pass_(days=30)
    return recheck(desk, case_id, clean=True, reason="未再发现该店")


def removed(desks: Desks, notice: Notice) -> Notice:
    return answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "已清理", [("after.png", PNG)])


def row(desks: Desks, table: type[Any], row_id: UUID | None) -> Any:  # noqa: ANN401
    """A row as it is kept now."""
    with desks.house.begin(Permission.CASE_READ) as work:
        return work.session.get_one(table, row_id)


def with_loopback(house: House) -> House:
    """The same house, where servers of this machine may be asked."""
    settings = house.settings.model_copy(update={"fetch_allowed_networks": LOOPBACK})
    return replace(house, settings=settings)


def at_loopback(desks: Desks) -> Desks:
    """The same people in that house."""
    house = with_loopback(desks.house.house)
    return Desks(
        **{name: replace(getattr(desks, name), house=house) for name in Desks.__annotations__}
    )
