"""Whatever people do with batches: none is in use but by the whole way (004-2.3-a, -c, -e, -f)."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import Phase
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlmodel import col, func, select

from console.actions.cards.industry.activation import (
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import AgreementForm, file_agreement
from console.actions.cards.industry.batches import (
    bind_scope,
    change_batch,
    draft_batch,
    retire_batch,
    submit_batch,
)
from console.actions.cards.industry.card_lists import remove_cards
from console.actions.cards.industry.purchasers import add_purchaser, file_licence
from console.actions.cards.industry.reviews import (
    assess_batch,
    reassess_batch,
    sweep_reassessments,
)
from console.actions.channel.blacklist import blacklist_firm, lift_from_blacklist
from console.desk import Desk
from models.audit import AuditEntry
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.agreements import IndustryAgreement, IndustryClause
from models.cards.assessments import AssessmentVerdict, RiskAssessment
from models.cards.classes import CardClass
from models.cards.industry import BATCH_MOVES, BEFORE_USE, LIVE, BatchState, IndustryBatch
from models.cards.ranges import IndustryRange
from models.cards.scopes import CardScope, scope_faults
from models.channel.agents import Blacklisted
from models.permissions import Permission, Role
from models.rules import china_day
from tests.cards.world import (
    BUYER,
    USE,
    answered_for,
    answers,
    brought,
    iccid,
    line,
    marked,
    terms,
)
from tests.cases.walking import MANY, Walk, walked
from tests.cases.world import PDF, PNG, person
from tests.channel.stories import uscc
from tests.conftest import NOON, Clock, Desks

S: Final = BatchState
WHO: Final = st.sampled_from(["iot", "iot", "both", "approver", "approver", "auditor", "regulator"])
WHICH: Final = st.integers(min_value=0, max_value=2)
LIKELY: Final = st.sampled_from([True, True, True, False])
CLASSES: Final = st.sampled_from([CardClass.I1, CardClass.I2, CardClass.I3, CardClass.I4])
ORDERED: Final = 4


def reachable(start: BatchState) -> set[BatchState]:
    return {start} | {after for (state, _), after in BATCH_MOVES.items() if state is start}


class BatchMachine(Walk):
    """Up to three batches of one carrier and what must be true of them whoever does what."""

    both: Desk
    """IoT manager and approver in one."""
    serials: Iterator[int]

    def _desk(self, who: str) -> Desk:
        return self.both if who == "both" else super()._desk(who)

    def _batch(self, which: int) -> IndustryBatch:
        with self.desks.house.begin(Permission.INDUSTRY_READ) as work:
            return work.session.get_one(IndustryBatch, self.ids[which % len(self.ids)])

    def _card(self, which: int, at: int) -> int:
        """Six apart, so that the tenth card of a batch is the fourth of another."""
        return self.base + which % len(self.ids) * 6 + at

    def _rows(self, table: type[Any], batch_id: UUID) -> list[Any]:
        with self.desks.house.begin(Permission.INDUSTRY_READ) as work:
            query = select(table).where(table.batch_id == batch_id).order_by(table.id)
            return list(work.session.exec(query).all())

    def _deeds(self) -> int:
        with self.desks.house.begin(Permission.AUDIT_READ) as work:
            query = select(func.count()).where(AuditEntry.subject_kind == "IndustryBatch")
            return work.session.exec(query).one()

    def _tried(self, which: int, act: Callable[[], object]) -> bool:
        """Done and on record by a move of the table, or refused with nothing changed."""
        before, deeds = self._batch(which), self._deeds()
        refused = self._refusal(act)
        after = self._batch(which)
        if after.model_dump() != before.model_dump():
            assert refused is None
            assert self._deeds() > deeds
            assert after.version > before.version
            assert after.state in reachable(before.state)
            self._holds(after, entered=after.state is not before.state)
        return refused is None

    def _holds(self, batch: IndustryBatch, *, entered: bool) -> None:
        """The headline of the issue, of a batch that has just changed."""
        today = china_day(self.clock.at)
        made = self._rows(RiskAssessment, batch.id)
        ranges = self._rows(IndustryRange, batch.id)
        assert sum(one.last - one.first + 1 for one in ranges) == batch.cards <= batch.ordered
        if batch.state in {S.DRAFT, S.PURCHASER_REVIEW, S.REFUSED}:
            assert batch.activated_at is None
            return
        assert batch.reviewed_by not in {None, batch.submitted_by}
        assert any(one.verdict is AssessmentVerdict.PASSED for one in made)
        assert all(one.assessed_by != batch.submitted_by for one in made)
        (scope,) = self._rows(CardScope, batch.id)
        assert scope_faults(batch.card_class, scope.terms, 100) == []
        if batch.state is S.APPROVED:
            return
        agreements = self._rows(IndustryAgreement, batch.id)
        assert len([one for one in agreements if one.superseded_at is None]) == 1
        assert all(one.no_resale for one in agreements)
        if batch.state in LIVE:
            units = self._rows(AccountableUnit, batch.id)
            assert [one.id for one in units if one.is_open] == [batch.unit_id]
            persons = self._rows(AccountablePerson, batch.id)
            assert batch.person_id in {one.id for one in persons if one.is_open}
        if batch.state is S.IN_USE and entered:
            self.tally[S.IN_USE] += 1
            assert (batch.cards, bool(batch.proof_sha256)) == (batch.ordered, True)
            assert made[-1].holds(today)
            assert agreements[-1].holds(today)
            assert not self._barred(batch)

    def _barred(self, batch: IndustryBatch) -> bool:
        with self.desks.house.begin(Permission.BLACKLIST_READ) as work:
            live = select(Blacklisted).where(col(Blacklisted.lifted_at).is_(None))
            return any(one.uscc == self.codes[batch.id] for one in work.session.exec(live).all())

    @initialize(card_class=CLASSES, steps=st.integers(min_value=0, max_value=7), whole=LIKELY)
    def begin(self, card_class: CardClass, steps: int, whole: bool) -> None:
        self.clock.at = NOON
        self.ids: list[UUID] = []
        self.codes: dict[UUID, str] = {}
        self.base = next(self.serials) * 100
        self.marked: set[UUID] = set()
        self.barred: list[UUID] = []
        self.open_(card_class, licence=True)
        self.go_on(0, steps, "iot", "approver", whole=whole)

    @rule(card_class=CLASSES, licence=LIKELY)
    def open_(self, card_class: CardClass, licence: bool) -> None:
        if len(self.ids) == 3:
            return
        serial = next(self.serials)
        buyer = add_purchaser(self.desks.iot, name=BUYER, uscc=uscc(serial), province="44")
        if licence:
            until = date(2027, 6, 30)
            file_licence(self.desks.iot, buyer.id, "a.png", PNG, licence_name=BUYER, until=until)
        batch = draft_batch(
            self.desks.iot, purchaser=buyer.id, card_class=card_class, ordered=ORDERED,
            product="", use_statement=USE,
        )  # fmt: skip
        self.ids.append(batch.id)
        self.codes[batch.id] = buyer.uscc

    @rule(
        which=WHICH, steps=st.integers(min_value=1, max_value=4), whole=LIKELY,
        maker=st.sampled_from(["iot", "both"]), checker=st.sampled_from(["approver", "both"]),
    )  # fmt: skip
    def go_on(self, which: int, steps: int, maker: str, checker: str, whole: bool) -> None:
        """What is next, by those who may, unless it is the same person twice."""
        for _ in range(steps):
            match self._batch(which).state:
                case S.DRAFT:
                    self.bind(which, maker, whole=whole)
                    self.submit(which, maker)
                case S.PURCHASER_REVIEW:
                    self.assess(which, checker, bad=False, fails=False)
                case S.APPROVED:
                    self.sign(which, "iot", set(IndustryClause), 0)
                case S.CONTRACTED:
                    self.answer_for(which)
                    self.register(which, "iot")
                case S.REGISTERED:
                    self.load(which, 0, ORDERED, with_marks=True)
                    self.prove(which, "iot")
                    self.activate(which, "iot")
                case _:
                    return

    @rule(which=WHICH, who=WHO, whole=LIKELY)
    def bind(self, which: int, who: str, whole: bool) -> None:
        batch = self._batch(which)
        said = terms(batch.card_class, **({} if whole else {"scenario": ""}))
        self._tried(which, lambda: bind_scope(self._desk(who), batch.id, said))

    @rule(which=WHICH, who=WHO, card_class=CLASSES)
    def change(self, which: int, who: str, card_class: CardClass) -> None:
        batch = self._batch(which)
        self._tried(
            which,
            lambda: change_batch(
                self._desk(who), batch.id, card_class=card_class, ordered=ORDERED, product="",
                use_statement=USE,
            ),
        )  # fmt: skip

    @rule(which=WHICH, who=WHO)
    def submit(self, which: int, who: str) -> None:
        self._tried(which, lambda: submit_batch(self._desk(who), self._batch(which).id))

    @rule(which=WHICH, who=WHO, bad=st.booleans(), fails=st.booleans())
    def assess(self, which: int, who: str, bad: bool, fails: bool) -> None:
        said = answers(resale="distributor") if bad else answers()
        batch = self._batch(which)
        if self._tried(
            which, lambda: assess_batch(self._desk(who), batch.id, said, "意见", fails=fails)
        ):
            passed = self._batch(which).state is S.APPROVED
            assert passed is not (bad or fails)

    @rule(which=WHICH, who=WHO, fails=st.booleans())
    def assess_again(self, which: int, who: str, fails: bool) -> None:
        batch = self._batch(which)
        self._tried(
            which, lambda: reassess_batch(self._desk(who), batch.id, answers(), "意见", fails=fails)
        )

    @rule(
        which=WHICH, who=WHO, clauses=st.sets(st.sampled_from(list(IndustryClause))),
        ahead=st.integers(min_value=0, max_value=1),
    )  # fmt: skip
    def sign(self, which: int, who: str, clauses: set[IndustryClause], ahead: int) -> None:
        today = china_day(self.clock.at)
        signed = today.replace(year=today.year + ahead)
        until = signed.replace(year=signed.year + 2)
        form = AgreementForm("XY-1", clauses, signed, until)
        batch = self._batch(which)
        if self._tried(
            which, lambda: file_agreement(self._desk(who), batch.id, form, "a.pdf", PDF)
        ):
            assert clauses == set(IndustryClause)

    @rule(which=WHICH)
    def answer_for(self, which: int) -> None:
        batch = self._batch(which)
        if batch.person_id is None and batch.state in BEFORE_USE:
            answered_for(self.desks, batch.id)

    @rule(which=WHICH, who=WHO)
    def register(self, which: int, who: str) -> None:
        self._tried(which, lambda: register_batch(self._desk(who), self._batch(which).id))

    @rule(
        which=WHICH, first=st.integers(min_value=0, max_value=9),
        cards=st.integers(min_value=1, max_value=5), with_marks=LIKELY,
    )  # fmt: skip
    def load(self, which: int, first: int, cards: int, with_marks: bool) -> None:
        """Numbers of another batch may be among them."""
        batch = self._batch(which)
        rows = [line(batch, self._card(which, at)) for at in range(first, first + cards)]
        self._tried(which, lambda: brought(self.desks.iot, rows))
        loaded = self._batch(which)
        is_whole = loaded.cards == loaded.ordered and loaded.state in BEFORE_USE
        if with_marks and is_whole and batch.id not in self.marked:
            self.marked.add(batch.id)
            for one in self._rows(IndustryRange, batch.id):
                marked(self.desks, batch, one.first, one.last)

    @rule(which=WHICH, at=st.integers(min_value=0, max_value=9))
    def take_out(self, which: int, at: int) -> None:
        batch = self._batch(which)
        card = iccid(self._card(which, at))
        self._tried(which, lambda: remove_cards(self.desks.iot, batch.id, card, reason="退货"))

    @rule(which=WHICH, who=WHO)
    def prove(self, which: int, who: str) -> None:
        batch = self._batch(which)
        self._tried(which, lambda: file_limits_proof(self._desk(who), batch.id, "a.png", PNG))

    @rule(which=WHICH, who=WHO)
    def activate(self, which: int, who: str) -> None:
        self._tried(which, lambda: activate_batch(self._desk(who), self._batch(which).id))

    @rule(which=WHICH, cancelled=st.integers(min_value=0, max_value=ORDERED))
    def retire(self, which: int, cancelled: int) -> None:
        batch = self._batch(which)
        returned = 1
        if self._tried(
            which,
            lambda: retire_batch(self.desks.iot, batch.id, cancelled=cancelled, returned=returned),
        ):
            assert cancelled + returned == batch.cards

    @rule(which=WHICH)
    def bar(self, which: int) -> None:
        batch = self._batch(which)
        code = self.codes[batch.id]
        entry = blacklist_firm(self.desks.approver, uscc=code, name=BUYER, reason="-", source="-")
        self.barred.append(entry.id)

    @rule()
    def forgive(self) -> None:
        if self.barred:
            lift_from_blacklist(self.desks.approver, self.barred.pop(), "查无实据")

    @rule(days=st.sampled_from([1, 40, 200]))
    def wait(self, days: int) -> None:
        self.clock.pass_(days=days)
        for which in range(len(self.ids)):
            self._tried(which, lambda: sweep_reassessments(self.desks.house))


def walk(desks: Desks, clock: Clock, **limits: Any) -> Counter[str]:  # noqa: ANN401 - hypothesis' own
    both = person(desks, "liang.lian", "CT-44", Role.IOT_MANAGER, Role.APPROVER)
    mine = type("Mine", (BatchMachine,), {"both": both, "serials": iter(range(100, 1_000_000))})
    return walked(mine, desks, clock, phases=(Phase.generate,), print_blob=False, **limits)


@pytest.mark.requirement("004-2.3-a", "004-2.3-c", "004-2.3-e", "004-2.3-f")
def test_no_batch_is_in_use_but_by_the_whole_way(desks: Desks, clock: Clock) -> None:
    tally = walk(desks, clock, max_examples=8, stateful_step_count=25, derandomize=True)
    assert tally[S.IN_USE] > 0
    assert min(tally["done"], tally["refused"]) >= MANY


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_no_batch_is_ever_in_use_but_by_the_whole_way(desks: Desks, clock: Clock) -> None:
    tally = walk(desks, clock, max_examples=200, stateful_step_count=50)
    assert tally[S.IN_USE] > 0
    assert min(tally["done"], tally["refused"]) >= MANY
