"""Complaints: who gets them, who may handle them, and when they have to be answered."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from console.actions.cases.complaints.handling import (
    accept_complaint,
    answer_complaint,
    assign_handler,
    close_complaint,
    handlers_for,
    investigate,
    name_colleague,
    pass_on,
    reward,
)
from console.actions.cases.complaints.lists import (
    complaint_figures,
    complaint_record,
    list_complaints,
)
from console.actions.cases.complaints.lodging import Lodged, how_it_stands, lodge, take_down
from console.actions.cases.late import sweep_late
from console.actions.staff.people import close_organisation
from console.actions.work import work_items
from console.desk import House
from models.audit import AuditEntry
from models.cases.complaints import (
    COMPLAINT_MOVES,
    Complaint,
    ComplaintKind,
    ComplaintMove,
    ComplaintSource,
    ComplaintState,
    Fault,
)
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import china_day
from tests.cases.complaints import NUMBER, deeds, mine, owner_of, row_of, told
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks

K, S = ComplaintKind, ComplaintState


# Who gets it


def test_the_published_list_says_whose_shop_it_is(desks: Desks, house: House) -> None:
    agent, licence, _ = licensed(desks)
    ways = (
        told(platform="lanhai", shop="1001"),
        told(shop="https://lanhai.example/shop/1001"),
        told(text=f"代理商 {agent.agent_no} 不登记真实姓名"),
        told(text=f"委托书编号 {licence.number.lower()} 的店铺"),
        told(platform="honghai", shop="9", text=f"自称 {agent.agent_no}"),
    )
    assert [owner_of(desks, lodge(house, one)) for one in ways] == ["CT-44"] * len(ways)


def test_a_shop_that_nobody_licensed_is_its_platforms(desks: Desks, house: House) -> None:
    licensed(desks)
    assert owner_of(desks, lodge(house, told(platform="lanhai", shop="4711"))) == "lanhai"


def test_what_only_a_carrier_can_set_right_goes_to_no_platform(desks: Desks, house: House) -> None:
    lodged = lodge(house, told(kind=K.FORCED_PACKAGE, platform="lanhai", shop="4711"))
    assert owner_of(desks, lodged) == "CT-44"


def test_an_application_that_was_never_licensed_is_no_way_to_a_carrier(
    desks: Desks, house: House
) -> None:
    lodged = lodge(house, told(platform="lanhai", text="代理商 CU-44-2026-000001-9 卖卡"))
    assert owner_of(desks, lodged) == "lanhai"


def test_what_names_nobody_is_never_lost(desks: Desks, house: House) -> None:
    assert owner_of(desks, lodge(house, told())) == "CT-44"  # the first carrier of the place
    assert owner_of(desks, lodge(house, told(province="11"))) == "CT-44"  # none there
    set_to = replace(house, settings=house.settings.model_copy(update={"complaints_to": "CU-44"}))
    assert owner_of(desks, lodge(set_to, told())) == "CU-44"
    for code in ("CT-44", "CU-44", "CT", "lanhai", "honghai"):
        close_organisation(desks.admin, code)
    assert owner_of(desks, lodge(set_to, told(platform="lanhai"))) == "operator"


# Who handles it


@pytest.mark.requirement("001-13")
def test_a_complaint_is_accepted_looked_into_answered_and_closed(
    desks: Desks, house: House
) -> None:
    lodged = lodge(house, told())
    row = accept_complaint(desks.manager, lodged.id)
    investigate(desks.manager, row.id, plan="向店铺和发卡渠道核实")
    answer_complaint(desks.manager, row.id, answer="情况属实，店铺已关闭。", fault=Fault.OWN)
    close_complaint(desks.manager, row.id, reason="投诉人没有异议")
    done = reward(desks.approver, row.id, what="话费一百元", paper="奖励办法第三条")

    assert (done.state, done.is_late) == (S.REWARDED, False)
    stands = how_it_stands(house, lodged.number, lodged.code)
    assert stands.answer == "情况属实，店铺已关闭。"
    assert stands.reward == "话费一百元 · 奖励办法第三条"
    assert deeds(desks.manager) == [
        "complaint.received", "complaint.accepted", "complaint.investigated",
        "complaint.answered", "complaint.closed", "complaint.rewarded",
    ]  # fmt: skip


@pytest.mark.parametrize("state", list(S))
def test_a_complaint_moves_by_its_table_alone(state: ComplaintState) -> None:
    for move in ComplaintMove:
        row = Complaint(kind=K.OTHER, text="x", number="", state=state)  # pyright: ignore[reportCallIssue]
        if (state, move) in COMPLAINT_MOVES:
            row.move(move)
            assert row.state is COMPLAINT_MOVES[state, move]
        else:
            with pytest.raises(Conflict, match="cannot_move"):
                row.move(move)


@pytest.mark.requirement("003-7.2-2")
def test_whoever_it_is_about_neither_handles_nor_sees_it(desks: Desks) -> None:
    row = mine(desks)
    assert row.handler_id == desks.manager.actor.id
    name_colleague(desks.approver, row.id, "chen.ming", reason="投诉人指名")

    assert complaint_record(desks.approver, row.id).complaint.handler_id is None
    assert list_complaints(desks.manager).rows == []
    with pytest.raises(NotFound):
        answer_complaint(desks.manager, row.id, answer="没有的事", fault=Fault.NONE)
    with pytest.raises(NotAllowed, match="same_person"):
        assign_handler(desks.approver, row.id, str(desks.manager.actor.id), reason="熟悉情况")
    assert [one.login for one in handlers_for(desks.approver, row.id)] == ["li.hua"]
    assert [one.kind for one in work_items(desks.approver)] == ["complaint_assign"]
    assert [one for one in work_items(desks.manager) if "complaint" in one.kind] == []
    assign_handler(desks.approver, row.id, str(desks.approver.actor.id), reason="由本人办理")
    answer_complaint(desks.approver, row.id, answer="已核实并处理。", fault=Fault.OWN)


def test_nobody_handles_their_own(desks: Desks) -> None:
    lodged = take_down(desks.manager, told(kind=K.STAFF_CONDUCT), source=ComplaintSource.STAFF)
    with pytest.raises(NotAllowed, match="same_person"):
        accept_complaint(desks.manager, lodged.id)
    assert accept_complaint(desks.approver, lodged.id).handler_id == desks.approver.actor.id
    assert "staff.own_act_refused" in [
        entry.deed for entry in every(desks) if entry.deed.startswith("staff.own")
    ]


def every(desks: Desks) -> list[AuditEntry]:
    with desks.house.begin(Permission.AUDIT_READ) as work:
        return list(work.session.exec(select(AuditEntry)).all())


def test_everybody_at_work_may_bring_one_of_their_own(desks: Desks) -> None:
    lodged = take_down(desks.inspector, told(kind=K.STAFF_CONDUCT), source=ComplaintSource.STAFF)
    assert owner_of(desks, lodged) == "CT-44"
    with pytest.raises(NotAllowed, match="not_allowed"):
        take_down(desks.inspector, told(), source=ComplaintSource.HOTLINE)


def test_only_the_handler_acts_and_only_the_organisation(desks: Desks, house: House) -> None:
    lodged = lodge(house, told())
    with pytest.raises(NotFound):
        accept_complaint(desks.other_manager, lodged.id)
    with pytest.raises(NotAllowed, match="not_allowed"):
        accept_complaint(desks.regulator, lodged.id)
    with pytest.raises(Conflict, match="accept_first"):
        assign_handler(desks.manager, lodged.id, str(desks.approver.actor.id), reason="改派")
    with pytest.raises(Conflict, match="cannot_handle"):
        accept_complaint(desks.manager, lodged.id, handler_id=desks.inspector.actor.id)
    accept_complaint(desks.approver, lodged.id, handler_id=desks.manager.actor.id)
    with pytest.raises(NotAllowed, match="not_its_handler"):
        answer_complaint(desks.approver, lodged.id, answer="答复", fault=Fault.OWN)
    with pytest.raises(Invalid, match="identity_number"):
        answer_complaint(desks.manager, lodged.id, answer=f"核实 {NUMBER}", fault=Fault.OWN)


def test_it_is_passed_on_before_it_is_accepted_and_its_time_goes_on(
    desks: Desks, house: House, clock: Clock
) -> None:
    lodged = lodge(house, told())
    clock.pass_(days=2)
    with pytest.raises(Invalid, match="nobody_there"):
        pass_on(desks.manager, lodged.id, "operator", reason="不归我们")
    row = pass_on(desks.manager, lodged.id, "CU-44", reason="店铺是联通的代理")
    assert row.due_at == lodged.due_at
    assert list_complaints(desks.manager).rows == []
    accept_complaint(desks.other_manager, lodged.id)
    with pytest.raises(Conflict, match="accepted_already"):
        pass_on(desks.other_manager, lodged.id, "CT-44", reason="退回")


def test_the_administration_of_the_place_reads_it_and_no_other(desks: Desks, house: House) -> None:
    lodged = lodge(house, told())
    assert [one.id for one in list_complaints(desks.regulator).rows] == [lodged.id]
    assert list_complaints(desks.other_regulator).rows == []


# When


@pytest.mark.requirement("001-13")
def test_the_public_is_answered_in_fifteen_days_and_the_administration_in_thirty(
    desks: Desks, house: House
) -> None:
    public = row_of(desks, lodge(house, told()))
    with pytest.raises(Invalid, match="source_number_needed"):
        take_down(desks.manager, told(), source=ComplaintSource.CA)
    ca = row_of(
        desks,
        take_down(desks.manager, told(), source=ComplaintSource.CA, source_number="粤通〔1〕"),
    )
    assert [china_day(one.due_at - timedelta(seconds=1)).isoformat() for one in (public, ca)] == [
        "2026-03-17", "2026-04-01",
    ]  # fmt: skip
    assert public.rule_version.startswith("complaint_answer/")
    assert ca.rule_version.startswith("ca_complaint_answer/")


def test_what_is_late_is_marked_once_and_stays_late_when_it_is_answered(
    desks: Desks, house: House, clock: Clock
) -> None:
    row = mine(desks)
    new = lodge(house, told())
    clock.pass_(days=15)
    assert sweep_late(desks.house) == 0
    clock.pass_(days=1)
    assert (sweep_late(desks.house), sweep_late(desks.house)) == (2, 0)
    assert deeds(desks.manager).count("complaint.late") == 2
    states = {(one.kind, one.state.value) for one in work_items(desks.manager)}
    assert {("complaint_answer", "overdue"), ("complaint_accept", "overdue")} <= states
    assert answer_complaint(desks.manager, row.id, answer="已答复", fault=Fault.OWN).is_late
    assert {one.id for one in list_complaints(desks.manager, late=True).rows} == {row.id, new.id}


@pytest.mark.requirement("004-4.2-c")
def test_re_registration_without_fault_does_not_count_in_the_rate(desks: Desks) -> None:
    today = china_day(desks.house.now())
    without, own, other = mine(desks), mine(desks), mine(desks)
    with pytest.raises(Conflict, match="fault_paper_needed"):
        answer_complaint(desks.manager, without.id, answer="已核查", fault=Fault.NONE)
    answer_complaint(
        desks.manager, without.id, answer="已核查", fault=Fault.NONE, paper="粤通信核〔2026〕8号"
    )
    answer_complaint(desks.manager, own.id, answer="已核查", fault=Fault.OWN)
    found = complaint_figures(desks.manager, today, today, users=4_000_000)

    assert (found.received, found.counted, found.not_counted) == (3, 2, 1)
    assert found.per_million == 0.5
    assert found.by_state == {S.ACCEPTED: 1, S.ANSWERED: 2}
    yesterday = today - timedelta(days=1)
    assert complaint_figures(desks.manager, yesterday, yesterday).received == 0
    assert other.counts_in_rate


# Many at once


def test_of_equal_and_of_other_forms_at_once_each_is_one_complaint(
    desks: Desks, house: House
) -> None:
    def send(number: int) -> Lodged:
        return lodge(house, told(), form=f"the-same-form-of-somebody-{number % 4}")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(send, range(16)))
    assert len({(one.number, one.code) for one in found}) == 4
    assert len(list_complaints(desks.manager).rows) == 4
    assert deeds(desks.manager) == ["complaint.received"] * 4


PLANS = {
    "organisation_id = '0' ORDER BY id DESC LIMIT 51": "ix_complaints_own",
    "organisation_id = '0' AND state = 'received' ORDER BY due_at LIMIT 9": "ix_complaints_state",
    "is_late = 0 AND state IN ('received') AND due_at <= '9' LIMIT 9": "ix_complaints_late",
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_lists_work_and_sweep_go_by_an_index(house: House) -> None:
    with house.engine.connect() as connection:
        for condition, index in PLANS.items():
            query = text(f"EXPLAIN QUERY PLAN SELECT id FROM complaints WHERE {condition}")  # noqa: S608 - ours
            rows = connection.execute(query).all()
            assert any(index in str(row) for row in rows), (condition, rows)
