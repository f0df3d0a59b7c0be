"""What was seen, kept so that nobody can change it unnoticed: a store, captures, and packs."""

import hashlib
import json
import os
import platform
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, NewType, Self, cast

from integrations.fetch import Recorder, outcome_of
from integrations.marketplaces.base import Page, SourceError
from models.canonical import canonical

Digest = NewType("Digest", str)
"""SHA-256 in 64 lower-case hexadecimal digits."""

_CHUNK: Final = 1 << 20
_FORMAT: Final = "channel-evidence/1"
_TOOLS: Final = ("channel-governance", "httpx", "httpcore", "h11", "protego", "warcio")
_MANIFEST_LIMIT: Final = 16 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Damaged(Exception):
    """What lies under a digest is not what was put there."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        super().__init__(digest)


class Store:
    """Files under the name of their own SHA-256. Reading hashes again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def path(self, digest: Digest) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f"not a digest: {digest!r}")
        return self._root / digest[:2] / digest[2:4] / digest

    def has(self, digest: Digest) -> bool:
        return self.path(digest).is_file()

    def keep(self, given: bytes | BinaryIO) -> Digest:
        """Put a file away, safe from a power cut on return. The same bytes are kept once."""
        source = BytesIO(given) if isinstance(given, bytes) else given
        descriptor, name = tempfile.mkstemp(prefix="new-", dir=self._root)
        try:
            with os.fdopen(descriptor, "wb") as temporary:
                digest = _copied(source, temporary)
                temporary.flush()
                os.fsync(temporary.fileno())
            self._put(Path(name), digest)
        finally:
            Path(name).unlink(missing_ok=True)
        return digest

    def open(self, digest: Digest) -> bytes:
        return b"".join(self.stream(digest))

    def stream(self, digest: Digest) -> Generator[bytes]:
        """The file in pieces; `Damaged` at the end if they were not the ones that were kept."""
        seen = hashlib.sha256()
        with self.path(digest).open("rb") as file:
            while piece := file.read(_CHUNK):
                seen.update(piece)
                yield piece
        if seen.hexdigest() != digest:
            raise Damaged(digest)

    def size(self, digest: Digest) -> int:
        return self.path(digest).stat().st_size

    def verify_all(self) -> Iterator[Digest]:
        """The digests whose file is not what its name says."""
        for path in sorted(self._root.glob("??/??/*")):
            digest = Digest(path.name)
            ours = _DIGEST.fullmatch(digest) and path == self.path(digest)
            if not (ours and self._is_whole(digest)):
                yield digest

    def _put(self, temporary: Path, digest: Digest) -> None:
        path = self.path(digest)
        if path.is_file() and self._is_whole(digest):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(path)
        for folder in (path.parent, path.parent.parent, self._root):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _is_whole(self, digest: Digest) -> bool:
        try:
            for _ in self.stream(digest):
                pass
        except (Damaged, OSError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class KeptFile:
    name: str
    bytes: int
    sha256: Digest


@dataclass(frozen=True, slots=True)
class Bundle:
    """One capture, put away. The manifest's digest stands for all of it."""

    manifest_sha256: Digest
    files: tuple[KeptFile, ...]


class Capture:
    """One look at one address, from the first look-up to the manifest."""

    def __init__(
        self,
        store: Store,
        subject: str,
        url: str,
        *,
        reasons: Sequence[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._now = now
        self._began = now()
        self._about: dict[str, object] = {
            "subject": subject,
            "url": url,
            "reasons": list(reasons),
            "outcome": "failed",
        }
        self._warc: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        info = {"software": _software(), "format": "WARC File Format 1.1"}
        self.recorder = Recorder(cast("BinaryIO", self._warc), name="page.warc.gz", info=info)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._warc.close()

    def saw(self, page: Page) -> None:
        self._about |= {
            "outcome": "stored",
            "final_url": page.url,
            "status": page.status,
            "record": page.record,
            "body": {"bytes": len(page.body), "sha256": hashlib.sha256(page.body).hexdigest()},
        }

    def missed(self, error: SourceError) -> None:
        """There is no page. That, too, is kept, with the reason."""
        facts = {name: str(fact) for name, fact in error.reason.facts.items()}
        self._about |= {"outcome": outcome_of(error), "reason": error.reason.word, "facts": facts}

    def bundle(self, fields: Mapping[str, object], register: bytes | BinaryIO) -> Bundle:
        """Put away the exchanges, what was read from them, and the register as it stood."""
        self._warc.seek(0)
        files = (
            self._kept("page.warc.gz", cast("BinaryIO", self._warc)),
            self._kept("fields.json", canonical(fields)),
            self._kept("register.json", register),
        )
        self._warc.seek(0, os.SEEK_END)
        manifest = self._about | {
            "format": _FORMAT,
            "started": _utc(self._began),
            "ended": _utc(self._now()),
            "tools": tools(),
            "exchanges": [asdict(noted) | {"at": _utc(noted.at)} for noted in self.recorder.noted],
            "robots": self._robots(),
            "files": [asdict(file) for file in files],
        }
        return Bundle(self._store.keep(canonical(manifest)), files)

    def _kept(self, name: str, given: bytes | BinaryIO) -> KeptFile:
        digest = self._store.keep(given)
        return KeptFile(name, self._store.size(digest), digest)

    def _robots(self) -> list[dict[str, object]]:
        return [
            {
                "page": verdict.page,
                "allowed": verdict.allowed,
                "robots": verdict.rules.url,
                "basis": verdict.rules.basis,
                "status": verdict.rules.status,
                "record": verdict.rules.record,
            }
            for verdict in self.recorder.verdicts
        ]


def tools() -> dict[str, str]:
    """What took part in a capture, with versions."""
    found = {"python": platform.python_version()}
    for name in _TOOLS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def pack(store: Store, manifests: Sequence[Digest], out: Path) -> Digest:
    """One zip with everything behind the manifests; the same captures make the same bytes."""
    wanted = sorted(set(manifests))
    files = sorted({digest for one in wanted for digest in _files_of(store.open(one))})
    index = canonical({"format": _FORMAT, "manifests": wanted})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, "index.json", iter((index,)))
        for digest in wanted:
            _write(archive, f"manifests/{digest}.json", store.stream(digest))
        for digest in files:
            _write(archive, f"files/{digest}", store.stream(digest))
    with out.open("rb") as file:
        return _copied(file, None)


def check_pack(path: Path) -> list[str]:
    """What is wrong with a pack; empty when it is whole. Everything is hashed again."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _faults(archive)
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        return [f"unreadable: {error}"]


def _faults(archive: zipfile.ZipFile) -> list[str]:
    names = archive.namelist()
    faults = [f"twice: {name}" for name, times in sorted(Counter(names).items()) if times > 1]
    # We never compress, so whatever is compressed is not ours, and may be a bomb.
    packed = [info for info in archive.infolist() if info.compress_type != zipfile.ZIP_STORED]
    if packed:
        return [*faults, *(f"packed: {info.filename}" for info in packed)]
    try:
        index = _read_json(archive, "index.json")
        wanted = {f"manifests/{digest}.json": str(digest) for digest in index["manifests"]}
        for name in sorted(wanted):
            wanted |= _asked_for(archive, name)
    except (KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        return [*faults, f"unreadable: {error}"]
    for name, digest in sorted(wanted.items()):
        if name not in names:
            faults.append(f"missing: {name}")
        elif _hash_in(archive, name) != digest:
            faults.append(f"changed: {name}")
    return faults + [f"unasked: {name}" for name in sorted({*names} - {*wanted, "index.json"})]


def _asked_for(archive: zipfile.ZipFile, manifest: str) -> dict[str, str]:
    if manifest not in archive.namelist():
        return {}
    files = _read_json(archive, manifest)["files"]
    return {f"files/{file['sha256']}": str(file["sha256"]) for file in files}


def _read_json(archive: zipfile.ZipFile, name: str) -> Any:  # noqa: ANN401
    with archive.open(name) as file:
        text = file.read(_MANIFEST_LIMIT + 1)
    if len(text) > _MANIFEST_LIMIT:
        raise ValueError(f"{name} is too long")
    return json.loads(text)


def _hash_in(archive: zipfile.ZipFile, name: str) -> str | None:
    try:
        with archive.open(name) as file:
            return _copied(file, None)
    except (zipfile.BadZipFile, RuntimeError, OSError):
        return None


def _files_of(manifest: bytes) -> list[Digest]:
    return [Digest(file["sha256"]) for file in json.loads(manifest)["files"]]


def _write(archive: zipfile.ZipFile, name: str, pieces: Iterator[bytes]) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as target:
        for piece in pieces:
            target.write(piece)


def _copied(source: IO[bytes], target: IO[bytes] | None) -> Digest:
    seen = hashlib.sha256()
    while piece := source.read(_CHUNK):
        seen.update(piece)
        if target is not None:
            target.write(piece)
    return Digest(seen.hexdigest())


def _software() -> str:
    return " ".join(f"{name}/{number}" for name, number in tools().items())


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
