"""Whatever is planted on the way, no public answer holds a person's data."""

import gzip
import json
import re
from datetime import date

import pytest
from sqlalchemy import update

from console.actions.channel.agents import edit_agent
from console.actions.channel.golden import register_folder, write_register
from console.actions.channel.licences import suspend_licence
from console.actions.channel.log import seal_logs
from console.actions.channel.publish import prepare_publication, publish
from console.database import WRITING
from console.desk import House
from models.channel.agents import Agent
from models.channel.public import public_name, public_text, public_url, public_uscc
from models.channel.shops import AuthorisedShop
from models.formats import uscc_check_character
from models.search import terms_of
from tests.channel import stories
from tests.conftest import Desks
from tests.public.doors import Public, visitor_of

ID, PHONE, MAIL, PERSON = "11010519491231002X", "13800138000", "chen@mail.example", "陈启明"
SECRETS = (ID, PHONE, "138-0013-8000", MAIL, PERSON, "0755-2601", "XY-2026-001", "转委托", "申诉")
INDIVIDUAL = "92440300MA5ABCDE1"


def individual() -> str:
    return INDIVIDUAL + uscc_check_character(INDIVIDUAL)


def answers(public: Public) -> dict[str, str]:
    """Every public address that tells of the agent, in every form."""
    visitor, agent = public.visitor, public.agent
    paths = (
        "/", "/agents", "/agents?q=龙腾", f"/agents/{agent.agent_no}", "/register",
        "/agents?platform=lanhai&shop=1001", "/lookup?platform=lanhai&shop=1001",
        f"/lookup?platform=lanhai&shop=1001&uscc={agent.uscc}", f"/b/{public.digits}",
        "/register/changes?since=0", "/register/feed.json", "/register/feed.xml",
    )  # fmt: skip
    kinds = ("text/html", "application/json", "application/x-ndjson")
    found = {
        f"{path} {kind}": visitor.get(path, headers={"accept": kind}).text
        for path in paths
        for kind in kinds
    }
    pairs = {"pairs": [{"platform": "lanhai", "shop": "1001", "uscc": agent.uscc}]}
    found["batch"] = visitor.post("/lookup", json=pairs).text
    for path in register_folder(public.house).iterdir():
        body = visitor.get(f"/register/{path.name}").content
        found[path.name] = (gzip.decompress(body) if path.suffix == ".gz" else body).decode()
    return found


def test_what_people_wrote_in_any_field_is_in_no_public_answer(public: Public) -> None:
    desks, agent = public.desks, public.agent
    publish(desks.approver, prepare_publication(desks.manager).id)
    edit_agent(
        desks.manager,
        agent.id,
        stories.form(name=f"龙腾{PHONE}{MAIL}号{ID}", contact=f"{PHONE} {MAIL}"),
    )
    with public.house.engine.execution_options(**{WRITING: True}).begin() as connection:
        shop = f"店 {PHONE} {MAIL} {ID} 138-0013-8000"
        url = f"https://lanhai.example/shop/1001?tel={PHONE}&mail={MAIL}"
        connection.execute(update(AuthorisedShop).values(name=shop, url=url))
        connection.execute(update(Agent).values(remark=PERSON + PHONE))
    suspend_licence(desks.manager, public.licence.id, reason=f"转委托 {PHONE}", remedy="申诉")
    write_register(public.house.desk(), register_folder(public.house))
    seal_logs(desks.house)
    for where, shown in answers(public).items():
        for secret in SECRETS:
            if where.startswith("/b/") and secret in {PHONE, MAIL, ID, "138-0013-8000"}:
                continue  # a badge names its agent and shop as they stand in the register
            assert secret not in shown, (where, secret)
    assert "＊＊＊" in public.page(f"/agents/{agent.agent_no}").text


def a_person_who_trades(house: House, desks: Desks) -> Public:
    public = Public.with_an_agent(house, desks)
    name, uscc = f"{PERSON}龙腾通讯店", individual()
    with house.engine.execution_options(**{WRITING: True}).begin() as connection:
        connection.execute(update(AuthorisedShop).values(name=f"{PERSON}的店"))
        # A code is not edited once a firm is admitted; this one was so from the beginning.
        terms = terms_of(name, uscc, PERSON)
        connection.execute(update(Agent).values(name=name, uscc=uscc, terms=terms))
    return public


def test_a_person_who_trades_is_shown_without_the_name_and_the_whole_code(
    house: House, desks: Desks
) -> None:
    public = a_person_who_trades(house, desks)
    publish(desks.approver, prepare_publication(desks.manager).id)
    write_register(house.desk(), register_folder(house))
    seal_logs(desks.house)
    hidden = "92440300******" + individual()[-4:]
    for where, shown in answers(public).items():
        if not where.startswith("/b/"):
            assert PERSON not in shown, where
            assert individual() not in shown, where
    found = public.json(f"/agents/{public.agent.agent_no}")
    assert (found["name"], found["uscc"]) == ("陈＊＊龙腾通讯店", hidden)
    # Who knows the whole of it is answered; nobody finds the rest of it piece by piece.
    looked = public.json(f"/lookup?platform=lanhai&shop=1001&uscc={individual()}")
    assert looked["match"]["uscc"]
    whole = ("龙腾通讯", f"{PERSON}龙腾通讯店", individual())
    parts = (PERSON, individual()[:12], individual()[8:14])
    for query in whole:
        assert public.json(f"/agents?q={query}")["items"], query
    for query in parts:
        assert public.json(f"/agents?q={query}")["items"] == [], query


@pytest.mark.parametrize(
    ("shown", "given"),
    [
        (public_text("电话13800138000店"), "电话＊＊＊店"),
        (public_text("+86 138-0013-8000"), "＊＊＊"),
        (public_text("11010519491231002x号"), "＊＊＊号"),
        (public_text("订单 2016052400000001234"), "订单 2016052400000001234"),
        (public_name("张三通讯店", "92440300MA5ABCDE17", "张三"), "张＊通讯店"),
        (public_name("张三通讯有限公司", "91440300MA5ABCDE17", "张三"), "张三通讯有限公司"),
        (public_name("通讯店", "92440300MA5ABCDE17", ""), "通讯店"),
        (public_uscc("91440300MA5ABCDE17"), "91440300MA5ABCDE17"),
        (public_uscc("92440300MA5ABCDE17"), "92440300******DE17"),
        (
            public_url("https://a.example/13800138000", "13800138000"),
            "https://a.example/13800138000",
        ),
        (public_url("https://a.example/s?t=13800138000", "1001"), ""),
    ],
)
def test_what_is_masked(shown: str, given: str) -> None:
    assert shown == given


def test_the_block_of_data_in_the_page_is_json_ld_that_search_machines_read(
    house: House, desks: Desks
) -> None:
    agent, licence, _ = stories.licensed(desks)
    page = visitor_of(house).get(f"/agents/{agent.agent_no}").text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    (permit,) = json.loads(block)
    assert permit["@context"] == "https://schema.org"
    kinds = {"Permit": permit, "Organization": permit["issuedBy"]}
    assert all(one["@type"] == kind for kind, one in kinds.items())
    assert permit["identifier"] == licence.number
    assert [area["@type"] for area in permit["validIn"]] == ["AdministrativeArea"]
    for name in ("validFrom", "validUntil"):
        assert date.fromisoformat(permit[name])
    known = {
        "@context", "@type", "identifier", "url", "issuedBy", "validFrom", "validUntil", "validIn",
        "about",
    }  # fmt: skip
    assert set(permit) <= known
