"""Every kind of SIM card, read through a real pcscd as the agent reads it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, cycle
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.cards.chip import OK, Chip
from reader_agent.cards.pcsc import Answer
from reader_agent.cards.sim import Sim, SimFault
from tests.reader.stack import PROFILES, SLOTS, Child, Message, Stack

FIELDS: Final = ["iccid", "imsi", "mnc_len", "spn", "gid1", "msisdn"]
EXPECTED: Final[dict[str, Message]] = (
    json.loads(PROFILES.read_text("utf-8")) if PROFILES.exists() else {}
)
READABLE: Final = [name for name, told in EXPECTED.items() if told.get("iccid")]
REFUSED: Final = {
    "usim-blank": ("blank", "iccid", None),
    "usim-noiccid": ("iccid_fault", "iccid", "6A82"),
    "bankcard": ("not_a_sim", "select", "6E00"),
}


class Counter:
    """A reader with its monitor and its worker."""

    def __init__(self, sims: Stack, watch: Child, worker: Child) -> None:
        self.sims = sims
        self._watch = watch
        self._worker = worker

    def read(self, profile: str, fields: Sequence[str], **differences: str) -> Message:
        """Puts a card in, reads it and takes it out; the read or the fault."""
        self.sims.insert(profile, 0, **differences)
        card = self._watch.until("card", reader=SLOTS[0])
        self._worker.say(do="read", id=card["counter"], counter=card["counter"], fields=fields)
        assert self._worker.next()["event"] == "busy"
        told = self._worker.next()
        assert told["id"] == card["counter"]
        told["stats"] = self.sims.stats()
        told["atr"] = card["atr"]
        self.sims.remove()
        self._watch.until("gone", reader=SLOTS[0])
        return told


@pytest.fixture(scope="module")
def counter(stack: Stack) -> Iterator[Counter]:
    with Child("cards.watch") as watch, Child("cards.sim_worker", SLOTS[0]) as worker:
        assert worker.next()["event"] == "ready"
        yield Counter(stack, watch, worker)


def test_all_profiles_are_known_here() -> None:
    if not EXPECTED:
        pytest.skip(f"{PROFILES} is not there")
    assert set(READABLE) | set(REFUSED) == set(EXPECTED)


@pytest.mark.requirement("004-3.3-h")
@pytest.mark.parametrize("profile", READABLE)
def test_a_card_is_read_whole_without_ever_trying_a_pin(counter: Counter, profile: str) -> None:
    expected = EXPECTED[profile]
    told = counter.read(profile, FIELDS)
    card: dict[str, Any] = told["card"]
    assert {name: card[name] for name in ("iccid", "spn", "imsi", "imsi_state", "msisdn")} == {
        name: expected[name] for name in ("iccid", "spn", "imsi", "imsi_state", "msisdn")
    }
    assert card["mnc_len"] == expected["mnc_len"]
    assert card["kind"] == {"uicc": "uicc", "sim": "gsm"}[expected["kind"]]
    assert card["pin1"] == ("blocked" if expected["pin1_blocked"] else expected["pin1"])
    assert card["gid1"] == ("01FF" if profile == "usim-cn20" else None)
    assert card["atr"] == told["atr"]
    assert (told["stats"]["verify_with_data"], told["stats"]["writes"]) == (0, 0)
    assert card["apdus"] == told["stats"]["apdu"] <= (20 if card["kind"] == "uicc" else 21)
    if expected["imsi_state"] == "pin":
        assert card["apdus"] <= 16, "what the PIN guards is not asked for in vain"


@pytest.mark.requirement("004-3.3-h")
@pytest.mark.parametrize("profile", READABLE)
def test_the_iccid_alone_takes_four_commands(counter: Counter, profile: str) -> None:
    told = counter.read(profile, ["iccid"])
    card = told["card"]
    assert card["iccid"] == EXPECTED[profile]["iccid"]
    assert set(card) == {
        *("kind", "atr", "iccid", "iccid_raw", "iccid_luhn", "pin1", "imsi_state", "apdus")
    }
    assert card["imsi_state"] == "not_asked"
    # T=1 brings the answer at once; a 2G card first refuses the class of today's.
    fewer_or_more = {"usim-t1": 3, "sim-2g": 5, "sim-2g-pin": 5}
    assert card["apdus"] == told["stats"]["apdu"] == fewer_or_more.get(profile, 4)


@pytest.mark.parametrize("profile", REFUSED)
def test_what_is_no_sim_or_has_no_iccid_is_a_fault(counter: Counter, profile: str) -> None:
    told = counter.read(profile, FIELDS)
    assert told["event"] == "fault"
    assert (told["code"], told["stage"], told.get("sw")) == REFUSED[profile]
    assert told["stats"]["apdu"] <= 4, "nothing is read further"


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ("898699001234567890", "898699001234567890"),
        ("89869900123456789", None),
        ("8986990012345678F0", None),
    ],
)
def test_a_card_whose_number_is_no_iccid_is_nobodys(
    counter: Counter, places: str, told: str | None
) -> None:
    found = counter.read("usim-cn20", ["iccid"], iccid=places)
    if told:
        assert found["card"]["iccid"] == told
    else:
        assert (found["code"], found["stage"]) == ("iccid_fault", "iccid")


def test_letters_in_the_number_are_kept_and_nothing_is_said_of_its_check_digit(
    counter: Counter,
) -> None:
    card = counter.read("usim-hex", ["iccid"])["card"]
    assert (card["iccid_raw"], card["iccid_luhn"]) == ("986899A0214365870921", None)


class Script:
    """Answers by rote, for what the virtual card does right."""

    is_t1 = False

    def __init__(self, **answers: str) -> None:
        self._answers = {key.lower().removeprefix("x"): told for key, told in answers.items()}

    def transmit(self, command: bytes, /) -> Answer:
        told = bytes.fromhex(self._answers.get(command.hex(), "6A82"))
        return Answer(told[:-2], int.from_bytes(told[-2:], "big"))


def test_fewer_bytes_than_an_iccid_has_are_no_identity() -> None:
    card = Script(
        x00A40004023F00="9000", x00A4000C022FE2="9000", x00B000000A="6C05",
        x00B0000005="98689900219000",
    )  # fmt: skip
    with pytest.raises(SimFault) as fault:
        Sim(card).read(["iccid"])
    assert (fault.value.code, fault.value.sw) == ("iccid_fault", "")


def test_a_card_that_always_answers_a_select_is_read_all_the_same() -> None:
    card = Script(
        x00A40004023F00="9000", x00A4000C022FE2="6A86", x00A40004022FE2="6120",
        x00B000000A="986899002143658709819000",
    )  # fmt: skip
    facts = Sim(card).read(["iccid"])
    assert (facts["iccid"], facts["pin1"]) == ("89869900123456789018", "unknown")


def test_a_subscription_that_is_not_on_the_card_is_absent() -> None:
    card = Script(
        x00A40004023F00="9000", x00A4000C022FE2="9000", x00B000000A="986899002143658709819000"
    )
    facts = Sim(card).read(FIELDS)
    assert (facts["imsi"], facts["imsi_state"], facts["spn"]) == (None, "absent", None)


STATUS: Final = st.sampled_from([0x9000, 0x9000, 0x6120, 0x9F17, 0x6C0A, 0x6A82, 0x6982, 0x6E00])
ANSWER: Final = st.tuples(st.binary(max_size=40), STATUS | st.integers(0, 0xFFFF))


@pytest.mark.parametrize("is_t1", [False, True])
@given(answers=st.lists(ANSWER, min_size=1, max_size=12), identity=st.booleans())
def test_whatever_a_card_answers_it_is_a_card_or_a_fault_and_soon(
    is_t1: bool, answers: list[tuple[bytes, int]], identity: bool
) -> None:
    """Some of these cards at least begin like one."""
    begin = [Answer(b"", OK), Answer(b"", OK), Answer(bytes.fromhex("98689900214365870981"), OK)]
    rest = cycle(Answer(*one) for one in answers)
    told = chain(begin if identity else [], rest)
    sent: list[bytes] = []

    class Odd(Script):
        def transmit(self, command: bytes, /) -> Answer:
            sent.append(command)
            return next(told)

    card = Odd()
    card.is_t1 = is_t1
    with suppress(SimFault):
        facts = Sim(card).read(FIELDS)
        assert json.loads(json.dumps(facts)) == facts
        assert all(one.isprintable() for one in facts.values() if isinstance(one, str))
        assert facts["apdus"] == len(sent)
    assert len(sent) < 250


@pytest.mark.parametrize("command", ["0020000108313233340FFFFFFF", "00D6000001FF", "0088008100"])
def test_no_other_command_reaches_a_card(command: str) -> None:
    """A PIN, an update and a run of its secret algorithm: whoever asks for it by mistake."""
    reached: list[bytes] = []

    class Card(Script):
        def transmit(self, command: bytes, /) -> Answer:
            reached.append(command)
            return Answer(b"", 0x9000)

    with pytest.raises(ValueError, match="not a command that reads"):
        Chip(Card()).transmit(bytes.fromhex(command))
    assert reached == []
