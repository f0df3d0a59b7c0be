"""What safety rests on, asked for in the running house (SECURITY 2.8)."""

import os
import resource
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from console.actions.audit import verify
from console.database import faults, is_current
from console.desk import House
from console.i18n import t
from console.web import streamlit_setup
from integrations.keys import KeyUnusable
from models.permissions import Permission, Role
from models.rules import CHINA, Calendar
from models.staff import UserRole
from models.tokens import sm2


@dataclass(frozen=True, slots=True)
class Examined:
    faults: list[str]
    warnings: list[str]


def examine(house: House) -> Examined:
    """Faults make a house unsafe; warnings are for somebody to look at."""
    streamlit_setup.apply(streamlit_setup.options_for(house.settings.public_url))
    options = streamlit_setup.options_for(house.settings.public_url)
    found = [*faults(house.engine), *streamlit_setup.unmet(options), *_open_files(house)]
    found += _unusable_identities(house)
    if house.settings.badge_algorithm == "sm2" and not sm2.is_installed():
        found.append(t("doctor.no_sm2"))
    if not is_current(house.engine):
        return Examined([*found, t("doctor.not_migrated")], [])
    verdict = verify(house.desk())
    if verdict.fault is not None:
        found.append(t("cli.audit_broken", fault=verdict.fault))
    return Examined(found, list(_warnings(house)))


def _open_files(house: House) -> Iterator[str]:
    folder: Path = house.settings.data
    for path in [folder / "keys", *sorted((folder / "keys").glob("*"))]:
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield t("doctor.open_file", path=path)
    if resource.getrlimit(resource.RLIMIT_CORE)[0] != 0 and os.environ.get("CHANNEL_CONFIG"):
        yield t("doctor.core_dumps")


def _unusable_identities(house: House) -> Iterator[str]:
    try:
        house.identities.keys.check()
    except KeyUnusable as error:
        yield t("persons.keys_unusable", problem=error)


def _warnings(house: House) -> Iterator[str]:
    if not house.settings.is_https:
        yield t("doctor.not_https", url=house.settings.public_url)
    year = house.now().astimezone(CHINA).year
    for one in (year, year + 1):
        if Calendar({}).is_provisional(one):
            yield t("doctor.provisional_year", year=one)
    with house.desk().begin(Permission.STAFF_READ) as work:
        held = work.session.exec(
            select(UserRole).where(UserRole.role.in_([Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN]))  # pyright: ignore[reportAttributeAccessIssue,reportUnknownArgumentType,reportUnknownMemberType]
        ).all()
    people = [row.user_id for row in held]
    if len(people) != len(set(people)):
        yield t("cli.separate_administrators")
