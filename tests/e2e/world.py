"""The server of a story, its command line, and the market that it patrols."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.formats import organisation_check_character, uscc_check_character
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

    def channel(self, *command: str) -> str:
        done = self._run(*command)
        assert done.returncode == 0, f"{command}: {(done.stdout + done.stderr).decode()}"
        return done.stdout.decode()

    def faults(self) -> list[str]:
        """What the doctor finds unsafe.

        The PostgreSQL of tests is one that nobody should keep data in, and the doctor says so.
        """
        done = self._run("doctor")
        found = [line for line in done.stdout.decode().splitlines() if line.startswith("✗")]
        assert (done.returncode == 0) is not bool(found), done.stderr.decode()
        return [line for line in found if "PostgreSQL" not in line]

    def _run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("CHANNEL_")}
        env |= {"CHANNEL_DATA": str(self.folder), "CHANNEL_PUBLIC_URL": self.base, **self.settings}
        return subprocess.run([CHANNEL, *command], env=env, capture_output=True, check=False)


def agents_file(market: Market) -> list[dict[str, str]]:
    """Three firms that may be admitted, and one whose code is wrong."""
    shops = (market.licensed, market.turned_away, None, None)
    names = ("华东通信设备有限公司", "优享网络技术有限公司", "蓝天通信有限公司", "坏代码有限公司")
    rows = [
        {
            "企业名称": name,
            "统一社会信用代码": uscc(at),
            "省份": "广东",
            "法定代表人": "王小明",
            "联系方式": f"0755-8000{at:04}",
            "营业执照有效期": "2035-12-31",
            "平台": "oscar" if shop else "",
            "店铺ID": shop.shop if shop else "",
            "店铺名称": shop.name if shop else "",
        }
        for at, (name, shop) in enumerate(zip(names, shops, strict=True), 1)
    ]
    rows[-1]["统一社会信用代码"] = "91440000BAD0000000"
    return rows


def uscc(at: int) -> str:
    """A well-formed code of no firm."""
    number = f"{at:08}"
    body = f"91440000{number}{organisation_check_character(number)}"
    return body + uscc_check_character(body)
