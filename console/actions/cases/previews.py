"""What would happen, before it does: a notice as it would be, and which of many cases would go."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.decide import Proposal
from console.actions.cases.notices.letters import grounds_of
from console.actions.cases.notices.sending import SENDS, UNDER_WAY, to_tell
from console.actions.cases.notices.wording import body_of, subject_of
from console.actions.channel.pictures import platform_names
from console.desk import Desk, Work
from models.cases.cases import Case
from models.cases.measures import BY_PLATFORM, CaseMeasure, MeasureState
from models.cases.notices import Notice, NoticeKind
from models.permissions import Permission
from models.refusals import Conflict, Refusal

DRAFT_NUMBER = "NTC-____-______"


def notice_preview(desk: Desk, case_id: UUID | str, proposal: Proposal) -> tuple[str, str]:
    """Subject and body of the notice that the proposal would lead to."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        orders = [
            CaseMeasure(
                case_id=case.id, measure=one, reason=proposal.reason, remedy=proposal.remedy,
                papers=proposal.papers, rules=" ".join(proposal.rules),
            )
            for one in BY_PLATFORM
            if one in proposal.measures
        ]  # fmt: skip
        grounds = replace(grounds_of(work, case), orders=orders)
        return subject_of(DRAFT_NUMBER, grounds), body_of(DRAFT_NUMBER, grounds)


def where_to_send(desk: Desk, case_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str] | Refusal]:
    """Of each case the platforms that its notice would go to, or why it would not; for a screen."""
    with desk.begin(Permission.CASE_READ) as work:
        cases = work.all(work.select(Case).where(col(Case.id).in_(case_ids)))
        asked, under_way = _asked(work, case_ids), _under_way(work, cases)
        codes = to_tell(work, cases)
        names = platform_names(work, [code for each in codes.values() for code in each])
        found: dict[UUID, Sequence[str] | Refusal] = {}
        for case in cases:
            facts = {"reference": case.reference}
            if case.state not in SENDS or case.id not in asked:
                found[case.id] = Conflict("notice.not_decided", **facts, state=case.state)
            elif codes[case.id]:
                found[case.id] = [names.get(code, code) for code in codes[case.id]]
            else:
                number = under_way.get(case.id, "")
                found[case.id] = Conflict("notice.under_way", **facts, number=number)
        return found


def _asked(work: Work, case_ids: Sequence[UUID]) -> set[UUID]:
    """Cases in which something is asked of a platform by now."""
    return set(
        work.session.exec(
            select(CaseMeasure.case_id)
            .where(col(CaseMeasure.case_id).in_(case_ids))
            .where(col(CaseMeasure.measure).in_(BY_PLATFORM))
            .where(col(CaseMeasure.state).in_([MeasureState.IN_FORCE, MeasureState.CARRIED_OUT]))
        ).all()
    )


def _under_way(work: Work, cases: Sequence[Case]) -> dict[UUID, str]:
    """Numbers of notices that the cases' own platforms have not answered yet."""
    platforms = {one.id: one.platform for one in cases}
    rows = work.session.exec(
        select(Notice)
        .where(col(Notice.case_id).in_(platforms), Notice.kind == NoticeKind.CASE)
        .where(col(Notice.state).in_(UNDER_WAY))
    ).all()
    return {
        row.case_id: row.number
        for row in rows
        if row.case_id is not None and row.platform == platforms[row.case_id]
    }
