"""Finding licensed agents, for strangers: by number, by words of the name, by shop, by address."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import Row, and_, or_, select, text
from sqlmodel import col

from console.actions.channel.register import OF_AGENTS, OF_SHOPS, name_of, status_of
from console.desk import House
from models.channel.agents import Agent
from models.channel.public import PublicEntry, best_of, is_individual
from models.channel.shops import AuthorisedShop
from models.refusals import Refusal
from models.rules import china_day
from models.search import plain_text, query_terms, terms_of
from models.staff import Organisation, OrganisationKind
from models.tokens import OWN_SITE, canonical_shop, canonical_site

_PAGE: Final = 20
_LAST: Final = 2_147_483_647
_WORDS: Final = 24
"""Pieces of an address that may be a shop's id, and folders of it that may be a site."""
_WORD: Final = re.compile(r"[\w-]{1,64}")
_ADDRESS: Final = re.compile(
    r"(?:https?://|(?:[\w-]+\.)+[A-Za-z\u4e00-\u9fff]{2,}(?:[/:?#]|$))", re.IGNORECASE
)
_SECOND_LEVEL: Final = frozenset({"com", "net", "org", "gov", "edu", "ac"})


@dataclass(frozen=True, slots=True)
class Found:
    """One screen of a public search; `next` is the serial to go on behind."""

    entries: Sequence[PublicEntry]
    next: int | None


def public_search(house: House, q: str, after: int | None = None) -> Found:
    """Agents that were ever licensed: by words in their published name, by number or code, or by
    the address of a shop of theirs.
    """
    if _ADDRESS.match(q.strip()):
        return Found(_at_address(house, q.strip()), None)
    terms = query_terms(q)
    if not terms:
        return Found((), None)
    with house.engine.connect() as connection:
        postgres = connection.dialect.name == "postgresql"
        found = text(_SEARCH_POSTGRESQL if postgres else _SEARCH_SQLITE)
        wanted = terms if postgres else " ".join(f'"{term}"' for term in terms)
        serials = connection.execute(
            found, {"wanted": wanted, "after": after or _LAST, "most": _PAGE + 1}
        ).scalars()
        page = list(serials)
    rows = [part for part in _agents(house, page[:_PAGE]) if _is_public_match(part[0], terms, q)]
    on = china_day(house.now())
    return Found(
        [_entry(part, on) for part in rows], page[_PAGE - 1] if len(page) > _PAGE else None
    )


_LICENSED: Final = (
    "EXISTS (SELECT 1 FROM licences l WHERE l.agent_id = a.id AND l.approved_at IS NOT NULL)"
)
_SEARCH_SQLITE: Final = f"""
    SELECT a.serial FROM agent_search s JOIN agents a ON a.serial = s.rowid
    WHERE s.agent_search MATCH :wanted AND s.rowid < :after AND {_LICENSED}
    ORDER BY s.rowid DESC LIMIT :most"""  # noqa: S608 - made of constants
_SEARCH_POSTGRESQL: Final = f"""
    SELECT a.serial FROM agents a
    WHERE string_to_array(a.terms, ' ') @> CAST(:wanted AS text[])
      AND a.serial < :after AND {_LICENSED}
    ORDER BY a.serial DESC LIMIT :most"""  # noqa: S608 - made of constants


def _agents(house: House, serials: Sequence[int]) -> list[list[Row[Any]]]:
    """The rows of each agent, the newest agent first."""
    if not serials:
        return []
    query = OF_AGENTS.where(col(Agent.serial).in_(serials)).order_by(col(Agent.serial).desc())
    by_agent: dict[str, list[Row[Any]]] = {}
    with house.engine.connect() as connection:
        for row in connection.execute(query):
            by_agent.setdefault(row.agent_no, []).append(row)
    return list(by_agent.values())


def _is_public_match(row: Row[Any], terms: Iterable[str], q: str) -> bool:
    """The index also holds the representative's name, which strangers may not search by, nor by
    parts of what is hidden of a person who trades; who knows the whole of it may.
    """
    whole = plain_text(q)
    if whole in {plain_text(row.agent_name), plain_text(row.uscc)}:
        return True
    code = () if is_individual(row.uscc) else (row.uscc,)
    known = set(terms_of(name_of(row), row.agent_no, *code).split())
    return known.issuperset(terms)


def _entry(rows: Sequence[Row[Any]], on: date) -> PublicEntry:
    first, status = rows[0], best_of(status_of(row, on) for row in rows)
    return PublicEntry(first.agent_no, name_of(first), first.province, first.carrier, status)


def agents_in_shop(house: House, platform: str, shop: str) -> list[PublicEntry]:
    """Who was licensed for a shop, by the platform's code and the shop's own number."""
    try:
        asked = canonical_shop(platform, shop)
    except Refusal:
        return []
    here = and_(
        col(AuthorisedShop.platform) == asked.platform, col(AuthorisedShop.shop_key) == asked.id
    )
    return _of_shops(house, [here])


def _at_address(house: House, url: str) -> list[PublicEntry]:
    """Whose shop is at an address, or above it: an own site by host and path, a marketplace's by
    the shop's number in the address, on the marketplace's own domain.
    """
    try:
        site = canonical_site(url)
    except Refusal:
        return []
    parts = site.split("/")[:_WORDS]
    own = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    words = list(dict.fromkeys(_WORD.findall(unquote(url))))[:_WORDS]
    with house.engine.connect() as connection:
        platforms = connection.scalars(
            select(col(Organisation.code)).where(
                col(Organisation.kind) == OrganisationKind.PLATFORM
            )
        ).all()
    is_own = and_(col(AuthorisedShop.platform) == OWN_SITE, col(AuthorisedShop.shop_key).in_(own))
    is_there = and_(
        col(AuthorisedShop.platform).in_(platforms),
        col(AuthorisedShop.shop_key).in_([f"shop:{word}" for word in words]),
    )
    return _of_shops(house, [is_own, is_there], _domain(parts[0]))


def _of_shops(house: House, where: Collection[Any], domain: str = "") -> list[PublicEntry]:
    """`domain` is where a marketplace's shop must be at home; empty where that was not asked."""
    query = OF_SHOPS.add_columns(col(Agent.serial)).where(or_(*where)).limit(_PAGE * _WORDS)
    with house.engine.connect() as connection:
        rows = connection.execute(query).all()
    serials = {
        row.serial
        for row in rows
        if str(row.shop_id) in row.shop_ids
        and (not domain or row.platform == OWN_SITE or _domain_of(row.shop_url) == domain)
    }
    on = china_day(house.now())
    return [_entry(part, on) for part in _agents(house, sorted(serials)[-_PAGE:])]


def _domain_of(url: str) -> str:
    try:
        return _domain(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def _domain(host: str) -> str:
    """What a marketplace has registered: `m.lanhai.example` and `lanhai.example` are one."""
    labels = host.partition(":")[0].lower().split(".")
    size = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 2  # noqa: PLR2004
    return ".".join(labels[-size:])
