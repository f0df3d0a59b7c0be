"""Lists of patrols: shops as they are known, findings, runs."""

from collections.abc import Sequence
from typing import Final

from console.actions.exports.listed import (
    SCREEN,
    Asked,
    Cell,
    Listed,
    by_age,
    day_of,
    last_day,
    platform_names,
)
from console.actions.patrol.findings import list_findings, shops_of
from console.actions.patrol.plan import list_runs
from console.actions.patrol.shops import list_shops
from console.desk import Desk, Slice
from console.i18n import t
from models.channel.licences import Ground
from models.channel.public import shop_number
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.rules import Tier

FINDING_SORTS: Final = by_age(Finding.created_at)
RUN_SORTS: Final = by_age(PatrolRun.created_at)
_UNDER_WAY: Final = frozenset({RunState.PLANNED, RunState.IN_PROGRESS})


def _shops(desk: Desk, asked: Asked, after: str | None) -> Slice[Shop]:
    return list_shops(
        desk,
        after,
        state=asked.one("state", ShopState),
        platform=asked.words("platform") or None,
        words=asked.words(),
        limit=SCREEN,
    )


def _shop_cells(desk: Desk, rows: Sequence[Shop]) -> list[Cell[Shop]]:
    names = platform_names(desk, rows)
    return [
        Cell("shops_page.name", lambda row: row.name),
        Cell("sources_page.platform", lambda row: names.get(row.platform, row.platform)),
        Cell("shops_page.key", lambda row: shop_number(row.shop_key)),
        Cell("shops_page.state", lambda row: t(f"shop_state.{row.state}")),
        Cell("shops_page.licence", lambda row: row.licence_shown),
        Cell("shops_page.first", lambda row: day_of(row.first_seen_at)),
        Cell("shops_page.last", lambda row: row.last_seen_at),
    ]


def _findings(desk: Desk, asked: Asked, after: str | None) -> Slice[Finding]:
    return list_findings(
        desk,
        after,
        state=asked.one("state", FindingState),
        tier=asked.one("tier", Tier),
        ground=asked.one("ground", Ground),
        limit=SCREEN,
        order=asked.order(FINDING_SORTS),
    )


def _finding_cells(desk: Desk, rows: Sequence[Finding]) -> list[Cell[Finding]]:
    shops = shops_of(desk, rows) if rows else {}
    return [
        Cell("findings_page.number", lambda row: row.number),
        Cell("findings_page.shop", lambda row: shops[row.shop_id].name),
        Cell("sources_page.platform", lambda row: row.platform),
        Cell("findings_page.ground", lambda row: t(f"ground.{row.ground}")),
        Cell("findings_page.tier", lambda row: t(f"tier.{row.tier}")),
        Cell("findings_page.state", lambda row: t(f"finding_state.{row.state}")),
        Cell("findings_page.due", lambda row: last_day(row.look_due_at)),
    ]


def _runs(desk: Desk, asked: Asked, after: str | None) -> Slice[PatrolRun]:
    state = asked.one("state", RunState)
    return list_runs(desk, after, state=state, limit=SCREEN, order=asked.order(RUN_SORTS))


def _run_cells(desk: Desk, _rows: Sequence[PatrolRun]) -> list[Cell[PatrolRun]]:
    now = desk.now()

    def late(row: PatrolRun) -> str:
        is_past = row.overdue_at is not None or (row.due_at is not None and row.due_at <= now)
        return t("run_page.overdue") if is_past and row.state in _UNDER_WAY else ""

    return [
        Cell("patrols_page.number", lambda row: row.number),
        Cell("sources_page.platform", lambda row: row.platform),
        Cell("patrols_page.state", lambda row: t(f"run_state.{row.state}")),
        Cell("run_page.overdue", late),
        Cell("patrols_page.listings", lambda row: row.listings),
        Cell("run_stage.flagged", lambda row: row.flagged),
        Cell("patrols_page.shops", lambda row: row.shops),
        Cell("patrols_page.findings", lambda row: row.findings),
        Cell("patrols_page.fault_count", lambda row: row.fault_count),
        Cell("patrols_page.planned_at", lambda row: row.created_at),
    ]


P = Permission
PATROL_LISTS: Final = (
    Listed("shops", P.SHOP_READ, frozenset({"q", "state", "platform"}), _shops, _shop_cells),
    Listed(
        "findings", P.FINDING_READ, frozenset({"state", "tier", "ground"}), _findings,
        _finding_cells, FINDING_SORTS,
    ),
    Listed("patrols", P.PATROL_READ, frozenset({"state"}), _runs, _run_cells, RUN_SORTS),
)  # fmt: skip
