"""Any order of steps by anybody: what the rules allow is done, all else changes nothing (4.12)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from console.actions.cases.extensions import ask_extension, decide_extension
from console.actions.cases.rectifications.answers import (
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    draft_rectification,
    escalate,
    issue_rectification,
    remind,
    report_back,
)
from console.actions.cases.rectifications.rechecks import recheck_rectification
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from models.cases.rectifications import Delivery, Rectification, RectificationState
from models.rules import Tier, china_day
from tests.cases.rectify import answers, form, kept_issues, verdicts
from tests.cases.walking import MANY, WalkOfOne, walked
from tests.cases.world import row
from tests.conftest import NOON, Clock, Desks

S = RectificationState
PEOPLE: Final = ("manager", "inspector", "approver", "platform", "other_platform", "regulator")
ISSUERS: Final = frozenset({"manager", "inspector"})
CHECKERS: Final = frozenset({"manager", "inspector", "approver"})
WHO: Final = st.sampled_from((*PEOPLE, "manager", "inspector", "platform", "platform"))
"""Those who may do something more often than those who never may."""
AT_UNIT: Final = (S.ISSUED, S.ACKNOWLEDGED, S.OVERDUE)


class RectificationMachine(WalkOfOne):
    """One notice to 蓝海商城, and a few lines of what must be true of it."""

    def _now(self) -> Rectification:
        return row(self.desks, Rectification, self.id)

    @initialize(tier=st.sampled_from(list(Tier)), is_issued=st.sampled_from([True, True, False]))
    def draft(self, tier: Tier, is_issued: bool) -> None:
        self.clock.at = NOON
        drafted = draft_rectification(self.desks.manager, form(tier=tier))
        self.id: UUID = drafted.id
        self.state, self.tier, self.round, self.misses = S.DRAFTED, tier, 1, 0
        self.good: set[int] = set()
        self.refused: set[int] = set()
        self.issuer, self.asked, self.granted = "", None, 0
        self.asked_for: Any = None
        if is_issued:
            self.issue("manager")

    @rule(who=WHO)
    def issue(self, who: str) -> None:
        may = self.state is S.DRAFTED and who in ISSUERS
        if self._tried(may, lambda: issue_rectification(self._desk(who), self.id)):
            self.state, self.issuer = S.ISSUED, who

    @rule(who=WHO)
    def acknowledge(self, who: str) -> None:
        if who == "platform" and self.state is S.ACKNOWLEDGED:
            version = self._now().version
            assert acknowledge_rectification(self._desk(who), self.id).version == version
            return
        may = self.state is S.ISSUED and who == "platform"
        if self._tried(may, lambda: acknowledge_rectification(self._desk(who), self.id)):
            self.state = S.ACKNOWLEDGED

    @rule(who=WHO, how=st.sampled_from(list(Delivery)))
    def remind(self, who: str, how: Delivery) -> None:
        may = self.state is S.ISSUED and who in ISSUERS and how is not Delivery.PORTAL
        self._tried(may, lambda: remind(self._desk(who), self.id, how, "凭据 1"))

    @rule(who=WHO, said=st.sets(st.sampled_from([1, 2]), min_size=1), refuses=st.booleans())
    def submit(self, who: str, said: set[int], refuses: bool) -> None:
        may = (
            who == "platform"
            and self.state in {S.ACKNOWLEDGED, S.OVERDUE}
            and said == {1, 2} - self.good
        )
        refused = tuple(said) if refuses else ()
        given = answers(*sorted(said), refused=refused)
        late = self.state is S.OVERDUE or self.clock.at >= self._now().due_at
        if self._tried(may, lambda: submit_rectification(self._desk(who), self.id, given)):
            self.state, self.refused = S.SUBMITTED, set(refused)
            assert self._now().is_late is late

    @rule(who=WHO, good=st.sets(st.sampled_from([1, 2])))
    def recheck(self, who: str, good: set[int]) -> None:
        open_ = sorted({1, 2} - self.good)
        said = [one for n in open_ for one in verdicts("+" if n in good else "-", first=n)]
        may = self.state is S.SUBMITTED and who in CHECKERS - {self.issuer}
        if not self._tried(may, lambda: recheck_rectification(self._desk(who), self.id, said)):
            return
        self.good |= good & set(open_)
        bad = {1, 2} - self.good
        if not bad:
            self.state = S.CLOSED
        elif self.round == 2:
            self.state, self.tier = S.ESCALATED, self.tier.raised()
        else:
            self.state, self.round = S.ISSUED, 2
            if bad & self.refused:
                self.tier = self.tier.raised()

    @rule(who=WHO)
    def escalate(self, who: str) -> None:
        may = self.state is S.OVERDUE and who in CHECKERS
        if self._tried(may, lambda: escalate(self._desk(who), self.id, "逾期未整改")):
            self.state = S.ESCALATED
            if self.misses < 2:
                self.tier = self.tier.raised()

    def _goes_on(self, good: set[int]) -> None:
        """The step that is due, by whoever has to take it."""
        open_ = {1, 2} - self.good
        steps: dict[S, Callable[[], object]] = {
            S.DRAFTED: lambda: self.issue("manager"),
            S.ISSUED: lambda: self.acknowledge("platform"),
            S.ACKNOWLEDGED: lambda: self.submit("platform", open_, refuses=False),
            S.OVERDUE: lambda: self.submit("platform", open_, refuses=True),
            S.SUBMITTED: lambda: self.recheck("approver", good),
        }
        if self.state is S.SUBMITTED:
            self.recheck(self.issuer, good)  # which is refused
        steps.get(self.state, lambda: None)()

    @rule(good=st.sets(st.sampled_from([1, 2])))
    def goes_on(self, good: set[int]) -> None:
        self._goes_on(good)

    @rule()
    def goes_on_badly(self) -> None:
        self._goes_on(set())

    @rule(who=WHO)
    def report(self, who: str) -> None:
        self._tried(may=False, act=lambda: report_back(self._desk(who), self.id, "收〔2026〕1 号"))

    @rule(days=st.sampled_from([0.01, 1, 4, 12]))
    def time_passes(self, days: float) -> None:
        self.clock.pass_(days=days)
        if self.state in {S.ISSUED, S.ACKNOWLEDGED} and self._now().due_at <= self.clock.at:
            self.state, self.misses = S.OVERDUE, self.misses + 1
            if self.misses == 2:
                self.tier = self.tier.raised()
        sweep_rectifications(self.desks.house)
        assert sweep_rectifications(self.desks.house) == 0

    @rule(who=WHO, days=st.sampled_from([1, 5, 40]))
    def ask(self, who: str, days: int) -> None:
        if self.state is S.DRAFTED:
            return
        due = self._now().due_at
        may = (
            who == "platform" and self.state is S.ACKNOWLEDGED and self.clock.at < due
            and self.asked is None and self.granted == 0 and days < 40
        )  # fmt: skip
        day = china_day(due - timedelta(seconds=1)) + timedelta(days=days)
        kept: list[Any] = []

        def act() -> None:
            kept.append(ask_extension(self._desk(who), "Rectification", self.id, day, "供应商延误"))

        if self._tried(may, act):
            self.asked, self.asked_for = kept[0].id, due

    @rule(who=WHO, grant=st.booleans())
    def decide(self, who: str, grant: bool) -> None:
        if self.asked is None:
            return
        asked, now = self.asked, self._now()
        timely = (
            self.state is S.ACKNOWLEDGED
            and self.clock.at < now.due_at
            and now.due_at == self.asked_for
        )
        may = who == "approver" and (timely or not grant)
        if self._tried(
            may, lambda: decide_extension(self._desk(who), asked, grant=grant, answer="已核实")
        ):
            self.asked, self.granted = None, self.granted + grant
            if grant:
                assert self._now().due_at > now.due_at

    @invariant()
    def it_is_as_the_rules_say(self) -> None:
        now = self._now()
        assert (now.state, now.tier, now.round, now.misses) == (
            self.state, self.tier, self.round, self.misses,
        )  # fmt: skip
        assert (now.number is None) == (self.state is S.DRAFTED)
        assert now.round <= 2
        if now.state is S.CLOSED:
            assert all(one.is_good for one in kept_issues(self.desks, self.id))
            assert now.rechecked_by not in {now.issued_by, now.submitted_by_id}
        if now.state is not S.ISSUED:
            assert now.reminder_due_at is None or now.state is S.DRAFTED


LIMITS: Final[dict[str, Any]] = {"stateful_step_count": 50, "derandomize": True}


def test_no_order_of_steps_gets_round_the_rules(desks: Desks, clock: Clock) -> None:
    steps = walked(RectificationMachine, desks, clock, max_examples=8, **LIMITS)
    assert min(steps["done"], steps["refused"]) > MANY


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_no_order_of_many_steps_gets_round_the_rules(desks: Desks, clock: Clock) -> None:
    steps = walked(RectificationMachine, desks, clock, max_examples=200, **LIMITS)
    assert min(steps["done"], steps["refused"]) > 20 * MANY
