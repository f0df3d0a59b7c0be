"""What an appeal gives back is given back whole, whatever the case did while it was heard."""

from datetime import timedelta

import pytest
from sqlmodel import select

from console.actions.cases.authorities.appeals import (
    AppealForm,
    accept_case_appeal,
    decide_case_appeal,
    lodge_case_appeal,
    who_may_appeal,
)
from console.actions.cases.decide import approve, propose
from console.actions.cases.doing import settle_tasks
from console.actions.cases.interim import stop_at_once
from console.actions.cases.merging import merge_cases
from console.actions.cases.parties import hear_party
from console.actions.cases.rectifications.issuing import draft_rectification, issue_rectification
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from console.actions.channel.blacklist import blacklist_firm
from console.actions.channel.licences import suspend_licence
from console.actions.channel.review import blacklist_agent
from console.actions.work import work_items
from models.cases.appeals import CaseAppealMove
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure, MeasureState
from models.cases.parties import CaseParty
from models.cases.rectifications import Rectification, RectificationState
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.channel.agents import Agent, AgentState, Blacklisted
from models.channel.licences import Licence, LicenceState
from models.permissions import Permission, Role
from models.refusals import Conflict, NotAllowed
from models.rules import FindingKind
from tests.cases.core import case_of, tasks, waits
from tests.cases.orders import PAPER
from tests.cases.rectify import acknowledged, form
from tests.cases.test_case_appeals import accepted, against_agent, fresh, measures
from tests.cases.world import (
    PAPERS,
    REASON,
    REMEDY,
    decided,
    established,
    measures_with,
    opened,
    person,
    proposal,
    row,
    sent,
)
from tests.conftest import NOON, ONLY_SQLITE, Clock, Desks
from tests.stock.world import with_task

UPHOLD, WHY = CaseAppealMove.UPHOLD, "原认定事实不清"


def test_what_a_case_did_while_it_was_being_heard_is_lifted_too(desks: Desks) -> None:
    case, agent, _ = against_agent(desks, FindingKind.FALSE_REGISTRATION)
    party = "91110000600037341L"
    blacklist_firm(
        desks.approver, uscc=party, name="另一当事人", reason="同案", source=case.reference
    )
    appeal = accepted(desks, case)
    second = person(desks, "er.shen", "CT-44", Role.APPROVER)
    for desk in (desks.approver, second):
        blacklist_agent(desk, agent.id, reason="虚假登记", source=f"{case.reference} 决定")
    assert {one.state for one in tasks(desks, case.id, TaskKind.BLACKLIST)} == {TaskState.OPEN}
    decide_case_appeal(fresh(desks), appeal.id, UPHOLD, WHY)

    assert row(desks, Agent, agent.id).state is AgentState.ELIGIBLE
    with desks.house.begin(Permission.BLACKLIST_READ) as work:
        entries = work.session.exec(select(Blacklisted)).all()
    assert len(entries) == 2
    assert all(one.lifted_at for one in entries)


@ONLY_SQLITE
def test_a_licence_suspended_for_the_case_while_it_was_heard_holds_again(desks: Desks) -> None:
    case, _, licence = against_agent(desks, FindingKind.SUB_AGENT)
    appeal = accepted(desks, case)
    suspend_licence(
        desks.manager, licence.id, reason=f"按 {case.reference} 决定", remedy="向省公司申诉"
    )
    decide_case_appeal(fresh(desks), appeal.id, UPHOLD, WHY)
    assert row(desks, Licence, licence.id).state is LicenceState.ACTIVE


@ONLY_SQLITE
def test_a_firm_that_was_listed_before_the_case_stays_listed(desks: Desks) -> None:
    uscc = "91110000600037341L"
    listed = blacklist_firm(
        desks.approver, uscc=uscc, name="某店", reason="旧案", source="行业名单"
    )
    case = opened(desks)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.session.exec(select(CaseParty)).one().uscc = uscc
        work.get(Case, case.id).decided_at = work.at + timedelta(seconds=1)
        work.no_deed()
    made = with_task(desks, case, TaskKind.BLACKLIST)
    settle_tasks(desks.house)
    assert row(desks, CaseTask, made.id).state is TaskState.DONE
    decide_case_appeal(fresh(desks), accepted(desks, case).id, UPHOLD, WHY)
    assert row(desks, Blacklisted, listed.id).lifted_at is None


@ONLY_SQLITE
def test_the_entry_that_proved_a_task_is_lifted_whatever_its_source_says(desks: Desks) -> None:
    case, uscc = opened(desks), "91110000600037341L"
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.session.exec(select(CaseParty)).one().uscc = uscc
        work.get(Case, case.id).decided_at = work.at
        work.no_deed()
    entry = blacklist_firm(desks.approver, uscc=uscc, name="某店", reason="养卡", source="渠道部")
    with_task(desks, case, TaskKind.BLACKLIST)
    settle_tasks(desks.house)
    decide_case_appeal(fresh(desks), accepted(desks, case).id, UPHOLD, WHY)
    assert row(desks, Blacklisted, entry.id).lifted_at == NOON


def test_what_was_decided_for_itself_stands_alone_when_the_main_case_is_reversed(
    desks: Desks,
) -> None:
    main, other = sent(desks), sent(desks, shop_no=2)
    assert main.case_id is not None
    assert other.case_id is not None
    merge_cases(desks.manager, main.case_id, [other.case_id], "同一经营者")
    appeal = accepted(desks, case_of(desks, main.case_id))
    decide_case_appeal(fresh(desks), appeal.id, UPHOLD, WHY)

    alone = case_of(desks, other.case_id)
    assert (alone.merged_into_id, alone.state) == (None, CaseState.EXECUTING)
    assert {one.state for one in measures(desks, alone).values()} == {MeasureState.IN_FORCE}
    assert {one.state for one in tasks(desks, other.case_id)} == {TaskState.OPEN, TaskState.DONE}
    assert {one.state for one in tasks(desks, main.case_id)} <= {
        TaskState.NOT_NEEDED, TaskState.DONE,
    }  # fmt: skip


@ONLY_SQLITE
def test_what_a_decision_kept_up_in_a_merged_case_is_lifted_with_it(desks: Desks) -> None:
    main = established(desks, opened(desks))
    other = established(desks, opened(desks, shop_no=2, kind=FindingKind.SECONDARY_RESALE))
    stop_at_once(
        desks.manager, other.id, [Measure.REMOVE_LISTINGS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    merge_cases(desks.manager, main.id, [other.id], "同一经营者")
    wanted = [*measures_with(desks, main, Measure.REMOVE_SHOP), Measure.REMOVE_LISTINGS]
    propose(desks.manager, main.id, proposal(wanted))
    approve(desks.approver, main.id)
    kept = measures(desks, other)[Measure.REMOVE_LISTINGS].state
    theirs = who_may_appeal(desks.manager, main.id)[1]
    form_ = AppealForm("不服", party_id=theirs.id)
    appeal = lodge_case_appeal(desks.manager, main.id, form_, PAPER)
    accept_case_appeal(desks.approver, appeal.id)
    decide_case_appeal(fresh(desks), appeal.id, UPHOLD, WHY)

    assert (kept, theirs.case_id) == (MeasureState.IN_FORCE, other.id)
    assert measures(desks, other)[Measure.REMOVE_LISTINGS].state is MeasureState.LIFTED
    assert {one.state for one in tasks(desks, main.id)} <= {TaskState.NOT_NEEDED, TaskState.DONE}
    assert case_of(desks, other.id).merged_into_id == main.id


@ONLY_SQLITE
def test_a_rectification_notice_of_a_reversed_case_asks_nothing_more_of_anybody(
    desks: Desks, clock: Clock
) -> None:
    case = decided(desks)
    issued_ = acknowledged(desks, case_id=case.id)
    draft = draft_rectification(desks.manager, form(case_id=case.id))
    decide_case_appeal(fresh(desks), accepted(desks, case).id, UPHOLD, WHY)
    lifted = row(desks, Rectification, issued_.id)
    with pytest.raises(Conflict) as no:
        issue_rectification(desks.manager, draft.id)
    clock.pass_(days=60)

    assert (lifted.state, lifted.closed_at) == (RectificationState.CLOSED, NOON)
    assert WHY in lifted.result
    assert no.value.code == "rectification.case_ended"
    assert sweep_rectifications(desks.house) == 0
    assert not [one for one in work_items(desks.platform) if one.page == "rectifications"]


def test_who_heard_a_party_is_not_asked_to_decide_on_the_appeal(desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    case = opened(desks)
    with desks.house.begin(Permission.CASE_READ) as work:
        party = work.session.exec(select(CaseParty)).one()
    hear_party(both, party.id, "店主称系代亲友出售")
    with desks.house.begin(Permission.CASE_OPEN) as work:
        kept = work.get(Case, case.id)
        kept.state, kept.decided_at = CaseState.DECIDED, work.at
        work.no_deed()
    appeal, third = accepted(desks, case), fresh(desks)

    assert "case_appeal_decide" in waits(third, case)
    assert "case_appeal_decide" not in waits(both, case)
    with pytest.raises(NotAllowed):
        decide_case_appeal(both, appeal.id, UPHOLD, WHY)
