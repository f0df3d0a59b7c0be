"""A list of 100,000 agents as a file, in both formats: how long, and how flat in memory."""

import resource
import tempfile
import time
from pathlib import Path

from console.actions.exports.asking import approve_export, ask_export
from console.actions.exports.taking import take_export
from console.actions.staff.people import add_user
from console.actions.staff.sign_in import actor_named
from console.database import migrate
from console.desk import Desk, House
from console.settings import Settings
from models.oversight.exports import ExportFormat
from models.permissions import Permission, Role
from models.staff import Door, UserRole
from tests.bench.figures import Figure, keep
from tests.bench.register_data import fill

AGENTS = 100_000
PASSWORD = "bench-bench-bench"
SECONDS = {ExportFormat.CSV: 30.0, ExportFormat.XLSX: 60.0}
MIB = 64
"""More memory at its peak than before, with lists of any length."""


def person(house: House, login: str, role: Role) -> Desk:
    desk = house.desk()
    user, _ = add_user(desk, organisation="CT-44", login=login, name=login, password=PASSWORD)
    with desk.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="bench")
        )
        work.record("staff.role_granted", user)
    return house.desk(actor_named(house, login, Door.CONSOLE))


def peak() -> float:
    """In MiB, of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(asker: Desk, approver: Desk, kind: ExportFormat) -> list[Figure]:
    begun = time.perf_counter()
    request = ask_export(asker, "agents", "", kind, "bench")
    counted = time.perf_counter() - begun
    approve_export(approver, request.id, request.version)
    before, begun = peak(), time.perf_counter()
    file = take_export(asker, request.id)
    took, grown = time.perf_counter() - begun, peak() - before
    assert file.path is not None
    size = file.path.stat().st_size / 1024**2
    file.path.unlink()
    limit = SECONDS[kind]
    return [
        Figure(
            "exports", f"{AGENTS:,} agents as {kind.upper()}", f"{took:.1f} s", f"≤ {limit:.0f} s",
            took <= limit, f"{size:.1f} MiB; counted in {counted:.1f} s when it was asked for",
        ),
        Figure(
            "exports", f"memory for {AGENTS:,} agents as {kind.upper()}", f"+{grown:.0f} MiB",
            f"≤ +{MIB} MiB", grown <= MIB, f"from {before:.0f} MiB",
        ),
    ]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        house = House.open(Settings(data=Path(name)))
        migrate(house.engine)
        fill(house, AGENTS)
        asker = person(house, "asker", Role.CHANNEL_MANAGER)
        approver = person(house, "approver", Role.APPROVER)
        keep("exports", [one for kind in ExportFormat for one in measured(asker, approver, kind)])


if __name__ == "__main__":
    main()
