"""Shops of agents that are known here: one row a shop."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select

from console.actions.channel.held import carrier_of
from console.actions.imports.bulk import insert_rows
from console.actions.imports.rows import Batch, Checker, Given, Reason, RowKind
from console.database import one_of_many
from console.desk import Work
from models.base import new_id
from models.channel.agents import Agent, AgentState
from models.channel.shops import AuthorisedShop
from models.formats import Fault, check_agent_number, check_uscc, compact
from models.permissions import Permission
from models.refusals import Invalid
from models.staff import Organisation, OrganisationKind
from models.tokens.shops import OWN_SITE, Shop, canonical_shop

GONE: Final = frozenset({AgentState.REJECTED, AgentState.EXITED, AgentState.BLACKLISTED})
"""States in which an agent is given no shop."""
OWN_WORDS: Final = frozenset({"自有网站", "自营网站", "官网", "网站", "own site", "website"})
SHOP_FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "platform": ("平台", "所在平台", "平台编码", "平台代码", "电商平台", "平台名称", "marketplace"),
    "shop_id": ("店铺id", "网店id", "店铺编号", "网店编号", "店铺号", "shop", "storeid"),
    "shop_name": ("店铺名称", "网店名称", "店铺名", "网店名", "店名", "storename"),
    "shop_url": (
        "店铺链接", "店铺网址", "网店链接", "网店网址", "店铺地址", "网址", "链接", "url",
        "shoplink", "storeurl",
    ),
}  # fmt: skip


ShopValues: TypeAlias = tuple[UUID, UUID, str, str, str, str, str]
_COLUMNS: Final = ("id", "agent_id", "platform", "shop_key", "name", "url", "province")


@dataclass(frozen=True, slots=True)
class ShopGiven:
    platform: str
    """As it was written; `shop_at` makes it a code."""
    number: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class ShopRow:
    agent: str
    """An agent number, or else a USCC."""
    shop: ShopGiven


def shop_given(checker: Checker) -> ShopGiven | None:
    """The shop that a row names; None when it names none."""
    if not any(map(checker.given.get, SHOP_FIELDS)):
        return None
    platform = checker.text("platform", 120)
    number = checker.text("shop_id", 300)
    name, url = checker.text("shop_name", 200), checker.text("shop_url", 2000)
    if not platform:
        checker.wrong("missing", field="platform")
    if not number and not url:
        checker.wrong("missing", field="shop_id")
    return ShopGiven(platform, number, name, url)


def platform_words(work: Work) -> Mapping[str, str]:
    """Codes and names of the platforms that are known here, each by its code."""
    rows = work.session.exec(
        select(Organisation.code, Organisation.name).where(
            Organisation.kind == OrganisationKind.PLATFORM
        )
    ).all()
    own = dict.fromkeys((*OWN_WORDS, OWN_SITE), OWN_SITE)
    return own | {word.lower(): code for code, name in rows for word in (code, name)}


def shop_at(given: ShopGiven, platforms: Mapping[str, str]) -> Shop | Reason:
    """The shop in its one spelling. A platform that is not known here goes by its own code."""
    word = given.platform.strip().lower()
    platform = platforms.get(word, word)
    place = given.url or given.number if platform == OWN_SITE else given.number
    try:
        return canonical_shop(platform, place)
    except Invalid as no:
        code = {"shop.no_platform": "no_platform", "shop.no_id": "no_shop_id"}.get(
            no.code, "no_address"
        )
        return Reason(code, {"value": given.platform if code == "no_platform" else place})


def taken_shops(work: Work, carrier_id: UUID, shops: Iterable[Shop]) -> dict[tuple[str, str], str]:
    """Which of them an agent of the carrier has, and the agent's number."""
    keys = [(shop.platform, shop.id) for shop in shops]
    if not keys:
        return {}
    rows = work.session.exec(
        select(AuthorisedShop.platform, AuthorisedShop.shop_key, Agent.agent_no)
        .join(Agent, col(Agent.id) == col(AuthorisedShop.agent_id))
        .where(AuthorisedShop.carrier_id == carrier_id, col(AuthorisedShop.ended_at).is_(None))
        .where(tuple_(col(AuthorisedShop.platform), col(AuthorisedShop.shop_key)).in_(keys))
    ).all()
    return {(platform, key): number for platform, key, number in rows}


def shop_values(agent_id: UUID, province: str, shop: Shop, given: ShopGiven) -> ShopValues:
    name = given.name or given.number or given.url
    return (new_id(), agent_id, shop.platform, shop.id, name[:200], given.url, province)


def keep_shops(batch: Batch, shops: Sequence[ShopValues]) -> None:
    same = {
        "carrier_id": batch.imported.organisation_id,
        "import_id": batch.imported.id,
        "created_at": batch.work.at,
        "ended_at": None,
    }
    insert_rows(batch.work, AuthorisedShop, same, _COLUMNS, shops)


def _check(given: Given, on: date) -> ShopRow | list[Reason]:
    del on
    checker = Checker(given)
    agent = compact_agent(given.get("agent_no", "")) or compact(given.get("uscc", ""))
    if not agent:
        checker.wrong("missing", field="agent_no" if "agent_no" in given else "uscc")
    elif isinstance(check_agent_number(agent), Fault) and isinstance(check_uscc(agent), Fault):
        checker.wrong("bad_agent_no", value=agent)
    shop = shop_given(checker)
    if shop is None:
        checker.wrong("missing", field="platform")
    if checker.reasons or shop is None:
        return checker.reasons
    return ShopRow(agent, shop)


def compact_agent(text: str) -> str:
    """A number without blanks, in upper case; dashes stay, they are part of it."""
    return "".join(text.split()).upper()


@dataclass(frozen=True, slots=True)
class _Owner:
    id: UUID
    province: str
    state: AgentState


def _keep(batch: Batch, rows: Sequence[ShopRow]) -> list[list[Reason]]:
    work, carrier = batch.work, batch.imported.organisation_id
    owners = _owners(work, carrier, {row.agent for row in rows})
    platforms = platform_words(work)
    shops = [shop_at(row.shop, platforms) for row in rows]
    taken = taken_shops(work, carrier, [shop for shop in shops if isinstance(shop, Shop)])
    verdicts: list[list[Reason]] = []
    values: list[ShopValues] = []
    for row, shop in zip(rows, shops, strict=True):
        owner = owners.get(row.agent)
        reasons: list[Reason] = []
        if owner is None:
            reasons.append(Reason("no_such_agent", {"value": row.agent}))
        elif owner.state in GONE:
            reasons.append(Reason("agent_gone", {"value": row.agent}))
        if isinstance(shop, Reason):
            reasons.append(shop)
        elif (reason := taken_reason(taken, shop)) is not None:
            reasons.append(reason)
        elif shop_mark(row.shop) in batch.seen:
            reasons.append(earlier_in_file("shop_id", row.shop.number or row.shop.url))
        elif owner is not None and not reasons:
            taken[shop.platform, shop.id] = row.agent
            values.append(shop_values(owner.id, owner.province, shop, row.shop))
        verdicts.append(reasons)
    if not batch.is_dry:
        keep_shops(batch, values)
    return verdicts


def taken_reason(taken: Mapping[tuple[str, str], str], shop: Shop) -> Reason | None:
    number = taken.get((shop.platform, shop.id))
    if number is None:
        return None
    return Reason("shop_taken", {"platform": shop.platform, "shop": shop.id, "agent_no": number})


def earlier_in_file(field: str, value: str) -> Reason:
    return Reason("earlier_in_file", {"field": field, "value": value})


def shop_mark(given: ShopGiven) -> str:
    return f"{given.platform} {given.number or given.url}".lower()


def _owners(work: Work, carrier_id: UUID, wanted: set[str]) -> dict[str, _Owner]:
    """Agents of the carrier by number and by USCC."""
    found: dict[str, _Owner] = {}
    for column in (col(Agent.agent_no), col(Agent.uscc)):
        rows = work.session.exec(
            select(column, Agent.id, Agent.province, Agent.state)
            .where(Agent.carrier_id == carrier_id)
            .where(one_of_many(column, wanted, work.session.get_bind().dialect.name))
        ).all()
        found |= {
            key: _Owner(row_id, place, AgentState(state)) for key, row_id, place, state in rows
        }
    return found


KIND: Final = RowKind(
    permission=Permission.AGENT_IMPORT,
    owner=carrier_of,
    fields={
        "agent_no": ("代理商编号", "代理商编码", "代理编号", "网络代理商编号", "agent"),
        "uscc": ("统一社会信用代码", "社会信用代码", "信用代码", "统一信用代码", "税号"),
        **SHOP_FIELDS,
    },
    needed=(("agent_no", "uscc"), ("platform",), ("shop_id", "shop_url")),
    check=_check,
    keep=_keep,
    marks=lambda row: [shop_mark(row.shop)],
)
