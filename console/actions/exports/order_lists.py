"""Lists of what authorities order and what is asked to be put right, and of complaints."""

from collections.abc import Sequence
from typing import Final

from console.actions.cases.authorities.instructions import list_instructions
from console.actions.cases.complaints.lists import list_complaints
from console.actions.cases.rectifications.lists import Side, list_rectifications, open_until
from console.actions.exports.listed import (
    SCREEN,
    Asked,
    Cell,
    Listed,
    by_age,
    day_of,
    in_words,
    last_day,
    said_late,
)
from console.desk import Desk, Slice
from console.i18n import Language, spoken, t
from models.cases.complaints import OPEN, Complaint, ComplaintKind, ComplaintState
from models.cases.instructions import Instruction, InstructionState
from models.cases.rectifications import Rectification, RectificationState
from models.permissions import Permission
from models.provinces import province_of_code
from models.rules import Tier

RECTIFICATION_SORTS: Final = by_age(Rectification.id)
INSTRUCTION_SORTS: Final = by_age(Instruction.id)
COMPLAINT_SORTS: Final = by_age(Complaint.id)
_LATE: Final = {"yes": True, "no": False}
_RECTIFIED_LATE: Final = {"overdue": True}


def usual_side(desk: Desk) -> Side:
    """Platforms mostly receive, and carriers mostly issue; who watches over both sees both."""
    if desk.actor.platform is not None:
        return Side.RECEIVED
    if desk.actor.provinces or desk.actor.organisation_id is None:
        return Side.ALL
    return Side.ISSUED


def _rectifications(desk: Desk, asked: Asked, after: str | None) -> Slice[Rectification]:
    return list_rectifications(
        desk,
        side=asked.one("side", Side) or usual_side(desk),
        state=asked.one("state", RectificationState),
        tier=asked.one("tier", Tier),
        overdue=bool(asked.among("late", _RECTIFIED_LATE)),
        q=asked.words(),
        after=after,
        limit=SCREEN,
        order=asked.order(RECTIFICATION_SORTS),
    )


def _rectification_cells(_desk: Desk, _rows: Sequence[Rectification]) -> list[Cell[Rectification]]:
    what = {RectificationState.ISSUED: "acknowledge", RectificationState.SUBMITTED: "recheck"}

    def due(row: Rectification) -> str:
        until = open_until(row)
        if until is None:
            return ""
        word = t(f"rectifications_page.due_{what.get(row.state, 'correct')}")
        return f"{word} {in_words(last_day(until))}"

    return [
        Cell("rectifications_page.number", lambda r: r.number or t("rectifications_page.draft")),
        Cell("rectifications_page.state", lambda row: t(f"rectification_state.{row.state}")),
        Cell("rectifications_page.unit", lambda row: row.unit_name),
        Cell("rectifications_page.subject", lambda row: row.subject),
        Cell("rectifications_page.tier", lambda row: t(f"tier.{row.tier}")),
        Cell("rectifications_page.due", due),
        Cell("rectifications_page.round", lambda row: row.round),
        Cell("rectifications_page.issued", lambda row: day_of(row.issued_at)),
    ]


def _instructions(desk: Desk, asked: Asked, after: str | None) -> Slice[Instruction]:
    return list_instructions(
        desk,
        state=asked.one("state", InstructionState),
        overdue=asked.flag("overdue"),
        q=asked.words(),
        after=after,
        limit=SCREEN,
        order=asked.order(INSTRUCTION_SORTS),
    )


def _authority(code: str) -> str:
    province = province_of_code(code)
    if province is None:
        return code
    if spoken.get() is Language.ZH:
        return f"{province.authority_zh}（{code}）"
    return f"{province.authority_en} ({code})"


def _instruction_cells(desk: Desk, _rows: Sequence[Instruction]) -> list[Cell[Instruction]]:
    now = desk.now()

    def due(row: Instruction) -> str:
        return said_late(row.due_at, is_late=row.is_overdue(now), word=t("instructions_page.late"))

    return [
        Cell("instructions_page.document_no", lambda row: row.document_no),
        Cell("instructions_page.state", lambda row: t(f"instruction_state.{row.state}")),
        Cell("instructions_page.due", due),
        Cell("instructions_page.subject", lambda row: row.subject),
        Cell("instructions_page.authority", lambda row: _authority(row.authority)),
        Cell("instructions_page.jurisdiction", lambda row: t(f"jurisdiction.{row.jurisdiction}")),
        Cell("instructions_page.number", lambda row: row.number),
    ]


def _complaints(desk: Desk, asked: Asked, after: str | None) -> Slice[Complaint]:
    return list_complaints(
        desk,
        state=asked.one("state", ComplaintState),
        kind=asked.one("kind", ComplaintKind),
        late=asked.among("late", _LATE),
        mine=asked.among("who", {"me": True}) is not None,
        words=asked.words(),
        after=after,
        limit=SCREEN,
        order=asked.order(COMPLAINT_SORTS),
    )


def _complaint_due(row: Complaint) -> str:
    if row.state not in OPEN:
        return t("complaints_page.was_late") if row.is_late else ""
    return in_words(last_day(row.due_at))


def _complaint_cells(_desk: Desk, _rows: Sequence[Complaint]) -> list[Cell[Complaint]]:
    return [
        Cell("complaints_page.number", lambda row: row.number),
        Cell("complaints_page.state", lambda row: t(f"complaint_state.{row.state}")),
        Cell("complaints_page.kind", lambda row: t(f"complaint_kind.{row.kind}")),
        Cell("complaints_page.shop", lambda row: " ".join(filter(None, [row.platform, row.shop]))),
        Cell("complaints_page.due", _complaint_due),
        Cell("complaints_page.source", lambda row: t(f"complaint_source.{row.source}")),
        Cell("complaints_page.received", lambda row: day_of(row.created_at)),
    ]


P = Permission
ORDER_LISTS: Final = (
    Listed(
        "rectifications", P.RECTIFICATION_READ, frozenset({"side", "q", "state", "tier", "late"}),
        _rectifications, _rectification_cells, RECTIFICATION_SORTS,
    ),
    Listed(
        "instructions", P.INSTRUCTION_READ, frozenset({"q", "state", "overdue"}), _instructions,
        _instruction_cells, INSTRUCTION_SORTS,
    ),
    Listed(
        "complaints", P.COMPLAINT_READ, frozenset({"q", "state", "kind", "late", "who"}),
        _complaints, _complaint_cells, COMPLAINT_SORTS,
    ),
)  # fmt: skip
