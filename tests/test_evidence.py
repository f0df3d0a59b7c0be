"""Evidence: kept once, hashed at every reading, packed so that anyone can check it."""

import gzip
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path

import pytest

from integrations.evidence import (
    Bundle,
    Capture,
    Damaged,
    Digest,
    Packing,
    Store,
    check_pack,
    pack,
)
from integrations.fetch import Fetcher, FetchSettings
from integrations.marketplaces.base import TurnedDown
from tests.hostile import HostileServer, page, redirect
from tests.proofs import proofs_of

HOST = "127.77.0.1"
pytestmark = pytest.mark.allow_hosts([HOST])
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = FetchSettings(
    agent="ChannelPatrol/1 (+mailto:patrol@carrier.example)",
    allowed_networks=(ip_network("127.77.0.0/16"),),
    pace_seconds=0.0,
)
REGISTER = b'{"licences":[]}'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence")


@pytest.fixture
def shop() -> Iterator[HostileServer]:
    with HostileServer(HOST) as server:
        server.routes |= {"/": redirect("/item"), "/item": page("流量卡 19元".encode())}
        yield server


def captured(store: Store, shop: HostileServer, path: str = "/") -> Bundle:
    asker = Fetcher(SETTINGS)
    with Capture(store, "listing:7", shop.url(path), reasons=["R-1"], now=lambda: NOON) as capture:
        capture.saw(asker.recording(capture.recorder).ask(shop.url(path)))
        return capture.bundle({"price": "19"}, REGISTER)


def tampered(store: Store, digest: Digest) -> None:
    path = store.path(digest)
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)


# --- the store


def test_what_is_kept_is_found_under_its_hash(store: Store) -> None:
    digest = store.keep(b"seen")

    assert digest == sha256(b"seen").hexdigest()
    assert (store.has(digest), store.open(digest), store.size(digest)) == (True, b"seen", 4)
    assert store.keep(BytesIO(b"seen")) == digest
    assert not store.has(Digest("0" * 64))
    with pytest.raises(FileNotFoundError):
        store.open(Digest("0" * 64))


def test_a_digest_is_no_way_out_of_the_store(store: Store) -> None:
    for name in ("../../../etc/passwd", "", "A" * 64, "0" * 64 + "\n"):
        with pytest.raises(ValueError, match="not a digest"):
            store.open(Digest(name))


def test_a_changed_file_is_found_at_every_reading(store: Store) -> None:
    whole, changed, cut = (store.keep(body) for body in (b"whole", b"changed", b"cut" * 9))
    tampered(store, changed)
    os.truncate(store.path(cut), 5)
    stranger = store.path(whole).with_name("stranger")
    stranger.write_bytes(b"")

    with pytest.raises(Damaged) as met:
        store.open(changed)
    assert met.value.digest == changed
    assert set(store.verify_all()) == {changed, cut, "stranger"}
    assert store.open(whole) == b"whole"


def test_keeping_again_mends_what_was_damaged(store: Store) -> None:
    digest = store.keep(b"seen")
    tampered(store, digest)
    store.keep(b"seen")

    assert list(store.verify_all()) == []


def test_a_broken_source_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(f"no {size} bytes to be had")

    with pytest.raises(OSError, match="to be had"):
        store.keep(Broken())
    assert list((tmp_path / "evidence").rglob("*")) == []


# --- a capture


def test_a_capture_tells_all_that_was_asked_and_seen(store: Store, shop: HostileServer) -> None:
    bundle = captured(store, shop)
    manifest = json.loads(store.open(bundle.manifest_sha256))

    assert manifest["subject"] == "listing:7"
    assert manifest["reasons"] == ["R-1"]
    assert (manifest["outcome"], manifest["status"]) == ("stored", 200)
    assert (manifest["url"], manifest["final_url"]) == (shop.url("/"), shop.url("/item"))
    assert manifest["started"] == manifest["ended"] == "2026-03-02T12:00:00.000000Z"
    assert {one["peer"] for one in manifest["exchanges"]} == {HOST}
    assert manifest["record"] in {one["record"] for one in manifest["exchanges"]}
    assert [(one["allowed"], one["basis"]) for one in manifest["robots"]] == [(True, "none")] * 2
    assert {"python", "warcio", "httpcore", "protego"} <= manifest["tools"].keys()
    assert [file["name"] for file in manifest["files"]] == [
        "page.warc.gz",
        "fields.json",
        "register.json",
    ]
    warc, fields, register = (store.open(file.sha256) for file in bundle.files)
    assert "流量卡 19元".encode() in gzip.decompress(warc)
    assert (json.loads(fields), register) == ({"price": "19"}, REGISTER)
    assert [file.bytes for file in bundle.files] == [len(warc), len(fields), len(register)]


def test_a_refusal_is_evidence_too(store: Store, shop: HostileServer) -> None:
    shop.routes["/robots.txt"] = page(b"User-agent: *\nDisallow: /")
    with Capture(store, "listing:7", shop.url()) as capture:
        with pytest.raises(TurnedDown) as no:
            Fetcher(SETTINGS, capture.recorder).ask(shop.url())
        capture.missed(no.value)
        manifest = json.loads(store.open(capture.bundle({}, b"{}").manifest_sha256))

    assert (manifest["outcome"], manifest["reason"]) == ("refused", "robots")
    assert [one["allowed"] for one in manifest["robots"]] == [False]
    assert [one["url"] for one in manifest["exchanges"]] == [shop.url("/robots.txt")]


# --- a pack


@pytest.mark.requirement("004-3.3-g")
def test_a_pack_holds_page_time_address_and_hashes_and_is_whole(
    store: Store, shop: HostileServer, tmp_path: Path
) -> None:
    bundles = [captured(store, shop), captured(store, shop, "/item")]
    digests = [bundle.manifest_sha256 for bundle in bundles]
    proofs = proofs_of(digests)
    first = pack(store, Packing(digests, proofs=proofs), tmp_path / "a.zip")
    again = [*reversed(digests), digests[0]]
    second = pack(store, Packing(again, proofs=proofs), tmp_path / "b.zip")

    assert check_pack(tmp_path / "a.zip") == []
    assert first == second == sha256((tmp_path / "a.zip").read_bytes()).hexdigest()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        manifest = json.loads(archive.read(f"manifests/{digests[0]}.json"))
        assert {"url", "started", "exchanges", "files"} <= manifest.keys()
        for file in manifest["files"]:
            assert sha256(archive.read(f"files/{file['sha256']}")).hexdigest() == file["sha256"]


def test_a_damaged_store_makes_no_pack(store: Store, shop: HostileServer, tmp_path: Path) -> None:
    bundle = captured(store, shop)
    tampered(store, bundle.files[0].sha256)

    with pytest.raises(Damaged):
        pack(store, Packing([bundle.manifest_sha256]), tmp_path / "a.zip")


def packed(store: Store, shop: HostileServer, out: Path) -> None:
    digest = captured(store, shop).manifest_sha256
    pack(store, Packing([digest], proofs=proofs_of([digest])), out)


Entries = dict[str, bytes]


def drop(entries: Entries, start: str) -> None:
    del entries[next(name for name in entries if name.startswith(start))]


def change(entries: Entries, start: str) -> None:
    name = next(name for name in entries if name.startswith(start))
    entries[name] = entries[name].replace(b"1", b"2", 1) + b" "


def rebuilt(source: Path, target: Path, tamper: Callable[[Entries], object]) -> list[str]:
    """The faults of a pack that was opened, meddled with, and closed with good checksums."""
    with zipfile.ZipFile(source) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    tamper(entries)
    with zipfile.ZipFile(target, "w") as archive:
        for name, octets in entries.items():
            archive.writestr(name, octets)
    return check_pack(target)


MEDDLINGS: list[tuple[Callable[[Entries], object], str]] = [
    (lambda entries: change(entries, "files/"), "changed: files/"),
    (lambda entries: change(entries, "manifests/"), "changed: manifests/"),
    (lambda entries: drop(entries, "files/"), "missing: files/"),
    (lambda entries: drop(entries, "manifests/"), "missing: manifests/"),
    (lambda entries: drop(entries, "index"), "unreadable: "),
    (lambda entries: entries.update({"files/extra": b""}), "unasked: files/extra"),
    (lambda entries: entries.update({"index.json": b"[]"}), "unreadable: "),
    (lambda entries: entries.update({"index.json": b"[" * 99999}), "unreadable: "),
    (lambda entries: entries.update({"index.json": b"\xff"}), "unreadable: "),
]


@pytest.mark.parametrize(("tamper", "fault"), MEDDLINGS)
def test_whoever_meddles_with_a_pack_is_found_out(
    store: Store,
    shop: HostileServer,
    tmp_path: Path,
    tamper: Callable[[Entries], object],
    fault: str,
) -> None:
    packed(store, shop, tmp_path / "a.zip")
    faults = rebuilt(tmp_path / "a.zip", tmp_path / "b.zip", tamper)

    assert any(one.startswith(fault) for one in faults)


def test_a_pack_that_is_cut_flipped_or_packed_is_found_out(
    store: Store, shop: HostileServer, tmp_path: Path
) -> None:
    whole, other = tmp_path / "a.zip", tmp_path / "b.zip"
    packed(store, shop, whole)
    octets = whole.read_bytes()

    for at in range(0, len(octets), max(1, len(octets) // 40)):
        other.write_bytes(octets[:at])
        assert check_pack(other), f"cut at {at}"
    flipped = bytearray(octets)
    flipped[octets.index(REGISTER) + 3] ^= 1
    other.write_bytes(flipped)
    assert any(one.startswith("changed: files/") for one in check_pack(other))
    shutil.copy(whole, other)
    with zipfile.ZipFile(other, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(1_000_000))
    assert check_pack(other) == ["packed: bomb"]
    assert check_pack(tmp_path / "none.zip")[0].startswith("unreadable: ")


def test_a_pack_that_somebody_locked_is_unreadable_and_no_accident(tmp_path: Path) -> None:
    path = tmp_path / "locked.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.json", b"{}")
    octets = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        octets[octets.index(header) + flags] |= 1  # APPNOTE 4.4.4: the entry is encrypted
    path.write_bytes(octets)
    (fault,) = check_pack(path)
    assert fault.startswith("unreadable: ")
