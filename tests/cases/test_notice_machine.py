"""Any order of steps by anybody, whatever the network does: each has one effect or none (4.9)."""

from collections import Counter
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.delivering import advance_notice, note_mailed, retry_notice
from console.actions.cases.notices.mailboxes import set_mailbox
from console.actions.cases.notices.sending import draft_notice, send_notice
from console.actions.cases.notices.sweeps import sweep_notices
from console.actions.cases.notices.threads import (
    ask_again,
    close_thread,
    say,
    take_note,
    thread_record,
)
from console.desk import Desk
from integrations.marketplaces.base import TurnedDown, Unreachable, Unreadable
from integrations.notices import Letter
from models.cases.cases import Case, CaseState
from models.cases.notices import (
    RECEIVED,
    AnswerOutcome,
    Mailbox,
    Notice,
    NoticeChannel,
    NoticeState,
)
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from tests.cases.walking import MANY, WalkOfOne, walked
from tests.cases.world import PNG, decided, row
from tests.conftest import NOON, Clock, Desks

S, C = NoticeState, NoticeChannel
PEOPLE: Final = ("manager", "approver", "platform", "other_manager", "other_platform", "regulator")
WHO: Final = st.sampled_from((*PEOPLE, "manager", "manager", "platform", "platform", "platform"))
"""Those who may do something more often than those who never may."""
OUTCOMES: Final = (AnswerOutcome.REMOVED, AnswerOutcome.KEPT, AnswerOutcome.MORE_WANTED)
SPOKEN: Final = (S.SENT, S.ACKNOWLEDGED, S.ANSWERED)


class Server:
    """The platform's own system, as it is just now."""

    is_ = "up"

    def deliver(self, letter: Letter) -> str:
        match self.is_:
            case "down":
                raise Unreachable("status", status=503)
            case "refusing":
                raise TurnedDown("status", status=422, words="店铺不存在")
            case "odd":
                raise Unreadable("receipt", status=200, words="<html>")
            case _:
                return f"LH-{letter.key}"


class NoticeMachine(WalkOfOne):
    """One notice of a case to 蓝海商城, and a few lines of what must be true of it."""

    server: Server
    serial = 0

    def _now(self) -> Notice:
        return row(self.desks, Notice, self.id)

    @initialize(channel=st.sampled_from([*C, C.PUSH]), steps=st.integers(0, 6))
    def draft(self, channel: NoticeChannel, steps: int) -> None:
        self.clock.at = NOON
        self.server.is_ = "up"
        type(self).serial += 1
        case = decided(self.desks, shop_no=5000 + self.serial)
        self.case_id = case.id
        self.shop_id: Any = case.shop_id
        self.id: UUID = draft_notice(self.desks.manager, case.id).id
        self.state, self.channel, self.is_open, self.was_sent = S.DRAFT, C.PORTAL, True, False
        self.given: list[tuple[AnswerOutcome, str]] = []
        self.counted = self.late = self.unread = 0
        self.is_removed = False
        self.waits = False
        for _ in range(steps):
            self.goes_on(channel, AnswerOutcome.REMOVED)

    @rule(is_=st.sampled_from(["up", "up", "down", "refusing", "odd"]))
    def network(self, is_: str) -> None:
        self.server.is_ = is_

    @rule(who=WHO, channel=st.sampled_from(list(C)))
    def send(self, who: str, channel: NoticeChannel) -> None:
        if self.state in {S.ANSWERED, S.CLOSED}:
            return  # a case may have another notice; this is about one
        may = who == "manager" and self.is_open and self.state in {S.DRAFT, S.TURNED_DOWN}
        if self._tried(may, lambda: send_notice(self._desk(who), self.case_id, channel=channel)):
            self.channel = channel
            self._delivered()

    def _delivered(self) -> None:
        """What one try makes of it."""
        self.waits = False
        if self.channel is C.MAIL:
            self.state = S.SENDING
        elif self.channel is C.PORTAL or self.server.is_ == "up":
            self.state, self.was_sent = S.SENT, True
        elif self.server.is_ == "refusing":
            self.state = S.TURNED_DOWN
        else:
            self.state, self.waits = S.SENDING, self.server.is_ == "down"

    @rule()
    def tried_again_by_itself(self) -> None:
        before = self._now().version
        assert advance_notice(self.desks.house, self.id) is False
        if self.state is S.SENDING and self.waits:
            self._delivered()
        else:
            assert self._now().version == before

    @rule(who=WHO)
    def retry(self, who: str) -> None:
        may = who == "manager" and self.state is S.SENDING and self.channel is not C.MAIL
        if self._tried(may, lambda: retry_notice(self._desk(who), self.id)):
            self._delivered()

    @rule(who=WHO)
    def mailed(self, who: str) -> None:
        may = who == "manager" and self.state in {S.SENDING, S.SENT, S.ACKNOWLEDGED}
        done = self._tried(may, lambda: note_mailed(self._desk(who), self.id, "陈明已发邮件"))
        if done and self.state is S.SENDING:
            self.state, self.was_sent, self.channel = S.SENT, True, C.MAIL

    def _knows(self, who: str) -> bool:
        """The platform: what it was sent, and what its own server was told of."""
        pushed = self.channel is C.PUSH and self.state in {S.SENDING, S.TURNED_DOWN}
        return who == "platform" and (self.was_sent or pushed)

    @rule(who=WHO)
    def acknowledge(self, who: str) -> None:
        done = self._tried(self._knows(who), lambda: acknowledge(self._desk(who), self.id))
        if done and self.state in {S.SENDING, S.TURNED_DOWN, S.SENT}:
            self.state, self.was_sent = S.ACKNOWLEDGED, True

    @rule(who=WHO, outcome=st.sampled_from(OUTCOMES), words=st.sampled_from(["已办", "另说"]))
    def answer(self, who: str, outcome: AnswerOutcome, words: str) -> None:
        is_late = self.state is S.CLOSED or not self.is_open
        again = (outcome, words) in self.given
        may = self._knows(who) and (again or is_late or self.state is not S.ANSWERED)
        proofs = [("a.png", PNG)] if outcome is AnswerOutcome.REMOVED else []
        before = self._now().version

        def act() -> object:
            return answer(self._desk(who), self.id, outcome, words, proofs)

        if not self._tried(may, act):
            return
        if again or is_late:
            assert self._now().version == before
        if again:
            return
        self.given.append((outcome, words))
        if is_late:
            self.late, self.unread = self.late + 1, self.unread + 1
            return
        self.state, self.was_sent, self.counted = S.ANSWERED, True, self.counted + 1
        self.is_removed |= outcome is AnswerOutcome.REMOVED

    @rule(who=WHO)
    def ask_again(self, who: str) -> None:
        may = who == "manager" and self.state is S.ANSWERED and self.is_open
        if self._tried(may, lambda: ask_again(self._desk(who), self.id, "请补充")):
            self.state = S.ACKNOWLEDGED

    @rule(who=WHO)
    def say(self, who: str) -> None:
        may = who in {"manager", "platform"} and self.state in SPOKEN
        self._tried(may, lambda: say(self._desk(who), self.id, "收到"))

    @rule(who=WHO)
    def close(self, who: str) -> None:
        may = who == "manager" and self.state is not S.CLOSED
        may = may and (not self.is_open or self.state is S.DRAFT)
        if self._tried(may, lambda: close_thread(self._desk(who), self.id)):
            self.state = S.CLOSED

    @rule(who=WHO)
    def take_note(self, who: str) -> None:
        if self._tried(who == "manager", lambda: take_note(self._desk(who), self.id)):
            self.unread = 0

    @rule(channel=st.sampled_from(list(C)), outcome=st.sampled_from(OUTCOMES))
    def goes_on(self, channel: NoticeChannel, outcome: AnswerOutcome) -> None:
        """The step that is due, by whoever has to take it."""
        match self.state:
            case S.DRAFT | S.TURNED_DOWN:
                self.send("manager", channel)
            case S.SENDING:
                self.mailed("manager")
            case S.SENT:
                self.acknowledge("platform")
            case S.ACKNOWLEDGED:
                self.answer("platform", outcome, "已办")
            case S.ANSWERED:
                self.ask_again("manager")
            case S.CLOSED:
                self.take_note("manager")

    @rule(sure=st.integers(0, 5))
    def the_case_ends(self, sure: int) -> None:
        if sure or not self.is_open:
            return
        with self.desks.house.begin(Permission.CASE_SEND) as work:
            case = work.session.get_one(Case, self.case_id)
            case.state = CaseState.TRANSFERRED
            work.record("case.planted", case)
        self.is_open = False

    @rule(days=st.sampled_from([0.01, 1, 3, 8]))
    def time_passes(self, days: float) -> None:
        self.clock.pass_(days=days)
        sweep_notices(self.desks.house)
        if not self.is_open:
            self.state = S.CLOSED
        now = self._now()
        if now.next_try_at is not None and now.state in {S.SENT, S.ACKNOWLEDGED}:
            self.channel = now.channel  # a reminder goes by push where the notice waited here
        assert sweep_notices(self.desks.house) == 0

    @invariant()
    def it_is_as_the_rules_say(self) -> None:
        now = self._now()
        assert (now.state, now.sent_at is not None) == (self.state, self.was_sent)
        assert now.answer_due_at is None or now.state in RECEIVED
        assert (now.answered_at is not None) >= (now.state is S.ANSWERED)
        if now.escalated_at is not None:
            assert now.escalated_ground
        if self.is_removed:
            assert row(self.desks, Shop, self.shop_id).state is ShopState.REMOVED

    def teardown(self) -> None:
        if not hasattr(self, "id"):
            return
        record = thread_record(self.desks.house, self.id)
        deeds = [one.deed for one in record.history]
        assert deeds.count("notice.sent") == int(self.was_sent)
        assert deeds.count("notice.acknowledged") <= 1
        assert deeds.count("notice.answered") == self.counted
        assert deeds.count("notice.answered_late") == self.late
        assert [(one.outcome, one.words_given) for one in record.answers] == self.given
        unread = [one for one in record.answers if one.is_late and one.seen_at is None]
        assert len(unread) == self.unread


def walked_by_push(
    desks: Desks, clock: Clock, patch: pytest.MonkeyPatch, examples: int
) -> Counter[str]:
    class Here(NoticeMachine):
        server = Server()

    def push_of(desk: Desk, mailbox: Mailbox) -> Server:
        del desk, mailbox
        return Here.server

    patch.setattr("console.actions.cases.notices.delivering.push_of", push_of)
    set_mailbox(desks.platform, "https://lanhai.example/notices")
    return walked(
        Here, desks, clock, max_examples=examples, stateful_step_count=50, derandomize=True
    )


def test_no_order_of_steps_has_more_than_one_effect(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = walked_by_push(desks, clock, monkeypatch, 5)
    assert min(steps["done"], steps["refused"]) > MANY


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_no_order_of_many_steps_has_more_than_one_effect(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = walked_by_push(desks, clock, monkeypatch, 200)
    assert min(steps["done"], steps["refused"]) > 20 * MANY
