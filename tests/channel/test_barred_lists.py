"""Lists of barred parties: brought as files, confirmed by a second approver, given out again."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from console.actions.channel.agents import add_agent
from console.actions.channel.barred_lists import (
    brought_list,
    brought_lists,
    confirm_list,
    export_barred,
    refuse_list,
    term_of,
)
from console.actions.channel.blacklist import (
    barred_among,
    blacklist_firm,
    blacklist_person,
    list_blacklist,
)
from console.actions.channel.restricted import list_restricted
from console.actions.channel.waiting_barred import BARRED_SOURCES
from console.actions.files import rejected_rows
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.cli.base import choices
from console.cli.main import app
from console.desk import Desk, House
from console.web import files
from console.web.site import Site
from models.channel.admission import Barred
from models.channel.agents import BlacklistState
from models.channel.imports import Import, ImportKind
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import china_day
from tests.browser import Visitor, web_app
from tests.cases.test_api import Program, good
from tests.cases.test_files import as_
from tests.cases.world import person
from tests.channel.stories import deeds, form, uscc
from tests.conftest import Clock, Desks
from tests.pages import Console, grid, move, moves, shown

LISTED = "名称,统一社会信用代码,法定代表人,列入事由,来源单位,文号,起始日期,截止日期"
BOUND = "姓名或名称,统一社会信用代码,认定单位,文号,惩戒依据,起始日期,截止日期,是否判刑,申诉渠道"


def brought(desk: Desk, kind: ImportKind, *lines: str, dry: bool = False) -> Import:
    head = LISTED if kind is ImportKind.BLACKLIST else BOUND
    text = "\n".join((head, *lines)) + "\n"
    planned = plan_import(desk, kind, "名单.csv", text.encode(), dry=dry)
    return run_import(desk, planned.id)


def firm(serial: int, *, begins: str = "2026-03-01", until: str = "长期") -> str:
    source = "广东省通信管理局,粤通管〔2026〕1号"
    return f"深圳违规{serial}号公司,{uscc(serial)},钱有为,批量开卡,{source},{begins},{until}"


def bound(name: str, code: str = "", *, convicted: str = "", until: str = "") -> str:
    paper = "深圳市公安局,深公〔2026〕7号,出借电话卡"
    return f"{name},{code},{paper},2026-03-01,{until},{convicted},深圳市公安局法制支队"


def barred(desks: Desks, *codes: str, persons: tuple[str, ...] = ()) -> Barred:
    carrier = desks.manager.actor.organisation_id
    assert carrier is not None
    with desks.house.begin(Permission.AGENT_READ) as work:
        return barred_among(work, carrier, codes, persons)


def second(desks: Desks) -> Desk:
    return person(desks, "er.shen", "CT-44", Role.APPROVER)


def test_a_list_holds_once_another_approver_has_confirmed_it(desks: Desks) -> None:
    done = brought(desks.approver, ImportKind.BLACKLIST, firm(1), ",,周某人,养卡,集团公司,,,")
    assert (done.accepted, done.rejected) == (2, 0)
    other = second(desks)
    assert uscc(1) not in barred(desks, uscc(1)).firms
    assert [one.kind for source in BARRED_SOURCES for one in source(other)] == ["barred_list"]
    assert [one for source in BARRED_SOURCES for one in source(desks.approver)] == []
    states = {one.state_on(china_day(desks.house.now())) for one in list_blacklist(other).rows}
    assert states == {BlacklistState.PROPOSED}
    with pytest.raises(NotAllowed) as no:
        confirm_list(desks.approver, done.id)
    assert no.value.code == "blacklist.same_person"
    assert confirm_list(other, done.id).waiting == 0
    found = barred(desks, uscc(1), persons=("周某人", "钱有为"))
    assert uscc(1) in found.firms
    assert found.persons == {"周某人", "钱有为"}
    with pytest.raises(Conflict):
        confirm_list(other, done.id)
    assert deeds(desks.house)[-1] == "blacklist.list_confirmed"


def test_a_refused_list_leaves_no_entry(desks: Desks) -> None:
    done = brought(desks.approver, ImportKind.BLACKLIST, firm(1))
    other = second(desks)
    with pytest.raises(Invalid):
        refuse_list(other, done.id, " ")
    refuse_list(other, done.id, "来源不明")
    assert list_blacklist(other).rows == []
    assert brought_list(other, done.id).waiting == 0


def test_who_may_bring_confirm_and_see_lists(desks: Desks) -> None:
    for nobody in (desks.manager, desks.regulator, desks.platform):
        with pytest.raises(NotAllowed):
            plan_import(nobody, ImportKind.BLACKLIST, "名单.csv", LISTED.encode())
    done = brought(desks.approver, ImportKind.BLACKLIST, firm(1))
    with pytest.raises(NotFound):
        confirm_list(desks.other_approver, done.id)
    part, waiting = brought_lists(desks.manager)
    assert [(one.id, waiting[one.id]) for one in part.rows] == [(done.id, 1)]
    assert brought_lists(desks.other_manager)[0].rows == []


def test_a_file_with_identity_numbers_is_not_kept(desks: Desks, tmp_path: Path) -> None:
    before = sorted((tmp_path / "evidence").rglob("*"))
    with pytest.raises(Invalid) as no:
        brought(
            desks.approver,
            ImportKind.BLACKLIST,
            firm(1),
            ",,周某人,身份证11010519491231002X,公安,,,",
        )
    assert (no.value.code, no.value.facts["row"]) == ("import.identity_number", 3)
    assert sorted((tmp_path / "evidence").rglob("*")) == before


def test_rows_that_are_wrong_go_into_the_reject_file(desks: Desks) -> None:
    agent = add_agent(desks.manager, form(9))
    blacklist_firm(desks.approver, uscc=uscc(8), name="已列", reason="r", source="s")
    blacklist_person(desks.approver, person="孙某", reason="r", source="s")
    done = brought(
        desks.approver,
        ImportKind.BLACKLIST,
        firm(1),
        firm(1),
        firm(8),
        firm(9),
        ",,孙 某,养卡,集团,,,",
        "=cmd(),123,x,事由,来源,,,",
        "无期,,,养卡,集团,,2026-13-01,",
        "倒置,,,养卡,集团,,2026-05-01,2026-04-01",
        "无因,,,,集团,,,",
    )
    assert (done.accepted, done.rejected) == (1, 8)
    file = rejected_rows(desks.approver, done.id)
    assert file.path is not None
    text = file.path.read_text("utf-8-sig")
    for said in ("前面的行已出现", "已在名单中", agent.agent_no, "18 位", "不是日期",
                 "早于起始日期", "缺少列入事由", "'=cmd()"):  # fmt: skip
        assert said in text, said
    with pytest.raises(Refusal):
        rejected_rows(desks.inspector, done.id)


def test_terms_begin_and_end_by_their_days(desks: Desks, clock: Clock) -> None:
    done = brought(
        desks.approver, ImportKind.BLACKLIST, firm(1, begins="2026-04-01", until="2026-05-31")
    )
    confirm_list(second(desks), done.id)
    assert not barred(desks, uscc(1)).firms
    (entry,) = list_blacklist(desks.manager).rows
    assert entry.state_on(date(2026, 3, 31)) is BlacklistState.NOT_YET
    clock.pass_(days=60)
    assert uscc(1) in barred(desks, uscc(1)).firms
    assert list_blacklist(desks.manager, live=True).rows
    clock.pass_(days=31)
    assert not barred(desks, uscc(1)).firms
    assert entry.state_on(date(2026, 6, 1)) is BlacklistState.RUN_OUT
    assert list_blacklist(desks.manager, live=True).rows == []


def test_restricted_parties_have_two_or_three_years_and_five_at_most(desks: Desks) -> None:
    done = brought(
        desks.approver,
        ImportKind.RESTRICTED,
        bound("赵某"),
        bound("钱某", convicted="是"),
        bound("某公司", uscc(3), until="2031-02-28"),
        bound("孙某", until="2031-03-01"),
        bound("李某", convicted="也许"),
    )
    assert (done.accepted, done.rejected) == (3, 2)
    assert not barred(desks, uscc(3), persons=("赵某",)).restricted_persons
    assert list_restricted(desks.manager, live=True).rows == []
    confirm_list(second(desks), done.id)
    until = {one.name: one.until for one in list_restricted(desks.manager).rows}
    assert until == {
        "赵某": date(2028, 2, 29), "钱某": date(2029, 2, 28), "某公司": date(2031, 2, 28),
    }  # fmt: skip
    assert barred(desks, uscc(3), persons=("赵某",)).restricted_firms == {uscc(3)}
    day = date(2026, 3, 1)
    assert term_of(day, date(2028, 2, 29), day) == (2, "joint_punishment/1")
    assert term_of(day, date(2031, 2, 28), day) == (5, "joint_punishment_cap/1")
    assert term_of(day, day + timedelta(days=9), day) == (0, "")


def test_an_export_is_inert_and_can_be_brought_again(desks: Desks) -> None:
    done = brought(
        desks.approver, ImportKind.BLACKLIST, firm(1), f"=HYPERLINK(1),{uscc(2)},,事由,来源,,,"
    )
    confirm_list(second(desks), done.id)
    file = export_barred(desks.approver, ImportKind.BLACKLIST)
    assert file.path is not None
    text = file.path.read_text("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert "生效" in text or "列入" in text
    again = plan_import(desks.other_approver, ImportKind.BLACKLIST, "again.csv", file.path)
    assert run_import(desks.other_approver, again.id).accepted == 2
    file.path.unlink()

    brought(desks.approver, ImportKind.RESTRICTED, bound("赵某"))
    bounds = export_barred(desks.approver, ImportKind.RESTRICTED)
    assert bounds.path is not None
    assert "2 年,joint_punishment/1" in bounds.path.read_text("utf-8-sig")
    bounds.path.unlink()
    assert "blacklist.exported" in deeds(desks.house)
    with pytest.raises(NotAllowed):
        export_barred(desks.platform, ImportKind.BLACKLIST)


def test_a_dry_run_keeps_no_entry(desks: Desks) -> None:
    done = brought(desks.approver, ImportKind.BLACKLIST, firm(1), firm(1), dry=True)
    assert (done.accepted, done.rejected) == (1, 1)
    assert list_blacklist(desks.manager).rows == []


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@on_sqlite
def test_programs_bring_and_confirm_a_list(desks: Desks) -> None:
    one = Program(desks, "CT-44", Role.APPROVER)
    other = Program(desks, "CT-44", Role.APPROVER)
    file = ("名单.csv", f"{LISTED}\n{firm(1)}\n".encode(), "text/csv")
    planned = good(one.post("/imports", data={"kind": "blacklist"}, files={"file": file}))
    run_import(desks.house, planned["id"])
    path = f"/barred-lists/{planned['id']}"
    assert good(other.get("/barred-lists"))["items"][0]["waiting"] == 1
    assert one.post(f"{path}/confirm").json()["code"] == "blacklist.same_person"
    assert good(other.post(f"{path}/confirm"))["waiting"] == 0
    refused = other.post(f"{path}/refuse", json={"reason": "x"})
    assert refused.json()["code"] == "blacklist.nothing_waits"
    assert good(other.get(path))["accepted"] == 1


@on_sqlite
def test_a_list_is_brought_confirmed_and_given_out_by_command(
    desks: Desks, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    choices().opened[:] = [desks.house.house]
    source, target = tmp_path / "名单.csv", tmp_path / "out.csv"
    source.write_text(f"{BOUND}\n{bound('赵某')}\n", "utf-8")

    def channel(*words: str) -> str:
        app(["--json", *words], standalone_mode=False)
        return capsys.readouterr().out

    own = ["--as", "li.hua", "blacklist"]
    made = json.loads(channel(*own, "import", "--restricted", str(source)))
    assert (made["accepted"], made["rejected"]) == (1, 0)
    with pytest.raises(NotAllowed):
        channel(*own, "confirm", made["id"])
    second(desks)
    assert json.loads(channel("--as", "er.shen", "blacklist", "lists"))[0]["waiting"] == 1
    channel("--as", "er.shen", "blacklist", "confirm", made["id"])
    channel(*own, "export", "--restricted", str(target))
    assert "赵某" in target.read_text("utf-8-sig")
    with pytest.raises(Conflict):
        channel("--as", "er.shen", "blacklist", "refuse", made["id"], "--reason", "x")
    choices().opened.clear()
    choices().login = None


@on_sqlite
def test_lists_are_given_out_to_who_may_read_them(desks: Desks) -> None:
    blacklist_firm(desks.approver, uscc=uscc(8), name="某公司", reason="r", source="s")
    site = Site.of(desks.house.house)
    visitor = Visitor(web_app(site, files.routes(site)))
    got = as_(visitor, desks.manager).get("/files/blacklist.csv")
    assert got.status_code == 200
    assert uscc(8) in got.text
    assert as_(visitor, desks.manager).get("/files/restricted-parties.csv").status_code == 200
    assert as_(visitor, desks.platform).get("/files/blacklist.csv").status_code == 403
    assert uscc(8) not in as_(visitor, desks.other_manager).get("/files/blacklist.csv").text


@on_sqlite
def test_an_approver_confirms_a_list_on_the_page(
    house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(house, monkeypatch)
    assert "还没有导入过名单" in shown(console.open("blacklist", desks.approver, view="lists"))
    done = brought(desks.approver, ImportKind.BLACKLIST, firm(1), ",,,,,,,")
    assert "须由其他审批人确认" in shown(console.open("blacklist", desks.approver, view="lists"))
    at = console.open("blacklist", second(desks), view="lists")
    assert grid(at)[0][0] == "名单.csv"
    assert moves(at) == ["confirm", "refuse"]
    move(at, "confirm")
    assert brought_list(desks.manager, done.id).waiting == 0
    assert len(console.open("blacklist", desks.manager).get("link_button")) == 2
