"""One zip with everything behind a set of captures, which anybody can check without us."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from integrations.evidence.capture import FORMAT
from integrations.evidence.emitting import emitted
from integrations.evidence.readme import README
from integrations.evidence.store import CHUNK, Digest, Store, copied
from integrations.evidence.verifier import ARCHIVE, CHECKPOINT, INDEX, KEYS, STAMPS, TSA_ROOT, check
from integrations.evidence.wacz import write_wacz
from integrations.evidence.zips import add_stream
from models.canonical import canonical


@dataclass(frozen=True, slots=True)
class LoggedDeed:
    """The deed that put a capture on record, and its way up to the signed head."""

    deed: Sequence[object]
    """Its committed parts, as the log's leaf is made of them; the last are its facts."""
    salt: str
    leaf: int
    path: Sequence[str]


@dataclass(frozen=True, slots=True)
class Proofs:
    """What shows that captures stand in the log."""

    checkpoint: str
    keys: Sequence[str]
    """Verifier keys of the log, old ones too."""
    deeds: Mapping[Digest, LoggedDeed]


@dataclass(frozen=True, slots=True)
class StampKept:
    """A stamp over a list of captures, and the authority's answer as it came."""

    id: str
    index: Digest
    tsa: str
    state: str
    at: str | None
    checked_by: str
    problem: str
    answer: Digest | None


@dataclass(frozen=True, slots=True)
class Packing:
    """All that goes into one pack."""

    captures: Sequence[Digest]
    made: Sequence[Digest] = ()
    """Manifests of what is no capture: the case in words, files that somebody brought."""
    proofs: Proofs | None = None
    stamps: Sequence[StampKept] = ()
    tsa_root: bytes | None = None
    custody: Sequence[Mapping[str, object]] = field(default_factory=tuple[Mapping[str, object]])


def pack(store: Store, packing: Packing, out: Path) -> Digest:
    """Write the pack; its digest. The same captures under the same head make the same bytes."""
    captures, made = sorted(set(packing.captures)), sorted(set(packing.made))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        book = _Book(archive)
        book.add("README.txt", README.encode())
        book.add("verify.py", emitted())
        for digest in (*captures, *made):
            book.add_stream(f"manifests/{digest}.json", store.stream(digest))
        files = {file for one in (*captures, *made) for file in _files_of(store.open(one))}
        files |= {stamp.index for stamp in packing.stamps}
        for digest in sorted(files):
            book.add_stream(f"files/{digest}", store.stream(digest))
        book.add("custody.json", _listed(packing.custody))
        _add_proofs(book, packing.proofs)
        _add_stamps(book, store, packing)
        _add_archive(book, store, captures)
        index = {"format": FORMAT, "captures": captures, "made": made, "files": book.files}
        add_stream(archive, INDEX, (canonical(index),))
    with out.open("rb") as file:
        return copied(file, None)


def check_pack(path: Path) -> list[str]:
    """What is wrong with a pack; empty when it is whole. Everything is hashed again."""
    return check(path).faults


class _Book:
    """What was put into the zip, with length and hash."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.files: dict[str, dict[str, object]] = {}

    def add(self, name: str, content: bytes) -> None:
        self.add_stream(name, (content,))

    def add_stream(self, name: str, pieces: Iterable[bytes]) -> None:
        seen, size = hashlib.sha256(), 0

        def noted() -> Iterable[bytes]:
            nonlocal size
            for piece in pieces:
                seen.update(piece)
                size += len(piece)
                yield piece

        add_stream(self._archive, name, noted())
        self.files[name] = {"bytes": size, "sha256": seen.hexdigest()}


def _add_proofs(book: _Book, proofs: Proofs | None) -> None:
    if proofs is None:
        return
    book.add(CHECKPOINT, proofs.checkpoint.encode())
    book.add(KEYS, "".join(f"{key}\n" for key in proofs.keys).encode())
    for digest, logged in sorted(proofs.deeds.items()):
        told = {"deed": list(logged.deed), "salt": logged.salt, "leaf": logged.leaf,
                "path": list(logged.path)}  # fmt: skip
        book.add(f"proofs/{digest}.json", canonical(told))


def _add_stamps(book: _Book, store: Store, packing: Packing) -> None:
    told = list[dict[str, object]]()
    for stamp in packing.stamps:
        told.append(
            {
                "id": stamp.id,
                "index": stamp.index,
                "tsa": stamp.tsa,
                "state": stamp.state,
                "at": stamp.at,
                "checked_by": stamp.checked_by,
                "problem": stamp.problem,
            }
        )
        if stamp.answer is not None:
            book.add_stream(f"stamps/{stamp.id}.tsr", store.stream(stamp.answer))
    book.add(STAMPS, _listed(told))
    if packing.tsa_root is not None:
        book.add(TSA_ROOT, packing.tsa_root)


def _add_archive(book: _Book, store: Store, captures: Sequence[Digest]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ARCHIVE
        if not write_wacz(store, captures, path):
            return
        with path.open("rb") as file:
            book.add_stream(ARCHIVE, iter(lambda: file.read(CHUNK), b""))


def _listed(rows: Sequence[Mapping[str, object]]) -> bytes:
    return json.dumps(list(rows), ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def _files_of(manifest: bytes) -> list[Digest]:
    return [Digest(file["sha256"]) for file in json.loads(manifest)["files"]]
