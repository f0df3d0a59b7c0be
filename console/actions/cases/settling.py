"""What was ordered at once ends with the decision, unless it is part of it (DOMAIN 4.9).

Or before, where somebody finds that it need not have been. What it brought about ends with it:
tasks that nobody did, licences that were suspended, what platforms were asked, service cut off.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlmodel import col, select

from console.actions.cards.industry.case_orders import end_orders_of
from console.actions.cases.notices.lifted import tell_lifted
from console.actions.cases.orders import IN_FORCE, held_in_family
from console.actions.cases.restoring import keep_cut_off, restore_service
from console.actions.cases.tasks import tasks_of, waive
from console.actions.channel.appeals import lift_licence
from console.desk import Work
from models.cases.cases import Case
from models.cases.measures import CaseMeasure, Measure, MeasureMove
from models.cases.tasks import TASKS_OF, CaseTask, TaskKind, TaskState
from models.channel.licences import Licence

_KEEPS_SUSPENDED: Final = frozenset({Measure.SUSPEND_LICENCE, Measure.CANCEL_DELEGATION})
_BY_TARGET: Final = frozenset({TaskKind.BY_HAND, TaskKind.CARD_ORDER})
"""One for each measure."""


def settle_interim(work: Work, case: Case, decided: Collection[Measure]) -> list[CaseMeasure]:
    """Lift what the decision does not keep, with what it brought about; what goes on goes on."""
    work.session.flush()
    keep_cut_off(work, case, decided)
    held = held_in_family(work, case)
    ended = [one for one in held if one.is_interim and one.measure not in decided]
    lift(work, case, ended, decided)
    return ended


def lift(
    work: Work,
    case: Case,
    ended: Sequence[CaseMeasure],
    kept: Collection[Measure],
    reason: str = "",
) -> None:
    """These hold no more; `kept` are those that do."""
    for one in ended:
        one.move(MeasureMove.LIFT)
        one.lifted_at, one.lifted_why = work.at, reason or case.reference
        work.record(
            "measure.lifted", one, measure=one.measure.value, case=case.reference, reason=reason
        )
    if not ended:
        return
    work.session.flush()
    end_orders_of(work, ended, reason or case.reference)
    tasks = tasks_of(work, case)
    _waive_left_over(work, ended, tasks, kept, reason or case.reference)
    if any(one.measure is Measure.SUSPEND_LICENCE for one in ended):
        _resume(work, case, tasks, kept)
    restore_service(work, case, ended, tasks, kept)
    for case_id in dict.fromkeys(one.case_id for one in ended):
        own = work.session.get_one(Case, case_id)
        tell_lifted(work, own, [one for one in ended if one.case_id == case_id], reason)


def _waive_left_over(
    work: Work,
    lifted: Sequence[CaseMeasure],
    tasks: Sequence[CaseTask],
    decided: Collection[Measure],
    reason: str,
) -> None:
    """Tasks that the interim measures alone had made, and that nobody has done yet."""
    wanted = {kind for measure in decided for kind in TASKS_OF[measure]}
    gone = {one.id for one in lifted}
    for task in tasks:
        if task.state is not TaskState.OPEN or task.measure_id not in gone:
            continue
        is_wanted = task.target in decided if task.kind in _BY_TARGET else task.kind in wanted
        if not is_wanted:
            waive(work, task, reason)


def _resume(
    work: Work, case: Case, tasks: Sequence[CaseTask], decided: Collection[Measure]
) -> None:
    """Licences that the case had suspended hold again, unless another case keeps them so."""
    if _KEEPS_SUSPENDED & set(decided) or _is_held_elsewhere(work, case):
        return
    done = {
        task.target
        for task in tasks
        if task.kind is TaskKind.SUSPEND_LICENCE and task.state is TaskState.DONE
    }
    licences = work.session.exec(
        select(Licence)
        .where(Licence.agent_id == case.agent_id, Licence.carrier_id == case.organisation_id)
        .with_for_update()
    ).all()
    for licence in licences:
        if str(licence.id) in done:
            lift_licence(work, licence, case.reference)


def _is_held_elsewhere(work: Work, case: Case) -> bool:
    other = work.session.exec(
        select(CaseMeasure.id)
        .join(Case, col(Case.id) == col(CaseMeasure.case_id))
        .where(Case.agent_id == case.agent_id, Case.organisation_id == case.organisation_id)
        .where(Case.id != case.id, CaseMeasure.measure == Measure.SUSPEND_LICENCE)
        .where(col(CaseMeasure.state).in_(IN_FORCE))
    ).first()
    return other is not None
