"""A reader of logs as anybody may write one: it asks by HTTP and believes nothing but its key."""

import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256

import httpx

from models.notes import NoteKey, read_checkpoint


def tile_path(index: int) -> str:
    """As C2SP tlog-tiles writes it: groups of three digits, all but the last with an x."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(groups)


@dataclass
class LogReader:
    base: str
    vkey: str

    def ask(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.base}/log/{path}", timeout=20).raise_for_status()

    def entries(self) -> list[bytes]:
        """Every entry, each authenticated against the signed root; else an AssertionError."""
        head = read_checkpoint(self.ask("checkpoint").text, NoteKey.from_vkey(self.vkey))
        found: list[bytes] = []
        for number in range(-(-head.size // 256)):
            width = min(256, head.size - number * 256)
            part = tile_path(number) + ("" if width == 256 else f".p/{width}")
            bundle = self.ask(f"tile/entries/{part}").content
            tile = self.ask(f"tile/0/{part}").content
            bodies = unbundled(bundle)
            assert [sha256(b"\0" + body).digest() for body in bodies] == [
                tile[at : at + 32] for at in range(0, len(tile), 32)
            ]
            found += bodies
        assert naive_root(found) == head.root
        return found


def unbundled(bundle: bytes) -> list[bytes]:
    bodies: list[bytes] = []
    while bundle:
        (length,) = struct.unpack(">H", bundle[:2])
        assert len(bundle) >= 2 + length
        bodies.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return bodies


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) as RFC 6962 2.1 defines it, on the entries themselves."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256().digest()
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + naive_root(leaves[:middle]) + naive_root(leaves[middle:])).digest()


def decoded(hashes: list[str]) -> list[bytes]:
    return [b64decode(one) for one in hashes]


def offer(old: int, proof: list[str], checkpoint: str) -> bytes:
    """An add-checkpoint request."""
    lines = "".join(f"{one}\n" for one in proof)
    return f"old {old}\n{lines}\n{checkpoint}".encode()


def encoded(hashes: list[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]
