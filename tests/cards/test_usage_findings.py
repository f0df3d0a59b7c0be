"""Findings of industry cards in people's hands: reported, confirmed or dismissed by another."""

from datetime import date, timedelta
from itertools import product

import pytest

from console.actions.audit import history
from console.actions.cards.industry.findings import (
    Report,
    confirm_usage_finding,
    confirm_usage_findings,
    dismiss_usage_finding,
    dismiss_usage_findings,
    list_usage_findings,
    report_finding,
    usage_finding_record,
)
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cases.late import sweep_deadlines
from console.desk import Desk
from integrations.evidence import Digest
from models.cards.monitoring import (
    USAGE_FINDING_MOVES,
    FoundBy,
    UsageFinding,
    UsageFindingMove,
    UsageFindingState,
)
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cards.used import DAY, Used, csv_of, planted
from tests.cases.world import PDF
from tests.conftest import Clock, Desks

S, M = UsageFindingState, UsageFindingMove
BREACH = FindingKind.IOT_SCOPE_BREACH


def told(
    desk: Desk,
    used: Used,
    iccid: str = "",
    kind: FindingKind = BREACH,
    said: str = "群发短信。",
) -> UsageFinding:
    report = Report(kind, DAY, said, "深圳市公安局", iccid=iccid)
    return report_finding(desk, used.id, report)


def test_what_the_police_tell_is_entered_with_its_papers_and_looked_at_by_another(
    desks: Desks,
) -> None:
    used = planted(desks)
    report = Report(BREACH, DAY, "涉案卡。", "深圳市公安局", iccid=used.iccid(3))
    finding = report_finding(desks.iot, used.id, report, papers=[("通报.pdf", PDF)])
    assert (finding.iccid, finding.found_by) == (used.iccid(3)[:19], FoundBy.REPORT)
    assert finding.facts["papers"][0]["name"] == "通报.pdf"
    assert desks.house.house.evidence.open(Digest(finding.evidence[0])) == PDF
    with pytest.raises(NotAllowed, match="same_person"):
        confirm_usage_finding(desks.iot, finding.id)
    with pytest.raises(NotAllowed, match="same_person"):
        dismiss_usage_finding(desks.iot, finding.id, "查无此事")
    done = confirm_usage_finding(desks.approver, finding.id, reason="已核对话单")
    assert (done.state, done.looked_by) == (S.CONFIRMED, desks.approver.actor.id)
    record = usage_finding_record(desks.auditor, finding.id)
    assert [one.deed for one in record.deeds] == ["usage_finding.confirmed", "usage_finding.found"]


def test_resale_is_serious_and_due_at_once_and_a_breach_within_a_working_day(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    resale = told(desks.iot, used, kind=FindingKind.IOT_RESALE)
    breach = told(desks.iot, used)
    assert (resale.tier, resale.due_at) == (Tier.SERIOUS, clock.at)
    assert breach.tier is Tier.GENERAL
    assert breach.due_at is not None
    assert breach.due_at - clock.at > timedelta(hours=12)


def test_a_report_that_cannot_be_is_refused_with_what_is_wrong(desks: Desks) -> None:
    used, other = planted(desks), planted(desks, 2)
    with pytest.raises(Invalid, match=r"monitoring\.not_in_batch"):
        told(desks.iot, used, other.iccid(0))
    with pytest.raises(Invalid, match=r"monitoring\.no_iccid"):
        told(desks.iot, used, "13800138000")
    with pytest.raises(Invalid, match=r"usage_finding\.not_by_hand"):
        told(desks.iot, used, kind=FindingKind.NO_DELEGATION)
    with pytest.raises(Invalid, match=r"identity_number"):
        told(desks.iot, used, said="使用人 11010519491231002X")
    future = Report(BREACH, date(2026, 3, 3), "…", "公安局")
    with pytest.raises(Invalid, match=r"usage_finding\.in_future"):
        report_finding(desks.iot, used.id, future)
    backwards = Report(BREACH, DAY, "…", "公安局", last_day=DAY - timedelta(days=1))
    with pytest.raises(Invalid, match=r"usage_finding\.days_backwards"):
        report_finding(desks.iot, used.id, backwards)
    with pytest.raises(NotAllowed):
        told(desks.approver, used)
    with pytest.raises(NotFound):
        told(desks.iot, planted(desks, 3, carrier="CU-44"))


def test_every_move_of_a_finding_is_in_the_table_or_refused(desks: Desks) -> None:
    finding = told(desks.iot, planted(desks))
    for state, move in product(S, M):
        finding.state = state
        if (state, move) in USAGE_FINDING_MOVES:
            finding.move(move)
            assert finding.state is USAGE_FINDING_MOVES[state, move]
        else:
            with pytest.raises(Conflict):
                finding.move(move)


def test_many_are_decided_each_on_its_own(desks: Desks) -> None:
    used = planted(desks)
    rows = [told(desks.iot, used, used.iccid(at)) for at in range(3)]
    confirm_usage_finding(desks.approver, rows[0].id)
    done = dismiss_usage_findings(desks.approver, [row.id for row in rows], "误报")
    assert [one.refusal is None for one in done] == [False, True, True]
    again = confirm_usage_findings(desks.approver, [row.id for row in rows])
    assert all(one.refusal is not None for one in again)
    assert len(list_usage_findings(desks.iot, state=S.DISMISSED).rows) == 2
    with pytest.raises(Invalid):
        dismiss_usage_finding(desks.approver, rows[0].id, "  ")


def test_a_decision_on_what_has_changed_meanwhile_is_refused(desks: Desks) -> None:
    finding = told(desks.iot, planted(desks))
    with pytest.raises(Conflict, match=r"changed_meanwhile"):
        confirm_usage_finding(desks.approver, finding.id, version=finding.version + 1)


def test_lists_are_of_a_state_a_batch_a_kind_or_of_what_is_late(desks: Desks, clock: Clock) -> None:
    used, other = planted(desks), planted(desks, 2)
    first, second = told(desks.iot, used), told(desks.iot, other, kind=FindingKind.IOT_RESALE)
    assert [one.id for one in list_usage_findings(desks.iot).rows] == [second.id, first.id]
    assert [one.id for one in list_usage_findings(desks.iot, batch=used.id).rows] == [first.id]
    kind = FindingKind.IOT_RESALE
    assert [one.id for one in list_usage_findings(desks.iot, kind=kind).rows] == [second.id]
    assert [one.id for one in list_usage_findings(desks.iot, late=True).rows] == [second.id]
    clock.pass_(days=3)
    assert len(list_usage_findings(desks.iot, late=True).rows) == 2
    page = list_usage_findings(desks.iot, limit=1)
    rest = list_usage_findings(desks.iot, limit=1, after=page.next)
    assert [one.id for one in rest.rows] == [first.id]


def test_what_nobody_acts_on_becomes_late_once_and_a_step_takes_it_back(
    desks: Desks, clock: Clock
) -> None:
    finding = told(desks.iot, planted(desks))
    clock.pass_(days=3)
    sweep_deadlines(desks.house)
    sweep_deadlines(desks.house)
    record = usage_finding_record(desks.iot, finding.id)
    assert record.finding.is_late
    assert [one.deed for one in record.deeds].count("usage_finding.overdue") == 1
    assert not dismiss_usage_finding(desks.approver, finding.id, "误报").is_late
    assert not sweep_deadlines(desks.house)
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        deeds = history(work, finding)
    assert deeds[0].deed == "usage_finding.dismissed"


def test_who_brought_the_records_does_not_say_alone_what_they_show(desks: Desks) -> None:
    used = planted(desks)
    over = [used.did(0, DAY, voice=2)]
    run = run_monitoring(desks.iot, plan_run(desks.iot, "用卡.csv", csv_of(over)).id)
    (finding,) = list_usage_findings(desks.iot, run=run.id).rows
    with pytest.raises(NotAllowed, match="same_person"):
        confirm_usage_finding(desks.iot, finding.id)
    assert confirm_usage_finding(desks.approver, finding.id).state is S.CONFIRMED
