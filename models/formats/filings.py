"""Numbers under which a website or a business is filed with an authority."""

import re
from dataclasses import dataclass
from typing import Final

from models.formats.text import Fault, without_blanks
from models.provinces import Province, province_of_code, province_of_icp

_ICP: Final = re.compile(r"(\w)ICP备([0-9]{8}|[0-9]{10})号(?:-([0-9]{1,6})([AX])?)?")
_ICP_LICENCE: Final = re.compile(r"(\w)ICP证([0-9]{6,8})号")
_POLICE: Final = re.compile(r"(\w)公网安备([0-9]{14})号")
_TELECOM: Final = re.compile(r"(?:(\w)字?)?((?:A1|A2|B1|B2)(?:\.(?:A1|A2|B1|B2))*)-([0-9]{8})")
_JOINT: Final = "合"


@dataclass(frozen=True, slots=True)
class IcpFiling:
    """An ICP filing (备案) or ICP licence (证) number."""

    province: Province
    """Where the site is filed: its communications administration may order it to rectify."""
    serial: str
    is_licence: bool = False
    site: int | None = None
    suffix: str | None = None
    """`A` for an app; `X` is seen too, and nobody explains it."""


@dataclass(frozen=True, slots=True)
class TelecomLicence:
    """A telecommunications business licence (电信业务经营许可证)."""

    province: Province | None
    """None when it is national, or joint."""
    is_joint: bool
    classes: tuple[str, ...]
    serial: str


def check_icp_filing(text: str) -> IcpFiling | Fault:
    """`粤ICP备12345678号-1`; second short forms (蜀, 黔, 滇, 陇) name the same province."""
    number = without_blanks(text)
    match = _ICP.fullmatch(number) or _ICP_LICENCE.fullmatch(number)
    province = province_of_icp(match[1]) if match else None
    if match is None or province is None:
        return Fault.FORMAT
    if match.re is _ICP_LICENCE:
        return IcpFiling(province, match[2], is_licence=True)
    site = match[3]
    return IcpFiling(province, match[2], site=int(site) if site else None, suffix=match[4])


def police_filing_region(text: str) -> str | None:
    """The six-digit region of `京公网安备 11010500000001号`; None when it is not such a number."""
    match = _POLICE.fullmatch(without_blanks(text))
    if match is None or province_of_icp(match[1]) is None or province_of_code(match[2][:2]) is None:
        return None
    return match[2][:6]


def check_telecom_licence(text: str) -> TelecomLicence | Fault:
    """A soft check: no public standard was found for this number, so a fault may only warn."""
    match = _TELECOM.fullmatch(without_blanks(text))
    if not match:
        return Fault.FORMAT
    place = match[1]
    province = province_of_icp(place) if place else None
    if place and place != _JOINT and province is None:
        return Fault.FORMAT
    return TelecomLicence(province, place == _JOINT, tuple(match[2].split(".")), match[3])
