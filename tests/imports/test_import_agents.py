"""A carrier's list of agents: every encoding, mapped, checked, kept, and the rejects mended."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import col, select

from console.actions.imports.plan import (
    import_for_real,
    list_imports,
    plan_import,
    preview_file,
    the_import,
)
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import advance_import, run_import, waiting_imports
from console.desk import Desk, House
from integrations.sheets import write_xlsx
from models.audit import AuditEntry
from models.channel.agents import Agent, AgentState, Blacklisted
from models.channel.imports import Import, ImportState
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed, NotFound
from tests.conftest import Desks
from tests.imports.files import HEADER, SHOP_HEADER, agents_csv, csv_text, good, read_csv

ENCODINGS = ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le"]


def brought(
    desk: Desk, content: bytes | Path, name: str = "agents.csv", *, dry: bool = False
) -> Import:
    return run_import(desk, plan_import(desk, "agents", name, content, dry=dry).id)


def agents(house: House) -> list[Agent]:
    with house.desk().begin(Permission.AGENT_READ) as work:
        return list(work.session.exec(select(Agent).order_by(col(Agent.serial))).all())


def rejected(desk: Desk, imported: Import) -> list[dict[str, str]]:
    return read_csv(rejects_file(desk, imported.id)[0])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_list_in_any_encoding_becomes_applications(
    house: House, desks: Desks, encoding: str
) -> None:
    text = csv_text(HEADER, good(3))
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    imported = brought(desks.manager, (mark + text).encode(encoding))
    assert (imported.state, imported.accepted, imported.rejected) == (ImportState.DONE, 3, 0)
    first = agents(house)[0]
    assert first.name == good(1)[0][0]
    assert first.state is AgentState.VERIFYING
    assert first.submitted_by == desks.manager.actor.id
    assert first.carrier_id == desks.manager.actor.organisation_id
    assert first.review_due_at is not None
    assert first.agent_no.startswith("CT-11-2026-000001-")
    assert first.business_licence_until == date(2035, 12, 31)


def test_a_workbook_becomes_applications(house: House, desks: Desks, tmp_path: Path) -> None:
    path = tmp_path / "名单.xlsx"
    write_xlsx(path, HEADER, good(3))
    imported = brought(desks.manager, path, path.name)
    assert imported.file_name == "名单.xlsx"
    assert len(agents(house)) == 3


def test_imported_agents_are_found_by_search(house: House, desks: Desks) -> None:
    from console.actions.channel.agents import list_agents

    brought(desks.manager, agents_csv(20))
    wanted = agents(house)[7]
    found = list_agents(desks.manager, wanted.uscc)
    assert [row.id for row in found.rows] == [wanted.id]


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("企业名称", "", "缺少企业名称"),
        ("统一社会信用代码", "911101", "不是 18 位"),
        ("统一社会信用代码", "91110100000000003A", "校验位不符"),
        ("省份", "火星", "没有省份“火星”"),
        ("营业执照有效期", "2020-01-01", "已于 2020-01-01 到期"),
        ("营业执照有效期", "明年", "不是日期"),
        ("法定代表人", "王" * 65, "65 个字符"),
        ("联系方式", "证件 11010519491231002X", "居民身份证号码"),
    ],
)
def test_a_bad_row_is_rejected_with_its_reason_and_the_others_are_kept(
    house: House, desks: Desks, column: str, value: str, says: str
) -> None:
    imported = brought(desks.manager, agents_csv(3, row2={column: value}))
    assert (imported.accepted, imported.rejected) == (2, 1)
    (row,) = rejected(desks.manager, imported)
    assert says in row["原因"]
    assert row["reason"]
    assert row[column] == value
    assert good(3)[1][0] not in [agent.name for agent in agents(house)]


def test_rejects_are_mended_and_brought_again(house: House, desks: Desks) -> None:
    first = brought(desks.manager, agents_csv(4, row2={"省份": "火星"}, row4={"企业名称": ""}))
    assert first.rejected == 2
    rows = rejected(desks.manager, first)
    rows[0]["省份"] = "CA-44"
    rows[1]["企业名称"] = "=某某公司"
    mended = csv_text(list(rows[0]), [list(row.values()) for row in rows]).encode("utf-8-sig")
    second = brought(desks.manager, mended, "rejects.csv")
    assert (second.accepted, second.rejected) == (2, 0)
    assert sorted(agent.uscc for agent in agents(house)) == sorted(row[1] for row in good(4))
    assert "44" in [agent.province for agent in agents(house)]


def test_a_reject_file_runs_no_formula(desks: Desks) -> None:
    imported = brought(
        desks.manager, agents_csv(1, row1={"企业名称": "=cmd|' /C calc'!A0", "省份": "火星"})
    )
    text = rejects_file(desks.manager, imported.id)[0].read_text("utf-8-sig")
    assert "'=cmd" in text


def test_a_firm_stands_once_in_the_file_and_in_the_register(desks: Desks) -> None:
    one, other = good(2)
    content = csv_text(HEADER, [one, other, one]).encode()
    first = brought(desks.manager, content)
    assert (first.accepted, first.rejected) == (2, 1)
    assert "前面的行" in rejected(desks.manager, first)[0]["原因"]
    again = brought(desks.manager, content)
    assert (again.accepted, again.rejected) == (0, 3)
    assert "已是代理商 CT-11-2026-000001" in rejected(desks.manager, again)[0]["原因"]
    assert brought(desks.other_manager, content).accepted == 2


def test_a_blacklisted_firm_is_not_taken(house: House, desks: Desks) -> None:
    own = desks.manager.actor.organisation_id
    assert own is not None
    with house.desk().begin(Permission.BLACKLIST_EDIT) as work:
        barred = work.add(
            Blacklisted(
                carrier_id=own,
                uscc=good(1)[0][1],
                name="甲",
                reason="倒卖",
                source="检查",
                created_at=work.at,
            )
        )
        work.record("blacklist.added", barred)
    imported = brought(desks.manager, agents_csv(2))
    assert (imported.accepted, imported.rejected) == (1, 1)
    assert "黑名单" in rejected(desks.manager, imported)[0]["原因"]


def test_a_dry_run_checks_everything_and_keeps_nothing(house: House, desks: Desks) -> None:
    rows = [*good(3), good(1)[0]]
    tried = brought(desks.manager, csv_text(HEADER, rows).encode(), dry=True)
    assert (tried.state, tried.accepted, tried.rejected) == (ImportState.DONE, 3, 1)
    assert "前面的行" in rejected(desks.manager, tried)[0]["原因"]
    assert agents(house) == []
    real = run_import(desks.manager, import_for_real(desks.manager, tried.id).id)
    assert (real.accepted, real.rejected) == (3, 1)
    assert len(agents(house)) == 3
    with pytest.raises(Invalid, match="was_not_dry"):
        import_for_real(desks.manager, real.id)


def test_a_dry_run_finds_doubles_across_batches_even_when_it_was_killed(desks: Desks) -> None:
    from console.actions.imports.reading import close_readings

    rows = [*good(6000), good(1)[0]]
    tried = plan_import(desks.manager, "agents", "a.csv", csv_text(HEADER, rows).encode(), dry=True)
    assert advance_import(desks.house, tried.id)
    close_readings()
    ended = run_import(desks.manager, tried.id)
    assert (ended.accepted, ended.rejected) == (6000, 1)


def test_columns_are_known_by_their_names_or_said(desks: Desks) -> None:
    header = ["公司", "Credit Code", "所在 省份（必填）", "法人", "备忘"]
    rows = [[*row[:4], "x"] for row in good(2)]
    content = csv_text(header, rows).encode()
    seen = preview_file(desks.manager, "agents", "a.csv", content)
    assert seen.suggested == {
        "name": "公司",
        "uscc": "Credit Code",
        "province": "所在 省份(必填)",
        "legal_representative": "法人",
    }
    assert seen.missing == []
    assert seen.rows[0][0] == rows[0][0]
    columns = {**seen.suggested, "province": "所在 省份（必填）", "remark": "备忘"}
    planned = plan_import(desks.manager, "agents", "a.csv", content, columns)
    assert run_import(desks.manager, planned.id).accepted == 2


def test_a_file_without_a_needed_column_names_what_is_missing_and_what_is_there(
    desks: Desks,
) -> None:
    content = csv_text(["企业名称", "省份"], [["甲公司", "广东"]]).encode()
    assert preview_file(desks.manager, "agents", "a.csv", content).missing == [
        "uscc",
        "legal_representative",
    ]
    with pytest.raises(Invalid) as refused:
        plan_import(desks.manager, "agents", "a.csv", content)
    assert refused.value.code == "import.column_missing"
    assert refused.value.facts["field"] == "uscc"
    assert refused.value.facts["columns"] == "企业名称, 省份"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"colour": "省份"}, "import.no_such_field"),
        ({"name": "颜色"}, "import.no_such_column"),
    ],
)
def test_a_mapping_names_what_exists(desks: Desks, columns: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan_import(desks.manager, "agents", "a.csv", agents_csv(1), columns)
    assert refused.value.code == code


def test_a_file_that_is_bad_at_its_end_is_refused_before_any_row_is_taken(
    house: House, desks: Desks
) -> None:
    content = agents_csv(6000) + b'"open'
    with pytest.raises(Invalid) as refused:
        plan_import(desks.manager, "agents", "a.csv", content)
    assert refused.value.facts["row"] == 6002
    assert agents(house) == []
    assert list_imports(desks.manager).rows == []


def test_a_file_that_is_lost_ends_the_import_and_says_so(house: House, desks: Desks) -> None:
    planned = plan_import(desks.manager, "agents", "a.csv", agents_csv(6000))
    assert advance_import(desks.house, planned.id)
    from console.actions.imports.reading import close_readings
    from integrations.evidence import Digest

    close_readings()
    house.evidence.path(Digest(planned.sha256)).write_bytes(b"other")
    assert not advance_import(desks.house, planned.id)
    ended = the_import(desks.manager, planned.id)
    assert ended.state is ImportState.FAILED
    assert ended.fault == {"code": "import.file_gone", "facts": {"file": "a.csv"}}
    assert (ended.read, ended.accepted) == (5000, 5000)


def test_rows_wider_than_the_header_are_rejected_with_what_was_too_much(desks: Desks) -> None:
    rows = good(2)
    rows[1].append("多余")
    imported = brought(desks.manager, csv_text(HEADER, rows).encode())
    assert (imported.accepted, imported.rejected) == (1, 1)
    assert "多余" in rejected(desks.manager, imported)[0]["原因"]


def test_an_agent_may_come_with_its_shop(house: House, desks: Desks) -> None:
    shops = [
        ["蓝海商城", "10086", "旗舰店", "https://lanhai.example/shop/10086"],
        ["自有网站", "", "", "https://www.card.example/"],
        ["", "", "", ""],
        ["lanhai", "10086", "又一家", ""],
        ["蓝海", "1", "", ""],
    ]
    rows = [[*row, *shop] for row, shop in zip(good(5), shops, strict=True)]
    imported = brought(desks.manager, csv_text(SHOP_HEADER, rows).encode())
    assert (imported.accepted, imported.rejected) == (3, 2)
    taken, unknown = rejected(desks.manager, imported)
    assert "lanhai shop:10086" in taken["原因"]
    assert "平台“蓝海”" in unknown["原因"]
    with house.desk().begin(Permission.AGENT_READ) as work:
        kept = work.session.exec(select(AuthorisedShop)).all()
    assert sorted((shop.platform, shop.shop_key) for shop in kept) == [
        ("lanhai", "shop:10086"),
        ("site", "card.example"),
    ]


def test_only_a_channel_manager_brings_agents(desks: Desks) -> None:
    for desk in (desks.approver, desks.regulator, desks.platform, desks.auditor):
        with pytest.raises(NotAllowed):
            plan_import(desk, "agents", "a.csv", agents_csv(1))
        with pytest.raises(NotAllowed):
            preview_file(desk, "agents", "a.csv", agents_csv(1))


def test_imports_are_seen_by_their_own_organisation(desks: Desks) -> None:
    imported = brought(desks.manager, agents_csv(1, row1={"省份": "火星"}))
    assert [row.id for row in list_imports(desks.approver).rows] == [imported.id]
    for desk in (desks.other_manager, desks.regulator, desks.platform):
        assert list_imports(desk).rows == []
        with pytest.raises(NotFound):
            rejects_file(desk, imported.id)


def test_an_import_is_on_record_at_its_beginning_its_batches_and_its_end(
    house: House, desks: Desks
) -> None:
    imported = brought(desks.manager, agents_csv(3, row1={"省份": "火星"}))
    with house.desk().begin(Permission.AUDIT_READ) as work:
        deeds = work.session.exec(
            select(AuditEntry)
            .where(AuditEntry.subject_id == str(imported.id))
            .order_by(col(AuditEntry.seq))
        ).all()
    assert [deed.deed for deed in deeds] == ["import.planned", "import.batch", "import.finished"]
    assert {deed.actor_id for deed in deeds} == {desks.manager.actor.id}
    assert (deeds[2].facts["accepted"], deeds[2].facts["rejected"]) == (2, 1)


def test_an_ended_import_waits_no_more(desks: Desks) -> None:
    planned = plan_import(desks.manager, "agents", "a.csv", agents_csv(1))
    assert waiting_imports(desks.house) == [planned.id]
    run_import(desks.manager, planned.id)
    assert waiting_imports(desks.house) == []
    assert not advance_import(desks.house, planned.id)


def test_no_reject_file_where_nothing_was_rejected(desks: Desks) -> None:
    imported = brought(desks.manager, agents_csv(1))
    with pytest.raises(NotFound, match="no_rejects"):
        rejects_file(desks.manager, imported.id)
