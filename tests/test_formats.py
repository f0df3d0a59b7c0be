"""Every vector of the domain report, beside the checks of `models/formats`."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.formats import (
    Carrier,
    Fault,
    Iccid,
    IcpFiling,
    IdKind,
    IssuedNumber,
    Luhn,
    Phone,
    PhoneUse,
    ResidentId,
    TelecomLicence,
    Uscc,
    UsccKind,
    check_agent_number,
    check_iccid,
    check_icp_filing,
    check_licence_number,
    check_phone,
    check_resident_id,
    check_telecom_licence,
    check_uscc,
    compact,
    iccid_from_ef,
    iccid_to_ef,
    is_business_licence_holder,
    luhn_digit,
    luhn_holds,
    make_agent_number,
    make_licence_number,
    mask_resident_id,
    normalise,
    organisation_check_character,
    police_filing_region,
    resident_check_character,
    uscc_check_character,
)
from models.formats.uscc import ALPHABET
from models.provinces import province_of_code, province_of_icp, province_of_name, provinces
from models.refusals import Invalid

TODAY = date(2026, 11, 21)
DIGITS = st.text("0123456789", min_size=1, max_size=24)


@pytest.mark.parametrize(
    ("text", "kind", "warning"),
    [
        ("91110000600037341L", UsccKind.ENTERPRISE, False),
        ("91350100M000100Y43", UsccKind.ENTERPRISE, False),
        ("91110000600037341l", UsccKind.ENTERPRISE, False),
        (" 9111 0000 6000 3734 1L\n", UsccKind.ENTERPRISE, False),
        ("９１１１００００６０００３７３４１Ｌ", UsccKind.ENTERPRISE, False),
        ("92110105MA01ABCD7J", UsccKind.INDIVIDUAL_BUSINESS, True),
        ("N2370102MF12345X73", UsccKind.OTHER, True),
        ("12100000000018032A", UsccKind.OTHER, False),
    ],
)
def test_a_sound_credit_code_tells_its_kind(text: str, kind: UsccKind, warning: bool) -> None:
    checked = check_uscc(text)
    assert isinstance(checked, Uscc)
    assert checked.code == compact(text)
    assert (checked.kind, checked.organisation_code_warning) == (kind, warning)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("9111000O600037341L", Fault.FORMAT),  # letter O
        ("91110000600037341I", Fault.FORMAT),  # letter I
        ("91110000600037341M", Fault.CHECKSUM),
        ("110000006000373", Fault.FORMAT),  # a registration number of before 2015
        ("٩١110000600037341L", Fault.FORMAT),  # Arabic digits
        ("", Fault.FORMAT),
    ],
)
def test_a_broken_credit_code_tells_its_fault(text: str, fault: Fault) -> None:
    assert check_uscc(text) is fault


@pytest.mark.requirement("004-3.1-b")
@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("91110000600037341L", True),
        ("92110105MA01ABCD7J", True),
        ("N2370102MF12345X73", False),
        ("12100000000018032A", False),
        ("91110000600037341M", False),
        ("", False),
    ],
)
def test_only_a_sound_code_that_begins_with_9_is_a_business_licence(text: str, holds: bool) -> None:
    assert is_business_licence_holder(text) is holds


@given(
    st.text("0123456789", min_size=6, max_size=6),
    st.text("0123456789", min_size=8, max_size=8),
)
def test_our_credit_codes_hold_for_another_program_too(region: str, organisation: str) -> None:
    body = f"91{region}{organisation}"
    body += organisation_check_character(organisation)
    code = body + uscc_check_character(body)
    assert isinstance(check_uscc(code), Uscc)
    other = pytest.importorskip("stdnum.cn.uscc")
    assert other.calc_check_digit(body) == code[17]


@given(st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes_for_a_credit_code(place: int, other: str) -> None:
    code = "91350100M000100Y43"
    typed = code[:place] + other + code[place + 1 :]
    assert isinstance(check_uscc(typed), Uscc) is (typed == code)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("11010519491231002X", IdKind.RESIDENT),
        ("11010519491231002x", IdKind.RESIDENT),
        ("440524188001010014", IdKind.RESIDENT),
        ("810000199408230021", IdKind.HMT_PERMIT),
        ("820000199001010010", IdKind.HMT_PERMIT),
        ("830000199201300022", IdKind.HMT_PERMIT),
        ("911124198108030024", IdKind.FOREIGN_PERMANENT),
    ],
)
def test_every_kind_of_identity_number_in_use_is_taken(text: str, kind: IdKind) -> None:
    checked = check_resident_id(text, TODAY)
    assert isinstance(checked, ResidentId)
    assert (checked.number, checked.kind) == (text.upper(), kind)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("110105194912310021", Fault.CHECKSUM),
        ("110101203013011233", Fault.DATE),
        ("11010120000230001X", Fault.DATE),
        ("110101209912310015", Fault.FUTURE),
        ("110105491231002", Fault.FORMAT),
        ("01010519491231002X", Fault.FORMAT),
    ],
)
def test_a_broken_identity_number_tells_its_fault(text: str, fault: Fault) -> None:
    assert check_resident_id(text, TODAY) is fault


def test_a_person_born_today_is_not_born_in_the_future() -> None:
    body = "110101" + TODAY.strftime("%Y%m%d") + "001"
    number = body + resident_check_character(body)
    assert isinstance(check_resident_id(number, TODAY), ResidentId)


def test_an_identity_number_is_shown_masked_and_never_in_a_log() -> None:
    checked = check_resident_id("11010519491231002x", TODAY)
    assert isinstance(checked, ResidentId)
    assert checked.masked == "110105********002X"
    assert "1949" not in repr(checked)
    assert mask_resident_id("110105491231002") == "*" * 15


@pytest.mark.parametrize(
    ("text", "issuer", "luhn"),
    [
        ("89860012345678901238", Carrier.CMCC, Luhn.OK),
        ("89860112345678901237", Carrier.CUCC, Luhn.OK),
        ("89860312345678901235", Carrier.CTCC, Luhn.OK),
        ("89861112345678901235", Carrier.CTCC, Luhn.OK),
        ("89861512345678901231", Carrier.CBN, Luhn.OK),
        ("89860012345678901234", Carrier.CMCC, Luhn.WARN),
        ("8986 0012 3456 7890 120", Carrier.CMCC, Luhn.OK),
        ("8986-0012-3456-7890-120", Carrier.CMCC, Luhn.OK),
        ("898600a1011234567890", Carrier.CMCC, Luhn.NOT_APPLICABLE),
        ("8986011212345678901Y", Carrier.CUCC, Luhn.NOT_APPLICABLE),
        ("89869912345678901233", Carrier.UNKNOWN, Luhn.WARN),
    ],
)
def test_a_card_number_hints_at_its_issuer(text: str, issuer: Carrier, luhn: Luhn) -> None:
    assert check_iccid(text) == Iccid(compact(text), issuer, luhn)


@pytest.mark.parametrize("text", ["8944123456789012345", "898600123", "8986001234567890123456"])
def test_a_foreign_or_cut_card_number_is_a_fault(text: str) -> None:
    assert check_iccid(text) is Fault.FORMAT


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("89860012345678901238", "98680021436587092183"),
        ("89860112345678901237", "98681021436587092173"),
        ("89860312345678901235", "98683021436587092153"),
        ("89861112345678901235", "98681121436587092153"),
        ("89861512345678901231", "98685121436587092113"),
        ("8986001234567890120", "986800214365870921F0"),
        ("898600A1011234567890", "9868001A102143658709"),
        ("89860012345678901234", "98680021436587092143"),
    ],
)
def test_a_card_number_goes_to_the_chip_and_back(text: str, raw: str) -> None:
    assert iccid_to_ef(text).hex().upper() == raw
    assert iccid_from_ef(bytes.fromhex(raw)) == text


def test_printed_and_chip_numbers_of_one_card_meet_on_19_characters() -> None:
    printed = check_iccid("8986011212345678901Y")
    chip = check_iccid(iccid_from_ef(iccid_to_ef("89860112123456789014")))
    assert isinstance(printed, Iccid)
    assert isinstance(chip, Iccid)
    assert printed.key == chip.key


def test_a_chip_file_of_another_length_is_refused() -> None:
    with pytest.raises(Invalid, match="ten_bytes"):
        iccid_from_ef(bytes(9))
    with pytest.raises(Invalid, match="not_on_a_chip"):
        iccid_to_ef("8986011212345678901Y")


def test_an_unwritten_chip_has_no_card_number() -> None:
    assert check_iccid(iccid_from_ef(b"\xff" * 10)) is Fault.FORMAT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1440123456789", Phone("1440123456789", Carrier.CMCC, PhoneUse.IOT)),
        ("1441123456789", Phone("1441123456789", Carrier.CMCC, PhoneUse.IOT)),
        ("1410123456789", Phone("1410123456789", Carrier.CTCC, PhoneUse.IOT)),
        ("1481234567890", Phone("1481234567890", Carrier.CMCC, PhoneUse.IOT)),
        ("1461234567890", Phone("1461234567890", Carrier.CUCC, PhoneUse.IOT)),
        ("1064612345678", Phone("1064612345678", Carrier.CUCC, PhoneUse.IOT)),
        ("1064712345678", Phone("1064712345678", Carrier.CMCC, PhoneUse.IOT)),
        ("1064812345678", Phone("1064812345678", Carrier.CMCC, PhoneUse.IOT)),
        ("1064912345678", Phone("1064912345678", Carrier.CTCC, PhoneUse.IOT)),
        ("+86 138 0013 8000", Phone("13800138000", Carrier.CMCC, PhoneUse.MOBILE)),
        ("008613490000000", Phone("13490000000", Carrier.CTCC, PhoneUse.MOBILE)),
        ("13480000000", Phone("13480000000", Carrier.CMCC, PhoneUse.MOBILE)),
        ("17405000000", Phone("17405000000", Carrier.CTCC, PhoneUse.MOBILE)),
        ("17000000000", Phone("17000000000", Carrier.UNKNOWN, PhoneUse.RESELLER)),
        ("16200000000", Phone("16200000000", Carrier.CTCC, PhoneUse.RESELLER)),
        ("19200000000", Phone("19200000000", Carrier.CBN, PhoneUse.MOBILE)),
        ("14812345678", Phone("14812345678", Carrier.UNKNOWN, PhoneUse.UNKNOWN)),
        ("17406000000", Phone("17406000000", Carrier.UNKNOWN, PhoneUse.UNKNOWN)),
        ("010-12345678", Fault.FORMAT),
        ("138001380", Fault.FORMAT),
    ],
)
def test_a_line_number_hints_at_its_use(text: str, expected: Phone | Fault) -> None:
    assert check_phone(text, TODAY) == expected
    assert check_phone(text, date(2001, 1, 1)) == expected


@pytest.mark.requirement("004-3.4-b")
@pytest.mark.parametrize(
    ("text", "authority", "serial", "site", "suffix"),
    [
        ("京ICP备12345678号-1", "CA-11", "12345678", 1, None),
        ("豫ICP备2020000001号-15", "CA-41", "2020000001", 15, None),
        ("赣ICP备2022000001号", "CA-36", "2022000001", None, None),
        ("京ICP 备12345678号", "CA-11", "12345678", None, None),
        ("京ＩＣＰ备12345678号－1", "CA-11", "12345678", 1, None),
        ("京icp备12345678号-1a", "CA-11", "12345678", 1, "A"),
        ("川ICP备12345678号", "CA-51", "12345678", None, None),
        ("蜀ICP备12345678号", "CA-51", "12345678", None, None),
        ("贵ICP备12345678号", "CA-52", "12345678", None, None),
        ("黔ICP备12345678号", "CA-52", "12345678", None, None),
        ("云ICP备12345678号", "CA-53", "12345678", None, None),
        ("滇ICP备12345678号", "CA-53", "12345678", None, None),
        ("甘ICP备12345678号", "CA-62", "12345678", None, None),
        ("陇ICP备12345678号", "CA-62", "12345678", None, None),
    ],
)
def test_a_filing_number_names_the_administration_of_the_filing_place(
    text: str, authority: str, serial: str, site: int | None, suffix: str | None
) -> None:
    filing = check_icp_filing(text)
    assert isinstance(filing, IcpFiling)
    assert (filing.province.authority, filing.serial) == (authority, serial)
    assert (filing.site, filing.suffix, filing.is_licence) == (site, suffix, False)


def test_an_icp_licence_names_its_province_too() -> None:
    filing = check_icp_filing("京ICP证000001号")
    assert isinstance(filing, IcpFiling)
    assert (filing.province.code, filing.is_licence) == ("11", True)


@pytest.mark.parametrize(
    "text", ["京ICP备123456号", "京ICP备12345678", "港ICP备12345678号", "备ICP备12345678号"]
)
def test_a_broken_filing_number_is_a_fault(text: str) -> None:
    assert check_icp_filing(text) is Fault.FORMAT


def test_a_police_filing_tells_its_region() -> None:
    assert police_filing_region("京公网安备 11010500000001号") == "110105"
    assert police_filing_region("京公网安备 99010500000001号") is None
    assert police_filing_region("京公网安备 1101050000001号") is None


@pytest.mark.parametrize(
    ("text", "province", "is_joint", "classes"),
    [
        ("A2.B1.B2-20090001", None, False, ("A2", "B1", "B2")),
        ("B2-20040156", None, False, ("B2",)),
        ("京B2-20190001", "11", False, ("B2",)),
        ("合字B2-20210001", None, True, ("B2",)),
    ],
)
def test_a_telecom_licence_is_read_softly(
    text: str, province: str | None, is_joint: bool, classes: tuple[str, ...]
) -> None:
    licence = check_telecom_licence(text)
    assert isinstance(licence, TelecomLicence)
    assert (licence.province and licence.province.code) == province
    assert (licence.is_joint, licence.classes) == (is_joint, classes)


@pytest.mark.parametrize("text", ["B3-20200001", "港B2-20200001", "B2-2020001"])
def test_another_telecom_licence_is_a_fault(text: str) -> None:
    assert check_telecom_licence(text) is Fault.FORMAT


@given(
    st.from_regex("[A-Z]{2,4}", fullmatch=True),
    st.sampled_from(list(provinces())),
    st.integers(2000, 2099),
    st.integers(1, 999_999),
)
def test_a_number_we_give_reads_back(carrier: str, place: str, year: int, serial: int) -> None:
    text = make_agent_number(carrier, place, year, serial)
    read = check_agent_number(f" {text.lower()} ")
    assert isinstance(read, IssuedNumber)
    assert (read.text, read.carrier, read.province.code) == (text, carrier, place)
    assert (read.year, read.serial) == (year, serial)
    licence = make_licence_number(carrier, place, year, serial)
    assert isinstance(check_licence_number(licence), IssuedNumber)
    assert check_licence_number(text) is Fault.FORMAT
    assert check_agent_number(licence) is Fault.FORMAT


def test_an_agent_number_looks_as_agreed_and_a_slip_of_the_pen_is_found() -> None:
    assert make_agent_number("CT", "44", 2026, 123) == "CT-44-2026-000123-1"
    assert check_agent_number("CT-44-2026-000132-1") is Fault.CHECKSUM
    assert check_agent_number("CT-99-2026-000123-1") is Fault.FORMAT


@pytest.mark.parametrize(
    ("carrier", "place", "year", "serial"),
    [
        ("CT", "44", 2026, 0),
        ("CT", "44", 2026, 1_000_000),
        ("CT", "81", 2026, 1),
        ("C", "44", 2026, 1),
        ("CT", "44", 1999, 1),
    ],
)
def test_a_number_with_a_part_that_does_not_fit_is_not_made(
    carrier: str, place: str, year: int, serial: int
) -> None:
    with pytest.raises(Invalid):
        make_agent_number(carrier, place, year, serial)


@given(DIGITS)
def test_our_luhn_agrees_with_another_program(digits: str) -> None:
    other = pytest.importorskip("stdnum.luhn")
    assert luhn_digit(digits) == other.calc_check_digit(digits)
    assert luhn_holds(digits) is other.is_valid(digits)


def test_text_is_compared_plain_and_upper_case_without_invisible_marks() -> None:
    assert normalise("\ufeff ａｂ１２\u200b\u3000") == "AB12"


@given(st.text())
def test_no_text_whatever_makes_a_check_crash(text: str) -> None:
    check_uscc(text)
    check_resident_id(text, TODAY)
    check_iccid(text)
    check_phone(text, TODAY)
    check_icp_filing(text)
    check_telecom_licence(text)
    check_agent_number(text)
    check_licence_number(text)
    police_filing_region(text)
    province_of_code(text)
    province_of_name(text)
    province_of_icp(text)
