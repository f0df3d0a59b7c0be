"""Logs of any size, without the work that entries come from."""

from collections.abc import Sequence

from console.actions.channel.log import append_entries
from console.desk import Desk, House
from models.channel.log import LogKind, NewEntry
from models.permissions import Permission


def filled(house: House, *batches: int) -> None:
    """A public log with one signed head after each batch."""
    desk, serial = house.desk(), 0
    for batch in batches:
        with desk.begin(Permission.BADGE_ISSUE) as work:
            work.no_deed()
            append_entries(desk, work, entries(desk, serial, batch))
        serial += batch


def entries(desk: Desk, serial: int, count: int) -> Sequence[NewEntry]:
    return [
        NewEntry.of(
            LogKind.BADGE_ISSUED,
            desk.now(),
            "house",
            {"agent_no": f"A2026{number:07}", "badge_id": f"{number:016x}"},
        )
        for number in range(serial, serial + count)
    ]
