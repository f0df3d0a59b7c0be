"""Notices reach a platform's own server, however often it has to be asked."""

import json
from dataclasses import dataclass, field

import pytest
from sqlmodel import select

from console.actions.cases.boards import find_cases
from console.actions.cases.lists import case_record
from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.delivering import (
    advance_notice,
    pause_after,
    retry_notice,
    waiting_notices,
)
from console.actions.cases.notices.mailboxes import my_mailbox, remove_mailbox, set_mailbox
from console.actions.cases.notices.sending import send_notice
from console.desk import AlreadyDone
from console.jobs.notices import NOTICES
from models.cases.cases import Case, CaseState
from models.cases.notices import AnswerOutcome, Mailbox, Notice, NoticeState, Proof
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from tests.cases.world import PDF, PNG, at_loopback, decided, removed, row, sent
from tests.conftest import Clock, Desks
from tests.shops import Answer, Call, open_shop

KEY = "k-lanhai-secret"


@dataclass
class Server:
    """A platform's own system: it files each number once, and may be out of order."""

    status: int = 200
    body: str | None = None
    filed: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, call: Call) -> Answer:
        if self.status != 200 or self.body is not None:
            return Answer(self.body or "维护中", self.status)
        number = call.headers["idempotency-key"]
        receipt = self.filed.setdefault(number, f"LH-{len(self.filed) + 1}")
        return Answer({"receipt": receipt}, 202)


def test_a_notice_is_pushed_with_its_number_as_key_and_sealed_bearer(desks: Desks) -> None:
    desks, server = at_loopback(desks), Server()
    with open_shop(server) as stand:
        set_mailbox(desks.platform, f"{stand.url}/notices", KEY)
        notice = sent(desks)
    (call,) = stand.calls
    told = json.loads(call.body)

    assert (notice.state, notice.receipt) == (NoticeState.SENT, "LH-1")
    assert (call.method, call.path) == ("POST", "/notices")
    assert call.headers["authorization"] == f"Bearer {KEY}"
    assert call.headers["idempotency-key"] == notice.number == told["number"]
    assert (told["shop_id"], told["measure"], told["ground"]) == (
        "shop:9001",
        "remove_shop",
        "no_delegation",
    )
    assert told["listings"][0]["url"] == "https://lanhai.example/i/9001"
    assert told["answer_to"].endswith(f"/api/v1/notices/{notice.id}/answer")
    box = my_mailbox(desks.platform)
    assert box is not None
    assert KEY.encode() not in (row(desks, Mailbox, box.id).key or b"")


def test_a_platform_out_of_reach_gets_its_notice_later_and_once(desks: Desks, clock: Clock) -> None:
    desks, server = at_loopback(desks), Server(status=503)
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url, KEY)
        case = decided(desks)
        notice = send_notice(desks.manager, case.id)
        assert (notice.state, notice.tries) == (NoticeState.SENDING, 1)
        assert row(desks, Case, case.id).state is CaseState.DECIDED
        assert find_cases(desks.platform).rows == []
        with pytest.raises(Conflict):
            send_notice(desks.manager, case.id)
        assert NOTICES.queued(desks.house) == []
        clock.pass_(minutes=1)
        assert NOTICES.queued(desks.house) == [notice.id]
        assert NOTICES.advance(desks.house, notice.id) is False
        assert waiting_notices(desks.house) == []
        clock.pass_(minutes=2)
        server.status = 200
        for _ in range(3):
            advance_notice(desks.house, notice.id)
    got = row(desks, Notice, notice.id)

    assert (got.state, got.receipt, got.sent_at) == (NoticeState.SENT, "LH-1", clock.at)
    assert server.filed == {notice.number: "LH-1"}
    assert len(stand.calls) == 3
    assert row(desks, Case, case.id).state is CaseState.EXECUTING
    deeds = [one.deed for one in case_record(desks.manager, case.id).history]
    assert deeds.count("notice.sent") == 1
    assert deeds.count("notice.not_reached") == 2


def test_a_process_killed_between_promise_and_answer_leaves_one_notice(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has filed it, and we never heard: the second delivery is the same notice."""
    desks, server = at_loopback(desks), Server()
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        case = decided(desks)

        class Killed(BaseException):
            pass

        def killed(*_: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("console.actions.cases.notices.delivering._taken", killed)
            with pytest.raises(Killed):
                send_notice(desks.manager, case.id)
        clock.pass_(minutes=1)
        (left,) = waiting_notices(desks.house)
        advance_notice(desks.house, left)

    assert server.filed == {"NTC-2026-000001": "LH-1"}
    assert len(stand.calls) == 2
    assert row(desks, Notice, left).receipt == "LH-1"
    assert "authorization" not in stand.calls[0].headers


def test_what_a_platform_says_when_it_turns_a_notice_down_is_kept(desks: Desks) -> None:
    desks, server = at_loopback(desks), Server(422, '{"error":"店铺不存在"}')
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
        assert notice.state is NoticeState.TURNED_DOWN
        assert "店铺不存在" in notice.last_words
        server.status, server.body = 200, None
        assert notice.case_id is not None
        again = send_notice(desks.manager, notice.case_id)

    assert (again.number, again.state) == (notice.number, NoticeState.SENT)


def test_an_answer_that_cannot_be_read_waits_for_a_person(desks: Desks, clock: Clock) -> None:
    desks, server = at_loopback(desks), Server(200, "<html>Bienvenue</html>")
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        notice = sent(desks)
        assert (notice.state, notice.next_try_at) == (NoticeState.SENDING, None)
        assert "Bienvenue" in notice.last_words
        clock.pass_(days=1)
        assert waiting_notices(desks.house) == []
        assert advance_notice(desks.house, notice.id) is False
        assert len(stand.calls) == 1
        server.body = None
        got = retry_notice(desks.manager, notice.id)

    assert (got.state, got.receipt) == (NoticeState.SENT, "LH-1")
    with pytest.raises(Conflict):
        retry_notice(desks.manager, notice.id)


def test_a_key_is_not_carried_to_where_a_redirect_points(desks: Desks) -> None:
    desks = at_loopback(desks)
    with open_shop(Server()) as other:

        def away(_: Call) -> Answer:
            return Answer("", 307, {"Location": f"{other.url}/steal"})

        with open_shop(away) as stand:
            set_mailbox(desks.platform, stand.url, KEY)
            notice = sent(desks)

    assert other.calls == []
    assert notice.state is NoticeState.TURNED_DOWN


def test_a_mailbox_may_not_point_into_our_own_network(desks: Desks) -> None:
    set_mailbox(desks.platform, "https://127.0.0.1/in", KEY)
    notice = sent(desks)

    assert notice.state is NoticeState.TURNED_DOWN
    assert "127.0.0.1" in notice.last_words


def test_an_organisation_sets_its_own_mailbox_and_to_a_safe_address(desks: Desks) -> None:
    for bad in (
        "http://lanhai.example/in",
        "ftp://x",
        "https://u:p@lanhai.example",
        "",
        "https://",
    ):
        with pytest.raises(Invalid):
            set_mailbox(desks.platform, bad)
    with pytest.raises(Invalid):
        set_mailbox(desks.platform, "https://lanhai.example/in", "a\nb")
    with pytest.raises(NotAllowed):
        set_mailbox(desks.regulator, "https://ca.example/in")
    with pytest.raises(NotAllowed) as house:
        set_mailbox(desks.house, "https://lanhai.example/in")
    set_mailbox(desks.platform, "https://lanhai.example/in", KEY)

    assert house.value.code == "mailbox.own_only"
    assert my_mailbox(desks.other_platform) is None
    remove_mailbox(desks.platform)
    assert my_mailbox(desks.platform) is None


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_after(n).total_seconds() / 60 for n in (0, 1, 2, 3, 6, 7, 400)] == [
        1, 1, 2, 4, 32, 60, 60,
    ]  # fmt: skip


def test_a_notice_sent_twice_under_one_key_is_one_notice(desks: Desks) -> None:
    case = decided(desks)
    notice = send_notice(desks.manager.keyed("k", "f"), case.id)
    with pytest.raises(AlreadyDone) as again:
        send_notice(desks.manager.keyed("k", "f"), case.id)

    assert (again.value.kind, again.value.subject) == ("Notice", notice.id)


def proofs_kept(desks: Desks) -> list[Proof]:
    with desks.house.begin(Permission.CASE_READ) as work:
        return list(work.session.exec(select(Proof)).all())


@pytest.mark.requirement("004-3.3-c")
def test_an_answer_given_twice_counts_once_and_another_is_refused(desks: Desks) -> None:
    notice = sent(desks)
    first = removed(desks, notice)
    again = removed(desks, notice)
    with pytest.raises(Conflict):
        answer(desks.platform, notice.id, AnswerOutcome.KEPT, "其实没有处理")
    acknowledge(desks.platform, notice.id)

    assert first.id == again.id
    assert len(proofs_kept(desks)) == 1
    assert row(desks, Notice, notice.id).version == first.version


def test_an_answer_under_one_key_counts_once(desks: Desks) -> None:
    notice = sent(desks)

    def give() -> None:
        keyed = desks.platform.keyed("k", "f")
        answer(keyed, notice.id, AnswerOutcome.REMOVED, "", [("a", PDF)])

    give()
    with pytest.raises(AlreadyDone) as again:
        give()

    assert (again.value.kind, again.value.subject) == ("Notice", notice.id)
    assert len(proofs_kept(desks)) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("网页.png", b"<html><script>alert(1)</script>"),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("包.pdf", b"PK\x03\x04"),
        ("空.jpg", b""),
        ("late.pdf", b" %PDF-1.7"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_proof_is_a_picture_or_a_pdf_by_its_bytes(desks: Desks, name: str, data: bytes) -> None:
    notice = sent(desks)
    with pytest.raises(Invalid) as no:
        answer(
            desks.platform, notice.id, AnswerOutcome.REMOVED, "", [("ok.png", PNG), (name, data)]
        )

    assert (no.value.code, no.value.facts) == ("file.wrong_type", {"name": name})
    assert row(desks, Notice, notice.id).state is NoticeState.SENT
    assert proofs_kept(desks) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_answer_says_and_shows_enough_and_not_too_much(desks: Desks) -> None:
    notice = sent(desks)

    def code(outcome: AnswerOutcome, words: str, *proofs: tuple[str, bytes]) -> str:
        with pytest.raises(Invalid) as no:
            answer(desks.platform, notice.id, outcome, words, proofs)
        return no.value.code

    assert code(AnswerOutcome.REMOVED, "已清理") == "answer.proof_needed"
    assert code(AnswerOutcome.KEPT, " ") == "answer.words_needed"
    assert code(AnswerOutcome.KEPT, "x" * 4001) == "answer.words_too_long"
    assert code(AnswerOutcome.REMOVED, "", *[("a", PNG)] * 11) == "answer.too_many_proofs"
    assert code(AnswerOutcome.REMOVED, "", ("大.png", PNG + b"0" * 10_485_760)) == (
        "file.too_large"
    )
    answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "", [("..\\..\\a\r\n.png", PNG)])
    assert [one.name for one in proofs_kept(desks)] == ["a.png"]
