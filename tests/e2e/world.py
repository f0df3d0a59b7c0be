"""The server of a story, its command line, and the market that it patrols."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.serving import CHANNEL

ADMIN_PASSWORD: Final = "first-day-at-work-2026"
PASSWORD: Final = "a-long-enough-word-2026"
ORGANISATIONS: Final = (
    ("CT", "basic_carrier_group", "中国电信集团"),
    ("oscar", "platform", "蓝海商城", "--province", "33"),
    ("CA-44", "comm_admin", "广东省通信管理局", "--province", "44"),
)
PEOPLE: Final = (
    ("CT-44", "li.hua", "李华", "approver"),
    ("CT-44", "he.jing", "何静", "approver"),
    ("oscar", "lan.xin", "兰欣", "platform_officer"),
    ("CA-44", "gd.jianguan", "粤监管", "regulator"),
)


@dataclass(frozen=True)
class Offer:
    """A shop of the market, by its id there and its name."""

    shop: str
    name: str


@dataclass(frozen=True)
class Market:
    """A marketplace on loopback: how to read it, and who sells there."""

    mapping: str
    listings: int
    licensed: Offer
    """Has its place in the file of agents."""
    turned_away: Offer
    """Is in the file too, and sent back."""
    stranger: str
    """The id of a shop that sells cards and stands on no list."""


@dataclass(frozen=True)
class Served:
    """A running server; `channel` runs beside it with the same settings."""

    base: str
    folder: Path
    settings: Mapping[str, str]

    def channel(self, *command: str, fails: bool = False) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("CHANNEL_")}
        env |= {"CHANNEL_DATA": str(self.folder), "CHANNEL_PUBLIC_URL": self.base, **self.settings}
        done = subprocess.run([CHANNEL, *command], env=env, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is not fails, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout
