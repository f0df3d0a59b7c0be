"""The SM2 profile: our vectors, another program's word on them, and what happens without it."""

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from models.tokens import (
    PROFILES,
    Alg,
    Claims,
    Key,
    KeyRole,
    KeySet,
    Malformed,
    Reason,
    Verdict,
    Verifier,
    badge_url,
    cose_key_set,
    jwk_set,
    read_jwk_set,
    sign,
)
from models.tokens import sm2 as room
from models.tokens.sm2 import Sm2PrivateKey, Sm2PublicKey
from tests.test_tokens import CLAIMS, HOST, KID, NOW, SHOP, good

# The key of GM/T 0003.5 annex A.2, whose point is x ‖ y.
SCALAR = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
POINT = bytes.fromhex(
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
MESSAGE = b"message digest"
STANDARD = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
"""r and s of that annex, with the default user id."""
PUBLIC = Sm2PublicKey(POINT)
PRIVATE = Sm2PrivateKey(SCALAR, PUBLIC)
KEY = Key(KID, Alg.SM2, PUBLIC, NOW - 100 * 86_400, NOW + 100 * 86_400)


def test_the_signature_of_the_standard_is_good_and_another_is_not() -> None:
    assert PUBLIC.has_signed(STANDARD, MESSAGE)
    for at in (0, 31, 32, 63):
        spoilt = bytearray(STANDARD)
        spoilt[at] ^= 1
        assert not PUBLIC.has_signed(bytes(spoilt), MESSAGE)
    assert not PUBLIC.has_signed(STANDARD, b"message digesT")
    assert not PUBLIC.has_signed(bytes(64), MESSAGE)
    assert not PUBLIC.has_signed(b"\xff" * 64, MESSAGE)
    assert not PUBLIC.has_signed(STANDARD[:-1], MESSAGE)


def verdict_of(token: bytes, keys: KeySet) -> tuple[Verdict, Reason]:
    answer = Verifier({HOST}, keys, good).verify(badge_url(HOST, token), SHOP, NOW)
    return answer.verdict, answer.reason


def test_a_badge_of_the_sm2_profile_is_as_long_as_any_and_valid() -> None:
    token = sign(CLAIMS, KID, PRIVATE.sign, Alg.SM2)
    assert len(token) == 192  # its algorithm number takes four bytes more
    assert verdict_of(token, KeySet([KEY])) == (Verdict.VALID, Reason.IN_ORDER)
    assert verdict_of(token[:-1] + b"\0", KeySet([KEY]))[0] is Verdict.FORGED
    assert Claims.from_bytes(bytes(CLAIMS)) == CLAIMS


def test_without_the_library_the_key_is_a_stranger_and_nothing_is_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = sign(CLAIMS, KID, PRIVATE.sign, Alg.SM2)
    monkeypatch.setattr("models.tokens.cose.is_installed", lambda: False)
    assert verdict_of(token, KeySet([KEY])) == (Verdict.FORGED, Reason.UNKNOWN_KEY)


def test_without_the_library_signing_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "is_installed", lambda: False)
    room.library.cache_clear()
    with pytest.raises(room.Sm2Missing, match="extra sm2"):
        Sm2PrivateKey.generate()
    room.library.cache_clear()


def test_an_sm2_key_is_published_under_names_of_our_own() -> None:
    keys = {KeyRole.BADGE: [KEY]}
    published = jwk_set(keys)
    (row,) = published["keys"]  # type: ignore[misc]
    assert (row["kty"], row["crv"], row["alg"]) == ("EC", "SM2", "SM2-SM3")  # type: ignore[index]
    assert read_jwk_set(json.dumps(published))[KeyRole.BADGE] == [KEY]
    assert cose_key_set(keys).startswith(b"\x81")
    assert PROFILES["sm2"] < -65536


@pytest.mark.parametrize("point", [bytes(64), POINT[:-1], POINT[:-1] + b"\0", b"\xff" * 64])
def test_what_is_no_point_of_the_curve_is_no_key(point: bytes) -> None:
    with pytest.raises(ValueError, match="no point"):
        Sm2PublicKey(point)


def test_a_published_sm2_key_of_another_curve_is_refused() -> None:
    published = jwk_set({KeyRole.BADGE: [KEY]})
    text = json.dumps(published).replace('"SM2"', '"P-256"')
    with pytest.raises(Malformed):
        read_jwk_set(text)


_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200 04".replace(" ", ""))
"""DER around a point: id-ecPublicKey on sm2p256v1 (1.2.156.10197.1.301)."""


def test_openssl_says_the_same_of_our_signature(tmp_path: Path) -> None:
    signature = PRIVATE.sign(b"of our own making")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    (tmp_path / "key.der").write_bytes(_SPKI + POINT)
    (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))

    def holds(message: bytes) -> bool:
        (tmp_path / "message").write_bytes(message)
        command = [
            "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.der", "-keyform", "DER",
            "-rawin", "-in", "message", "-digest", "sm3", "-sigfile", "signature",
            "-pkeyopt", f"distid:{room.USER_ID.decode()}",
        ]  # fmt: skip
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "rror" not in found.stderr, found.stderr
        return found.returncode == 0

    assert holds(b"of our own making")
    assert not holds(b"of another's making")
