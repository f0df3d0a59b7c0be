"""Lists leave by rows: few at once, many with a second person's leave, and all on record."""

import csv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import openpyxl
import pytest

from console.actions.audit import list_deeds
from console.actions.exports.asking import (
    approve_export,
    ask_export,
    expire_exports,
    export_record,
    list_exports,
    refuse_export,
)
from console.actions.exports.registry import LISTS
from console.actions.exports.taking import export_list, take_export
from console.actions.files import Download
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language, spoken
from models.audit import AuditEntry
from models.base import open_moves
from models.oversight.exports import EXPORT_MOVES, ExportFormat, ExportMove, ExportState, ListExport
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import submitted
from tests.conftest import Clock, Desks
from tests.exports.rows import FREE, many_agents

CSV, XLSX = ExportFormat.CSV, ExportFormat.XLSX
WHY = "季度核对代理商名册"


def table_of(file: Download) -> list[list[str]]:
    assert file.path is not None
    with file.path.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.reader(opened))
    file.path.unlink()
    return rows


def deeds_of(desks: Desks, row: ListExport | None = None) -> list[AuditEntry]:
    found = list_deeds(desks.audit, deed="export.").rows
    return [one for one in found if row is None or one.subject_id == str(row.id)]


def refused(act: Any, *args: object) -> str:  # noqa: ANN401 - any use case
    with pytest.raises((Conflict, Invalid, NotAllowed, NotFound)) as no:
        act(*args)
    return no.value.code


def asked(desks: Desks, query: str = "") -> ListExport:
    return ask_export(desks.manager, "agents", query, CSV, WHY)


def test_a_short_list_is_taken_at_once_and_the_download_is_on_record(desks: Desks) -> None:
    state = ""
    for serial in (1, 2, 3):
        state = submitted(desks.manager, serial).state

    file = export_list(desks.manager, "agents", f"state={state}&sort=number", CSV)

    head, *rows = table_of(file)
    assert head[:3] == ["代理商编号", "企业名称", "状态"]
    assert [row[1] for row in rows] == [f"深圳市龙腾通信{one}号有限公司" for one in (1, 2, 3)]
    (deed,) = deeds_of(desks)
    assert (deed.actor_name, deed.deed) == ("chen.ming", "export.taken")
    assert deed.facts == {
        "page": "agents", "filter": f"sort=number&state={state}", "format": "csv", "rows": 3,
    }  # fmt: skip


def test_headers_and_words_are_in_the_readers_language(desks: Desks) -> None:
    submitted(desks.manager)
    spoken.set(Language.EN)
    try:
        head, row = table_of(export_list(desks.manager, "agents", "", CSV))
    finally:
        spoken.set(Language.ZH)

    assert head[0] == "Agent number"
    assert row[4] == "Guangdong (44)"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1+1", "-2", "@SUM(A1)", "＝cmd", "\t=1"])
def test_no_cell_is_a_formula_in_either_format(desks: Desks, name: str, tmp_path: Path) -> None:
    many_agents(desks, 1, name=name)

    _, row = table_of(export_list(desks.manager, "agents", "", CSV))
    book = export_list(desks.manager, "agents", "", XLSX)

    assert row[1].startswith("'")
    assert row[1][1:] == name
    assert book.path is not None
    copy = tmp_path / "list.xlsx"
    copy.write_bytes(book.path.read_bytes())
    book.path.unlink()
    sheet = cast("Any", openpyxl.load_workbook(copy).active)
    assert [cell.data_type for cell in sheet[2]][:2] == ["s", "s"]
    assert str(sheet["B2"].value).startswith("'")


def test_a_list_is_that_of_its_reader_and_nobody_elses(desks: Desks) -> None:
    submitted(desks.manager, 1)
    submitted(desks.other_manager, 2)

    own = table_of(export_list(desks.manager, "agents", "", CSV))
    theirs = table_of(export_list(desks.other_manager, "agents", "", CSV))
    province = table_of(export_list(desks.regulator, "agents", "", CSV))
    elsewhere = table_of(export_list(desks.other_regulator, "agents", "", CSV))

    assert [len(rows) - 1 for rows in (own, theirs, province, elsewhere)] == [1, 1, 2, 0]
    assert own[1][1] != theirs[1][1]


def test_every_list_can_be_taken_by_whoever_may_read_it(desks: Desks) -> None:
    """Every registered list runs, its columns have labels, and a filter it lacks is refused."""
    readers: Sequence[Desk] = (desks.manager, desks.auditor, desks.iot)
    for page, listed in LISTS.items():
        reader = next(one for one in readers if one.actor.may(listed.read))
        head = table_of(export_list(reader, page, "", CSV))[0]
        assert head == listed.heads(reader)
        assert len({*head, ""}) == len(head) + 1
        assert refused(export_list, reader, page, "colour=red", CSV) == "export.unknown_filter"


def test_a_filter_nobody_knows_is_refused_and_not_left_out(desks: Desks) -> None:
    assert refused(export_list, desks.manager, "agents", "stat=active", CSV) == (
        "export.unknown_filter"
    )
    assert refused(export_list, desks.manager, "agents", "state=odd", CSV) == "export.bad_filter"
    assert refused(export_list, desks.manager, "agents", "province=99", CSV) == "export.bad_filter"
    assert refused(export_list, desks.manager, "persons", "", CSV) == "export.no_such_list"
    assert refused(export_list, desks.manager, "agents", f"q={'x' * 101}", CSV) == (
        "export.bad_filter"
    )


def test_no_identity_number_comes_into_the_record_by_a_filter(desks: Desks) -> None:
    code = refused(export_list, desks.manager, "agents", "q=11010119900307803X", CSV)

    assert code == "admission.identity_number"
    assert deeds_of(desks) == []


def test_who_may_not_read_a_list_does_not_take_it_either(desks: Desks) -> None:
    assert refused(export_list, desks.platform, "stock", "", CSV) == "staff.not_allowed"
    assert refused(export_list, desks.privacy, "agents", "", CSV) == "staff.not_allowed"
    assert refused(export_list, desks.house, "agents", "", CSV) == "export.people_only"


def test_a_long_list_says_what_to_do_instead(desks: Desks) -> None:
    many_agents(desks, FREE + 1)

    assert refused(export_list, desks.manager, "agents", "", CSV) == "export.ask_first"
    assert refused(export_list, desks.regulator, "agents", "", CSV) == "export.narrow"
    assert len(table_of(export_list(desks.manager, "agents", "state=draft", CSV))) == FREE // 2 + 2
    assert refused(ask_export, desks.regulator, "agents", "", CSV, WHY) == "staff.not_allowed"
    assert refused(ask_export, desks.manager, "agents", "state=draft", CSV, WHY) == (
        "export.not_needed"
    )
    assert refused(ask_export, desks.manager, "agents", "", CSV, "  ") == "channel.reason_needed"


def test_a_second_person_approves_and_the_list_is_taken_once(desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    request = asked(desks)
    assert [one.kind for one in work_items(desks.approver) if one.page == "exports"] == [
        "export_decide"
    ]

    approve_export(desks.approver, request.id, request.version)
    assert [one.kind for one in work_items(desks.manager) if one.page == "exports"] == [
        "export_take"
    ]
    rows = table_of(take_export(desks.manager, request.id))

    assert len(rows) == FREE + 2
    assert refused(take_export, desks.manager, request.id) == "state.cannot_move"
    assert [one.deed for one in deeds_of(desks, request)] == [
        "export.taken", "export.approved", "export.asked",
    ]  # fmt: skip
    record = export_record(desks.approver, request.id)
    assert (record.asked_by, record.decided_by) == ("chen.ming", "li.hua")
    assert record.export.state is ExportState.TAKEN


def test_nobody_approves_their_own_and_nobody_elsewhere_knows_of_it(desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    own = ask_export(desks.approver, "agents", "", CSV, WHY)

    assert refused(approve_export, desks.approver, own.id, own.version) == "export.same_person"
    assert refused(refuse_export, desks.approver, own.id, own.version, WHY) == "export.same_person"
    assert refused(approve_export, desks.other_approver, own.id, own.version) == "row.not_found"
    assert refused(approve_export, desks.manager, own.id, own.version) == "staff.not_allowed"
    assert refused(export_record, desks.manager, own.id) == "row.not_found"
    approve_export(desks.privacy, own.id, own.version)
    assert refused(take_export, desks.privacy, own.id) == "staff.not_allowed"
    assert refused(take_export, desks.manager, own.id) == "row.not_found"


def test_a_refusal_ends_the_request_and_says_why(desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    request = asked(desks)
    assert refused(asked, desks) == "export.asked_already"

    done = refuse_export(desks.approver, request.id, request.version, "请按省份分批导出")

    assert (done.state, done.note) == (ExportState.REFUSED, "请按省份分批导出")
    assert refused(take_export, desks.manager, request.id) == "state.cannot_move"
    assert refused(approve_export, desks.approver, request.id, done.version) == "state.cannot_move"
    assert asked(desks).state is ExportState.ASKED


def test_an_approval_holds_for_three_days_and_a_request_for_two_weeks(
    desks: Desks, clock: Clock
) -> None:
    many_agents(desks, FREE + 1)
    approved = asked(desks)
    approve_export(desks.approver, approved.id, approved.version)
    left = asked(desks, "sort=oldest")
    assert expire_exports(desks.house) == 0

    clock.at += timedelta(hours=72, seconds=1)
    assert refused(take_export, desks.manager, approved.id) == "export.expired"
    assert expire_exports(desks.house) == 1
    clock.at += timedelta(days=14)
    assert refused(approve_export, desks.approver, left.id, left.version) == "export.expired"
    assert list_exports(desks.approver, waiting=True).rows == []
    assert expire_exports(desks.house) == 1
    assert {row.state for row in list_exports(desks.manager).rows} == {ExportState.EXPIRED}


def test_an_approval_is_not_for_a_list_that_has_grown(desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    request = asked(desks)
    approve_export(desks.approver, request.id, request.version)
    many_agents(desks, FREE // 5)

    assert refused(take_export, desks.manager, request.id) == "export.grown"
    assert export_record(desks.manager, request.id).export.state is ExportState.APPROVED


def test_an_approver_who_sees_an_old_request_decides_nothing(desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    request = asked(desks)

    assert refused(approve_export, desks.approver, request.id, 7) == "row.done_meanwhile"


def test_every_state_of_an_export_has_the_moves_of_the_table() -> None:
    ends = {state for state in ExportState if all(start is not state for start, _ in EXPORT_MOVES)}
    assert ends == {ExportState.REFUSED, ExportState.TAKEN, ExportState.EXPIRED}
    assert open_moves(EXPORT_MOVES, ExportState.ASKED) == [
        ExportMove.APPROVE, ExportMove.REFUSE, ExportMove.EXPIRE,
    ]  # fmt: skip


def test_a_list_sorts_as_the_address_says_across_screens_with_ties(desks: Desks) -> None:
    """More rows than a screen, by both orders: each exactly once."""
    many_agents(desks, 450, name="同名")
    newest = [row[0] for row in table_of(export_list(desks.manager, "agents", "", CSV))[1:]]
    oldest = [
        row[0] for row in table_of(export_list(desks.manager, "agents", "sort=oldest", CSV))[1:]
    ]

    assert len(set(newest)) == 450
    assert newest == oldest[::-1]
