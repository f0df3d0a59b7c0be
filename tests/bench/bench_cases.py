"""Cases by the hundred thousand: what became late, the lists, and the pages that show them.

    python -m tests.bench.bench_cases [sqlite | postgresql]

On both databases unless told. `CASES` and `FINDINGS` make it smaller.
"""

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlmodel import select

from console.actions.cases.boards import CaseFilters, case_board, find_cases
from console.actions.cases.late import sweep_deadlines
from console.actions.cases.notices.threads import list_threads
from console.actions.patrol.findings import list_findings
from console.actions.patrol.triage import triage
from console.actions.staff.sign_in import actor_named, sign_in
from console.actions.work import work_items
from console.database import migrate
from console.desk import Desk, House
from console.settings import Settings
from models.audit import AuditEntry
from models.cases.cases import CaseState
from models.cases.notices import NoticeState
from models.patrol.findings import FindingState
from models.permissions import Permission
from models.rules import Tier
from models.staff import Door
from tests.bench.case_data import NOW, PEOPLE, fill
from tests.bench.figures import Figure, keep
from tests.bench.servers import postgres
from tests.serving import running
from tests.streamlit_client import StreamlitClient, streamlit_client

CASES: Final = int(os.environ.get("CASES", "100000"))
FINDINGS: Final = int(os.environ.get("FINDINGS", "1000000"))
LIMIT, SWEEP_LIMIT = 0.3, 10.0
TIMES: Final = 20
RERUNS: Final = 40


def _cases(**filters: object) -> Callable[[Desk], object]:
    return lambda desk: find_cases(desk, CaseFilters(**filters))  # pyright: ignore[reportArgumentType]


LISTS: Final[Mapping[str, Callable[[Desk], object]]] = {
    "cases": _cases(),
    "cases in a state": _cases(state=CaseState.EXECUTING),
    "cases reversed": _cases(state=CaseState.REVERSED),
    "cases of a tier": _cases(tier=Tier.GENERAL),
    "cases of a platform": _cases(platform="honghai"),
    "cases late": _cases(overdue=True),
    "cases of one's own": _cases(mine=True),
    "cases by a province": _cases(province="11"),
    "cases, a word of many": _cases(q="通信"),
    "cases, a shop's name": _cases(q="星河019999"),
    "cases, a reference": _cases(q="CASE-2026-000123"),
    "cases, a word of none": _cases(q="没有这样的店"),
    "cases, one character": _cases(q="9"),
    "board": lambda desk: case_board(desk, CaseFilters()),
    "notices": list_threads,
    "notices in a state": lambda desk: list_threads(desk, state=NoticeState.SENT),
    "notices late": lambda desk: list_threads(desk, overdue=True),
    "findings": list_findings,
    "findings in a state": lambda desk: list_findings(desk, state=FindingState.CONFIRMED),
    "findings of a tier": lambda desk: list_findings(desk, tier=Tier.MINOR),
    "findings in their queue": triage,
    "work list": work_items,
}
WORKS: Final = frozenset({"work list"})


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def swept(house: House, name: str) -> list[Figure]:
    """Once with all that just became late, and once with nothing new."""
    desk = house.desk()
    begun = time.perf_counter()
    found = sweep_deadlines(desk)
    took = time.perf_counter() - begun
    begun = time.perf_counter()
    assert sweep_deadlines(desk) == 0
    idle = time.perf_counter() - begun
    with desk.begin(Permission.AUDIT_READ) as work:
        deeds = work.session.exec(
            select(AuditEntry.subject_id).where(AuditEntry.deed == "case.overdue")
        ).all()
    assert len(deeds) == len(set(deeds))
    return [
        Figure(
            "cases", f"deadline sweep over {CASES:,} open cases ({name})", f"{took:.1f} s",
            f"≤ {SWEEP_LIMIT:.0f} s", took <= SWEEP_LIMIT,
            f"{found:,} rows became late, {len(deeds):,} of them cases; with nothing new "
            f"{idle * 1000:.0f} ms; load {os.getloadavg()[0]:.1f}",
        )
    ]  # fmt: skip


def lists(house: House, name: str) -> list[Figure]:
    gc.collect()
    gc.freeze()  # as `channel serve` does
    slowest: dict[str, tuple[float, str]] = {}
    for login in PEOPLE:
        desk = house.desk(actor_named(house, login, Door.CONSOLE))
        for title, ask in LISTS.items():
            if title.startswith("findings") and not desk.actor.may(Permission.FINDING_READ):
                continue
            ask(desk)  # the first makes the statements, as the first of a process does
            took: list[float] = []
            for _ in range(TIMES):
                begun = time.perf_counter()
                ask(desk)
                took.append(time.perf_counter() - begun)
                if sum(took) > 3:
                    break
            worst = p95(took) if len(took) > 1 else took[0]
            print(f"  {name:<10} {login:<10} {title:<24} {worst * 1000:8.1f} ms")
            kind = "work list" if title in WORKS else title.split(",")[0].split()[0]
            slowest[kind] = max(slowest.get(kind, (0.0, "")), (worst, f"{login}: {title}"))
    return [
        Figure(
            "cases", f"{kind}, slowest question's p95 ({name})", f"{worst * 1000:.0f} ms",
            f"≤ {LIMIT * 1000:.0f} ms", worst <= LIMIT, which,
        )
        for kind, (worst, which) in slowest.items()
    ]  # fmt: skip


PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("",),
    "cases": ("", "?q=通信", "?q=星河019999", "?state=executing", "?overdue=true"),
}
"""By address; the first page of all is the work list."""


def pages(house: House, name: str, folder: Path) -> list[Figure]:
    """Whole reruns of the pages over the websocket, guard and all."""
    token = sign_in(house, "manager", "bench-manager-bench", address="127.0.0.1", agent="bench")
    figures: list[Figure] = []
    url = house.settings.database_url
    more = {} if url is None else {"CHANNEL_DATABASE_URL": str(url)}
    with (
        running(folder, CHANNEL_WORKER="false", **more) as base,
        streamlit_client(base, token) as client,
    ):
        client.rerun()
        for page, queries in PAGES.items():
            _timed(client, page, "")
            took = [_timed(client, page, queries[at % len(queries)]) for at in range(RERUNS)]
            figures.append(
                Figure(
                    "cases", f"page {page or 'work_list'}, rerun p95 over {CASES:,} cases ({name})",
                    f"{p95(took) * 1000:.0f} ms", f"≤ {LIMIT * 1000:.0f} ms", p95(took) <= LIMIT,
                    f"median {statistics.median(took) * 1000:.0f} ms, {RERUNS} reruns; "
                    f"load {os.getloadavg()[0]:.1f}",
                )
            )  # fmt: skip
    return figures


def _timed(client: StreamlitClient, page: str, query: str) -> float:
    begun = time.perf_counter()
    client.rerun(query, page=page)
    took = time.perf_counter() - begun
    kinds = {message.delta.new_element.WhichOneof("type") for message in client.seen}
    assert "exception" not in kinds, f"{page}{query}"
    return took


def measured(name: str, url: str | None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), database_url=url)
        house = replace(House.open(settings), now=lambda: NOW)
        migrate(house.engine)
        begun = time.perf_counter()
        fill(house, cases=CASES, ended=CASES // 5, findings=FINDINGS)
        print(f"  {name}: filled in {time.perf_counter() - begun:.0f} s")
        figures = [*lists(house, name), *swept(house, name)]
        figures += pages(replace(house, now=House.open(settings).now), name, Path(folder))
        house.engine.dispose()
    return figures


def main() -> None:
    asked = sys.argv[1:] or ["sqlite", "postgresql"]
    figures: list[Figure] = []
    if "sqlite" in asked:
        figures += measured("sqlite", None)
    if "postgresql" in asked:
        with postgres() as url:
            figures += measured("postgresql", url)
    keep("cases", figures)


if __name__ == "__main__":
    main()
