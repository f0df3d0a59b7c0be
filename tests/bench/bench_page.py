"""The agents page over 100,000 agents, as one manager meets it: raw websocket, guard and all."""

import statistics
import tempfile
import time
from pathlib import Path

from console.actions.staff.people import add_user
from console.actions.staff.sign_in import sign_in
from console.database import migrate
from console.desk import House
from console.settings import Settings
from models.permissions import Permission, Role
from models.staff import UserRole
from tests.bench.figures import Figure, keep
from tests.bench.register_data import fill
from tests.serving import running
from tests.streamlit_client import StreamlitClient, streamlit_client

AGENTS = 100_000
RERUNS = 60
PASSWORD = "bench-bench-bench"
LIMIT = 0.3
QUERIES = ("", "?q=通信", "?q=12345", "?state=active", "?state=active&province=44")


def with_manager(house: House) -> str:
    """A session token of a channel manager of the carrier that the agents belong to."""
    desk = house.desk()
    user, _ = add_user(desk, organisation="CT-44", login="bench", name="bench", password=PASSWORD)
    with desk.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(
                user_id=user.id, role=Role.CHANNEL_MANAGER, granted_at=work.at, granted_by="bench"
            )
        )
        work.record("staff.role_granted", user)
    return sign_in(house, "bench", PASSWORD, address="127.0.0.1", agent="bench")


def timed(client: StreamlitClient, query: str) -> float:
    begun = time.perf_counter()
    client.rerun(query, page="agents")
    took = time.perf_counter() - begun
    kinds = {message.delta.new_element.WhichOneof("type") for message in client.seen}
    assert "dataframe" in kinds, f"no list was drawn for {query!r}: {kinds}"
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house = House.open(Settings(data=folder))
        migrate(house.engine)
        fill(house, AGENTS)
        token = with_manager(house)
        with (
            running(folder, CHANNEL_WORKER="false") as base,
            streamlit_client(base, token) as client,
        ):
            client.rerun()
            took = [timed(client, QUERIES[count % len(QUERIES)]) for count in range(RERUNS)]
            size = sum(len(message.SerializeToString()) for message in client.seen)
    p95 = statistics.quantiles(took, n=20)[-1]
    figure = Figure(
        "page",
        f"agents page, rerun p95 over {AGENTS:,} agents",
        f"{p95 * 1000:.0f} ms",
        f"≤ {LIMIT * 1000:.0f} ms",
        p95 <= LIMIT,
        f"median {statistics.median(took) * 1000:.0f} ms, {size / 1024:.0f} kB, {RERUNS} reruns",
    )
    keep("page", [figure])


if __name__ == "__main__":
    main()
