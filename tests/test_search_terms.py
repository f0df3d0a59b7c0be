"""Search terms and check characters, made fast, against the plainest way to make them."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from models.base import new_id, new_ids
from models.formats import compact, normalise, organisation_check_character, uscc_check_character
from models.formats.uscc import ALPHABET
from models.search import plain_text, query_terms, terms_of

WORDS = st.text(max_size=40) | st.text("中国电信 广东ＡＢab-19_·（）éßﬁⅣ①\u3000", max_size=40)


def plainly(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def pairs(plain: str) -> list[str]:
    return [plain[at : at + 2] for at in range(len(plain) - 1)]


def terms(*texts: str) -> list[str]:
    found: list[str] = []
    for text in texts:
        for word in text.split():
            plain = plainly(word)
            found += pairs(plain) if len(plain) > 1 else [plain] * len(plain)
        if len(text.split()) > 1:
            found += pairs(plainly(text))
    return sorted(set(found), key=found.index)


@given(st.lists(WORDS, max_size=4))
@example(["中国电信（广东） 有限公司", "CT-44-2026-000123-7", "x", "_", ""])
def test_terms_are_every_pair_of_neighbours_each_once(texts: list[str]) -> None:
    assert terms_of(*texts).split(" ") == (terms(*texts) or [""])


@given(WORDS)
def test_a_text_is_found_by_each_of_its_words(text: str) -> None:
    assert plain_text(text) == plainly(text)
    for word in text.split():
        assert set(query_terms(word)) <= {*terms_of(text).split()}


@given(st.text(ALPHABET, min_size=17, max_size=17))
@example("91350100M000100Y4")
def test_check_characters_follow_the_formula_of_the_standard(body: str) -> None:
    total = sum(ALPHABET.index(body[i]) * 3**i for i in range(17))
    assert uscc_check_character(body) == ALPHABET[(31 - total % 31) % 31]
    inner = body[:8]
    weighted = sum(int(a, 36) * b for a, b in zip(inner, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    assert organisation_check_character(inner) == "0123456789X0"[11 - weighted % 11]


@given(st.text(max_size=30) | st.text("ab9 -－\u200b\t", max_size=30))
def test_a_number_is_compared_without_blanks_and_dashes(text: str) -> None:
    slowly = "".join(normalise(text).split())
    assert compact(text) == "".join(one for one in slowly if one not in "‐‑‒–—−﹣-")


def test_ids_of_many_rows_rise_and_are_of_version_seven() -> None:
    made = [*new_ids(1000), *(new_id() for _ in range(1000)), *new_ids(3)]
    assert made == sorted(made)
    assert len(set(made)) == 2003
    assert {(one.version, one.variant) for one in [*made, new_id()]} == {
        (7, "specified in RFC 4122")
    }
    assert new_ids(0) == []
