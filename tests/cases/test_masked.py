"""What strangers write is kept without what would name them."""

from datetime import date

import pytest

from models.formats.masking import contact_mask, without_identities


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("zhang@example.com 13800000000", "z***@example.com"),
        ("zhang@example.com，13800000000", "z***@example.com"),
        ("wx@13800000000", "138****0000"),
        ("zhang@", "z**"),
    ],
)
def test_what_is_shown_of_a_contact_does_for_no_call(contact: str, shown: str) -> None:
    assert contact_mask(contact) == shown


@pytest.mark.parametrize(
    "written",
    ["110105.19491231.002X", "110105  19491231  002X", "1101\u200b0519491231\u200b002X",
     "110105_19491231_002X"],
)  # fmt: skip
def test_a_number_is_masked_however_it_is_drawn_apart(written: str) -> None:
    kept, found = without_identities(f"我的证件 {written}，请查", date(2026, 3, 2))
    assert (found, "002X，请查" in kept, "19491231" in kept) == (1, True, False)
