"""What stands on an identity card, and what of it may be told."""

import hashlib
import hmac
import json
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader_agent.documents.identity_fields import canonical, mark, reduced_card
from reader_agent.documents.idlayout import (
    LAYOUTS,
    Block,
    Doc,
    Unreadable,
    check_holds,
    day,
    doc_of,
    word,
)
from tests.reader.idreader import PEOPLE, SALT, SHARED

VECTORS: Final = json.loads((SHARED / "fixtures/vectors.json").read_text(encoding="utf-8"))
TEXTS: Final = {one["person"]: bytes.fromhex(one["text_hex"]) for one in VECTORS["id_text"]}
TODAY: Final = date(2026, 11, 23)
DOCS: Final = {"": Doc.RESIDENT, "J": Doc.PERMIT, "I": Doc.FOREIGN_2017, "Y": Doc.FOREIGN_2023}
MARKS: Final = {"doc", "no_check", "expired", "no_mac", "name_mac"}


def told(person: str, *, today: date = TODAY) -> dict[str, Any]:
    return reduced_card(TEXTS[person], SALT, today)


def told_or_not(block: Block) -> dict[str, Any] | Unreadable:
    try:
        return reduced_card(block, SALT, TODAY)
    except Unreadable as reason:
        return reason


def changed(person: str, at: int, text: str) -> bytes:
    """A card's text with other characters at a byte."""
    raw = text.encode("utf-16-le")
    return TEXTS[person][:at] + raw + TEXTS[person][at + len(raw) :]


@pytest.mark.parametrize("person", TEXTS)
def test_every_word_stands_where_the_layout_says(person: str) -> None:
    expected: dict[str, str] = dict(PEOPLE[person])
    doc = doc_of(TEXTS[person])
    assert doc is DOCS[expected.pop("type")]
    expected.pop("newaddr", "")  # a block of its own, which nobody asks for
    assert {field: word(TEXTS[person], doc, field) for field in expected} == expected


@pytest.mark.parametrize("doc", Doc)
def test_a_layout_fills_the_block_and_has_its_letter_at_248(doc: Doc) -> None:
    places = [place for group in LAYOUTS[doc].values() for place in group]
    covered = sorted(byte for place in places for byte in range(place.start, place.stop))
    assert covered == list(range(256))
    if doc is not Doc.RESIDENT:
        assert LAYOUTS[doc]["letter"] == (slice(248, 250),)


def test_a_letter_that_no_rule_knows_is_not_guessed_at() -> None:
    with pytest.raises(Unreadable, match=r"^letter$"):
        doc_of(changed("test-hk", 248, "K"))
    with pytest.raises(Unreadable, match=r"^size$"):
        doc_of(TEXTS["test-a"][:-2])


@pytest.mark.parametrize("person", PEOPLE)
def test_a_number_tells_whether_it_holds(person: str) -> None:
    number = PEOPLE[person]["no"]
    doc = DOCS[PEOPLE[person]["type"]]
    assert check_holds(doc, number) == (person != "test-badcheck")
    for wrong in (number[:-1], number + "1", number[:-2] + "?" + number[-1], "", number[1:] + "٣"):
        assert not check_holds(doc, wrong)


@pytest.mark.parametrize(
    ("doc", "number", "holds"),
    [
        (Doc.RESIDENT, "11010519491231002X", True),  # the standard's own
        (Doc.RESIDENT, "11010519491231002x", True),
        (Doc.RESIDENT, "440524188001010014", True),
        (Doc.RESIDENT, "110105194912310021", False),
        (Doc.PERMIT, "830000199201300022", True),
        (Doc.FOREIGN_2023, "911124198108030024", True),
        (Doc.FOREIGN_2017, "911124198108030024", False),
        (Doc.FOREIGN_2017, "UTO110080010119", False),
        (Doc.RESIDENT, "UTO110080010118", False),
    ],
)
def test_a_check_digit_is_that_of_the_document(doc: Doc, number: str, *, holds: bool) -> None:
    assert check_holds(doc, number) is holds


def test_two_neighbours_swapped_in_a_number_are_noticed() -> None:
    number = "11010519491231002X"
    for at in range(16):
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        assert check_holds(Doc.RESIDENT, swapped) == (swapped == number)


@pytest.mark.requirement("001-11-c", "000-4.2-c")
@pytest.mark.parametrize("person", TEXTS)
def test_nothing_is_told_in_clear(person: str) -> None:
    card = told(person)
    assert card.keys() == MARKS
    assert card["doc"] == PEOPLE[person]["type"] or card["doc"] == "resident"
    words = [value for value in PEOPLE[person].values() if len(value) > 2]
    assert not any(value in json.dumps(card, ensure_ascii=False) for value in words)


def test_a_document_of_long_term_validity_does_not_expire() -> None:
    assert told("test-x", today=date(2999, 1, 1))["expired"] is False


def test_a_document_holds_on_its_last_day_and_not_on_the_next() -> None:
    last = date(2015, 1, 1)
    assert not told("test-expired", today=last)["expired"]
    assert told("test-expired", today=last + timedelta(days=1))["expired"]


@pytest.mark.parametrize("text", ["20240230", "2024 101", "２０２４０１０１", "", "长期 "])
def test_a_day_that_is_none_is_not_guessed_at(text: str) -> None:
    with pytest.raises(Unreadable, match=r"^end$") as caught:
        day(text, "end")
    assert caught.value.__cause__ is None


def test_a_bad_check_digit_is_said_and_not_hidden() -> None:
    card = told("test-badcheck")
    assert card["no_check"] is False
    assert card["no_mac"] == mark(SALT, PEOPLE["test-badcheck"]["no"])


@pytest.mark.requirement("000-3-c")
def test_a_mark_is_that_of_the_number_however_it_is_written() -> None:
    expected = hmac.new(SALT, b"11010519491231002X", hashlib.sha256).hexdigest()
    for written in ("11010519491231002X", "11010519491231002x", "１１０１０５ 19491231　002Ｘ\n"):
        assert mark(SALT, written) == expected
    assert mark(bytes(32), "11010519491231002X") != expected
    assert canonical("Tester,  Jane\u3000specimen") == "TESTER,JANESPECIMEN"


@pytest.mark.parametrize("salt", [b"", bytes(31), bytes(33)])
def test_no_mark_is_made_without_a_whole_salt(salt: bytes) -> None:
    with pytest.raises(ValueError, match=r"^salt$"):
        mark(salt, "11010519491231002X")


def test_a_foreigner_without_a_chinese_name_goes_by_the_english_one() -> None:
    nameless = changed("test-foreign23", 0, " " * 15)
    name = "SPECIMEN, JOHN TESTER OF A RATHER LONG FAMILY"
    assert reduced_card(nameless, SALT, TODAY)["name_mac"] == mark(SALT, name)
    assert told("test-foreign17")["name_mac"] == mark(SALT, "测试珍")


def test_an_english_name_goes_on_in_its_second_place() -> None:
    name = "ABCDEFGHIJKLMNOPQRSTUVWXYZ, ABCDEFG HIJKLMNOPQ"  # 46 places, a blank the 35th
    first = changed("test-foreign23", 52, name[:35])
    both = first[:220] + name[35:].encode("utf-16-le") + first[242:]
    assert word(both, Doc.FOREIGN_2023, "enname") == name


@pytest.mark.parametrize(("at", "blank", "missing"), [(0, 15, "name"), (122, 18, "no")])
def test_a_card_without_name_or_number_is_no_card(at: int, blank: int, missing: str) -> None:
    with pytest.raises(Unreadable, match=rf"^{missing}$"):
        reduced_card(changed("test-a", at, " " * blank), SALT, TODAY)


def test_what_is_not_utf_16_is_named_by_its_field_and_not_shown() -> None:
    broken = bytearray(TEXTS["test-a"])
    broken[124:126] = b"\x00\xd8"  # half a pair, in the middle of the number
    with pytest.raises(Unreadable, match=r"^no$") as caught:
        reduced_card(broken, SALT, TODAY)
    assert caught.value.__context__ is None


@given(st.binary(min_size=250, max_size=260), st.sampled_from(["", "J", "I", "Y"]))
def test_any_block_is_a_card_or_unreadable(raw: bytes, letter: str) -> None:
    block = raw[:248] + letter.ljust(1).encode("utf-16-le") + raw[250:]
    card = told_or_not(block)
    if isinstance(card, Unreadable):
        assert str(card) in {"size", "letter", "no", "name", "enname", "start", "end"}
    else:
        assert card.keys() == MARKS


@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 255), st.integers(1, 255))
def test_one_wrong_byte_never_tells_more(person: str, at: int, change: int) -> None:
    raw = bytearray(TEXTS[person])
    raw[at] ^= change
    card = told_or_not(raw)
    if not isinstance(card, Unreadable):
        assert card.keys() == MARKS
