"""Carriers and platforms write to each other in both directions, with evidence and answers."""

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from sqlmodel import select

from console.actions.cases.extensions import ask_extension, decide_extension
from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.delivering import note_mailed, retry_notice
from console.actions.cases.notices.sending import draft_notice, send_notice
from console.actions.cases.notices.threads import (
    Direction,
    ask_again,
    close_thread,
    list_threads,
    notice_by_number,
    say,
    take_note,
    thread_record,
)
from console.actions.cases.notices.writing import NoticeForm, edit_notice, send_draft, write_notice
from console.actions.patrol.packs import notice_pack
from console.desk import Desk
from models.cases.cases import Case, CaseState
from models.cases.notices import (
    OUTCOMES,
    Answer,
    AnswerOutcome,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeState,
)
from models.channel.licences import Ground
from models.patrol.custody import CustodyAct, CustodyEntry
from models.patrol.findings import FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier, china_day
from tests.cases.threads import found_by_platform, inquired, reported, waiting
from tests.cases.world import decided, found, opened, removed, row, sent
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks

A = AnswerOutcome


@pytest.mark.requirement("004-3.3-n", "004-3.3-c")
def test_a_platform_reports_its_finding_to_the_carrier_whose_agent_it_is(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    finding = found_by_platform(
        desks, kind=FindingKind.SCOPE_EXCEEDED, ground=Ground.OUT_OF_SCOPE, tier=Tier.GENERAL
    ).findings[0]
    draft = write_notice(desks.platform, NoticeForm(NoticeKind.REPORT, "", finding.id))
    assert (draft.state, draft.recipient_id) == (NoticeState.DRAFT, agent.carrier_id)
    assert waiting(desks.platform) == {("notice_draft", draft.number)}
    with pytest.raises(NotFound):
        thread_record(desks.manager, draft.id)
    edit_notice(desks.platform, draft.id, "关于超范围销售的通报", f"{draft.body}\n请尽快处理")
    notice = send_draft(desks.platform, draft.id)

    assert (notice.state, notice.channel) == (NoticeState.SENT, NoticeChannel.PORTAL)
    assert agent.agent_no in notice.body
    assert finding.evidence[0] in notice.body
    assert waiting(desks.manager) == {("notice_acknowledge", notice.number)}
    assert [one.id for one in list_threads(desks.manager, direction=Direction.IN).rows] == [
        notice.id
    ]
    acknowledge(desks.manager, notice.id)
    say(desks.manager, notice.id, "请补充商品截图")
    say(desks.platform, notice.id, "截图在证据包内")
    answer(desks.manager, notice.id, A.ACTED, "已暂停委托并约谈")
    thread = thread_record(desks.platform, notice.id)
    assert thread.is_ours
    assert (thread.recipient, thread.sender) == ("中国电信广东", "蓝海商城")
    assert [one.text for one in thread.messages] == ["请补充商品截图", "截图在证据包内"]
    assert [one.outcome for one in thread.answers] == [A.ACTED]
    assert waiting(desks.platform) == {("notice_answered", notice.number)}
    assert close_thread(desks.platform, notice.id).state is NoticeState.CLOSED
    assert waiting(desks.platform) == set()
    with pytest.raises(Conflict):
        say(desks.manager, notice.id, "x")


def test_a_report_names_an_agent_by_any_published_number_and_nobody_else(desks: Desks) -> None:
    agent, licence, _ = licensed(desks)
    by_agent = reported(desks, agent=agent.agent_no)
    by_licence = reported(desks, agent=licence.number.lower())
    assert {by_agent.recipient_id, by_licence.recipient_id} == {agent.carrier_id}
    for number in ("L-CT-44-2026-000009-0", "不知道", ""):
        with pytest.raises(Conflict) as no:
            reported(desks, agent=number)
        assert no.value.code == "notice.no_agent"


def test_who_may_write_what_to_whom(desks: Desks) -> None:
    theirs = found_by_platform(desks).findings[0].id
    mine = found(desks, state=FindingState.OPEN).findings[0].id
    refused: list[tuple[Desk, NoticeForm, str]] = [
        (desks.manager, NoticeForm(NoticeKind.REPORT, "x", mine), "notice.report_by_platform"),
        (desks.platform, NoticeForm(NoticeKind.INQUIRY, "x", theirs), "notice.inquiry_by_carrier"),
        (desks.manager, NoticeForm(NoticeKind.CASE, "x"), "notice.written_from_case"),
        (desks.manager, NoticeForm(NoticeKind.INQUIRY, recipient="CU-44"), "notice.about_what"),
        (
            desks.manager,
            NoticeForm(NoticeKind.INQUIRY, "", mine, recipient="CT-44"),
            "notice.no_carrier",
        ),
        (
            desks.manager,
            NoticeForm(NoticeKind.INQUIRY, "", mine, recipient="lanhai"),
            "notice.no_carrier",
        ),
        (
            desks.manager,
            NoticeForm(NoticeKind.INQUIRY, "", mine, recipient="CU-44", language="fr"),
            "notice.no_such_language",
        ),
        (
            desks.manager,
            NoticeForm(NoticeKind.INQUIRY, "店主 11010519491231002X", mine, recipient="CU-44"),
            "admission.identity_number",
        ),
        (desks.platform, NoticeForm(NoticeKind.REPORT, " "), "notice.words_needed"),
        (desks.regulator, NoticeForm(NoticeKind.REPORT, "x"), "staff.not_allowed"),
        (desks.other_platform, NoticeForm(NoticeKind.REPORT, "x", theirs), "row.not_found"),
        (desks.manager, NoticeForm(NoticeKind.INQUIRY, "x", theirs), "row.not_found"),
    ]
    for desk, form, code in refused:
        with pytest.raises((Conflict, Invalid, NotAllowed, NotFound)) as no:
            write_notice(desk, form)
        assert no.value.code == code, form
    with pytest.raises(Conflict) as unsure:
        reported(desks, found_by_platform(desks, 7, state=FindingState.OPEN).findings[0].id)
    assert unsure.value.code == "notice.finding_not_fit"


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_an_answer_fits_what_was_asked(desks: Desks, kind: NoticeKind) -> None:
    agent, _, _ = licensed(desks)
    match kind:
        case NoticeKind.CASE:
            notice, desk = sent(desks), desks.platform
        case NoticeKind.REPORT:
            notice, desk = reported(desks, agent=agent.agent_no), desks.manager
        case NoticeKind.INQUIRY:
            (notice,) = inquired(desks, found(desks).ids[0], "CU-44")
            desk = desks.other_manager
    proof = [("a.pdf", b"%PDF-1.7\n")]
    for outcome in set(AnswerOutcome) - set(OUTCOMES[kind]):
        with pytest.raises(Invalid) as no:
            answer(desk, notice.id, outcome, "说明", proof)
        assert no.value.code == "answer.outcome_not_of_kind"
    with pytest.raises(NotAllowed) as own:
        answer(desks.manager if kind is not NoticeKind.REPORT else desks.platform,
               notice.id, OUTCOMES[kind][0], "x", proof)  # fmt: skip
    assert own.value.code == "notice.not_recipient"


def test_the_pack_of_a_notice_is_for_its_two_ends_and_each_look_in_its_custody(
    desks: Desks,
) -> None:
    agent, _, _ = licensed(desks)
    finding = found_by_platform(desks).findings[0]
    notice = reported(desks, finding.id, agent=agent.agent_no)
    answer(desks.manager, notice.id, A.ACTED, "已处理", [("后.pdf", b"%PDF-1.7\n")])
    for desk in (desks.platform, desks.manager):
        pack = notice_pack(desk, notice.id)
        assert pack.path is not None
        assert pack.name == f"{notice.number}.zip"
        told = told_in(pack.path)
        assert notice.number in told
        assert finding.evidence[0] in told
        pack.path.unlink()
    for desk in (desks.other_manager, desks.other_platform, desks.regulator):
        with pytest.raises(NotFound):
            notice_pack(desk, notice.id)
    case = sent(desks)
    with pytest.raises(NotAllowed) as two:
        notice_pack(desks.regulator, case.id)
    assert two.value.code == "notice.pack_of_two"
    with desks.house.begin(Permission.PATROL_READ) as work:
        packed = work.session.exec(
            select(CustodyEntry).where(CustodyEntry.act == CustodyAct.PACKED)
        ).all()
    assert [one.actor["name"] for one in packed] == [
        desks.platform.actor.name,
        desks.manager.actor.name,
    ]


def told_in(path: Path) -> str:
    with ZipFile(path) as pack:
        names = pack.namelist()
        return json.dumps(names) + "".join(
            pack.read(name).decode("utf-8", "replace") for name in names if "WARC" not in name
        )


def test_a_draft_of_a_case_is_edited_and_then_goes_as_it_is(desks: Desks) -> None:
    case = decided(desks)
    draft = draft_notice(desks.manager, case.id, language="zh")
    assert "----------" not in draft.body
    with pytest.raises(Conflict):
        draft_notice(desks.manager, case.id)
    edit_notice(desks.manager, draft.id, "关于清理网店的通报", "请清理。")
    with pytest.raises(Conflict) as from_case:
        send_draft(desks.manager, draft.id)
    notice = send_notice(desks.manager, case.id)

    assert from_case.value.code == "notice.send_from_case"
    assert (notice.id, notice.body, notice.state) == (draft.id, "请清理。", NoticeState.SENT)
    with pytest.raises(Conflict) as gone:
        edit_notice(desks.manager, draft.id, "x", "y")
    assert gone.value.code == "notice.not_a_draft"
    with pytest.raises(NotAllowed):
        edit_notice(desks.platform, draft.id, "x", "y")
    assert notice_by_number(desks.platform, notice.number.lower()).id == notice.id


@pytest.mark.parametrize(("language", "has"), [("zh", (1, 0)), ("en", (0, 1)), ("both", (1, 1))])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_notice_speaks_the_languages_that_were_chosen(
    desks: Desks, language: str, has: tuple[int, int]
) -> None:
    agent, _, _ = licensed(desks)
    body = reported(desks, agent=agent.agent_no, language=language).body
    case = sent_in(desks, language)
    for text in (body, case):
        assert tuple(map(text.count, ("编号：NTC", "Number: NTC"))) == has or "No." in text


def sent_in(desks: Desks, language: str) -> str:
    return send_notice(desks.manager, decided(desks).id, language=language).body


@pytest.mark.requirement("004-3.3-c")
def test_an_answer_that_is_not_enough_is_asked_for_again_with_time_anew(
    desks: Desks, clock: Clock
) -> None:
    notice = sent(desks)
    answer(desks.platform, notice.id, A.MORE_WANTED, "请补充截图")
    clock.pass_(days=4)
    for desk in (desks.platform, desks.other_manager):
        with pytest.raises((NotAllowed, NotFound)):
            ask_again(desk, notice.id, "x")
    again = ask_again(desks.manager, notice.id, "截图已放入证据包，请再核")
    assert (again.state, again.answered_at) == (NoticeState.ACKNOWLEDGED, None)
    assert again.answer_due_at is not None
    assert again.answer_due_at > clock.at
    assert waiting(desks.platform) == {("notice_answer", notice.number)}
    same = answer(desks.platform, notice.id, A.MORE_WANTED, "请补充截图")
    assert same.state is NoticeState.ACKNOWLEDGED  # a retry of the first answer is no second one
    removed(desks, notice)

    record = thread_record(desks.manager, notice.id)
    assert [one.outcome for one in record.answers] == [A.MORE_WANTED, A.REMOVED]
    assert record.messages[0].text == "截图已放入证据包，请再核"
    deeds = [one.deed for one in record.history]
    assert deeds.count("notice.answered") == 2
    assert "notice.asked_again" in deeds


@pytest.mark.requirement("004-3.3-c")
def test_more_time_is_asked_by_the_recipient_and_granted_by_the_senders_approver(
    desks: Desks,
) -> None:
    notice = sent(desks)
    assert notice.answer_due_at is not None
    day = china_day(notice.answer_due_at)
    with pytest.raises(NotAllowed):
        ask_extension(desks.manager, "Notice", notice.id, day, "x")
    asked = ask_extension(desks.platform, "Notice", notice.id, day, "店铺主体在境外，需核实")
    assert waiting(desks.approver) == {("notice_extension", notice.number)}
    with pytest.raises(NotAllowed):
        decide_extension(desks.manager, asked.id, grant=True, answer="同意")
    decide_extension(desks.approver, asked.id, grant=True, answer="同意")

    got = row(desks, Notice, notice.id)
    assert got.answer_due_at == asked.new_due_at > notice.answer_due_at
    assert [one.id for one in thread_record(desks.platform, notice.id).extensions] == [asked.id]
    with pytest.raises(Conflict) as once:
        ask_extension(desks.platform, "Notice", notice.id, china_day(got.answer_due_at), "再缓")
    assert once.value.code == "extension.no_more"


@pytest.mark.requirement("004-3.3-o")
def test_what_has_to_stop_at_once_waits_for_nobody(desks: Desks) -> None:
    notice = sent(
        desks, kind=FindingKind.IDREADER_CRACK_TOOL, ground=Ground.FORBIDDEN_OFFER,
        shop_state=ShopState.LICENSED,
    )  # fmt: skip
    assert notice.answer_due_at is not None
    with pytest.raises(Conflict) as fixed:
        ask_extension(
            desks.platform, "Notice", notice.id, china_day(notice.answer_due_at), "需要时间"
        )
    assert fixed.value.code == "extension.date_is_fixed"


ENDS: list[CaseState] = [CaseState.CLOSED, CaseState.REVERSED, CaseState.TRANSFERRED]


def ended(desks: Desks, case_id: object, state: CaseState | None) -> None:
    """As the case core leaves it; None: merged into another case, which was closed."""
    other = opened(desks, shop_no=4242).id if state is None else None
    if other is not None:
        ended(desks, other, CaseState.CLOSED)
    with desks.house.begin(Permission.CASE_SEND) as work:
        case = work.session.get_one(Case, case_id)
        case.state, case.merged_into_id = state or case.state, other
        work.record("case.planted", case)


@pytest.mark.parametrize("state", [*ENDS, None])
def test_an_answer_after_the_end_of_its_case_is_kept_and_changes_nothing(
    desks: Desks, state: CaseState | None
) -> None:
    notice = sent(desks)
    ended(desks, notice.case_id, state)
    before = row(desks, Notice, notice.id)
    late = removed(desks, notice)
    removed(desks, notice)
    assert (late.state, late.version) == (before.state, before.version)
    assert row(desks, Shop, row(desks, Case, notice.case_id).shop_id).state is (
        ShopState.PLATFORM_NOTIFIED
    )
    record = thread_record(desks.manager, notice.id)
    assert [(one.outcome, one.is_late) for one in record.answers] == [(A.REMOVED, True)]
    assert record.proofs
    assert "notice.answered_late" in {one.deed for one in record.history}
    assert ("notice_late_answer", notice.number) in waiting(desks.manager)
    take_note(desks.manager, notice.id)
    take_note(desks.manager, notice.id)
    assert ("notice_late_answer", notice.number) not in waiting(desks.manager)


def test_a_closed_thread_keeps_late_answers_up_to_a_number(desks: Desks) -> None:
    (notice,) = inquired(desks, found(desks).ids[0], "CU-44")
    close_thread(desks.manager, notice.id)
    for at in range(20):
        answer(desks.other_manager, notice.id, A.OURS, f"L-CU-44 {at}")
    with pytest.raises(Conflict) as no:
        answer(desks.other_manager, notice.id, A.OURS, "L-CU-44 20")
    assert no.value.code == "answer.too_many"
    with desks.house.begin(Permission.CASE_READ) as work:
        kept = work.session.exec(select(Answer).where(Answer.notice_id == notice.id)).all()
    assert all(one.is_late for one in kept)
    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED


def test_a_draft_that_was_dropped_never_was_the_recipients(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    form = NoticeForm(NoticeKind.REPORT, "x", agent=agent.agent_no)
    draft = write_notice(desks.platform, form)
    close_thread(desks.platform, draft.id)
    acts: list[Callable[[], object]] = [
        lambda: thread_record(desks.manager, draft.id),
        lambda: acknowledge(desks.manager, draft.id),
        lambda: answer(desks.manager, draft.id, A.ACTED, "x"),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Conflict):
        send_draft(desks.platform, draft.id)


def test_a_thread_of_a_case_ends_with_it_and_not_before(desks: Desks) -> None:
    notice = sent(desks)
    with pytest.raises(Conflict) as goes_on:
        close_thread(desks.manager, notice.id)
    assert goes_on.value.code == "notice.case_goes_on"
    for act in (lambda: retry_notice(desks.platform, notice.id),
                lambda: note_mailed(desks.platform, notice.id, "x"),
                lambda: take_note(desks.platform, notice.id)):  # fmt: skip
        with pytest.raises(NotAllowed) as no:
            act()
        assert no.value.code == "notice.not_sender"
