"""Lists of checks on the spot, test purchases and readers; and of people and deeds."""

from collections.abc import Mapping, Sequence
from typing import Final, cast
from uuid import UUID

from console.actions.audit import list_deeds
from console.actions.checks.devices import list_devices
from console.actions.checks.spot_lists import list_checks
from console.actions.checks.test_purchases import list_purchases
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
from console.actions.staff.people import list_users, named_organisations, roles_of
from console.desk import Desk, Slice
from console.i18n import spoken, t, texts
from models.audit import AuditEntry
from models.checks.devices import DeviceState, ReaderDevice
from models.checks.spot_checks import CheckState, SpotCheck, Verdict
from models.checks.test_purchases import PurchaseResult, PurchaseState, TestPurchase
from models.permissions import Permission, Role
from models.staff import Door, User

CHECK_SORTS: Final = by_age(SpotCheck.id)
PURCHASE_SORTS: Final = by_age(TestPurchase.id)
DEVICE_SORTS: Final = by_age(ReaderDevice.id)
DEED_SORTS: Final = by_age(AuditEntry.seq)
_MILLIS: Final = 1000
_OVER: Final = frozenset({CheckState.CLOSED, CheckState.PURGED})


def _purchases(desk: Desk, asked: Asked, after: str | None) -> Slice[TestPurchase]:
    return list_purchases(
        desk,
        state=asked.one("state", PurchaseState),
        result=asked.one("result", PurchaseResult),
        words=asked.words(),
        after=after,
        limit=SCREEN,
        order=asked.order(PURCHASE_SORTS),
    )


def _purchase_cells(_desk: Desk, _rows: Sequence[TestPurchase]) -> list[Cell[TestPurchase]]:
    def result(row: TestPurchase) -> str:
        return t(f"purchase_result.{row.result}") if row.result else ""

    return [
        Cell("purchases_page.number", lambda row: row.number),
        Cell("purchases_page.state", lambda row: t(f"purchase_state.{row.state}")),
        Cell("purchases_page.offer", lambda row: row.offer),
        Cell("purchases_page.platform", lambda row: row.platform),
        Cell("purchases_page.result", result),
        Cell("purchases_page.planned_at", lambda row: day_of(row.created_at)),
    ]


def _checks(desk: Desk, asked: Asked, after: str | None) -> Slice[SpotCheck]:
    mine = asked.among("whose", {"mine": desk.actor.id})
    return list_checks(
        desk,
        state=asked.one("state", CheckState),
        verdict=asked.one("verdict", Verdict),
        assignee=mine,
        plan=asked.words("plan") or None,
        words=asked.words(),
        after=after,
        limit=SCREEN,
        order=asked.order(CHECK_SORTS),
    )


def _check_cells(desk: Desk, rows: Sequence[SpotCheck]) -> list[Cell[SpotCheck]]:
    names = platform_names(desk, rows)

    def verdict(row: SpotCheck) -> str:
        """Where the state does not say it."""
        return t(f"verdict.{row.verdict}") if row.verdict and row.state in _OVER else ""

    return [
        Cell("spot_page.number", lambda row: row.number),
        Cell("spot_page.subject", lambda row: row.subject),
        Cell("spot_page.state", lambda row: t(f"check_state.{row.state}")),
        Cell("spot_page.verdict", verdict),
        Cell("spot_page.purpose", lambda row: t(f"check_purpose.{row.purpose}")),
        Cell("spot_page.platform", lambda row: names.get(row.platform, row.platform)),
        Cell("spot_page.planned_for", lambda row: row.planned_for),
        Cell(
            "spot_page.review_due",
            lambda row: last_day(row.review_due_at) if row.reviewed_at is None else None,
        ),
    ]


def _devices(desk: Desk, asked: Asked, after: str | None) -> Slice[ReaderDevice]:
    return list_devices(
        desk,
        state=asked.one("state", DeviceState),
        words=asked.words(),
        after=after,
        limit=SCREEN,
        order=asked.order(DEVICE_SORTS),
    )


def _skew(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    key = "behind" if milliseconds < 0 else "ahead"
    return t(f"devices_page.clock_{key}", n=f"{abs(milliseconds) / _MILLIS:.1f}")


def _device_cells(_desk: Desk, _rows: Sequence[ReaderDevice]) -> list[Cell[ReaderDevice]]:
    return [
        Cell("devices_page.number", lambda row: row.number),
        Cell("devices_page.host", lambda row: row.host),
        Cell("devices_page.state", lambda row: t(f"device_state.{row.state}")),
        Cell("devices_page.why", lambda row: t(f"why_quarantined.{row.why}") if row.why else ""),
        Cell("devices_page.last_seen", lambda row: row.last_seen_at),
        Cell("devices_page.skew", lambda row: _skew(row.skew_ms)),
        Cell("devices_page.version", lambda row: row.agent_version),
        Cell("devices_page.counts", lambda row: f"{row.reads} / {row.refused}"),
        Cell("devices_page.site", lambda row: row.site),
    ]


def _deeds(desk: Desk, asked: Asked, after: str | None) -> Slice[AuditEntry]:
    area = asked.words("deed")
    deed = f"{area}." if area else None
    return list_deeds(desk, after, deed=deed, limit=SCREEN, order=asked.order(DEED_SORTS))


def _fact(fact: object) -> str:
    return ", ".join(map(str, cast("list[object]", fact))) if isinstance(fact, list) else str(fact)


def _deed_cells(_desk: Desk, _rows: Sequence[AuditEntry]) -> list[Cell[AuditEntry]]:
    own = {Door.HOUSE: "role.house", Door.PUBLIC: "role.public"}
    known = texts(spoken.get())
    return [
        Cell("audit_page.at", lambda row: row.at),
        Cell(
            "audit_page.deed",
            lambda row: known.get(f"deed.{row.deed.replace('.', '_')}", row.deed),
        ),
        Cell("audit_page.subject", lambda row: row.subject_name),
        Cell("audit_page.who", lambda r: t(own[r.door]) if r.door in own else r.actor_name),
        Cell("audit_page.organisation", lambda row: row.organisation),
        Cell("audit_page.door", lambda row: t(f"door.{row.door}")),
        Cell("audit_page.place", lambda row: row.leaf),
        Cell(
            "audit_page.facts",
            lambda row: " · ".join(f"{name}: {_fact(one)}" for name, one in row.facts.items()),
        ),
    ]


def _people(desk: Desk, _asked: Asked, after: str | None) -> Slice[User]:
    return list_users(desk, after, limit=SCREEN)


def _people_cells(desk: Desk, rows: Sequence[User]) -> list[Cell[User]]:
    names = {row.id: row.name for row in named_organisations(desk)} if rows else {}
    roles: Mapping[UUID, list[Role]] = roles_of(desk, [row.id for row in rows]) if rows else {}

    def state(row: User) -> str:
        if row.disabled_at is not None:
            return t("user_state.disabled")
        return t("user_state.pending" if row.must_change_password else "user_state.active")

    return [
        Cell("staff_page.login", lambda row: row.login),
        Cell("staff_page.name", lambda row: row.name),
        Cell("staff_page.organisation", lambda row: names.get(row.organisation_id)),
        Cell("staff_page.roles", lambda row: [t(f"role.{x}") for x in roles.get(row.id, [])]),
        Cell("staff_page.state", state),
        Cell("staff_page.since", lambda row: day_of(row.created_at)),
    ]


P = Permission
CHECK_LISTS: Final = (
    Listed(
        "test_purchases", P.STOCK_READ, frozenset({"q", "state", "result"}), _purchases,
        _purchase_cells, PURCHASE_SORTS,
    ),
    Listed(
        "spot_checks", P.SPOT_CHECK_READ, frozenset({"q", "state", "verdict", "plan", "whose"}),
        _checks, _check_cells, CHECK_SORTS,
    ),
    Listed(
        "devices", P.DEVICE_READ, frozenset({"q", "state"}), _devices, _device_cells, DEVICE_SORTS
    ),
    Listed("audit", P.AUDIT_READ, frozenset({"deed"}), _deeds, _deed_cells, DEED_SORTS),
    Listed("staff", P.STAFF_READ, frozenset(), _people, _people_cells),
)  # fmt: skip
