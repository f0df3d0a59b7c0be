"""From which province an address is, by a file in MaxMind's format. No address is kept."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import maxminddb

from models.provinces import provinces
from models.scan_watch import NOWHERE

_LETTERS: Final[Mapping[str, str]] = {
    "BJ": "11", "TJ": "12", "HE": "13", "SX": "14", "NM": "15",
    "LN": "21", "JL": "22", "HL": "23",
    "SH": "31", "JS": "32", "ZJ": "33", "AH": "34", "FJ": "35", "JX": "36", "SD": "37",
    "HA": "41", "HB": "42", "HN": "43", "GD": "44", "GX": "45", "HI": "46",
    "CQ": "50", "SC": "51", "GZ": "52", "YN": "53", "XZ": "54",
    "SN": "61", "GS": "62", "QH": "63", "NX": "64", "XJ": "65",
}  # fmt: skip
"""ISO 3166-2:CN since 2017; before, it had the numbers of GB/T 2260 themselves."""


@dataclass(slots=True)
class Places:
    """The file as it is now; a newer one is opened by `refresh`."""

    file: Path | None = None
    changed: int = 0
    reader: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Open the file anew when it has changed. One that can't be read knows no places."""
        if self.file is None:
            return
        try:
            changed = self.file.stat().st_mtime_ns
            if changed != self.changed:
                self.reader = maxminddb.open_database(self.file)  # pyright: ignore[reportUnknownMemberType]
                self.changed = changed
        except (OSError, maxminddb.InvalidDatabaseError):
            self.reader, self.changed = None, 0

    def province_of(self, address: str) -> str:
        """Two digits of GB/T 2260; `00` for places abroad and for addresses nobody can place."""
        if self.reader is None:
            return NOWHERE
        try:
            plain = ipaddress.ip_address(address)
            mapped = getattr(plain, "ipv4_mapped", None)
            found = self.reader.get(mapped or plain)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return NOWHERE
        return _province(found)


def _province(found: Any) -> str:  # noqa: ANN401 - whatever stands in the file
    match found:
        case {"country": {"iso_code": "CN"}, "subdivisions": [{"iso_code": str()}, *_]}:
            code = str(found["subdivisions"][0]["iso_code"])
        case _:
            return NOWHERE
    short = code.upper().removeprefix("CN-")
    number = _LETTERS.get(short) or short
    return number if number in provinces() else NOWHERE
