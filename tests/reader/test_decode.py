"""What a SIM card's bytes say: the vectors, and bytes that no card should give."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.cards import decode
from tests.reader.stack import VECTORS

if not VECTORS.exists():
    pytest.skip(
        f"{VECTORS} is not there: nothing to hold the decoders against", allow_module_level=True
    )

Vector = dict[str, Any]
VECTORS_OF: dict[str, list[Vector]] = json.loads(VECTORS.read_text("utf-8"))


def vectors(kind: str) -> pytest.MarkDecorator:
    rows = VECTORS_OF[kind]
    return pytest.mark.parametrize("vector", rows, ids=[row["raw"] for row in rows])


def raw(vector: Vector) -> bytes:
    return bytes.fromhex(vector["raw"])


@vectors("iccid")
@pytest.mark.requirement("004-3.3-h")
def test_an_iccid_is_read_as_it_is_printed(vector: Vector) -> None:
    if "error" in vector:
        with pytest.raises(decode.Undecodable):
            decode.iccid(raw(vector))
        return
    text = decode.iccid(raw(vector))
    assert text == vector["iccid"]
    if text and "luhn" in vector:
        assert decode.luhn(text) is vector["luhn"]


@vectors("imsi")
def test_an_imsi_is_read(vector: Vector) -> None:
    assert decode.imsi(raw(vector)) == vector["imsi"]


@vectors("spn")
def test_an_operators_name_is_read(vector: Vector) -> None:
    assert decode.operator_name(raw(vector)) == vector["spn"]


@vectors("ad")
def test_the_length_of_a_network_code_is_read(vector: Vector) -> None:
    assert decode.mnc_length(raw(vector)) == vector["mnc_len"]


@vectors("msisdn")
def test_a_number_that_somebody_wrote_on_the_card_is_read(vector: Vector) -> None:
    assert decode.msisdn(raw(vector)) == vector["msisdn"]


@vectors("fcp")
def test_a_uicc_says_what_a_file_is(vector: Vector) -> None:
    found = decode.file_control(raw(vector))
    assert found.fid == vector["fid"]
    assert found.size == vector.get("size")
    assert found.sfi == vector.get("sfi")


@vectors("gsm_select")
def test_a_2g_card_says_what_a_file_is(vector: Vector) -> None:
    found = decode.gsm_file(raw(vector))
    assert (found.fid, found.record_size) == (vector["fid"], vector.get("record_len"))
    assert found.size == vector.get("size", 0)
    assert found.is_pin1_on is (not vector["chv1_disabled"] if "chv1_disabled" in vector else None)


@vectors("ef_dir")
def test_the_usim_is_found_by_its_whole_name(vector: Vector) -> None:
    assert decode.application(raw(vector)) == (vector["aid"], vector["label"])


@pytest.mark.parametrize(
    ("status", "is_on"), [("60", False), ("80", True), ("E0", True), ("00", False)]
)
def test_pin1_is_the_first_bit_where_it_is_named_first(status: str, is_on: bool) -> None:
    told = f"62138202782183023F00C6099001{status}83010183010A"
    assert decode.file_control(bytes.fromhex(told)).is_pin1_on is is_on


def test_pin1_named_second_is_the_second_bit() -> None:
    told = bytes.fromhex("620BC60990014083010A830101")
    assert decode.file_control(told).is_pin1_on is True


def test_a_card_that_names_no_pin1_leaves_it_open() -> None:
    assert decode.file_control(bytes.fromhex("620482027821")).is_pin1_on is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("81 03 08 86 AD 41", "ІЭA"),
        ("82 03 04 10 80 AD 41", "АнA"),
        ("80 6D4B 8BD5 FFFF", "测试"),
        ("80 5E FF FFFF", "廿"),
        ("00 11 02", "@_$"),
        ("41 0A 0D 42", "AB"),
        ("80 D800 0041", "A"),
    ],
)
def test_names_in_each_of_their_codings(name: str, text: str) -> None:
    assert decode.operator_name(b"\x01" + bytes.fromhex(name).ljust(16, b"\xff")) == text


PLACES = st.text(alphabet="0123456789ABCDE", min_size=18, max_size=20)


@given(PLACES)
def test_every_iccid_comes_back_from_its_bytes(text: str) -> None:
    padded = text.ljust(20, "F")
    swapped = "".join(padded[at + 1] + padded[at] for at in range(0, 20, 2))
    assert decode.iccid(bytes.fromhex(swapped)) == text


@given(st.binary(min_size=10, max_size=10))
def test_any_ten_bytes_are_an_iccid_a_blank_card_or_a_fault(some: bytes) -> None:
    try:
        text = decode.iccid(some)
    except decode.Undecodable:
        return
    assert text is None or "F" not in text


@given(st.binary(max_size=9) | st.binary(min_size=11, max_size=40))
def test_fewer_bytes_than_ten_are_never_an_identity(some: bytes) -> None:
    with pytest.raises(decode.Undecodable):
        decode.iccid(some)


@pytest.mark.parametrize("at", range(19))
def test_a_place_that_is_filled_in_the_middle_is_no_iccid(at: int) -> None:
    places = "89869900123456789018"
    spoilt = places[:at] + "F" + places[at + 1 :]
    with pytest.raises(decode.Undecodable):
        decode.iccid(bytes.fromhex("".join(spoilt[i + 1] + spoilt[i] for i in range(0, 20, 2))))


@given(st.text(alphabet="0123456789", min_size=17, max_size=19), st.data())
def test_one_wrong_digit_is_noticed(digits: str, data: st.DataObject) -> None:
    """Where there is a check digit; whether there is one, the card doesn't say."""
    (whole,) = [digits + last for last in "0123456789" if decode.luhn(digits + last)]
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.sampled_from(sorted(set("0123456789") - {whole[at]})))
    assert decode.luhn(whole[:at] + other + whole[at + 1 :]) is False


DECODERS: list[Callable[[bytes], object]] = [
    decode.imsi,
    decode.mnc_length,
    decode.operator_name,
    decode.msisdn,
    decode.file_control,
    decode.gsm_file,
    decode.application,
]


@pytest.mark.parametrize("decoder", DECODERS, ids=[one.__name__ for one in DECODERS])
@given(some=st.binary(max_size=64))
def test_nothing_that_a_card_says_breaks_a_decoder(
    decoder: Callable[[bytes], object], some: bytes
) -> None:
    try:
        value = decoder(some)
    except decode.Undecodable:
        return
    json.dumps(value, default=repr).encode()
    if isinstance(value, str):
        assert value.isprintable()
