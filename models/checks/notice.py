"""What a person is told before their document is read (PIPL art. 17), by versions."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from models.data import packaged


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class CheckNotice:
    version: str
    valid_from: date
    zh: str
    en: str


@cache
def check_notices() -> Mapping[str, CheckNotice]:
    """Every notice there was, by version: what a check names can be read for good."""
    rows = packaged("check_notice.toml")["notices"]
    notices = [CheckNotice(**row) for row in rows]
    return MappingProxyType({one.version: one for one in notices})


def notice_on(day: date) -> CheckNotice:
    """The one in force on a day; the first before there was any."""
    notices = sorted(check_notices().values(), key=lambda one: one.valid_from)
    return next((one for one in reversed(notices) if one.valid_from <= day), notices[0])
