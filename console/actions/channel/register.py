"""What everybody may know: agents that were ever licensed, their shops and their badges.

Read by strangers, often, and by patrols of every carrier; so there is no actor, no scope and no
ORM here, only the published columns, each question one query over an index.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, or_, select
from sqlmodel import col

from console.actions.channel.reading import read
from console.desk import Desk, House
from models.channel.agents import Agent
from models.channel.licences import Licence
from models.channel.public import (
    Delegation,
    Looked,
    Match,
    PublicAgent,
    PublicLicence,
    PublicShop,
    PublicStatus,
    RegisterRow,
    best_of,
    public_name,
    public_status,
    public_url,
    public_uscc,
    shop_number,
)
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Invalid, NotFound, Refusal
from models.rules import china_day
from models.staff import Organisation
from models.tokens import canonical_shop

MOST_PAIRS: Final = 1_000
_SHOWN: Final = frozenset({PublicStatus.ACTIVE, PublicStatus.SUSPENDED, PublicStatus.NOT_BEGUN})


def named(column: object, name: str) -> ColumnElement[Any]:
    """A column under a name of our own; SQLModel types it as its value."""
    return cast("ColumnElement[Any]", column).label(name)


_FACTS: Final[tuple[Any, ...]] = (
    named(Agent.id, "agent_id"),
    col(Agent.agent_no),
    named(Agent.name, "agent_name"),
    col(Agent.uscc),
    named(Agent.legal_representative, "representative"),
    col(Agent.province),
    named(Agent.state, "agent_state"),
    named(Organisation.name, "carrier"),
    named(Licence.number, "licence_no"),
    named(Licence.state, "licence_state"),
    col(Licence.products),
    col(Licence.provinces),
    col(Licence.begins_on),
    col(Licence.ends_on),
    col(Licence.shop_ids),
    named(AuthorisedShop.id, "shop_id"),
    col(AuthorisedShop.platform),
    col(AuthorisedShop.shop_key),
    named(AuthorisedShop.name, "shop_name"),
    named(AuthorisedShop.url, "shop_url"),
)
_LIVE_SHOP: Final = and_(
    col(AuthorisedShop.agent_id) == col(Agent.id), col(AuthorisedShop.ended_at).is_(None)
)
_EVER: Final = and_(col(Licence.agent_id) == col(Agent.id), col(Licence.approved_at).is_not(None))
OF_AGENTS: Final[Select[*tuple[Any, ...]]] = (
    select(*_FACTS)
    .select_from(Agent)
    .join(Licence, _EVER)
    .join(Organisation, col(Organisation.id) == col(Agent.carrier_id))
    .outerjoin(AuthorisedShop, _LIVE_SHOP)
)
ONE_AGENT: Final[Select[*tuple[Any, ...]]] = OF_AGENTS.where(
    col(Agent.agent_no) == bindparam("agent_no")
)
OF_SHOPS: Final[Select[*tuple[Any, ...]]] = (
    select(*_FACTS)
    .select_from(AuthorisedShop)
    .join(Agent, col(Agent.id) == col(AuthorisedShop.agent_id))
    .join(Licence, _EVER)
    .join(Organisation, col(Organisation.id) == col(Agent.carrier_id))
    .where(col(AuthorisedShop.ended_at).is_(None))
)
_ONE_SHOP: Final[Select[*tuple[Any, ...]]] = OF_SHOPS.where(
    col(AuthorisedShop.platform) == bindparam("platform"),
    col(AuthorisedShop.shop_key) == bindparam("shop_key"),
)


def public_agent(house: House, agent_no: str) -> PublicAgent:
    """An agent that was ever licensed, for ever after; NotFound for any other number."""
    rows = read(house, ONE_AGENT, agent_no=agent_no.strip().upper())
    if not rows:
        raise NotFound("channel.no_such_agent", agent_no=agent_no)
    return agent_of(rows, china_day(house.now()))


def status_of(row: Row[Any], on: date) -> PublicStatus:
    return public_status(row.licence_state, row.agent_state, row.begins_on, row.ends_on, on)


def agent_of(rows: Sequence[Row[Any]], on: date) -> PublicAgent:
    by_licence: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_licence.setdefault(row.licence_no, []).append(row)
    licences = tuple(
        _licence_of(by_licence[number], on) for number in sorted(by_licence, reverse=True)
    )
    first = rows[0]
    return PublicAgent(
        agent_no=first.agent_no,
        name=name_of(first),
        uscc=public_uscc(first.uscc),
        province=first.province,
        carrier=first.carrier,
        status=best_of(one.status for one in licences),
        licences=licences,
    )


def _licence_of(rows: Sequence[Row[Any]], on: date) -> PublicLicence:
    first, status = rows[0], status_of(rows[0], on)
    shops = [_shop_of(row) for row in rows if str(row.shop_id) in first.shop_ids]
    return PublicLicence(
        number=first.licence_no,
        status=status,
        products=tuple(first.products),
        provinces=tuple(first.provinces),
        begins_on=first.begins_on,
        ends_on=first.ends_on,
        shops=tuple(shops) if status in _SHOWN else (),
    )


def _shop_of(row: Row[Any]) -> PublicShop:
    number = shop_number(row.shop_key)
    name = public_name(row.shop_name, row.uscc, row.representative)
    return PublicShop(row.platform, number, name, public_url(row.shop_url, number))


def name_of(row: Row[Any]) -> str:
    """The agent's name as everybody may read it."""
    return public_name(row.agent_name, row.uscc, row.representative)


def lookup(
    house: House, pairs: Sequence[tuple[str, str]], usccs: Sequence[str] = ()
) -> list[Looked]:
    """For each platform and shop, who may sell there; in the order that was asked.

    `usccs` are what the shops' owners gave to the platform, one for each pair, `""` for none.
    """
    if len(pairs) > MOST_PAIRS:
        raise Invalid("channel.too_many", most=MOST_PAIRS)
    asked = [_canonical(*pair) for pair in pairs]
    codes = [code.strip().upper() for code in usccs] or [""] * len(pairs)
    keys = {one for one in asked if isinstance(one, tuple)}
    on = china_day(house.now())
    rows = [row for row in _rows_of(house, keys) if str(row.shop_id) in row.shop_ids]
    found, at_home = _by_shop(rows, on), _in_force(rows, on)
    elsewhere = {
        (platform, uscc)
        for platform, _, uscc in _in_force(_rows_by_code(house, set(filter(None, codes))), on)
    }
    return [
        Looked(platform, shop, found.get(one, ()), match=_match(one, code, at_home, elsewhere))
        if isinstance(one, tuple)
        else Looked(platform, shop, fault=one)
        for (platform, shop), one, code in zip(pairs, asked, codes, strict=True)
    ]


def _match(
    shop: tuple[str, str],
    uscc: str,
    at_home: Collection[tuple[str, str, str]],
    elsewhere: Collection[tuple[str, str]],
) -> Match | None:
    if not uscc:
        return None
    return Match(
        platform=(shop[0], uscc) in elsewhere,
        shop=any(one[:2] == shop for one in at_home),
        uscc=(*shop, uscc) in at_home,
    )


def _in_force(rows: Iterable[Row[Any]], on: date) -> set[tuple[str, str, str]]:
    """Platform, shop and code of each holder that may sell there today."""
    return {
        (row.platform, row.shop_key, row.uscc)
        for row in rows
        if str(row.shop_id) in row.shop_ids and status_of(row, on) is PublicStatus.ACTIVE
    }


def _rows_by_code(house: House, usccs: Collection[str]) -> Sequence[Row[Any]]:
    if not usccs:
        return ()
    with house.engine.connect() as connection:
        return connection.execute(OF_SHOPS.where(col(Agent.uscc).in_(usccs))).all()


def _canonical(platform: str, shop: str) -> tuple[str, str] | str:
    """The key of a shop, or the code of the refusal that the pair deserves."""
    try:
        one = canonical_shop(platform, shop)
    except Refusal as no:
        return no.code
    return one.platform, one.id


def _rows_of(house: House, keys: set[tuple[str, str]]) -> Sequence[Row[Any]]:
    if not keys:
        return ()
    if len(keys) == 1:
        ((platform, key),) = keys
        return read(house, _ONE_SHOP, platform=platform, shop_key=key)
    by_platform: dict[str, list[str]] = {}
    for platform, key in sorted(keys):
        by_platform.setdefault(platform, []).append(key)
    named = [
        and_(col(AuthorisedShop.platform) == platform, col(AuthorisedShop.shop_key).in_(own))
        for platform, own in by_platform.items()
    ]
    with house.engine.connect() as connection:
        return connection.execute(OF_SHOPS.where(or_(*named))).all()


def _by_shop(
    rows: Iterable[Row[Any]], on: date
) -> Mapping[tuple[str, str], tuple[Delegation, ...]]:
    found: dict[tuple[str, str], tuple[Delegation, ...]] = {}
    for row in rows:
        one = Delegation(
            carrier=row.carrier,
            agent_no=row.agent_no,
            name=name_of(row),
            uscc=public_uscc(row.uscc),
            licence_no=row.licence_no,
            status=status_of(row, on),
            products=tuple(row.products),
            provinces=tuple(row.provinces),
            until=row.ends_on,
        )
        key = (row.platform, row.shop_key)
        found[key] = (*found.get(key, ()), one)
    return found


def register_rows(desk: Desk) -> list[RegisterRow]:
    """Every licence that was ever approved, of all carriers, with every live shop of its agent."""
    ids: tuple[Any, ...] = (col(Agent.carrier_id), named(Licence.id, "licence_id"))
    query: Select[*tuple[Any, ...]] = OF_AGENTS.add_columns(*ids).order_by(
        col(Agent.serial), col(Licence.number), col(AuthorisedShop.shop_key)
    )
    with desk.begin(Permission.PATROL_READ) as work:
        rows = work.session.connection().execute(query).all()
    return [
        RegisterRow(
            carrier_id=row.carrier_id,
            carrier=row.carrier,
            agent_id=row.agent_id,
            agent_no=row.agent_no,
            agent_name=row.agent_name,
            uscc=row.uscc,
            province=row.province,
            agent_state=row.agent_state,
            licence_id=row.licence_id,
            licence_no=row.licence_no,
            licence_state=row.licence_state,
            products=tuple(row.products),
            provinces=tuple(row.provinces),
            begins_on=row.begins_on,
            ends_on=row.ends_on,
            shop_ids=tuple(row.shop_ids),
            shop_id=row.shop_id,
            platform=row.platform or "",
            shop_key=row.shop_key or "",
            shop_name=row.shop_name or "",
            shop_url=row.shop_url or "",
        )
        for row in rows
    ]
