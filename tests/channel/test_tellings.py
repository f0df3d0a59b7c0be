"""What platforms are told of licences: seen at once, pushed until taken, acknowledged."""

import json
from datetime import timedelta
from functools import partial

import pytest

from console.actions.cases.notices.mailboxes import remove_mailbox, set_mailbox
from console.actions.channel.licences import licence_record, suspend_licence
from console.actions.channel.tellings import (
    acknowledge_telling,
    list_tellings,
    push_again,
    telling_record,
)
from console.actions.work import work_items
from console.desk import Desk
from console.jobs.tellings import TELLINGS
from models.audit import AuditEntry
from models.channel.licences import Licence
from models.channel.tellings import Telling, TellingEvent, TellingState
from models.refusals import Conflict, NotAllowed, NotFound
from tests.cases.test_delivery import KEY, Server
from tests.cases.world import at_loopback
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.shops import open_shop

suspend = partial(suspend_licence, reason="未亮照", remedy="向渠道部申诉")


def suspended(desks: Desks, serial: int = 1) -> tuple[Licence, Telling]:
    _, licence, _ = licensed(desks, serial, (f"100{serial}",))
    suspend(desks.manager, licence.id)
    return licence, list_tellings(desks.manager).rows[0]


def waits(desk: Desk) -> list[str]:
    return [item.kind for item in work_items(desk) if item.page == "tellings"]


@pytest.mark.requirement("004-3.3-c", "004-3.3-f")
def test_a_telling_is_on_the_platforms_list_at_once_and_acknowledged_there(desks: Desks) -> None:
    licence, telling = suspended(desks)
    assert waits(desks.platform) == ["telling_acknowledge"]
    assert waits(desks.manager) == waits(desks.other_platform) == []

    acknowledge_telling(desks.platform, telling.id)
    record = telling_record(desks.manager, telling.id)
    assert record.telling.acknowledged_by == "lan.xin"
    assert record.telling.state_at(desks.house.now()) is TellingState.ACKNOWLEDGED
    assert [entry.deed for entry in record.deeds] == ["telling.acknowledged", "telling.made"]
    assert waits(desks.platform) == []
    with pytest.raises(Conflict):
        acknowledge_telling(desks.platform, telling.id)
    (seen,) = licence_record(desks.manager, licence.id).tellings
    assert seen.acknowledged_at is not None


def test_only_the_platform_itself_acknowledges(desks: Desks) -> None:
    _, telling = suspended(desks)
    for desk in (desks.manager, desks.approver, desks.regulator):
        with pytest.raises(NotAllowed):
            acknowledge_telling(desk, telling.id)
    with pytest.raises(NotFound):
        acknowledge_telling(desks.other_platform, telling.id)
    with pytest.raises(NotAllowed) as no:
        acknowledge_telling(desks.house, telling.id)
    assert no.value.code == "telling.platform_only"


def test_who_may_read_a_telling(desks: Desks) -> None:
    _, telling = suspended(desks)
    for desk in (desks.manager, desks.platform, desks.regulator, desks.auditor):
        assert [one.id for one in list_tellings(desk).rows] == [telling.id]
        assert telling_record(desk, telling.id).agent.agent_no
    for desk in (desks.other_manager, desks.other_platform, desks.other_regulator):
        assert list_tellings(desk).rows == []
        with pytest.raises(NotFound):
            telling_record(desk, telling.id)


def test_a_telling_that_nobody_acknowledged_by_midnight_is_told_to_the_carrier(
    desks: Desks, clock: Clock
) -> None:
    _, telling = suspended(desks)
    clock.at = telling.due_at - timedelta(seconds=1)
    assert waits(desks.manager) == []
    assert list_tellings(desks.manager, state=TellingState.OVERDUE).rows == []
    clock.at = telling.due_at
    assert waits(desks.manager) == ["telling_late"]
    assert [one.id for one in list_tellings(desks.manager, state=TellingState.OVERDUE).rows] == [
        telling.id
    ]
    acknowledge_telling(desks.platform, telling.id)
    deeds: list[AuditEntry] = list(telling_record(desks.manager, telling.id).deeds)
    assert deeds[0].facts["is_late"] is True


def test_tellings_are_listed_by_state_event_and_platform(desks: Desks) -> None:
    _, first = suspended(desks)
    _, second = suspended(desks, 2)
    acknowledge_telling(desks.platform, first.id)

    def found(**filters: object) -> list[object]:
        return [one.id for one in list_tellings(desks.manager, **filters).rows]  # type: ignore[arg-type]

    assert found() == [second.id, first.id]
    assert found(state=TellingState.OPEN) == [second.id]
    assert found(state=TellingState.ACKNOWLEDGED) == [first.id]
    assert found(event=TellingEvent.REVOKED) == found(platform="honghai") == []
    page = list_tellings(desks.manager, limit=1)
    assert [one.id for one in list_tellings(desks.manager, after=page.next).rows] == [first.id]


def test_a_telling_is_pushed_to_a_platform_with_a_mailbox_until_it_is_taken(
    desks: Desks, clock: Clock
) -> None:
    desks, server = at_loopback(desks), Server(status=503)
    with open_shop(server) as stand:
        set_mailbox(desks.platform, f"{stand.url}/tellings", KEY)
        licence, telling = suspended(desks)
        assert TELLINGS.queued(desks.house) == [telling.id]
        assert TELLINGS.advance(desks.house, telling.id) is False
        assert TELLINGS.queued(desks.house) == []
        clock.pass_(minutes=1)
        server.status = 200
        for _ in range(2):
            TELLINGS.advance(desks.house, telling.id)
    got = telling_record(desks.manager, telling.id)
    assert (got.telling.pushed_at, got.telling.tries) == (clock.at, 1)
    assert server.filed == {telling.number: "LH-1"}
    assert len(stand.calls) == 2
    told = json.loads(stand.calls[-1].body)
    assert stand.calls[-1].headers["authorization"] == f"Bearer {KEY}"
    assert (told["event"], told["licence_no"], told["shops"]) == (
        "suspended",
        licence.number,
        ["1001"],
    )
    assert told["acknowledge_to"].endswith(f"/api/v1/tellings/{telling.id}/acknowledge")
    assert "未亮照" in told["body"]
    assert [entry.deed for entry in got.deeds] == [
        "telling.pushed",
        "telling.not_reached",
        "telling.made",
    ]


def test_a_push_whose_answer_was_lost_is_the_same_telling_again(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks, server = at_loopback(desks), Server()

    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        _, telling = suspended(desks)
        with monkeypatch.context() as patch:
            patch.setattr("console.actions.channel.tellings._settled", killed)
            with pytest.raises(Killed):
                TELLINGS.advance(desks.house, telling.id)
        assert TELLINGS.queued(desks.house) == [telling.id]
        TELLINGS.advance(desks.house, telling.id)
    assert server.filed == {telling.number: "LH-1"}
    assert len(stand.calls) == 2


def test_a_server_that_turns_a_telling_down_is_looked_at_by_a_person(desks: Desks) -> None:
    desks, server = at_loopback(desks), Server(status=403, body="密钥无效")
    with open_shop(server) as stand:
        set_mailbox(desks.platform, stand.url)
        _, telling = suspended(desks)
        TELLINGS.advance(desks.house, telling.id)
        assert TELLINGS.queued(desks.house) == []
        assert waits(desks.manager) == ["telling_look"]
        assert "密钥无效" in telling_record(desks.manager, telling.id).telling.last_words
        server.status, server.body = 200, None
        push_again(desks.manager, telling.id)
        TELLINGS.advance(desks.house, telling.id)
    assert waits(desks.manager) == []
    assert server.filed == {telling.number: "LH-1"}
    with pytest.raises(Conflict):
        push_again(desks.manager, telling.id)


def test_a_platform_that_takes_its_mailbox_away_reads_in_the_console(desks: Desks) -> None:
    desks = at_loopback(desks)
    with open_shop(Server()) as stand:
        set_mailbox(desks.platform, stand.url)
        _, telling = suspended(desks)
        remove_mailbox(desks.platform)
        assert TELLINGS.advance(desks.house, telling.id) is False
    assert TELLINGS.queued(desks.house) == []
    assert stand.calls == []
    with pytest.raises(Conflict) as no:
        push_again(desks.manager, telling.id)
    assert no.value.code == "telling.no_mailbox"


def test_an_acknowledged_telling_is_pushed_no_more(desks: Desks) -> None:
    desks = at_loopback(desks)
    with open_shop(Server()) as stand:
        set_mailbox(desks.platform, stand.url)
        _, telling = suspended(desks)
        acknowledge_telling(desks.platform, telling.id)
        TELLINGS.advance(desks.house, telling.id)
    assert stand.calls == []
