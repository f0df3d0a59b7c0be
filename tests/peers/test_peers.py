"""What we call genuine, libraries that we did not write call genuine too; and nothing spoilt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.actions.channel.badges import list_badges
from console.actions.channel.keys import signer
from console.actions.channel.publish import jws, prepare_publication, publish
from console.actions.channel.status_lists import status_list
from console.desk import House
from integrations.keys import KeyRing
from models.tokens import Alg, Key, KeyRole, Verdict, jwk_set, sign
from models.tokens.cases import CaseFile
from models.tokens.claims import token_of
from models.tokens.cose import read_sign1
from tests.channel.stories import licensed
from tests.conftest import NOON, Desks
from tests.peers import Sample, accepted_by_pycose, accepted_on_node
from tests.test_tokens import CASES, CLAIMS, KID, NOW

NOT_SIGNED = {Verdict.FORGED, Verdict.NOT_OURS}


def of_the_case_file() -> Iterator[Sample]:
    """Every token of a case that is not forged, and every list."""
    cases = CaseFile.model_validate_json(CASES.read_text("utf-8"))
    keys = {row.as_key().kid: row.as_key() for row in cases.keys}

    def sample(name: str, token: bytes) -> Sample:
        kid = next(kid for kid in keys if kid in read_sign1(token).protected)
        return Sample(name, token, keys[kid])

    for case in cases.cases:
        if case.expect not in NOT_SIGNED:
            digits = case.qr.rpartition("/b/")[2].partition("#")[0].partition("?")[0]
            yield sample(case.name, token_of(digits))
    for name, text in cases.lists.items():
        if text:
            yield sample(f"list {name}", bytes.fromhex(text))


def of_each_algorithm(folder: Path) -> Iterator[Sample]:
    for alg in (Alg.ED25519, Alg.ESP256, Alg.EDDSA, Alg.ES256):
        ring = KeyRing(folder / alg.name, alg=alg)
        by = ring.ensure(KeyRole.BADGE, NOON)
        (key,) = ring.public_keys(KeyRole.BADGE)
        yield Sample(alg.name, sign(CLAIMS, by.kid, by.raw_sign, alg), key)


def of_a_fixed_key() -> Sample:
    private = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
    key = Key(KID, Alg.ED25519, private.public_key(), NOW - 1, NOW + 1)
    return Sample("fixed", sign(CLAIMS, KID, private.sign), key)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    keys = tmp_path_factory.mktemp("peers")
    return [*of_the_case_file(), *of_each_algorithm(keys), of_a_fixed_key()]


@pytest.mark.requirement("004-3.1-e")
def test_every_sample_is_genuine_to_pycose_taught_the_two_new_numbers(
    samples: list[Sample],
) -> None:
    assert len(samples) > 30
    assert [one.name for one in samples if not accepted_by_pycose(one)] == []


@pytest.mark.requirement("004-3.1-e")
def test_every_sample_is_genuine_to_cborg_and_webcrypto_on_node(samples: list[Sample]) -> None:
    found = accepted_on_node(samples)
    assert [one.name for one, is_good in zip(samples, found, strict=True) if not is_good] == []


def test_no_sample_with_a_flipped_bit_is_genuine_to_either(samples: list[Sample]) -> None:
    spoilt = [one.flipped(97 * place + 16) for place, one in enumerate(samples)]
    spoilt += [of_a_fixed_key().flipped(bit) for bit in range(0, 8 * 185, 5)]
    assert [one.name for one in spoilt if accepted_by_pycose(one)] == []
    found = accepted_on_node(spoilt)
    assert [one.name for one, is_good in zip(spoilt, found, strict=True) if is_good] == []


def test_a_signed_manifest_is_genuine_to_jose_and_a_changed_one_is_not(
    desks: Desks, house: House
) -> None:
    licensed(desks)
    edition = publish(desks.approver, prepare_publication(desks.manager).id)
    assert edition.signature is not None
    keys = jwk_set({role: house.keys.public_keys(role) for role in KeyRole})
    header, payload, signature = edition.signature.split(".")
    other = jws(signer(desks.house, KeyRole.REGISTER), b"{}").split(".")[1]
    asked = [
        (edition.signature, keys),
        (f"{header}.{other}.{signature}", keys),
        (f"{header}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}", keys),
    ]
    assert accepted_on_node([], asked) == [True, False, False]


def test_what_a_house_signs_is_genuine_to_both(desks: Desks, house: House) -> None:
    licensed(desks)
    (badge,) = list_badges(desks.manager).rows
    listed = status_list(house, 1)
    (badge_key,) = house.keys.public_keys(KeyRole.BADGE)
    (list_key,) = house.keys.public_keys(KeyRole.STATUS_LIST)
    own = [
        Sample("badge", badge.token or b"", badge_key),
        Sample("list", listed, list_key),
    ]
    assert all(map(accepted_by_pycose, own))
    assert accepted_on_node(own) == [True, True]
