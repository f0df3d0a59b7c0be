"""Counts for who watches a province: figures, and nothing by which a batch or person is known."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import pytest

from console.actions.cards.industry.counts import industry_counts
from console.actions.cards.industry.findings import (
    Report,
    confirm_usage_finding,
    list_usage_findings,
    report_finding,
)
from console.actions.cards.industry.runs import plan_run, run_monitoring
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.classes import CardClass
from models.cards.downstream import DownstreamReport
from models.cards.industry import BatchState
from models.cards.monitoring import UsageFindingState
from models.cards.usage_rules import UsageRule
from models.cards.users import UnattributedRange
from models.permissions import Permission
from models.refusals import NotAllowed
from models.rules import FindingKind
from tests.cards.used import DAY, Row, Used, csv_of, planted
from tests.conftest import Desks

S = UsageFindingState


def test_all_is_counted_by_state_class_rule_and_measure(desks: Desks) -> None:
    used = planted(desks, cards=10)
    planted(desks, 2, state=BatchState.RESTRICTED, cards=5)
    planted(desks, 3, state=BatchState.DRAFT, cards=7)
    rows = [used.did(0, voice=1), used.did(1, voice=1), used.did(2, sms=1)]
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    first = list_usage_findings(desks.iot, rule=UsageRule.VOICE_OFF).rows[0]
    confirm_usage_finding(desks.approver, first.id)
    report_finding(desks.iot, used.id, Report(FindingKind.IOT_RESALE, DAY, "转售", "公安局"))
    ordered(desks, used)
    (guangdong,) = industry_counts(desks.regulator).provinces
    assert guangdong.province == "44"
    assert guangdong.batches == {
        (BatchState.IN_USE, CardClass.I1): 1, (BatchState.RESTRICTED, CardClass.I1): 1,
        (BatchState.DRAFT, CardClass.I1): 1,
    }  # fmt: skip
    assert guangdong.cards == 15
    assert (guangdong.answered.percent, guangdong.scoped.have) == (100.0, 2)
    assert guangdong.findings == {
        (UsageRule.VOICE_OFF, S.CONFIRMED): 1, (UsageRule.VOICE_OFF, S.OPEN): 1,
        (UsageRule.SMS_OFF, S.OPEN): 1, (None, S.OPEN): 1,
    }  # fmt: skip
    assert guangdong.orders == {(CardMeasure.WARN, OrderState.IN_FORCE): 1}
    assert guangdong.findings_in(S.OPEN, S.CONFIRMED) == 4


def ordered(desks: Desks, used: Used, findings: Sequence[str] = ()) -> None:
    with desks.house.begin(Permission.CARD_ORDER) as work:
        order = work.add(
            CardOrder(
                number="O-1",
                batch_id=used.id,
                carrier_id=used.batch.carrier_id,
                province="44",
                measure=CardMeasure.WARN,
                finding_ids=list(findings),
                reason="超范围",
                remedy="申诉",
                papers="话单",
                notice_zh="告知书",
                notice_en="Notice",
                ordered_at=work.at,
                due_at=work.at,
            )
        )
        work.record("card_order.planted", order)


def test_users_and_gaps_count_where_the_class_or_the_maker_owes_them(desks: Desks) -> None:
    used = planted(desks, cards=10)
    other = planted(desks, 2, cards=10)
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        batch = work.get(type(used.batch), used.id)
        batch.card_class = CardClass.I3
        marked: Row = {"first": used.card(0), "last": used.card(3), "reason": "抄表"}
        work.add(UnattributedRange(batch_id=used.id, marked_at=work.at, **marked))
        months = ((used, "2026-01", 10), (used, "2026-02", 8), (other, "2026-01", 8))
        for one, month, sold in (*months, (other, "2026-02", 10)):
            report: Row = {"month": month, "issued": 10, "sold": sold, "in_stock": 0}
            reported = DownstreamReport(
                batch_id=one.id, reported_at=work.at, registered=0, **report
            )
            work.add(reported)
        work.record("industry.planted", batch)
    (counts,) = industry_counts(desks.regulator).provinces
    assert (counts.attributed.have, counts.attributed.of, counts.gaps) == (4, 10, 1)


def test_a_regulator_gets_figures_of_its_province_alone_and_no_names(desks: Desks) -> None:
    used = planted(desks)
    counts = industry_counts(desks.regulator)
    told = json.dumps(repr(asdict(counts)), ensure_ascii=False)
    assert used.batch.number not in told
    assert "智联" not in told
    assert str(used.id) not in told
    assert not industry_counts(desks.other_regulator).provinces
    with pytest.raises(NotAllowed):
        list_usage_findings(desks.regulator)
    with pytest.raises(NotAllowed):
        industry_counts(desks.platform)


def test_a_carrier_counts_its_own(desks: Desks) -> None:
    planted(desks, cards=3)
    planted(desks, 2, carrier="CU-44", cards=4)
    assert industry_counts(desks.iot).total.cards == 3
    assert industry_counts(desks.other_manager).total.cards == 4
    assert industry_counts(desks.regulator).total.cards == 7
