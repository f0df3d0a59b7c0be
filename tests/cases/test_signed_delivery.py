"""Deliveries are signed as Standard Webhooks says, and each arrives once by whatever channel."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from email.message import EmailMessage
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest

from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.delivering import (
    advance_notice,
    note_mailed,
    retry_notice,
    waiting_notices,
)
from console.actions.cases.notices.mail import LARGEST_ATTACHED, notice_mail
from console.actions.cases.notices.mailboxes import renew_secret, set_mailbox
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.notices.sweeps import remind_notices
from console.actions.cases.notices.threads import thread_record
from console.actions.work import work_items
from models.cases.cases import Case, CaseState
from models.cases.notices import AnswerOutcome, Mailbox, Notice, NoticeChannel, NoticeState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from tests.cases.world import PNG, at_loopback, decided, removed, row, sent
from tests.conftest import Clock, Desks
from tests.shops import Answer, Call, open_shop


def is_signed(call: Call, secret: str, now: float) -> bool:
    """The check of the Standard Webhooks specification 1.0, from its text alone."""
    head = {name.lower(): value for name, value in call.headers.items()}
    if abs(now - int(head["webhook-timestamp"])) > 300:
        return False
    told = b".".join([head["webhook-id"].encode(), head["webhook-timestamp"].encode(), call.body])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
    return any(
        version == "v1" and hmac.compare_digest(given, wanted)
        for version, _, given in (one.partition(",") for one in head["webhook-signature"].split())
    )


@dataclass
class Server:
    """A platform's own system: it files each webhook-id once, and may be out of order."""

    status: int = 200
    filed: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, call: Call) -> Answer:
        receipt = self.filed.setdefault(call.headers["webhook-id"], f"LH-{len(self.filed) + 1}")
        return Answer({"receipt": receipt} if self.status == 200 else "维护中", self.status)


def test_a_delivery_is_signed_with_the_secret_that_was_shown_once(
    desks: Desks, clock: Clock
) -> None:
    desks = at_loopback(desks)
    with open_shop(Server()) as stand:
        made = set_mailbox(desks.platform, stand.url)
        assert made.secret.startswith("whsec_")
        assert len(base64.b64decode(made.secret.removeprefix("whsec_"))) == 32
        again = set_mailbox(desks.platform, f"{stand.url}/in")
        notice = sent(desks)
    (call,) = stand.calls

    assert again.secret == ""
    assert call.headers["webhook-id"] == notice.number
    assert is_signed(call, made.secret, clock.at.timestamp())
    forged = Call(call.method, call.path, call.query, call.headers, call.body + b" ")
    assert not is_signed(forged, made.secret, clock.at.timestamp())
    assert not is_signed(call, made.secret, clock.at.timestamp() + 301)
    kept = row(desks, Mailbox, made.box.id).signing_key or b""
    assert made.secret.removeprefix("whsec_").encode() not in kept
    told = json.loads(call.body)
    assert told["pack"].endswith(f"/api/v1/notices/{notice.id}/pack")


def test_for_a_day_a_renewed_secret_and_the_old_one_both_hold(desks: Desks, clock: Clock) -> None:
    desks = at_loopback(desks)
    with pytest.raises(NotFound):
        renew_secret(desks.platform)
    with open_shop(Server()) as stand:
        first = set_mailbox(desks.platform, stand.url).secret
        second = renew_secret(desks.platform).secret
        sent(desks)
        clock.pass_(days=1)
        sent(desks, shop_no=2)
        third = renew_secret(desks.platform).secret
        sent(desks, shop_no=3)
    checked = [
        [is_signed(call, one, int(call.headers["webhook-timestamp"])) for one in secrets]
        for call, secrets in zip(stand.calls, [(first, second, third)] * 3, strict=True)
    ]

    assert checked == [[True, True, False], [False, True, False], [False, True, True]]
    assert [len(call.headers["webhook-signature"].split()) for call in stand.calls] == [2, 1, 2]


@pytest.mark.requirement("004-3.3-c")
def test_what_the_platform_answers_while_it_is_being_pushed_counts_and_the_push_no_more(
    desks: Desks, clock: Clock
) -> None:
    """The server filed it and its answer was lost: the acknowledgement comes first."""
    desks, server = at_loopback(desks), Server(503)
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = send_notice(desks.manager, decided(desks).id)
        assert notice.state is NoticeState.SENDING
        with pytest.raises(NotFound):
            acknowledge(desks.other_platform, notice.id)
        with pytest.raises(NotFound):
            acknowledge(desks.platform, "not-an-id")
        acknowledge(desks.platform, notice.id)
        acknowledge(desks.platform, notice.id)
        clock.pass_(minutes=1)
        assert waiting_notices(desks.house) == []
        server.status = 200
        assert advance_notice(desks.house, notice.id) is False
        with pytest.raises(Conflict):
            retry_notice(desks.manager, notice.id)
    got = row(desks, Notice, notice.id)

    assert (got.state, got.receipt) == (NoticeState.ACKNOWLEDGED, f"ACK {notice.number}")
    assert row(desks, Case, got.case_id).state is CaseState.EXECUTING
    deeds = [one.deed for one in thread_record(desks.manager, notice.id).history]
    assert [deeds.count(f"notice.{one}") for one in ("sent", "acknowledged")] == [1, 1]
    assert len(stand.calls) == 1


def test_an_answer_that_overtakes_the_receipt_of_its_notice_counts_once(desks: Desks) -> None:
    """The platform answers from within the delivery, before we know of its receipt."""
    desks = at_loopback(desks)
    told: list[UUID] = []

    def fast(call: Call) -> Answer:
        notice_id = UUID(json.loads(call.body)["answer_to"].split("/")[-2])
        told.append(notice_id)
        answer(desks.platform, notice_id, AnswerOutcome.REMOVED, "", [("a.png", PNG)])
        return Answer({"receipt": "LH-1"})

    with open_shop(fast) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = send_notice(desks.manager, decided(desks).id)
    got = row(desks, Notice, notice.id)

    assert told == [notice.id]
    assert (got.state, got.tries) == (NoticeState.ANSWERED, 0)
    deeds = [one.deed for one in thread_record(desks.manager, notice.id).history]
    assert [deeds.count(f"notice.{one}") for one in ("sent", "acknowledged", "answered")] == [
        1, 1, 1,
    ]  # fmt: skip


def test_a_notice_that_was_turned_down_may_be_answered_all_the_same(desks: Desks) -> None:
    desks = at_loopback(desks)
    with open_shop(Server(422)) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
    assert notice.state is NoticeState.TURNED_DOWN
    assert removed(desks, notice).state is NoticeState.ANSWERED


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.requirement("004-3.3-c")
def test_a_notice_by_mail_is_delivered_when_its_sender_says_who_sent_it(desks: Desks) -> None:
    notice = send_notice(desks.manager, decided(desks).id, channel=NoticeChannel.MAIL)
    assert (notice.state, notice.next_try_at) == (NoticeState.SENDING, None)
    assert ("notice_mail", notice.number) in {
        (one.kind, one.title) for one in work_items(desks.manager)
    }
    data = notice_mail(desks.manager, notice.id).data
    assert data is not None
    message = parsed(data)

    assert data.isascii()
    assert message["X-Unsent"] == "1"
    assert message["Subject"] == notice.subject
    assert message["Message-ID"] == f"<{notice.number}@127.0.0.1>"
    assert "中国电信广东" in str(message["From"])
    assert message["Date"] is not None
    text, pack = message.iter_parts()
    assert text.get_content_charset() == "utf-8"
    assert notice.body in text.get_content().replace("\r\n", "\n")
    content = pack.get_content()
    assert pack.get_filename() == f"{notice.number}.zip"
    assert hashlib.sha256(content).hexdigest() in text.get_content()
    assert ZipFile(BytesIO(content)).testzip() is None
    for bad in ("", " ", "x" * 181, "证件 11010519491231002X"):
        with pytest.raises(Invalid):
            note_mailed(desks.manager, notice.id, bad)
    done = note_mailed(desks.manager, notice.id, "陈明 3 月 2 日发往 compliance@lanhai.example")
    assert done.state is NoticeState.SENT
    assert done.receipt == "MAIL 陈明 3 月 2 日发往 compliance@lanhai.example"
    removed(desks, notice)
    with pytest.raises(Conflict):
        note_mailed(desks.manager, notice.id, "再次")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_large_pack_goes_as_its_link_and_hash(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST_ATTACHED < 10 * 1024 * 1024
    monkeypatch.setattr("console.actions.cases.notices.mail.LARGEST_ATTACHED", 10)
    notice = sent(desks)
    data = notice_mail(desks.manager, notice.id).data
    assert data is not None
    message = parsed(data)
    assert not message.is_multipart()
    text = message.get_content()
    assert f"/files/evidence/notice/{notice.id}.zip" in text
    assert "SHA-256" in text


@pytest.mark.requirement("004-3.3-c")
def test_a_reminder_takes_another_channel_than_the_notice_did(desks: Desks, clock: Clock) -> None:
    desks, server = at_loopback(desks), Server(503)
    notice = sent(desks)
    with open_shop(server) as stand:
        secret = set_mailbox(desks.platform, stand.url).secret
        clock.pass_(days=2)
        assert remind_notices(desks.house) == 1
        assert remind_notices(desks.house) == 0
        for _ in range(2):
            for due in waiting_notices(desks.house):
                advance_notice(desks.house, due)
            clock.pass_(minutes=5)
            server.status = 200
        assert waiting_notices(desks.house) == []
    first, second = stand.calls

    assert server.filed == {f"{notice.number}-R1": "LH-1"}
    assert json.loads(first.body)["reminder"] == 1
    assert is_signed(second, secret, int(second.headers["webhook-timestamp"]))
    got = row(desks, Notice, notice.id)
    assert (got.state, got.reminders, got.next_try_at) == (NoticeState.SENT, 1, None)
    deeds = [one.deed for one in thread_record(desks.manager, notice.id).history]
    assert {"notice.reminded", "notice.reminder_not_taken", "notice.reminder_taken"} <= set(deeds)


def test_a_reminder_that_finds_nobody_is_given_up_after_a_day(desks: Desks, clock: Clock) -> None:
    desks = at_loopback(desks)
    notice = sent(desks)
    with open_shop(Server(503)) as stand:
        set_mailbox(desks.platform, stand.url)
        clock.pass_(days=2)
        remind_notices(desks.house)
        for _ in range(60):
            for due in waiting_notices(desks.house):
                advance_notice(desks.house, due)
            clock.pass_(hours=1)
    assert row(desks, Notice, notice.id).next_try_at is None
    assert 20 < len(stand.calls) < 40
    assert note_mailed(desks.manager, notice.id, "已电话并邮件催办").state is NoticeState.SENT
    with desks.house.begin(Permission.CASE_READ) as work:
        assert work.session.get_one(Notice, notice.id).reminders == 1
