"""Lists of cases, and of what goes out and comes in with them."""

from collections.abc import Mapping, Sequence
from typing import Final

from console.actions.cases.boards import CaseFilters, escalated_notices, find_cases
from console.actions.cases.notices.threads import Direction, list_threads
from console.actions.exports.listed import (
    SCREEN,
    Asked,
    Cell,
    Listed,
    by_age,
    day_of,
    last_day,
    platform_names,
    said_late,
)
from console.desk import Desk, Slice
from console.i18n import t
from models.cases.cases import Case, CaseState
from models.cases.instructions import Jurisdiction
from models.cases.notices import Notice, NoticeKind, NoticeState
from models.permissions import Permission
from models.rules import Tier

CASE_SORTS: Final = by_age(Case.id)
NOTICE_SORTS: Final = by_age(Notice.id)


def _cases(desk: Desk, asked: Asked, after: str | None) -> Slice[Case]:
    filters = CaseFilters(
        state=asked.one("state", CaseState),
        tier=asked.one("tier", Tier),
        platform=asked.words("platform"),
        province=asked.province() or "",
        router=asked.one("router", Jurisdiction),
        overdue=asked.flag("overdue"),
        mine=asked.flag("mine"),
        q=asked.words(),
    )
    return find_cases(desk, filters, after, SCREEN, asked.order(CASE_SORTS))


def _case_cells(desk: Desk, rows: Sequence[Case]) -> list[Cell[Case]]:
    now, names = desk.now(), platform_names(desk, rows)

    def due(row: Case) -> str:
        return said_late(row.due_at, is_late=row.is_overdue(now), word=t("case_page.late"))

    return [
        Cell("case_page.reference", lambda row: row.reference),
        Cell("case_page.state", lambda row: t(f"case_state.{row.state}")),
        Cell("case_page.tier", lambda row: t(f"tier.{row.tier}")),
        Cell("case_pages.against", lambda row: row.shop_name or t("case_pages.off_platform")),
        Cell("case_page.platform", lambda row: names.get(row.platform, row.platform)),
        Cell("case_page.kind", lambda row: t(f"finding_kind.{row.kind}")),
        Cell("case_page.due", due),
        Cell("case_page.opened", lambda row: day_of(row.created_at)),
    ]


def _notices(desk: Desk, asked: Asked, after: str | None) -> Slice[Notice]:
    return list_threads(
        desk,
        kind=asked.one("what", NoticeKind),
        direction=asked.one("way", Direction),
        state=asked.one("notice", NoticeState),
        overdue=asked.flag("overdue"),
        after=after,
        limit=SCREEN,
        order=asked.order(NOTICE_SORTS),
    )


def _subject(notice: Notice) -> str:
    """Without the number, which stands beside it."""
    return notice.subject.removeprefix(notice.number).strip()


def _notice_cells(desk: Desk, rows: Sequence[Notice]) -> list[Cell[Notice]]:
    """A regulator stands at neither end; it reads which platform is at one."""
    watches = bool(desk.actor.provinces)
    names: Mapping[str, str] = platform_names(desk, rows) if watches else {}

    def way(row: Notice) -> str:
        if watches:
            return names.get(row.platform, row.platform)
        end = "in" if row.recipient_id in desk.actor.organisations else "out"
        return t(f"notice_direction.{end}")

    return [
        Cell("case_page.number", lambda row: row.number),
        Cell("case_page.state", lambda row: t(f"notice_state.{row.state}")),
        Cell("case_page.platform" if watches else "notices_page.way", way),
        Cell("notices_page.kind", lambda row: t(f"notice_kind.{row.kind}")),
        Cell("case_page.subject", _subject),
        Cell("case_page.sent", lambda row: row.sent_at),
        Cell("case_page.answer_due", lambda row: last_day(row.answer_due_at)),
    ]


def _escalated(desk: Desk, asked: Asked, after: str | None) -> Slice[Notice]:
    return escalated_notices(desk, asked.one("router", Jurisdiction), after, SCREEN)


def _escalated_cells(desk: Desk, rows: Sequence[Notice]) -> list[Cell[Notice]]:
    names = platform_names(desk, rows)

    def ground(row: Notice) -> str:
        word = row.escalated_ground
        return t(f"notice_ground_told.{word}") if word else ""

    return [
        Cell("case_page.number", lambda row: row.number),
        Cell("case_page.state", lambda row: t(f"notice_state.{row.state}")),
        Cell("case_page.platform", lambda row: names.get(row.platform, row.platform)),
        Cell("notices_page.escalated_ground", ground),
        Cell("notices_page.escalated_at", lambda row: row.escalated_at),
        Cell("case_page.answer_due", lambda row: last_day(row.answer_due_at)),
        Cell("case_page.subject", _subject),
    ]


P = Permission
CASE_LISTS: Final = (
    Listed(
        "cases", P.CASE_READ,
        frozenset({"q", "state", "tier", "platform", "province", "router", "overdue", "mine"}),
        _cases, _case_cells, CASE_SORTS,
    ),
    Listed(
        "notices", P.CASE_READ, frozenset({"what", "way", "notice", "overdue"}), _notices,
        _notice_cells, NOTICE_SORTS,
    ),
    Listed(
        "escalated_notices", P.CASE_READ, frozenset({"router"}), _escalated, _escalated_cells
    ),
)  # fmt: skip
