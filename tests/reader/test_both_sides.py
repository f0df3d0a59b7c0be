"""The agent and the console share no code, so each is shown what the other one writes."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from integrations.reader_tokens import Token, is_sealed, opened_envelope, read_key, written
from integrations.reader_tokens import fingerprint as consoles_fingerprint
from models.checks.wire import Assertion, Enrolment, SignedRead, parsed, version_of
from reader_agent.build import Agent, this_agent
from reader_agent.jws import unb64
from reader_agent.kept.device_key import DeviceKey
from reader_agent.refusals import ReceiptWrong
from reader_agent.wire import envelope
from reader_agent.wire.pairing import Console
from tests.reader.far_console import AUD, FarConsole, nonce, public
from tests.reader.laptop import NUMBER, facts

_AT = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.fixture
def far() -> FarConsole:
    return FarConsole()


@pytest.fixture
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def key(private: Ed25519PrivateKey) -> DeviceKey:
    return DeviceKey(private)


def _console(far: FarConsole, receipts: DeviceKey, kid: str) -> Console:
    sealing = {name: str(public(far.sealing)[name]) for name in ("crv", "kty", "x")}
    return Console("http://127.0.0.1:1", AUD, kid, (receipts.public_jwk,), sealing, "0.1.0")


def test_the_console_knows_a_key_that_enrols_by_the_same_name(key: DeviceKey) -> None:
    sent = envelope.enrolment_token(key, "ABCDE23456", "", this_agent())
    read = Token.read(sent, envelope.ENROLMENT)
    public_key = read_key(read.header["jwk"])
    told = parsed(Enrolment, read.payload(public_key))
    assert (told.code, told.host, told.agent.build) == ("ABCDE23456", "-", this_agent().build)
    assert consoles_fingerprint(public_key) == key.fingerprint


def test_the_console_takes_an_assertion(key: DeviceKey) -> None:
    sent = envelope.assertion_token(key, AUD, this_agent(), _AT, -1200)
    read = Token.read(sent, envelope.ASSERTION)
    told = parsed(Assertion, read.payload(unb64(key.public_jwk["x"])))
    assert (read.kid, told.aud, told.iat) == (key.kid, AUD, int(_AT.timestamp()))
    assert told.clock_skew_ms == -1200


@pytest.mark.parametrize("kind", ["sim", "id", "fault"])
def test_the_console_takes_a_read_of_each_kind(far: FarConsole, key: DeviceKey, kind: str) -> None:
    console = _console(far, key, key.kid)
    told = facts(nonce(), kind, agent=this_agent(), captured_at=_AT)
    made = envelope.read_token(key, console, told, 1, "")
    assert is_sealed(made.token) == (kind == "id")
    signed = _unsealed(made.token, far.sealing) if kind == "id" else made.token
    read = Token.read(signed, envelope.READ)
    got = parsed(SignedRead, read.payload(unb64(key.public_jwk["x"])))
    assert (got.kind, got.seq, got.captured_at, read.sha256) == (kind, 1, _AT, made.sha256)
    assert str(got.read_id) == made.read_id
    if kind == "id":
        assert getattr(got.card, "no", None) == NUMBER


def _unsealed(token: str, key: OKPKey) -> str:
    return opened_envelope(token, {key.thumbprint(): key})


def test_the_agent_believes_the_consoles_receipts_and_no_other_tokens_of_its(
    far: FarConsole, key: DeviceKey, private: Ed25519PrivateKey
) -> None:
    console = _console(far, key, key.kid)
    told = {"read_id": "r", "sha256": "00", "accepted_at": "2026-03-02T04:00:00.123456Z"}
    receipt = written(envelope.RECEIPT, key.kid, told, private.sign)
    got = envelope.receipt_of(console, receipt)
    assert (got.read_id, got.accepted_at.microsecond) == ("r", 123456)
    with pytest.raises(ReceiptWrong):
        envelope.receipt_of(console, written("reader-pass+jws", key.kid, told, private.sign))


@pytest.mark.parametrize(("ours", "least"), [("0.9", "0.10.2"), ("1.0.0", "1"), ("2.1", "2.0.9")])
def test_both_sides_compare_versions_alike(ours: str, least: str) -> None:
    assert Agent(ours, "").is_older(least) == (version_of(ours) < version_of(least))
