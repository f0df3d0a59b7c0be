"""What the laptop signs and seals, and whose receipts it believes."""

import json
import re
import stat
from base64 import b32encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from reader_agent.jws import b64, canonical, fingerprint, signed, thumbprint
from reader_agent.kept.device_key import DeviceKey
from reader_agent.refusals import KeyDamaged, KeyFileOpen, KeyPresent, NotEnrolled, ReceiptWrong
from reader_agent.wire.envelope import RECEIPT, Signed, read_token, receipt_of, uuid7
from reader_agent.wire.pairing import Console
from tests.reader.far_console import AUD, FarConsole, No, public, unpadded
from tests.reader.laptop import AGENT, NAME, NUMBER, facts

_CIPHERS = JWERegistry(algorithms=["ECDH-ES", "A256GCM"])
_RFC_8037_A = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


@pytest.fixture
def far() -> FarConsole:
    return FarConsole()


@pytest.fixture
def key(tmp_path: Path) -> DeviceKey:
    return DeviceKey.create(tmp_path / "device.key")


@pytest.fixture
def console(far: FarConsole, key: DeviceKey) -> Console:
    """As enrolment would have told it."""
    far.codes.add("ABCDE23456")
    told = key.sign(
        "reader-enrol+jws",
        {"v": 1, "code": "ABCDE23456", "host": "laptop", "agent": AGENT.as_json()},
        with_jwk=True,
    )
    far.enrol(told)
    return Console(
        "http://127.0.0.1:1",
        AUD,
        key.kid,
        (_members(public(far.receipts)),),
        _members(public(far.sealing)),
        "0.1.0",
    )


def _members(jwk: dict[str, Any]) -> dict[str, str]:
    return {name: str(jwk[name]) for name in ("crv", "kty", "x")}


def _verdict(far: FarConsole, token: str) -> str | int:
    try:
        return far.read(token)[0]
    except No as no:
        return no.code


def _signed(
    far: FarConsole, key: DeviceKey, console: Console, kind: str = "sim", **others: object
) -> Signed:
    return read_token(key, console, facts(far.challenge(), kind, **others), 1, "")


def test_the_key_is_named_as_rfc_7638_says(key: DeviceKey) -> None:
    known = OKPKey.import_key(dict(key.public_jwk))
    assert key.kid == known.thumbprint()
    assert thumbprint(_RFC_8037_A) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_people_compare_eight_letters_of_the_same_digest(key: DeviceKey) -> None:
    shown = fingerprint(key.public_jwk)
    assert re.fullmatch("[A-Z2-7]{4}-[A-Z2-7]{4}", shown)
    assert shown.replace("-", "") == b32encode(unpadded(key.kid)).decode()[:8]
    assert shown in repr(key)


def test_a_key_is_its_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    with pytest.raises(NotEnrolled):
        DeviceKey.load(path)
    made = DeviceKey.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert DeviceKey.load(path).kid == made.kid
    with pytest.raises(KeyPresent):
        DeviceKey.create(path)
    assert DeviceKey.load(path).kid == made.kid
    assert [one.name for one in tmp_path.iterdir()] == ["device.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_could_reach_signs_nothing(tmp_path: Path, mode: int) -> None:
    DeviceKey.create(tmp_path / "device.key")
    (tmp_path / "device.key").chmod(mode)
    with pytest.raises(KeyFileOpen) as refusal:
        DeviceKey.load(tmp_path / "device.key")
    assert refusal.value.facts["mode"] == f"{mode:03o}"


def test_a_key_of_another_kind_and_a_torn_one_are_told_apart_from_none(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    for content in (b"", b"-----BEGIN PRIVATE KEY-----\n", _x25519_pem()):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(KeyDamaged):
            DeviceKey.load(path)
    path.unlink()
    path.symlink_to("/dev/null")
    with pytest.raises(KeyDamaged):
        DeviceKey.load(path)


def _x25519_pem() -> bytes:
    return OKPKey.generate_key("X25519").as_pem(private=True)


def test_the_console_reads_what_the_laptop_signed(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    made = _signed(far, key, console)
    status, told = far.read(made.token)
    assert (status, far.reads[0]["read_id"]) == (201, made.read_id)
    receipt = receipt_of(console, told["receipt"])
    assert (receipt.read_id, receipt.sha256) == (made.read_id, made.sha256)
    assert UUID(made.read_id).version == 7


def test_a_read_sent_twice_is_one_read_with_one_receipt(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    made = _signed(far, key, console)
    (first, told), (second, again) = far.read(made.token), far.read(made.token)
    assert (first, second, told["receipt"]) == (201, 200, again["receipt"])
    assert len(far.reads) == 1


def test_what_is_altered_on_its_way_is_no_read(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    head, payload, signature = _signed(far, key, console).token.split(".")
    other = json.loads(unpadded(payload))
    other["card"]["iccid"] = "89869926010000000026"
    altered = b64(json.dumps(other, sort_keys=True, separators=(",", ":")).encode())
    assert _verdict(far, f"{head}.{altered}.{signature}") == "reader.signature_wrong"
    assert _verdict(far, f"{head}.{payload}.{signature[:-4]}AAAA") == "reader.signature_wrong"
    assert not far.reads


def test_a_read_for_another_console_is_refused(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    elsewhere = Console(
        console.url, "other.example", console.kid, console.receipt_keys, console.encryption_key, "0"
    )
    made = _signed(far, key, elsewhere)
    assert _verdict(far, made.token) == "reader.other_console"


def test_one_spelling_keys_sorted_integers_only(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    token = _signed(far, key, console).token
    header, payload = (unpadded(part) for part in token.split(".")[:2])
    assert header == b'{"alg":"Ed25519","kid":"%s","typ":"reader-read+jws"}' % key.kid.encode()
    told = json.loads(payload)
    assert list(told) == sorted(told)
    assert list(told["reader"]) == sorted(told["reader"])
    assert b", " not in payload
    assert not re.search(rb"\d\.\d|[eE][+-]?\d+[,}]", re.sub(rb'"[^"]*"', b"", payload))
    assert "南" in canonical({"title": "南山路"}).decode()
    for odd in (1.0, datetime.now(UTC), b"", {1: "a"}, [1, 2.5], {"deep": {"er": float("nan")}}):
        with pytest.raises(TypeError):
            canonical({"x": odd})


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text("ab阿é"), part, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc号"), _PLAIN, max_size=4))
def test_whatever_is_signed_reads_back_the_same_and_has_one_spelling(
    value: dict[str, object],
) -> None:
    written = canonical(value)
    assert json.loads(written) == value
    turned = dict(reversed(value.items()))
    assert canonical(turned) == written


@pytest.mark.requirement("004-2.1-c")
def test_what_tells_of_an_identity_card_opens_for_the_console_alone(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    made = _signed(far, key, console, "id")
    header = json.loads(unpadded(made.token.split(".", maxsplit=1)[0]))
    sealing = far.sealing.thumbprint()
    assert {name: header[name] for name in ("alg", "enc", "cty", "kid")} == {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "cty": "JWS",
        "kid": sealing,
    }
    for other in (OKPKey.generate_key("X25519"), OKPKey.generate_key("X25519")):
        with pytest.raises(JoseError):
            jwe.decrypt_compact(made.token, other, registry=_CIPHERS)
    opened = jwe.decrypt_compact(made.token, far.sealing, registry=_CIPHERS).plaintext
    assert opened == _opened_by_hand(made.token, far.sealing)
    assert sha256(opened or b"").hexdigest() == made.sha256
    assert far.read(made.token)[0] == 201
    assert far.reads[0]["card"]["no"] == NUMBER
    assert not any(one in repr(made) for one in (NAME, NUMBER, made.token[:40]))


def _opened_by_hand(token: str, key: OKPKey) -> bytes:
    """RFC 7518, 4.6 with nothing but primitives: the library's opinion is not the only one."""
    head, _, iv, sealed, tag = token.split(".")
    epk = json.loads(unpadded(head))["epk"]
    private = X25519PrivateKey.from_private_bytes(unpadded(str(key.as_dict(private=True)["d"])))
    shared = private.exchange(X25519PublicKey.from_public_bytes(unpadded(epk["x"])))
    info = (7).to_bytes(4, "big") + b"A256GCM" + bytes(8) + (256).to_bytes(4, "big")
    content_key = ConcatKDFHash(SHA256(), 32, info).derive(shared)
    return AESGCM(content_key).decrypt(
        unpadded(iv), unpadded(sealed) + unpadded(tag), head.encode()
    )


def test_the_same_card_sealed_twice_looks_like_two_strangers(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    one, two = (_signed(far, key, console, "id").token.split(".") for _ in range(2))
    assert one[0] != two[0]
    assert one[3] != two[3]


def test_a_fault_of_the_identity_reader_names_nobody_and_goes_as_it_is(
    far: FarConsole, key: DeviceKey, console: Console
) -> None:
    made = _signed(far, key, console, "fault")
    assert made.token.count(".") == 2
    assert far.read(made.token)[0] == 201
    assert far.reads[0]["fault"] == {"code": "mute", "stage": "iccid"}


def test_a_read_has_a_card_or_a_fault(far: FarConsole, key: DeviceKey, console: Console) -> None:
    mute = {"code": "mute", "stage": "iccid"}
    for kind, odd in (
        ("sim", {"card": None}),
        ("sim", {"fault": mute}),
        ("sim", {"card": None, "fault": mute}),
        ("fault", {"fault": None}),
        ("fault", {"card": {"iccid": "x"}, "fault": None}),
    ):
        with pytest.raises(ValueError, match="has a card"):
            _signed(far, key, console, kind, **odd)


def _receipt(far: FarConsole, **header: str) -> str:
    told = {"read_id": "r", "sha256": "00", "accepted_at": "2026-03-02T04:00:00.000Z"}
    given = {"alg": "Ed25519", "typ": RECEIPT, "kid": far.receipts.thumbprint(), **header}
    registry = JWSRegistry(algorithms=["Ed25519", "EdDSA", "none", "HS256"])
    return jws.serialize_compact(given, json.dumps(told), far.receipts, registry=registry)


def _cut_and_joined(end: int, start: int) -> str:
    return _RECEIPT[:end] + _RECEIPT[start:]


def test_a_receipt_by_the_consoles_key_is_believed(far: FarConsole, console: Console) -> None:
    receipt = receipt_of(console, _receipt(far))
    assert receipt.accepted_at == datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA"},
        {"alg": "none"},
        {"kid": "another"},
        {"typ": "reader-read+jws"},
        {"typ": "JWT"},
    ],
    ids=str,
)
def test_no_receipt_is_believed_whose_header_is_another(
    far: FarConsole, console: Console, header: dict[str, str]
) -> None:
    with pytest.raises(ReceiptWrong):
        receipt_of(console, _receipt(far, **header))


def test_a_receipt_that_asks_for_more_than_is_understood_is_not_believed(
    console: Console,
) -> None:
    """RFC 7515, 4.1.11."""
    private = Ed25519PrivateKey.generate()
    jwk = DeviceKey(private).public_jwk
    ours = replace(console, receipt_keys=(jwk,))
    told = b'{"accepted_at":"2026-03-02T04:00:00Z","read_id":"r","sha256":"00"}'
    header = {"typ": RECEIPT, "kid": thumbprint(jwk)}
    assert receipt_of(ours, signed(private, header, told)).read_id == "r"
    with pytest.raises(ReceiptWrong):
        receipt_of(ours, signed(private, {**header, "crit": ["b64"], "b64": False}, told))


def test_no_receipt_is_believed_that_was_altered_or_signed_by_somebody_else(
    far: FarConsole, console: Console
) -> None:
    head, payload, signature = _receipt(far).split(".")
    other = _receipt(FarConsole(), kid=far.receipts.thumbprint())
    second_spelling = signature[:-1] + chr(ord(signature[-1]) + 1)
    assert unpadded(second_spelling) == unpadded(signature)
    for token in (
        other,
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}.{payload}.{signature}=",
        f"{head}.{payload}.{second_spelling}",
        f"{head}.{b64(b'{}')}.{signature}",
        f"{b64(b'[]')}.{payload}.{signature}",
        "",
        "..",
        "é.é.é",
        "a" * 20_000,
    ):
        with pytest.raises(ReceiptWrong):
            receipt_of(console, token)


_RECEIPT = _receipt(_SOMEBODY := FarConsole())


@given(st.text(max_size=80) | st.builds(_cut_and_joined, *[st.integers(0, len(_RECEIPT))] * 2))
def test_no_token_is_too_odd(token: str) -> None:
    jwk = _members(public(_SOMEBODY.receipts))
    console = Console("http://127.0.0.1:1", AUD, "kid", (jwk,), {}, "0.1.0")
    if token != _RECEIPT:
        with pytest.raises(ReceiptWrong):
            receipt_of(console, token)


def test_reads_sort_by_the_time_at_which_they_were_made() -> None:
    at = datetime(2026, 3, 2, 4, tzinfo=UTC)
    ids = [uuid7(at + timedelta(milliseconds=step)) for step in range(50)]
    assert ids == sorted(ids)
    assert {one.version for one in ids} == {7}
    assert {one.variant for one in ids} == {"specified in RFC 4122"}
    assert ids[0].int >> 80 == int(at.timestamp() * 1000)
    assert len({one.int & ((1 << 62) - 1) for one in ids}) == 50
