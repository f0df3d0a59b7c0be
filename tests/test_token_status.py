"""Status lists and shops: does the badge still stand, and is it here that it stands for."""

from dataclasses import replace

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.refusals import Invalid
from models.tokens import (
    STATUS_LIST_TYPE,
    Alg,
    KeySet,
    Malformed,
    Reason,
    Shop,
    Standing,
    StatusList,
    StatusUnknown,
    Verdict,
    canonical_shop,
    canonical_site,
    pack,
    shop_hash,
    sign_status_list,
)
from models.tokens.cose import protected_header, sign1
from tests.test_tokens import (
    CLAIMS,
    DAY,
    KEY,
    KID,
    LIST_URI,
    NOW,
    PRIVATE,
    SHOP,
    TOKEN,
    VERIFIER,
    asked,
)


def statuses(marked: dict[int, Standing], **changes: int) -> StatusList:
    listed = StatusList(LIST_URI, NOW - 60, NOW + DAY, 300, pack(4096, marked))
    return replace(listed, **changes)


def read(listed: StatusList, keys: KeySet | None = None) -> StatusList:
    token = sign_status_list(listed, KID, PRIVATE.sign)
    return StatusList.read(token, keys or KeySet([KEY], STATUS_LIST_TYPE))


@given(st.dictionaries(st.integers(0, 4095), st.sampled_from(Standing)))
def test_a_list_says_of_every_badge_what_was_put_in(marked: dict[int, Standing]) -> None:
    listed = read(statuses(marked))
    for index in {*marked, 0, 4095}:
        standing = listed(replace(CLAIMS, status_index=index), NOW)
        assert standing is marked.get(index, Standing.GOOD)


@pytest.mark.requirement("004-3.1-e")
@pytest.mark.parametrize(
    ("standing", "verdict"),
    [
        (Standing.GOOD, Verdict.VALID),
        (Standing.REVOKED, Verdict.REVOKED),
        (Standing.SUSPENDED, Verdict.SUSPENDED),
    ],
)
def test_a_revoked_or_suspended_badge_shows_in_the_list(
    standing: Standing, verdict: Verdict
) -> None:
    source = read(statuses({CLAIMS.status_index: standing}))
    assert asked(TOKEN, SHOP, replace(VERIFIER, status=source)).verdict is verdict


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (statuses({}, expires_at=NOW), Reason.STALE_LIST),
        (statuses({}, issued_at=NOW - DAY, expires_at=NOW + DAY), Reason.STALE_LIST),
        (statuses({}, issued_at=NOW + 301, expires_at=NOW + DAY), Reason.STALE_LIST),
        (replace(statuses({}), uri="https://other.example/s/1"), Reason.OTHER_LIST),
        (replace(statuses({}), statuses=b"\x00"), Reason.NOT_IN_LIST),
        (replace(statuses({}), statuses=b"\xff" * 9), Reason.UNKNOWN_STATUS),
    ],
)
def test_a_list_that_cannot_tell_leaves_the_status_unknown(
    listed: StatusList, reason: Reason
) -> None:
    answer = asked(TOKEN, SHOP, replace(VERIFIER, status=read(listed)))
    assert (answer.verdict, answer.reason) == (Verdict.STATUS_UNKNOWN, reason)


def test_a_list_read_today_grows_stale_by_itself() -> None:
    listed = read(statuses({}))
    assert listed(CLAIMS, NOW) is Standing.GOOD
    with pytest.raises(StatusUnknown):
        listed(CLAIMS, NOW + DAY)


def test_a_list_and_a_badge_cannot_stand_in_for_each_other() -> None:
    token = sign_status_list(statuses({}), KID, PRIVATE.sign)
    assert asked(token).verdict is Verdict.FORGED
    with pytest.raises(Malformed):
        StatusList.read(TOKEN, KeySet([KEY], STATUS_LIST_TYPE))


@given(st.data())
def test_no_flipped_bit_leaves_a_list_readable(data: st.DataObject) -> None:
    token = bytearray(sign_status_list(statuses({3: Standing.REVOKED}), KID, PRIVATE.sign))
    bit = data.draw(st.integers(0, len(token) * 8 - 1))
    token[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed):
        StatusList.read(bytes(token), KeySet([KEY], STATUS_LIST_TYPE))


@pytest.mark.parametrize(
    "changed",
    [
        {"lst": b"not zlib", "bits": 2},
        {"lst": b"x\x9c\x03\x00\x00\x00\x00\x01more", "bits": 2},
        {"lst": b"x\x9c\x03\x00", "bits": 2},
        {"lst": b"x\x9c\x03\x00\x00\x00\x00\x01", "bits": 1},
        None,
    ],
)
def test_a_list_in_another_form_is_refused(changed: object) -> None:
    payload = cbor2.dumps({2: LIST_URI, 4: NOW + 9, 6: NOW, 65533: changed, 65534: 300})
    token = sign1(protected_header(Alg.ED25519, KID, STATUS_LIST_TYPE), payload, PRIVATE.sign)
    with pytest.raises(Malformed):
        StatusList.read(token, KeySet([KEY], STATUS_LIST_TYPE))


@pytest.mark.parametrize("changes", [{"exp": NOW - 99}, {"nbf": NOW}, {"revoked_at": NOW}])
def test_a_list_of_a_key_not_in_force_is_refused(changes: dict[str, int]) -> None:
    with pytest.raises(Malformed, match="not in force"):
        read(statuses({}), KeySet([replace(KEY, **changes)], STATUS_LIST_TYPE))


# Shops


def test_a_shop_hash_is_the_one_that_other_programs_compute() -> None:
    assert shop_hash("taobao", "shop:965974909").hex() == "ba30af79f3317cac"
    assert canonical_shop("Taobao ", "965974909") == Shop("taobao", "shop:965974909")
    assert canonical_shop("taobao", "shop:965974909") == Shop("taobao", "shop:965974909")


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.Shop.example/", "shop.example"),
        ("http://shop.example:80/a/b//", "shop.example/a/b"),
        ("https://shop.example:8443/a", "shop.example:8443/a"),
        ("shop.example/a?b#c", "shop.example/a"),
        ("https://user@shop.example./a", "shop.example/a"),
        ("https://手机卡.example/套餐", "xn--hlrx06ajvd.example/%E5%A5%97%E9%A4%90"),
        ("https://straße.example/", "xn--strae-oqa.example"),
        ("https://SHOP。example/A", "shop.example/A"),
    ],
)
def test_an_own_site_is_written_in_one_way(url: str, site: str) -> None:
    assert canonical_site(url) == site


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "ftp://shop.example/",
        "https://shop.example\\@evil.example/",
        "https://shop.example\n.evil.example/",
        "https://shop.example:port/",
        "https://[::1/",
        "https://-/",
        "https://a..b手/",
        "https://shop.example/" + "a" * 2048,
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_no_site(url: str) -> None:
    with pytest.raises(Invalid):
        canonical_site(url)


@pytest.mark.parametrize(
    ("platform", "shop"), [("", "1"), ("a\x1fb", "1"), ("jd", ""), ("jd", "1 2")]
)
def test_a_shop_without_a_platform_or_an_id_is_no_shop(platform: str, shop: str) -> None:
    with pytest.raises(Invalid):
        canonical_shop(platform, shop)


@given(st.text(max_size=60))
def test_an_address_written_canonically_stays_as_it_is(text: str) -> None:
    try:
        site = canonical_site(text)
    except Invalid:
        return
    assert canonical_site(site) == site
