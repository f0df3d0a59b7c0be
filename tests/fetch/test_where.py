"""Where the guarded fetcher goes, and where it never does."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.fetch import Fetcher, outcome_of
from integrations.fetch.address import is_public
from tests.fetch.asking import CANARY, HOST, OTHER_HOST, SETTINGS, failure, fetcher, recorded, word
from tests.hostile import (
    HostileServer,
    page,
    redirect,
)

pytestmark = pytest.mark.allow_hosts([HOST, OTHER_HOST, CANARY, "::1"])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("64:ff9b::101:101", True),
        ("2002:101:101::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::101:101", False),
        ("2002:7f00:1::", False),
        ("2001:0:101:101::", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
    ],
)
def test_an_address_is_public_only_if_all_that_it_carries_is(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.78.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127%2e0.0.1",
        "127。0。0。1",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1%25lo]",
        "169.254.169.254",
        "100.100.100.200",
        "10.0.0.1",
        "[fd00:ec2::254]",
        "user@127.0.0.1",
        "127.77.0.1@127.0.0.1",
        "127.77.0.1:80\\@127.0.0.1",
        "127.0.0.1\\@127.77.0.1",
        "127.0.0.1#@127.77.0.1",
        "",
    ],
)
@pytest.mark.parametrize("by", ["asked", "redirected"])
def test_no_spelling_of_an_inner_address_is_ever_connected_to(
    site: HostileServer, canary: HostileServer, host: str, by: str
) -> None:
    inner = f"http://{host}:{site.port}/secret"
    # As a server would send it: octets, not text.
    site.routes["/away"] = redirect(inner.encode().decode("latin-1"))
    error = failure(fetcher(), inner if by == "asked" else site.url("/away"))

    assert outcome_of(error) == "blocked"
    assert canary.connections == 0
    assert site.pages() == ([] if by == "asked" else ["/away"])


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "javascript", "ws", "dict"])
@pytest.mark.parametrize("by", ["asked", "redirected"])
def test_only_the_web_s_own_schemes_are_followed(site: HostileServer, scheme: str, by: str) -> None:
    url = f"{scheme}://{HOST}:{site.port}/etc/passwd"
    site.routes["/away"] = redirect(url)
    error = failure(fetcher(), url if by == "asked" else site.url("/away"))

    assert (error.reason.word, outcome_of(error)) == ("scheme", "blocked")


def test_public_addresses_are_asked_at_the_web_s_ports_only() -> None:
    for port in (22, 8080, 0, 65536):
        assert word(fetcher(), f"http://1.1.1.1:{port}/") == "port"


class Rebinding:
    """A name server that says one thing and then another."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def test_a_name_that_changes_its_mind_is_held_to_its_first_answer(
    site: HostileServer, canary: HostileServer
) -> None:
    site.routes["/"] = page()
    names = Rebinding([HOST], [CANARY])
    answer = Fetcher(SETTINGS, resolver=names).ask(site.url(host="shop.example"))

    assert (answer.status, names.asked, canary.connections) == (200, 1, 0)
    assert site.asked[-1].headers["host"] == f"shop.example:{site.port}"


@pytest.mark.parametrize("answer", [[HOST, CANARY], [CANARY, HOST], ["::ffff:127.0.0.1"], ["::1"]])
def test_one_bad_address_behind_a_name_is_enough(
    site: HostileServer, canary: HostileServer, answer: list[str]
) -> None:
    asker = Fetcher(SETTINGS, resolver=Rebinding(answer))

    assert word(asker, site.url(host="shop.example")) == "address"
    assert (site.connections, canary.connections) == (0, 0)


def test_a_look_up_that_fails_or_hangs_ends_in_time() -> None:
    hanging = Event()

    def hang(host: str, port: int) -> Sequence[str]:
        del host, port
        hanging.wait(10)
        return []

    def fail(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(f"{host}:{port}")

    began = monotonic()
    assert word(Fetcher(SETTINGS, resolver=hang), "http://shop.example/") == "deadline"
    assert monotonic() - began < 3
    hanging.set()
    assert word(Fetcher(SETTINGS, resolver=fail), "http://shop.example/") == "dns"
    assert word(Fetcher(SETTINGS, resolver=Rebinding([])), "http://shop.example/") == "dns"


def test_a_proxy_of_the_environment_is_not_used(
    site: HostileServer, canary: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", canary.url())
    monkeypatch.setenv("all_proxy", canary.url())
    site.routes["/"] = page()

    assert fetcher().ask(site.url()).status == 200
    assert canary.connections == 0


def test_a_closed_door_is_out_of_reach() -> None:
    with HostileServer(HOST) as gone:
        url = gone.url()
    assert word(fetcher(), url) == "connect"


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[HostileServer]:
    """A site with a certificate that it signed itself, for `shop.example`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    draft = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    draft = draft.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    draft = draft.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False
    )
    pem = tmp_path / "site.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown = draft.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem.write_bytes(secret + shown)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with HostileServer(HOST, tls=tls) as server:
        server.routes["/"] = page(b"sealed")
        yield server


def test_a_certificate_is_checked_for_the_name_and_not_the_address(
    sealed: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = Fetcher(SETTINGS, resolver=Rebinding([HOST]))
    url = sealed.url(host="shop.example").replace("http", "https")
    assert word(asker, url) == "tls"

    known = ssl.create_default_context(cafile=str(tmp_path / "site.pem"))
    monkeypatch.setattr("integrations.fetch.client.trusted", lambda: known)
    _, recorder = recorded()
    assert asker.recording(recorder).ask(url).body == b"sealed"
    assert word(asker, url.replace("shop", "evil")) == "tls"
    shown = x509.load_pem_x509_certificate((tmp_path / "site.pem").read_bytes())
    print_of_it = shown.fingerprint(hashes.SHA256()).hex()
    assert {noted.certificate for noted in recorder.noted} == {print_of_it}


def test_redirects_are_followed_to_the_page(site: HostileServer, other_site: HostileServer) -> None:
    site.routes["/"] = redirect("/%E5%BA%97?a=1")
    site.routes["/%E5%BA%97"] = redirect(other_site.url("/shop"), "301 Moved Permanently")
    other_site.routes["/shop"] = page(b"here")
    answer = fetcher().ask(site.url())

    assert (answer.url, answer.body) == (other_site.url("/shop"), b"here")


def test_redirects_end(site: HostileServer) -> None:
    site.routes["/loop"] = redirect("/pool")
    site.routes["/pool"] = redirect("/loop#again")
    for step in range(9):
        site.routes[f"/{step}"] = redirect(f"/{step + 1}")

    assert word(fetcher(), site.url("/loop")) == "redirects"
    assert word(fetcher(), site.url("/0")) == "redirects"
    assert site.pages() == ["/loop", "/pool", *(f"/{step}" for step in range(6))]


def test_keys_to_one_site_are_not_shown_to_another(
    site: HostileServer, other_site: HostileServer
) -> None:
    keys = {"Authorization": "Bearer s3cret", "Cookie": "a=b", "X-Api-Key": "k", "Accept": "x/y"}
    site.routes["/here"] = redirect("/stays")
    site.routes["/stays"] = redirect(other_site.url("/away"))
    other_site.routes["/away"] = page()
    fetcher().ask(site.url("/here"), headers=keys)

    for asked in site.asked[1:]:
        assert {
            name.lower(): value for name, value in keys.items()
        }.items() <= asked.headers.items()
    (away,) = (asked for asked in other_site.asked if asked.path == "/away")
    assert not {"authorization", "cookie", "x-api-key"} & away.headers.keys()
    assert away.headers["accept"] == "x/y"
    assert away.headers["user-agent"] == SETTINGS.agent


def test_a_body_is_not_carried_to_another_site(
    site: HostileServer, other_site: HostileServer
) -> None:
    site.routes["/keep"] = redirect(other_site.url("/away"), "307 Temporary Redirect")
    site.routes["/drop"] = redirect("/got", "303 See Other")
    site.routes["/got"] = page(b"got")
    error = failure(fetcher(), site.url("/keep"), method="POST", body=b"key=1")
    fetcher().ask(site.url("/drop"), method="POST", body=b"key=1")

    assert (error.reason.word, other_site.pages()) == ("redirects", [])
    assert [(asked.method, asked.body) for asked in site.asked if asked.path == "/got"] == [
        ("GET", b"")
    ]
