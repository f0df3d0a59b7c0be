"""Judging a badge by files alone: keys and status lists, no database and no network."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from models.refusals import Invalid
from models.tokens import (
    STATUS_LIST_TYPE,
    Answer,
    Claims,
    Key,
    KeyRole,
    KeySet,
    Malformed,
    Reason,
    Shop,
    Standing,
    StatusList,
    StatusUnknown,
    Verifier,
)
from models.tokens.keyfiles import read_keys

_LARGEST: Final = 64 * 1024 * 1024
_LISTS_AT: Final = "/s/"


@dataclass(frozen=True, slots=True)
class Files:
    """What somebody has fetched before, and trusts."""

    keys: KeySet
    lists: Sequence[StatusList]
    hosts: frozenset[str]
    prefixes: tuple[str, ...]
    """Where badges lead, in lower case: `https://v.example/b/`."""

    @classmethod
    def read(cls, keys: Path, lists: Sequence[Path], hosts: Sequence[str]) -> "Files":
        """Without `hosts` the badges lead to where the signed lists are."""
        known = _keys(keys)
        list_keys = KeySet(known[KeyRole.STATUS_LIST], STATUS_LIST_TYPE)
        read = [_status_list(path, list_keys) for path in lists]
        bases = [f"https://{host.lower()}" for host in hosts]
        bases = bases or [one.uri.lower().rpartition(_LISTS_AT)[0] for one in read]
        return cls(
            keys=KeySet(known[KeyRole.BADGE]),
            lists=read,
            hosts=frozenset(urlsplit(base).hostname or "" for base in bases),
            prefixes=tuple(f"{base}/b/" for base in bases),
        )

    def is_ours(self, text: str) -> bool:
        return text.strip().lower().startswith(self.prefixes)

    def judge(self, text: str, page: Shop | None, now: int) -> Answer:
        verifier = Verifier(hosts=self.hosts, keys=self.keys, status=self.standing)
        text = text.strip()
        for prefix in self.prefixes:
            if text.lower().startswith(prefix):
                text = text[len(prefix) :].partition("#")[0].partition("?")[0]
                return verifier.verify_digits(text, page, now)
        if text.isascii() and text.isdecimal():
            return verifier.verify_digits(text, page, now)
        return verifier.verify(text, page, now)

    def standing(self, claims: Claims, now: int) -> Standing:
        """By the newest list that the badge names."""
        named = [one for one in self.lists if one.uri == claims.status_uri]
        if not named:
            raise StatusUnknown(Reason.OTHER_LIST if self.lists else Reason.NO_LIST)
        return max(named, key=lambda one: one.issued_at)(claims, now)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST:
            raise Invalid("badge_check.no_such_file", file=str(path))
        return path.read_bytes()
    except OSError:
        raise Invalid("badge_check.no_such_file", file=str(path)) from None


def _keys(path: Path) -> dict[KeyRole, list[Key]]:
    try:
        return read_keys(_bytes(path))
    except Malformed:
        raise Invalid("badge_check.not_keys", file=str(path)) from None


def _status_list(path: Path, keys: KeySet) -> StatusList:
    try:
        return StatusList.read(_bytes(path), keys)
    except Malformed:
        raise Invalid("badge_check.not_a_list", file=str(path)) from None
