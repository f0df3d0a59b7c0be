"""The 31 provinces, found by code, by name and by the character of a filing number."""

import pytest

from models.provinces import province_of_code, province_of_icp, province_of_name, provinces


def test_31_provinces_have_an_administration() -> None:
    assert len(provinces()) == 31
    characters = "".join(one.icp for one in provinces().values())
    assert len(set(characters)) == len(characters) == 35


@pytest.mark.parametrize("code", ["71", "81", "82", "00", ""])
def test_places_without_an_administration_are_not_named(code: str) -> None:
    assert province_of_code(code) is None


@pytest.mark.parametrize(
    "name", ["广东", "广东省", "广东省广州市", "广东省通信管理局", "guangdong"]
)
def test_a_province_is_found_by_its_names(name: str) -> None:
    province = province_of_name(name)
    assert province is not None
    assert province is province_of_code("CA-44") is province_of_icp("粤")
    assert province.authority == "CA-44"
    assert province.authority_zh == "广东省通信管理局"
    assert province.authority_en == "Guangdong Communications Administration"


def test_an_unknown_name_is_no_province() -> None:
    assert province_of_name("香港") is None
    assert province_of_name("") is None
    assert province_of_icp("") is None
