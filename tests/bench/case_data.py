"""Cases by the hundred thousand with all that hangs on them, and findings by the million.

Rows are written past the house, as the two databases take them fastest.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, inspect

from console.actions.staff.people import add_organisation, add_user
from console.desk import House
from integrations.sqlite import sqlite_module
from models.base import Table, new_id, new_ids
from models.cases.appeals import CaseAppeal, CaseAppealState
from models.cases.cases import ENDED, SENT, Case, CaseState
from models.cases.measures import CaseMeasure, Measure, MeasureState
from models.cases.notices import Notice, NoticeState
from models.cases.parties import CaseParty, PartyRole
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission, Role
from models.rules import FindingKind, Tier
from models.staff import OrganisationKind, UserRole

NOW: Final = datetime.now(UTC)
"""Of this run, so that a server of its own sees the same things late."""
OPEN_STATES: Final[Mapping[CaseState, int]] = {
    CaseState.OPENED: 5, CaseState.INVESTIGATING: 30, CaseState.DECISION_PROPOSED: 10,
    CaseState.DECIDED: 10, CaseState.EXECUTING: 25, CaseState.WAITING_RECHECK: 15,
    CaseState.APPEALED: 5,
}  # fmt: skip
LATE, JUST_LATE = 0.10, 0.05
"""Of the open ones: marked already, and not marked yet."""
PLATFORMS: Final = ("lanhai", "honghai", "baihai", "heihai")
OWNERS: Final = 40
PEOPLE: Final = {
    "manager": ("CT-44", Role.CHANNEL_MANAGER),
    "approver": ("CT-44", Role.APPROVER),
    "platform": ("lanhai", Role.PLATFORM_OFFICER),
    "regulator": ("CA-44", Role.REGULATOR),
    "stranger": ("CA-11", Role.REGULATOR),
}
Row = dict[str, Any]


@dataclass(frozen=True)
class Footing:
    """What every row refers to."""

    carrier: UUID
    platforms: Mapping[str, UUID]
    people: Sequence[UUID]
    shops: Sequence[UUID]
    runs: Sequence[UUID]


def fill(house: House, *, cases: int, ended: int, findings: int, shops: int = 20_000) -> None:
    """An empty, migrated house gets that many open cases, ended ones and findings."""
    chance = random.Random(5)  # noqa: S311 - a bench's
    ground = _ground(house, shops)
    sheaves = list(_cases(ground, cases, ended, chance))
    for table in (Case, CaseParty, CaseMeasure, CaseTask, Recheck, Notice, CaseAppeal):
        load(house, table, (row for sheaf in sheaves for row in sheaf.get(table, ())))
    del sheaves
    load(house, Finding, _findings(ground, findings, chance))
    if house.engine.dialect.name == "postgresql":
        with house.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def load(house: House, table: type[Table], rows: Iterable[Row]) -> None:
    columns = inspect(table).local_table.columns
    names = [column.name for column in columns]
    jsons = {column.name for column in columns if isinstance(column.type, JSON)}
    is_postgres = house.engine.dialect.name == "postgresql"
    plain = _for_postgres if is_postgres else _for_sqlite
    values = ([plain(row[name], is_json=name in jsons) for name in names] for row in rows)
    (_copy if is_postgres else _insert)(house, str(table.__tablename__), names, values)


def _copy(house: House, table: str, names: Sequence[str], values: Iterable[list[object]]) -> None:
    with house.engine.begin() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        into = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with raw.cursor() as cursor, cursor.copy(into) as copy:
            for one in values:
                copy.write_row(one)


def _insert(house: House, table: str, names: Sequence[str], values: Iterable[list[object]]) -> None:
    """Indexes are made when all is there, and nothing waits for the disk."""
    database = house.engine.url.database
    assert database is not None
    raw = sqlite_module().connect(database, isolation_level=None)
    raw.execute("PRAGMA synchronous = 0")
    raw.execute("PRAGMA cache_size = -500000")
    made = raw.execute(
        "SELECT name, sql FROM sqlite_master WHERE tbl_name = ? AND type = 'index' AND sql > ''",
        (table,),
    ).fetchall()
    raw.execute("BEGIN IMMEDIATE")
    for name, _ in made:
        raw.execute(f"DROP INDEX {name}")
    marks = ",".join("?" * len(names))
    raw.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", values)  # noqa: S608
    for _, sql in made:
        raw.execute(sql)
    raw.execute("COMMIT")
    raw.close()


def _for_sqlite(value: object, *, is_json: bool) -> object:
    match value:
        case _ if is_json:
            return json.dumps(value)
        case UUID():
            return value.hex
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        case StrEnum():
            return value.value
        case _:
            return value


def _for_postgres(value: object, *, is_json: bool) -> object:
    if is_json:
        return json.dumps(value)
    return value.value if isinstance(value, StrEnum) else value


def _ground(house: House, shops: int) -> Footing:
    desk, kind = house.desk(), OrganisationKind
    add_organisation(desk, code="CT", kind=kind.BASIC_CARRIER_GROUP, name="中国电信")
    carrier = add_organisation(
        desk, code="CT-44", kind=kind.BASIC_CARRIER_PROVINCE, name="中国电信广东",
        parent="CT", province="44",
    )  # fmt: skip
    for code, province in (("CA-44", "44"), ("CA-11", "11")):
        add_organisation(desk, code=code, kind=kind.COMM_ADMIN, name=code, province=province)
    platforms = {
        code: add_organisation(desk, code=code, kind=kind.PLATFORM, name=code, province="33").id
        for code in PLATFORMS
    }
    people = [person(house, login, code, role) for login, (code, role) in PEOPLE.items()]
    owners = [people[0], *(new_id() for _ in range(OWNERS - 1))]
    where: Row = {"organisation_id": carrier.id, "platform": "lanhai"}
    run = PatrolRun(number="", actor={}, created_at=NOW, **where).model_dump()
    runs: list[Row] = [run | {"id": new_id(), "number": f"PATROL-{at}"} for at in range(50)]
    load(house, PatrolRun, runs)
    shop = Shop(
        shop_key="", name="", url="https://lanhai.example/", state=ShopState.SUSPECTED,
        first_seen_at=NOW, last_seen_at=NOW, **where,
    ).model_dump()  # fmt: skip
    rows: list[Row] = [
        shop | {"id": one, "shop_key": f"shop:{at:06}", "name": f"星河{at:06}通信专营店",
                "platform": PLATFORMS[at % len(PLATFORMS)]}
        for at, one in enumerate(new_ids(shops))
    ]  # fmt: skip
    load(house, Shop, rows)
    return Footing(
        carrier.id, platforms, owners, [row["id"] for row in rows], [row["id"] for row in runs]
    )


def person(house: House, login: str, organisation: str, role: Role) -> UUID:
    desk = house.desk()
    user, _ = add_user(
        desk, organisation=organisation, login=login, name=login, password=f"bench-{login}-bench"
    )
    with desk.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="bench")
        )
        work.record("staff.role_granted", user)
    return user.id


def _cases(
    ground: Footing, count: int, ended: int, chance: random.Random
) -> Iterator[dict[type[Table], list[Row]]]:
    template = Case(
        reference="", organisation_id=ground.carrier, kind=FindingKind.NO_DELEGATION,
        ground=Ground.NO_DELEGATION, tier=Tier.SERIOUS, created_at=NOW, card_home="44",
        rule_version="case_investigation/1", facts="该店公开销售电话卡。" * 20,
    ).model_dump()  # fmt: skip
    states = chance.choices(list(OPEN_STATES), list(OPEN_STATES.values()), k=count)
    states += chance.choices(list(ENDED), (8, 1, 1), k=ended)
    chance.shuffle(states)
    for at, state in enumerate(states):
        place = at % len(ground.shops)
        platform = PLATFORMS[place % len(PLATFORMS)]
        ends = state in ENDED
        due, is_late = (None, False) if ends else _due(chance)
        case = template | {
            "id": new_id(), "reference": f"CASE-2026-{at:06}", "state": state,
            "shop_id": ground.shops[place], "shop_name": f"星河{place:06}通信专营店",
            "shop_key": f"shop:{place:06}", "platform": platform,
            "search_text": f"case2026{at:06}\n星河{place:06}通信专营店\nshop{place:06}",
            "platform_home": "33",
            "tier": chance.choice(list(Tier)), "due_at": due, "is_late": is_late,
            "owner_id": None if state is CaseState.OPENED else chance.choice(ground.people),
            "proposed_by": chance.choice(ground.people), "decided_by": ground.people[1],
            "created_at": NOW - timedelta(minutes=len(states) - at),
            "closed_at": NOW if ends else None,
        }  # fmt: skip
        if at % 500 == 0:
            case["filing_place"] = "11"
        yield {Case: [case], **_parts(ground, case, chance)}


def _due(chance: random.Random) -> tuple[datetime, bool]:
    share = chance.random()
    if share < LATE:
        return NOW - timedelta(days=chance.randint(1, 30)), True
    if share < LATE + JUST_LATE:
        return NOW - timedelta(seconds=chance.randint(1, 59)), False
    return NOW + timedelta(hours=chance.randint(1, 480)), False


def _parts(ground: Footing, case: Row, chance: random.Random) -> dict[type[Table], list[Row]]:
    state: CaseState = case["state"]
    own: Row = {"case_id": case["id"]}
    found: dict[type[Table], list[Row]] = {
        CaseParty: [_PARTY | own | {"id": new_id(), "name": case["shop_name"]}],
    }
    if state in {CaseState.OPENED, CaseState.INVESTIGATING}:
        return found
    found[CaseMeasure] = [_MEASURE | own | {"id": new_id()}]
    if state is CaseState.DECISION_PROPOSED:
        return found
    mine: Row = own | {"organisation_id": ground.carrier}
    going = state in {CaseState.DECIDED, CaseState.EXECUTING, CaseState.APPEALED}
    found[CaseTask] = [_task(mine, case, kind, chance, going=going) for kind in _TASKS]
    if state in SENT:
        found[Notice] = [_notice(ground, case, chance)]
    if state is CaseState.WAITING_RECHECK:
        later = case["due_at"] + timedelta(days=23)
        looks = ((1, case["due_at"], case["is_late"]), (2, later, False))
        found[Recheck] = [
            _LOOK | mine | {"id": new_id(), "number": number, "due_at": due, "is_late": late}
            for number, due, late in looks
        ]
    if state is CaseState.APPEALED:
        found[CaseAppeal] = [
            _APPEAL | mine | {"id": new_id(), "number": f"APL{case['reference'][4:]}",
                              "due_at": case["due_at"], "is_late": case["is_late"],
                              "lodged_by": chance.choice(ground.people)}
        ]  # fmt: skip
    return found


_SOME: Final = UUID(int=1)
_TASKS: Final = (TaskKind.NOTIFY_PLATFORM, TaskKind.TRACE)
_PARTY: Final = CaseParty(
    case_id=_SOME, role=PartyRole.SHOP, name="", share=100, statement="已陈述"
).model_dump()
_MEASURE: Final = CaseMeasure(
    case_id=_SOME, measure=Measure.REMOVE_SHOP, state=MeasureState.IN_FORCE, reason="无委托",
    remedy="15 日内申诉", papers="营业执照",
).model_dump()  # fmt: skip
_TASK: Final = CaseTask(
    case_id=_SOME, organisation_id=_SOME, kind=TaskKind.TRACE, due_at=NOW,
    rule_version="case_execution/1",
).model_dump()  # fmt: skip
_LOOK: Final = Recheck(
    case_id=_SOME, organisation_id=_SOME, round=1, number=1, due_at=NOW,
    rule_version="recheck_first/1",
).model_dump()  # fmt: skip
_APPEAL: Final = CaseAppeal(
    number="", case_id=_SOME, organisation_id=_SOME, appellant="星河", ground="已有委托",
    state=CaseAppealState.LODGED, lodged_at=NOW, due_at=NOW,
).model_dump()  # fmt: skip
_NOTICE: Final = Notice(
    number="", organisation_id=_SOME, recipient_id=_SOME, subject="关于下架网店的通报",
    body="请在三个工作日内下架该店并答复。" * 20, promised_at=NOW,
).model_dump()  # fmt: skip
_FINDING: Final = Finding(
    number="", organisation_id=_SOME, run_id=_SOME, shop_id=_SOME, platform="lanhai",
    platform_home="33", card_home="44", kind=FindingKind.NO_DELEGATION,
    ground=Ground.NO_DELEGATION, tier=Tier.SERIOUS, rule_version="findings/1",
    listing_ids=["0" * 36], evidence=["0" * 64], created_at=NOW,
).model_dump()  # fmt: skip


def _task(own: Row, case: Row, kind: TaskKind, chance: random.Random, *, going: bool) -> Row:
    due, is_late = _due(chance)
    is_open = going and chance.random() < 0.6
    return _TASK | own | {
        "id": new_id(), "kind": kind, "assignee_id": case["owner_id"], "due_at": due,
        "state": TaskState.OPEN if is_open else TaskState.DONE, "is_late": is_open and is_late,
        "target": case["platform"] if kind is TaskKind.NOTIFY_PLATFORM else "",
    }  # fmt: skip


def _notice(ground: Footing, case: Row, chance: random.Random) -> Row:
    due, is_late = _due(chance)
    states = [NoticeState.SENT, NoticeState.ACKNOWLEDGED, NoticeState.ANSWERED]
    ends = case["state"] in ENDED
    return _NOTICE | {
        "id": new_id(), "number": f"NTC{case['reference'][4:]}", "case_id": case["id"],
        "organisation_id": ground.carrier, "platform": case["platform"],
        "recipient_id": ground.platforms[case["platform"]], "sent_at": NOW,
        "state": NoticeState.CLOSED if ends else chance.choice(states),
        "acknowledge_due_at": due, "answer_due_at": due + timedelta(days=2),
        "reminded_at": NOW if is_late else None, "escalated_at": NOW if is_late else None,
    }  # fmt: skip


def _findings(ground: Footing, count: int, chance: random.Random) -> Iterable[Row]:
    states = chance.choices(list(FindingState), (10, 10, 20, 5, 15, 40), k=count)
    for at, state in enumerate(states):
        yield _FINDING | {
            "id": new_id(), "number": f"FND-2026-{at:07}", "organisation_id": ground.carrier,
            "run_id": ground.runs[at % len(ground.runs)], "state": state, "risk": at % 1000,
            "shop_id": ground.shops[at % len(ground.shops)],
            "platform": PLATFORMS[at % len(PLATFORMS)],
            "created_at": NOW - timedelta(seconds=30 * (count - at)),
            "look_due_at": NOW + timedelta(hours=at % 72 - 24),
            "found_by": ground.people[at % len(ground.people)],
        }  # fmt: skip
