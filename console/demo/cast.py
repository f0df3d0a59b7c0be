"""Who does what in the sample, and the papers that they hand in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from console.desk import Desk, House

PROOF: Final = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\x1b\xb6\xeeV\x00\x00\x00\x00IEND\xaeB`\x82"
)
PAPER: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
INSPECTOR: Final = "zhou.jie"
PASSWORD: Final = "demo-channel-2026"  # noqa: S105 - printed, for a fictitious workspace


@dataclass(frozen=True, slots=True)
class Cast:
    manager: Desk
    colleague: Desk
    approver: Desk
    platform: Desk
    iot: Desk
    inspector: Desk

    @property
    def house(self) -> House:
        return self.manager.house

    def earlier(self, days: int) -> "Cast":
        """The same people, so many days ago."""
        return self._at(self.manager.now() - timedelta(days=days))

    def later(self, minutes: int) -> "Cast":
        return self._at(self.manager.now() + timedelta(minutes=minutes))

    def _at(self, then: datetime) -> "Cast":
        def at(desk: Desk) -> Desk:
            return replace(desk, house=replace(desk.house, now=lambda: then))

        return Cast(
            at(self.manager), at(self.colleague), at(self.approver), at(self.platform),
            at(self.iot), at(self.inspector),
        )  # fmt: skip
