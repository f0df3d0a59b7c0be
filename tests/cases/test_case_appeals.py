"""Appeals against a case's decision: in time, heard by others, lifted at once when upheld."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from console.actions.cases.authorities.appeals import (
    AppealForm,
    accept_case_appeal,
    case_appeal_record,
    case_appeals_of,
    decide_case_appeal,
    list_case_appeals,
    lodge_case_appeal,
    who_may_appeal,
    withdraw_case_appeal,
)
from console.actions.cases.decide import approve, propose
from console.actions.cases.late import sweep_late
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.notices.threads import thread_record
from console.actions.cases.open import open_case
from console.actions.cases.orders import measures_of, order
from console.actions.cases.tasks import prove, tasks_of
from console.actions.channel.licences import suspend_licence
from console.actions.channel.review import blacklist_agent
from console.actions.work import work_items
from console.desk import Desk
from models.cases.appeals import CaseAppeal, CaseAppealMove, CaseAppealState
from models.cases.cases import CASE_MOVES, Case, CaseMove, CaseState
from models.cases.measures import CaseMeasure, Measure, MeasureState
from models.cases.notices import Notice, NoticeState
from models.cases.tasks import TaskKind, TaskState
from models.channel.agents import Agent, AgentState, Blacklisted
from models.channel.badges import Badge, BadgeState
from models.channel.licences import Ground, Licence, LicenceState
from models.patrol.shops import Shop
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import FindingKind
from tests.cases.orders import PAPER
from tests.cases.world import (
    Found,
    all_else_proven,
    decided,
    established,
    found,
    measures_with,
    opened,
    person,
    proposal,
    removed,
    row,
)
from tests.channel.stories import licensed
from tests.conftest import NOON, Clock, Desks

S, M = CaseAppealState, CaseAppealMove
FORM = AppealForm("该店系受托代销，附委托书复印件。", appellant="星河通信店主")
WHY = "委托书经核实有效，原认定事实不清。"


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


def fresh(desks: Desks) -> Desk:
    """An approver who had no hand in the case."""
    return person(desks, "he.cha", "CT-44", Role.APPROVER)


def lodged(desks: Desks, case: Case) -> CaseAppeal:
    return lodge_case_appeal(desks.manager, case.id, FORM, PAPER)


def accepted(desks: Desks, case: Case) -> CaseAppeal:
    return accept_case_appeal(desks.approver, lodged(desks, case).id)


def measures(desks: Desks, case: Case) -> dict[Measure, CaseMeasure]:
    with desks.house.begin(Permission.CASE_READ) as work:
        return {one.measure: one for one in measures_of(work, case)}


def open_tasks(desks: Desks, case: Case) -> list[TaskKind]:
    with desks.house.begin(Permission.CASE_READ) as work:
        return [one.kind for one in tasks_of(work, case, TaskState.OPEN)]


def set_state(desks: Desks, case: Case, state: CaseState) -> None:
    with desks.house.begin(Permission.CASE_SEND) as work:
        kept = work.session.get_one(Case, case.id)
        kept.state, kept.decided_at = state, work.at
        work.no_deed()


def against_agent(desks: Desks, kind: FindingKind, serial: int = 1) -> tuple[Case, Agent, Licence]:
    """A decided case against an agent of the carrier's own."""
    agent, licence, _ = licensed(desks, serial, (f"10{serial}1",))
    at = found(desks, kind=kind, ground=Ground.OUT_OF_SCOPE, shop_no=9100 + serial)
    return _decided_against(desks, agent, at), agent, licence


def _decided_against(desks: Desks, agent: Agent, at: Found) -> Case:
    with desks.house.begin(Permission.CASE_SEND) as work:
        work.session.get_one(Shop, at.shop.id).agent_id = agent.id
        work.no_deed()
    case = established(desks, open_case(desks.manager, at.ids))
    chosen = measures_with(desks, case, Measure.REMOVE_SHOP)
    propose(desks.manager, case.id, proposal(chosen))
    return approve(desks.approver, case.id)


def suspended(desks: Desks, case: Case, licence: Licence) -> None:
    """The licence is suspended as the case decided, and its task proven."""
    suspend_licence(desks.manager, licence.id, reason=case.reference, remedy="向省公司申诉")
    with desks.house.begin(Permission.CASE_SEND) as work:
        prove(work, case.id, TaskKind.SUSPEND_LICENCE, target=str(licence.id))


def test_an_appeal_is_taken_in_within_three_working_days_and_decided_within_fifteen(
    desks: Desks, clock: Clock
) -> None:
    case = decided(desks)
    clock.pass_(days=1)
    appeal = lodged(desks, case)
    assert (appeal.number, appeal.appellant, appeal.state) == (
        "APL-2026-000001", "星河通信店主", S.LODGED,
    )  # fmt: skip
    assert appeal.due_at == datetime(2026, 3, 6, 16, tzinfo=UTC)
    kept = row(desks, Case, case.id)
    assert (kept.state, kept.appealed_from, kept.due_at) == (
        CaseState.APPEALED, CaseState.DECIDED, appeal.due_at,
    )  # fmt: skip
    clock.pass_(days=2)
    taken = accept_case_appeal(desks.approver, appeal.id)
    assert (taken.state, taken.due_at) == (S.ACCEPTED, datetime(2026, 3, 24, 16, tzinfo=UTC))
    assert row(desks, Case, case.id).due_at == taken.due_at


@pytest.mark.parametrize("minutes", [0, 1])
def test_the_window_ends_with_its_last_day_in_china(
    desks: Desks, clock: Clock, minutes: int
) -> None:
    case = decided(desks)
    clock.at = datetime(2026, 3, 17, 15, 59 + minutes - 1, 59, tzinfo=UTC)
    clock.pass_(seconds=minutes)
    if not minutes:
        assert lodged(desks, case).state is S.LODGED
        return
    clock.at = datetime(2026, 3, 17, 16, tzinfo=UTC)
    no = refused(Conflict, lambda: lodged(desks, case))
    assert (no.code, no.facts["last"]) == ("case_appeal.too_late", "2026-03-17")


def test_only_what_was_decided_is_appealed_against_and_once_at_a_time(desks: Desks) -> None:
    case = decided(desks)
    for state in CaseState:
        set_state(desks, case, state)
        if (state, CaseMove.APPEAL) in CASE_MOVES:
            appeal = lodged(desks, case)
            assert row(desks, Case, case.id).appealed_from is state
            assert refused(Conflict, lambda: lodged(desks, case)).code == "case_appeal.open_already"
            withdraw_case_appeal(desks.manager, appeal.id, "自愿")
            assert row(desks, Case, case.id).state is state
        elif state is not CaseState.APPEALED:
            assert refused(Conflict, lambda: lodged(desks, case)).code == "case_appeal.not_now"


def test_an_appeal_says_who_why_and_on_which_paper(desks: Desks) -> None:
    case, other = decided(desks), decided(desks, shop_no=2)
    (party,) = who_may_appeal(desks.manager, case.id)
    (stranger,) = who_may_appeal(desks.manager, other.id)

    def lodge(ground: str = "不服", name: str = "", party_id: object = None) -> CaseAppeal:
        form = AppealForm(ground, name, party_id)  # pyright: ignore[reportArgumentType]
        return lodge_case_appeal(desks.manager, case.id, form, PAPER)

    assert refused(Invalid, lambda: lodge(" ", "某店")).code == "case.words_needed"
    assert refused(Invalid, lodge).code == "case.words_needed"
    assert (
        refused(Invalid, lambda: lodge("证件 11010519491231002X", "某店")).code
        == "admission.identity_number"
    )
    assert (
        refused(Invalid, lambda: lodge_case_appeal(desks.manager, case.id, FORM, None)).code
        == "paper.needed"
    )
    no = refused(Conflict, lambda: lodge(party_id=stranger.id))
    assert no.code == "case_appeal.not_its_party"
    appeal = lodge(party_id=party.id)
    assert (appeal.appellant, appeal.party_id) == (party.name, party.id)
    record = case_appeal_record(desks.approver, appeal.id)
    assert record.party == party
    assert [one.deed for one in record.deeds] == ["case_appeal.lodged"]


def test_an_upheld_appeal_reverses_the_case_and_lifts_every_measure(
    desks: Desks, clock: Clock
) -> None:
    case = decided(desks)
    assert len(open_tasks(desks, case)) > 1
    appeal = accepted(desks, case)
    clock.pass_(days=3)
    done = decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert (done.state, done.decision, done.decided_at) == (S.UPHELD, WHY, clock.at)
    kept = row(desks, Case, case.id)
    assert (kept.state, kept.due_at, kept.closed_at) == (CaseState.REVERSED, None, clock.at)
    lifted = measures(desks, case).values()
    assert {one.state for one in lifted} == {MeasureState.LIFTED}
    assert {(one.lifted_at, one.lifted_why) for one in lifted} == {
        (clock.at, f"{appeal.number} {WHY}")
    }
    assert open_tasks(desks, case) == []
    with desks.house.begin(Permission.CASE_READ) as work:
        waived = tasks_of(work, case, TaskState.NOT_NEEDED)
    assert waived
    assert {one.words_given for one in waived} == {appeal.number}
    refused(Conflict, lambda: decide_case_appeal(desks.approver, appeal.id, M.DISMISS, WHY))


def test_what_was_carried_out_is_lifted_too_and_the_platform_is_told(desks: Desks) -> None:
    case = decided(desks)
    notice = send_notice(desks.manager, case.id)
    removed(desks, notice)
    all_else_proven(desks, case.id)
    assert row(desks, Case, case.id).state is CaseState.WAITING_RECHECK
    appeal = accepted(desks, case)
    decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert {one.state for one in measures(desks, case).values()} == {MeasureState.LIFTED}
    (message,) = thread_record(desks.platform, notice.id).messages
    assert WHY in message.text
    assert "立即解除" in message.text
    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED


def test_a_suspended_licence_and_its_badges_hold_again_at_once(desks: Desks) -> None:
    case, _, licence = against_agent(desks, FindingKind.SUB_AGENT)
    suspended(desks, case, licence)
    assert row(desks, Licence, licence.id).state is LicenceState.SUSPENDED
    appeal = accepted(desks, case)
    assert row(desks, Licence, licence.id).state is LicenceState.SUSPENDED
    decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert row(desks, Licence, licence.id).state is LicenceState.ACTIVE
    with desks.house.begin(Permission.BADGE_READ) as work:
        badges = work.session.exec(select(Badge).where(Badge.licence_id == licence.id)).all()
    assert [one.state for one in badges] == [BadgeState.ISSUED]


def test_a_licence_that_another_case_keeps_suspended_stays_so(desks: Desks) -> None:
    case, agent, licence = against_agent(desks, FindingKind.SUB_AGENT)
    suspended(desks, case, licence)
    at = found(desks, kind=FindingKind.SUB_AGENT, ground=Ground.OUT_OF_SCOPE, shop_no=9300)
    second = _decided_against(desks, agent, at)
    appeal = accepted(desks, case)
    decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert row(desks, Licence, licence.id).state is LicenceState.SUSPENDED
    assert row(desks, Case, second.id).state is CaseState.DECIDED


def test_a_licence_suspended_for_something_else_stays_so(desks: Desks) -> None:
    case, _, licence = against_agent(desks, FindingKind.SUB_AGENT)
    suspend_licence(desks.manager, licence.id, reason="另案", remedy="向省公司申诉")
    appeal = accepted(desks, case)
    decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert row(desks, Licence, licence.id).state is LicenceState.SUSPENDED


def test_an_interim_suspension_is_lifted_too(desks: Desks) -> None:
    case, _, licence = against_agent(desks, FindingKind.BADGE_MISUSE)
    with desks.house.begin(Permission.CASE_SEND) as work:
        kept = work.session.get_one(Case, case.id)
        order(
            work, kept, [Measure.SUSPEND_LICENCE], reason="立即制止", remedy="-", papers="-",
            rules=[], interim=True,
        )  # fmt: skip
        work.no_deed()
    suspend_licence(desks.manager, licence.id, reason=case.reference, remedy="向省公司申诉")
    appeal = accepted(desks, case)
    decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert row(desks, Licence, licence.id).state is LicenceState.ACTIVE


def test_the_firm_is_off_the_blacklist_and_may_be_licensed_again(desks: Desks) -> None:
    case, agent, licence = against_agent(desks, FindingKind.FALSE_REGISTRATION)
    second = person(desks, "er.shen", "CT-44", Role.APPROVER)
    for desk in (desks.approver, second):
        blacklist_agent(desk, agent.id, reason="虚假登记", source=case.reference)
    with desks.house.begin(Permission.CASE_SEND) as work:
        prove(work, case.id, TaskKind.BLACKLIST)
        prove(work, case.id, TaskKind.REVOKE_LICENCE)
    appeal = accepted(desks, case)
    decide_case_appeal(fresh(desks), appeal.id, M.UPHOLD, WHY)
    assert row(desks, Agent, agent.id).state is AgentState.ELIGIBLE
    assert row(desks, Licence, licence.id).state is LicenceState.REVOKED
    with desks.house.begin(Permission.BLACKLIST_READ) as work:
        entries = work.session.exec(
            select(Blacklisted).where(col(Blacklisted.lifted_at).is_(None))
        ).all()
    assert entries == []


def test_a_dismissed_appeal_leaves_the_case_where_it_stood(desks: Desks) -> None:
    case = decided(desks)
    due = row(desks, Case, case.id).due_at
    appeal = accepted(desks, case)
    done = decide_case_appeal(fresh(desks), appeal.id, M.DISMISS, "委托书系伪造")
    assert done.state is S.DISMISSED
    kept = row(desks, Case, case.id)
    assert (kept.state, kept.appealed_from, kept.due_at) == (CaseState.DECIDED, None, due)
    assert {one.state for one in measures(desks, case).values()} == {MeasureState.IN_FORCE}
    assert open_tasks(desks, case)


def test_what_was_proven_while_it_was_heard_counts_when_it_is_dismissed(desks: Desks) -> None:
    case = decided(desks)
    removed(desks, send_notice(desks.manager, case.id))
    appeal = accepted(desks, case)
    all_else_proven(desks, case.id)
    assert row(desks, Case, case.id).state is CaseState.APPEALED
    decide_case_appeal(fresh(desks), appeal.id, M.DISMISS, "维持")
    assert row(desks, Case, case.id).state is CaseState.WAITING_RECHECK


def test_whoever_had_a_hand_in_the_case_does_not_decide(desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    case = decided(desks)
    appeal = accept_case_appeal(desks.approver, lodge_case_appeal(both, case.id, FORM, PAPER).id)
    for desk in (desks.approver, both):
        no = refused(
            NotAllowed, lambda desk=desk: decide_case_appeal(desk, appeal.id, M.DISMISS, WHY)
        )
        assert no.code == "case_appeal.same_person"
        (record,) = case_appeals_of(desk, case.id)
        assert record.has_hand
    for desk in (desks.manager, desks.regulator, desks.platform):
        refused(NotAllowed, lambda desk=desk: decide_case_appeal(desk, appeal.id, M.DISMISS, WHY))
    refused(NotFound, lambda: decide_case_appeal(desks.other_approver, appeal.id, M.DISMISS, WHY))
    other = fresh(desks)
    refused(Invalid, lambda: decide_case_appeal(other, appeal.id, M.WITHDRAW, WHY))
    refused(Invalid, lambda: decide_case_appeal(other, appeal.id, M.DISMISS, " "))
    assert decide_case_appeal(other, appeal.id, M.DISMISS, WHY).state is S.DISMISSED


def test_an_appeal_that_nobody_hears_is_late_once_for_each_step(desks: Desks, clock: Clock) -> None:
    case = decided(desks)
    appeal = lodged(desks, case)
    assert sweep_late(desks.house) == 0
    clock.pass_(days=4)
    assert [sweep_late(desks.house) > 0 for _ in range(2)] == [True, False]
    taken = accept_case_appeal(desks.approver, appeal.id)
    assert not taken.is_late
    clock.pass_(days=20)
    assert [sweep_late(desks.house) > 0 for _ in range(2)] == [True, False]
    deeds = [one.deed for one in case_appeal_record(desks.approver, appeal.id).deeds]
    assert deeds.count("case_appeal.late") == 2


def test_an_appeal_waits_for_exactly_those_who_can_hear_it(desks: Desks) -> None:
    def kinds(desk: Desk) -> list[str]:
        return [one.kind for one in work_items(desk) if one.kind.startswith("case_appeal")]

    case, another = decided(desks), fresh(desks)
    appeal = lodged(desks, case)
    assert kinds(desks.approver) == kinds(another) == ["case_appeal_accept"]
    accept_case_appeal(desks.approver, appeal.id)
    assert kinds(another) == ["case_appeal_decide"]
    for desk in (desks.approver, desks.manager, desks.regulator, desks.other_approver):
        assert kinds(desk) == []
    decide_case_appeal(another, appeal.id, M.DISMISS, WHY)
    assert kinds(another) == []


def test_appeals_are_listed_by_urgency_for_those_who_see_the_case(desks: Desks) -> None:
    first, second = decided(desks), opened(desks, shop_no=2)
    appeal = lodged(desks, first)
    refused(Conflict, lambda: lodged(desks, second))
    assert [one.id for one in list_case_appeals(desks.regulator).rows] == [appeal.id]
    assert list_case_appeals(desks.approver, S.ACCEPTED).rows == []
    assert list_case_appeals(desks.other_approver).rows == []
    refused(NotAllowed, lambda: list_case_appeals(desks.platform))
    assert appeal.lodged_at == NOON
