"""The demo world ten times over, made once a run, and people who are signed in to it."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from sqlmodel import col, select

from console.actions.staff.people import add_user, grant_role
from console.actions.staff.sign_in import _open_session  # pyright: ignore[reportPrivateUsage]
from console.database import migrate
from console.demo import load
from console.desk import House
from console.settings import Settings
from models.permissions import Permission, Role
from models.staff import User

SCALE = 10.0
MANAGER, PLATFORM, REGULATOR = "chen.ming", "lan.xin", "gd.jianguan"


@dataclass(frozen=True)
class BigWorld:
    house: House
    folder: Path

    def token(self, login: str) -> str:
        """A new session of that person's."""
        with self.house.desk().begin(Permission.STAFF_READ) as work:
            user = work.session.exec(select(User).where(col(User.login) == login)).one()
        return _open_session(self.house, user.id, "127.0.0.1", "bench", None)

    def crowd(self, organisation: str, role: Role, count: int) -> list[str]:
        """Tokens of so many new people: one person has few sessions at a time."""
        desk, tokens = self.house.desk(), list[str]()
        for _ in range(count):
            login = f"bench-{token_hex(4)}"
            user, _ = add_user(
                desk, organisation=organisation, login=login, name=login, elsewhere=True
            )
            grant_role(desk, user.id, role)
            tokens.append(self.token(login))
        return tokens


@contextmanager
def big_world() -> Generator[BigWorld]:
    """`BENCH_WORLD` names a folder that keeps the world for the next bench."""
    if kept := os.environ.get("BENCH_WORLD"):
        yield _opened(Path(kept))
        return
    with tempfile.TemporaryDirectory() as name:
        yield _opened(Path(name))


def _opened(folder: Path) -> BigWorld:
    folder.mkdir(parents=True, exist_ok=True)
    house = House.open(Settings(data=folder))
    migrate(house.engine)
    load(house, float(os.environ.get("BENCH_SCALE", SCALE)))
    return BigWorld(house, folder)
