"""A pattern in a mapping is a stranger's text: it can be wrong, and it can't stop the house."""

import time

import pytest

from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.patterns import first, holds, why_bad
from models.refusals import Invalid

LONG = "a" * 100_000 + "b"
MAPPING = """
platform = "plain"
kind = "html"
start = ["https://shop.example/"]
[list]
items = "li"
include = ['{pattern}']
[list.fields]
title = "a"
listing_id = "a@id"
"""


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){20}c", r"(\w*)*\d$", "a*a*a*a*c"])
def test_no_pattern_takes_longer_than_its_text_is_long(pattern: str) -> None:
    begun = time.monotonic()
    first(pattern, LONG)
    assert time.monotonic() - begun < 5


def test_letters_digits_and_blanks_are_those_of_every_script() -> None:
    assert first(r"许可证号[:：]\s*([\w.-]+)", "许可证号：\u3000粤B2-2020.１ 号") == "粤B2-2020.１"
    assert first(r"(\d+)", "第１２号") == "１２"
    assert first(r"^\w+$", "流量卡") == "流量卡"
    assert first(r"[[]x[]]", "[x]") == "[x]"
    assert first(r"[x[]+\w", "[x[卡") == "[x[卡"
    assert first(r"[^\]\d]+", "]1卡x") == "卡x"
    assert holds(r"/item-\d+/", "/shop/item-7/")
    assert not holds(r"[^\d]", "77")


@pytest.mark.parametrize("pattern", ["(", "a{9999}", "(?=a)", "\\"])
def test_a_pattern_that_cannot_run_is_named(pattern: str) -> None:
    assert why_bad(pattern)
    with pytest.raises(Invalid, match="bad_pattern") as no:
        source_from(MAPPING.format(pattern=pattern), file="x.toml")
    assert no.value.facts["given"] == pattern
