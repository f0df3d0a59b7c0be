"""Who may be the console: the address, the authority, the version of TLS."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from reader_agent.kept.device_key import DeviceKey
from reader_agent.outbox.flush import flush
from reader_agent.refusals import AddressRefused, ConsoleUnreachable
from reader_agent.wire.pairing import checked_address
from reader_agent.wire.relay import Relay
from tests.reader.far_console import FarConsole, far_console
from tests.reader.laptop import AGENT, paired


class Authority:
    """An own root, as houses have for machines inside."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder / name
        self._folder.mkdir()
        self._key = generate_private_key(SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._certificate(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        root = made.add_extension(usage, critical=True).sign(self._key, SHA256())
        self.path = self._folder / "root.pem"
        self.path.write_bytes(root.public_bytes(Encoding.PEM))

    def server(self, address: str = "127.0.0.1") -> ssl.SSLContext:
        key = generate_private_key(SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "console")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        issued = (
            self._certificate(subject, key)
            .add_extension(names, critical=False)
            .sign(self._key, SHA256())
        )
        path = self._folder / "server.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(issued.public_bytes(Encoding.PEM) + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _certificate(
        self, subject: x509.Name, key: EllipticCurvePrivateKey
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        ours = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .issuer_name(self._name)
            .subject_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(ours, critical=False)
            .add_extension(theirs, critical=False)
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "house")


def _enrols(far: FarConsole, folder: Path, ca: Path | None) -> None:
    far.codes.add("ABCDE23456")
    key = DeviceKey.create(folder / "device.key")
    Relay.enrol(far.url, "ABCDE23456", ca, key=key, agent=AGENT, host="laptop")


def test_the_authority_that_was_pinned_vouches_for_the_console(
    authority: Authority, tmp_path: Path
) -> None:
    with (
        far_console(authority.server()) as far,
        paired(far, tmp_path / "state", authority.path) as laptop,
    ):
        authority.path.unlink()  # its content was kept
        laptop.again()
        laptop.read("id")
        [(_, outcome)] = flush(laptop.relay, laptop.spool)
        assert outcome.state == "relayed"
        assert far.url.startswith("https://")


@pytest.mark.parametrize("pinned", ["another", None])
def test_nobody_else_may_vouch_for_it(
    authority: Authority, tmp_path: Path, pinned: str | None
) -> None:
    ca = Authority(tmp_path, pinned).path if pinned else None
    with far_console(authority.server()) as far:
        with pytest.raises(ConsoleUnreachable) as refusal:
            _enrols(far, tmp_path, ca)
        assert refusal.value.reason == "tls"
        assert far.codes == {"ABCDE23456"}
        assert not far.asked


def test_a_certificate_for_another_address_is_nobodys(authority: Authority, tmp_path: Path) -> None:
    with far_console(authority.server("127.0.0.2")) as far:
        with pytest.raises(ConsoleUnreachable) as refusal:
            _enrols(far, tmp_path, authority.path)
        assert refusal.value.reason == "tls"


def test_tls_1_1_is_too_old(authority: Authority, tmp_path: Path) -> None:
    old = authority.server()
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with far_console(old) as far:
        with pytest.raises(ConsoleUnreachable) as refusal:
            _enrols(far, tmp_path, authority.path)
        assert refusal.value.reason == "tls"


def test_tls_1_2_is_not(authority: Authority, tmp_path: Path) -> None:
    server = authority.server()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    with far_console(server) as far:
        _enrols(far, tmp_path, authority.path)
        assert far.devices


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\xfe"])
def test_a_file_without_a_certificate_pins_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    key = DeviceKey.create(tmp_path / "device.key")
    with pytest.raises(AddressRefused) as refusal:
        Relay.enrol("https://127.0.0.1:1", "x", path, key=key, agent=AGENT, host="laptop")
    assert refusal.value.facts == {"why": "ca"}


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://192.0.2.1", "plain"),
        ("http://console.example", "plain"),
        ("http://localhost.example", "plain"),
        ("http://127.0.0.1.example", "plain"),
        ("http://2130706433", "plain"),
        ("https://name:word@console.example", "shape"),
        ("https://console.example/?next=x", "shape"),
        ("https://console.example/#x", "shape"),
        ("https://console.example:port", "shape"),
        ("https://", "shape"),
        ("ftp://console.example", "shape"),
        ("console.example", "shape"),
        ("https://[::1", "shape"),
        ("", "shape"),
    ],
)
def test_no_read_is_sent_in_clear_or_to_half_an_address(url: str, why: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        checked_address(url)
    assert refusal.value.facts == {"why": why}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://console.example/", "https://console.example"),
        ("https://example/console/", "https://example/console"),
        ("http://127.0.0.1:8501", "http://127.0.0.1:8501"),
        ("http://localhost:8501/", "http://localhost:8501"),
        ("http://[::1]:8501", "http://[::1]:8501"),
    ],
)
def test_an_address_is_kept_without_its_last_slash(url: str, kept: str) -> None:
    assert checked_address(url) == kept
