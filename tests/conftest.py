"""A house of its own for every test, on both databases, with people of each kind at work in it.

`house` runs on SQLite and on PostgreSQL; `desks` are the people. Nothing here patches a clock:
the house is given one that tests move.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text

from console.actions.staff.people import add_organisation, add_user
from console.actions.staff.sign_in import actor_named
from console.database import migrate, open_engine
from console.desk import Desk, House
from console.settings import Settings
from models.permissions import Permission, Role
from models.staff import HOUSE, Door, OrganisationKind, UserRole

# A busy machine is no fault of what is tested.
settings.register_profile("house", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("house")

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
"""A Monday, noon in Beijing."""


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server of this test process, gone when it ends."""
    if given := os.environ.get("TEST_POSTGRES"):
        yield given
        return
    # Not under pytest's own folder, which other runs close to the server's user.
    binaries, folder = _postgres_bin(), Path(tempfile.mkdtemp(prefix="channel-postgres-"))
    data = folder / "data"
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    settings = [
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "listen_addresses=",
        f"unix_socket_directories={folder}",
        "max_connections=200",
    ]
    options = " ".join(f"-c {setting}" for setting in settings)

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=folder)

    run(
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-U",
        "channel",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
    )
    run(
        str(binaries / "pg_ctl"),
        "-D",
        str(data),
        "-o",
        options,
        "-l",
        str(folder / "log"),
        "-w",
        "start",
    )
    yield f"postgresql+psycopg://channel@/postgres?host={folder}"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def templates(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], str]:
    """A migrated empty database of each kind, made once, to be copied for each test."""
    made: dict[str, str] = {}

    def template(kind: str) -> str:
        if kind not in made:
            if kind == "sqlite":
                url = f"sqlite:///{tmp_path_factory.mktemp('template') / 'channel.db'}"
            else:
                url = _new_postgres_database(request.getfixturevalue("postgres"), "template_house")
            engine = open_engine(url)
            migrate(engine)
            engine.dispose()
            made[kind] = url
        return made[kind]

    return template


def _new_postgres_database(server: str, name: str, template: str | None = None) -> str:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        copied = f" TEMPLATE {template}" if template else ""
        connection.execute(text(f"CREATE DATABASE {name}{copied}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, templates: Callable[[str], str], tmp_path: Path
) -> str:
    """The address of an empty, migrated database; each test that uses it runs on both kinds."""
    template = templates(request.param)
    if request.param == "sqlite":
        shutil.copy(str(make_url(template).database), tmp_path / "channel.db")
        return f"sqlite:///{tmp_path / 'channel.db'}"
    return _new_postgres_database(
        request.getfixturevalue("postgres"), "test_house", "template_house"
    )


@pytest.fixture
def house(database: str, tmp_path: Path, clock: Clock) -> Iterator[House]:
    settings = Settings(data=tmp_path, database_url=database, public_url="http://127.0.0.1:8501")
    house = replace(House.open(settings), now=clock)
    yield house
    house.engine.dispose()


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


@pytest.fixture
def desks(house: House) -> Desks:
    return staffed(house)


def staffed(house: House) -> Desks:
    """The people above, made in an empty house."""
    own = house.desk()
    for code, kind, name, parent, province in ORGANISATIONS:
        add_organisation(own, code=code, kind=kind, name=name, parent=parent, province=province)
    found = {"house": own}
    for field, organisation, login, role in PEOPLE:
        user, _ = add_user(own, organisation=organisation, login=login, name=login, elsewhere=True)
        with own.begin(Permission.STAFF_GRANT) as work:
            work.session.add(
                UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="house")
            )
            work.record("staff.role_granted", user, role=role.value)
        found[field] = house.desk(actor_named(house, login, Door.CONSOLE))
    assert own.actor is HOUSE
    return Desks(**found)
