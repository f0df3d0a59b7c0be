"""What an administration orders: entered with its document, carried out, reported back in time."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from console.actions.cases.authorities.instructions import (
    accept_instruction,
    ask_more,
    attach_instruction,
    attachable_cases,
    begin_instruction,
    close_instruction,
    detach_instruction,
    enter_instruction,
    instruction_record,
    jurisdiction_of,
    list_instructions,
    plain_number,
    report_back,
)
from console.actions.cases.authorities.kept import Brought
from console.actions.cases.late import sweep_late
from console.actions.work import work_items
from console.desk import Desk, House
from models.cases.instructions import Instruction, InstructionState, Jurisdiction
from models.cases.measures import Measure
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from tests.cases.orders import FORM, PAPER, PROOF, accepted, begun, entered
from tests.cases.world import decided, opened, person, row
from tests.conftest import Clock, Desks

S = InstructionState


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


def deeds(desk: Desk, instruction: Instruction) -> list[str]:
    record = instruction_record(desk, instruction.id)
    return [one.deed.partition(".")[2] for one in reversed(record.deeds)]


@pytest.mark.requirement("003-10.2-2")
def test_an_instruction_goes_from_its_document_to_the_receipt(desks: Desks) -> None:
    made = entered(desks.manager)
    assert (made.number, made.state, made.province) == ("INS-2026-000001", S.RECEIVED, "44")
    accept_instruction(desks.approver, made.id)
    begin_instruction(desks.manager, made.id)
    done = report_back(desks.manager, made.id, "收回 37 张，倒查到 1 家渠道", PROOF)
    assert (done.state, done.is_late, done.receipt) == (S.REPORTED_BACK, False, "")
    no = refused(Conflict, lambda: close_instruction(desks.approver, made.id))
    assert no.code == "instruction.receipt_needed"
    closed = close_instruction(desks.approver, made.id, "粤通管收〔2026〕88号")
    assert (closed.state, closed.receipt) == (S.CLOSED, "粤通管收〔2026〕88号")
    assert deeds(desks.manager, made) == [
        "entered", "accepted", "begun", "reported_back", "closed",
    ]  # fmt: skip


def test_the_document_sets_the_day_and_its_evening_in_china_is_still_in_time(
    desks: Desks, clock: Clock
) -> None:
    made = begun(desks)
    assert made.due_at == datetime(2026, 3, 6, 16, tzinfo=UTC)
    clock.at = datetime(2026, 3, 6, 15, 59, tzinfo=UTC)
    assert sweep_late(desks.house) == 0
    assert list_instructions(desks.manager, overdue=True).rows == []
    clock.pass_(minutes=1)
    assert sweep_late(desks.house) == 1
    assert sweep_late(desks.house) == 0
    assert [one.id for one in list_instructions(desks.manager, overdue=True).rows] == [made.id]
    assert deeds(desks.manager, made)[-1] == "overdue"
    late = report_back(desks.manager, made.id, "收回 37 张", PROOF, "已收")
    assert late.is_late
    assert list_instructions(desks.manager, overdue=True).rows == []


def test_what_is_reported_late_is_late_before_any_sweep_saw_it(desks: Desks, clock: Clock) -> None:
    made = begun(desks)
    clock.pass_(days=7)
    assert report_back(desks.manager, made.id, "收回 37 张", PROOF).is_late


def test_an_administration_that_wants_more_may_set_a_new_day(desks: Desks, clock: Clock) -> None:
    made = begun(desks)
    clock.pass_(days=7)
    report_back(desks.manager, made.id, "收回 30 张", PROOF)
    again = ask_more(desks.manager, made.id, "请补充渠道处理结果")
    assert (again.state, again.is_late, again.due_at) == (S.IN_PROGRESS, True, made.due_at)
    report_back(desks.manager, made.id, "渠道已处理", PROOF)
    no = refused(Invalid, lambda: ask_more(desks.manager, made.id, "再补", date(2026, 3, 8)))
    assert no.code == "instruction.due_over"
    again = ask_more(desks.manager, made.id, "再补", date(2026, 3, 20))
    assert (again.is_late, again.due_at) == (False, datetime(2026, 3, 20, 16, tzinfo=UTC))
    kept = instruction_record(desks.manager, made.id).deeds
    assert "收回 30 张" in [one.facts.get("report") for one in kept]


def test_the_second_person_is_another(desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    made = entered(both)
    assert refused(NotAllowed, lambda: accept_instruction(both, made.id)).code == (
        "instruction.same_person"
    )
    accept_instruction(desks.approver, made.id)
    begin_instruction(both, made.id)
    report_back(both, made.id, "收回 37 张", PROOF, "已收")
    assert refused(NotAllowed, lambda: close_instruction(both, made.id)).code == (
        "instruction.same_person"
    )
    assert close_instruction(desks.approver, made.id).state is S.CLOSED


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"authority": "CA-81"}, "instruction.no_such_authority"),
    ({"authority": "44"}, "instruction.no_such_authority"),
    ({"due_on": date(2026, 2, 26)}, "instruction.due_before_issue"),
    ({"issued_on": date(2026, 3, 3)}, "instruction.not_issued_yet"),
    ({"due_on": date.max}, "instruction.due_too_far"),
    ({"subject": " "}, "case.words_needed"),
    ({"document_no": " "}, "case.words_needed"),
    ({"wanted": "x" * 4001}, "case.words_needed"),
    ({"wanted": "查 11010519491231002X 名下的卡"}, "admission.identity_number"),
]


def test_what_no_document_can_say_is_refused(desks: Desks) -> None:
    for changed, code in IMPOSSIBLE:
        no = refused(Invalid, lambda changed=changed: entered(desks.manager, **changed))
        assert no.code == code, changed
    assert list_instructions(desks.manager).rows == []


def test_a_document_is_entered_with_its_file_and_once(desks: Desks) -> None:
    for wrong in (None, Brought("a.pdf", b""), Brought("a.pdf", b"MZ\x90")):
        refused(Invalid, lambda file=wrong: enter_instruction(desks.manager, FORM, file))
    made = entered(desks.manager)
    no = refused(Conflict, lambda: entered(desks.manager, document_no="粤通管函 [2026] 12号"))
    assert (no.code, no.facts["number"]) == ("instruction.entered_already", made.number)
    # The same document went to another receiver, and its number is another administration's too.
    assert entered(desks.other_manager).document_no == made.document_no
    assert entered(desks.manager, authority="CA-11").number == "INS-2026-000003"
    assert plain_number(" 工信部网安函（2016） 182 号") == "工信部网安函〔2016〕182号"


def test_it_is_attached_to_an_own_case_of_that_place_and_detached_again(desks: Desks) -> None:
    case, made = decided(desks), entered(desks.manager)
    assert [one for one, _ in attachable_cases(desks.manager, "CA-44", made.jurisdiction)] == [
        case.id
    ]
    assert attachable_cases(desks.manager, "CA-11", made.jurisdiction) == []
    attach_instruction(desks.manager, made.id, case.id)
    refused(Conflict, lambda: attach_instruction(desks.manager, made.id, case.id))
    record = instruction_record(desks.regulator, made.id)
    assert record.case is not None
    assert [(one.authority, one.jurisdiction) for one in record.competent] == [
        ("CA-44", Jurisdiction.CARD_HOME),
        ("CA-33", Jurisdiction.PLATFORM_HOME),
    ]
    assert record.competent[1].measures == (Measure.REMOVE_SHOP,)
    assert jurisdiction_of(desks.regulator, case.id) == (record.competent, record.missing)
    detach_instruction(desks.manager, made.id, "另案")
    assert (
        refused(Conflict, lambda: detach_instruction(desks.manager, made.id, "另案")).code
        == "instruction.not_attached"
    )
    assert deeds(desks.manager, made)[-2:] == ["attached", "detached"]


def test_a_case_of_another_place_or_of_others_is_not_taken(desks: Desks) -> None:
    case = opened(desks)
    for authority, jurisdiction, has in (
        ("CA-11", Jurisdiction.CARD_HOME, "CA-44"),
        ("CA-44", Jurisdiction.PLATFORM_HOME, "CA-33"),
        ("CA-44", Jurisdiction.FILING_PLACE, "—"),
    ):
        made = entered(
            desks.manager, authority=authority, jurisdiction=jurisdiction,
            document_no=f"{authority}{jurisdiction}〔2026〕1号",
        )  # fmt: skip
        no = refused(Conflict, lambda row_id=made.id: attach_instruction(
            desks.manager, row_id, case.id
        ))  # fmt: skip
        assert (no.code, no.facts["has"]) == ("instruction.wrong_place", has)
    before = len(list_instructions(desks.manager).rows)
    no = refused(Conflict, lambda: entered(desks.manager, authority="CA-11", case_id=case.id))
    assert no.code == "instruction.wrong_place"
    assert len(list_instructions(desks.manager).rows) == before
    theirs = entered(desks.other_manager)
    refused(NotFound, lambda: attach_instruction(desks.other_manager, theirs.id, case.id))
    assert entered(desks.manager, case_id=case.id).case_id == case.id


def test_the_administration_of_that_province_reads_it_and_changes_nothing(desks: Desks) -> None:
    made = accepted(desks)
    assert [one.id for one in list_instructions(desks.regulator).rows] == [made.id]
    assert list_instructions(desks.other_regulator).rows == []
    refused(NotFound, lambda: instruction_record(desks.other_regulator, made.id))
    refused(NotFound, lambda: instruction_record(desks.other_manager, made.id))
    for act in (
        lambda: entered(desks.regulator, document_no="x"),
        lambda: accept_instruction(desks.regulator, made.id),
        lambda: begin_instruction(desks.regulator, made.id),
        lambda: report_back(desks.regulator, made.id, "x", PROOF),
        lambda: close_instruction(desks.regulator, made.id, "x"),
        lambda: attach_instruction(desks.auditor, made.id, made.id),
    ):
        refused(NotAllowed, act)
    assert row(desks, type(made), made.id).state is S.ACCEPTED


def test_a_platform_enters_its_own(desks: Desks) -> None:
    made = entered(
        desks.platform, authority="CA-33", jurisdiction=Jurisdiction.PLATFORM_HOME,
        document_no="浙通管函〔2026〕3号",
    )  # fmt: skip
    refused(NotAllowed, lambda: accept_instruction(desks.platform, made.id))
    second = person(desks, "lan.er", "lanhai", Role.PLATFORM_OFFICER)
    assert accept_instruction(second, made.id).state is S.ACCEPTED
    refused(NotFound, lambda: instruction_record(desks.other_platform, made.id))
    refused(NotFound, lambda: instruction_record(desks.manager, made.id))


def test_it_is_found_by_its_document_its_subject_and_its_number(desks: Desks) -> None:
    made = entered(desks.manager)
    for words in ("粤通管函[2026]", "未售出电话卡", "ins-2026-000001", "12 号"):
        assert [one.id for one in list_instructions(desks.manager, q=words).rows] == [made.id]
    assert list_instructions(desks.manager, q="浙通管").rows == []
    assert list_instructions(desks.manager, state=S.CLOSED).rows == []


def test_it_waits_for_exactly_those_who_can_take_the_next_step(desks: Desks, clock: Clock) -> None:
    def kinds(desk: Desk) -> list[tuple[str, str]]:
        found = [one for one in work_items(desk) if one.kind.startswith("instruction")]
        return [(one.kind, one.state.value) for one in found]

    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    made = entered(both)
    assert kinds(desks.approver) == [("instruction_accept", "due")]
    assert kinds(both) == kinds(desks.manager) == kinds(desks.regulator) == []
    assert kinds(desks.other_approver) == kinds(desks.auditor) == []
    accept_instruction(desks.approver, made.id)
    assert kinds(both) == kinds(desks.manager) == [("instruction_report", "due")]
    assert kinds(desks.approver) == []
    clock.pass_(days=7)
    assert kinds(desks.manager) == [("instruction_report", "overdue")]
    begin_instruction(desks.manager, made.id)
    report_back(both, made.id, "收回 37 张", PROOF, "已收")
    assert kinds(desks.approver) == [("instruction_close", "waiting")]
    assert kinds(both) == kinds(desks.manager) == []


def test_no_file_is_kept_for_somebody_who_may_not(desks: Desks, house: House) -> None:
    def kept() -> int:
        return sum(1 for one in (house.settings.data / "evidence").rglob("*") if one.is_file())

    before = kept()
    refused(NotAllowed, lambda: enter_instruction(desks.auditor, FORM, PAPER))
    refused(NotAllowed, lambda: enter_instruction(desks.house, FORM, PAPER))
    assert kept() == before
