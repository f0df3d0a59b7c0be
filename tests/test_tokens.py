"""Badges: seventy cases made elsewhere, and what must hold for every other code."""

import json
import time
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from models.tokens import (
    Alg,
    Answer,
    Claims,
    Key,
    KeyRole,
    KeySet,
    Malformed,
    Reason,
    Shop,
    Standing,
    Verdict,
    Verifier,
    badge_url,
    canonical_shop,
    cose_key_set,
    digits_of,
    jwk_set,
    read_jwk_set,
    sign,
    token_of,
    url_prefix,
)
from models.tokens.cases import CaseFile, Outcome
from models.tokens.cose import protected_header, sign1
from models.tokens.verdict import LoggedAt, never_logged

CASES = Path(__file__).parent / "data" / "verdict_cases.json"
OUTCOMES = list(CaseFile.model_validate_json(CASES.read_text("utf-8")).outcomes())

HOST = "v.carrier.example"
LIST_URI = f"https://{HOST}/s/1"
NOW = 1_798_456_000
DAY = 86_400
KID = b"\x1a\x01"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
KEY = Key(KID, Alg.ED25519, PRIVATE.public_key(), NOW - 100 * DAY, NOW + 100 * DAY)
SHOP = canonical_shop("taobao", "965974909")
CLAIMS = Claims(
    agent_no="A20260123456",
    issued_at=NOW - DAY,
    expires_at=NOW + 300 * DAY,
    badge_id=b"badge-id",
    status_index=7,
    status_uri=LIST_URI,
    shops=(SHOP.hash,),
)
TOKEN = sign(CLAIMS, KID, PRIVATE.sign)


def good(_claims: Claims, _now: int) -> Standing:
    return Standing.GOOD


VERIFIER = Verifier({HOST}, KeySet([KEY]), good)


def asked(token: bytes, page: Shop | None = SHOP, verifier: Verifier = VERIFIER) -> Answer:
    return verifier.verify(badge_url(HOST, token), page, NOW)


@pytest.mark.requirement("004-3.1-e", "004-3.1-f")
@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.name)
def test_the_verdict_on_a_named_case_is_the_expected_one(outcome: Outcome) -> None:
    assert outcome.found == outcome.expected


def test_the_case_file_has_all_ten_verdicts_in_seventy_cases() -> None:
    assert len(OUTCOMES) == 70
    assert {outcome.found for outcome in OUTCOMES} == set(Verdict)


def test_a_case_that_comes_out_otherwise_is_seen() -> None:
    source = json.loads(CASES.read_text("utf-8"))
    source["lists"]["fresh"] = source["lists"]["fresh"][:-2] + "00"
    outcomes = CaseFile.model_validate(source).outcomes()
    assert [outcome.name for outcome in outcomes if not outcome.is_right]


@pytest.mark.requirement("004-3.1-e")
def test_a_badge_of_ours_on_its_own_shop_is_valid() -> None:
    assert asked(TOKEN) == Answer(Verdict.VALID, Reason.IN_ORDER, CLAIMS)
    assert asked(TOKEN, None) == Answer(Verdict.VALID_SHOP_UNCHECKED, Reason.NO_PAGE, CLAIMS)
    assert asked(TOKEN, canonical_shop("jd", "965974909")).verdict is Verdict.WRONG_SHOP


def test_a_token_is_of_the_size_that_the_design_counts_on() -> None:
    assert len(TOKEN) == 188
    assert TOKEN[:10].hex() == "d28447a201320442" + KID.hex()


@given(st.integers(0, len(TOKEN) * 8 - 1))
def test_no_flipped_bit_leaves_a_badge_in_force(bit: int) -> None:
    spoilt = bytearray(TOKEN)
    spoilt[bit // 8] ^= 1 << bit % 8
    assert asked(bytes(spoilt)).verdict is Verdict.FORGED


@given(st.integers(0, len(TOKEN) - 1), st.binary(max_size=40), st.integers(0, 40))
def test_no_other_change_leaves_a_badge_in_force(at: int, put: bytes, cut: int) -> None:
    changed = TOKEN[:at] + put + TOKEN[at + cut :]
    assert (asked(changed).verdict is Verdict.FORGED) is (changed != TOKEN)


@given(st.binary(max_size=512))
def test_any_bytes_are_forged_and_nothing_worse(token: bytes) -> None:
    assert asked(token).verdict is Verdict.FORGED


@given(st.binary(max_size=256), st.booleans())
def test_any_signed_bytes_are_forged_too(payload: bytes, whole: bool) -> None:
    token = sign1(protected_header(Alg.ED25519, KID), payload, PRIVATE.sign)
    assert asked(token if whole else token[:-1]).verdict is Verdict.FORGED


CBOR = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(), inner),
    max_leaves=5,
)
CLAIM_KEYS = [2, 4, 6, 7, 65535, -65537]


@given(st.dictionaries(st.sampled_from(CLAIM_KEYS), CBOR))
def test_claims_of_another_shape_are_refused(changes: dict[int, object]) -> None:
    claims = cbor2.loads(bytes(CLAIMS)) | changes
    payload = cbor2.dumps(claims, canonical=True)
    try:
        found = Claims.from_bytes(payload)
    except Malformed:
        return
    assert bytes(found) == payload


@pytest.mark.parametrize(
    "claims",
    [
        cbor2.loads(bytes(CLAIMS)) | {8: 1},
        cbor2.loads(bytes(CLAIMS)) | {65535: {"status_list": {"idx": True, "uri": LIST_URI}}},
        cbor2.loads(bytes(CLAIMS)) | {-65537: []},
        cbor2.loads(bytes(CLAIMS)) | {-65537: ["eight by"]},
        cbor2.loads(bytes(CLAIMS)) | {7: b"short"},
        cbor2.loads(bytes(CLAIMS)) | {4: float(CLAIMS.expires_at)},
        dict(reversed(cbor2.loads(bytes(CLAIMS)).items())),
    ],
)
def test_claims_written_in_another_way_are_refused(claims: dict[int, object]) -> None:
    with pytest.raises(Malformed):
        Claims.from_bytes(cbor2.dumps(claims))


@given(st.text())
def test_any_text_gets_a_verdict(text: str) -> None:
    prefix = url_prefix(HOST)
    assert VERIFIER.verify(text, None, NOW).verdict is Verdict.NOT_OURS
    assert VERIFIER.verify(prefix + text, None, NOW).verdict is Verdict.FORGED


@given(st.from_regex(r"[0-9]{1,1300}", fullmatch=True))
def test_any_digits_get_a_verdict(digits: str) -> None:
    assert VERIFIER.verify_digits(digits, None, NOW).verdict is Verdict.FORGED


@given(st.binary(max_size=512))
def test_every_token_has_one_number(token: bytes) -> None:
    assert token_of(digits_of(token)) == token


@given(st.integers(1, 1 << 600))
def test_every_number_has_at_most_one_token(number: int) -> None:
    try:
        token = token_of(str(number))
    except Malformed:
        assert number.bit_length() % 8 != 1
    else:
        assert digits_of(token) == str(number)


@pytest.mark.parametrize(
    "digits", ["", "0", "01", "１２", "1 ", "+1", "1_0", "1\n", "٣", "2", "-1"]
)
def test_digits_in_another_form_are_refused(digits: str) -> None:
    with pytest.raises(Malformed):
        token_of(digits)


def test_a_million_digits_are_refused_at_once() -> None:
    text = url_prefix(HOST) + "1" * 1_000_000
    took: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        assert VERIFIER.verify(text, None, NOW).verdict is Verdict.FORGED
        took.append(time.perf_counter() - start)
    assert min(took) < 0.001


@pytest.mark.parametrize(
    "prefix",
    [
        f"https://{HOST}/B/",
        f"https://{HOST}./b/",
        f"https://{HOST}:0443/b/",
        f"https://{HOST}//b/",
        f" https://{HOST}/b/",
        f"https://x@{HOST}/b/",
        f"https://{HOST}%2eevil.example/b/",
        "https://v.carrier.exampⅼe/b/",
        f"https:/{HOST}/b/",
        f"ftp://{HOST}/b/",
    ],
)
def test_an_address_that_only_resembles_ours_is_not_ours(prefix: str) -> None:
    assert VERIFIER.verify(prefix + digits_of(TOKEN), SHOP, NOW).verdict is Verdict.NOT_OURS


# Keys


def with_key(key: Key, logged_at: LoggedAt = never_logged) -> Verifier:
    return Verifier({HOST}, KeySet([key]), good, logged_at)


@pytest.mark.parametrize(
    ("nbf", "exp", "reason"),
    [
        (CLAIMS.issued_at, CLAIMS.issued_at + 1, Reason.IN_ORDER),
        (CLAIMS.issued_at + 1, CLAIMS.issued_at + 9, Reason.KEY_NOT_IN_FORCE),
        (CLAIMS.issued_at - 9, CLAIMS.issued_at, Reason.KEY_NOT_IN_FORCE),
    ],
)
def test_a_key_vouches_for_what_was_issued_while_it_held(
    nbf: int, exp: int, reason: Reason
) -> None:
    assert asked(TOKEN, SHOP, with_key(replace(KEY, nbf=nbf, exp=exp))).reason is reason


@pytest.mark.parametrize(
    ("revoked_at", "logged_at", "reason"),
    [
        (NOW + 1, None, Reason.IN_ORDER),
        (NOW, None, Reason.KEY_REVOKED),
        (NOW, NOW - 1, Reason.IN_ORDER),
        (NOW, NOW, Reason.KEY_REVOKED),
        # Issued before the loss, as it says itself; the thief writes what he likes.
        (CLAIMS.issued_at + 5, None, Reason.KEY_REVOKED),
    ],
)
def test_a_lost_key_vouches_for_what_was_witnessed_before(
    revoked_at: int, logged_at: int | None, reason: Reason
) -> None:
    verifier = with_key(replace(KEY, revoked_at=revoked_at), logged_at=lambda _token: logged_at)
    assert asked(TOKEN, SHOP, verifier).reason is reason


@pytest.mark.parametrize("alg", [Alg.ESP256, Alg.ES256])
def test_a_badge_of_a_p256_key_is_valid(alg: Alg) -> None:
    private = generate_private_key(SECP256R1())

    def raw_sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    key = Key(KID, alg, private.public_key(), KEY.nbf, KEY.exp)
    token = sign(CLAIMS, KID, raw_sign, alg)
    assert asked(token, SHOP, with_key(key)).verdict is Verdict.VALID
    assert asked(token, SHOP, VERIFIER).reason is Reason.UNKNOWN_KEY
    assert asked(token[:-64] + bytes(64), SHOP, with_key(key)).reason is Reason.BAD_SIGNATURE


def test_a_key_with_anothers_algorithm_is_no_key() -> None:
    with pytest.raises(ValueError, match="no ESP256 key"):
        Key(KID, Alg.ESP256, PRIVATE.public_key(), 0, 1)


def test_an_older_algorithm_number_counts_only_for_a_key_that_has_it() -> None:
    token = sign(CLAIMS, KID, PRIVATE.sign, Alg.EDDSA)
    assert asked(token).reason is Reason.UNKNOWN_KEY
    assert asked(token, SHOP, with_key(replace(KEY, alg=Alg.EDDSA))).verdict is Verdict.VALID


P256 = Key.from_bytes(
    b"\x1a\x02",
    Alg.ESP256,
    generate_private_key(SECP256R1())
    .public_key()
    .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    nbf=1,
    exp=2,
    revoked_at=1,
)
PUBLISHED = {KeyRole.BADGE: [KEY, P256], KeyRole.STATUS_LIST: [replace(KEY, kid=b"\x1a\x03")]}


def test_a_published_key_set_is_read_as_it_was_written() -> None:
    found = read_jwk_set(json.dumps(jwk_set(PUBLISHED)))
    assert {role: keys for role, keys in found.items() if keys} == PUBLISHED


def test_every_published_key_tells_its_role_and_its_time() -> None:
    [first, second, third] = cbor2.loads(cose_key_set(PUBLISHED))
    assert first == {
        1: 1,
        2: KID,
        3: -19,
        -1: 6,
        -2: PRIVATE.public_key().public_bytes_raw(),
        "role": "badge",
        "nbf": KEY.nbf,
        "exp": KEY.exp,
    }
    assert (second[1], second[3], second["revoked_at"], len(second[-3])) == (2, -9, 1, 32)
    assert third["role"] == "status_list"


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "ES256"},
        {"x": "AAAA"},
        {"x": "é"},
        {"kid": "1"},
        {"kid": "1a0101"},
        {"role": "cook"},
        {"nbf": "soon"},
    ],
)
def test_a_key_set_with_one_spoilt_key_is_refused(change: dict[str, str]) -> None:
    published = json.loads(json.dumps(jwk_set({KeyRole.BADGE: [KEY]})))
    published["keys"][0] |= change
    with pytest.raises(Malformed):
        read_jwk_set(json.dumps(published))


@given(st.text(max_size=8), st.integers(0, 1 << 39), st.integers(0, 1 << 39))
def test_claims_are_the_bytes_that_a_cbor_library_writes(
    agent: str, begins: int, index: int
) -> None:
    claims = replace(
        CLAIMS,
        agent_no=f"A{agent}",
        issued_at=begins,
        expires_at=begins + 1,
        status_index=index,
    )
    assert bytes(claims) == cbor2.dumps(cbor2.loads(bytes(claims)), canonical=True)
    assert Claims.from_bytes(bytes(claims)) == claims
