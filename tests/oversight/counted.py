"""A small channel with one row of each kind that is counted, and beside it one that is not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import select

from console.desk import Work
from console.jobs.registry import SWEEPS
from models.base import Table
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import FoundBy, UsageFinding, UsageFindingState
from models.cards.purchasers import Purchaser
from models.cards.scopes import CardScope
from models.cases.cases import Case, CaseState
from models.cases.complaints import Complaint, ComplaintKind
from models.cases.notices import Answer, AnswerOutcome, Notice, NoticeState
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, Recovery, TaskKind
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.licences import Ground, Licence, LicenceState
from models.channel.publications import Publication, PublicationState
from models.channel.shops import AuthorisedShop
from models.checks.spot_checks import CheckPurpose, SpotCheck, Verdict
from models.checks.test_purchases import TestPurchase
from models.patrol.checks import CheckItem, ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.runs import PatrolRun
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.rules import FindingKind, Tier, china_day
from models.staff import Organisation
from tests.conftest import Desks

HOMES: Final = {"lanhai": "33", "honghai": "11"}
DAY: Final = timedelta(days=1)


class Planter:
    """Puts rows into the database as if all that leads to them had been done."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.at = work.at
        rows = work.session.exec(select(Organisation)).all()
        self.ids = {row.code: row.id for row in rows}
        self.count = 0

    def add(self, table: type[Table], **fields: Any) -> Any:  # noqa: ANN401 - of the table
        row = self.work.add(table(**fields))
        self.work.session.flush()
        return row

    def ago(self, days: float) -> datetime:
        return self.at - days * DAY

    def number(self, word: str) -> str:
        self.count += 1
        return f"{word}-{self.count:04}"

    def agent(
        self, carrier: str, province: str, state: AgentState, *badges: tuple[str, BadgeState]
    ) -> Agent:
        own = {"carrier_id": self.ids[carrier], "province": province, "created_at": self.ago(90)}
        self.count += 1
        agent = self.add(
            Agent, serial=self.count, agent_no=f"A-{self.count}", name="星河通信", state=state,
            uscc=f"{self.count:018}", legal_representative="陈", **own,
        )  # fmt: skip
        licence = self.add(
            Licence, number=self.number("L"), agent_id=agent.id, products=[], provinces=[province],
            shop_ids=[], begins_on=china_day(self.ago(80)), ends_on=china_day(self.ago(-200)),
            state=LicenceState.ACTIVE, approved_at=self.ago(80), **own,
        )  # fmt: skip
        for platform, badge in badges:
            shop = self.add(
                AuthorisedShop, agent_id=agent.id, platform=platform, name="星河",
                shop_key=self.number("shop:"), **own,
            )  # fmt: skip
            self.add(
                Badge, badge_id=f"{self.count:016}", carrier_id=own["carrier_id"],
                agent_id=agent.id, licence_id=licence.id, shop_id=shop.id, platform=platform,
                province=province, status_index=self.count, state=badge, issued_at=self.ago(70),
                expires_at=self.ago(-200),
            )  # fmt: skip
        return agent

    def list_(self, carrier: str, due: datetime) -> None:
        self.add(
            Publication, number=self.number("P"), carrier_id=self.ids[carrier], province="44",
            state=PublicationState.PUBLISHED, prepared_by="x", published_at=self.ago(20),
            due_at=due, created_at=self.ago(20),
        )  # fmt: skip

    def shop(
        self, platform: str, state: ShopState, *, seen: float = 1, first: float = 50,
        agent: UUID | None = None,
    ) -> Shop:  # fmt: skip
        return self.add(
            Shop, organisation_id=self.ids["CT-44"], platform=platform, card_home="44",
            platform_home=HOMES[platform], shop_key=self.number("shop:"), name="星河", state=state,
            agent_id=agent, first_seen_at=self.ago(first), last_seen_at=self.ago(seen),
        )  # fmt: skip

    def looked(self, shop: Shop, answer: str, settled: str = "") -> None:
        item = CheckItem.BADGE_DISPLAYED.value
        run = self.add(
            PatrolRun, number=self.number("R"), organisation_id=shop.organisation_id,
            platform=shop.platform, card_home="44", actor={}, created_at=self.ago(9),
        )  # fmt: skip
        self.add(
            ShopCheck, run_id=run.id, shop_id=shop.id, organisation_id=shop.organisation_id,
            answers={item: answer}, settled={item: settled} if settled else {},
            done_at=self.ago(8),
        )  # fmt: skip

    def finding(
        self, shop: Shop, state: FindingState, days: float, case: Case | None = None
    ) -> Finding:
        return self.add(
            Finding, number=self.number("F"), organisation_id=shop.organisation_id,
            shop_id=shop.id, platform=shop.platform, platform_home=shop.platform_home,
            card_home=shop.card_home, kind=FindingKind.NO_DELEGATION, ground=Ground.NO_DELEGATION,
            tier=Tier.SERIOUS, rule_version="findings/1", listing_ids=[], evidence=[],
            state=state, case_id=case.id if case else None, created_at=self.ago(days),
        )  # fmt: skip

    def case(self, carrier: str, state: CaseState, days: float = 30, **more: Any) -> Case:  # noqa: ANN401 - fields
        fields: dict[str, Any] = {
            "platform": "lanhai", "card_home": "44", "platform_home": "33", "tier": Tier.SERIOUS,
            "kind": FindingKind.NO_DELEGATION, "ground": Ground.NO_DELEGATION,
        }  # fmt: skip
        return self.add(
            Case, reference=self.number("CASE"), organisation_id=self.ids[carrier], state=state,
            created_at=self.ago(days), **(fields | more),
        )  # fmt: skip

    def notice(self, case: Case, state: NoticeState, *, sent: float | None, due: float) -> Notice:
        at = None if sent is None else self.ago(sent)
        return self.add(
            Notice, number=self.number("N"), case_id=case.id, subject="通报", body="请处理",
            organisation_id=case.organisation_id, recipient_id=self.ids[case.platform],
            platform=case.platform, state=state, promised_at=self.ago(due + 5), sent_at=at,
            acknowledge_due_at=self.ago(due), answer_due_at=self.ago(due),
        )  # fmt: skip


def plant(desks: Desks) -> None:
    assert SWEEPS, "with all that is swept every table is known that rows refer to"
    with desks.house.begin(Permission.PATROL_RUN) as work:
        made = Planter(work)
        own = _channel(made)
        shops = _patrols(made, own)
        _cases(made, shops)
        _cards(made)
        work.record("world.planted", own)


def _channel(made: Planter) -> Agent:
    good, shut = BadgeState.DISPLAYED, BadgeState.SUSPENDED
    own = made.agent("CT-44", "44", AgentState.ACTIVE, ("lanhai", good), ("honghai", good))
    made.agent("CT-44", "11", AgentState.ACTIVE, ("lanhai", BadgeState.ISSUED))
    made.agent("CT-44", "44", AgentState.SUSPENDED, ("lanhai", shut))
    made.agent("CU-44", "44", AgentState.ACTIVE, ("honghai", good))
    made.list_("CT-44", made.ago(-10))
    made.list_("CU-44", made.ago(5))
    return own


def _patrols(made: Planter, own: Agent) -> Sequence[Shop]:
    """Two live unlicensed shops; one that nobody meets any more, and an agent's own, are none."""
    live = made.shop("lanhai", ShopState.UNLICENSED)
    told = made.shop("honghai", ShopState.PLATFORM_NOTIFIED, first=10)
    dead = made.shop("lanhai", ShopState.UNLICENSED, seen=60, first=400)
    agents = made.shop("lanhai", ShopState.PLATFORM_NOTIFIED, agent=own.id)
    made.shop("lanhai", ShopState.SUSPECTED)
    gone = made.shop("lanhai", ShopState.CLOSED, seen=20)
    licensed = made.shop("lanhai", ShopState.LICENSED, agent=own.id)
    made.looked(licensed, "good")
    made.looked(agents, "bad")
    made.looked(licensed, "bad", "good")
    made.looked(licensed, "not_applicable")
    made.looked(live, "bad")
    for kind, state in (
        (LinkKind.RELISTED, LinkState.SUGGESTED),
        (LinkKind.RELISTED, LinkState.REJECTED),
        (LinkKind.SAME_OPERATOR, LinkState.ACCEPTED),
    ):
        other = made.shop("lanhai", ShopState.SUSPECTED)
        made.add(
            ShopLink, organisation_id=live.organisation_id, kind=kind, one_id=gone.id,
            other_id=other.id, score=0.9, state=state, created_at=made.ago(3),
        )  # fmt: skip
    return live, told, dead, gone


def _cases(made: Planter, shops: Sequence[Shop]) -> None:
    live, told, _, gone = shops
    late = made.case("CT-44", CaseState.INVESTIGATING, due_at=made.ago(1))
    made.case("CT-44", CaseState.EXECUTING, due_at=made.ago(-5), tier=Tier.GENERAL)
    done = made.case("CT-44", CaseState.CLOSED, 40, closed_at=made.ago(5))
    made.case("CT-44", CaseState.REVERSED, 400, closed_at=made.ago(6))
    made.case("CT-44", CaseState.CLOSED, 500, closed_at=made.ago(400))
    made.case("CT-44", CaseState.OPENED, merged_into_id=late.id, due_at=made.ago(2))
    made.case("CU-44", CaseState.EXECUTING, platform="honghai", platform_home="11", card_home="33")
    made.finding(gone, FindingState.CLOSED, 41, done)
    made.finding(told, FindingState.CONFIRMED, 9)
    made.finding(live, FindingState.IN_CASE, 48, late)
    made.finding(live, FindingState.FALSE_POSITIVE, 30)
    made.add(
        Complaint, number="C-1", asked_by_sha256="x", organisation_id=made.ids["CU-44"],
        kind=ComplaintKind.UNLICENSED_SHOP, text="无证卖卡", shop_id=live.id, due_at=made.ago(1),
        created_at=made.ago(49),
    )  # fmt: skip
    answered = made.notice(done, NoticeState.CLOSED, sent=38, due=30)
    made.add(
        Answer, notice_id=answered.id, outcome=AnswerOutcome.REMOVED, words_given="已下架",
        answered_by="lan.xin", at=made.ago(36),
    )  # fmt: skip
    made.add(
        Recheck, case_id=done.id, organisation_id=done.organisation_id, round=1, number=1,
        due_at=made.ago(25), rule_version="x", is_clean=True, done_at=made.ago(28),
    )  # fmt: skip
    made.notice(late, NoticeState.SENT, sent=3, due=1)
    made.notice(late, NoticeState.DRAFT, sent=None, due=1)
    task = made.add(
        CaseTask, case_id=done.id, organisation_id=done.organisation_id,
        kind=TaskKind.RECOVER_CARDS, due_at=made.ago(10),
    )  # fmt: skip
    made.add(Recovery, case_id=done.id, task_id=task.id, ordered=100, recovered=90, at=made.ago(12))


def _cards(made: Planter) -> None:
    own = {"carrier_id": made.ids["CT-44"], "province": "44", "created_at": made.ago(15)}
    told = {**own, "platform": "lanhai"}
    for verdict in (Verdict.PASSED, Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE, None):
        made.add(
            SpotCheck, number=made.number("S"), subject="店", purpose=CheckPurpose.ROUTINE,
            basis="三(三)", verdict=verdict, compared_at=made.ago(14) if verdict else None, **told,
        )  # fmt: skip
    for asked in (True, False, None):
        made.add(
            TestPurchase, number=made.number("T"), offer="卡", purpose="查", asked_identity=asked,
            **told,
        )  # fmt: skip
    purchaser = made.add(Purchaser, name="车联公司", uscc="9" * 18, **own)
    for has_scope in (True, False):
        batch = made.add(
            IndustryBatch, number=made.number("B"), purchaser_id=purchaser.id, ordered=5,
            card_class=CardClass.I1, state=BatchState.CONTRACTED, **own,
        )  # fmt: skip
        if has_scope:
            made.add(CardScope, batch_id=batch.id, bound_at=made.ago(14))
        for state in (UsageFindingState.CONFIRMED, UsageFindingState.DISMISSED):
            made.add(
                UsageFinding, number=made.number("U"), batch_id=batch.id, state=state,
                found_by=FoundBy.REPORT, kind=FindingKind.IOT_RESALE, tier=Tier.SERIOUS,
                first_day=china_day(made.ago(20)), last_day=china_day(made.ago(16)), **own,
            )  # fmt: skip
