"""What an upheld appeal takes back at once, in its own transaction (Anti-Fraud Law art. 32).

Only what this very case brought about: a licence that another case keeps suspended, or a firm that
another keeps on the blacklist, stays so. A revoked licence stays ended; a new one may be drafted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from console.actions.cards.industry.case_orders import end_orders_in
from console.actions.cases.notices.lifted import say_lifted, told_of
from console.actions.cases.notices.threads import close_threads
from console.actions.cases.orders import IN_FORCE, measures_of, merged_into
from console.actions.cases.rectifications.lifting import lift_rectifications
from console.actions.cases.restoring import restore_service
from console.actions.cases.tasks import tasks_of
from console.actions.channel.appeals import lift_licence, take_off
from console.actions.channel.badges import request_missing
from console.desk import Work
from console.i18n import Language, texts
from models.cases.appeals import CaseAppeal
from models.cases.cases import Case
from models.cases.measures import BY_PLATFORM, CaseMeasure, Measure, MeasureMove, MeasureState
from models.cases.tasks import CaseTask, TaskKind, TaskMove, TaskState
from models.channel.agents import Agent, AgentState, Blacklisted
from models.channel.licences import Licence, LicenceState

LONGEST_WHY: Final = 1000


@dataclass(frozen=True, slots=True)
class _Reversal:
    work: Work
    case: Case
    agent: Agent | None
    lifted: Sequence[CaseMeasure]
    tasks: Sequence[CaseTask]
    why: str

    def was_done(self, measure: Measure, kind: TaskKind) -> bool:
        """The measure held, and its task was done; an interim one holds without a task."""
        held = [one for one in self.lifted if one.measure is measure]
        own = [one for one in self.tasks if one.kind is kind]
        return bool(held) and (not own or any(one.state is TaskState.DONE for one in own))

    def holds_elsewhere(self, measure: Measure) -> bool:
        """Another case of the same carrier keeps the same limit on the same firm."""
        if self.agent is None:
            return False
        other = self.work.session.exec(
            select(CaseMeasure.id)
            .join(Case, col(Case.id) == col(CaseMeasure.case_id))
            .where(Case.agent_id == self.agent.id)
            .where(Case.organisation_id == self.case.organisation_id)
            .where(Case.id != self.case.id, CaseMeasure.measure == measure)
            .where(col(CaseMeasure.state).in_(IN_FORCE))
        ).first()
        return other is not None


def lift_all(work: Work, case: Case, appeal: CaseAppeal) -> None:
    """Measures, what stands behind them, and the tasks that are left: of the case, and of those
    that go on in it and were decided by it.
    """
    why = f"{appeal.number} {appeal.decision}"[:LONGEST_WHY]
    own = tasks_of(work, case)
    all_of = [_lifted(work, one, own, appeal, why) for one in (case, *merged_into(work, case))]
    measures = {row.measure for one in all_of for row in one.lifted}
    for done in all_of:
        _resume_licences(done)
        _clear_blacklist(done)
        agent = done.agent
        if agent is not None and done.was_done(Measure.REVOKE_BADGE, TaskKind.REVOKE_BADGE):
            request_missing(work, agent.id)
        lift_rectifications(work, done.case, why)
        end_orders_in(work, done.case, why)
        _waive(done, appeal)
        restore_service(work, done.case, done.lifted, done.tasks)
        _tell_platforms(done, appeal, measures)


def _lifted(
    work: Work, case: Case, tasks: Sequence[CaseTask], appeal: CaseAppeal, why: str
) -> _Reversal:
    """`tasks` are those of the case that goes on for this one, or its own."""
    agent = work.session.get(Agent, case.agent_id) if case.agent_id else None
    if case.merged_into_id is None:
        own = [one for one in tasks if one.origin_id is None]
    else:
        along = [one for one in tasks if one.origin_id == case.id]
        own = [*tasks_of(work, case), *along]
    return _Reversal(work, case, agent, _lift_measures(work, case, appeal, why), own, why)


def _lift_measures(work: Work, case: Case, appeal: CaseAppeal, why: str) -> list[CaseMeasure]:
    lifted: list[CaseMeasure] = []
    for one in measures_of(work, case):
        if one.state in IN_FORCE:
            one.move(MeasureMove.LIFT)
            one.lifted_at, one.lifted_why = work.at, why
            lifted.append(one)
            work.record("measure.lifted", one, measure=one.measure.value, appeal=appeal.number)
        elif one.state is MeasureState.PROPOSED:
            one.move(MeasureMove.DROP)
    return lifted


def _resume_licences(done: _Reversal) -> None:
    agent, measure = done.agent, Measure.SUSPEND_LICENCE
    if agent is None or done.holds_elsewhere(measure):
        return
    was_done, reference = done.was_done(measure, TaskKind.SUSPEND_LICENCE), done.case.reference
    own = [one for one in done.tasks if one.kind is TaskKind.SUSPEND_LICENCE]
    interim = any(one.is_interim for one in done.lifted if one.measure is measure)
    proven = {one.target for one in own if one.state is TaskState.DONE}
    licences = done.work.session.exec(
        select(Licence)
        .where(Licence.agent_id == agent.id, Licence.carrier_id == done.case.organisation_id)
        .where(Licence.state == LicenceState.SUSPENDED)
        .with_for_update()
    ).all()
    for licence in licences:
        with_agent = agent.state is AgentState.SUSPENDED and licence.reason == agent.remark
        proof = was_done and (interim or not own or str(licence.id) in proven)
        if not with_agent and (proof or reference in licence.reason):
            lift_licence(done.work, licence, done.why)


def _clear_blacklist(done: _Reversal) -> None:
    work, agent, measure = done.work, done.agent, Measure.BLACKLIST
    if done.holds_elsewhere(measure):
        return
    entries = _entries(done)
    was_done = done.was_done(measure, TaskKind.BLACKLIST)
    if agent is not None and (was_done or agent.uscc in {one.uscc for one in entries}):
        if agent.state is AgentState.BLACKLISTED:
            take_off(work, agent, done.why)
        work.session.flush()
    for entry in entries:
        if entry.lifted_at is None:
            entry.lifted_at = work.at
            work.record("blacklist.lifted", entry, reason=done.why, case=done.case.reference)


def _entries(done: _Reversal) -> Sequence[Blacklisted]:
    """Of the blacklist: those that name the case, and those that were the proof of its task."""
    proofs = [one.facts.get("entry_id") for one in done.tasks if one.kind is TaskKind.BLACKLIST]
    ids = [UUID(str(one)) for one in proofs if one]
    named = col(Blacklisted.source).contains(done.case.reference, autoescape=True)
    return done.work.session.exec(
        select(Blacklisted)
        .where(Blacklisted.carrier_id == done.case.organisation_id)
        .where(col(Blacklisted.lifted_at).is_(None), or_(named, col(Blacklisted.id).in_(ids)))
        .with_for_update()
    ).all()


def _waive(done: _Reversal, appeal: CaseAppeal) -> None:
    for task in done.tasks:
        if task.state is TaskState.OPEN and task.kind is not TaskKind.RESTORE:
            task.move(TaskMove.WAIVE)
            task.done_at, task.done_by = done.work.at, done.work.actor.id
            task.words_given, task.is_late = appeal.number, False
            done.work.record("task.waived", task, appeal=appeal.number)


def _tell_platforms(done: _Reversal, appeal: CaseAppeal, lifted: Collection[Measure]) -> None:
    """Whoever was told of the case is told that it is no more; its threads end."""
    work, case = done.work, done.case
    text = "\n\n".join(_reversed(one, case, appeal) for one in (Language.ZH, Language.EN))
    measures = [one for one in BY_PLATFORM if one in lifted]
    say_lifted(work, told_of(work, case), measures, (), text)
    close_threads(work, case)


def _reversed(language: Language, case: Case, appeal: CaseAppeal) -> str:
    return texts(language)["case_appeal_words.reversed"].format(
        reference=case.reference, number=appeal.number, decision=appeal.decision
    )
