"""Ways around a rule that were tried: a second person who is the first, a door that tells more."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from email import message_from_bytes
from typing import Any

import pytest

from console.actions.audit import list_deeds
from console.actions.brought import LARGEST
from console.actions.cases.authorities.appeals import (
    accept_case_appeal,
    case_appeal_record,
    case_appeals_of,
    lodge_case_appeal,
    withdraw_case_appeal,
)
from console.actions.cases.authorities.files import case_appeal_paper
from console.actions.cases.authorities.instructions import jurisdiction_of
from console.actions.cases.authorities.kept import Brought
from console.actions.cases.case_file import case_file
from console.actions.cases.complaints.handling import handlers_for, name_colleague
from console.actions.cases.complaints.lists import complaint_figures
from console.actions.cases.complaints.lodging import Told, lodge, take_down
from console.actions.cases.decide import Proposal, approve, propose, return_to_owner
from console.actions.cases.doing import do_task, waive_task
from console.actions.cases.extensions import ask_extension
from console.actions.cases.interim import lift_at_once, stop_at_once
from console.actions.cases.lists import case_record
from console.actions.cases.merging import merge_cases
from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.mail import notice_mail
from console.actions.cases.notices.sending import draft_notice, send_notice
from console.actions.cases.notices.writing import edit_notice
from console.actions.cases.open import open_case
from console.actions.cases.parties import remove_party
from console.actions.cases.recheck import recheck
from console.actions.cases.rectifications.issuing import (
    IssueForm,
    draft_rectification,
    issue_rectification,
)
from console.actions.today.filters import save_filter
from console.actions.work import work_items
from console.app import BODY_LIMITS
from console.desk import AlreadyDone, Desk
from console.web.guard.door import GuardRules
from models.cases.appeals import CaseAppealState
from models.cases.cases import Case, CaseState
from models.cases.complaints import Complaint, ComplaintKind, ComplaintSource
from models.cases.measures import Measure
from models.cases.notices import AnswerOutcome, NoticeChannel
from models.cases.tasks import CaseTask
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cases.core import tasks
from tests.cases.rectify import RULE, form
from tests.cases.test_case_appeals import FORM, refused
from tests.cases.test_doing import PAPER, by_hand
from tests.cases.world import (
    PAPERS,
    PNG,
    REASON,
    REMEDY,
    all_else_proven,
    decided,
    established,
    found,
    measures_with,
    opened,
    person,
    proposal,
    proposed,
    removed,
    row,
    sent,
)
from tests.conftest import Desks
from tests.pdf_words import words_of_pdf

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NUMBER = "11010519491231002X"
"""The example of GB 11643, nobody's."""
GENERAL: Mapping[str, Any] = {"kind": FindingKind.SCOPE_EXCEEDED, "tier": Tier.GENERAL}


def proposed_general(desks: Desks, shop_no: int) -> Case:
    return proposed(desks, Measure.CORRECT, shop_no=shop_no, **GENERAL)


def general(desks: Desks, shop_no: int) -> Case:
    return established(desks, opened(desks, shop_no=shop_no, **GENERAL))


def waits(desk: Desk, kind: str, case: Case) -> bool:
    return any((one.kind, one.id) == (kind, case.id) for one in work_items(desk))


def test_nobody_puts_a_case_into_anothers_proposal_and_then_approves_both(desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    main, other = proposed_general(desks, 1), general(desks, 2)
    no = refused(Conflict, lambda: merge_cases(second, main.id, [other.id], "同一经营者"))
    assert no.code == "case_merge.being_decided"
    assert row(desks, Case, other.id).merged_into_id is None
    merge_cases(desks.manager, main.id, [other.id], "同一经营者")
    assert approve(second, main.id).state is CaseState.DECIDED


def test_who_proposed_in_a_case_does_not_approve_it_in_the_one_that_it_goes_on_in(
    desks: Desks,
) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    main, other = proposed_general(desks, 1), general(desks, 2)
    propose(second, other.id, proposal([Measure.CORRECT, Measure.WARN]))
    assert waits(second, "case_approve", main)
    merge_cases(desks.manager, main.id, [other.id], "同一经营者")
    assert refused(NotAllowed, lambda: approve(second, main.id)).code == "case.same_person"
    assert refused(NotAllowed, lambda: return_to_owner(second, main.id, "改")).code == (
        "case.same_person"
    )
    assert not waits(second, "case_approve", main)
    assert waits(desks.approver, "case_approve", main)


def test_what_somebody_did_they_do_not_look_at(desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    case, task = by_hand(desks)
    do_task(second, task.id, "已培训", PAPER)
    removed(desks, send_notice(desks.manager, case.id))
    all_else_proven(desks, case.id)
    no = refused(NotAllowed, lambda: recheck(second, case.id, clean=True, reason="已看"))
    assert no.code == "case.recheck_by_another"
    assert not waits(second, "case_recheck", case)


def test_who_let_a_task_fall_does_not_look_at_the_end(desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.APPROVER)
    case, _ = by_hand(desks)
    (free,) = [one for one in tasks(desks, case.id) if not one.is_mandatory]
    waive_task(second, free.id, "不必")
    removed(desks, send_notice(desks.manager, case.id))
    all_else_proven(desks, case.id)
    no = refused(NotAllowed, lambda: recheck(second, case.id, clean=True, reason="已看"))
    assert no.code == "case.recheck_by_another"


def test_an_appeal_is_not_taken_back_by_whoever_it_is_against(desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    case = decided(desks)
    appeal = lodge_case_appeal(second, case.id, FORM, PAPER)
    accept_case_appeal(desks.approver, appeal.id)
    no = refused(NotAllowed, lambda: withdraw_case_appeal(desks.manager, appeal.id, "自愿"))
    assert no.code == "case_appeal.withdraw_by_another"
    assert withdraw_case_appeal(second, appeal.id, "自愿").state is CaseAppealState.WITHDRAWN


def test_whoever_is_complained_about_does_not_read_of_it_in_the_record_either(desks: Desks) -> None:
    told = Told(ComplaintKind.STAFF_CONDUCT, "营业员李某违规开卡", province="44")
    about = desks.house.house
    row_id = lodge(about, told).id
    name_colleague(desks.manager, row_id, desks.approver.actor.name, reason="来件指名")
    known = [one.subject_id for one in list_deeds(desks.approver, limit=200).rows]
    assert str(row_id) not in known
    assert handlers_for(desks.manager, row_id) != []
    assert handlers_for(desks.regulator, row_id) == []
    auditor = person(desks, "shen.ji", "CT-44", Role.AUDITOR)
    assert str(row_id) in [one.subject_id for one in list_deeds(auditor, limit=200).rows]


def test_an_identity_number_is_nowhere_to_be_typed(desks: Desks) -> None:
    case, case_2 = proposed(desks), opened(desks, shop_no=2)
    (party,) = case_record(desks.manager, case_2.id).parties
    sentence = f"店主 {NUMBER}"
    source = ComplaintSource.HOTLINE
    for act in (
        lambda: return_to_owner(desks.approver, case.id, sentence),
        lambda: remove_party(desks.manager, party.id, sentence),
        lambda: recheck(desks.approver, case.id, clean=True, reason=sentence),
    ):
        assert refused(Invalid, act).code == "admission.identity_number"
    told = Told(ComplaintKind.OTHER, "这家店没有委托")
    taken = take_down(desks.manager, told, source=source, source_number=NUMBER)
    assert NUMBER not in row(desks, Complaint, taken.id).source_number


def test_a_decision_rests_on_rules_that_there_are(desks: Desks) -> None:
    case = established(desks, opened(desks))
    for rules in (["nobody wrote this"], [NUMBER], ["no_delegation", "x" * 5000]):
        wanted = Proposal([Measure.REMOVE_SHOP], REASON, REMEDY, PAPERS, rules=rules)
        assert refused(Invalid, lambda: propose(desks.manager, case.id, wanted)).code == (  # noqa: B023
            "case.no_such_rule"
        )
    stop = [Measure.REMOVE_LISTINGS]
    no = refused(
        Invalid,
        lambda: stop_at_once(
            desks.manager, case.id, stop,
            reason=REASON, remedy=REMEDY, papers=PAPERS, rules=["x"],
        ),
    )  # fmt: skip
    assert no.code == "case.no_such_rule"


def test_a_platform_that_was_told_early_learns_nothing_of_what_is_proposed(desks: Desks) -> None:
    case = established(desks, opened(desks, kind=FindingKind.SECONDARY_RESALE))
    stop_at_once(
        desks.manager, case.id, [Measure.REMOVE_LISTINGS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    send_notice(desks.manager, case.id)
    wanted = measures_with(desks, case, Measure.REMOVE_SHOP)
    propose(desks.manager, case.id, Proposal(wanted, REASON, REMEDY, PAPERS, "内部认定的事实"))
    competent, _ = jurisdiction_of(desks.platform, case.id)
    assert {one for part in competent for one in part.measures} == {Measure.REMOVE_LISTINGS}
    for reader in (desks.platform, desks.manager):
        data = case_file(reader, case.id).data
        assert data is not None
        told = "内部认定的事实" in words_of_pdf(data).replace("\u200b", "")
        assert told is (reader is desks.manager)


def test_days_at_the_end_of_all_days_are_refused_in_words(desks: Desks) -> None:
    for days in ((date.min, date.max), (date(2026, 1, 1), date.max), (date.min, date.min)):
        refused(Invalid, lambda: complaint_figures(desks.manager, *days))  # noqa: B023
    notice = sent(desks)
    for day in (date.max, date.min):
        with pytest.raises(Conflict) as no:
            ask_extension(desks.platform, "Notice", notice.id, day, "忙")
        assert no.value.code == "extension.too_long"


def test_a_filter_that_colleagues_share_sets_nothing_but_filters(desks: Desks) -> None:
    asked = "state=executing&propose:reason=%E5%A5%BD&act%0a=1"
    assert save_filter(desks.manager, "cases", "执行中", asked, shared=True).query == (
        "state=executing"
    )


def test_a_paper_may_be_as_large_by_every_door_as_it_is_said(desks: Desks) -> None:  # noqa: ARG001
    rules = GuardRules("https://a.example", body_limits=BODY_LIMITS)
    for path in ("instructions", "cases/1/appeals", "case-tasks/1/do", "rectifications/1/submit"):
        assert rules.limit_of(f"/api/v1/{path}") > LARGEST
    assert rules.limit_of("/api/v1/agents") < LARGEST


def test_no_platform_is_told_of_a_case_that_has_nothing_to_do_with_it(desks: Desks) -> None:
    case = decided(desks)
    for act in (send_notice, draft_notice):
        no = refused(Conflict, lambda: act(desks.manager, case.id, "honghai"))  # noqa: B023
        assert no.code == "notice.not_its_platform"
    refused(NotFound, lambda: case_record(desks.other_platform, case.id))
    assert send_notice(desks.manager, case.id, "lanhai").platform == "lanhai"


def test_a_platforms_auditor_reads_no_more_of_a_case_than_its_officers(desks: Desks) -> None:
    notice = sent(desks)
    appeal = lodge_case_appeal(desks.manager, str(notice.case_id), FORM, PAPER)
    auditor = person(desks, "shen.ji", "lanhai", Role.AUDITOR)
    refused(NotFound, lambda: case_appeal_record(auditor, appeal.id))
    refused(NotFound, lambda: case_appeal_paper(auditor, appeal.id))
    assert case_appeals_of(auditor, str(notice.case_id)) == []
    assert case_appeals_of(desks.regulator, str(notice.case_id)) != []
    data = case_file(auditor, str(notice.case_id)).data
    assert data is not None
    assert "星河通信店主" not in words_of_pdf(data).replace("\u200b", "")


def test_a_notice_that_is_issued_twice_under_one_key_is_answered_with_itself(desks: Desks) -> None:
    there = found(desks, kind=FindingKind.SCOPE_EXCEEDED, tier=Tier.GENERAL)
    issues = [IssueForm("超出委托范围", RULE, there.ids[0])]
    row_ = draft_rectification(desks.manager, form(issues=issues))
    desk = desks.manager.keyed("k", "f")
    issue_rectification(desk, row_.id)
    with pytest.raises(AlreadyDone) as again:
        issue_rectification(desks.manager.keyed("k", "f"), row_.id)
    assert (again.value.kind, again.value.subject) == ("Rectification", row_.id)


def test_who_owned_a_case_lets_no_task_of_it_fall_where_it_goes_on(desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    main, there = opened(desks), found(desks, shop_no=2, kind=FindingKind.SECONDARY_RESALE)
    other = open_case(second, there.ids)
    stop_at_once(
        second, other.id, [Measure.SUSPEND_CARDS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    merge_cases(desks.manager, main.id, [other.id], "同一经营者")
    (task,) = tasks(desks, main.id)
    no = refused(NotAllowed, lambda: waive_task(second, task.id, "不必"))
    assert no.code == "case_task.same_person"
    waive_task(desks.approver, task.id, "不必")


def test_what_comes_with_a_name_or_in_words_tells_nobodys_number(desks: Desks) -> None:
    named = f"身份证{NUMBER}.png"
    _, task = by_hand(desks)
    notice = sent(desks, shop_no=2)

    def says(words: str) -> object:
        return answer(desks.platform, notice.id, AnswerOutcome.REMOVED, words, [(named, PNG)])

    no = refused(Invalid, lambda: says(f"店主 {NUMBER}"))
    assert no.code == "admission.identity_number"
    says("已清理")
    do_task(desks.manager, task.id, "已培训", Brought(named, PNG))
    (told,) = case_record(desks.manager, str(notice.case_id)).notices
    kept = [told.proofs[0].name, row(desks, CaseTask, task.id).facts["file"]]
    assert kept == ["身份证110105********002X.png"] * 2


def test_a_subject_is_one_line(desks: Desks) -> None:
    case = decided(desks)
    draft = draft_notice(desks.manager, case.id)
    edited = edit_notice(desks.manager, draft.id, "关于\r\nBcc: a@b.example", "正文")
    assert edited.subject == "关于 Bcc: a@b.example"
    send_notice(desks.manager, case.id, channel=NoticeChannel.MAIL)
    data = notice_mail(desks.manager, draft.id).data
    assert data is not None
    assert message_from_bytes(data)["Bcc"] is None


def test_a_lifting_that_is_asked_for_again_is_answered_with_its_case(desks: Desks) -> None:
    case = opened(desks, kind=FindingKind.SECONDARY_RESALE)
    stop_at_once(
        desks.manager, case.id, [Measure.REMOVE_LISTINGS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    for _ in range(2):
        desk = desks.approver.keyed("k", "f")
        with suppress(AlreadyDone):
            lift_at_once(desk, case.id, [Measure.REMOVE_LISTINGS], "误判")
    with pytest.raises(AlreadyDone) as again:
        lift_at_once(desks.approver.keyed("k", "f"), case.id, [Measure.REMOVE_LISTINGS], "误判")
    assert again.value.kind == "Case"
