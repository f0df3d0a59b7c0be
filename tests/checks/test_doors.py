"""Test purchases and device cards at the other doors: API, command line, console."""

from pathlib import Path

import pytest

from console.actions.cards.industry.offers import links_of, suggest_links
from console.actions.cases.complaints.handling import accept_complaint
from console.actions.cases.complaints.lodging import Told, lodge
from console.actions.checks.test_purchases import approve_purchase, receive_purchase
from console.desk import House
from models.cases.complaints import ComplaintKind
from models.checks.test_purchases import OfferLinkState, PurchaseResult
from models.permissions import Role
from tests.cases import test_case_cli
from tests.cases.programs import Program
from tests.cases.test_api import good
from tests.cases.test_case_cli import Run, read
from tests.cases.world import PNG
from tests.checks.world import BUYER, NUMBER, batch, offer, ordered, parcel, planned, usage_findings
from tests.conftest import Desks
from tests.pages import Console, errors, grid, move, moves, shown
from tests.stock.files import iccid

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
CARD = iccid(520)
channel = test_case_cli.channel


def test_programs_buy_and_receive(desks: Desks) -> None:
    batch(desks)
    finding = offer(desks, "物联卡")
    buyer = Program(desks, "CT-44", Role.IOT_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    plan = {"purpose": "核实", "offer": "https://lanhai.example/i/1", "finding": finding.number}
    made = good(buyer.post("/test-purchases", json=plan, once="p1"))
    assert good(buyer.post("/test-purchases", json=plan, once="p1"))["id"] == made["id"]
    path = f"/test-purchases/{made['id']}"
    version = {"version": made["version"]}
    assert buyer.post(f"{path}/approve", json=version).status_code == 403
    key = approver.post(f"{path}/approve", json=version)
    assert (key.status_code, key.json()["code"]) == (403, "staff.people_only")
    approve_purchase(desks.approver, made["id"])
    row = good(buyer.get(path))
    order = {"order_no": "D-1", "price_fen": 1990, "version": row["version"]}
    row = good(buyer.post(f"{path}/order", json=order))
    fields = {"iccids": CARD, "works": "true", "version": row["version"]}
    files = {"files": ("card.png", PNG)}
    half = buyer.post(f"{path}/receive", data=fields, files=files)
    assert (half.status_code, half.json()["code"]) == (422, "test_purchase.say_how")
    fields |= {"asked_identity": "false"}
    came = good(buyer.post(f"{path}/receive", data=fields, files=files, once="r1"))
    assert (came["result"], came["cards"][0]["batch"]) == ("in_batch", NUMBER)
    assert good(buyer.post(f"{path}/receive", data=fields, files=files, once="r1")) == came
    end = {"reason": "已移交", "version": came["version"]}
    assert good(buyer.post(f"{path}/close", json=end))["state"] == "closed"
    assert buyer.post(f"{path}/call-off", json=end | {"version": 5}).status_code == 409
    listed = good(buyer.get("/test-purchases?result=in_batch&q=TP-"))["items"]
    assert [one["number"] for one in listed] == [made["number"]]
    inspector = Program(desks, "CT-44", Role.INSPECTOR)
    assert good(inspector.get(path))["cards"][0]["batch"] is None


def test_programs_take_a_device_card_down_and_find_it_resold(desks: Desks) -> None:
    batch(desks)
    crm = Program(desks, "CT-44", Role.IOT_MANAGER)
    told = {"kind": "device_card", "text": "网店卖的设备卡", "source": "hotline", "iccid": CARD}
    made = good(crm.post("/complaints", json=told))
    assert made["iccid"] == CARD
    bad = crm.post("/complaints", json=told | {"iccid": "8986"})
    assert (bad.status_code, bad.json()["code"]) == (422, "complaint.iccid_length")
    path, handler = f"/complaints/{made['id']}", {"handler_id": str(desks.iot.actor.id)}
    good(crm.post(f"{path}/accept", json=handler))
    refused = crm.post(f"{path}/card-resold", json={"reason": "已核对"})
    assert (refused.status_code, refused.json()["code"]) == (403, "complaint.not_its_handler")


def test_it_is_done_by_commands(channel: Run, desks: Desks, tmp_path: Path) -> None:
    batch(desks)
    picture = tmp_path / "card.png"
    picture.write_bytes(PNG)
    said = channel("wu.lian", "purchase", "plan", "--purpose", "核实", "--offer", "某商品")
    assert "TP-2026-000001" in said
    channel("li.hua", "purchase", "approve", "tp-2026-000001")
    channel("wu.lian", "purchase", "order", "TP-2026-000001", "--order", "D-1", "--price", "19.90")
    said = channel(
        "zhou.jie", "purchase", "receive", "TP-2026-000001", "--iccid", CARD,
        "--no-asked-identity", "--works", "--picture", str(picture),
    )  # fmt: skip
    assert "本企业行业卡" in said
    row = read(channel, "wu.lian", "purchase", "show", "TP-2026-000001")
    assert (row["price"], row["cards"][0]["batch"]) == ("19.9", NUMBER)
    channel("wu.lian", "purchase", "close", "TP-2026-000001", "--reason", "已移交")
    (listed,) = read(channel, "wu.lian", "purchase", "list", "--state", "closed")
    assert listed["result"] == "in_batch"
    lodged = lodge(desks.house.house, Told(ComplaintKind.DEVICE_CARD, "网店卖的设备卡", iccid=CARD))
    channel("wu.lian", "complaint", "accept", lodged.number)
    assert "UF-2026-" in channel(
        "wu.lian", "complaint", "card-resold", lodged.number, "--reason", "已核对"
    )
    assert len(usage_findings(desks.iot)) == 2


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_the_list_and_the_record_at_the_console(desks: Desks, console: Console) -> None:
    assert "还没有测试购买" in shown(console.open("test_purchases", desks.auditor))
    batch(desks)
    own = planned(desks)
    page = console.open("test_purchases", desks.iot, id=str(own.id))
    assert moves(page) == ["call_off"]
    page = console.open("test_purchases", desks.approver, id=str(own.id))
    assert moves(page) == ["approve"]
    assert errors(move(page, "approve")) == []
    came = receive_purchase(desks.iot, ordered(desks).id, parcel(CARD))
    assert came.result is PurchaseResult.IN_BATCH
    words = shown(console.open("test_purchases", desks.iot, id=str(came.id), language="en"))
    assert "An industry card of yours was sold on" in words
    assert "The seller did not check who bought it" in words
    listed = grid(console.open("test_purchases", desks.manager, state="received"))
    assert [row[0] for row in listed] == [came.number]
    assert moves(console.open("test_purchases", desks.regulator, id=str(came.id))) == []


def test_a_finding_is_matched_and_judged_on_its_page(desks: Desks, console: Console) -> None:
    batch(desks)
    finding = offer(desks, f"[物联卡](http://e.example) {CARD}")
    page = console.open("findings", desks.iot, id=str(finding.id))
    assert {"match_batches", "plan"} <= set(moves(page))
    page = move(page, "match_batches")
    assert errors(page) == []
    words = shown(page)
    assert BUYER in words
    assert "[物联卡](http" not in words
    done = move(page, "confirm", "卡面照片与号段一致")
    assert errors(done) == []
    (record,) = links_of(desks.iot, finding.id)
    assert record.link.state is OfferLinkState.CONFIRMED
    assert record.usage_finding is not None
    suggest_links(desks.iot, finding.id)
    assert BUYER not in shown(console.open("findings", desks.regulator, id=str(finding.id)))


def test_the_handler_finds_a_device_card_resold_at_the_console(
    desks: Desks, house: House, console: Console
) -> None:
    batch(desks)
    lodged = lodge(house, Told(ComplaintKind.DEVICE_CARD, "网店卖的设备卡", iccid=CARD))
    accept_complaint(desks.iot, lodged.id)
    page = console.open("complaints", desks.iot, id=str(lodged.id))
    assert BUYER in shown(page)
    done = move(page, "card_resold", "卡面照片与批次一致")
    assert errors(done) == []
    assert "card_resold" not in moves(done)
    assert len(usage_findings(desks.iot)) == 1
    assert BUYER not in shown(console.open("complaints", desks.regulator, id=str(lodged.id)))
