"""What is stopped at once, before anything is decided (notice 182 三(三): 立即制止)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from console.actions.cards.industry.case_orders import impose_orders, must_may_limit
from console.actions.cases.decide import LONGEST_PAPERS, must_be_rules, written
from console.actions.cases.hands import note_hand
from console.actions.cases.orders import (
    IN_FORCE,
    held_in_family,
    measures_of,
    order,
)
from console.actions.cases.restoring import keep_cut_off
from console.actions.cases.settling import lift
from console.actions.cases.tasks import make_tasks
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cases.cases import Case, CaseMove, CaseState
from models.cases.measures import BY_PLATFORM, Measure
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed

INTERIM: Final = frozenset(
    {*BY_PLATFORM, Measure.SUSPEND_LICENCE, Measure.RESTRICT_CARDS, Measure.SUSPEND_CARDS}
)
"""What can be taken back: a decision may still find otherwise."""
BEFORE_DECISION: Final = (CaseState.INVESTIGATING, CaseState.DECISION_PROPOSED)
LONGEST_LIFTING: Final = 1000


def stop_at_once(  # noqa: PLR0913 - what whoever it falls on is told
    desk: Desk,
    case_id: UUID | str,
    measures: Sequence[Measure],
    *,
    reason: str,
    remedy: str,
    papers: str,
    rules: Sequence[str] = (),
) -> Case:
    """Order what can't wait for the decision; it holds from now on, and its tasks are due at once.

    It ends with the decision where that does not keep it. The kinds that the rules want stopped at
    once are the usual case; of others the reason says why it can't wait.
    """
    reason, remedy = written(reason, "reason"), written(remedy, "remedy")
    papers = written(papers, "papers", LONGEST_PAPERS)
    must_be_rules(rules)
    must_name_nobodys_number(desk, reason, remedy, papers)
    wanted = [one for one in Measure if one in set(measures)]
    wrong = [one for one in wanted if one not in INTERIM]
    if wrong or not wanted:
        raise Invalid("case.not_interim", measures=wrong or list(INTERIM), may=sorted(INTERIM))
    with desk.begin(Permission.CASE_OPEN) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.STOP_NOW)
        _must_fit(work, case, wanted)
        ordered = order(
            work, case, wanted,
            reason=reason, remedy=remedy, papers=papers, rules=rules, interim=True,
        )  # fmt: skip
        work.session.flush()
        note_hand(work, case)
        work.record(
            "case.stopped_at_once", case, measures=[one.value for one in wanted], reason=reason
        )
        impose_orders(work, case, ordered)
        make_tasks(work, case, ordered, "case_interim_measure")
        keep_cut_off(work, case, wanted)
        return case


def lift_at_once(desk: Desk, case_id: UUID | str, measures: Sequence[Measure], reason: str) -> Case:
    """What was stopped at once need not have been: it ends before the decision (art. 32).

    Another than who ordered it says so. What the rules want of the decision they go on wanting.
    """
    why = written(reason, "reason", LONGEST_LIFTING)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        if case.state not in BEFORE_DECISION or case.merged_into_id is not None:
            raise Conflict("case_lifting.not_now", reference=case.reference, state=case.state)
        held = held_in_family(work, case)
        ended = [one for one in held if one.is_interim and one.measure in set(measures)]
        if not ended:
            raise Conflict("case_lifting.not_held", reference=case.reference)
        if work.actor.id is not None and work.actor.id in {one.ordered_by for one in ended}:
            raise NotAllowed("case_lifting.same_person", reference=case.reference)
        must_may_limit(work, case, {one.measure for one in ended})
        kept = {one.measure for one in held if one not in ended}
        case.version += 1
        note_hand(work, case)
        lifted = sorted({one.measure.value for one in ended})
        # First of all the deeds: a request that is sent again is answered with the case.
        work.record("case.lifted_at_once", case, measures=lifted, reason=why)
        lift(work, case, ended, kept, why)
        return case


def _must_fit(work: Work, case: Case, measures: Sequence[Measure]) -> None:
    """Each falls on something that the case has, and none is ordered twice."""
    held = {one.measure for one in measures_of(work, case, *IN_FORCE)}
    for one in measures:
        if one in held:
            raise Conflict("case.held_already", reference=case.reference, measure=one)
        if one in BY_PLATFORM and case.shop_id is None:
            raise Conflict("case.measure_without_shop", reference=case.reference, measure=one)
        if one is Measure.SUSPEND_LICENCE and case.agent_id is None:
            raise Conflict("case.measure_without_agent", reference=case.reference, measure=one)
