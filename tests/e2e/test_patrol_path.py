"""An officer's way through a patrol in a browser: plan, run, checklist, triage, evidence."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.actors import PHONE, Album, Person
from tests.e2e.story import SLOWEST_PATROL, Story, faults_of
from tests.e2e.world import PASSWORD, Market, Served

STAFF = (
    ("add", "CT", "basic_carrier_group", "中国电信"),
    ("add", "CT-44", "basic_carrier_province", "中国电信广东公司", "--parent", "CT",
     "--province", "44"),
    ("add", "oscar", "platform", "小城商城", "--province", "33"),
)  # fmt: skip
PEOPLE = (
    ("add", "CT-44", "chen.ming", "陈明", "--role", "channel_manager"),
    ("add", "CT-44", "li.hua", "李华", "--role", "approver"),
)


def the_staff_is_there(story: Story) -> None:
    for organisation in STAFF:
        story.served.channel("org", *organisation)
    for person in PEOPLE:
        story.served.channel("user", *person, "--password", PASSWORD)


def a_plan_is_made(story: Story) -> None:
    manager = story.comes("chen.ming", "/console/sources")
    manager.page.get_by_role("button", name="新建来源").first.click()
    manager.write("source:name", "小城全站")
    manager.press("source:begin", opens="source:new:mapping")
    manager.write("source:new:mapping", story.market.mapping)
    manager.press("source:try")
    manager.sees("尚未保存", within=60_000)
    manager.press("source:save")
    manager.page.wait_for_url(lambda url: "id=" in url and "id=new" not in url)
    manager.open("plans")
    manager.keep("plans-empty")
    box = manager.begin("add", "plans")
    key = "move:add:plans:words:0"
    manager.write(f"{key}:name", "小城每月巡查")
    manager.choose(f"{key}:source", "小城全站")
    box.get_by_role("button", name=re.compile("确认")).click()
    plan = story.ids["plan"] = manager.record_id()
    manager.settled()
    manager.keep("plan")
    assert plan


def the_plan_runs(story: Story) -> None:
    """Its first run begins by itself, today; the machine's part ends with the draw."""
    manager = story.people["chen.ming"]
    rows = manager.page.locator("[data-testid=stDataFrame]")
    for _ in range(60):
        manager.open("plans", id=story.ids["plan"])
        if rows.count():
            break
    manager.open("patrols")
    manager.open_row("PR-")
    run = story.ids["run"] = manager.record_id()
    manager.sees(re.compile("人工核对|待复核"), within=SLOWEST_PATROL)
    manager.open("patrols", id=run, view="draw")
    manager.keep("run-draw")
    expect(manager.page.locator(".js-plotly-plot").first).to_be_visible()


def the_checklist_is_answered_by_keys(story: Story) -> None:
    manager = story.people["chen.ming"]
    manager.open("checks", run=story.ids["run"])
    manager.press("checks:next")
    manager.record_id()
    expect(manager.page.locator("[aria-checked]").filter(has_text="合格").first).to_be_visible()
    manager.keep("check")
    for place in range(1, 6):
        manager.page.keyboard.press("1")
        expect(manager.page.locator("[aria-checked=true]").filter(has_text="合格")).to_have_count(
            place
        )
    manager.settled()
    manager.page.keyboard.press("Enter")
    manager.sees(re.compile("没有待填写的核对表|已答"))


def the_findings_are_judged_by_keys(story: Story) -> None:
    approver = story.comes("li.hua", "/console/triage")
    approver.settled()
    before = approver.asks("/findings", run_id=story.ids["run"], limit="100")["items"]
    assert len(before) >= 2
    approver.keep("triage")
    approver.page.keyboard.press("y")
    approver.told("已确认")
    confirmed = _of_state(approver, story, "confirmed")
    assert len(confirmed) == 1
    approver.settled()
    approver.page.keyboard.press("2")
    approver.told("已排除")
    assert len(_of_state(approver, story, "false_positive")) == 1
    story.ids["finding"] = confirmed[0]["id"]


def _of_state(person: Person, story: Story, state: str) -> list[dict[str, str]]:
    found = person.asks("/findings", run_id=story.ids["run"], limit="100")["items"]
    return [one for one in found if one["state"] == state]


def the_finding_has_its_evidence(story: Story) -> None:
    approver = story.people["li.hua"]
    approver.open("findings", id=story.ids["finding"])
    for words in ("判定依据", "取证记录", "经手记录", "证据包"):
        if words != "判定依据":
            approver.sees(words)
    approver.page.get_by_text("第 1 次取证").first.click()
    approver.sees("提取的字段")
    approver.sees("robots 判断")
    approver.keep("finding-evidence")
    pack = approver.downloads(f"/files/evidence/finding/{story.ids['finding']}.zip")
    assert pack[:2] == b"PK"
    small = story.comes("li.hua", f"/console/findings?id={story.ids['finding']}", viewport=PHONE)
    small.keep("phone-finding")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_officers_plan_patrol_check_and_judge_by_keyboard(
    served: Served, small: Market, browser: Browser, albums: Callable[[str], Album]
) -> None:
    story = Story(served, small, browser, albums("patrol"))
    the_staff_is_there(story)
    a_plan_is_made(story)
    the_plan_runs(story)
    the_checklist_is_answered_by_keys(story)
    the_findings_are_judged_by_keys(story)
    the_finding_has_its_evidence(story)
    assert faults_of(story) == []
