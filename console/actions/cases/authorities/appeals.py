"""Appeals against what was decided in a case: taken in, heard by others, lifted at once (4.9).

Whoever a limit falls on may appeal; what is upheld is lifted in the transaction that says so
(Anti-Fraud Law art. 32). Until then the measures stay in force.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.actions.cases.authorities.kept import Brought, Kept, keep, must_be_a_paper
from console.actions.cases.authorities.lifting import lift_all
from console.actions.cases.decide import written
from console.actions.cases.hands import hands_of
from console.actions.cases.merging import stand_alone
from console.actions.cases.orders import IN_FORCE, family_of, measures_of, merged_into
from console.actions.cases.parties import parties_of
from console.actions.cases.tasks import move_on, tasks_of
from console.actions.channel.badges import finish_badges
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cases.appeals import CaseAppeal, CaseAppealMove, CaseAppealState
from models.cases.cases import Case, CaseMove, CaseState
from models.cases.parties import CaseParty
from models.cases.tasks import TaskState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day

LONGEST_NAME: Final = 200
LONGEST_WORDS: Final = 4000
AT_ONCE: Final = 500
OPEN: Final = (CaseAppealState.LODGED, CaseAppealState.ACCEPTED)
_A_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AppealForm:
    ground: str
    appellant: str = ""
    """Who appeals; of a party of the case its own name, where none is given."""
    party_id: UUID | str | None = None


@dataclass(frozen=True, slots=True)
class CaseAppealRecord:
    appeal: CaseAppeal
    party: CaseParty | None
    deeds: Sequence[AuditEntry]
    has_hand: bool
    """The actor had a hand in the case, and does not decide."""


def lodge_case_appeal(
    desk: Desk, case_id: UUID | str, form: AppealForm, paper: Brought | None
) -> CaseAppeal:
    """Bring an appeal for whoever the decision falls on, with the paper that it was made in."""
    ground = written(form.ground, "ground", LONGEST_WORDS)
    must_name_nobodys_number(desk, ground, form.appellant)
    brought = must_be_a_paper(paper)
    with desk.begin(Permission.APPEAL_LODGE) as work:  # before anything is written to disk
        _must_be_in_time(work, _own_case(work, case_id))
    kept = keep(desk, brought)
    with desk.begin(Permission.APPEAL_LODGE) as work:
        case = _own_case(work, case_id)
        _must_be_in_time(work, case)
        party = _party(work, case, form.party_id)
        name = form.appellant or (party.name if party else "")
        appellant = written(name, "appellant", LONGEST_NAME)
        before, was_due = case.state, case.due_at
        case.move(CaseMove.APPEAL)
        appeal = work.add(_row(work, case, appellant, ground, kept))
        appeal.party_id, appeal.case_due_at = (party.id if party else None), was_due
        work.session.flush()
        work.record(
            "case_appeal.lodged", appeal, case=case.reference, appellant=appellant, reason=ground,
            sha256=kept.sha256, state=before.value, rule=appeal.rule_version,
        )  # fmt: skip
        _due_as(case, appeal)
        work.record("case.appealed", case, appeal=appeal.number, appellant=appellant)
        return appeal


def _must_be_in_time(work: Work, case: Case) -> None:
    if case.state is CaseState.APPEALED:
        raise Conflict("case_appeal.open_already", reference=case.reference)
    if not _is_appealable(work, case):
        raise Conflict("case_appeal.not_now", reference=case.reference, state=case.state)
    decided_at = case.decided_at or case.closed_at
    if decided_at is None:
        return
    window = deadline(work, "case_appeal_window", decided_at)
    if work.at >= window.at:
        last = china_day(window.at - _A_MOMENT).isoformat()
        raise Conflict("case_appeal.too_late", reference=case.reference, last=last)


def _is_appealable(work: Work, case: Case) -> bool:
    """A case that was transferred before anything was decided, where something holds since."""
    if CaseMove.APPEAL not in case.open_moves():
        return False
    is_undecided = case.state is CaseState.TRANSFERRED and case.decided_at is None
    return not is_undecided or bool(measures_of(work, case, *IN_FORCE))


def is_appealable(desk: Desk, case_id: UUID | str) -> bool:
    """Whether there is anything to appeal against; in time or not."""
    with desk.begin(Permission.CASE_READ) as work:
        return _is_appealable(work, work.get(Case, case_id))


def _party(work: Work, case: Case, party_id: UUID | str | None) -> CaseParty | None:
    if party_id is None:
        return None
    party = work.get(CaseParty, party_id)
    if party.case_id not in family_of(work, case) or party.removed_at is not None:
        raise Conflict("case_appeal.not_its_party", reference=case.reference, name=party.name)
    return party


def _row(work: Work, case: Case, appellant: str, ground: str, kept: Kept) -> CaseAppeal:
    year, due = china_day(work.at).year, deadline(work, "appeal_acceptance")
    (serial,) = next_numbers(work, f"case_appeals:{year}", 1)
    return CaseAppeal(
        number=f"APL-{year}-{serial:06}",
        case_id=case.id,
        organisation_id=case.organisation_id,
        appellant=appellant,
        ground=ground,
        sha256=kept.sha256,
        file_name=kept.name,
        media_type=kept.media_type,
        lodged_at=work.at,
        lodged_by=work.actor.id,
        due_at=due.at,
        rule_version=due.version,
    )


def _due_as(case: Case, appeal: CaseAppeal) -> None:
    case.due_at, case.rule_version = appeal.due_at, appeal.rule_version


def accept_case_appeal(desk: Desk, appeal_id: UUID | str) -> CaseAppeal:
    """Taken in: it has a ground and a paper, and will be heard."""
    with desk.begin(Permission.APPEAL_DECIDE) as work:
        appeal, case = _held(work, appeal_id)
        appeal.move(CaseAppealMove.ACCEPT)
        due = deadline(work, "appeal_decision", appeal.lodged_at)
        appeal.due_at, appeal.rule_version = due.at, due.version
        appeal.accepted_by, appeal.accepted_at = work.actor.id, work.at
        _due_as(case, appeal)
        work.record("case_appeal.accepted", appeal, case=case.reference, rule=due.version)
        return appeal


def decide_case_appeal(
    desk: Desk, appeal_id: UUID | str, move: CaseAppealMove, decision: str
) -> CaseAppeal:
    """Uphold or dismiss, with reasons, by an approver who had no hand in the case.

    What is upheld is lifted here and now, with all that stands behind it.
    """
    why = written(decision, "decision", LONGEST_WORDS)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.APPEAL_DECIDE) as work:
        appeal, case = _held(work, appeal_id)
        if move not in {CaseAppealMove.UPHOLD, CaseAppealMove.DISMISS}:
            raise Invalid("case_appeal.not_a_decision")
        appeal.move(move)
        if work.actor.id in _not_to_decide(work, case, appeal):
            raise NotAllowed("case_appeal.same_person", number=appeal.number)
        appeal.decision, appeal.decided_by, appeal.decided_at = why, work.actor.id, work.at
        if move is CaseAppealMove.UPHOLD:
            work.record("case_appeal.upheld", appeal, case=case.reference, reason=why)
            _reverse(work, case, appeal)
        else:
            work.record("case_appeal.dismissed", appeal, case=case.reference, reason=why)
            _back(work, case, appeal)
    finish_badges(desk)
    return appeal


def withdraw_case_appeal(desk: Desk, appeal_id: UUID | str, reason: str) -> CaseAppeal:
    """Whoever brought it takes it back, or another who had no hand in what it is against; the
    case stands where it stood.
    """
    why = written(reason, "reason", LONGEST_WORDS)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.APPEAL_LODGE) as work:
        appeal, case = _held(work, appeal_id)
        appeal.move(CaseAppealMove.WITHDRAW)
        if work.actor.id != appeal.lodged_by and work.actor.id in hands_of(work, case):
            raise NotAllowed("case_appeal.withdraw_by_another", number=appeal.number)
        appeal.decision, appeal.decided_at = why, work.at
        work.record("case_appeal.withdrawn", appeal, case=case.reference, reason=why)
        _back(work, case, appeal)
        return appeal


def _not_to_decide(work: Work, case: Case, appeal: CaseAppeal) -> set[UUID | None]:
    """Everybody who had a hand in what is appealed against, or brought the appeal."""
    return {*hands_of(work, case), case.rechecked_by, appeal.lodged_by}


def _reverse(work: Work, case: Case, appeal: CaseAppeal) -> None:
    case.move(CaseMove.UPHOLD)
    case.due_at, case.closed_at = None, work.at
    work.record("case.reversed", case, appeal=appeal.number, reason=appeal.decision)
    left = _let_out(work, case, appeal)
    lift_all(work, case, appeal)
    work.session.flush()
    for one in left:
        if one.state is CaseState.EXECUTING:
            move_on(work, one)


def _let_out(work: Work, case: Case, appeal: CaseAppeal) -> list[Case]:
    """What was decided for itself before it came to go on in this case stands alone again."""
    left = [one for one in merged_into(work, case) if one.decided_at is not None]
    for one in left:
        stand_alone(work, one, case, appeal.number)
    return left


def _back(work: Work, case: Case, appeal: CaseAppeal) -> None:
    """Where it stood; what was proven meanwhile counts now."""
    case.move(CaseMove.DISMISS)
    case.due_at = appeal.case_due_at
    work.record("case.appeal_over", case, appeal=appeal.number, state=case.state.value)
    work.session.flush()
    done = tasks_of(work, case, TaskState.DONE)
    meanwhile = any(one.done_at and one.done_at > appeal.lodged_at for one in done)
    if case.state is CaseState.EXECUTING or (case.state is CaseState.DECIDED and meanwhile):
        move_on(work, case)


def _own_case(work: Work, case_id: UUID | str) -> Case:
    case = work.get(Case, case_id)
    if not work.actor.is_house and case.organisation_id not in work.actor.organisations:
        raise NotAllowed("case_appeal.not_your_case", reference=case.reference)
    if case.merged_into_id is not None:
        raise Conflict("case.merged", reference=case.reference)
    return case


def _held(work: Work, appeal_id: UUID | str) -> tuple[CaseAppeal, Case]:
    appeal = work.get(CaseAppeal, appeal_id)
    return appeal, _own_case(work, appeal.case_id)


def list_case_appeals(
    desk: Desk,
    state: CaseAppealState | None = None,
    *,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[CaseAppeal]:
    """The most urgent first."""
    with desk.begin(Permission.APPEAL_READ) as work:
        query = work.select(CaseAppeal)
        if state is not None:
            query = query.where(CaseAppeal.state == state)
        return work.slice(query, Order.by(CaseAppeal.due_at, descending=False), after, limit)


def case_appeals_of(desk: Desk, case_id: UUID | str) -> Sequence[CaseAppealRecord]:
    """All appeals of a case that the actor may know of, the latest first."""
    with desk.begin(Permission.APPEAL_READ) as work:
        case = work.get(Case, case_id)
        query = work.select(CaseAppeal).where(CaseAppeal.case_id == case.id)
        rows = work.all(query.order_by(col(CaseAppeal.id).desc()))
        return [_record(work, case, row) for row in rows]


def case_appeal_record(desk: Desk, appeal_id: UUID | str) -> CaseAppealRecord:
    with desk.begin(Permission.APPEAL_READ) as work:
        appeal = work.get(CaseAppeal, appeal_id)
        return _record(work, work.session.get_one(Case, appeal.case_id), appeal)


def who_may_appeal(desk: Desk, case_id: UUID | str) -> Sequence[CaseParty]:
    """The parties of a case that the actor may know of, and of those that go on in it."""
    with desk.begin(Permission.APPEAL_READ) as work:
        case = work.get(Case, case_id)
        return [one for of in (case, *merged_into(work, case)) for one in parties_of(work, of)]


def _record(work: Work, case: Case, appeal: CaseAppeal) -> CaseAppealRecord:
    party = None if appeal.party_id is None else work.session.get(CaseParty, appeal.party_id)
    has_hand = work.actor.id in _not_to_decide(work, case, appeal)
    return CaseAppealRecord(appeal, party, history(work, appeal), has_hand)
