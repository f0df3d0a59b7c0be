"""The sample with everybody who can open a page, and the console that shows it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from console.actions.staff.people import add_organisation, add_user, grant_role
from console.database import migrate
from console.demo import PASSWORD, load
from console.desk import House
from console.settings import Settings
from models.permissions import Role
from models.staff import OrganisationKind
from tests.serving import running

_KEEPERS = (("admin", "管理", Role.SYSTEM_ADMIN), ("security", "安全", Role.SECURITY_ADMIN))


@dataclass(frozen=True, slots=True)
class World:
    house: House
    base: str


def furnish(house: House) -> None:
    """The sample's stories, and those who keep the house beside them."""
    migrate(house.engine)
    assert load(house, scale=0)
    desk = house.desk()
    add_organisation(desk, code="operator", kind=OrganisationKind.OPERATOR, name="运营单位（示例）")
    for login, name, role in _KEEPERS:
        user, _ = add_user(desk, organisation="operator", login=login, name=name, password=PASSWORD)
        grant_role(desk, user.id, role)


@contextmanager
def world_in(folder: Path) -> Generator[World]:
    furnish(House.open(Settings(data=folder)))
    with running(folder, CHANNEL_WORKER="false") as base:
        house = House.open(Settings(data=folder, public_url=base))
        yield World(house, base)
        house.engine.dispose()
