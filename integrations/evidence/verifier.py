"""Checks an evidence pack: hashes, each capture's place in the log, its signature, stamps.

It is written out into every pack as `verify.py`, so it may use Python's own library and what
`emitted` puts before it, and nothing else. Words that people read are Chinese first, then English.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from integrations.evidence.notes import BadHeadError, LogHead, known_as, read_head
from integrations.evidence.tokens import BadTokenError, token_over
from models.merkle import includes, leaf_hash

INDEX, CHECKPOINT, KEYS, STAMPS = (
    "index.json", "proofs/checkpoint.txt", "proofs/keys.txt", "stamps/stamps.json",
)  # fmt: skip
TSA_ROOT, ARCHIVE, ALOUD = "stamps/root.pem", "web.wacz", ("README.txt", "verify.py")
_LONGEST = 64 << 20
_PIECE = 1 << 20
_OPENSSL_SECONDS = 60
_UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError,
               OSError, zipfile.BadZipFile)  # fmt: skip

WORDS = {
    "twice": ("重复的文件", "the same name twice"),
    "packed": ("被压缩,不是原包", "compressed, so not as it was made"),
    "unreadable": ("无法读取", "can't be read"),
    "missing": ("缺少文件", "missing"),
    "changed": ("内容被改动", "changed"),
    "unasked": ("多出的文件", "not part of the pack"),
    "unproved": ("未证明在审计日志中", "not proved to stand in the log"),
    "forged": ("检查点不可信", "the log's checkpoint does not hold"),
    "stamp": ("时间戳不成立", "the timestamp does not hold"),
    "own_key": (
        "日志公钥取自本包,请与运营方公布的公钥核对(或用 --key 给出)",
        "the log's key came with the pack: compare it with the published one, or give --key",
    ),
    "stamp_unchecked": (
        "时间戳签名未核验(需要 openssl 和时间戳机构根证书)",
        "signature of the timestamp not checked (that needs openssl and the authority's root)",
    ),
    "own_root": (
        "时间戳根证书取自本包,请另行核对(或用 --tsa-root 给出)",
        "the timestamp authority's root came with the pack: compare it, or give --tsa-root",
    ),
    "no_stamp": ("没有时间戳", "no timestamp"),
    "not_stamped": ("不在任何带时间戳的清单中", "in no list that was stamped"),
    "made": ("打包时生成的摘要,不是取证", "a summary made for this pack, no capture"),
}


@dataclass
class Report:
    """What is wrong, what could not be checked, and what was found to be right."""

    faults: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    facts: dict[str, str] = field(default_factory=dict[str, str])

    def fault(self, word: str, what: str) -> None:
        self.faults.append(f"{word}: {what}")

    def note(self, word: str, what: str) -> None:
        self.notes.append(f"{word}: {what}")


class Pack:
    """The files of a pack, in a zip or unpacked into a folder."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._folder = path if path.is_dir() else None
        self._zip = None if path.is_dir() else stack.enter_context(zipfile.ZipFile(path))

    def names(self) -> list[str]:
        if self._zip is not None:
            return self._zip.namelist()
        return sorted(
            (Path(place) / name).relative_to(str(self._folder)).as_posix()
            for place, _, names in os.walk(str(self._folder))
            for name in names
        )

    def compressed(self) -> list[str]:
        """We never compress, so whatever is compressed is not ours, and may be a bomb."""
        infos = self._zip.infolist() if self._zip is not None else []
        return [info.filename for info in infos if info.compress_type != zipfile.ZIP_STORED]

    def open(self, name: str) -> IO[bytes]:
        if self._zip is not None:
            return self._zip.open(name)
        return (Path(str(self._folder)) / name).open("rb")

    def read(self, name: str) -> bytes:
        with self.open(name) as file:
            octets = file.read(_LONGEST + 1)
        if len(octets) > _LONGEST:
            raise ValueError(f"{name} is too long")
        return octets

    def json(self, name: str) -> Any:  # noqa: ANN401 - as it was written
        return json.loads(self.read(name))

    def hash(self, name: str) -> tuple[int, str]:
        with self.open(name) as file:
            return _hashed(file)


def check(path: Path, keys: Sequence[str] = (), tsa_root: Path | None = None) -> Report:
    """All that can be said of a pack, without asking anybody."""
    report = Report()
    try:
        with ExitStack() as stack:
            _check(Pack(path, stack), report, keys, tsa_root)
    except _UNREADABLE as error:
        report.fault("unreadable", str(error) or type(error).__name__)
    return report


def _check(pack: Pack, report: Report, keys: Sequence[str], tsa_root: Path | None) -> None:
    for name, times in sorted(Counter(pack.names()).items()):
        if times > 1:
            report.fault("twice", name)
    packed = pack.compressed()
    for name in packed:
        report.fault("packed", name)
    if packed:
        return
    index = pack.json(INDEX)
    if _canonical(index) != pack.read(INDEX):
        report.fault("changed", INDEX)
    _compare(pack, index["files"], report)
    captures = [str(digest) for digest in index["captures"]]
    made = [str(digest) for digest in index["made"]]
    asked = {name for digest in (*captures, *made) for name in _asked_for(pack, digest, report)}
    asked |= _archived(pack, report)
    for digest in made:
        report.note("made", f"manifests/{digest}.json")
    _prove(pack, captures, keys, report)
    asked |= _stamped(pack, captures, tsa_root, report)
    for name in sorted(index["files"]):
        if name.startswith(("files/", "manifests/")) and name not in asked:
            report.fault("unasked", name)
    report.facts["captures"] = str(len(captures))
    report.facts["files"] = str(len(index["files"]))


def _compare(pack: Pack, listed: Mapping[str, Any], report: Report) -> None:
    """Every file against the index; whatever is named by its hash against its name."""
    there = set(pack.names())
    for name, told in sorted(listed.items()):
        if name not in there:
            report.fault("missing", name)
            continue
        try:
            size, digest = pack.hash(name)
        except _UNREADABLE:
            size, digest = -1, ""
        is_named = name.startswith(("files/", "manifests/"))
        named = Path(name).name.partition(".")[0]
        if (size, digest) != (told["bytes"], told["sha256"]) or (is_named and named != digest):
            report.fault("changed", name)
    for name in sorted(there - {*listed, INDEX}):
        report.fault("unasked", name)


def _asked_for(pack: Pack, digest: str, report: Report) -> set[str]:
    """What a manifest names; it must all be there, and as long as it says."""
    manifest = f"manifests/{digest}.json"
    try:
        files = pack.json(manifest)["files"]
        names = {f"files/{file['sha256']}": file["bytes"] for file in files}
    except _UNREADABLE:
        report.fault("unreadable", manifest)
        return {manifest}
    there = set(pack.names())
    for name in sorted(names):
        if name not in there and f"missing: {name}" not in report.faults:
            report.fault("missing", name)
    return {manifest, *names}


def _archived(pack: Pack, report: Report) -> set[str]:
    """The web archive holds the same captures: each file in it is named by its hash."""
    if ARCHIVE not in pack.names():
        return set()
    try:
        with pack.open(ARCHIVE) as file, zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if not name.startswith("archive/"):
                    continue
                with archive.open(name) as warc:
                    if _hashed(warc)[1] != Path(name).name.partition(".")[0]:
                        report.fault("changed", f"{ARCHIVE}/{name}")
    except _UNREADABLE:
        report.fault("unreadable", ARCHIVE)
    return set()


def _prove(pack: Pack, captures: Sequence[str], keys: Sequence[str], report: Report) -> None:
    """Each capture was put on record in a log whose head is signed."""
    if not captures:
        return
    try:
        note = pack.read(CHECKPOINT).decode("utf-8")
        given = [known_as(key, note) for key in keys] or pack.read(KEYS).decode("utf-8").split()
        head = read_head(note, given)
    except (*_UNREADABLE, BadHeadError) as error:
        report.fault("forged", f"{CHECKPOINT} ({error})")
        return
    if not keys:
        report.note("own_key", " ".join(head.signers))
    report.facts["log"] = f"{head.origin} {head.size}"
    for digest in captures:
        try:
            is_proved = _is_proved(pack.json(f"proofs/{digest}.json"), digest, head)
        except _UNREADABLE:
            is_proved = False
        if not is_proved:
            report.fault("unproved", f"manifests/{digest}.json")


def _is_proved(proof: Mapping[str, Any], digest: str, head: LogHead) -> bool:
    """The deed names the manifest, and stands at its place in the tree under the head."""
    deed: list[Any] = proof["deed"]
    if digest not in json.dumps(deed[-1]):
        return False
    text = json.dumps(deed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    commitment = hashlib.sha256(bytes.fromhex(proof["salt"]) + text.encode()).digest()
    path = [bytes.fromhex(one) for one in proof["path"]]
    return includes(leaf_hash(commitment), int(proof["leaf"]), head.size, head.root, path)


def _stamped(
    pack: Pack, captures: Sequence[str], tsa_root: Path | None, report: Report
) -> set[str]:
    """Lists of captures that an authority has put a time to; gives the names of the lists."""
    stamps: list[dict[str, str]] = pack.json(STAMPS) if STAMPS in pack.names() else []
    granted, listed, asked = 0, set[str](), set[str]()
    for stamp in stamps:
        index, answer = f"files/{stamp['index']}", f"stamps/{stamp['id']}.tsr"
        asked.add(index)
        if stamp["state"] != "granted":
            continue
        try:
            token = token_over(pack.read(answer), bytes.fromhex(pack.hash(index)[1]))
            listed |= set(pack.json(index)["manifests"])
        except (*_UNREADABLE, BadTokenError) as error:
            report.fault("stamp", f"{answer} ({error})")
            continue
        granted += 1
        report.facts[answer] = token.at.isoformat()
        _check_signature(pack, answer, index, tsa_root, report)
    if not granted:
        report.note("no_stamp", STAMPS)
    for digest in captures if granted else ():
        if digest not in listed:
            report.note("not_stamped", f"manifests/{digest}.json")
    return asked


def _check_signature(
    pack: Pack, answer: str, index: str, tsa_root: Path | None, report: Report
) -> None:
    """The signature of a stamp, by openssl where it is at hand."""
    program = shutil.which("openssl")
    if program is None or (tsa_root is None and TSA_ROOT not in pack.names()):
        report.note("stamp_unchecked", answer)
        return
    if tsa_root is None:
        report.note("own_root", TSA_ROOT)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        root = pack.read(TSA_ROOT) if tsa_root is None else tsa_root.read_bytes()
        for name, octets in (("t", pack.read(answer)), ("d", pack.read(index)), ("r", root)):
            (place / name).write_bytes(octets)
        problem = openssl_verdict(program, place / "t", place / "d", place / "r")
    if problem:
        report.fault("stamp", f"{answer} ({problem})")


def openssl_verdict(program: str, answer: Path, data: Path, root: Path) -> str:
    """What `openssl ts -verify` has against a stamp; empty: it holds."""
    done = subprocess.run(  # noqa: S603 - its own path, and files that we wrote
        [program, "ts", "-verify", "-in", answer, "-data", data, "-CAfile", root],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_OPENSSL_SECONDS,
        check=False,
    )
    if done.returncode == 0 and "Verification: OK" in done.stdout:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return (lines[-1] if lines else "openssl refused it")[-200:]


def _canonical(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def _hashed(file: IO[bytes]) -> tuple[int, str]:
    seen, size = hashlib.sha256(), 0
    read: Callable[[], bytes] = lambda: file.read(_PIECE)  # noqa: E731 - iter asks for a call
    for piece in iter(read, b""):
        seen.update(piece)
        size += len(piece)
    return size, seen.hexdigest()


def told(report: Report) -> Iterator[str]:
    """The report in words, for people."""
    for name, fact in report.facts.items():
        yield f"  {name}: {fact}"
    for mark, lines in (("!", report.faults), ("?", report.notes)):
        for line in lines:
            word, _, what = line.partition(": ")
            yield f"{mark} {' / '.join(WORDS[word])}: {what}"
    if report.faults:
        yield "结论:本包不可信 / Verdict: this pack does not hold"
    else:
        yield "结论:全部哈希与证明成立 / Verdict: every hash and every proof holds"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="verify.py", description="证据包核验 / evidence pack")
    here = Path(sys.argv[0]).resolve().parent
    parser.add_argument("pack", nargs="?", type=Path, default=here, help="a zip or a folder")
    parser.add_argument("--key", action="append", default=[], help="verifier key of the log")
    parser.add_argument("--tsa-root", type=Path, help="PEM of the timestamp authority's root")
    given = parser.parse_args(arguments)
    report = check(given.pack, given.key, given.tsa_root)
    for line in told(report):
        sys.stdout.write(f"{line}\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main())
