"""What leaves the laptop is what the task asks for, at a person's pace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.policy import ALWAYS, ASKED, MOST_AN_HOUR, SHORTEST_PAUSE, Pace, reduced
from reader_agent.refusals import CardWrong

_SIM = {
    "kind": "uicc",
    "atr": "3b9f",
    "iccid": "89869926010000000018",
    "iccid_raw": "98689962100000000081",
    "iccid_luhn": None,
    "pin1": "on",
    "imsi_state": "read",
    "apdus": 20,
    "imsi": "460990000000001",
    "spn": "测试",
    "gid1": "ff",
    "mnc_len": 2,
    "msisdn": "",
}
_ID = {
    "doc": "resident",
    "no_check": True,
    "expired": False,
    "no_mac": "00",
    "name_mac": "11",
    "name": "测试甲",
    "no": "110199199001010017",
    "valid_from": "20200101",
    "valid_to": "长期",
}
_NEVER = {"photo": "aa", "address": "x", "birth": "19900101", "fingerprint": "bb", "nation": "汉"}


@pytest.mark.requirement("004-2.1-c")
def test_an_identity_card_gives_answers_and_marks_whatever_a_task_asks_for() -> None:
    assert reduced("id", _ID | _NEVER, []).keys() == ALWAYS["id"]
    clear = ["name", "no", "valid_from", "valid_to"]
    assert reduced("id", _ID | _NEVER, clear).keys() == ALWAYS["id"], "nothing in clear"


def test_a_sim_gives_its_number_and_what_the_task_asks_for() -> None:
    assert reduced("sim", _SIM, ["imsi", "spn"]).keys() == ALWAYS["sim"] | {"imsi", "spn"}
    assert reduced("sim", _SIM, []).keys() == ALWAYS["sim"]


@given(st.lists(st.sampled_from([*_NEVER, *_ID, *_SIM, "", "*"])))
def test_no_task_may_ask_for_more_than_there_is(fields: list[str]) -> None:
    for kind, card in (("id", _ID | _NEVER), ("sim", _SIM | _NEVER)):
        assert reduced(kind, card, fields).keys() <= ALWAYS[kind] | ASKED[kind]
        assert not reduced(kind, card, fields).keys() & _NEVER.keys()


def test_what_a_card_left_empty_stays_out() -> None:
    assert reduced("sim", {"iccid": "8986"}, ["imsi"]) == {"iccid": "8986"}


@pytest.mark.parametrize("odd", ["x" * 257, 1.5, b"raw", ["list"], {"a": 1}])
def test_what_no_card_has_is_not_signed_and_not_named(odd: object) -> None:
    with pytest.raises(CardWrong) as refusal:
        reduced("sim", {**_SIM, "spn": odd}, ["spn"])
    assert refusal.value.facts == {"field": "spn"}


def test_half_a_character_does_not_stop_the_read() -> None:
    kept = reduced("sim", {**_SIM, "spn": "甲\ud842"}, ["spn"])
    assert kept["spn"] == "甲\ufffd"
    assert reduced("sim", {**_SIM, "spn": "\U00020bb7"}, ["spn"])["spn"] == "\U00020bb7"


def test_two_reads_are_two_seconds_apart() -> None:
    pace = Pace()
    assert pace.may_read(100.0) is None
    pace.note(100.0)
    pause = pace.may_read(101.5)
    assert pause is not None
    assert (pause.code, pause.seconds) == ("too_fast", 0.5)
    assert pace.may_read(100.0 + SHORTEST_PAUSE) is None


def test_sixty_reads_an_hour_are_enough() -> None:
    pace = Pace()
    for step in range(MOST_AN_HOUR):
        assert pace.may_read(step * 10.0) is None
        pace.note(step * 10.0)
    pause = pace.may_read(600.0)
    assert pause is not None
    assert (pause.code, pause.seconds) == ("too_many", 3000.0)
    assert pace.may_read(3599.9) is not None
    assert pace.may_read(3600.0) is None
    pace.note(3600.0)
    assert pace.may_read(3605.0) is not None
    assert pace.may_read(3610.0) is None


def test_a_restart_is_no_fresh_hour() -> None:
    pace = Pace([float(age) for age in range(1, 601, 10)], now=5000.0)
    pause = pace.may_read(5000.0)
    assert pause is not None
    assert pause.code == "too_fast"
    later = pace.may_read(5010.0)
    assert later is not None
    assert (later.code, later.seconds) == ("too_many", 3600 - 591 - 10)
