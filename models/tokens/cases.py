"""Conformance: a file of named cases, each with the verdict that every verifier must reach."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from models.refusals import Invalid
from models.tokens.cose import STATUS_LIST_TYPE, Key, KeySet, Malformed
from models.tokens.shops import Shop, canonical_shop
from models.tokens.status import StatusList, StatusSource, no_status
from models.tokens.verdict import Verifier
from models.tokens.words import Verdict


class _KeyRow(BaseModel):
    kid: str
    alg: int
    pub: str
    nbf: int
    exp: int
    revoked_at: int | None = None

    def as_key(self) -> Key:
        kid, public = bytes.fromhex(self.kid), bytes.fromhex(self.pub)
        return Key.from_bytes(
            kid, self.alg, public, nbf=self.nbf, exp=self.exp, revoked_at=self.revoked_at
        )


class Case(BaseModel):
    name: str
    qr: str
    page: tuple[str, str] | None
    now: int
    list: str
    expect: Verdict


class CaseFile(BaseModel):
    """Keys, clocks and status lists (hex, or none) beside the cases that use them."""

    hosts: list[str]
    keys: list[_KeyRow]
    lists: dict[str, str | None]
    cases: list[Case]

    def outcomes(self) -> "Iterator[Outcome]":
        keys = [row.as_key() for row in self.keys]
        sources = self._sources(keys)
        badge_keys, hosts = KeySet(keys), frozenset(self.hosts)
        for case in self.cases:
            verifier = Verifier(hosts, badge_keys, sources[case.list])
            yield Outcome(case.name, case.expect, _verdict(verifier, case))

    def _sources(self, keys: list[Key]) -> Mapping[str, StatusSource]:
        list_keys = KeySet(keys, STATUS_LIST_TYPE)
        return {name: _source(text, list_keys) for name, text in self.lists.items()}


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    expected: Verdict
    found: Verdict

    @property
    def is_right(self) -> bool:
        return self.expected is self.found


def _source(text: str | None, keys: KeySet) -> StatusSource:
    if text is None:
        return no_status
    try:
        return StatusList.read(bytes.fromhex(text), keys)
    except Malformed:  # a list that nobody of ours signed is no list
        return no_status


def _verdict(verifier: Verifier, case: Case) -> Verdict:
    try:
        page = None if case.page is None else canonical_shop(*case.page)
    except Invalid:  # a page without a readable address is not the page that the badge names
        page = Shop("", "")
    return verifier.verify(case.qr, page, case.now).verdict
