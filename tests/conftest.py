"""A house of its own for every test, on both databases, with people of each kind at work in it.

`house` runs on SQLite and on PostgreSQL; `desks` are the people. Nothing here patches a clock:
the house is given one that tests move.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from console.actions.staff.people import add_organisation, add_user
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from console.i18n import Language, spoken
from console.settings import Settings
from models.permissions import Permission, Role
from models.staff import HOUSE, Actor, Door, OrganisationKind, UserRole
from tests.databases import Engines, PostgresHouses, SqliteHouses, start_server

# A busy machine is no fault of what is tested.
settings.register_profile("house", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("house")

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""A Monday, noon in Beijing."""


ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""Of a test that would say the same on the other database."""


ONE_A_DAY = pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)],
    indirect=True,
)
"""Of a test that takes a quarter of a minute: the other database has its turn at night."""


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Pages are drawn over SQLite: what they ask runs on both in the tests of actions."""
    marks = metafunc.definition.iter_markers("parametrize")
    is_chosen = any("database" in mark.args[0] for mark in marks)
    if {"console", "database"} <= set(metafunc.fixturenames) and not is_chosen:
        metafunc.definition.add_marker(ONLY_SQLITE)


def pytest_runtest_setup() -> None:
    """What a command spoke in one test is not the language of the next."""
    spoken.set(Language.ZH)


@dataclass
class Clock:
    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


def _postgres_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    beside = shutil.which("initdb")
    if not found and beside is None:
        pytest.fail(
            "PostgreSQL is missing, so half of this test can't run: `make test` installs it"
        )
    return (found[-1] if found else Path(str(beside))).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stories come first: begun last, one worker would end long after the other.

    The daemon of card readers is one a machine: files that use it lie far apart, or one worker
    would wait for the other.
    """
    items.sort(key=lambda item: "e2e" not in item.path.parts)
    files = [list(items) for _, items in groupby(items, key=lambda item: item.path)]
    alone = [file for file in files if any("stack" in _fixtures(item) for item in file)]
    others = [file for file in files if file not in alone]
    apart = 1 + len(others) // (len(alone) + 1)
    for place, file in enumerate(alone):
        others.insert(place * apart, file)
    items[:] = chain.from_iterable(others)


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


def pytest_sessionstart() -> None:
    """What was imported stays; looking at it again and again was a tenth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of this test process, gone when it ends."""
    if given := os.environ.get("TEST_POSTGRES"):
        yield given
        return
    # Not under pytest's own folder, which other runs close to the server's user.
    binaries, folder = _postgres_bin(), Path(tempfile.mkdtemp(prefix="channel-postgres-"))
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    stop = start_server(binaries, folder, as_user)
    yield f"postgresql+psycopg://channel@/postgres?host={folder}"
    stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sqlite_houses(tmp_path_factory: pytest.TempPathFactory) -> SqliteHouses:
    return SqliteHouses(tmp_path_factory.mktemp("houses"), staff)


@pytest.fixture(scope="session")
def postgres_houses(postgres: str) -> PostgresHouses:
    return PostgresHouses(postgres, staff)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated database: empty, but for a test that asks for people at desks.

    Each test that uses it runs on both kinds.
    """
    is_staffed = "desks" in request.fixturenames
    if request.param == "sqlite":
        sqlite: SqliteHouses = request.getfixturevalue("sqlite_houses")
        return sqlite.fresh(tmp_path, is_staffed=is_staffed)
    postgres: PostgresHouses = request.getfixturevalue("postgres_houses")
    return postgres.fresh(is_staffed=is_staffed)


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    engines = Engines()
    yield engines
    engines.dispose()


@pytest.fixture
def house(database: str, engines: Engines, tmp_path: Path, clock: Clock) -> Iterator[House]:
    settings = Settings(data=tmp_path, database_url=database, public_url="http://127.0.0.1:8501")
    yield House(settings, engines.to(database), clock)
    engines.rest()


@dataclass(frozen=True)
class Desks:
    """One person of each kind, and the house itself."""

    house: Desk
    admin: Desk
    security: Desk
    audit: Desk
    manager: Desk
    """Channel manager of 中国电信广东 (CT-44)."""
    approver: Desk
    other_manager: Desk
    """Channel manager of another carrier (CU-44)."""
    other_approver: Desk
    platform: Desk
    """Officer of the marketplace `lanhai`."""
    other_platform: Desk
    regulator: Desk
    """Of Guangdong."""
    other_regulator: Desk
    """Of Beijing."""
    auditor: Desk
    inspector: Desk
    privacy: Desk
    iot: Desk


ORGANISATIONS = [
    ("operator", OrganisationKind.OPERATOR, "运营单位", None, None),
    ("CT", OrganisationKind.BASIC_CARRIER_GROUP, "中国电信", None, None),
    ("CT-44", OrganisationKind.BASIC_CARRIER_PROVINCE, "中国电信广东", "CT", "44"),
    ("CU-44", OrganisationKind.BASIC_CARRIER_PROVINCE, "中国联通广东", None, "44"),
    ("lanhai", OrganisationKind.PLATFORM, "蓝海商城", None, "33"),
    ("honghai", OrganisationKind.PLATFORM, "红海商城", None, "11"),
    ("CA-44", OrganisationKind.COMM_ADMIN, "广东省通信管理局", None, "44"),
    ("CA-11", OrganisationKind.COMM_ADMIN, "北京市通信管理局", None, "11"),
]
PEOPLE = [
    ("admin", "operator", "admin", Role.SYSTEM_ADMIN),
    ("security", "operator", "security", Role.SECURITY_ADMIN),
    ("audit", "operator", "audit", Role.AUDIT_ADMIN),
    ("manager", "CT-44", "chen.ming", Role.CHANNEL_MANAGER),
    ("approver", "CT-44", "li.hua", Role.APPROVER),
    ("other_manager", "CU-44", "wang.fang", Role.CHANNEL_MANAGER),
    ("other_approver", "CU-44", "zhao.lei", Role.APPROVER),
    ("platform", "lanhai", "lan.xin", Role.PLATFORM_OFFICER),
    ("other_platform", "honghai", "hong.wei", Role.PLATFORM_OFFICER),
    ("regulator", "CA-44", "gd.jianguan", Role.REGULATOR),
    ("other_regulator", "CA-11", "bj.jianguan", Role.REGULATOR),
    ("auditor", "CT-44", "lin.jing", Role.AUDITOR),
    ("inspector", "CT-44", "zhou.jie", Role.INSPECTOR),
    ("privacy", "CT-44", "sun.li", Role.PRIVACY_OFFICER),
    ("iot", "CT-44", "wu.lian", Role.IOT_MANAGER),
]


@pytest.fixture(scope="session")
def actors() -> dict[str, dict[str, Actor]]:
    """The people above by kind of database: every copy has the same."""
    return {}


@pytest.fixture
def desks(house: House, actors: dict[str, dict[str, Actor]]) -> Desks:
    kind = house.engine.dialect.name
    if kind not in actors:
        actors[kind] = actors_of(house)
    return Desks(house.desk(), **{field: house.desk(one) for field, one in actors[kind].items()})


def desks_of(house: House) -> Desks:
    """The people above, who are in the database already."""
    return Desks(house.desk(), **{name: house.desk(one) for name, one in actors_of(house).items()})


def actors_of(house: House) -> dict[str, Actor]:
    return {field: actor_named(house, login, Door.CONSOLE) for field, _, login, _ in PEOPLE}


def staff(url: str) -> None:
    """Make the people above in an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), database_url=url)
        house = replace(House.open(settings), now=Clock())
        own = house.desk()
        assert own.actor is HOUSE
        for code, kind, name, parent, province in ORGANISATIONS:
            add_organisation(own, code=code, kind=kind, name=name, parent=parent, province=province)
        for _, organisation, login, role in PEOPLE:
            user, _ = add_user(
                own, organisation=organisation, login=login, name=login, elsewhere=True
            )
            with own.begin(Permission.STAFF_GRANT) as work:
                work.session.add(
                    UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="house")
                )
                work.record("staff.role_granted", user, role=role.value)
        house.engine.dispose()
