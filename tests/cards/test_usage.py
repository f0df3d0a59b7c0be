"""What cards did beside what their batch may do: each rule, its limits, and all of them at once."""

# pyright: basic
# Arrow comes without types.

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from models.cards.classes import CardClass, Sms, Voice
from models.cards.numbers import card_number
from models.cards.usage import (
    BINDINGS,
    HITS,
    MEGABYTE,
    BatchScope,
    UsageRule,
    judge_usage,
    scopes_table,
    usage_limits,
)
from models.formats.cards import check_iccid
from models.refusals import Conflict, Invalid
from models.rules import Parameter, ParameterKind, Unit, package_rules
from tests.cards.plain_usage import Plain
from tests.cards.usage_files import (
    FIRST_DAY,
    ISSUED,
    iccid,
    imei,
    random_home,
    random_rows,
    random_scopes,
    record,
    scope,
    table,
)

pytestmark = pytest.mark.requirement("004-2.3-g")
Row = dict[str, Any]
LIMITS = usage_limits(date(2026, 11, 22))
OPEN = {"voice": Voice.ON, "sms": Sms.ON}


def hits(scopes: list[BatchScope], *rows: Row, **more: Any) -> list[Row]:  # noqa: ANN401 - as judging has it
    found = judge_usage(table(*rows), scopes_table(scopes), LIMITS, **more)
    assert found.schema == HITS
    return found.to_pylist()


def rules(scopes: list[BatchScope], *rows: Row, **more: Any) -> list[str]:  # noqa: ANN401 - as judging has it
    return [one["rule"] for one in hits(scopes, *rows, **more)]


def test_a_month_over_the_limit_is_one_hit_with_the_worst_month_and_all_of_them() -> None:
    given = [record(1, day, bytes=20 * MEGABYTE) for day in range(12)]
    given += [record(1, 12 + day, bytes=25 * MEGABYTE) for day in range(8)]
    (hit,) = hits([scope(monthly_bytes=100 * MEGABYTE)], *given, record(2, bytes=100 * MEGABYTE))
    assert (hit["rule"], hit["iccid"]) == ("volume_over_limit", str(ISSUED + 1))
    assert hit["kind"] == "iot_scope_breach"
    assert (hit["value"], hit["limit"]) == (240 * MEGABYTE, 100 * MEGABYTE)
    assert hit["facts"] == ["2026-10", "2026-11"]
    assert (hit["first_day"], hit["last_day"]) == (FIRST_DAY, date(2026, 11, 8))
    assert hit["records"] == 20


def test_the_months_of_a_card_are_those_of_the_calendar() -> None:
    half = 60 * MEGABYTE
    apart = record(1, date(2026, 10, 31), bytes=half), record(1, date(2026, 11, 1), bytes=half)
    assert rules([scope(monthly_bytes=100 * MEGABYTE)], *apart) == []


@pytest.mark.parametrize(
    ("target", "is_outside"),
    [
        ("a.example.com", False), ("A.Example.COM.", False), ("https://a.example.com:84/x", False),
        ("b.example.com", True), ("example.com", True), ("xa.example.com", True),
        ("x.cloud.cn", False), ("y.x.cloud.cn", False), ("cloud.cn", True), ("evilcloud.cn", True),
        ("10.20.0.9", False), ("10.20.0.9:1883", False), ("10.21.0.9", True), ("192.0.2.7", False),
        ("192.0.2.8", True), ("2001:db8::1", False), ("[2001:DB8:0::1]:443", False), ("", False),
    ],
)  # fmt: skip
def test_directed_use_means_the_listed_targets_alone(target: str, is_outside: bool) -> None:
    allowed = ["a.example.com", "*.cloud.cn", "10.20.0.0/16", "192.0.2.7", "2001:db8::1"]
    directed = scope(targets=allowed)
    assert rules([directed], record(1, targets=[target])) == ["target_outside"] * is_outside
    assert rules([scope()], record(1, targets=[target])) == []


def test_a_hit_names_the_hosts_and_not_what_was_asked_of_them() -> None:
    given = [record(1, at, targets=[f"https://h{at}.example/private?q=1"]) for at in range(8)]
    (hit,) = hits([scope(targets=["meter.example"])], *given)
    assert hit["facts"] == [f"h{at}.example" for at in range(5)] + ["+3"]
    assert (hit["value"], hit["records"]) == (8, 8)


def test_without_a_binding_the_first_device_of_its_type_is_the_cards_own() -> None:
    locked = scope(device_lock=True)
    same = [record(1, at, device=imei(5)) for at in range(3)]
    assert rules([locked], *same) == []
    (hit,) = hits([locked], *same, record(1, 1, device=None), record(1, 9, device=imei(6)))
    assert (hit["rule"], hit["facts"], hit["records"]) == ("device_swapped", [imei(6)], 1)
    assert hit["first_day"] == record(1, 9)["day"]
    assert rules([scope()], *same, record(1, 9, device=imei(6))) == []


def test_a_device_of_another_type_is_a_swap_from_the_first_day() -> None:
    locked = scope(device_lock=True, tacs=["35688012"])
    (hit,) = hits([locked], record(1, device=imei(1)), record(1, 2, device=imei(1, 35688012)))
    assert hit["facts"] == [imei(1)]


def test_a_bound_card_may_be_in_its_devices_whatever_their_type() -> None:
    locked = scope(device_lock=True, tacs=["35688012"])
    bound = pa.table([[ISSUED + 1] * 2, [imei(1), imei(2)]], schema=BINDINGS)
    fine = record(1, device=imei(1)), record(1, 1, device=imei(2))
    assert rules([locked], *fine, bindings=bound) == []
    (hit,) = hits([locked], *fine, record(1, 2, device=imei(3, 35688012)), bindings=bound)
    assert hit["facts"] == [imei(3, 35688012)]


def test_the_version_of_its_software_makes_no_other_device() -> None:
    locked = scope(device_lock=True)
    sixteen = imei(5)[:14] + "07"
    meid = "A0000012345678"
    assert rules([locked], record(1, device=imei(5)), record(1, 1, device=sixteen)) == []
    assert rules([locked], record(1, device=meid.lower()), record(1, 1, device=meid)) == []
    assert hits([locked], record(1, device=imei(5)), record(1, 1, device=meid))[0]["facts"] == [
        meid
    ]


@pytest.mark.parametrize(
    ("regions", "cell", "is_left"),
    [
        (["44"], "440305", False), (["44"], "44", False), (["44"], "450100", True),
        (["440300"], "440305", False), (["440300"], "440100", True), (["440300"], "44", False),
        (["440305"], "440300", False), (["440305"], "440306", True), (None, "650000", False),
        (["11", "31"], "310115", False), (["44"], None, False),
    ],
)  # fmt: skip
def test_a_cell_counts_by_its_province_unless_the_list_names_more(
    regions: list[str] | None, cell: str | None, is_left: bool
) -> None:
    assert rules([scope(regions=regions)], record(1, region=cell)) == ["region_left"] * is_left


def test_calls_and_messages_count_where_they_are_off_alone() -> None:
    rows = [record(1, voice=2, sms=1), record(1, 1, voice=3)]
    (voice, sms) = hits([scope()], *rows)
    assert (voice["rule"], voice["value"], voice["records"]) == ("voice_off", 5, 2)
    assert (sms["rule"], sms["value"], sms["records"]) == ("sms_off", 1, 1)
    for word in (Voice.WHITELIST, Voice.EMERGENCY_ONLY, Voice.ON):
        assert rules([scope(voice=word, sms=Sms.PLATFORM_ONLY)], *rows) == []


@pytest.mark.parametrize(("silent", "is_hit"), [(13, False), (14, True)])
def test_a_burst_is_much_use_after_days_of_silence(silent: int, is_hit: bool) -> None:
    burst = record(1, 1 + silent, bytes=51 * MEGABYTE)
    assert rules([scope()], record(1, bytes=1), burst) == ["silence_then_burst"] * is_hit
    records = [record(1, day) for day in range(1, 1 + silent)]
    assert rules([scope()], *records, burst) == ["silence_then_burst"] * is_hit
    assert rules([scope()], burst) == [], "of a card that was never seen before nothing is known"


def test_use_of_a_batch_that_is_not_active_is_told_whatever_it_is() -> None:
    early = scope(is_active=False, **OPEN)
    given = record(1, bytes=7), record(2, voice=1), record(3)
    found = hits([early], *given)
    assert [(one["rule"], one["value"]) for one in found] == [
        ("used_before_activation", 7), ("used_before_activation", 0)
    ]  # fmt: skip


def test_many_cards_in_other_devices_or_places_are_signs_of_resale() -> None:
    away = [record(card, region="65") for card in range(10)]
    home = [record(card, region="44") for card in range(10, 50)]
    found = hits([scope(regions=["44"])], *away, *home)
    (batch,) = [one for one in found if one["rule"] == "resale_pattern"]
    assert (batch["iccid"], batch["kind"]) == (None, "iot_resale")
    assert (batch["value"], batch["limit"], batch["records"]) == (20, 20, 50)
    assert batch["facts"] == ["cards=50", "affected=10", "devices=0", "provinces=1"]
    for fewer in (away[1:], away[:9]):
        assert "resale_pattern" not in rules([scope(regions=["44"])], *fewer, *home)


def test_more_devices_than_cards_and_many_provinces_are_signs_of_resale_too() -> None:
    devices = [
        record(card, day, device=imei(card * 9 + day)) for card in range(10) for day in (0, 1)
    ]
    assert rules([scope()], *devices) == ["resale_pattern"]
    assert rules([scope()], *devices[:18]) == []
    places = [
        record(1, at, region=one) for at, one in enumerate(["11", "12", "13", "14", "15", "21"])
    ]
    assert rules([scope(regions=["44"])], *places) == ["region_left", "resale_pattern"]
    assert rules([scope(regions=["44"])], *places[1:]) == ["region_left"]


def test_what_is_watched_has_lower_limits() -> None:
    month = record(1, bytes=80 * MEGABYTE)
    limited = scope(monthly_bytes=100 * MEGABYTE)
    assert rules([limited], month) == []
    card = pa.array([ISSUED + 1])
    assert rules([limited], month, record(2, bytes=80 * MEGABYTE), watched=card) == [
        "volume_over_limit"
    ]
    (hit,) = hits([replace(limited, watched=True)], month)
    assert hit["limit"] == 70 * MEGABYTE


def test_records_that_cannot_be_and_cards_of_no_batch_are_left_out() -> None:
    bad = [record(1, voice=9) | {"iccid": "123"}, record(1, voice=-1), record(1, bytes=-5, voice=1)]
    bad.append(record(1, voice=9) | {"day": None})
    assert rules([scope()], *bad, record(500, voice=1)) == []
    assert rules([], record(1, voice=1)) == []
    assert rules([scope()]) == []


def test_letters_and_nineteen_characters_name_cards_as_well() -> None:
    printed = "898600A1011234567890"
    found = check_iccid(printed)
    number = card_number(found.key)  # type: ignore[union-attr]
    lettered = BatchScope("WL-A", [(number, number)], CardClass.I1)
    rows = [record(1, voice=1) | {"iccid": text} for text in (printed, printed.lower()[:19])]
    (hit,) = hits([lettered], *rows)
    assert (hit["iccid"], hit["value"]) == (printed[:19], 2)


def test_ranges_that_overlap_are_refused_with_both_batches_named() -> None:
    with pytest.raises(Conflict) as no:
        rules([scope("WL-1", 0, 100), scope("WL-2", 99, 5)], record(1))
    assert no.value.facts == {"batch": "WL-1", "other": "WL-2"}
    with pytest.raises(Invalid):
        rules([BatchScope("WL-1", [(5, 4)], CardClass.I1)], record(1))
    wrong: list[Row] = [{"tacs": ["123"], "device_lock": True}, {"regions": ["4"]}]
    for what in wrong:
        with pytest.raises(Invalid) as bad:
            rules([scope(**what)], record(1, device=imei(1), region="44"))
        assert bad.value.code == "usage.bad_entry"


def test_an_office_sets_its_own_thresholds_and_their_versions_are_kept() -> None:
    assert "iot_silence_days/1" in LIMITS.versions
    own = Parameter("iot_silence_days", 3, Unit.DAYS, ParameterKind.POLICY, "ours",
                    date(2026, 11, 1), "office-1")  # fmt: skip
    office = package_rules().with_parameters([own])
    assert usage_limits(date(2026, 11, 22), office).silence_days == 3
    assert "iot_silence_days/office-1" in usage_limits(date(2026, 11, 22), office).versions
    assert usage_limits(date(2026, 10, 31), office).silence_days == LIMITS.silence_days


@pytest.mark.parametrize("seed", range(6))
def test_whole_columns_say_what_one_record_after_the_other_says(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same again is wanted
    scopes, rows = random_scopes(chance), random_rows(chance, 3_000)
    cards = sorted({int(row["iccid"][:19]) for row in rows})
    bound = {card: {random_home(card - ISSUED)} for card in cards[::3]}
    watched = cards[::7]
    found = judge_usage(
        table(*rows),
        scopes_table(scopes),
        LIMITS,
        bindings=pa.table(
            [list(bound), [next(iter(one)) for one in bound.values()]], schema=BINDINGS
        ),
        watched=pa.array(watched),
    ).to_pylist()
    told = {(one["batch"], one["iccid"], one["rule"], one["value"]) for one in found}
    assert told == Plain(scopes, LIMITS, bound, frozenset(watched)).hits(rows)
    assert len(told) == len(found), "a card has one hit of each rule"
    order = [
        (one["batch"], list(UsageRule).index(one["rule"]), one["iccid"] or "") for one in found
    ]
    assert order == sorted(order)
    assert {one["rule"] for one in found} == {rule.value for rule in UsageRule}


def test_the_order_of_the_records_changes_nothing() -> None:
    chance = Random(7)  # noqa: S311 - the same again is wanted
    scopes, rows = scopes_table(random_scopes(chance)), random_rows(chance, 2_000)
    one = judge_usage(table(*rows), scopes, LIMITS)
    chance.shuffle(rows)
    assert judge_usage(table(*rows), scopes, LIMITS).equals(one)
    assert judge_usage(table(*rows).combine_chunks().to_batches()[0], scopes, LIMITS).equals(one)


def test_iccids_of_cards_are_as_the_records_write_them() -> None:
    assert hits([scope()], record(3, voice=1))[0]["iccid"] == iccid(ISSUED + 3)[:19]
