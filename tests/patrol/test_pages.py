"""The pages of patrols, as each person sees them."""

from collections.abc import Iterator
from html import escape

import pytest
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from console.actions.patrol.sources import list_sources, save_source
from console.desk import House
from models.base import new_id
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunState
from models.permissions import Permission
from tests.conftest import Desks
from tests.pages import Console, checked, errors, grid, move, moves, press, shown, tick
from tests.patrol.walks import at_large, mapping, planned, row_of, rows_of, shop_open, walked
from tests.shops import Answer, Call


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(at_large(house), monkeypatch)


def test_empty_lists_say_what_to_do_next(console: Console, desks: Desks) -> None:
    assert "还没有巡查来源" in shown(console.open("sources", desks.manager))
    assert "还没有巡查" in shown(console.open("patrols", desks.manager))
    assert "没有问题" in shown(console.open("findings", desks.approver))
    assert "No findings" in shown(console.open("findings", desks.approver, language="en"))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_record_that_is_not_there_leads_back_to_the_list(console: Console, desks: Desks) -> None:
    at = console.open("sources", desks.manager, id=str(new_id()))
    assert "找不到该记录" in errors(at)[0]

    at = press(at, "kit_back_refused")
    assert errors(at) == []
    assert "还没有巡查来源" in shown(at)


def test_a_source_is_tried_and_saved_on_its_page(console: Console, desks: Desks) -> None:
    with shop_open() as stand:
        at = console.open("sources", desks.manager, id="new:蓝海")
        at.text_area(key="source:new:mapping").set_value(mapping(stand))
        at = press(at, "source:try")
        assert errors(at) == []
        assert len(grid(at, 0)) == 5
        assert "试读结果" in shown(at)
        press(at, "source:save")

    (source,) = list_sources(desks.manager).rows
    assert source.name == "蓝海"


def test_a_bad_mapping_is_refused_in_words(console: Console, desks: Desks) -> None:
    at = console.open("sources", desks.manager, id="new:蓝海")
    at.text_area(key="source:new:mapping").set_value("platform = [")
    at = press(at, "source:try")

    assert "TOML" in errors(at)[0]


def test_a_source_shows_no_keys_and_only_its_editors_may_change_it(
    console: Console, desks: Desks
) -> None:
    with shop_open() as stand:
        source = save_source(desks.manager, "蓝海", mapping(stand))

    at = console.open("sources", desks.manager, id=str(source.id))
    assert moves(at) == ["start", "disable"]
    at = console.open("sources", desks.approver, id=str(source.id))
    assert moves(at) == []
    assert not at.text_area
    assert errors(console.open("sources", desks.other_manager, id=str(source.id)))


def test_a_patrol_is_started_followed_and_stopped(console: Console, desks: Desks) -> None:
    with shop_open() as stand:
        run = planned(desks.manager, stand)
        at = console.open("patrols", desks.manager, id=str(run.id))
        assert run.number in shown(at).replace("\\", "")
        assert moves(at) == ["stop"]
        move(at, "stop", "平台要求")

    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.STOPPED


def test_a_run_shows_what_it_read_found_and_could_not_read(console: Console, desks: Desks) -> None:
    with shop_open() as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    at = console.open("patrols", desks.manager, id=str(run.id))
    assert [metric.value for metric in at.metric] == ["7", "3", "3", "3"]
    assert len(grid(at)) == 3
    flagged = console.open("patrols", desks.manager, id=str(run.id), view="flagged")
    assert len(grid(flagged)) == 3
    faults = console.open("patrols", desks.regulator, id=str(run.id), view="faults")
    assert "全部页面都已读取" in shown(faults)
    assert moves(faults) == []
    assert len(grid(console.open("patrols", desks.manager))) == 1


def test_findings_are_confirmed_one_by_one_and_together(console: Console, desks: Desks) -> None:
    with shop_open() as stand:
        walked(desks.manager, planned(desks.manager, stand))
    first, *others = rows_of(desks.manager, Finding)

    at = console.open("findings", desks.approver, id=str(first.id))
    assert moves(at) == ["confirm", "dismiss", "no_cards"]
    assert at.get("link_button")[0].proto.url.startswith("/files/evidence/")
    move(at, "dismiss", "已出示委托书")
    assert row_of(desks.manager, Finding, first.id).state is FindingState.FALSE_POSITIVE

    at = console.open("findings", desks.approver, state="open")
    assert len(grid(at)) == len(others) == 2
    at = tick(at, 0, 1)
    move(at, "confirm_all")
    for one in others:
        assert row_of(desks.manager, Finding, one.id).state is FindingState.CONFIRMED


def test_who_only_reads_sees_findings_and_no_moves(console: Console, desks: Desks) -> None:
    with shop_open() as stand:
        walked(desks.manager, planned(desks.manager, stand))
    first = rows_of(desks.manager, Finding)[0]

    for desk in (desks.regulator, desks.manager, desks.inspector):
        assert moves(console.open("findings", desk, id=str(first.id))) == []
    assert errors(console.open("findings", desks.other_approver, id=str(first.id)))
    at = checked(console.open("findings", desks.privacy))
    assert errors(at)


HOSTILE = (
    "流量卡 免实名 <img src=http://beacon.example/i.png onerror=alert(1)> "
    "![p](http://beacon.example/p.png) [go](javascript:alert(1)) "
    "<script>document.title='PWNED-XSS'</script> =HYPERLINK(1) :material/check: $x$"
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_words_from_a_shop_are_shown_and_neither_rendered_nor_fetched(
    console: Console, desks: Desks
) -> None:
    def hostile(_call: Call, answer: Answer) -> Answer:
        if not isinstance(answer.body, str):
            return answer
        body = answer.body.replace("物联网卡 工业级 &lt;10 张起&gt;", escape(HOSTILE))
        return Answer(body.replace("北辰物联", escape(HOSTILE[60:])), answer.status)

    with shop_open(hostile) as stand:
        walked(desks.manager, planned(desks.manager, stand))
    first = next(one for one in rows_of(desks.manager, Finding) if "PWNED" in str(one.facts))
    with desks.house.begin(Permission.FINDING_CONFIRM) as work:
        work.session.get_one(Finding, first.id).claimed_number = HOSTILE
        work.record("finding.found", first)

    record = {"id": str(first.id)}
    pages = [
        console.open("findings", desks.approver, **record),
        console.open("findings", desks.regulator, **record),
        console.open("triage", desks.approver, **record),
        console.open("shops", desks.regulator, id=str(first.shop_id)),
    ]
    for at in pages:
        assert "PWNED" in shown(at)
        assert list(rendered(at)) == []


def rendered(at: AppTest) -> Iterator[str]:
    """Whatever of the hostile words would be more than text, and whatever asks elsewhere."""
    reader = MarkdownIt("commonmark").enable("table")
    for kind in ("title", "subheader", "caption", "markdown", "error", "warning", "info"):
        for one in at.get(kind):
            words = str(getattr(one, "value", ""))
            if getattr(one.proto, "allow_html", False):
                yield f"{kind} allows HTML: {words}"
            for token in reader.parse(words):
                for part in token.children or ():
                    where = str(part.attrs.get("src") or part.attrs.get("href") or "")
                    if part.type in {"image", "link_open"} and not where.startswith("/files/"):
                        yield f"{kind} asks {where}"
    for button in at.get("link_button"):
        if not button.proto.url.startswith("/files/"):
            yield f"leads to {button.proto.url}"
    yield from (kind for kind in ("html", "iframe", "imgs", "component_instance") if at.get(kind))
