"""Any order of steps by anybody: a case moves by its table, and ends with all that it asked for."""

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlmodel import col, select

from console.actions.cases.assigning import assign_case
from console.actions.cases.authorities.appeals import (
    AppealForm,
    accept_case_appeal,
    decide_case_appeal,
    lodge_case_appeal,
    withdraw_case_appeal,
)
from console.actions.cases.authorities.kept import Brought
from console.actions.cases.authorities.reports import ReportForm, note_report, transfer_case
from console.actions.cases.decide import approve, propose, return_to_owner
from console.actions.cases.doing import do_task, settle_tasks, waive_task
from console.actions.cases.interim import INTERIM, stop_at_once
from console.actions.cases.merging import merge_cases, unmerge
from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.orders import wanted_of
from console.actions.cases.parties import hear_party
from console.actions.cases.recheck import recheck
from console.actions.cases.tasks import prove
from console.actions.cases.tiers import decide_tier, lower_tier, raise_tier
from console.actions.cases.tracing.trace import begin_trace, give_up_trace
from console.desk import Desk
from models.audit import AuditEntry
from models.cases.appeals import CaseAppeal, CaseAppealMove
from models.cases.cases import CASE_MOVES, Case, CaseMove, CaseState
from models.cases.measures import CaseMeasure, Measure, MeasureState, least_measures, not_met
from models.cases.notices import AnswerOutcome, Notice
from models.cases.parties import CaseParty
from models.cases.rechecks import Recheck
from models.cases.reports import Organ
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.cases.traces import WhyNotTraceable
from models.permissions import Permission, Role
from models.refusals import Refusal
from models.rules import FindingKind, Tier
from tests.cases.walking import MANY, Walk, walked
from tests.cases.world import PAPERS, PNG, REASON, REMEDY, found, person, proposal
from tests.conftest import NOON, Clock, Desks

S = CaseState
PAPER: Final = Brought("证明.png", PNG)
KINDS: Final = st.sampled_from(
    [
        FindingKind.SCOPE_EXCEEDED, FindingKind.NO_DELEGATION, FindingKind.BADGE_MISSING,
        FindingKind.IDREADER_CRACK_TOOL, FindingKind.MANUAL_ENTRY, FindingKind.FALSE_REGISTRATION,
    ]
)  # fmt: skip
WHO: Final = st.sampled_from(["first", "second", "manager", "approver", "platform", "regulator"])
LIKELY: Final = st.sampled_from([True, True, True, False])
WHICH: Final = st.integers(min_value=0, max_value=3)
STAYS: Final = frozenset({S.CLOSED, S.REVERSED, S.TRANSFERRED})
shop_numbers: Final = count(20_000)


def reachable(start: CaseState) -> set[CaseState]:
    """By any moves of the table; a dismissed appeal leads back to where the case stood."""
    found, ring = {start}, {start}
    while ring:
        ring = {after for (state, _), after in CASE_MOVES.items() if state in ring} - found
        found |= ring
    return found | ({S.EXECUTING, S.WAITING_RECHECK, S.CLOSED} if S.APPEALED in found else set())


class CaseMachine(Walk):
    """Up to four cases of one carrier, six people, and what must be true whatever they do."""

    first: Desk
    """Approver and manager in one."""
    second: Desk

    def _desk(self, who: str) -> Desk:
        return {"first": self.first, "second": self.second}.get(who) or super()._desk(who)

    def _rows(self, table: type[Any], *conditions: Any) -> list[Any]:  # noqa: ANN401
        with self.desks.house.begin(Permission.CASE_READ) as work:
            query = select(table).where(*conditions).order_by(col(table.id))
            return list(work.session.exec(query).all())

    def _case(self, which: int) -> UUID:
        return self.ids[which % len(self.ids)]

    def _seq(self) -> int:
        with self.desks.house.begin(Permission.AUDIT_READ) as work:
            query = select(AuditEntry.seq).order_by(col(AuditEntry.seq).desc()).limit(1)
            return work.session.exec(query).one() or 0

    def _deeds_since(self, seq: int) -> set[str]:
        with self.desks.house.begin(Permission.AUDIT_READ) as work:
            query = select(AuditEntry.subject_id).where(col(AuditEntry.seq) > seq)
            return set(work.session.exec(query).all())

    def _tried(self, act: Callable[[], object]) -> bool:
        """Done, or refused with nothing changed; each case that changed has its deed."""
        before = {one.id: one for one in self._rows(Case, col(Case.id).in_(self.ids))}
        seq = self._seq()
        refused = self._refusal(act)
        after = self._rows(Case, col(Case.id).in_(self.ids))
        deeds = self._deeds_since(seq)
        for case in after:
            old = before[case.id]
            if case.model_dump() == old.model_dump():
                continue
            assert refused is None
            assert deeds
            if (case.tier, case.owner_id) != (old.tier, old.owner_id):
                assert str(case.id) in deeds
            if case.state is not old.state:
                assert str(case.id) in deeds
                assert case.state in reachable(old.state)
                assert case.merged_into_id is None  # freed in this step, it goes on where it may
                assert old.state not in STAYS or case.state is S.APPEALED
                assert old.state is not S.REVERSED
                assert case.version > old.version
            self._holds(case)
        return refused is None

    def _holds(self, case: Case) -> None:
        """Of a case that has just changed."""
        if case.decided_by is not None:
            assert case.decided_by != case.proposed_by
        if case.state is not S.CLOSED or case.merged_into_id is not None:
            return
        assert case.rechecked_by not in {case.owner_id, case.proposed_by, case.decided_by}
        tasks = self._rows(CaseTask, CaseTask.case_id == case.id)
        assert all(one.state is not TaskState.OPEN for one in tasks)
        assert all(one.state is TaskState.DONE for one in tasks if one.is_mandatory)
        assert all(one.done_at is not None for one in tasks)
        family = [case.id, *(one.id for one in self._rows(Case, Case.merged_into_id == case.id))]
        measures = self._rows(CaseMeasure, col(CaseMeasure.case_id).in_(family))
        held = [one.measure for one in measures if one.state is MeasureState.CARRIED_OUT]
        with self.desks.house.begin(Permission.CASE_READ) as work:
            assert not_met(wanted_of(work, case), held) == []
        looks = self._rows(Recheck, Recheck.case_id == case.id)
        assert {one.is_clean for one in looks if one.round == looks[-1].round} == {True}

    @initialize(kind=KINDS, steps=st.integers(min_value=0, max_value=9))
    def begin(self, kind: FindingKind, steps: int) -> None:
        self.clock.at = NOON
        self.ids: list[UUID] = []
        self.open_(kind)
        self.open_(FindingKind.BADGE_MISSING)
        self.go_on(0, steps)

    @rule(which=WHICH, steps=st.integers(min_value=1, max_value=4))
    def go_on(self, which: int, steps: int) -> None:
        """What is next, by those who may: from the findings to the end in nine steps."""
        for _ in range(steps):
            (case,) = self._rows(Case, Case.id == self._case(which))
            match case.state:
                case S.INVESTIGATING:
                    self.establish(which)
                    self.propose(which, "manager", whole=True, more=Measure.REMOVE_SHOP)
                case S.DECISION_PROPOSED if case.tier_asked is not None:
                    self.decide_tier(which, "approver", granted=True)
                case S.DECISION_PROPOSED:
                    self.approve(which, "approver")
                case S.DECIDED:
                    self.send(which)
                case S.EXECUTING:
                    self.send(which)
                    self.answer(which, acted=True)
                    self.report(which, Organ.POLICE)
                    self.work_off(which, all_of=True)
                case S.WAITING_RECHECK:
                    self.look(which, "second", clean=True)
                case S.APPEALED:
                    self.hear_appeal(which, "first", CaseAppealMove.ACCEPT)
                    self.hear_appeal(which, "first", CaseAppealMove.DISMISS)
                case _:
                    return

    @rule(kind=KINDS)
    def open_(self, kind: FindingKind) -> None:
        if len(self.ids) == 4:
            return
        place = found(
            self.desks, kind=kind, shop_no=next(shop_numbers),
            tier=Tier.MINOR if kind is FindingKind.BADGE_MISSING else Tier.SERIOUS,
        )  # fmt: skip
        self.ids.append(open_case(self.desks.manager, place.ids).id)

    @rule(which=WHICH)
    def establish(self, which: int) -> None:
        case = self._case(which)

        def act() -> None:
            for party in self._rows(CaseParty, CaseParty.case_id == case):
                hear_party(self.desks.manager, party.id, "陈述")
            begin_trace(self.desks.manager, case)
            give_up_trace(
                self.desks.manager, case, WhyNotTraceable.NO_CARD, "没有购得任何电话卡可查"
            )

        self._tried(act)

    @rule(which=WHICH, who=WHO, whole=LIKELY, more=st.sampled_from(list(Measure)))
    def propose(self, which: int, who: str, whole: bool, more: Measure) -> None:
        with self.desks.house.begin(Permission.CASE_READ) as work:
            case = work.session.get_one(Case, self._case(which))
            wanted = wanted_of(work, case)
            measures = least_measures(wanted) if whole else []
        given = proposal([*measures, more])
        if self._tried(lambda: propose(self._desk(who), case.id, given)):
            assert not_met(wanted, given.measures) == []

    @rule(which=WHICH, who=WHO)
    def approve(self, which: int, who: str) -> None:
        self._tried(lambda: approve(self._desk(who), self._case(which)))

    @rule(which=WHICH, who=WHO)
    def return_(self, which: int, who: str) -> None:
        self._tried(lambda: return_to_owner(self._desk(who), self._case(which), "补充"))

    @rule(which=WHICH, measure=st.sampled_from(sorted(INTERIM)))
    def stop(self, which: int, measure: Measure) -> None:
        self._tried(
            lambda: stop_at_once(
                self.desks.manager, self._case(which), [measure],
                reason=REASON, remedy=REMEDY, papers=PAPERS,
            )
        )  # fmt: skip

    @rule(which=WHICH)
    def send(self, which: int) -> None:
        self._tried(lambda: send_notice(self.desks.manager, self._case(which)))

    @rule(which=WHICH, acted=LIKELY)
    def answer(self, which: int, acted: bool) -> None:
        notices = self._rows(Notice, Notice.case_id == self._case(which))
        outcome = AnswerOutcome.REMOVED if acted else AnswerOutcome.KEPT
        if notices:
            files = [("a.png", PNG)] if acted else []
            self._tried(
                lambda: answer(self.desks.platform, notices[-1].id, outcome, "已收到", files)
            )

    @rule(which=WHICH, all_of=LIKELY)
    def work_off(self, which: int, all_of: bool) -> None:
        """By their own doors where these are here; else what was done elsewhere is proven."""
        case = self._case(which)
        tasks = self._rows(CaseTask, CaseTask.case_id == case, CaseTask.state == TaskState.OPEN)
        for task in tasks if all_of else tasks[:1]:
            self._tried(lambda task=task: do_task(self.desks.manager, task.id, "已办", PAPER))
        if all_of and tasks:
            self._tried(lambda: self._elsewhere(case))

    def _elsewhere(self, case: UUID) -> None:
        with self.desks.house.begin(Permission.CASE_SEND) as work:
            for kind in set(TaskKind) - {TaskKind.NOTIFY_PLATFORM, TaskKind.POLICE_REPORT}:
                prove(work, case, kind, words="已办")
            work.no_deed()

    @rule()
    def sweep(self) -> None:
        self._tried(lambda: settle_tasks(self.desks.house))

    @rule(which=WHICH, who=WHO, at=WHICH)
    def waive(self, which: int, who: str, at: int) -> None:
        tasks = self._rows(CaseTask, CaseTask.case_id == self._case(which))
        if tasks:
            task = tasks[at % len(tasks)]
            if self._tried(lambda: waive_task(self._desk(who), task.id, "不再需要")):
                assert not task.is_mandatory

    @rule(which=WHICH, who=WHO, clean=LIKELY)
    def look(self, which: int, who: str, clean: bool) -> None:
        self.clock.pass_(days=30)
        self._tried(lambda: recheck(self._desk(who), self._case(which), clean=clean, reason="看"))

    @rule(which=WHICH)
    def appeal(self, which: int) -> None:
        form = AppealForm("不服处理决定", "店主")
        self._tried(lambda: lodge_case_appeal(self.desks.manager, self._case(which), form, PAPER))

    @rule(which=WHICH, who=WHO, move=st.sampled_from([*CaseAppealMove]))
    def hear_appeal(self, which: int, who: str, move: CaseAppealMove) -> None:
        appeals = self._rows(CaseAppeal, CaseAppeal.case_id == self._case(which))
        if not appeals:
            return
        desk, appeal = self._desk(who), appeals[-1].id
        match move:
            case CaseAppealMove.ACCEPT:
                self._tried(lambda: accept_case_appeal(desk, appeal))
            case CaseAppealMove.WITHDRAW:
                self._tried(lambda: withdraw_case_appeal(desk, appeal, "撤回"))
            case _:
                self._tried(lambda: decide_case_appeal(desk, appeal, move, "理由"))

    @rule(which=WHICH, organ=st.sampled_from([Organ.POLICE, Organ.COMMUNICATIONS]))
    def report(self, which: int, organ: Organ) -> None:
        form = ReportForm(organ, "公安局", "报 1 号", self.clock.at)
        self._tried(lambda: note_report(self.desks.manager, self._case(which), form, PAPER))

    @rule(which=WHICH, really=st.sampled_from([True, False, False, False]))
    def transfer(self, which: int, really: bool) -> None:
        if really:
            form = ReportForm(Organ.POLICE, "公安局", "移 1 号", self.clock.at)
            self._tried(lambda: transfer_case(self.desks.approver, self._case(which), form, PAPER))

    @rule(which=WHICH, who=WHO, tier=st.sampled_from(list(Tier)), up=st.booleans())
    def weigh(self, which: int, who: str, tier: Tier, up: bool) -> None:
        ask = raise_tier if up else lower_tier
        self._tried(lambda: ask(self._desk(who), self._case(which), tier, "理由"))

    @rule(which=WHICH, who=WHO, granted=st.booleans())
    def decide_tier(self, which: int, who: str, granted: bool) -> None:
        (case,) = self._rows(Case, Case.id == self._case(which))
        desk = self._desk(who)
        if self._tried(lambda: decide_tier(desk, case.id, granted=granted, reason="理由")):
            assert case.tier_asked_by != desk.actor.id

    @rule(which=WHICH, others=st.sets(WHICH, min_size=1, max_size=2))
    def merge(self, which: int, others: set[int]) -> None:
        ids = [self._case(one) for one in others]
        self._tried(lambda: merge_cases(self.desks.manager, self._case(which), ids, "同一主体"))

    @rule(which=WHICH)
    def unmerge(self, which: int) -> None:
        self._tried(lambda: unmerge(self.desks.manager, self._case(which), "误并"))

    @rule(which=WHICH, who=st.sampled_from(["first", "second", "manager", "approver"]))
    def assign(self, which: int, who: str) -> None:
        owner = str(self._desk(who).actor.id)
        self._tried(lambda: assign_case(self.desks.approver, self._case(which), owner))

    @rule(which=WHICH, move=st.sampled_from(list(CaseMove)))
    def move_outside_the_table(self, which: int, move: CaseMove) -> None:
        (case,) = self._rows(Case, Case.id == self._case(which))
        if move in case.open_moves():
            return
        before = case.model_dump()
        with pytest.raises(Refusal):
            case.move(move)
        assert case.model_dump() == before


def walked_by_six(desks: Desks, clock: Clock, **limits: Any) -> Counter[str]:  # noqa: ANN401 - hypothesis' own
    class Here(CaseMachine):
        first = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
        second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)

    return walked(Here, desks, clock, phases=(Phase.generate,), print_blob=False, **limits)


def test_whatever_people_do_a_case_keeps_its_rules(desks: Desks, clock: Clock) -> None:
    steps = walked_by_six(desks, clock, max_examples=5, stateful_step_count=30, derandomize=True)
    assert min(steps["done"], steps["refused"]) > MANY


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_whatever_people_do_for_long_a_case_keeps_its_rules(desks: Desks, clock: Clock) -> None:
    steps = walked_by_six(desks, clock, max_examples=200, stateful_step_count=50)
    assert min(steps["done"], steps["refused"]) > 20 * MANY
