"""The register as it stood: taken from the licences, kept in the store, or read from a file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO, Final, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlmodel import col, select

from console.desk import House
from integrations.evidence import Digest, Store
from models.channel.agents import Agent
from models.channel.licences import Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.patrol.judge import Entry, HolderKind, Register
from models.permissions import Permission
from models.refusals import Invalid
from models.tokens import canonical_shop

_BATCH: Final = 500
_NEVER_GRANTED: Final = (LicenceState.DRAFT, LicenceState.PENDING_APPROVAL)
_IN_FORCE: Final = (LicenceState.ACTIVE, LicenceState.EXPIRED)
MOST_OF_FILE: Final = 50_000_000


def keep_register(house: House) -> Digest:
    """Put the whole register of this moment away, a line a licence; its digest."""
    with TemporaryFile() as file:
        for row in _rows(house):
            file.write(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n")
        file.seek(0)
        return house.evidence.keep(cast("BinaryIO", file))


def kept_register(store: Store, digest: str) -> Register:
    lines = store.open(Digest(digest)).splitlines()
    return Register((_entry(json.loads(line)) for line in lines), digest)


def _rows(house: House) -> Iterator[dict[str, Any]]:
    """Every licence that was ever granted, whichever carrier's: what is published of each."""
    after = None
    while True:
        with house.desk().begin(Permission.LICENCE_READ) as work:
            query = (
                select(Licence, Agent)
                .join(Agent, col(Agent.id) == col(Licence.agent_id))
                .where(col(Licence.state).not_in(_NEVER_GRANTED))
                .order_by(col(Licence.id))
                .limit(_BATCH)
            )
            if after is not None:
                query = query.where(col(Licence.id) > after)
            found = work.session.exec(query).all()
            agents = [agent.id for _, agent in found]
            shops = work.session.exec(
                select(AuthorisedShop)
                .where(col(AuthorisedShop.agent_id).in_(agents))
                .where(col(AuthorisedShop.ended_at).is_(None))
            ).all()
        if not found:
            return
        after = found[-1][0].id
        for licence, agent in found:
            yield _row(licence, agent, [one for one in shops if one.agent_id == agent.id])


def _row(licence: Licence, agent: Agent, shops: Sequence[AuthorisedShop]) -> dict[str, Any]:
    named = {str(one) for one in licence.shop_ids}
    return {
        "number": licence.number,
        "holder": agent.name,
        "kind": HolderKind.AGENT.value,
        "agent_no": agent.agent_no,
        "agent_id": str(agent.id),
        "begins_on": licence.begins_on.isoformat(),
        "ends_on": licence.ends_on.isoformat(),
        "in_force": licence.state in _IN_FORCE,
        "shops": [f"{one.platform} {one.shop_key}" for one in shops if str(one.id) in named],
        "holders_shops": [f"{one.platform} {one.shop_key}" for one in shops],
        "provinces": licence.provinces,
    }


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        number=row["number"],
        holder=row["holder"],
        kind=HolderKind(row["kind"]),
        agent_no=row["agent_no"],
        agent_id=row["agent_id"],
        begins_on=date.fromisoformat(row["begins_on"]),
        ends_on=date.fromisoformat(row["ends_on"]),
        in_force=row["in_force"],
        shops=frozenset(row["shops"]),
        holders_shops=frozenset(row["holders_shops"]),
        provinces=frozenset(row["provinces"]),
    )


class _ShopRow(BaseModel, extra="forbid"):
    platform: str
    shop: str


class _FileRow(BaseModel):
    """A licence in a register file: JSON, a list of such."""

    model_config = ConfigDict(extra="ignore")

    number: Annotated[str, Field(min_length=1, max_length=200)]
    holder: Annotated[str, Field(min_length=1, max_length=300)]
    kind: HolderKind = HolderKind.AGENT
    principal: str = ""
    agent_no: str = ""
    valid_from: Annotated[
        date | None, Field(validation_alias=AliasChoices("valid_from", "begins_on"))
    ] = None
    valid_to: Annotated[
        date | None, Field(validation_alias=AliasChoices("valid_to", "ends_on"))
    ] = None
    in_force: bool = True
    shops: list[_ShopRow] | None = None
    provinces: list[str] = []


_FILE: Final = TypeAdapter(list[_FileRow])


def register_from(text: bytes, *, file: str) -> Register:
    """Read a register file, or refuse it by what is wrong and where."""
    if len(text) > MOST_OF_FILE:
        raise Invalid("patrol.register_too_large", file=file, most=MOST_OF_FILE)
    try:
        rows = _FILE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "-"
        raise Invalid(
            "patrol.register_unreadable", file=file, where=where, problem=first["msg"]
        ) from None
    return Register(map(_entry_of_file, rows))


def _entry_of_file(row: _FileRow) -> Entry:
    shops = None
    if row.shops is not None:
        named = (canonical_shop(one.platform, one.shop) for one in row.shops)
        shops = frozenset(f"{shop.platform} {shop.id}" for shop in named)
    return Entry(
        number=row.number,
        holder=row.holder,
        kind=row.kind,
        principal=row.principal,
        agent_no=row.agent_no,
        begins_on=row.valid_from,
        ends_on=row.valid_to,
        in_force=row.in_force,
        shops=shops,
        provinces=frozenset(row.provinces),
    )
