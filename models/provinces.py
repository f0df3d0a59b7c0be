"""The 31 provinces and their communications administrations (通信管理局), by GB/T 2260."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from models.data import packaged


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Province:
    code: str
    """Two digits of GB/T 2260."""
    zh: str
    en: str
    full_zh: str
    icp: str
    """The characters that open an ICP filing number here: 粤, or 川 and 蜀."""

    @property
    def authority(self) -> str:
        """The code of its communications administration, as `CA-44`."""
        return f"CA-{self.code}"

    @property
    def authority_zh(self) -> str:
        return f"{self.full_zh}通信管理局"

    @property
    def authority_en(self) -> str:
        return f"{self.en} Communications Administration"


@cache
def provinces() -> Mapping[str, Province]:
    """All 31 by code, in the order of the standard. Hong Kong, Macao and Taiwan have none."""
    rows = packaged("provinces.toml")["provinces"]
    return MappingProxyType({code: Province(code=code, **row) for code, row in rows.items()})


def province_of_code(code: str) -> Province | None:
    """`44` and `CA-44` both name Guangdong."""
    return provinces().get(code.strip().upper().removeprefix("CA-"))


def province_of_name(name: str) -> Province | None:
    """By 广东, 广东省, 广东省广州市, 广东省通信管理局 or Guangdong."""
    wanted = name.strip()
    for province in provinces().values():
        if wanted.startswith(province.zh) or wanted.casefold() == province.en.casefold():
            return province
    return None


def province_of_icp(character: str) -> Province | None:
    """By the first character of an ICP filing number, either short form."""
    if len(character) != 1:
        return None
    return next((one for one in provinces().values() if character in one.icp), None)
