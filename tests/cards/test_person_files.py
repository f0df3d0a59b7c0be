"""Files of persons: encrypted or not read, every row checked, and nothing of anybody told."""

import json
import os
import traceback
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from joserfc import jwe
from joserfc.jwe import FlattenedJSONEncryption
from joserfc.jwk import OKPKey

from integrations.keys import KeyFileOpen, KeyLocked
from integrations.person_files import RecipientKeys, read_person_file, seal_person_file
from integrations.person_files.envelope import MOST_BYTES
from models.cards.persons import (
    CaptureMethod,
    DocumentKind,
    PersonFault,
    PersonReason,
    PersonRole,
    PersonRow,
)
from models.refusals import Invalid
from tests.persons import CARD, as_csv, as_lines, ending_in_x, resident, told, told_user

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
ALG, ENC = "ECDH-ES+A256KW", "A256GCM"
Sealing = Callable[[bytes, OKPKey], bytes]


@pytest.fixture
def keys(tmp_path: Path) -> RecipientKeys:
    return RecipientKeys.of(tmp_path / "keys")


def public(keys: RecipientKeys) -> OKPKey:
    return OKPKey.import_key({name: keys.public()[name] for name in ("kty", "crv", "x")})


def compact(content: bytes, key: OKPKey, **header: str) -> bytes:
    return jwe.encrypt_compact({"alg": ALG, "enc": ENC, **header}, content, key).encode()


def agreed_directly(content: bytes, key: OKPKey) -> bytes:
    return jwe.encrypt_compact({"alg": "ECDH-ES", "enc": ENC}, content, key).encode()


def flattened(content: bytes, key: OKPKey) -> bytes:
    sealed = FlattenedJSONEncryption({"alg": ALG, "enc": ENC}, content)
    sealed.add_recipient(None, key)
    return json.dumps(jwe.encrypt_json(sealed, None)).encode()


def flattened_with_all_protected(content: bytes, key: OKPKey) -> bytes:
    """As most libraries write it: the ephemeral key stands in the protected header."""
    names = ("protected", "encrypted_key", "iv", "ciphertext", "tag")
    parts = compact(content, key).decode().split(".")
    return json.dumps(dict(zip(names, parts, strict=True)), indent=2).encode()


def by_hand(content: bytes, public_key: bytes) -> bytes:
    """RFC 7516 and 7518 step by step, with a header that no library writes like that."""
    ephemeral = X25519PrivateKey.generate()
    x = ephemeral.public_key().public_bytes_raw()
    header = {"enc": ENC, "epk": {"x": b64(x), "crv": "X25519", "kty": "OKP"}, "alg": ALG}
    protected = b64(json.dumps(header, indent=1).encode())
    agreed = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    length = len(ALG).to_bytes(4)
    info = length + ALG.encode() + bytes(8) + (256).to_bytes(4)
    wrapping = ConcatKDFHash(SHA256(), 32, info).derive(agreed)
    content_key, iv = os.urandom(32), os.urandom(12)
    sealed = AESGCM(content_key).encrypt(iv, content, protected.encode())
    parts = aes_key_wrap(wrapping, content_key), iv, sealed[:-16], sealed[-16:]
    names = ("encrypted_key", "iv", "ciphertext", "tag")
    told_parts = zip(names, map(b64, parts), strict=True)
    return json.dumps({"protected": protected, **dict(told_parts)}).encode()


def b64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def read(keys: RecipientKeys, content: bytes) -> Sequence[PersonRow | PersonFault]:
    return list(read_person_file(content, keys, NOW))


def rows(keys: RecipientKeys, *told_rows: dict[str, str]) -> Sequence[PersonRow | PersonFault]:
    return read(keys, compact(as_csv(told_rows), public(keys)))


def refusal(keys: RecipientKeys, content: bytes) -> Invalid:
    with pytest.raises(Invalid) as no:
        read(keys, content)
    return no.value


@pytest.mark.requirement("004-2.1-b")
@pytest.mark.parametrize(
    "sealing", [compact, agreed_directly, flattened, flattened_with_all_protected]
)
@pytest.mark.parametrize("written", [as_csv, as_lines])
def test_a_file_encrypted_for_the_house_is_read(
    keys: RecipientKeys, sealing: Sealing, written: Callable[[Any], bytes]
) -> None:
    first, second = read(keys, sealing(written([told(1), told_user(2)]), public(keys)))
    assert isinstance(first, PersonRow)
    assert (first.name, first.document_no, first.phone, first.position) == (
        "欧阳试验", resident(1), "13800130001", "车队主管",
    )  # fmt: skip
    assert first.verified_at == datetime(2026, 2, 27, 1, 30, tzinfo=UTC)
    assert first.verified_how is CaptureMethod.ID_READER
    assert isinstance(second, PersonRow)
    assert (second.role, second.iccid, second.site) == (
        PersonRole.CARD_USER, CARD, "广州市天河区 3 号充电站",
    )  # fmt: skip


def test_a_header_in_anothers_spelling_opens_as_well(keys: RecipientKeys) -> None:
    """What is authenticated is the header as it was sent, not as we would have written it."""
    sealed = by_hand(as_csv([told()]), urlsafe_b64decode(keys.public()["x"] + "="))
    assert isinstance(read(keys, sealed)[0], PersonRow)


def test_the_public_key_is_x25519_and_stays(keys: RecipientKeys) -> None:
    shown = keys.public()
    assert shown == RecipientKeys.of(keys.folder.path).public()
    assert (shown["kty"], shown["crv"], shown["use"], shown["alg"]) == ("OKP", "X25519", "enc", ALG)
    assert "d" not in shown
    assert {path.stat().st_mode & 0o777 for path in keys.folder.path.iterdir()} == {0o600}


def test_a_new_key_takes_over_and_the_old_one_still_opens(keys: RecipientKeys) -> None:
    before, old = compact(as_csv([told()]), public(keys)), keys.public()["kid"]
    assert keys.renew()["kid"] != old
    assert keys.public()["kid"] != old
    assert isinstance(read(keys, before)[0], PersonRow)
    assert isinstance(read(keys, compact(as_csv([told()]), public(keys)))[0], PersonRow)


def test_the_private_side_obeys_passphrase_and_mode(tmp_path: Path) -> None:
    sealed = RecipientKeys.of(tmp_path / "keys", "correct horse")
    kid = sealed.public()["kid"]
    assert RecipientKeys.of(tmp_path / "keys", "correct horse").public()["kid"] == kid
    for wrong in (None, "wrong"):
        with pytest.raises(KeyLocked):
            RecipientKeys.of(tmp_path / "keys", wrong).private()
    (tmp_path / "keys/recipient-1.pem").chmod(0o640)
    with pytest.raises(KeyFileOpen):
        sealed.private()


@pytest.mark.requirement("004-2.1-c")
@pytest.mark.parametrize(
    "content",
    [
        as_csv([told()]),
        as_lines([told()]),
        as_lines([told(), told(2)]),
        as_csv([told()]).decode().encode("gb18030"),
        b"PK\x03\x04 a workbook",
    ],
    ids=["csv", "one line", "lines", "gb18030", "workbook"],
)
def test_a_plain_file_is_not_read_and_says_how_to_encrypt(
    keys: RecipientKeys, content: bytes
) -> None:
    assert refusal(keys, content).code == "persons.plain"


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00\x01\x02", b"\x85\x03\x00", b"a.b.c.d.e", b"e30.b.c.d.e", b"W10.b.c.d.e"],
)
def test_what_is_no_jwe_says_so(keys: RecipientKeys, content: bytes) -> None:
    assert refusal(keys, content).code in {"persons.not_jwe", "persons.other_cipher"}


def test_a_file_for_another_house_names_the_key_to_use(keys: RecipientKeys) -> None:
    keys.public()
    other = OKPKey.generate_key("X25519")
    named = compact(as_csv([told()]), other, kid=other.thumbprint())
    assert refusal(keys, named).code == "persons.other_key"
    assert refusal(keys, named).facts == {"kid": keys.public()["kid"]}
    assert refusal(keys, compact(as_csv([told()]), other)).code == "persons.damaged"


@pytest.mark.parametrize("part", range(5))
def test_a_damaged_file_is_refused_whole(keys: RecipientKeys, part: int) -> None:
    parts = compact(as_csv([told()]), public(keys)).split(b".")
    for changed in (b"", parts[part][:-3], b"A" * 8 + parts[part][8:], parts[part] + b"AAAA"):
        content = b".".join([*parts[:part], changed, *parts[part + 1 :]])
        no = refusal(keys, content)
        assert no.code in {"persons.damaged", "persons.not_jwe", "persons.other_cipher"}


@pytest.mark.parametrize("member", ["header", "unprotected", "aad", "iv", "tag", "ciphertext"])
def test_a_damaged_json_file_is_refused_whole(keys: RecipientKeys, member: str) -> None:
    whole = json.loads(flattened(as_csv([told()]), public(keys)))
    for value in ("AAAA", {"crit": ["x"]}, {"enc": ENC}, 7, None, ["x"]):
        no = refusal(keys, json.dumps({**whole, member: value}).encode())
        assert no.code in {"persons.damaged", "persons.not_jwe", "persons.other_cipher"}


def test_other_ciphers_and_compression_are_refused(keys: RecipientKeys) -> None:
    key = public(keys)
    for header in ({"enc": "A128CBC-HS256"}, {"zip": "DEF"}, {"alg": "ECDH-ES+A128KW"}):
        sealed = jwe.encrypt_compact({"alg": ALG, "enc": ENC, **header}, as_csv([told()]), key)
        assert refusal(keys, sealed.encode()).code == "persons.other_cipher"


def test_a_file_is_no_larger_than_agreed(keys: RecipientKeys) -> None:
    assert refusal(keys, bytes(MOST_BYTES + 1)).code == "persons.too_large"


@pytest.mark.parametrize(
    ("plain", "code", "facts"),
    [
        (b"", "persons.empty", {}),
        (b"\xff\xfe" + as_csv([told()]), "persons.not_utf8", {}),
        (as_csv([{**told(), "sex": "F"}]), "persons.unknown_columns", {"places": [14]}),
        (as_csv([told()]).split(b"\n", 1)[1], "persons.unknown_columns", {}),
        (b"batch,batch,role\n", "persons.double_column", {}),
        (b"batch,role,iccid\n", "persons.missing_columns", {}),
        (as_csv([told()]) + b'"open', "persons.broken_row", {"row": 3}),
        (as_lines([told(), {**told(2), "sex": "F"}]), "persons.unknown_names", {"row": 2}),
    ],
)
def test_a_file_whose_form_is_wrong_is_refused(
    keys: RecipientKeys, plain: bytes, code: str, facts: dict[str, object]
) -> None:
    no = refusal(keys, compact(plain, public(keys)))
    assert no.code == code
    assert facts.items() <= no.facts.items()


WRONG = [
    ({"batch": ""}, "batch", PersonReason.MISSING),
    ({"batch": "H" * 65}, "batch", PersonReason.TOO_LONG),
    ({"role": "boss"}, "role", PersonReason.UNKNOWN_WORD),
    ({"name": " \u3000"}, "name", PersonReason.MISSING),
    ({"name": "张三1"}, "name", PersonReason.FORMAT),
    ({"name": "张" * 65}, "name", PersonReason.TOO_LONG),
    ({"document_kind": "driving_licence"}, "document_kind", PersonReason.UNKNOWN_WORD),
    ({"document_no": ""}, "document_no", PersonReason.MISSING),
    ({"document_no": "110101900307001"}, "document_no", PersonReason.FIRST_GENERATION),
    ({"document_no": resident()[:-1] + "?"}, "document_no", PersonReason.FORMAT),
    ({"document_no": resident(born="19900231")}, "document_no", PersonReason.DATE),
    ({"document_no": resident(born="20270101")}, "document_no", PersonReason.FUTURE),
    ({"document_no": resident(region="810000")}, "document_no", PersonReason.OTHER_KIND),
    ({"document_kind": "passport"}, "document_no", PersonReason.FORMAT),
    ({"phone": "12345"}, "phone", PersonReason.FORMAT),
    ({"verified_at": "2026-02-27"}, "verified_at", PersonReason.FORMAT),
    ({"verified_at": "2026-03-02T12:00:01+08:00"}, "verified_at", PersonReason.FUTURE),
    ({"verified_how": "by_eye"}, "verified_how", PersonReason.UNKNOWN_WORD),
    ({"verified_how": "online_compare"}, "compare_ref", PersonReason.MISSING),
    ({"iccid": CARD}, "iccid", PersonReason.NOT_OF_ROLE),
    ({"site": "广州"}, "site", PersonReason.NOT_OF_ROLE),
    ({"position": f"主管 {resident(9)}"}, "position", PersonReason.IDENTITY_INSIDE),
    ({"compare_ref": resident(9)}, "compare_ref", PersonReason.IDENTITY_INSIDE),
    ({"batch": f"HYK-{resident(1)}"}, "batch", PersonReason.IDENTITY_INSIDE),
    ({"position": "主管 138 0013 0001"}, "position", PersonReason.IDENTITY_INSIDE),
]  # fmt: skip


@pytest.mark.parametrize(("given", "field", "reason"), WRONG)
def test_a_fault_names_row_and_field(
    keys: RecipientKeys, given: dict[str, str], field: str, reason: PersonReason
) -> None:
    found = rows(keys, told(2), told(1, **given))
    assert found[1] == PersonFault(3, field, reason)


def test_a_wrong_check_digit_is_told_from_another_form(keys: RecipientKeys) -> None:
    number = resident()
    other = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert rows(keys, told(document_no=other)) == [
        PersonFault(2, "document_no", PersonReason.CHECKSUM)
    ]


def test_a_card_user_has_a_card_and_no_position(keys: RecipientKeys) -> None:
    found = rows(
        keys, told_user(1, iccid=""), told_user(2, iccid="8986"), told_user(3, position="x")
    )
    assert found == [
        PersonFault(2, "iccid", PersonReason.MISSING),
        PersonFault(3, "iccid", PersonReason.FORMAT),
        PersonFault(4, "position", PersonReason.NOT_OF_ROLE),
    ]


@pytest.mark.requirement("004-2.1-c")
@pytest.mark.parametrize("word", ["manual", "MANUAL ", "manual_entry"])
def test_what_was_typed_by_hand_is_refused_by_that_name(keys: RecipientKeys, word: str) -> None:
    assert rows(keys, told(verified_how=word)) == [
        PersonFault(2, "verified_how", PersonReason.MANUAL_ENTRY)
    ]


@pytest.mark.parametrize(
    ("kind", "number", "kept"),
    [
        ("resident", ending_in_x().lower(), ending_in_x()),
        ("hmt_permit", resident(region="830000"), resident(region="830000")),
        ("foreign_permanent", resident(region="911101"), resident(region="911101")),
        ("passport", "e1234567 8", "E12345678"),
        ("travel_permit", "h12345678", "H12345678"),
        ("military", "军字第1234567号", "军字第1234567号"),
    ],
)
def test_documents_of_every_kind_are_taken(
    keys: RecipientKeys, kind: str, number: str, kept: str
) -> None:
    [found] = rows(keys, told(document_kind=kind, document_no=number))
    assert isinstance(found, PersonRow)
    assert (found.document_kind, found.document_no) == (DocumentKind(kind), kept)


def test_a_row_that_is_none_is_a_fault_and_empty_ones_are_nothing(keys: RecipientKeys) -> None:
    plain = as_csv([told()]) + b"\r\n,,,\r\nHYK-1,card_user\r\n"
    found = read(keys, compact(plain, public(keys)))
    assert found[1:] == [PersonFault(5, "row", PersonReason.NO_ROW)]
    odd = ["[]", "7", '{"batch": 7}', '{"batch": "a", "batch": "b"}', "{", "[" * 100_000, "{}"]
    lines = read(keys, compact("\n".join(['{"batch": null}', *odd]).encode(), public(keys)))
    assert [getattr(one, "field", None) for one in lines] == ["role", *["row"] * 6, "role"]


def carried(error: BaseException | None) -> str:
    """All that a log of the exception could hold, with what it was raised from."""
    if error is None:
        return ""
    own = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error.args)
    return own + carried(error.__cause__) + carried(error.__context__)


@pytest.mark.parametrize(
    "plain",
    [
        as_csv([{**told(), "sex": "F"}]),
        as_csv([told()]).split(b"\n", 1)[1],
        as_csv([told()]) + b'"open',
        as_csv([told()]) + b"\xff",
        as_lines([{**told(), resident(): "x"}]),
    ],
)
def test_no_refusal_carries_anything_of_a_person(keys: RecipientKeys, plain: bytes) -> None:
    said = carried(refusal(keys, compact(plain, public(keys))))
    assert not any(one in said for one in ("欧阳试验", resident(), "13800130001", "车队主管"))


def test_no_fault_carries_anything_of_a_person(keys: RecipientKeys) -> None:
    found = rows(keys, *(told(1, **given) for given, _, _ in WRONG))
    assert all(isinstance(one, PersonFault) for one in found)
    said = repr(found)
    assert not any(one in said for one in ("欧阳", resident()[:10], "1380013", "主管"))


def test_who_sends_a_file_can_make_it_and_hears_of_faults_first(keys: RecipientKeys) -> None:
    key = json.dumps(dict(keys.public()))
    sealed, faults = seal_person_file(as_csv([told(1), told_user(2)]), key, NOW)
    assert faults == []
    assert [type(one) for one in read(keys, sealed)] == [PersonRow, PersonRow]
    lines, faults = seal_person_file(as_lines([told(1), told(2, phone="1")]), key, NOW)
    assert faults == [PersonFault(2, "phone", PersonReason.FORMAT)]
    assert resident(1).encode() not in sealed + lines


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("", "persons.not_a_key"),
        ("[]", "persons.not_a_key"),
        ('{"kty": "EC", "crv": "P-256"}', "persons.not_a_key"),
        (json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False)), "persons.not_a_key"),
        (json.dumps(OKPKey.generate_key("X25519").as_dict(private=True)), "persons.private_key"),
    ],
    ids=["empty", "list", "half", "for_signing", "private"],
)
def test_only_a_public_key_is_encrypted_to(key: str, code: str) -> None:
    with pytest.raises(Invalid) as no:
        seal_person_file(as_csv([told()]), key, NOW)
    assert no.value.code == code
