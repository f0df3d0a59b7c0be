"""Rectification notices: who orders what by which rule, who answers, who looks, what is late."""

from datetime import date, timedelta
from itertools import product

import pytest

from console.actions.cases.rectifications.answers import (
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    IssueForm,
    draft_rectification,
    escalate,
    issue_rectification,
    redraft_rectification,
    remind,
)
from console.actions.cases.rectifications.lists import (
    Side,
    issue_file,
    list_rectifications,
    rectification_record,
)
from console.actions.cases.rectifications.papers import rectification_document
from console.actions.cases.rectifications.rechecks import recheck_rectification
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from models.base import new_id
from models.cases.cases import TierBasis
from models.cases.rectifications import (
    RECTIFICATION_MOVES,
    Delivery,
    Rectification,
    RectificationMove,
    RectificationState,
)
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import Tier, rule_refs
from tests.cases.rectify import (
    RULE,
    TWO,
    acknowledged,
    answers,
    by_paper,
    code_of,
    form,
    issued,
    kept_issues,
    submitted,
    verdicts,
    waits,
)
from tests.cases.world import person, row
from tests.channel.stories import admitted, deeds, every_deed
from tests.conftest import NOON, Clock, Desks
from tests.pdf_words import words_of_pdf

S = RectificationState


@pytest.mark.requirement("003-10.1-3")
def test_a_notice_names_issues_rules_unit_and_due_date_and_is_numbered(desks: Desks) -> None:
    draft = draft_rectification(desks.manager, form())
    assert draft.number is None
    first = issue_rectification(desks.manager, draft.id)
    second = issued(desks)
    assert (first.number, second.number) == ("RCT-2026-000001", "RCT-2026-000002")
    assert first.unit_name == "蓝海商城"
    assert first.due_at.date() == date(2026, 3, 16)  # ten working days, to the end of the 16th
    assert first.rule_version.startswith("rectification_general/")
    assert [one.rule for one in kept_issues(desks, first.id)] == [one.rule for one in TWO]


@pytest.mark.parametrize(("tier", "last"), [("minor", 2), ("general", 16), ("serious", 9)])
def test_the_tier_sets_the_due_date(desks: Desks, tier: str, last: int) -> None:
    due = issued(desks, tier=Tier(tier)).due_at
    assert (due - timedelta(seconds=1) + timedelta(hours=8)).date() == date(2026, 3, last)


def test_a_rule_that_the_library_lacks_is_refused(desks: Desks) -> None:
    with pytest.raises(Invalid) as no:
        draft_rectification(desks.manager, form(issues=[IssueForm("未亮标", "004-9.9-z")]))
    assert code_of(no) == "rectification.no_such_rule"
    assert {"004-3.1-e", "sub_agent", "rectification_minor"} <= set(rule_refs())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"issues": []}, "rectification.issues_needed"),
        ({"subject": " "}, "rectification.subject_needed"),
        ({"issues": [IssueForm("", RULE)]}, "rectification.issue_words"),
        ({"unit": ""}, "rectification.one_unit"),
        ({"unit": "nobody"}, "rectification.no_such_unit"),
        ({"unit": "CU-44"}, "rectification.not_your_unit"),
        ({"unit_name": "城南营业厅", "delivery": Delivery.PORTAL}, "rectification.no_portal"),
        ({"subject": "证件 11010519491231002X"}, "admission.identity_number"),
        ({"subject": "字\U0001f600"}, "pictures.no_letter"),
        ({"remedy": "x" * 2001}, "rectification.too_long"),
    ],
)
def test_a_notice_that_is_not_whole_is_not_drafted(
    desks: Desks, changed: dict[str, object], code: str
) -> None:
    with pytest.raises(Refusal) as no:
        draft_rectification(desks.manager, form(**changed))
    assert code_of(no) == code


def test_a_draft_is_seen_by_its_own_side_alone(desks: Desks) -> None:
    draft = draft_rectification(desks.manager, form())
    for stranger in (desks.platform, desks.regulator, desks.other_manager):
        with pytest.raises(NotFound):
            rectification_record(stranger, draft.id)
        assert list_rectifications(stranger).rows == []
    assert rectification_record(desks.auditor, draft.id).row.title == "网店亮照亮标"
    redraft_rectification(desks.inspector, draft.id, form(subject="亮标"))
    issue_rectification(desks.manager, draft.id)
    with pytest.raises(Conflict):
        redraft_rectification(desks.manager, draft.id, form())
    for reader in (desks.platform, desks.regulator):
        assert rectification_record(reader, draft.id).row.number == "RCT-2026-000001"
    for stranger in (desks.other_manager, desks.other_platform, desks.other_regulator):
        with pytest.raises(NotFound):
            rectification_record(stranger, draft.id)


def test_the_unit_answers_and_a_third_person_closes(desks: Desks) -> None:
    sent = acknowledged(desks)
    assert (sent.state, sent.acknowledged_by) == (S.ACKNOWLEDGED, "lan.xin")
    assert acknowledge_rectification(desks.platform, sent.id).version == sent.version
    given = submit_rectification(desks.platform, sent.id, answers())
    assert (given.state, given.is_late) == (S.SUBMITTED, False)
    for own in (desks.manager, desks.platform):
        with pytest.raises(NotAllowed):
            recheck_rectification(own, given.id, verdicts("++"))
    with pytest.raises(NotAllowed) as no:
        recheck_rectification(desks.manager, given.id, verdicts("++"))
    assert code_of(no) == "rectification.same_person"
    done = recheck_rectification(desks.inspector, given.id, verdicts("++"), result="已改正")
    assert done.state is S.CLOSED
    assert deeds(desks.house)[-1] == "rectification.recheck_passed"


def test_every_issue_is_answered_with_a_file_or_refused_with_words(desks: Desks) -> None:
    sent = acknowledged(desks)
    with pytest.raises(Conflict) as no:
        submit_rectification(desks.platform, sent.id, answers(1))
    assert no.value.facts["missing"] == "2"
    bare = answers(1, 2)
    with pytest.raises(Invalid) as no:
        submit_rectification(desks.platform, sent.id, [bare[0], type(bare[0])(2, "已改", None)])
    assert code_of(no) == "rectification.proof_needed"
    for wrong in ([*bare, bare[0]], answers(1, 2, 3)):
        with pytest.raises(Invalid):
            submit_rectification(desks.platform, sent.id, wrong)
    given = submit_rectification(desks.platform, sent.id, answers(1, 2, refused=(2,)))
    assert [one.is_refused for one in kept_issues(desks, given.id)] == [False, True]


def test_what_is_not_good_goes_back_once_and_then_up(desks: Desks, clock: Clock) -> None:
    given = submitted(desks)
    clock.pass_(days=2)
    back = recheck_rectification(desks.inspector, given.id, verdicts("+-"))
    assert (back.state, back.round) == (S.ISSUED, 2)
    assert back.due_at > given.due_at
    first, second = kept_issues(desks, back.id)
    assert first.is_good
    assert second.earlier[0]["remark"] == "截图看不清标识"
    acknowledge_rectification(desks.platform, back.id)
    with pytest.raises(Invalid):
        submit_rectification(desks.platform, back.id, answers(1, 2))
    submit_rectification(desks.platform, back.id, answers(2))
    up = recheck_rectification(desks.inspector, back.id, verdicts("-", first=2))
    assert (up.state, up.escalated_ground, up.escalated_by) == (
        S.ESCALATED, TierBasis.NOT_CORRECTED, None,
    )  # fmt: skip
    assert up.tier is Tier.SERIOUS
    assert issue_file(desks.inspector, second.id, 1).path is not None


def test_a_refusal_to_correct_puts_the_next_round_one_tier_up(desks: Desks) -> None:
    sent = acknowledged(desks, tier=Tier.MINOR)
    given = submit_rectification(desks.platform, sent.id, answers(1, 2, refused=(2,)))
    back = recheck_rectification(desks.inspector, given.id, verdicts("+-"))
    assert (back.tier, back.round) == (Tier.GENERAL, 2)
    assert back.rule_version.startswith("rectification_general/")


def test_an_unanswered_notice_is_reminded_of_by_another_channel(desks: Desks, clock: Clock) -> None:
    sent = issued(desks)
    assert sweep_rectifications(desks.house) == 0
    assert "rectification_remind" not in waits(desks.manager)
    clock.pass_(days=3)
    assert sweep_rectifications(desks.house) == 1
    assert sweep_rectifications(desks.house) == 0
    assert "rectification_remind" in waits(desks.manager)
    with pytest.raises(Conflict) as no:
        remind(desks.manager, sent.id, Delivery.PORTAL, "x")
    assert code_of(no) == "rectification.another_channel"
    with pytest.raises(Invalid):
        remind(desks.manager, sent.id, Delivery.MAIL, " ")
    reminded = remind(desks.manager, sent.id, Delivery.MAIL, "发至 compliance@lanhai.example")
    assert (reminded.state, reminded.reminder_delivery) == (S.ISSUED, Delivery.MAIL)
    assert "rectification_remind" not in waits(desks.manager)


def test_a_missed_due_date_is_late_once_taken_in_late_and_raised_at_the_second(
    desks: Desks, clock: Clock
) -> None:
    sent = acknowledged(desks)
    clock.pass_(days=20)
    assert sweep_rectifications(desks.house) == 1
    late = row(desks, Rectification, sent.id)
    assert (late.state, late.misses, late.tier) == (S.OVERDUE, 1, Tier.GENERAL)
    assert "rectification_overdue" in waits(desks.platform)
    assert "rectification_escalate" in waits(desks.approver)
    given = submit_rectification(desks.platform, sent.id, answers())
    assert given.is_late
    recheck_rectification(desks.inspector, sent.id, verdicts("+-"))
    clock.pass_(days=40)
    assert sweep_rectifications(desks.house) == 1
    later = row(desks, Rectification, sent.id)
    assert (later.misses, later.tier) == (2, Tier.SERIOUS)
    up = escalate(desks.approver, sent.id, "两次逾期")
    assert (up.state, up.tier, up.escalated_ground) == (
        S.ESCALATED, Tier.SERIOUS, TierBasis.DUE_MISSED,
    )  # fmt: skip
    assert deeds(desks.house).count("rectification.overdue") == 2


def test_a_supervisor_takes_an_overdue_one_further_and_nobody_a_submitted_one(
    desks: Desks, clock: Clock
) -> None:
    with pytest.raises(Conflict) as no:
        escalate(desks.approver, submitted(desks).id, "不合格")
    assert code_of(no) == "rectification.rounds_left"
    sent = issued(desks, tier=Tier.MINOR)
    clock.pass_(days=1)
    sweep_rectifications(desks.house)
    with pytest.raises(Invalid):
        escalate(desks.approver, sent.id, " ")
    up = escalate(desks.approver, sent.id, "逾期未整改")
    assert (up.tier, up.escalated_by) == (Tier.GENERAL, desks.approver.actor.id)


def test_for_an_agent_the_manager_enters_what_it_sent_on_paper(desks: Desks) -> None:
    agent = admitted(desks)
    with pytest.raises(Invalid):
        issue_rectification(
            desks.manager, draft_rectification(desks.manager, form(agent_id=agent.id)).id
        )
    sent = issued(desks, agent_id=agent.id)
    assert (sent.unit_name, sent.unit_id) == (agent.name, None)
    with pytest.raises(Invalid) as no:
        acknowledge_rectification(desks.manager, sent.id)
    assert code_of(no) == "rectification.paper_needed"
    got = by_paper(desks.manager, sent)
    assert (got.acknowledged_by, bool(got.acknowledged_sha256)) == ("店主周女士", True)
    colleague = person(desks, "tong.shi", "CT-44", Role.CHANNEL_MANAGER)
    submit_rectification(colleague, sent.id, answers())
    with pytest.raises(NotAllowed):
        recheck_rectification(colleague, sent.id, verdicts("++"))
    assert recheck_rectification(desks.approver, sent.id, verdicts("++")).state is S.CLOSED


def test_only_the_unit_answers(desks: Desks) -> None:
    sent = issued(desks)
    with pytest.raises(NotAllowed):
        acknowledge_rectification(desks.manager, sent.id)
    with pytest.raises(NotFound):
        acknowledge_rectification(desks.other_platform, sent.id)
    with pytest.raises(NotAllowed):
        remind(desks.platform, sent.id, Delivery.MAIL, "x")


def test_the_document_says_issues_rules_date_and_remedy(desks: Desks) -> None:
    draft = draft_rectification(desks.manager, form())
    with pytest.raises(Conflict):
        rectification_document(desks.manager, draft.id)
    issue_rectification(desks.manager, draft.id)
    file = rectification_document(desks.platform, draft.id)
    assert file.data is not None
    words = words_of_pdf(file.data)
    for said in ("整改通知书", "RCT-2026-000001", "蓝海商城", "未亮明营业执照", "004-3.1-e",
                 "2026年03月16日", "异议与救济"):  # fmt: skip
        assert said in words.replace(" ", ""), said
    assert every_deed(desks.house)[-1].deed in {"rectification.document_taken", "record.seen"}


def test_lists_are_read_from_either_side(desks: Desks, clock: Clock) -> None:
    mine, draft = issued(desks), draft_rectification(desks.manager, form(unit_name="城南营业厅"))
    assert [one.id for one in list_rectifications(desks.manager).rows] == [draft.id, mine.id]
    assert list_rectifications(desks.manager, side=Side.RECEIVED).rows == []
    assert [one.id for one in list_rectifications(desks.platform, side=Side.RECEIVED).rows] == [
        mine.id
    ]
    assert list_rectifications(desks.platform, side=Side.ISSUED).rows == []
    assert list_rectifications(desks.manager, q="城南").rows == [draft]
    assert list_rectifications(desks.manager, q="rct-2026").rows[0].id == mine.id
    assert list_rectifications(desks.manager, overdue=True).rows == []
    clock.pass_(days=30)
    assert list_rectifications(desks.manager, overdue=True).rows[0].id == mine.id


def test_the_work_list_names_each_step_to_who_may_take_it(desks: Desks) -> None:
    draft = draft_rectification(desks.manager, form())
    assert waits(desks.manager) == ["rectification_issue"]
    assert waits(desks.platform) == []
    issue_rectification(desks.manager, draft.id)
    assert (waits(desks.manager), waits(desks.platform)) == ([], ["rectification_acknowledge"])
    acknowledge_rectification(desks.platform, draft.id)
    assert waits(desks.platform) == ["rectification_submit"]
    submit_rectification(desks.platform, draft.id, answers())
    assert (waits(desks.platform), waits(desks.manager)) == ([], [])
    assert waits(desks.inspector) == waits(desks.approver) == ["rectification_recheck"]
    for nobody in (desks.regulator, desks.other_manager, desks.admin):
        assert waits(nobody) == []


@pytest.mark.parametrize(("state", "move"), list(product(S, RectificationMove)))
def test_no_move_is_made_that_the_table_lacks(
    state: RectificationState, move: RectificationMove
) -> None:
    one = Rectification(
        state=state, organisation_id=new_id(), unit_name="x", tier=Tier.MINOR, due_at=NOON,
        created_at=NOON,
    )  # fmt: skip
    if after := RECTIFICATION_MOVES.get((state, move)):
        one.move(move)
        assert one.state is after
    else:
        with pytest.raises(Conflict):
            one.move(move)
