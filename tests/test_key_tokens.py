"""Keys that a PKCS#11 token keeps, in a real one of software; and keys of SM2."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.keys import (
    Held,
    KeyDamaged,
    KeyLocked,
    KeyRing,
    TokenSafe,
    TokenUnusable,
)
from models.tokens import Alg, KeyRole, RawSign

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
NOW = datetime(2026, 11, 21, 10, 30, 15, tzinfo=UTC)
PIN = "7391"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenSafe]:
    """A fresh token. The module is loaded once in a process, so all tests here share it."""
    home = tmp_path_factory.mktemp("softhsm")
    (home / "tokens").mkdir()
    settings = home / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {home / 'tokens'}\nlog.level = ERROR\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(settings))
        command = ["softhsm2-util", "--init-token", "--free", "--label", "channel"]
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", "0000"], check=True, capture_output=True
        )
        yield TokenSafe(MODULE, "channel", PIN)


@pytest.mark.parametrize("alg", [Alg.ED25519, Alg.ESP256])
def test_a_token_makes_a_key_and_signs_with_it(token: TokenSafe, tmp_path: Path, alg: Alg) -> None:
    keys = KeyRing(tmp_path / "keys", alg=alg, token=token)
    signer = keys.ensure(KeyRole.BADGE, NOW)
    [key] = keys.public_keys(KeyRole.BADGE)
    assert (signer.alg, key.alg) == (alg, alg)
    assert key.has_signed(signer.raw_sign(b"words"), b"words")
    assert not key.has_signed(signer.raw_sign(b"words"), b"other words")
    assert not list((tmp_path / "keys").glob("*.pem"))
    assert keys.ensure(KeyRole.BADGE, NOW).kid == signer.kid


def test_a_name_that_the_token_knows_is_given_to_no_other_key(
    token: TokenSafe, tmp_path: Path
) -> None:
    first = KeyRing(tmp_path / "one", token=token).ensure(KeyRole.BADGE, NOW)
    other = KeyRing(tmp_path / "two", token=token).ensure(KeyRole.BADGE, NOW)
    assert first.kid != other.kid


def test_many_threads_sign_with_one_token(token: TokenSafe, tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "keys", token=token)
    signer = keys.ensure(KeyRole.BADGE, NOW)
    [key] = keys.public_keys(KeyRole.BADGE)
    words = [str(number).encode() for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(signer.raw_sign, words))
    assert all(map(key.has_signed, signatures, words))


def test_another_key_under_a_label_is_refused(token: TokenSafe, tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "keys", token=token)
    first, second = keys.ensure(KeyRole.BADGE, NOW), keys.ensure(KeyRole.REGISTER, NOW)
    card = tmp_path / "keys" / f"{first.kid.hex()}.json"
    other = next(one for one in keys.cards() if one.kid == second.kid.hex())
    text = card.read_text()
    mine = next(one for one in keys.cards() if one.kid == first.kid.hex())
    card.write_text(text.replace(mine.public, other.public))
    with pytest.raises(KeyDamaged, match="not the key on its card"):
        keys.ensure(KeyRole.BADGE, NOW)


def test_files_and_tokens_do_not_sign_for_each_other(token: TokenSafe, tmp_path: Path) -> None:
    in_file = KeyRing(tmp_path / "keys").ensure(KeyRole.BADGE, NOW)
    moved = KeyRing(tmp_path / "keys", token=token)
    in_token = moved.ensure(KeyRole.BADGE, NOW)
    assert in_file.kid != in_token.kid
    assert [card.held for card in moved.cards()] == [Held.FILE, Held.HSM]
    assert KeyRing(tmp_path / "keys").ensure(KeyRole.BADGE, NOW).kid == in_file.kid


@dataclass(frozen=True)
class OldToken:
    """One without Ed25519, as most are."""

    whole: TokenSafe
    held: Held = Held.HSM

    def able(self, alg: Alg) -> Alg | None:
        return None if alg is Alg.SM2 else Alg.ESP256

    def has(self, kid: str) -> bool:
        return self.whole.has(kid)

    def make(self, kid: str, alg: Alg) -> bytes:
        return self.whole.make(kid, alg)

    def open(self, kid: str, alg: Alg, public: bytes) -> RawSign:
        return self.whole.open(kid, alg, public)


def test_a_token_without_ed25519_signs_es256_and_leaves_the_log_to_a_file(
    token: TokenSafe, tmp_path: Path
) -> None:
    keys = KeyRing(tmp_path / "keys", token=OldToken(token))
    assert keys.ensure(KeyRole.BADGE, NOW).alg is Alg.ESP256
    assert keys.ensure(KeyRole.LOG, NOW).alg is Alg.ED25519
    assert {card.role: card.held for card in keys.cards()} == {
        KeyRole.BADGE: Held.HSM,
        KeyRole.LOG: Held.FILE,
    }
    sm2 = KeyRing(tmp_path / "others", alg=Alg.SM2, token=token)
    with pytest.raises(TokenUnusable, match="no SM2 key"):
        sm2.ensure(KeyRole.BADGE, NOW)


# Each is its own process: a module that is loaded holds its user's session.
_WRONG = """
import sys
from integrations.keys import TokenSafe
from models.tokens import Alg
module, label, pin = sys.argv[1:]
try:
    TokenSafe(module, label, pin).able(Alg.ED25519)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("module", "label", "pin", "said"),
    [
        (MODULE, "channel", "0000", KeyLocked.__name__),
        (MODULE, "elsewhere", PIN, TokenUnusable.__name__),
        ("/nowhere/module.so", "channel", PIN, TokenUnusable.__name__),
    ],
)
def test_a_wrong_pin_token_or_module_is_named(
    token: TokenSafe, module: str, label: str, pin: str, said: str
) -> None:
    assert token.label == "channel"
    command = [sys.executable, "-c", _WRONG, module, label, pin]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    assert found.stdout.startswith(said), found.stdout + found.stderr
    assert pin not in found.stdout


def test_a_pin_is_not_told(token: TokenSafe) -> None:
    assert PIN not in repr(token)


def test_an_sm2_key_is_kept_and_opened_by_its_passphrase_only(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "keys", b"correct horse", Alg.SM2)
    signer = keys.ensure(KeyRole.BADGE, NOW)
    [key] = keys.public_keys(KeyRole.BADGE)
    assert key.has_signed(signer.raw_sign(b"words"), b"words")
    assert not key.has_signed(signer.raw_sign(b"words"), b"other words")
    with pytest.raises(KeyLocked, match="no passphrase is set"):
        KeyRing(tmp_path / "keys", None, Alg.SM2).ensure(KeyRole.BADGE, NOW)
    with pytest.raises(KeyLocked, match="does not open it"):
        KeyRing(tmp_path / "keys", b"wrong", Alg.SM2).ensure(KeyRole.BADGE, NOW)
    assert keys.ensure(KeyRole.REGISTER, NOW).alg is Alg.ED25519


@pytest.mark.parametrize("spoilt", [b"", b"-----BEGIN SM2 KEY-----\nAAAA\n", b"\xff\n\xff\n\xff"])
def test_a_spoilt_sm2_key_is_named(tmp_path: Path, spoilt: bytes) -> None:
    keys = KeyRing(tmp_path / "keys", None, Alg.SM2)
    keys.ensure(KeyRole.BADGE, NOW)
    (tmp_path / "keys" / "1a01.pem").write_bytes(spoilt)
    with pytest.raises(KeyDamaged, match="no SM2 key"):
        keys.ensure(KeyRole.BADGE, NOW)
