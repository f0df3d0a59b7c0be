"""Lists of the channel: agents, applications, licences, badges, editions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from console.actions.channel.admission import QueuePart, admission_queue
from console.actions.channel.agents import ORDERS, AgentSort, list_agents
from console.actions.channel.badges import list_badges
from console.actions.channel.licences import list_licences
from console.actions.channel.publish import list_publications
from console.actions.exports.listed import (
    SCREEN,
    Asked,
    Cell,
    Listed,
    by_age,
    last_day,
    platform_names,
    province_word,
)
from console.actions.staff.people import named_organisations
from console.desk import Desk, Order, Slice
from console.i18n import t
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.licences import EXPIRY_WARNINGS, Licence, LicenceState
from models.channel.publications import Publication
from models.permissions import Permission
from models.rules import china_day

_AHEAD: Final = {str(one.days): one.days for one in EXPIRY_WARNINGS}
_FARTHEST: Final = max(EXPIRY_WARNINGS)
AGENT_SORTS: Final = ORDERS
LICENCE_SORTS: Final = by_age(Licence.id) | {
    "number": Order.by(Licence.number, descending=False),
    "ends": Order.by(Licence.ends_on, descending=False),
}
BADGE_SORTS: Final = by_age(Badge.id)
EDITION_SORTS: Final = by_age(Publication.id)


def _agents(desk: Desk, asked: Asked, after: str | None) -> Slice[Agent]:
    return list_agents(
        desk,
        asked.words(),
        state=asked.one("state", AgentState),
        province=asked.province(),
        sort=asked.one("sort", AgentSort) or AgentSort.NEWEST,
        after=after,
        limit=SCREEN,
    )


def _agent_cells(_desk: Desk, _rows: Sequence[Agent]) -> list[Cell[Agent]]:
    return [
        Cell("agents_page.number", lambda row: row.agent_no),
        Cell("agents_page.name", lambda row: row.name),
        Cell("agents_page.state", lambda row: t(f"agent_state.{row.state}")),
        Cell("agents_page.uscc", lambda row: row.uscc),
        Cell("agents_page.province", lambda row: province_word(row.province)),
        Cell("agents_page.due", lambda row: last_day(row.review_due_at)),
    ]


def _queue(desk: Desk, asked: Asked, after: str | None) -> Slice[Agent]:
    part = asked.one("part", QueuePart) or QueuePart.TO_REVIEW
    return admission_queue(desk, part, after=after, limit=SCREEN)


def _queue_cells(_desk: Desk, _rows: Sequence[Agent]) -> list[Cell[Agent]]:
    return [
        Cell("agents_page.number", lambda row: row.agent_no),
        Cell("agents_page.name", lambda row: row.name),
        Cell("agents_page.state", lambda row: t(f"agent_state.{row.state}")),
        Cell("agents_page.due", lambda row: last_day(row.review_due_at)),
        Cell("admission_page.waited", lambda row: row.submitted_at),
        Cell("agents_page.province", lambda row: province_word(row.province)),
        Cell("admission_page.reasons", lambda row: [t(f"agent_reason.{x}") for x in row.reasons]),
    ]


def _licences(desk: Desk, asked: Asked, after: str | None) -> Slice[Licence]:
    return list_licences(
        desk,
        asked.words(),
        state=asked.one("state", LicenceState),
        province=asked.province(),
        ends_within=asked.among("ends", _AHEAD),
        after=after,
        limit=SCREEN,
        order=asked.order(LICENCE_SORTS),
    )


def _licence_cells(desk: Desk, _rows: Sequence[Licence]) -> list[Cell[Licence]]:
    today = china_day(desk.now())

    def runs_out(row: Licence) -> str:
        left = row.ends_on - today
        if row.state is not LicenceState.ACTIVE or not timedelta() <= left <= _FARTHEST:
            return ""
        return t("licence_page.days_left", n=left.days)

    return [
        Cell("licences_page.number", lambda row: row.number),
        Cell("agents_page.state", lambda row: t(f"licence_state.{row.state}")),
        Cell("licences_page.products", lambda row: [t(f"product.{one}") for one in row.products]),
        Cell("agents_page.province", lambda row: province_word(row.province)),
        Cell("licences_page.begins", lambda row: row.begins_on),
        Cell("licences_page.ends", lambda row: row.ends_on),
        Cell("licence_page.runs_out", runs_out),
        Cell("licences_page.due", lambda row: last_day(row.approval_due_at)),
    ]


def _badges(desk: Desk, asked: Asked, after: str | None) -> Slice[Badge]:
    return list_badges(
        desk,
        asked.words(),
        state=asked.one("state", BadgeState),
        after=after,
        limit=SCREEN,
        order=asked.order(BADGE_SORTS),
    )


def _badge_cells(desk: Desk, rows: Sequence[Badge]) -> list[Cell[Badge]]:
    names = platform_names(desk, rows)
    return [
        Cell("badges_page.number", lambda row: row.badge_id),
        Cell("agents_page.state", lambda row: t(f"badge_state.{row.state}")),
        Cell("agents_page.platform", lambda row: names.get(row.platform, row.platform)),
        Cell("badges_page.issued", lambda row: row.issued_at),
        Cell("badges_page.expires", lambda row: row.expires_at),
    ]


def _publications(desk: Desk, asked: Asked, after: str | None) -> Slice[Publication]:
    return list_publications(desk, after=after, limit=SCREEN, order=asked.order(EDITION_SORTS))


def _publication_cells(desk: Desk, rows: Sequence[Publication]) -> list[Cell[Publication]]:
    names = {row.id: row.name for row in named_organisations(desk)} if rows else {}
    return [
        Cell("publications_page.number", lambda row: row.number),
        Cell("publications_page.carrier", lambda row: names.get(row.carrier_id)),
        Cell("agents_page.state", lambda row: t(f"publication_state.{row.state}")),
        Cell("publications_page.rows", lambda row: row.rows),
        Cell("publications_page.added", lambda row: row.added),
        Cell("publications_page.removed", lambda row: row.removed),
        Cell("publications_page.changed", lambda row: row.changed),
        Cell("publications_page.published", lambda row: row.published_at),
        Cell("publications_page.due", lambda row: last_day(row.due_at)),
    ]


P = Permission
CHANNEL_LISTS: Final = (
    Listed(
        "agents", P.AGENT_READ, frozenset({"q", "state", "province"}), _agents, _agent_cells,
        AGENT_SORTS,
    ),
    Listed("admission", P.AGENT_READ, frozenset({"part"}), _queue, _queue_cells),
    Listed(
        "licences", P.LICENCE_READ, frozenset({"q", "state", "province", "ends"}), _licences,
        _licence_cells, LICENCE_SORTS,
    ),
    Listed(
        "badges", P.BADGE_READ, frozenset({"q", "state"}), _badges, _badge_cells, BADGE_SORTS
    ),
    Listed(
        "publications", P.PUBLICATION_READ, frozenset(), _publications, _publication_cells,
        EDITION_SORTS,
    ),
)  # fmt: skip
