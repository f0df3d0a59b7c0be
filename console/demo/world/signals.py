"""What scans and buyers said of badges, and the files that people brought in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Final

from console.actions.promises import kept_actor
from console.actions.staff.sign_in import actor_named
from console.demo.world.made import MONTH, MONTHS, MadeBadge, Sheaf, World
from models.channel.imports import Import, ImportKind, ImportState
from models.channel.signals import ScanCount, Signal, SignalKind, SignalOutcome, SignalState
from models.staff import Door

_SIGNALS: Final = 240
_SCANNED: Final = 400
_SCAN_DAYS: Final = 30
_WAITING: Final = timedelta(days=6)
_FILE: Final = "名称,统一社会信用代码\n示例通信有限公司（示例）,\n".encode("utf-8-sig")
_IMPORTS: Final = (
    ("chen.ming", ImportKind.AGENTS, "代理商名录", 120),
    ("he.jing", ImportKind.SHOPS, "网店清单", 260),
    ("chen.ming", ImportKind.LISTINGS, "平台线索", 480),
    ("wu.tong", ImportKind.STOCK, "卡号库存", 900),
    ("zhao.lei", ImportKind.AGENTS, "转售代理商", 40),
)


def build(world: World) -> None:
    chance = world.rng
    with world.keeping("signals") as sheaf:
        picked = chance.sample(world.badges, min(world.many(_SIGNALS), len(world.badges)))
        for badge in picked:
            _put_signal(world, sheaf, badge)
        scanned = chance.sample(world.badges, min(world.many(_SCANNED), len(world.badges)))
        for badge in scanned:
            _put_scans(world, sheaf, badge)
            sheaf.breathe()
    with world.keeping("imports") as sheaf:
        _put_imports(world, sheaf)


def _put_signal(world: World, sheaf: Sheaf, badge: MadeBadge) -> None:
    """Most were looked at long ago, and nothing was wrong."""
    chance = world.rng
    kind = SignalKind.REPORTED if chance.random() < 0.6 else SignalKind.SCANS  # noqa: PLR2004
    first = max(badge.issued_at, world.ago(chance.uniform(0.2, 200)))
    last = min(first + timedelta(days=chance.uniform(0, 3)), world.now)
    is_open = world.now - first < _WAITING
    facts: dict[str, object] = (
        {"shops": [_said(badge, first, f"shop:{chance.randrange(10**9)}")]}
        if kind is SignalKind.REPORTED
        else {"score": round(chance.uniform(4, 9), 1), "provinces": ["44", "51"]}
    )
    sheaf.put(
        Signal, id=world.id_at(first), badge_id=badge.id, badge_name=badge.badge_id,
        carrier_id=badge.carrier_id, agent_id=badge.agent_id, platform=badge.platform,
        province=badge.province, kind=kind, times=chance.randint(1, 6), facts=facts,
        state=SignalState.OPEN if is_open else SignalState.CLOSED, first_at=first, last_at=last,
        outcome=None if is_open else SignalOutcome.NOTHING,
        remark="" if is_open else "已核对店铺页面，标识无异常（示例）",
        closed_at=None if is_open else min(last + timedelta(days=2), world.now),
    )  # fmt: skip


def _said(badge: MadeBadge, at: datetime, shop: str) -> dict[str, str]:
    words = "扫码显示的店铺不是这家（示例）"
    return {"at": at.isoformat(), "platform": badge.platform, "shop": shop, "words": words}


def _put_scans(world: World, sheaf: Sheaf, badge: MadeBadge) -> None:
    """A month of ordinary days, most scans from home."""
    chance = world.rng
    hour = world.now.replace(minute=0, second=0, microsecond=0)
    for back in range(1, _SCAN_DAYS):
        sheaf.put(
            ScanCount, badge_id=badge.badge_id, hour=hour - timedelta(days=back),
            province=badge.province, scans=1 + int(chance.expovariate(0.4)),
        )  # fmt: skip


def _put_imports(world: World, sheaf: Sheaf) -> None:
    digest = str(world.house.evidence.keep(BytesIO(_FILE)))
    actors = {login: actor_named(world.house, login, Door.CONSOLE) for login in _logins(_IMPORTS)}
    for back in range(MONTHS):
        for login, kind, name, usual in _IMPORTS:
            at = world.now - MONTH * (back + world.rng.uniform(0.1, 0.9))
            rows = round(usual * world.rng.uniform(0.5, 1.4))
            sheaf.put(
                Import, id=world.id_at(at), kind=kind, file_name=f"{name}-{at:%Y%m}.csv",
                organisation_id=actors[login].organisation_id, sha256=digest,
                columns={}, state=ImportState.DONE, actor=kept_actor(actors[login]), rows=rows,
                read=rows, accepted=rows, created_at=at, ended_at=at + timedelta(seconds=rows / 9),
            )  # fmt: skip


def _logins(imports: Sequence[tuple[str, ImportKind, str, int]]) -> set[str]:
    return {login for login, *_ in imports}
