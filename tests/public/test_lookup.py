"""Whether a shop is licensed, asked by a buyer and by a marketplace."""

import pytest

from console.actions.channel.licences import suspend_licence, terminate_licence
from console.actions.channel.review import suspend_agent
from tests.channel import stories
from tests.public.doors import JSON, Public

REASON, REMEDY = "转委托", "十五日内向本公司申诉"
ASK = "/lookup?platform=lanhai&shop="


@pytest.mark.requirement("004-3.1-g")
def test_a_licensed_shop_is_found_with_its_agent(public: Public) -> None:
    page = public.page(f"{ASK}1001")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert 'class="verdict good"' in page.text
    for shown in (
        "这家店铺获得了授权",
        public.agent.name,
        "中国电信广东",
        "蓝海商城",
        "2027-02-28",
    ):
        assert shown in page.text
    assert "This shop is licensed" in public.page(f"{ASK}1001", "en").text
    known = public.json(f"{ASK}1001")
    assert known["licensed"] is True
    assert [one["agent_no"] for one in known["agents"]] == [public.agent.agent_no]


def test_a_shop_that_nobody_licensed_is_said_to_be_so(public: Public) -> None:
    page = public.page(f"{ASK}2002")
    assert 'class="verdict bad"' in page.text
    assert "没有授权登记" in page.text
    assert public.json(f"{ASK}2002") == {
        "platform": "lanhai", "shop": "2002", "licensed": False, "agents": [],
    }  # fmt: skip
    assert public.json("/lookup?platform=honghai&shop=1001")["licensed"] is False


def test_a_suspended_and_an_ended_licence_are_no_licence(public: Public) -> None:
    suspend_licence(public.desks.manager, public.licence.id, reason=REASON, remedy=REMEDY)
    page = public.page(f"{ASK}1001").text
    assert 'class="verdict warn"' in page
    assert 'class="verdict good"' not in page
    assert "授权已暂停" in page
    assert public.json(f"{ASK}1001")["licensed"] is False
    terminate_licence(
        public.desks.approver, public.licence.id, reason="协议到期", is_handed_back=True
    )
    assert "授权已终止" in public.page(f"{ASK}1001").text
    assert public.json(f"{ASK}1001")["agents"][0]["status"] == "terminated"


def test_a_suspended_agent_sells_nowhere(public: Public) -> None:
    suspend_agent(public.desks.approver, public.agent.id, reason=REASON, remedy=REMEDY)
    assert public.json(f"{ASK}1001")["licensed"] is False


def test_an_own_site_is_found_by_any_spelling_of_its_address(public: Public) -> None:
    site = stories.shop_of(
        public.desks.manager, public.agent, "https://www.Longteng.example/Shop/", platform="site"
    )
    licence = stories.pending(public.desks, public.agent, site)
    stories.approve_licence(public.desks.approver, licence.id)
    for address in ("longteng.example/Shop", "http://www.longteng.example/Shop/?a=1"):
        assert public.json(f"/lookup?platform=site&shop={address}")["licensed"] is True
    assert public.json("/lookup?platform=site&shop=longteng.example/Other")["licensed"] is False
    assert "自有网站" in public.page("/lookup?platform=site&shop=longteng.example/Shop").text


def test_the_form_alone_and_a_shop_that_is_none(public: Public) -> None:
    form = public.page("/lookup")
    assert form.status_code == 200
    assert '<option value="lanhai">蓝海商城</option>' in form.text
    assert 'class="verdict' not in form.text
    for path in ("/lookup?platform=lanhai", "/lookup?platform=%3Cb%3E&shop=1"):
        page = public.page(path)
        assert page.status_code == 422
        assert 'class="alert bad"' in page.text
        assert "<b>" not in page.text
        assert public.visitor.get(path, headers=JSON).status_code == 422


def test_a_marketplace_asks_about_many_shops_at_once(public: Public) -> None:
    pairs = [{"platform": "lanhai", "shop": shop} for shop in ("9", "1001", "shop:1001")]
    answer = public.visitor.post("/lookup", json={"pairs": pairs}, headers=JSON)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert [one["licensed"] for one in answer.json()] == [False, True, True]
    assert [one["shop"] for one in answer.json()] == ["9", "1001", "shop:1001"]


def test_a_thousand_shops_are_enough(public: Public) -> None:
    def ask(count: int) -> tuple[int, object]:
        pairs = [{"platform": "lanhai", "shop": str(one)} for one in range(count)]
        answer = public.visitor.post("/lookup", json={"pairs": pairs}, headers=JSON)
        return answer.status_code, answer.json()

    assert ask(1000)[0] == 200
    status, told = ask(1001)
    assert status == 422
    assert isinstance(told, dict)
    assert told["code"] == "public.too_many_pairs"
    assert told["facts"] == {"most": 1000, "count": 1001}


@pytest.mark.parametrize(
    ("body", "code", "facts"),
    [
        (b"", "public.not_json", {}),
        (b"[" * 5000, "public.not_json", {}),
        (b"\xff", "public.not_json", {}),
        (b"[]", "public.pairs_not_a_list", {"row": 0}),
        (b'{"pairs": {}}', "public.pairs_not_a_list", {"row": 0}),
        (b'{"pairs": [{"platform": "lanhai"}]}', "public.pairs_not_a_list", {"row": 1}),
        (b'{"pairs": [{"platform": "lanhai", "shop": 1}]}', "public.pairs_not_a_list", {"row": 1}),
        (
            b'{"pairs": [{"platform": "lanhai", "shop": "1"}, {"platform": "x!", "shop": "1"}]}',
            "public.bad_pair",
            {"row": 2, "platform": "x!", "shop": "1"},
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(
    public: Public, body: bytes, code: str, facts: dict[str, object]
) -> None:
    answer = public.visitor.post("/lookup", content=body, headers=JSON)
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["facts"]) == (code, facts)


def test_too_long_a_list_is_not_even_read(public: Public) -> None:
    answer = public.visitor.post("/lookup", content=b" " * 2_000_000, headers=JSON)
    assert answer.status_code == 413
