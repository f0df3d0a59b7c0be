"""Keys in files: who gets which, who may read them, what remains of them."""

import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.keys import (
    KeyDamaged,
    KeyFileOpen,
    KeyLocked,
    KeyRing,
    Keys,
    KeysExhausted,
    Signer,
)
from models.tokens import Alg, KeyRole

NOW = datetime(2026, 11, 21, 10, 30, 15, 999, UTC)
A_YEAR = timedelta(days=366)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_a_key_is_made_once_and_found_again(folder: Path) -> None:
    first = KeyRing(folder).ensure(KeyRole.BADGE, NOW)
    again = KeyRing(folder).ensure(KeyRole.BADGE, NOW + timedelta(days=30))
    assert first.kid == again.kid == bytes.fromhex("1a01")
    assert first.raw_sign(b"words") == again.raw_sign(b"words")
    assert first.not_before == NOW.replace(microsecond=0)
    assert first.not_after == first.not_before + A_YEAR


def test_a_key_signs_in_one_role_only(folder: Path) -> None:
    keys = KeyRing(folder)
    signers = [keys.ensure(role, NOW) for role in KeyRole]
    assert len({signer.kid for signer in signers}) == len(KeyRole)
    for signer in signers:
        assert [key.kid for key in keys.public_keys(signer.role)] == [signer.kid]


@pytest.mark.parametrize("alg", [Alg.ED25519, Alg.ESP256])
def test_what_a_key_signs_its_public_side_confirms(folder: Path, alg: Alg) -> None:
    keys = KeyRing(folder, alg=alg)
    signature = keys.ensure(KeyRole.BADGE, NOW).raw_sign(b"words")
    [key] = keys.public_keys(KeyRole.BADGE)
    assert len(signature) == 64
    assert key.alg is alg
    assert key.has_signed(signature, b"words")
    assert not key.has_signed(signature, b"other words")


def test_the_ring_is_one_kind_of_keys(folder: Path) -> None:
    keys: Keys = KeyRing(folder)
    signer: Signer = keys.ensure(KeyRole.LOG, NOW)
    assert signer.role is KeyRole.LOG


def test_files_are_closed_to_others(folder: Path) -> None:
    KeyRing(folder).ensure(KeyRole.BADGE, NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.iterdir()} == {".lock", "1a01.pem", "1a01.json"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["1a01.pem", "1a01.json", "."])
@pytest.mark.parametrize("mode", [0o040, 0o004, 0o020])
def test_a_key_that_others_may_reach_signs_nothing(folder: Path, name: str, mode: int) -> None:
    keys = KeyRing(folder)
    keys.ensure(KeyRole.BADGE, NOW)
    path = folder / name
    path.chmod(path.stat().st_mode | mode)
    with pytest.raises(KeyFileOpen, match=r"chmod [67]00 it"):
        keys.ensure(KeyRole.BADGE, NOW)


def test_a_link_in_place_of_a_key_is_not_followed(folder: Path, tmp_path: Path) -> None:
    KeyRing(folder).ensure(KeyRole.BADGE, NOW)
    (folder / "1a01.pem").rename(tmp_path / "elsewhere.pem")
    (folder / "1a01.pem").symlink_to(tmp_path / "elsewhere.pem")
    with pytest.raises(KeyDamaged):
        KeyRing(folder).ensure(KeyRole.BADGE, NOW)


def test_a_sealed_key_opens_by_its_passphrase_only(folder: Path) -> None:
    made = KeyRing(folder, b"correct horse").ensure(KeyRole.BADGE, NOW)
    assert b"ENCRYPTED" in (folder / "1a01.pem").read_bytes()
    found = KeyRing(folder, b"correct horse").ensure(KeyRole.BADGE, NOW)
    assert found.raw_sign(b"words") == made.raw_sign(b"words")
    with pytest.raises(KeyLocked, match="no passphrase is set"):
        KeyRing(folder).ensure(KeyRole.BADGE, NOW)
    with pytest.raises(KeyLocked, match="does not open it"):
        KeyRing(folder, b"wrong").ensure(KeyRole.BADGE, NOW)


def test_another_key_under_the_same_name_is_refused(folder: Path) -> None:
    keys = KeyRing(folder)
    keys.ensure(KeyRole.BADGE, NOW)
    keys.ensure(KeyRole.LOG, NOW)
    (folder / "1a02.pem").replace(folder / "1a01.pem")
    with pytest.raises(KeyDamaged, match="not the key on its card"):
        keys.ensure(KeyRole.BADGE, NOW)


@pytest.mark.parametrize("card", [b"", b"{}", b'{"kid": "1a01", "role": "cook"}'])
def test_a_spoilt_card_is_an_error_and_no_reason_for_a_new_key(folder: Path, card: bytes) -> None:
    keys = KeyRing(folder)
    keys.ensure(KeyRole.BADGE, NOW)
    (folder / "1a01.json").write_bytes(card)
    with pytest.raises(KeyDamaged):
        keys.ensure(KeyRole.BADGE, NOW)


def test_a_key_whose_making_was_cut_off_never_signs(folder: Path) -> None:
    keys = KeyRing(folder)
    keys.ensure(KeyRole.BADGE, NOW)
    (folder / "1a01.json").unlink()
    (folder / ".draft-1").write_bytes(b"half a ca")
    assert keys.ensure(KeyRole.BADGE, NOW).kid.hex() == "1a02"


def test_when_a_key_ends_the_next_one_signs_and_both_stay_published(folder: Path) -> None:
    keys = KeyRing(folder)
    old = keys.ensure(KeyRole.BADGE, NOW)
    new = keys.ensure(KeyRole.BADGE, old.not_after)
    assert (old.kid.hex(), new.kid.hex()) == ("1a01", "1b01")
    assert [key.kid for key in keys.public_keys(KeyRole.BADGE)] == [old.kid, new.kid]


def test_rotation_changes_the_signing_key_at_once(folder: Path) -> None:
    keys = KeyRing(folder)
    keys.ensure(KeyRole.BADGE, NOW)
    new = keys.rotate(KeyRole.BADGE, NOW)
    assert keys.ensure(KeyRole.BADGE, NOW).kid == new.kid == bytes.fromhex("1a02")


def test_a_lost_key_signs_no_more(folder: Path) -> None:
    keys = KeyRing(folder)
    lost = keys.ensure(KeyRole.BADGE, NOW)
    keys.revoke(lost.kid, NOW)
    later = keys.revoke(lost.kid, NOW + timedelta(days=9))
    assert later.revoked_at == int(NOW.timestamp())
    assert keys.ensure(KeyRole.BADGE, NOW).kid != lost.kid
    assert keys.public_keys(KeyRole.BADGE)[0].revoked_at == int(NOW.timestamp())


def test_a_year_has_255_keys(folder: Path) -> None:
    keys = KeyRing(folder)
    keys.ensure(KeyRole.BADGE, NOW)
    (folder / "1aff.pem").touch(mode=0o600)
    with pytest.raises(KeysExhausted):
        keys.rotate(KeyRole.BADGE, NOW)


def test_a_ring_that_signed_nothing_has_no_public_keys(folder: Path) -> None:
    assert KeyRing(folder).public_keys(KeyRole.BADGE) == []
    assert not folder.exists()


# Reads lines: at each it makes sure of a key in the folder named there, and says whose it is.
_ENSURING = """
import sys
from datetime import datetime
from pathlib import Path
from integrations.keys import KeyRing
from models.tokens import KeyRole
for line in sys.stdin:
    signer = KeyRing(Path(line.strip())).ensure(KeyRole.BADGE, datetime.fromisoformat(sys.argv[1]))
    print(signer.kid.hex(), signer.raw_sign(b"words").hex(), flush=True)
"""


def test_processes_that_start_together_end_with_the_same_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ENSURING, NOW.isoformat()]
    pipe = subprocess.PIPE
    with ExitStack() as ended:
        started = [
            ended.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            for _ in range(4)
        ]
        for turn in range(5):
            folder = tmp_path / str(turn)
            for process in started:
                assert process.stdin
                process.stdin.write(f"{folder}\n")
                process.stdin.flush()
            found = {process.stdout.readline() for process in started if process.stdout}
            assert len(found) == 1
            assert found != {""}
            assert len(list(folder.glob("*.pem"))) == 1
        for process in started:
            assert process.stdin
            process.stdin.close()
