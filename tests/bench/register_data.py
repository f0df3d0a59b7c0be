"""A register of many agents, each with a licence, a shop and a signed badge, by Core inserts."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from console.actions.staff.people import add_organisation
from console.database import WRITING
from console.desk import House
from models.audit import AuditEntry
from models.base import new_id
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.licences import Licence, LicenceState, Product
from models.channel.shops import AuthorisedShop
from models.formats import make_agent_number, make_licence_number, uscc_check_character
from models.search import terms_of
from models.staff import HOUSE, Organisation, OrganisationKind
from models.tokens import Claims, KeyRole, canonical_shop, digits_of, sign

PLATFORM = "lanhai"
BEGAN = datetime(2026, 1, 5, tzinfo=UTC)
ENDS = datetime(2027, 1, 5, tzinfo=UTC)
BATCH = 5000
Sheaf = dict[str, dict[str, Any]]
_SPREAD = 7919
"""A prime, so that neighbours do not lie beside each other in the list of badges."""


@dataclass(frozen=True)
class Made:
    agent_nos: list[str]
    shop_ids: list[str]
    digits: list[str]


def fill(house: House, count: int) -> Made:
    """An empty, migrated house gets that many agents."""
    desk = house.desk()
    kind = OrganisationKind
    add_organisation(desk, code="CT", kind=kind.BASIC_CARRIER_GROUP, name="中国电信")
    carrier = add_organisation(
        desk, code="CT-44", kind=kind.BASIC_CARRIER_PROVINCE, name="中国电信广东",
        parent="CT", province="44",
    )  # fmt: skip
    add_organisation(desk, code=PLATFORM, kind=kind.PLATFORM, name="蓝海商城", province="33")
    made = Made([], [], [])
    sheaves = _sheaves(house, carrier, count, made)
    with house.engine.execution_options(**{WRITING: True}).begin() as connection:
        while batch := list(islice(sheaves, BATCH)):
            for table in (Agent, AuthorisedShop, Licence, Badge, AuditEntry):
                rows = [sheaf[table.__name__] for sheaf in batch]
                connection.execute(insert(table), rows)
    with house.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return made


def _sheaves(house: House, carrier: Organisation, count: int, made: Made) -> Iterator[Sheaf]:
    signer = house.keys.ensure(KeyRole.BADGE, BEGAN - timedelta(days=1))
    uri = f"{house.settings.public_url}/s/1"
    for serial in range(1, count + 1):
        ids = {"carrier_id": carrier.id, "agent_id": new_id(), "shop_id": new_id()}
        sheaf = papers_of(serial, ids)
        cti, place = os.urandom(8), serial * _SPREAD % (4 * count)
        shop = canonical_shop(PLATFORM, sheaf["AuthorisedShop"]["shop_key"])
        agent_no = sheaf["Agent"]["agent_no"]
        times = (int(BEGAN.timestamp()), int(ENDS.timestamp()))
        token = sign(
            Claims(agent_no, *times, cti, place, uri, (shop.hash,)),
            signer.kid, signer.raw_sign, signer.alg,
        )  # fmt: skip
        sheaf["Badge"] |= {
            "badge_id": cti.hex(), "status_index": place, "token": token,
            "token_sha256": sha256(token).hexdigest(),
        }  # fmt: skip
        made.agent_nos.append(agent_no)
        made.shop_ids.append(shop.id.removeprefix("shop:"))
        made.digits.append(digits_of(token))
        yield sheaf


def papers_of(serial: int, ids: dict[str, UUID]) -> Sheaf:
    carrier, agent, shop = ids["carrier_id"], ids["agent_id"], ids["shop_id"]
    agent_no = make_agent_number("CT", "44", 2026, serial)
    number = make_licence_number("CT", "44", 2026, serial)
    body = f"91440101MA5{serial:06d}"
    uscc = body + uscc_check_character(body)
    name = f"广州粤信{serial:06d}通信有限公司"
    licence = new_id()
    common = {"carrier_id": carrier, "province": "44", "created_at": BEGAN}
    return {
        "Agent": {
            **common, "id": agent, "serial": serial, "agent_no": agent_no, "name": name,
            "uscc": uscc, "legal_representative": "张三", "contact": "020-12345678",
            "business_licence_until": None, "is_realname_ready": True,
            "is_protection_ready": True, "state": AgentState.ACTIVE, "failures": 0,
            "reasons": [], "remark": "", "terms": terms_of(agent_no, name, uscc), "version": 4,
        },
        "AuthorisedShop": {
            **common, "id": shop, "agent_id": agent, "platform": PLATFORM,
            "shop_key": f"shop:{100_000 + serial}", "name": f"粤信{serial}旗舰店",
            "url": f"https://shop{serial}.lanhai.example/",
        },
        "Licence": {
            **common, "id": licence, "number": number, "agent_id": agent,
            "products": [Product.VOICE_CARD.value], "provinces": ["44", "45"],
            "shop_ids": [str(shop)], "begins_on": date(2026, 1, 5), "ends_on": date(2027, 1, 4),
            "papers": [], "agreement_no": "", "state": LicenceState.ACTIVE, "reason": "",
            "remedy": "", "version": 3, "approved_at": BEGAN,
        },
        "Badge": {
            "id": new_id(), "carrier_id": carrier, "agent_id": agent, "licence_id": licence,
            "shop_id": shop, "platform": PLATFORM, "province": "44",
            "state": BadgeState.ISSUED, "issued_at": BEGAN, "expires_at": ENDS, "reason": "",
            "version": 2,
        },
        "AuditEntry": {
            "at": BEGAN, "actor_name": HOUSE.name, "organisation": "", "door": HOUSE.door,
            "deed": "licence.approved", "subject_kind": "Licence", "subject_id": str(licence),
            "subject_name": number, "province": "44", "facts": {}, "salt": os.urandom(16).hex(),
        },
    }  # fmt: skip
