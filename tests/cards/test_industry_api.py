"""Industry cards by programs: the whole way of a batch, its use, what is ordered, who may not."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from console.actions.cards.industry.reviews import assess_batch
from console.actions.cards.industry.runs import run_monitoring
from console.actions.imports.run import run_import
from integrations.person_files import seal_person_file
from models.permissions import Role
from tests.cards.described import operations
from tests.cards.ordered import confirmed
from tests.cards.used import DAY, MB, planted
from tests.cards.world import CLAUSES, HEADER, USE, answers, iccid, iccid20, terms
from tests.cases.programs import Program
from tests.cases.test_api import good
from tests.cases.world import PDF, PNG
from tests.channel.stories import uscc
from tests.conftest import ONLY_SQLITE, Desks
from tests.imports.files import csv_text
from tests.persons import as_csv, resident, told

REASON = "卡片用于抄表以外的视频访问，超出约定的使用范围。"


def scope(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - as `terms` takes them
    """As JSON."""
    return json.loads(json.dumps(asdict(terms(**changed))))


def drafted(iot: Program) -> dict[str, Any]:
    """A whole draft of ten cards, its purchaser with a licence."""
    unit = {"name": "广州禾苗智能表计有限公司", "uscc": uscc(1), "province": "44"}
    buyer = good(iot.post("/purchasers", json=unit))
    named = {"licence_name": unit["name"], "until": "2035-12-31"}
    at = f"/purchasers/{buyer['id']}/licence"
    assert good(iot.post(at, data=named, files={"file": ("执照.png", PNG)}))["version"] == 2
    wanted = {"purchaser_id": buyer["id"], "card_class": "I1", "ordered": 10, "use_statement": USE}
    return good(iot.post("/industry-batches", json=wanted))


def lacks(batch: dict[str, Any], move: str) -> list[str]:
    return [one["lack"] for one in batch["lacks"][move]]


@pytest.mark.requirement("004-2.3-a", "004-2.3-c", "004-2.3-f")
def test_a_batch_goes_from_its_purchaser_into_use_by_programs(desks: Desks) -> None:
    iot = Program(desks, "CT-44", Role.IOT_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    batch = drafted(iot)
    at = f"/industry-batches/{batch['id']}"
    assert lacks(batch, "submit") == ["scope"]
    refused = iot.post(f"{at}/submit", json={"version": batch["version"]})
    assert (refused.status_code, refused.json()["facts"]["lacks"]) == (409, ["scope"])
    half = scope(function="") | {"version": batch["version"]}
    batch = good(iot.put(f"{at}/scope", json=half))
    assert [one["fault"] for one in batch["faults"]] == ["function_missing"]
    batch = good(iot.put(f"{at}/scope", json=scope() | {"version": batch["version"]}))
    assert (batch["faults"], lacks(batch, "submit")) == ([], [])
    batch = good(iot.post(f"{at}/submit", json={"version": batch["version"]}))
    form = {"answers": answers(), "version": batch["version"]}
    assert iot.post(f"{at}/assess", json=form).status_code == 403
    key = approver.post(f"{at}/assess", json=form)
    assert (key.status_code, key.json()["code"]) == (403, "staff.people_only")
    assess_batch(desks.approver, batch["id"], answers())
    batch = good(iot.get(at))
    assert (batch["state"], batch["assessments"][0]["verdict"]) == ("approved", "passed")
    paper = {"number": "XY-2026-001", "signed_on": "2026-03-01", "clauses": [CLAUSES[0].value]}
    file = {"file": ("协议.pdf", PDF)}
    missing = iot.post(f"{at}/agreement", data=paper, files=file)
    assert (missing.status_code, missing.json()["code"]) == (422, "industry.clauses_missing")
    paper["clauses"] = [one.value for one in CLAUSES]
    batch = good(iot.post(f"{at}/agreement", data=paper, files=file))
    assert lacks(batch, "register") == ["accountable_unit", "accountable_person"]
    good(iot.post(f"{at}/unit", json={"version": batch["version"]}))
    registers_once(desks, iot, batch["number"])
    batch = good(iot.get(at))
    assert resident(1) not in json.dumps(batch)
    assert batch["persons"][0]["document_mask"].endswith(resident(1)[-4:])
    batch = good(iot.post(f"{at}/register", json={"version": batch["version"]}))
    early = iot.post(f"{at}/activate", json={"version": batch["version"]})
    assert early.json()["facts"]["lacks"] == ["cards_not_all", "limits_proof"]
    load(desks, iot, batch["number"])
    batch = good(iot.post(f"{at}/proof", files={"file": ("限制.png", PNG)}))
    goes_into_use_once(iot, at, batch["version"])
    card = good(iot.get(f"/industry-cards/{iccid20(3)}/scope"))
    assert (card["is_usable"], card["batch"]) == (True, batch["number"])
    assert card["scope"]["targets"] == ["iot.example.cn", "*.meters.example.cn"]
    assert good(iot.get("/industry-batches?state=in_use&q=禾苗"))["items"][0]["id"] == batch["id"]


def registers_once(desks: Desks, iot: Program, number: str) -> None:
    """A person who answers for the batch, from a file that only the house can open."""
    key = json.dumps(good(iot.get("/persons/key")))
    sealed, _ = seal_person_file(as_csv([told(batch=number)]), key, desks.house.now())
    sent = {"content": sealed, "headers": {"content-type": "application/jose"}}
    first, second = (good(iot.post("/persons", once="file", **sent)) for _ in range(2))
    assert (first["persons"], first["unchanged"], first["refused"]) == (1, 0, [])
    assert (second["persons"], second["unchanged"], second["refused"]) == (0, 1, [])


def goes_into_use_once(iot: Program, at: str, version: int) -> None:
    first, second = (
        iot.post(f"{at}/activate", once="on", json={"version": version}) for _ in range(2)
    )
    assert (good(first)["state"], good(second)["state"]) == ("in_use", "in_use")
    assert second.headers["idempotency-replayed"] == "true"
    counted = {"cancelled": 10, "returned": 0, "version": version}
    stale = iot.post(f"{at}/retire", json=counted)
    assert (stale.status_code, stale.json()["code"]) == (409, "channel.changed_meanwhile")


def load(desks: Desks, iot: Program, number: str) -> None:
    """Ten cards by the door that all files of rows come in by."""
    content = csv_text(HEADER, [[number, iccid(0), iccid(9), "", "", ""]]).encode()
    file = {"file": ("cards.csv", content)}
    planned = good(iot.post("/imports", data={"kind": "industry_cards"}, files=file))
    assert run_import(desks.house, planned["id"]).accepted == 1


@pytest.mark.requirement("004-2.3-g", "004-2.3-h")
def test_use_is_sent_in_judged_confirmed_and_acted_on_by_programs(desks: Desks) -> None:
    iot = Program(desks, "CT-44", Role.IOT_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    watcher = Program(desks, "CA-44", Role.REGULATOR)
    used = planted(desks)
    record = {"iccid": used.iccid(0), "day": str(DAY), "bytes": 3 * MB, "targets": ["x.example"]}
    sent = {"json": {"records": [record, {"iccid": "123", "day": str(DAY)}]}}
    run = good(iot.post("/usage", once="day", **sent))
    assert good(iot.post("/usage", once="day", **sent))["id"] == run["id"]
    run_monitoring(desks.house, run["id"])
    run = good(iot.get(f"/usage/runs/{run['id']}"))
    assert (run["state"], run["records"], run["bad_rows"], run["findings"]) == ("done", 2, 1, 1)
    assert run["result"] == f"/files/usage-runs/{run['id']}/hits.parquet"
    (found,) = good(iot.get(f"/usage-findings?run={run['id']}"))["items"]
    assert (found["rule"], found["iccid"]) == ("volume_over_limit", used.iccid(0)[:19])
    wanted = {"version": found["version"], "reason": "属实"}
    found = good(approver.post(f"/usage-findings/{found['id']}/confirm", json=wanted))
    order = {
        "batch_id": str(used.id),
        "measure": "suspend",
        "iccids": [used.iccid(0)],
        "finding_ids": [found["id"]],
        "reason": REASON,
    }
    made = good(iot.post("/card-orders", json=order))
    at = f"/card-orders/{made['id']}"
    assert made["is_emergency_exempt"]
    assert REASON in good(iot.get(at))["notice_zh"]
    card = good(iot.get(f"/industry-cards/{used.iccid(0)}/scope"))
    assert (card["is_usable"], card["reasons"]) == (False, ["ordered"])
    good(iot.post(f"{at}/tell", json={"how": "EMS 1098 2026 0302"}))
    done = good(iot.post(f"{at}/carry-out", files={"file": ("回执.png", PNG)}))
    assert done["state"] == "carried_out"
    said = {"appellant": "智联科技1", "text": "该卡系测试用卡。"}
    assert good(iot.post(f"{at}/appeal", json=said))["state"] == "appealed"
    answer = {"upheld": True, "answer": "经核实属测试用卡。"}
    assert iot.post(f"{at}/decide-appeal", json=answer).status_code == 403
    assert good(approver.post(f"{at}/decide-appeal", json=answer))["state"] == "lifted"
    good(iot.post(f"{at}/restored", files={"file": ("恢复.png", PNG)}))
    assert good(iot.get(f"/industry-cards/{used.iccid(0)}/scope"))["is_usable"]
    counts = good(watcher.get("/industry-counts"))
    assert counts["total"]["cards"] == 100
    assert counts["provinces"][0]["findings"] == [
        {"rule": "volume_over_limit", "state": "closed", "count": 1}
    ]


def test_programs_open_a_case_and_add_to_it(desks: Desks) -> None:
    iot = Program(desks, "CT-44", Role.IOT_MANAGER)
    used = planted(desks)
    first, second = (str(confirmed(desks, used, at).id) for at in (0, 1))
    case = good(iot.post("/usage-findings/open-case", json={"finding_ids": [first]}))
    again = iot.post("/usage-findings/open-case", json={"finding_ids": [second]})
    assert (again.status_code, again.json()["code"]) == (409, "case.batch_case_open")
    assert case["reference"] in again.json()["message"]
    wanted = {"json": {"case_id": case["id"], "finding_ids": [second]}}
    joined = good(iot.post("/usage-findings/add-to-case", once="join", **wanted))
    assert (joined["id"], joined["version"]) == (case["id"], case["version"] + 1)
    replayed = good(iot.post("/usage-findings/add-to-case", once="join", **wanted))
    assert (replayed["id"], replayed["version"]) == (joined["id"], joined["version"])
    assert good(iot.get(f"/usage-findings/{second}"))["case"] == case["reference"]


def test_cards_are_watched_and_use_is_reported_by_programs(desks: Desks) -> None:
    iot = Program(desks, "CT-44", Role.IOT_MANAGER)
    used = planted(desks)
    closer = {"batch_id": str(used.id), "iccid": used.iccid(5), "reason": "多次更换终端"}
    entry = good(iot.post("/usage/watch", once="w", json=closer))
    assert good(iot.post("/usage/watch", once="w", json=closer)) == entry
    assert good(iot.get(f"/usage/watch?batch={used.id}"))["items"] == [entry]
    good(iot.post(f"/usage/watch/{entry['id']}/end", json={"reason": "已核实"}))
    assert good(iot.get("/usage/watch"))["items"] == []
    told_by = {"batch_id": str(used.id), "kind": "iot_resale", "first_day": str(DAY)}
    said = told_by | {"said": "有人在市场出售该批卡。", "who": "广州市公安局"}
    papers = [("papers", ("照片.png", PNG))]
    found = good(iot.post("/usage-findings", data=said, files=papers))
    assert (found["found_by"], len(found["evidence"])) == ("report", 1)
    own = iot.post(f"/usage-findings/{found['id']}/confirm", json={"version": found["version"]})
    assert (own.status_code, own.json()["code"]) == (403, "channel.same_person")
    use = good(iot.get(f"/industry-batches/{used.id}/usage?since={DAY}&until={DAY}"))
    assert (use["days"], use["monthly_bytes"]) == ([], 2 * MB)
    card = good(iot.get(f"/industry-batches/{used.id}/cards/{used.iccid(5)}/usage"))
    assert card["watch"][0]["ended_why"] == "已核实"


@ONLY_SQLITE
def test_a_card_is_asked_for_in_any_spelling_and_of_no_batch_too(desks: Desks) -> None:
    iot = Program(desks, "CT-44", Role.IOT_MANAGER)
    other = Program(desks, "CU-44", Role.IOT_MANAGER)
    used = planted(desks)
    at = "/industry-cards/{}/scope"
    spaced = " ".join(used.iccid(1)[place : place + 4] for place in range(0, 20, 4))
    assert good(iot.get(at.format(spaced)))["batch"] == "IOT-44-2026-000001"
    assert good(iot.get(at.format(used.iccid(1))))["luhn"] == "warn"
    unknown = good(iot.get(at.format(iccid20(900))))
    assert (unknown["is_usable"], unknown["reasons"]) == (False, ["in_no_batch"])
    assert good(other.get(at.format(used.iccid(1))))["reasons"] == ["in_no_batch"]
    assert iot.get(at.format("12")).json()["code"] == "stock.no_iccid"


@ONLY_SQLITE
def test_a_regulator_gets_counts_and_nothing_else_of_industry_cards(desks: Desks) -> None:
    planted(desks)
    watcher = Program(desks, "CA-44", Role.REGULATOR)
    asked = operations(desks)
    assert len(asked) > 50
    answered: dict[str, int] = {}
    for method, path, options in asked:
        headers = {"authorization": f"Bearer {watcher.key}", "idempotency-key": path[:120]}
        more = options.pop("headers", {})
        answer = watcher.visitor.ask(method, path, headers=headers | more, **options)
        answered[f"{method} {path}"] = int(answer.status_code)
    assert answered.pop("GET /industry-counts") == 200
    assert {status for asked, status in answered.items() if asked.startswith("GET")} == {403}
    refused = [status for asked, status in answered.items() if not asked.startswith("GET")]
    # What can't be right is told before it is asked who sends it.
    assert set(refused) == {403, 422}
    assert refused.count(403) > 25
