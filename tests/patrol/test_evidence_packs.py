"""A pack of a real run, checked by programs that are not ours, and meddled with."""

import base64
import gzip
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.actions.channel.log import log_name
from console.actions.patrol.packs import finding_pack, run_pack
from console.actions.patrol.stamps import advance_stamp, waiting_stamps
from console.desk import Desk
from integrations.evidence.verifier import Report, check
from models.patrol.custody import CustodyAct, CustodyEntry, EvidenceStamp, StampState
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun
from models.refusals import NotAllowed, NotFound
from tests.authority import Authority, made, open_for_business
from tests.conftest import Desks
from tests.patrol.walks import at_large, license_shop, planned, rows_of, shop_open, walked
from tests.proofs import resigned


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with open_for_business(made(tmp_path_factory.mktemp("tsa") / "one")) as one:
        yield one


@pytest.fixture
def run(desks: Desks) -> PatrolRun:
    license_shop(desks, "s-1")
    with shop_open() as stand:
        return walked(desks.manager, planned(desks.manager, stand))


def stamping(desk: Desk, authority: Authority) -> Desk:
    house = at_large(desk.house)
    update = {"tsa_url": authority.url, "tsa_root": authority.root}
    return replace(desk, house=replace(house, settings=house.settings.model_copy(update=update)))


def stamped(desks: Desks, authority: Authority) -> Desk:
    """The manager's desk, once the house has had the run's list stamped."""
    house = stamping(desks.house, authority)
    (waiting,) = waiting_stamps(house)
    assert not advance_stamp(house, waiting)
    return stamping(desks.manager, authority)


def kept(made_by: Callable[..., Any], desk: Desk, name: object, folder: Path) -> Path:
    made = made_by(desk, name)
    assert made.path is not None
    return Path(shutil.move(made.path, folder / made.name))


def unpacked(pack: Path, folder: Path) -> Path:
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    return folder


def ran(*command: object, cwd: Path | None = None, **environment: str) -> tuple[int, str]:
    """A program of somebody else's, with nothing of ours in its reach."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd or "/"), **environment},
    )
    return done.returncode, done.stdout + done.stderr


def beside_python(name: str) -> Path:
    return Path(sys.executable).with_name(name)


@pytest.mark.requirement("004-3.3-g")
def test_programs_of_others_find_a_pack_whole(
    desks: Desks, run: PatrolRun, authority: Authority, tmp_path: Path
) -> None:
    desk = stamped(desks, authority)
    pack = kept(run_pack, desk, run.number, tmp_path)
    folder = unpacked(pack, tmp_path / "out")
    index = json.loads((folder / "index.json").read_bytes())

    report = check(pack)
    assert report.faults == []
    assert [one.partition(":")[0] for one in report.notes] == ["own_key", "own_root"]
    assert len(index["captures"]) >= 7
    python = Path(sys.executable).resolve()
    for where in ([pack], []):
        code, said = ran(python, "-I", "-S", folder / "verify.py", *where, cwd=folder)
        assert (code, "every hash and every proof holds" in said) == (0, True), said
        assert "can't be read" not in said

    for digest in index["captures"]:
        files = json.loads((folder / "manifests" / f"{digest}.json").read_bytes())["files"]
        warc = next(one for one in files if one["name"] == "page.warc.gz")
        named = tmp_path / "page.warc.gz"
        shutil.copy(folder / "files" / warc["sha256"], named)
        code, said = ran(beside_python("warcio"), "check", "-v", named)
        assert code == 0, said
        assert "digest pass" in said
    (token,) = (folder / "stamps").glob("*.tsr")
    (stamp,) = json.loads((folder / "stamps" / "stamps.json").read_bytes())
    code, said = ran(
        "openssl", "ts", "-verify", "-in", token, "-data", folder / "files" / stamp["index"],
        "-CAfile", folder / "stamps" / "root.pem",
    )  # fmt: skip
    assert (code, "Verification: OK" in said) == (0, True), said


def test_the_web_archive_is_valid_and_each_page_is_found_where_its_index_says(
    desks: Desks, run: PatrolRun, tmp_path: Path
) -> None:
    folder = unpacked(kept(run_pack, desks.manager, run.id, tmp_path), tmp_path / "out")
    code, said = ran(beside_python("wacz"), "validate", "-f", folder / "web.wacz", cwd=tmp_path)
    assert code == 0, said
    assert "Valid" in said or "valid" in said
    assert "Invalid" not in said

    with zipfile.ZipFile(folder / "web.wacz") as archive:
        lines = gzip.decompress(archive.read("indexes/index.cdx.gz")).decode().splitlines()
        assert lines == sorted(lines)
        pages = archive.read("pages/pages.jsonl").decode().splitlines()[1:]
        facts = [json.loads(line.split(" ", 2)[2]) for line in lines]
        assert {json.loads(page)["url"] for page in pages} <= {one["url"] for one in facts}
        for one in facts:
            warc = archive.read(f"archive/{one['filename']}")
            first, length = int(one["offset"]), int(one["length"])
            record = gzip.decompress(warc[first : first + length])
            assert record.startswith(b"WARC/1.1\r\n")
            assert f"WARC-Target-URI: {one['url']}".encode() in record
            assert f" {one['status']} ".encode() in record


def test_the_list_of_a_run_is_stamped_and_custody_says_so(
    desks: Desks, run: PatrolRun, authority: Authority, tmp_path: Path
) -> None:
    (promised,) = rows_of(desks.manager, EvidenceStamp)
    assert (promised.state, promised.index_sha256) == (StampState.PROMISED, run.evidence_index)
    desk = stamped(desks, authority)

    (row,) = rows_of(desk, EvidenceStamp)
    assert (row.state, row.checked_by, row.problem) == (StampState.GRANTED, "rfc3161-client", "")
    assert row.stamped_at is not None
    index = json.loads(desk.house.evidence.open(row.index_sha256))  # type: ignore[arg-type]
    custody = rows_of(desk, CustodyEntry)
    taken = {one.manifest_sha256 for one in custody if one.act is CustodyAct.CAPTURED}
    assert set(index["manifests"]) == taken
    assert {one.manifest_sha256 for one in custody if one.act is CustodyAct.STAMPED} == taken
    kept(run_pack, desk, run.id, tmp_path)
    packed = [one for one in rows_of(desk, CustodyEntry) if one.act is CustodyAct.PACKED]
    assert {one.manifest_sha256 for one in packed} == taken
    assert {one.actor["name"] for one in packed} == {desk.actor.name}


def test_a_finding_has_a_pack_of_its_own_for_whoever_may_read_it(
    desks: Desks, run: PatrolRun, tmp_path: Path
) -> None:
    finding = rows_of(desks.manager, Finding)[0]
    pack = kept(finding_pack, desks.manager, finding.number, tmp_path)

    assert check(pack).faults == []
    with zipfile.ZipFile(pack) as archive:
        index = json.loads(archive.read("index.json"))
        assert set(index["captures"]) > set(finding.evidence)  # and the look at the shop
        custody = json.loads(archive.read("custody.json"))
        assert {one["act"] for one in custody} == {"captured"}
    for stranger in (desks.other_manager, desks.platform, desks.other_regulator):
        with pytest.raises(NotFound):
            finding_pack(stranger, finding.id)
        with pytest.raises(NotFound):
            run_pack(stranger, run.number)
    with pytest.raises(NotAllowed):
        run_pack(desks.admin, run.id)


# Meddling. Each works on the files of an unpacked pack, whose index it may rewrite too.

Meddle = Callable[[Path], str]
"""Changes something; the fault that must be told."""


def reindexed(folder: Path) -> None:
    """What a forger does last: an index that fits."""
    index = json.loads((folder / "index.json").read_bytes())
    files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != "index.json":
            octets = path.read_bytes()
            files[name] = {"bytes": len(octets), "sha256": sha256(octets).hexdigest()}
    index["files"] = files
    text = json.dumps(index, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    (folder / "index.json").write_bytes(text.encode() + b"\n")


def swapped_manifest(folder: Path) -> str:
    """Another manifest takes the place of one, in the index and in its proof."""
    index = json.loads((folder / "index.json").read_bytes())
    paths = {one: folder / "manifests" / f"{one}.json" for one in index["captures"]}
    told = b'"outcome":"stored"'
    old = next(one for one, path in paths.items() if told in path.read_bytes())
    path = paths[old]
    octets = path.read_bytes().replace(told, b'"outcome":"failed"')
    new = sha256(octets).hexdigest()
    path.unlink()
    (folder / "manifests" / f"{new}.json").write_bytes(octets)
    proof = json.loads((folder / "proofs" / f"{old}.json").read_bytes())
    proof["deed"][-1]["evidence"] = new
    (folder / "proofs" / f"{old}.json").unlink()
    (folder / "proofs" / f"{new}.json").write_text(json.dumps(proof), "utf-8")
    index["captures"] = [new if one == old else one for one in index["captures"]]
    (folder / "index.json").write_text(json.dumps(index), "utf-8")
    reindexed(folder)
    return f"unproved: manifests/{new}.json"


def dropped_proof(folder: Path) -> str:
    proof = next(path for path in sorted((folder / "proofs").glob("*.json")))
    proof.unlink()
    reindexed(folder)
    return f"unproved: manifests/{proof.name}"


def grown_head(folder: Path) -> str:
    path = folder / "proofs" / "checkpoint.txt"
    origin, size, *rest = path.read_text("utf-8").split("\n")
    path.write_text("\n".join([origin, str(int(size) + 1), *rest]), "utf-8")
    reindexed(folder)
    return "forged: proofs/checkpoint.txt"


def another_root(folder: Path) -> str:
    path = folder / "proofs" / "checkpoint.txt"
    origin, size, _, *rest = path.read_text("utf-8").split("\n")
    root = base64.b64encode(bytes(32)).decode()
    path.write_text("\n".join([origin, size, root, *rest]), "utf-8")
    reindexed(folder)
    return "forged: proofs/checkpoint.txt"


def signed_by_another(folder: Path) -> str:
    path = folder / "proofs" / "checkpoint.txt"
    text = path.read_text("utf-8")
    path.write_text(resigned(text, Ed25519PrivateKey.generate(), text.split("\n")[0]), "utf-8")
    reindexed(folder)
    return "forged: proofs/checkpoint.txt"


def token_of_another(folder: Path) -> str:
    """The list under the stamp is exchanged for a shorter one."""
    (stamp,) = json.loads((folder / "stamps" / "stamps.json").read_bytes())
    told = json.loads((folder / "files" / stamp["index"]).read_bytes())
    told["manifests"] = told["manifests"][:1]
    octets = json.dumps(told).encode()
    new = sha256(octets).hexdigest()
    (folder / "files" / stamp["index"]).unlink()
    (folder / "files" / new).write_bytes(octets)
    stamp["index"] = new
    (folder / "stamps" / "stamps.json").write_text(json.dumps([stamp]), "utf-8")
    reindexed(folder)
    return f"stamp: stamps/{stamp['id']}.tsr"


def spoilt_token(folder: Path) -> str:
    (token,) = (folder / "stamps").glob("*.tsr")
    octets = token.read_bytes()
    token.write_bytes(octets[:-5] + bytes([octets[-5] ^ 1]) + octets[-4:])
    reindexed(folder)
    return f"stamp: stamps/{token.name}"


def stranger_in_the_archive(folder: Path) -> str:
    path = folder / "web.wacz"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = next(one for one in entries if one.startswith("archive/"))
    entries[name] = entries[name][:-1]
    with zipfile.ZipFile(path, "w") as archive:
        for one, octets in entries.items():
            archive.writestr(one, octets)
    reindexed(folder)
    return f"changed: web.wacz/{name}"


def removed_file(folder: Path) -> str:
    path = min((folder / "files").iterdir())
    path.unlink()
    reindexed(folder)
    return f"missing: files/{path.name}"


def added_file(folder: Path) -> str:
    name = sha256(b"planted").hexdigest()
    (folder / "files" / name).write_bytes(b"planted")
    reindexed(folder)
    return f"unasked: files/{name}"


MEDDLES: list[Meddle] = [
    swapped_manifest,
    dropped_proof,
    grown_head,
    another_root,
    signed_by_another,
    token_of_another,
    spoilt_token,
    stranger_in_the_archive,
    removed_file,
    added_file,
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_whoever_meddles_with_a_pack_is_named_for_it(
    desks: Desks, run: PatrolRun, authority: Authority, tmp_path: Path
) -> None:
    pack = kept(run_pack, stamped(desks, authority), run.id, tmp_path)
    whole = unpacked(pack, tmp_path / "whole")
    assert check(whole).faults == []
    for at, meddle in enumerate(MEDDLES):
        folder = Path(shutil.copytree(whole, tmp_path / str(at)))
        fault = meddle(folder)
        assert any(one.startswith(fault) for one in check(folder).faults), meddle.__name__

    for path in sorted(whole.rglob("*")):
        if not path.is_file():
            continue
        name, octets = path.relative_to(whole).as_posix(), path.read_bytes()
        for place in {0, len(octets) // 2, len(octets) - 1}:
            path.write_bytes(octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :])
            report = check(whole)
            assert is_named(report, name), (name, place, report.faults)
        path.write_bytes(octets)
    assert check(whole).faults == []


def is_named(report: Report, name: str) -> bool:
    """An index that can't be read at all is told of as the whole."""
    if name == "index.json":
        return bool(report.faults)
    return any(name in fault for fault in report.faults)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_key_from_elsewhere_unmasks_a_pack_that_agrees_with_itself(
    desks: Desks, run: PatrolRun, tmp_path: Path
) -> None:
    pack = kept(run_pack, desks.manager, run.id, tmp_path)
    folder = unpacked(pack, tmp_path / "out")
    (right, *_) = (folder / "proofs" / "keys.txt").read_text("ascii").split()
    assert check(pack, [right]).faults == []
    assert check(pack, [right]).notes == ["no_stamp: stamps/stamps.json"]
    assert check(pack, [log_name(desks.house.house)[1]]).faults == []  # as it is published
    assert check(pack, ["nonsense"]).faults[0].startswith("forged: ")

    name, _, _ = right.partition("+")
    stranger = Ed25519PrivateKey.generate()
    public = b"\x01" + stranger.public_key().public_bytes_raw()
    key_hash = sha256(name.encode() + b"\n" + public).digest()[:4].hex()
    forged = f"{name}+{key_hash}+{base64.b64encode(public).decode()}"
    head = folder / "proofs" / "checkpoint.txt"
    head.write_text(resigned(head.read_text("utf-8"), stranger, name), "utf-8")
    (folder / "proofs" / "keys.txt").write_text(f"{forged}\n", "ascii")
    reindexed(folder)
    assert check(folder).faults == []
    assert any(one.startswith(f"own_key: {forged}") for one in check(folder).notes)
    assert check(folder, [right]).faults[0].startswith("forged: ")
