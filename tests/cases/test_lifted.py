"""What is lifted is told to whoever had to carry it out, once; what was cut off is put on again."""

import email
import email.policy
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from sqlmodel import col, select

from console.actions.cases.authorities.appeals import (
    accept_case_appeal,
    decide_case_appeal,
    lodge_case_appeal,
)
from console.actions.cases.decide import approve, propose
from console.actions.cases.interim import lift_at_once
from console.actions.cases.late import sweep_deadlines
from console.actions.cases.lists import case_record
from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.delivering import note_mailed, retry_notice, waiting_notices
from console.actions.cases.notices.mail import notice_mail
from console.actions.cases.notices.mailboxes import remove_mailbox, set_mailbox
from console.actions.cases.notices.outgoing import advance_message, waiting_messages
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.notices.threads import ask_again, say, thread_record
from console.actions.cases.open import open_case
from console.actions.work import work_items
from console.desk import Desk
from console.jobs.registry import KINDS
from models.cases.appeals import CaseAppealMove
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure, MeasureState
from models.cases.notices import AnswerOutcome, Notice, NoticeChannel, NoticeState
from models.cases.outgoing import MessageEvent, OutgoingMessage
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cases.core import at_agent
from tests.cases.orders import PAPER
from tests.cases.test_case_appeals import FORM, WHY, fresh
from tests.cases.test_interim import stopped
from tests.cases.test_signed_delivery import is_signed
from tests.cases.world import (
    PNG,
    at_loopback,
    decided,
    established,
    measures_with,
    opened,
    proposal,
    removed,
    row,
    sent,
)
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.shops import Answer, Call, open_shop
from tests.test_api_docs import BLOCK, PAGE

SCOPE = {"kind": FindingKind.SCOPE_EXCEEDED, "tier": Tier.GENERAL}
OF_MESSAGES = next(one for one in KINDS if one.name == "message")


@dataclass
class Server:
    """A platform's own system: it files each webhook-id once, and may be out of order."""

    status: int = 200
    body: str | None = None
    filed: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, call: Call) -> Answer:
        if self.status != 200 or self.body is not None:
            return Answer(self.body or "维护中", self.status)
        number = call.headers["webhook-id"]
        return Answer({"receipt": self.filed.setdefault(number, f"LH-{len(self.filed) + 1}")})


def told_to_stop(desks: Desks, *measures: Measure, **how: NoticeChannel) -> tuple[Case, Notice]:
    """Of an agent's shop, stopped at once; its platform has been told."""
    agent, _, _ = licensed(desks)
    place = at_agent(desks, agent.id, **SCOPE)
    case = stopped(desks, established(desks, open_case(desks.manager, place.ids)), *measures)
    return case, send_notice(desks.manager, case.id, **how)


def decide(desks: Desks, case: Case, *measures: Measure) -> Case:
    propose(desks.manager, case.id, proposal(measures))
    return approve(desks.approver, case.id)


def upheld(desks: Desks, case_id: object) -> None:
    appeal = lodge_case_appeal(desks.manager, str(case_id), FORM, PAPER)
    accept_case_appeal(desks.approver, appeal.id)
    decide_case_appeal(fresh(desks), appeal.id, CaseAppealMove.UPHOLD, WHY)


def outgoing(desks: Desks) -> list[OutgoingMessage]:
    with desks.house.begin(Permission.CASE_READ) as work:
        query = select(OutgoingMessage).order_by(col(OutgoingMessage.id))
        return list(work.session.exec(query).all())


def pushed(desks: Desks) -> int:
    """As the worker does each second; how many were tried."""
    due = OF_MESSAGES.queued(desks.house)
    for one in due:
        assert OF_MESSAGES.advance(desks.house, one) is False
    return len(due)


def waiting(desk: Desk, of: str) -> list[str]:
    return [one.kind for one in work_items(desk) if one.kind.startswith(of)]


@pytest.mark.requirement("004-3.3-k")
def test_what_the_decision_does_not_keep_is_lifted_at_the_platforms_own_system_once(
    desks: Desks, clock: Clock
) -> None:
    desks, server = at_loopback(desks), Server()
    with open_shop(server) as stand:
        secret = set_mailbox(desks.platform, stand.url).secret
        case, notice = told_to_stop(desks, Measure.STOP_SERVICE)
        decide(desks, case, Measure.CORRECT)
        server.status = 503
        assert pushed(desks) == 1
        assert pushed(desks) == 0
        clock.pass_(minutes=1)
        server.status = 200
        assert [pushed(desks), pushed(desks)] == [1, 0]
        clock.pass_(days=1)
        assert pushed(desks) == 0
    call, told = stand.calls[-1], json.loads(stand.calls[-1].body)

    assert server.filed == {notice.number: "LH-1", f"{notice.number}-M1": "LH-2"}
    assert [one.headers["webhook-id"] for one in stand.calls] == [
        notice.number, f"{notice.number}-M1", f"{notice.number}-M1",
    ]  # fmt: skip
    assert is_signed(call, secret, (clock.at.timestamp()) - 86400)
    assert (told["event"], told["notice"], told["case"]) == (
        "lifted",
        notice.number,
        case.reference,
    )
    assert (told["measures"], told["still_asked"]) == (["stop_service"], ["correct"])
    assert told["thread"].endswith(f"/api/v1/notices/{notice.id}")
    (message,) = thread_record(desks.platform, notice.id).messages
    assert message.text == told["body"]
    assert "解除" in message.text
    assert row(desks, Notice, notice.id).state is NoticeState.SENT  # it still asks for something
    deeds = [one.deed for one in thread_record(desks.manager, notice.id).history]
    assert deeds.count("notice.lifting_told") == deeds.count("notice.message_taken") == 1


def test_the_page_for_programs_shows_a_lifting_as_it_is_pushed(desks: Desks) -> None:
    desks = at_loopback(desks)
    with open_shop(Server()) as stand:
        set_mailbox(desks.platform, stand.url)
        upheld(desks, sent(desks).case_id)
        pushed(desks)
    blocks = [text for kind, text in BLOCK.findall(PAGE.read_text("utf-8")) if kind == "json"]
    (shown,) = [json.loads(text) for text in blocks if '"event": "lifted"' in text]

    assert set(shown) == set(json.loads(stand.calls[-1].body))


def test_where_nothing_more_is_asked_the_thread_ends_and_nobody_is_reminded(
    desks: Desks, clock: Clock
) -> None:
    case, notice = told_to_stop(desks, Measure.REMOVE_LISTINGS)
    decide(desks, case, Measure.RECTIFY)
    clock.pass_(days=10)
    sweep_deadlines(desks.house)
    kept = row(desks, Notice, notice.id)
    (message,) = thread_record(desks.platform, notice.id).messages
    (sent_out,) = outgoing(desks)

    assert (kept.state, kept.reminders, kept.escalated_at) == (NoticeState.CLOSED, 0, None)
    assert "不再要求" in message.text
    assert "nothing more" in message.text
    assert (sent_out.channel, sent_out.receipt) == (
        NoticeChannel.PORTAL, f"PORTAL-{notice.number}-M1",
    )  # fmt: skip
    assert waiting_messages(desks.house) == []


def test_a_graver_decision_lifts_nothing_that_a_platform_is_told_of(desks: Desks) -> None:
    case = stopped(desks, established(desks, opened(desks)), Measure.REMOVE_LISTINGS)
    send_notice(desks.manager, case.id)
    decide(desks, case, *measures_with(desks, case, Measure.STOP_SERVICE))
    (interim,) = [one for one in case_record(desks.manager, case.id).measures if one.is_interim]

    assert interim.state is MeasureState.LIFTED
    assert outgoing(desks) == []


def test_a_notice_that_never_arrived_is_not_sent_any_more_and_a_push_of_unknown_end_is_undone(
    desks: Desks, clock: Clock
) -> None:
    """Whether the server has filed it nobody knows: so it is told, and after the notice."""
    desks, server = at_loopback(desks), Server(status=503)
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        case, notice = told_to_stop(desks, Measure.STOP_SERVICE)
        decide(desks, case, Measure.RECTIFY)
        server.status = 200
        assert pushed(desks) == 0
        clock.pass_(minutes=1)
        assert pushed(desks) == 1
        assert waiting_notices(desks.house) == []

    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED
    assert list(server.filed) == [f"{notice.number}-M1"]


def test_a_process_killed_after_the_push_tells_the_same_message_again(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks, server = at_loopback(desks), Server()

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
        upheld(desks, notice.case_id)
        with monkeypatch.context() as patch:
            patch.setattr("console.actions.cases.notices.outgoing._arrived", killed)
            with pytest.raises(Killed):
                pushed(desks)
        assert pushed(desks) == 1

    assert server.filed == {notice.number: "LH-1", f"{notice.number}-M1": "LH-2"}
    assert len(stand.calls) == 3
    (one,) = outgoing(desks)
    assert (one.receipt, one.measures) == ("LH-2", ["remove_shop"])
    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED


def test_workers_that_push_at_the_same_moment_keep_one_receipt(desks: Desks) -> None:
    desks, server = at_loopback(desks), Server()
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
        upheld(desks, notice.case_id)
        (due,) = OF_MESSAGES.queued(desks.house)
        with ThreadPoolExecutor(6) as crowd:
            done = list(crowd.map(advance_message, [desks.house] * 6, [due] * 6))

    assert done == [False] * 6
    assert server.filed == {notice.number: "LH-1", f"{notice.number}-M1": "LH-2"}
    deeds = [one.deed for one in thread_record(desks.manager, notice.id).history]
    assert deeds.count("notice.message_taken") == deeds.count("notice.lifting_told") == 1


def test_a_lifting_that_a_server_turns_down_waits_for_a_person_who_pushes_or_mails_it(
    desks: Desks,
) -> None:
    desks, server = at_loopback(desks), Server()
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
        upheld(desks, notice.case_id)
        server.body, server.status = "店铺不存在", 422
        pushed(desks)
        assert waiting(desks.manager, "lifting") == ["lifting_look"]
        assert waiting(desks.platform, "lifting") == []
        retry_notice(desks.manager, notice.id)
        assert [pushed(desks), pushed(desks)] == [1, 0]
        note_mailed(desks.manager, notice.id, "陈明 3 月 2 日发往 law@lanhai.example")
        with pytest.raises(Conflict):
            note_mailed(desks.manager, notice.id, "再发一次")

    (one,) = outgoing(desks)
    assert (one.channel, one.next_try_at) == (NoticeChannel.MAIL, None)
    assert (one.receipt or "").startswith("MAIL 陈明")
    assert waiting(desks.manager, "lifting") == []


def test_what_went_by_mail_is_lifted_by_mail(desks: Desks) -> None:
    case, notice = told_to_stop(desks, Measure.STOP_SERVICE, channel=NoticeChannel.MAIL)
    note_mailed(desks.manager, notice.id, "陈明已发")
    decide(desks, case, Measure.CORRECT)
    assert waiting(desks.manager, "lifting") == ["lifting_mail"]
    data = notice_mail(desks.manager, notice.id).data
    assert data is not None
    mail = email.message_from_bytes(data, policy=email.policy.default)
    note_mailed(desks.manager, notice.id, "陈明已发解除通知")

    assert str(mail["Subject"]).startswith(f"{notice.number}-M1")
    assert str(mail["In-Reply-To"]).startswith(f"<{notice.number}@")
    assert "解除" in mail.get_content()
    assert row(desks, Notice, notice.id).reminded_at is None
    assert waiting(desks.manager, "lifting") == []


def test_what_either_side_writes_reaches_the_others_own_system(desks: Desks, clock: Clock) -> None:
    """Of carriers too: each organisation has a mailbox of its own, and one alone."""
    desks, platform, carrier = at_loopback(desks), Server(), Server()
    with open_shop(platform) as there, open_shop(carrier) as here:
        set_mailbox(desks.platform, there.url)
        set_mailbox(desks.manager, here.url)
        notice = sent(desks)
        removed(desks, notice)
        ask_again(desks.manager, notice.id, "请补充下架时间")
        say(desks.platform, notice.id, "今日补充")
        assert pushed(desks) == 2
        carrier.status = 503
        say(desks.platform, notice.id, "请查收")
        pushed(desks)
        clock.pass_(days=2)
        pushed(desks)
        clock.pass_(days=2)
        assert pushed(desks) == 0  # it stands in the thread anyway
    told = [json.loads(one.body) for one in (there.calls[-1], here.calls[0])]

    assert [(one["event"], one["body"]) for one in told] == [
        ("asked_again", "请补充下架时间"), ("said", "今日补充"),
    ]  # fmt: skip
    assert list(carrier.filed) == [f"{notice.number}-M2"]
    assert waiting(desks.platform, "lifting") == waiting(desks.manager, "lifting") == []
    with pytest.raises(NotFound), desks.other_manager.begin(Permission.NOTICE_WRITE) as work:
        work.get(OutgoingMessage, outgoing(desks)[0].id)


def test_a_message_to_a_mailbox_that_was_taken_away_stays_in_the_console(desks: Desks) -> None:
    desks = at_loopback(desks)
    with open_shop(Server()) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
        say(desks.manager, notice.id, "收到请回复")
        remove_mailbox(desks.platform)
        assert pushed(desks) == 1
    (one,) = outgoing(desks)

    assert (one.event, one.receipt) == (MessageEvent.SAID, f"PORTAL-{notice.number}-M1")
    assert advance_message(desks.house, one.id) is False
    assert len(stand.calls) == 1


# By hand


def test_what_was_stopped_is_lifted_before_the_decision_by_another_than_who_ordered_it(
    desks: Desks,
) -> None:
    case, notice = told_to_stop(desks, Measure.STOP_SERVICE, Measure.REMOVE_LISTINGS)
    why = "经核实该店有委托"
    with pytest.raises(NotAllowed) as same:
        lift_at_once(desks.manager, case.id, [Measure.STOP_SERVICE], why)
    lift_at_once(desks.approver, case.id, [Measure.STOP_SERVICE], why)
    with pytest.raises(Conflict) as twice:
        lift_at_once(desks.approver, case.id, [Measure.STOP_SERVICE], why)
    (one,) = outgoing(desks)
    (message,) = thread_record(desks.platform, notice.id).messages

    assert same.value.code == "case_lifting.same_person"
    assert twice.value.code == "case_lifting.not_held"
    assert (one.measures, one.still_asked) == (["stop_service"], ["remove_listings"])
    assert why in message.text
    assert row(desks, Case, case.id).state is CaseState.INVESTIGATING
    lift_at_once(desks.approver, case.id, [Measure.REMOVE_LISTINGS], why)
    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED
    late = answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "", [("a.png", PNG)])
    assert late.state is NoticeState.CLOSED


def test_what_was_decided_is_lifted_by_an_appeal_and_not_by_hand(desks: Desks) -> None:
    case = decided(desks)
    with pytest.raises(Conflict) as late:
        lift_at_once(desks.approver, case.id, [Measure.REMOVE_SHOP], "误报")

    assert late.value.code == "case_lifting.not_now"
