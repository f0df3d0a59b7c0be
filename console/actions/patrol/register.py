"""The register as it stood: taken from the licences, kept in the store, or read from a file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any, BinaryIO, Final, cast

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from console.actions.channel.register import register_rows
from console.desk import House
from integrations.evidence import Digest, Store
from models.channel.agents import AgentState
from models.channel.licences import LicenceState, Product
from models.channel.public import PublicStatus, RegisterRow, public_status
from models.patrol.judge import Entry, HolderKind, Register
from models.patrol.judge.register import plain_address
from models.refusals import Invalid
from models.rules import china_day
from models.tokens import canonical_shop

_HOLDS: Final = (PublicStatus.ACTIVE, PublicStatus.NOT_BEGUN, PublicStatus.EXPIRED)
"""For these the days alone decide."""
MOST_OF_FILE: Final = 50_000_000


def keep_register(house: House) -> Digest:
    """Put the whole register of this moment away, a line a licence; its digest."""
    with TemporaryFile() as file:
        for row in _rows(house):
            file.write(json.dumps(row, ensure_ascii=False, sort_keys=True).encode() + b"\n")
        file.seek(0)
        return house.evidence.keep(cast("BinaryIO", file))


def kept_register(store: Store, digest: str) -> Register:
    """The register under a digest. What lies there never changes, so it is read once."""
    return _kept(store.path(Digest(digest)))


@lru_cache(maxsize=2)
def _kept(path: Path) -> Register:
    lines = Store(path.parents[2]).open(Digest(path.name)).splitlines()
    return Register((_entry(json.loads(line)) for line in lines), path.name)


def _rows(house: House) -> Iterator[dict[str, Any]]:
    """Every licence that was ever granted, whichever carrier's: what is published of each."""
    on = china_day(house.now())
    rows = register_rows(house.desk())
    for _, group in groupby(rows, key=lambda row: row.licence_id):
        yield _row(list(group), on)


def _row(rows: Sequence[RegisterRow], on: date) -> dict[str, Any]:
    """One licence, from its rows: one for each shop of its holder."""
    first, named = rows[0], frozenset(map(str, rows[0].shop_ids))
    status = public_status(
        LicenceState(first.licence_state),
        AgentState(first.agent_state),
        first.begins_on,
        first.ends_on,
        on,
    )
    shops = [(str(row.shop_id), f"{row.platform} {row.shop_key}") for row in rows if row.shop_id]
    return {
        "number": first.licence_no,
        "holder": first.agent_name,
        "kind": HolderKind.AGENT.value,
        "agent_no": first.agent_no,
        "agent_id": str(first.agent_id),
        "begins_on": first.begins_on.isoformat(),
        "ends_on": first.ends_on.isoformat(),
        "in_force": status in _HOLDS,
        "shops": [at for shop_id, at in shops if shop_id in named],
        "holders_shops": [at for _, at in shops],
        "provinces": list(first.provinces),
        "products": list(first.products),
        "addresses": {
            address: f"{row.platform} {row.shop_key}"
            for row in rows
            if row.shop_id and (address := plain_address(row.shop_url))
        },
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
        products=frozenset(row.get("products", ())),
        addresses=row.get("addresses", {}),
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
    products: list[Product] = []


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
        products=frozenset(row.products),
    )
