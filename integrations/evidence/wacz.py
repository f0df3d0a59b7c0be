"""The web archives of captures in one file that replay programs open (WACZ 1.1.1)."""

import gzip
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator

from integrations.evidence.capture import WARC
from integrations.evidence.store import Digest, Store
from integrations.evidence.zips import add, add_stream

_VERSION: Final = "1.1.1"
_NOT_DIGITS: Final = re.compile(r"\D")
_PAGES: Final = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}


@dataclass(frozen=True, slots=True)
class _Archived:
    """One capture with a WARC, by what its manifest says."""

    warc: Digest
    size: int
    page: Mapping[str, object] | None
    """The page that stands in the list; None where there was none to be had."""
    at: str


def write_wacz(store: Store, manifests: Sequence[Digest], out: Path) -> int:
    """Write the web archive of captures; how many pages it shows. The same captures, same bytes."""
    captures = [one for one in map(lambda m: _archived(store, m), manifests) if one]  # noqa: C417
    lines = sorted(line for one in captures for line in _index(store, one))
    pages = [_line(_PAGES), *(_line(one.page) for one in captures if one.page)]
    listed = gzip.compress("".join(lines).encode(), mtime=0)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        named = [f"archive/{one.warc}.warc.gz" for one in captures]
        resources = [
            _resource(name, one.size, one.warc) for name, one in zip(named, captures, strict=True)
        ]
        for name, one in zip(named, captures, strict=True):
            add_stream(archive, name, store.stream(one.warc))
        for name, content in (
            ("indexes/index.cdx.gz", listed),
            ("pages/pages.jsonl", "".join(pages).encode()),
        ):
            add(archive, name, content)
            resources.append(_resource(name, len(content), hashlib.sha256(content).hexdigest()))
        package = _package(resources, max((one.at for one in captures), default=""))
        add(archive, "datapackage.json", package)
        digest = {"path": "datapackage.json",
                  "hash": f"sha256:{hashlib.sha256(package).hexdigest()}"}  # fmt: skip
        add(archive, "datapackage-digest.json", json.dumps(digest, indent=2).encode())
    return len(pages) - 1


def _archived(store: Store, manifest: Digest) -> _Archived | None:
    told: dict[str, Any] = json.loads(store.open(manifest))
    for file in told["files"]:
        if file["name"] == WARC:
            page = None
            if told.get("outcome") == "stored":
                page = {
                    "id": manifest[:16],
                    "url": told["final_url"],
                    "ts": told["started"],
                    "title": told["final_url"],
                }
            return _Archived(Digest(file["sha256"]), file["bytes"], page, told["ended"])
    return None


def _index(store: Store, capture: _Archived) -> Iterator[str]:
    """A CDXJ line for each answer in a WARC: where it begins, and how long it is."""
    content = BytesIO(store.open(capture.warc))
    records: Any = ArchiveIterator(content)
    for record in records:
        if record.rec_type != "response":
            continue
        url = record.rec_headers.get_header("WARC-Target-URI")
        moment = _NOT_DIGITS.sub("", record.rec_headers.get_header("WARC-Date"))[:14]
        facts = {
            "url": url,
            "mime": (record.http_headers.get_header("Content-Type") or "").partition(";")[0],
            "status": record.http_headers.get_statuscode(),
            "digest": record.rec_headers.get_header("WARC-Payload-Digest"),
            "filename": f"{capture.warc}.warc.gz",
        }
        record.raw_stream.read()
        offset, length = records.get_record_offset(), records.get_record_length()
        facts |= {"offset": str(offset), "length": str(length)}
        yield f"{_key(url)} {moment} {_line(facts)}"


def _key(url: str) -> str:
    """The address with its host turned round, which is how such lists are sorted (SURT)."""
    parts = urlsplit(url.lower())
    host = parts.hostname or ""
    is_number = host.replace(".", "").isdigit() or ":" in host
    turned = host if is_number else ",".join(reversed(host.removeprefix("www.").split(".")))
    port = None
    with suppress(ValueError):
        port = parts.port
    query = f"?{'&'.join(sorted(parts.query.split('&')))}" if parts.query else ""
    shown = "" if port in {None, 80, 443} else f":{port}"
    path = (parts.path or "/").replace(" ", "%20")
    return f"{turned}{shown}){path}{query}".replace(" ", "%20")


def _resource(name: str, size: int, digest: str) -> dict[str, object]:
    return {
        "name": Path(name).name.lower(),
        "path": name,
        "hash": f"sha256:{digest}",
        "bytes": size,
    }


def _package(resources: Sequence[Mapping[str, object]], created: str) -> bytes:
    told = {
        "profile": "data-package",
        "resources": list(resources),
        "wacz_version": _VERSION,
        "title": "Evidence",
        "software": "channel-governance",
        "created": created,
    }
    return json.dumps(told, indent=2, ensure_ascii=False).encode()


def _line(facts: Mapping[str, object] | None) -> str:
    return json.dumps(facts, ensure_ascii=False) + "\n"
