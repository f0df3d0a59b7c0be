"""Batches of industry cards by the hundred thousand, with what was found and ordered of them.

As after some years: most batches are in use, most findings and orders are over. Rows are written
past the house. One carrier has few batches among all the others'.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from console.actions.staff.people import add_organisation
from console.desk import House
from models.base import Table, new_id, new_ids
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.classes import CardClass
from models.cards.downstream import DownstreamReport
from models.cards.industry import LIVE, BatchState, IndustryBatch
from models.cards.monitoring import (
    FINDING_LIVE,
    FoundBy,
    MonitoringRun,
    MonitoringState,
    UsageFinding,
    UsageFindingState,
    WatchEntry,
)
from models.cards.numbers import card_key
from models.cards.persons import CaptureMethod, DocumentKind
from models.cards.purchasers import Purchaser
from models.cards.ranges import IndustryRange
from models.cards.scopes import CardScope
from models.cards.usage_rules import UsageRule
from models.cards.users import CardUser, UnattributedRange
from models.cases.cases import Case, CaseState
from models.channel.licences import Ground
from models.checks.test_purchases import PurchaseState, TestPurchase
from models.permissions import Role
from models.rules import FindingKind, Tier
from models.search import sought_text
from models.staff import OrganisationKind
from tests.bench.case_data import NOW, Row, load, person

CARRIERS: Final[Mapping[str, tuple[str, int]]] = {
    "CT-44": ("44", 500), "CT-33": ("33", 250), "CT-11": ("11", 100), "CU-44": ("44", 147),
    "CB-44": ("44", 3),
}  # fmt: skip
"""Province, and how many of a thousand batches it has."""
PEOPLE: Final[Mapping[str, tuple[str, Role]]] = {
    "iot": ("CT-44", Role.IOT_MANAGER),
    "approver": ("CT-44", Role.APPROVER),
    "regulator": ("CA-44", Role.REGULATOR),
    "group": ("CT", Role.IOT_MANAGER),
    "small": ("CB-44", Role.IOT_MANAGER),
}
CARDS: Final = 50
"""Of a range."""
RANGES: Final = 3
"""Of a batch."""
BY_USER: Final = frozenset({CardClass.I3, CardClass.I4, CardClass.I5})
MANY_USERS: Final = 20_000
"""Of one batch; of the others whose class asks for it ten each."""
_FIRST: Final = 8986030000000000000
_B, _F, _O = BatchState, UsageFindingState, OrderState
_BATCHES: Final[Mapping[BatchState, int]] = {
    _B.IN_USE: 850, _B.RETIRED: 60, _B.RESTRICTED: 20, _B.SHUT_DOWN: 10, _B.DRAFT: 20,
    _B.PURCHASER_REVIEW: 10, _B.APPROVED: 8, _B.CONTRACTED: 7, _B.REGISTERED: 10, _B.REFUSED: 5,
}  # fmt: skip
_FINDINGS: Final[Mapping[UsageFindingState, int]] = {
    _F.DISMISSED: 300, _F.CLOSED: 650, _F.OPEN: 20, _F.CONFIRMED: 15, _F.IN_CASE: 15,
}  # fmt: skip
_ORDERS: Final[Mapping[OrderState, int]] = {
    _O.LIFTED: 600, _O.CARRIED_OUT: 350, _O.IN_FORCE: 40, _O.APPEALED: 10,
}  # fmt: skip
_ACTED_ON: Final = 0.8
_TO_DO: Final = (_O.IN_FORCE, _O.APPEALED)
_CLASSES: Final[Mapping[CardClass, int]] = {
    CardClass.I1: 50, CardClass.I2: 30, CardClass.I3: 8, CardClass.I4: 8, CardClass.I5: 4,
}  # fmt: skip
_TODAY: Final = NOW.date()
_SOME: Final = UUID(int=1)


@dataclass(frozen=True)
class Footing:
    """What every row refers to."""

    carriers: Sequence[tuple[UUID, str]]
    """In the order of batches, a thousand of them."""
    people: Sequence[UUID]
    batches: int
    ids: Sequence[UUID]
    """Of the batches."""
    runs: Sequence[UUID]


def fill(house: House, *, batches: int, findings: int, orders: int) -> None:
    """An empty, migrated house gets so many."""
    chance = random.Random(6)  # noqa: S311 - a bench's
    ground = _ground(house, batches)
    buyers = list(_purchasers(ground, batches // 5))
    load(house, Purchaser, buyers)
    sheaves = list(_batches(ground, buyers, chance))
    for table in (AccountableUnit, AccountablePerson, IndustryBatch, CardScope, DownstreamReport,
                  UnattributedRange):  # fmt: skip
        load(house, table, (row for sheaf in sheaves for row in sheaf.get(table, ())))
    states = [sheaf[IndustryBatch][0] for sheaf in sheaves]
    del sheaves
    load(house, IndustryRange, _ranges(ground))
    load(house, CardUser, _users(states))
    load(house, Case, _cases(ground, batches // 50, chance))
    load(house, MonitoringRun, _runs(ground, chance))
    confirmed: list[Row] = []
    load(house, UsageFinding, _findings(ground, findings, confirmed, chance))
    load(house, CardOrder, _orders(ground, orders, confirmed, chance))
    load(house, WatchEntry, _watched(ground, chance))
    load(house, TestPurchase, _purchases(ground, chance))
    if house.engine.dialect.name == "postgresql":
        with house.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def first_card(batch: int, place: int = 0) -> int:
    """As many numbers as a range has lie between two of them."""
    return _FIRST + (batch * RANGES + place) * CARDS * 2


def _ground(house: House, batches: int) -> Footing:
    desk, kind = house.desk(), OrganisationKind
    add_organisation(desk, code="CT", kind=kind.BASIC_CARRIER_GROUP, name="中国电信")
    add_organisation(desk, code="CA-44", kind=kind.COMM_ADMIN, name="CA-44", province="44")
    thousand: list[tuple[UUID, str]] = []
    for code, (province, share) in CARRIERS.items():
        parent = "CT" if code.startswith("CT-") else None
        row = add_organisation(
            desk, code=code, kind=kind.BASIC_CARRIER_PROVINCE, name=code, parent=parent,
            province=province,
        )  # fmt: skip
        thousand += [(row.id, province)] * share
    random.Random(7).shuffle(thousand)  # noqa: S311 - a bench's
    people = [person(house, login, code, role) for login, (code, role) in PEOPLE.items()]
    return Footing(thousand, people, batches, new_ids(batches), new_ids(20_000))


def _of(ground: Footing, batch: int) -> Row:
    carrier, province = ground.carriers[batch % len(ground.carriers)]
    return {"carrier_id": carrier, "province": province}


def _purchasers(ground: Footing, count: int) -> Iterator[Row]:
    for at, row_id in enumerate(new_ids(count)):
        yield _PURCHASER | _of(ground, at) | {
            "id": row_id, "name": f"禾苗{at:06}智能表计有限公司", "uscc": f"91440101MA{at:08}",
            "is_device_maker": at % 10 == 0,
        }  # fmt: skip


def _batches(
    ground: Footing, buyers: Sequence[Row], chance: random.Random
) -> Iterator[dict[type[Table], list[Row]]]:
    states = chance.choices(list(_BATCHES), list(_BATCHES.values()), k=ground.batches)
    classes = chance.choices(list(_CLASSES), list(_CLASSES.values()), k=ground.batches)
    for at, (batch_id, state, card_class) in enumerate(
        zip(ground.ids, states, classes, strict=True)
    ):
        buyer = buyers[at % len(buyers)]
        number = f"IOT-{buyer['province']}-2026-{at:06}"
        due = _due(chance) if state in _WAITS or chance.random() < _REASSESSED else None
        batch = _BATCH | _of(ground, at) | {
            "id": batch_id, "number": number, "purchaser_id": buyer["id"], "state": state,
            "card_class": card_class, "due_at": due,
            "search_text": sought_text(number, buyer["name"], buyer["uscc"], "抄表 30M"),
            "created_at": NOW - timedelta(minutes=ground.batches - at),
            "activated_at": NOW - timedelta(days=90),
            "submitted_by": ground.people[at % 2],
            "is_reassess_due": state is _B.IN_USE and due is not None,
            "change_due_at": due if state in LIVE and at % 50 == 0 else None,
        }  # fmt: skip
        found = _answering(batch) if state in LIVE else {}
        if state not in (_B.DRAFT, _B.REFUSED):
            found[CardScope] = [_SCOPE | {"id": new_id(), "batch_id": batch_id}]
        if buyer["is_device_maker"] and state is _B.IN_USE:
            found[DownstreamReport] = _reports(batch, at)
        if card_class in BY_USER and at % 2:
            marked = {"first": first_card(at), "last": first_card(at) + CARDS - 1}
            found[UnattributedRange] = [_MARK | marked | {"id": new_id(), "batch_id": batch_id}]
        yield {IndustryBatch: [batch], **found}


_WAITS: Final = frozenset({_B.PURCHASER_REVIEW, _B.REGISTERED, _B.RESTRICTED})
_REASSESSED: Final = 0.02


def _due(chance: random.Random) -> Any:  # noqa: ANN401 - a moment; some have passed
    return NOW + timedelta(hours=chance.randint(-200, 1_000))


def _answering(batch: Row) -> dict[type[Table], list[Row]]:
    unit = _UNIT | {"id": new_id(), "batch_id": batch["id"]}
    answers = _PERSON | {"id": new_id(), "batch_id": batch["id"], "unit_id": unit["id"]}
    answers["document_index"] = answers["id"].bytes
    batch |= {"unit_id": unit["id"], "person_id": answers["id"]}
    return {AccountableUnit: [unit], AccountablePerson: [answers]}


def _reports(batch: Row, at: int) -> list[Row]:
    """The last month is missing of some, and some leave cards unaccounted for."""
    this = _TODAY.replace(day=1)
    months: list[str] = []
    for _ in range(3):
        this = (this - timedelta(days=1)).replace(day=1)
        months.append(f"{this:%Y-%m}")
    issued = batch["cards"]
    return [
        _REPORT | {"id": new_id(), "batch_id": batch["id"], "month": month, "issued": issued,
                   "sold": issued - (at % 29 == 0)}
        for month in months[at % 23 == 0 :]
    ]  # fmt: skip


def _ranges(ground: Footing) -> Iterator[Row]:
    for at, batch_id in enumerate(ground.ids):
        carrier, _ = ground.carriers[at % len(ground.carriers)]
        for place, row_id in enumerate(new_ids(RANGES)):
            first = first_card(at, place)
            yield {"id": row_id, "batch_id": batch_id, "carrier_id": carrier, "first": first,
                   "last": first + CARDS - 1}  # fmt: skip


def _users(batches: Sequence[Row]) -> Iterator[Row]:
    """One batch has many: the newest in use."""
    by_user = [(at, one) for at, one in enumerate(batches) if one["card_class"] in BY_USER]
    largest = max(at for at, one in by_user if one["state"] is _B.IN_USE)
    for at, batch in by_user:
        for one in range(MANY_USERS if at == largest else 10):
            row_id = new_id()
            yield _USER | {
                "id": row_id, "batch_id": batch["id"], "card": first_card(at) + one,
                "document_index": row_id.bytes, "is_open": True,
            }  # fmt: skip


def _cases(ground: Footing, count: int, chance: random.Random) -> Iterator[Row]:
    states = chance.choices(list(CaseState), k=count)
    for at, state in enumerate(states):
        batch = at * 37 % ground.batches
        carrier, province = ground.carriers[batch % len(ground.carriers)]
        yield _CASE | {
            "id": new_id(), "reference": f"CASE-2026-{at:06}", "organisation_id": carrier,
            "state": state, "industry_batch_id": ground.ids[batch], "card_home": province,
        }  # fmt: skip


def _runs(ground: Footing, chance: random.Random) -> Iterator[Row]:
    states = chance.choices(list(MonitoringState), (1, 1, 996, 2), k=len(ground.runs))
    for at, (row_id, state) in enumerate(zip(ground.runs, states, strict=True)):
        yield _RUN | _of(ground, at) | {
            "id": row_id, "number": f"MON-2026-{at:06}", "state": state,
        }  # fmt: skip


def _findings(
    ground: Footing, count: int, confirmed: list[Row], chance: random.Random
) -> Iterator[Row]:
    """Those that are confirmed are given back, for orders to come of."""
    states = chance.choices(list(_FINDINGS), list(_FINDINGS.values()), k=count)
    rules = (*UsageRule, None)
    ids = new_ids(count)
    for at, (row_id, state) in enumerate(zip(ids, states, strict=True)):
        batch, card = at % ground.batches, at // ground.batches
        rule = rules[at * 7 % 1_009 % len(rules)]
        is_acted_on = state is _F.CONFIRMED and chance.random() < _ACTED_ON
        row = _FINDING | _of(ground, batch) | {
            "id": row_id, "number": f"UF-2026-{at:07}", "batch_id": ground.ids[batch],
            "card": first_card(batch) + card, "state": state, "rule": rule,
            "found_by": FoundBy.MONITORING if rule else FoundBy.REPORT,
            "kind": FindingKind.IOT_RESALE if at % 9 == 0 else FindingKind.IOT_SCOPE_BREACH,
            "run_id": ground.runs[at * len(ground.runs) // count] if rule else None,
            "due_at": _due(chance) if state in FINDING_LIVE and not is_acted_on else None,
            "created_at": NOW - timedelta(seconds=30 * (count - at)),
        }  # fmt: skip
        if state is _F.CONFIRMED:
            confirmed.append({"id": row_id, "batch": batch, "card": row["card"]})
        yield row


def _orders(
    ground: Footing, count: int, confirmed: Sequence[Row], chance: random.Random
) -> Iterator[Row]:
    """Of nine confirmed findings out of ten one came, and lives; the others are older."""
    acted = [one for at, one in enumerate(confirmed) if at % 10]
    states = chance.choices(list(_ORDERS), list(_ORDERS.values()), k=count)
    for at, state in enumerate(states):
        mine = acted[at - count] if count - at <= len(acted) else None
        batch = mine["batch"] if mine else at * 13 % ground.batches
        card = mine["card"] if mine else first_card(batch) + at % CARDS
        if mine and state is _O.LIFTED:
            state = _O.CARRIED_OUT  # noqa: PLW2901 - it lives
        done = state is not _O.IN_FORCE
        yield _ORDER | _of(ground, batch) | {
            "id": new_id(), "number": f"IO-2026-{at:06}", "batch_id": ground.ids[batch],
            "measure": list(CardMeasure)[at % len(CardMeasure)], "state": state,
            "cards": [] if at % 20 == 0 else [card_key(card)],
            "finding_ids": [str(mine["id"])] if mine else [],
            "ordered_by": ground.people[at % 2],
            "told_at": NOW if done else None, "carried_out_at": NOW if done else None,
            "due_at": _due(chance) if state in _TO_DO or (state is _O.LIFTED and at % 50 == 0)
                      else None,
        }  # fmt: skip


def _watched(ground: Footing, chance: random.Random) -> Iterator[Row]:
    for at, row_id in enumerate(new_ids(40_000)):
        batch = at * 3 % ground.batches
        card = first_card(batch) + at % CARDS if at % 3 else 0
        lives = chance.random() < 0.1
        yield _WATCH | _of(ground, batch) | {
            "id": row_id, "batch_id": ground.ids[batch], "card": card,
            "iccid": card_key(card) if card else "", "ended_at": None if at % 2 else NOW,
            "until": str(_TODAY + timedelta(days=30 if lives else -30)),
        }  # fmt: skip


def _purchases(ground: Footing, chance: random.Random) -> Iterator[Row]:
    states = chance.choices(list(PurchaseState), (2, 1, 1, 1, 90, 5), k=20_000)
    for at, state in enumerate(states):
        yield _PURCHASE | _of(ground, at) | {
            "id": new_id(), "number": f"TP-2026-{at:06}", "state": state,
            "planned_by": ground.people[at % 2],
        }  # fmt: skip


def _columns(row: Any) -> Row:  # noqa: ANN401 - of any table
    """Days as the databases write them: the drivers differ about how they take one."""
    found = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return {name: str(one) if type(one) is date else one for name, one in found.items()}


_SEALED: Final[Row] = {
    "subject_id": _SOME, "name_mask": "欧阳**", "name_sealed": b"sealed" * 8,
    "document_kind": DocumentKind.RESIDENT, "document_mask": "110***********0012",
    "document_sealed": b"sealed" * 8, "document_index": b"", "phone_mask": "138****0000",
    "phone_sealed": b"sealed" * 8, "verified_how": CaptureMethod.ID_READER, "verified_at": NOW,
}  # fmt: skip
_CARRIED: Final[Row] = {"carrier_id": _SOME, "province": ""}
_PURCHASER: Final = _columns(Purchaser(name="", uscc="", created_at=NOW, **_CARRIED))
_BATCH: Final = _columns(IndustryBatch(
    number="", purchaser_id=_SOME, card_class=CardClass.I1, ordered=RANGES * CARDS,
    cards=RANGES * CARDS, product="抄表 30M", use_statement="居民水表远程抄表，每表一卡。" * 5,
    created_at=NOW, **_CARRIED,
))  # fmt: skip
_UNIT: Final = _columns(
    AccountableUnit(batch_id=_SOME, name="禾苗智能表计有限公司", uscc="9144", since=NOW)
)
_PERSON: Final = _columns(
    AccountablePerson(batch_id=_SOME, unit_id=_SOME, since=NOW, position="运营主管", **_SEALED)
)
_SCOPE: Final = _columns(CardScope(
    batch_id=_SOME, function="仅数据", business_scope="远程抄表", scenario="固定安装",
    product_form="贴片卡", targets=["iot.example.cn", "*.meters.example.cn"], monthly_mb=30,
    device_lock=True, regions=["44"], bound_at=NOW,
))  # fmt: skip
_REPORT: Final = _columns(DownstreamReport(
    batch_id=_SOME, month="", issued=0, sold=0, in_stock=0, registered=0, reported_at=NOW,
))  # fmt: skip
_MARK: Final = _columns(
    UnattributedRange(batch_id=_SOME, first=0, last=0, reason="共享终端", marked_at=NOW)
)
_USER: Final = _columns(CardUser(batch_id=_SOME, card=0, site="井盖 12", since=NOW, **_SEALED))
_CASE: Final = _columns(Case(
    reference="", organisation_id=_SOME, kind=FindingKind.IOT_SCOPE_BREACH,
    ground=Ground.NO_DELEGATION, tier=Tier.SERIOUS, created_at=NOW, rule_version="case/1",
    facts="该批卡用于表计以外。" * 20,
))  # fmt: skip
_RUN: Final = _columns(MonitoringRun(
    number="", carrier_id=_SOME, file_name="usage.csv", sha256="0" * 64, actor={}, records=10**6,
    cards=10**5, created_at=NOW,
))  # fmt: skip
_FINDING: Final = _columns(UsageFinding(
    number="", batch_id=_SOME, iccid="8986030000000000000", found_by=FoundBy.MONITORING,
    kind=FindingKind.IOT_SCOPE_BREACH, tier=Tier.SERIOUS, rule_version="usage/1",
    first_day=_TODAY, last_day=_TODAY, value=64.0, threshold=30.0,
    facts={"month": "2026-11", "targets": ["www.example.com"]}, created_at=NOW, **_CARRIED,
))  # fmt: skip
_ORDER: Final = _columns(CardOrder(
    number="", batch_id=_SOME, measure=CardMeasure.WARN, reason="超出约定用途使用。" * 5,
    remedy="可以在十五日内提出申诉。" * 5, papers="监测记录", notice_zh="现将有关事项告知。" * 30,
    notice_en="You are told of the following. " * 20, ordered_at=NOW, **_CARRIED,
))  # fmt: skip
_WATCH: Final = _columns(
    WatchEntry(batch_id=_SOME, reason="曾被转售", since=NOW, until=_TODAY, **_CARRIED)
)
_PURCHASE: Final = _columns(TestPurchase(
    number="", offer="物联网卡 30M", purpose="查证来源", created_at=NOW, **_CARRIED,
))  # fmt: skip
