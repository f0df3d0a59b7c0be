"""Tasks of a decided case: shown by a paper, or seen by the house itself (DOMAIN 4.9)."""

import pytest

from console.actions.cases.assigning import assign_case, assign_task, owners_for
from console.actions.cases.authorities.kept import Brought
from console.actions.cases.decide import approve, propose
from console.actions.cases.doing import do_task, settle_tasks, task_proof, waive_task
from console.actions.cases.open import open_case
from console.actions.cases.recheck import recheck
from console.actions.cases.similar import SimilarWhy, similar_cases, similar_to_case
from console.desk import Desk
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure
from models.cases.reports import AuthorityReport, Organ
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.licences import Licence, LicenceState
from models.channel.publications import Publication, PublicationState
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cases.core import at_agent, case_of, deeds_of, refused_lowerings, tasks
from tests.cases.world import (
    PDF,
    PNG,
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
    sent,
)
from tests.channel.stories import licensed
from tests.conftest import Desks

PAPER = Brought("办理结果.png", PNG)
BY_HAND = {"kind": FindingKind.MANUAL_ENTRY, "tier": Tier.GENERAL}
"""Retrain and rectify."""


def by_hand(desks: Desks) -> tuple[Case, CaseTask]:
    case = established(desks, opened(desks, **BY_HAND))
    propose(desks.manager, case.id, proposal([Measure.RETRAIN, Measure.CORRECT, Measure.WARN]))
    approve(desks.approver, case.id)
    mandatory = [one for one in tasks(desks, case.id, TaskKind.BY_HAND) if one.is_mandatory]
    return case, mandatory[0]


def test_what_is_done_elsewhere_is_shown_by_words_and_a_paper(desks: Desks) -> None:
    case, task = by_hand(desks)
    for words, paper in (("", PAPER), ("已培训", None), ("已培训", Brought("a.exe", b"MZ"))):
        with pytest.raises(Invalid):
            do_task(desks.manager, task.id, words, paper)
    done = do_task(desks.manager, task.id, "已重新培训 12 人", PAPER)
    with pytest.raises(Conflict) as twice:
        do_task(desks.manager, task.id, "再次", PAPER)

    assert (done.state, done.words_given) == (TaskState.DONE, "已重新培训 12 人")
    assert case_of(desks, case.id).state is CaseState.EXECUTING
    assert twice.value.code == "case_task.not_open"
    file = task_proof(desks.manager, task.id)
    assert file.path is not None
    assert (file.name, file.media_type, file.path.read_bytes()) == (
        "办理结果.png",
        "image/png",
        PNG,
    )
    assert "task.downloaded" in {one.deed for one in deeds_of(desks.manager, done)}
    for stranger in (desks.platform, desks.other_manager):
        with pytest.raises(NotFound):
            task_proof(stranger, task.id)
    with pytest.raises(NotFound):
        task_proof(desks.manager, tasks(desks, case.id, TaskKind.NOTIFY_PLATFORM)[0].id)


def ended(desks: Desks, agent: Agent, licence: Licence) -> None:
    """All that a decision against an agent asks for, done elsewhere."""
    with desks.house.begin(Permission.CASE_SEND) as work:
        work.session.get_one(Licence, licence.id).state = LicenceState.REVOKED
        work.session.get_one(Agent, agent.id).state = AgentState.BLACKLISTED
        for badge in work.all(work.select(Badge).where(Badge.agent_id == agent.id)):
            badge.state = BadgeState.REVOKED
        work.add(
            Publication(
                number="PUB-1", carrier_id=agent.carrier_id, state=PublicationState.PUBLISHED,
                prepared_by="house", published_at=work.at, created_at=work.at,
            )
        )  # fmt: skip
        work.no_deed()


def against_agent(desks: Desks) -> tuple[Case, Agent, Licence]:
    agent, licence, _ = licensed(desks)
    place = at_agent(desks, agent.id, kind=FindingKind.BULK_OPENING)
    case = established(desks, open_case(desks.manager, place.ids))
    measures = [*measures_with(desks, case, Measure.REMOVE_SHOP), Measure.REVOKE_BADGE]
    measures += [Measure.REPORT_POLICE, Measure.HOLD_TO_ACCOUNT]
    propose(desks.manager, case.id, proposal(list(dict.fromkeys(measures))))
    approve(desks.approver, case.id)
    return case, agent, licence


@pytest.mark.requirement("004-3.3-e")
def test_what_the_house_can_see_is_believed_when_it_is_so(desks: Desks) -> None:
    case, agent, licence = against_agent(desks)
    seen = [
        TaskKind.REVOKE_LICENCE, TaskKind.REVOKE_BADGE, TaskKind.BLACKLIST, TaskKind.PUBLICATION,
    ]  # fmt: skip
    made = tasks(desks, case.id, *seen)
    assert {one.kind for one in made} == set(seen)
    for task in (*made, *tasks(desks, case.id, TaskKind.NOTIFY_PLATFORM)):
        with pytest.raises(Conflict) as no:
            do_task(desks.manager, task.id, "已办", PAPER)
        assert no.value.code == "case_task.not_done_yet"
    assert settle_tasks(desks.house) == 0
    ended(desks, agent, licence)
    one = do_task(desks.manager, made[0].id)
    assert settle_tasks(desks.house) == len(made) - 1

    assert one.state is TaskState.DONE
    assert {t.state for t in tasks(desks, case.id, *seen)} == {TaskState.DONE}
    (revoked,) = tasks(desks, case.id, TaskKind.REVOKE_LICENCE)
    assert revoked.facts == {"licence": licence.number, "state": "revoked"}
    assert case_of(desks, case.id).state is CaseState.EXECUTING
    assert settle_tasks(desks.house) == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_report_to_the_police_is_no_report_to_another_authority(desks: Desks) -> None:
    case, _, _ = against_agent(desks)
    (police,) = tasks(desks, case.id, TaskKind.POLICE_REPORT)
    for organ, settled in ((Organ.COMMUNICATIONS, 0), (Organ.POLICE, 1)):
        with desks.house.begin(Permission.CASE_SEND) as work:
            work.add(
                AuthorityReport(
                    case_id=case.id, organ=organ, organ_name="x", report_no="1",
                    reported_at=work.at, created_at=work.at,
                )
            )  # fmt: skip
            work.no_deed()
        assert settle_tasks(desks.house) == settled
    assert row(desks, CaseTask, police.id).facts == {"report": "1"}


def test_an_approver_lets_fall_what_no_rule_wants(desks: Desks) -> None:
    case, wanted = by_hand(desks)
    (warn,) = [one for one in tasks(desks, case.id) if one.target == Measure.WARN]
    with pytest.raises(NotAllowed) as manager:
        waive_task(desks.manager, warn.id, "已口头警告")
    with pytest.raises(Conflict) as by_rule:
        waive_task(desks.approver, wanted.id, "不必")
    waived = waive_task(desks.approver, warn.id, "已口头警告")

    assert manager.value.code == "case.approver_needed"
    assert by_rule.value.code == "case_task.wanted_by_rule"
    assert (waived.state, waived.words_given) == (TaskState.NOT_NEEDED, "已口头警告")
    assert row(desks, CaseTask, wanted.id).state is TaskState.OPEN


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_of_four_offences_no_task_is_waived_and_the_attempt_stays(desks: Desks) -> None:
    case, _, _ = against_agent(desks)
    (blacklist,) = tasks(desks, case.id, TaskKind.BLACKLIST)
    with pytest.raises(NotAllowed) as no:
        waive_task(desks.approver, blacklist.id, "网开一面")

    assert no.value.code == "case_task.mandatory"
    assert [one.facts["kind"] for one in refused_lowerings(desks)] == ["blacklist"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_handles_a_case_does_not_waive_its_tasks(desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    case, _ = by_hand(desks)
    assign_case(desks.approver, case.id, user_of(both))
    (warn,) = [one for one in tasks(desks, case.id) if one.target == Measure.WARN]
    with pytest.raises(NotAllowed) as own:
        waive_task(both, warn.id, "x")
    assert own.value.code == "case_task.same_person"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_case_off_the_platforms_that_is_not_clean_has_something_to_do(desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    notice = sent(desks)
    removed(desks, notice)
    assert notice.case_id is not None
    all_else_proven(desks, notice.case_id)
    with desks.house.begin(Permission.CASE_SEND) as work:
        for one in work.all(work.select(CaseTask)):
            if one.kind is TaskKind.NOTIFY_PLATFORM:
                one.kind = TaskKind.RECTIFICATION
        work.no_deed()
    back = recheck(second, notice.case_id, clean=False, reason="渠道仍在供货")
    (again,) = [one for one in tasks(desks, back.id) if one.state is TaskState.OPEN]
    assert (again.kind, again.target_name) == (TaskKind.BY_HAND, "渠道仍在供货")
    do_task(desks.manager, again.id, "已收回", PAPER)
    assert case_of(desks, back.id).state is CaseState.WAITING_RECHECK


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_site_of_its_own_is_put_to_the_administration_by_a_paper(desks: Desks) -> None:
    case = decided(desks, platform="site")
    (task,) = tasks(desks, case.id, TaskKind.NOTIFY_PLATFORM)
    done = do_task(desks.manager, task.id, "已报备案地通信管理局", Brought("回执.pdf", PDF))
    assert done.facts["media_type"] == "application/pdf"


def user_of(desk: Desk) -> str:
    return str(desk.actor.id)


def test_a_case_that_nobody_has_is_given_to_somebody_with_its_tasks(desks: Desks) -> None:
    place = found(desks)
    case = open_case(desks.manager, place.ids, unowned=True)
    colleague = person(desks, "tong.shi", "CT-44", Role.CHANNEL_MANAGER)
    due = case.due_at
    for nobody in (desks.auditor, desks.approver):
        with pytest.raises(Invalid) as no:
            assign_case(desks.manager, case.id, user_of(nobody))
        assert no.value.code == "case.nobody_for_it"
    with pytest.raises(NotFound):
        assign_case(desks.manager, case.id, user_of(desks.other_manager))
    given = assign_case(desks.manager, case.id, user_of(colleague))

    assert (case.state, case.owner_id, case.rule_version) == (
        CaseState.OPENED, None, "case_assignment/1",
    )  # fmt: skip
    assert (given.state, given.owner_id) == (CaseState.INVESTIGATING, colleague.actor.id)
    assert due is not None
    assert given.due_at is not None
    assert given.due_at > due
    assert [one.login for one in owners_for(desks.manager, case.id)] == [
        "chen.ming", "tong.shi",
    ]  # fmt: skip
    other = open_case(desks.manager, found(desks, shop_no=2).ids, owner=user_of(colleague))
    assert other.owner_id == colleague.actor.id


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_case_handed_over_takes_its_open_tasks_along_and_one_task_may_be_anothers(
    desks: Desks,
) -> None:
    colleague = person(desks, "tong.shi", "CT-44", Role.CHANNEL_MANAGER)
    other = person(desks, "zhu.shou", "CT-44", Role.CHANNEL_MANAGER)
    case, task = by_hand(desks)
    with pytest.raises(Invalid, match="nobody_for_it"):
        assign_task(desks.manager, task.id, user_of(desks.inspector))
    assign_task(desks.manager, task.id, user_of(other))
    assign_case(desks.manager, case.id, user_of(colleague))
    with pytest.raises(Conflict) as already:
        assign_case(desks.manager, case.id, user_of(colleague))

    assert already.value.code == "case.owner_already"
    who = {one.id: one.assignee_id for one in tasks(desks, case.id)}
    assert who.pop(task.id) == other.actor.id
    assert set(who.values()) == {colleague.actor.id}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_cases_that_may_be_about_the_same_are_shown_before_one_is_opened(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    first = at_agent(desks, agent.id, shop_no=1)
    shown = {"extra": {"iccid": "89860312345678901238"}}
    new = at_agent(desks, agent.id, shop_no=2, fields=shown)
    linked, foreign = found(desks, shop_no=3), found(desks, shop_no=4, platform="honghai")
    with desks.house.begin(Permission.PATROL_RUN) as work:
        for place in (linked, foreign):
            place.shop.name = f"别的名字 {place.shop.shop_key}"
            work.session.merge(place.shop)
        one, other = sorted([new.shop.id, linked.shop.id])
        work.add(
            ShopLink(
                organisation_id=new.shop.organisation_id, kind=LinkKind.SAME_OPERATOR,
                one_id=one, other_id=other, score=0.9, state=LinkState.SUGGESTED,
                created_at=work.at,
            )
        )  # fmt: skip
        work.no_deed()
    cases = [open_case(desks.manager, one.ids) for one in (first, linked, foreign)]

    similar = similar_cases(desks.manager, new.ids)
    assert [(one.case.id, list(one.why)) for one in similar] == [
        (cases[0].id, [SimilarWhy.SAME_AGENT, SimilarWhy.SAME_NAME]),
        (cases[1].id, [SimilarWhy.SAME_OPERATOR]),
    ]
    own = open_case(desks.manager, new.ids)
    assert [one.case.id for one in similar_to_case(desks.manager, own.id)] == [
        cases[0].id, cases[1].id,
    ]  # fmt: skip
    assert {one.why[0] for one in similar_cases(desks.manager, new.ids)} == {
        SimilarWhy.SAME_SHOP, SimilarWhy.SAME_AGENT, SimilarWhy.SAME_OPERATOR,
    }  # fmt: skip
