"""The register for programs: what changed since a place in the log, news, and the golden copy."""

import json
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from console.actions.channel.golden import register_folder, write_register
from console.actions.channel.licences import resume_licence, revoke_licence, suspend_licence
from console.actions.channel.log import seal_logs
from console.actions.channel.publish import prepare_publication, publish
from tests.channel import stories
from tests.conftest import Clock
from tests.public.doors import JSON, Public

CHANGES = "/register/changes?since="
REASON, REMEDY = "转委托", "向本公司申诉"


def suspended(public: Public) -> None:
    suspend_licence(public.desks.manager, public.licence.id, reason=REASON, remedy=REMEDY)
    seal_logs(public.desks.house)


def test_a_program_that_follows_the_log_learns_of_each_change_once(
    public: Public, clock: Clock
) -> None:
    seal_logs(public.desks.house)
    first: Any = public.json(f"{CHANGES}0")
    assert "licence.approved" in {one["kind"] for one in first["changes"]}
    assert [one["index"] for one in first["changes"]] == list(range(first["size"]))
    assert first["next"] == first["size"]
    (agent,) = first["agents"]
    assert (agent["agent_no"], agent["status"]) == (public.agent.agent_no, "active")
    assert agent["licences"][0]["shops"][0]["id"] == "1001"

    clock.pass_(hours=1)
    suspended(public)
    second: Any = public.json(f"{CHANGES}{first['next']}")
    assert {one["kind"] for one in second["changes"]} == {"licence.suspended", "badge.suspended"}
    assert second["agents"][0]["status"] == "suspended"
    third: Any = public.json(f"{CHANGES}{second['next']}")
    assert (third["changes"], third["agents"], third["next"]) == ([], [], second["next"])


def test_the_same_comes_line_by_line(public: Public) -> None:
    seal_logs(public.desks.house)
    asked = {"accept": "application/x-ndjson"}
    answer = public.visitor.get(f"{CHANGES}0", headers=asked)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    whole: Any = public.json(f"{CHANGES}0")
    assert [one["change"] for one in lines if "change" in one] == whole["changes"]
    assert [one["agent"] for one in lines if "agent" in one] == whole["agents"]
    assert lines[-1] == {"next": whole["next"], "size": whole["size"]}


def test_a_place_that_is_not_there_yet_or_no_more_is_told_so(public: Public, clock: Clock) -> None:
    seal_logs(public.desks.house)
    size: int = public.json(f"{CHANGES}0")["size"]
    for since, status, code in (
        (str(size + 1), 416, "register.not_yet"),
        ("", 422, "register.since_needed"),
        ("-1", 422, "register.since_needed"),
        ("9" * 40, 422, "register.since_needed"),
    ):
        answer = public.visitor.get(f"{CHANGES}{since}", headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["access-control-allow-origin"] == "*"
    clock.pass_(days=91)
    old = public.visitor.get(f"{CHANGES}0", headers=JSON)
    assert (old.status_code, old.json()["code"]) == (410, "register.too_old")
    assert "manifest.json" in old.json()["message"]
    assert public.json(f"{CHANGES}{size}")["changes"] == []


def test_news_are_told_to_feed_readers_newest_first_in_their_language(
    public: Public, clock: Clock
) -> None:
    clock.pass_(hours=1)
    suspended(public)
    clock.pass_(hours=1)
    resume_licence(public.desks.approver, public.licence.id, proof="已整改")
    clock.pass_(hours=1)
    revoke_licence(public.desks.approver, public.licence.id, reason=REASON, remedy=REMEDY)
    revoke_licence(public.desks.house, public.licence.id, reason=REASON, remedy=REMEDY)
    seal_logs(public.desks.house)

    answer = public.visitor.get("/register/feed.json", headers={"accept-language": "zh"})
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    tags = [item["tags"][0] for item in feed["items"]]
    assert tags == ["revoked", "resumed", "suspended", "approved"]
    assert feed["items"][0]["title"] == f"{public.agent.name}：取消授权"
    assert all({"id", "url", "content_text", "date_published"} <= set(i) for i in feed["items"])
    again = {"accept-language": "zh", "if-none-match": answer.headers["etag"]}
    assert public.visitor.get("/register/feed.json", headers=again).status_code == 304
    english = public.visitor.get("/register/feed.json", headers={"accept-language": "en"}).json()
    assert english["language"] == "en"

    atom = ET.fromstring(public.visitor.get("/register/feed.xml").content)  # noqa: S314 - our own
    space = "{http://www.w3.org/2005/Atom}"
    assert len(atom.findall(f"{space}entry")) == 4
    assert {atom.find(f"{space}{name}") is not None for name in ("id", "title", "updated")} == {
        True
    }


def test_the_golden_copy_says_where_the_log_stood_and_is_told_of_in_it(public: Public) -> None:
    publish(public.desks.approver, prepare_publication(public.desks.manager).id)
    seal_logs(public.desks.house)
    written = write_register(public.house.desk(), register_folder(public.house))
    manifest: Any = json.loads(written.manifest.read_bytes())
    head = manifest["log"]
    assert head["checkpoint"].splitlines()[1] == str(head["size"])

    seal_logs(public.desks.house)
    since: Any = public.json(f"{CHANGES}{head['size']}")
    (copied,) = [one for one in since["changes"] if one["kind"] == "register.copied"]
    assert copied["manifest_sha256"] == sha256(written.manifest.read_bytes()).hexdigest()


def test_files_are_kept_for_good_under_their_name_and_the_manifest_is_asked_for_again(
    public: Public,
) -> None:
    publish(public.desks.approver, prepare_publication(public.desks.manager).id)
    written = write_register(public.house.desk(), register_folder(public.house))
    for path, kept in (
        (written.manifest, "public, max-age=60"),
        (written.ndjson, "public, max-age=31536000, immutable"),
        (written.csv, "public, max-age=31536000, immutable"),
    ):
        answer = public.visitor.get(f"/register/{path.name}")
        assert answer.headers["cache-control"] == kept
        assert answer.headers["access-control-allow-origin"] == "*"
        again = {"if-none-match": answer.headers["etag"]}
        assert public.visitor.get(f"/register/{path.name}", headers=again).status_code == 304


@pytest.mark.requirement("004-3.1-l", "004-3.5-b")
def test_everybody_reads_which_lists_are_out_and_that_one_is_late(
    public: Public, clock: Clock
) -> None:
    assert "尚未公布名单" in public.page("/register").text
    edition = publish(public.desks.approver, prepare_publication(public.desks.manager).id)
    write_register(public.house.desk(), register_folder(public.house))
    for path in ("/register", "/agents"):
        page = public.page(path).text
        assert edition.number in page
        assert "现已过期" not in page
    assert "manifest.json" in public.page("/register").text
    clock.pass_(days=9)
    for path in ("/register", "/agents"):
        assert "现已过期" in public.page(path).text
    assert "out of date" in public.page("/register", "en").text


def test_answers_are_read_from_anywhere_errors_too(public: Public) -> None:
    for path in (
        "/agents", f"/agents/{public.agent.agent_no}", "/agents/x", "/lookup?platform=&shop=",
        "/lookup?platform=lanhai&shop=1001", "/register", "/register/none.csv",
        "/register/changes", "/register/feed.json", "/.well-known/jwks.json",
        f"/b/{public.digits}", "/b/1",
    ):  # fmt: skip
        for accept in ("application/json", "text/html"):
            answer = public.visitor.get(path, headers={"accept": accept})
            assert answer.headers.get("access-control-allow-origin") == "*", (path, accept)
            assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        asked = public.visitor.ask("OPTIONS", path)
        assert asked.status_code == 204
        assert "GET" in asked.headers["access-control-allow-methods"]


def test_a_shop_is_found_by_its_number_and_by_its_address(public: Public) -> None:
    other = stories.admitted(public.desks, 2)
    site = stories.shop_of(
        public.desks.manager, other, "https://www.longteng.example/ka", platform="site",
        name="龙腾官网", url="https://www.longteng.example/ka",
    )  # fmt: skip
    stories.approve_licence(public.desks.approver, stories.pending(public.desks, other, site).id)

    def found(query: str) -> list[str]:
        return [one["agent_no"] for one in public.json(f"/agents?{query}")["items"]]

    own = [public.agent.agent_no]
    assert found("platform=lanhai&shop=1001") == own
    assert found("platform=lanhai&shop=9999") == []
    assert found("q=https://lanhai.example/shop/1001") == own
    assert found("q=https://m.lanhai.example/index?shop=1001%26x=2") == own
    assert found("q=https://elsewhere.example/shop/1001") == []
    assert found("q=longteng.example/ka/item/7?a=1") == [other.agent_no]
    assert found("q=https://longteng.example/") == []
    assert found("q=http://[") == []
    assert public.agent.agent_no in public.page("/agents?platform=lanhai&shop=1001").text


@pytest.mark.requirement("004-3.1-g", "004-3.1-h", "004-3.1-i", "004-3.5-d")
def test_a_marketplace_asks_whether_a_shop_may_be_admitted(public: Public) -> None:
    stories.licensed(public.desks, 2, ("1002",))
    other = stories.uscc(2)

    def match(shop: str, uscc: str) -> Any:  # noqa: ANN401 - JSON
        return public.json(f"/lookup?platform=lanhai&shop={shop}&uscc={uscc}")["match"]

    assert match("1001", public.agent.uscc) == {"platform": True, "shop": True, "uscc": True}
    assert match("1001", other) == {"platform": True, "shop": True, "uscc": False}
    assert match("666", other) == {"platform": True, "shop": False, "uscc": False}
    assert match("666", stories.uscc(99)) == {"platform": False, "shop": False, "uscc": False}
    pairs = [
        {"platform": "lanhai", "shop": "1001", "uscc": public.agent.uscc},
        {"platform": "lanhai", "shop": "1002"},
    ]
    one, two = public.visitor.post("/lookup", json={"pairs": pairs}, headers=JSON).json()
    assert one["match"]["uscc"]
    assert "match" not in two
    bad = [{"platform": "lanhai", "shop": "1001", "uscc": 7}]
    assert public.visitor.post("/lookup", json={"pairs": bad}, headers=JSON).status_code == 422
    suspended(public)
    assert match("1001", public.agent.uscc) == {"platform": False, "shop": False, "uscc": False}
