"""Revocation: two people, one transaction for everything, and everybody concerned is told."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from textwrap import dedent
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from console.actions.channel.agents import agent_record
from console.actions.channel.licences import (
    approve_licence,
    licence_record,
    list_licences,
    resume_licence,
    revoke_licence,
    suspend_licence,
    terminate_licence,
    withdraw_revocation,
)
from console.actions.channel.register import public_agent
from console.actions.channel.review import blacklist_agent, suspend_agent
from console.actions.channel.shops import end_shop
from console.actions.channel.tellings import list_tellings
from console.actions.channel.versions import amend_scope, approve_version
from console.actions.staff.people import add_user
from console.actions.staff.sign_in import actor_named
from console.desk import Desk
from models.audit import AuditEntry
from models.channel.agents import AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState
from models.channel.log import LogEntry, LogKind
from models.channel.publications import Publication, PublicationState
from models.channel.tellings import Telling, TellingEvent
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, end_of
from models.staff import Door, UserRole
from tests.channel.stories import admitted, licensed, pending, scope, shop_of
from tests.conftest import Clock, Desks

REASON, REMEDY = "二次转卖", "向渠道部申诉，附协议与证据"
revoke = partial(revoke_licence, reason=REASON, remedy=REMEDY)


@pytest.fixture
def third(desks: Desks) -> Desk:
    """Another approver of the same carrier."""
    return another_approver(desks)


def another_approver(desks: Desks, login: str = "he.ping") -> Desk:
    user, _ = add_user(desks.house, organisation="CT-44", login=login, name=login, elsewhere=True)
    with desks.house.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(user_id=user.id, role=Role.APPROVER, granted_at=work.at, granted_by="house")
        )
        work.record("staff.role_granted", user)
    return desks.house.house.desk(actor_named(desks.house.house, login, Door.CONSOLE))


def rows(desks: Desks, table: type[Any]) -> list[Any]:
    with desks.house.begin(Permission.LICENCE_READ) as work:
        return list(work.session.exec(select(table)).all())


@pytest.mark.requirement("004-3.3-d", "004-3.3-e", "004-3.3-f")
def test_a_revocation_takes_two_people_and_falls_at_once_with_all_that_hangs_on_it(
    desks: Desks, third: Desk
) -> None:
    agent, licence, _ = licensed(desks, numbers=("1001", "1002"))
    shop_of(desks.manager, agent, "7", platform="honghai")  # named by no licence

    asked = revoke(desks.approver, licence.id)
    assert asked.state is LicenceState.ACTIVE
    assert rows(desks, Telling) == []
    revoked = revoke(third, licence.id)

    record = agent_record(desks.manager, agent.id)
    assert revoked.state is LicenceState.REVOKED
    assert record.agent.state is AgentState.ELIGIBLE
    assert [badge.state for badge in record.badges] == [BadgeState.REVOKED] * 2
    (telling,) = list_tellings(desks.platform).rows
    assert (telling.event, telling.shops, telling.reason) == (
        TellingEvent.REVOKED,
        ["1001", "1002"],
        REASON,
    )
    (edition,) = rows(desks, Publication)
    assert (edition.state, edition.because) == (PublicationState.BUILDING, licence.number)
    logged = [entry.kind for entry in rows(desks, LogEntry)]
    assert logged.count(LogKind.LICENCE_REVOKED) == 1
    assert logged.count(LogKind.BADGE_REVOKED) == 2


def test_nobody_revokes_alone_and_the_attempt_is_on_record(desks: Desks) -> None:
    _, licence, _ = licensed(desks)
    revoke(desks.approver, licence.id)
    with pytest.raises(NotAllowed) as no:
        revoke(desks.approver, licence.id)
    assert no.value.code == "channel.same_person"
    (entry,) = [one for one in rows(desks, AuditEntry) if one.deed == "staff.own_act_refused"]
    assert (entry.actor_name, entry.facts["title"]) == ("li.hua", licence.number)
    assert licence_record(desks.manager, licence.id).licence.state is LicenceState.ACTIVE


STEPS = [
    "console.actions.channel.endings.tell",
    "console.actions.channel.endings.badges_follow",
    "console.actions.channel.endings.tell_platforms",
    "console.actions.channel.endings._drop_amendment",
    "console.actions.channel.endings._let_go",
    "console.actions.channel.endings.begin_edition",
]


TOUCHED = (
    "licences", "badges", "agents", "tellings", "publications", "log_entries", "audit_entries",
)  # fmt: skip


def whole(desks: Desks) -> dict[str, list[Any]]:
    """Everything that a revocation touches, as it stands in the database."""
    with desks.house.house.engine.connect() as connection:
        return {
            name: sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}")).all()))  # noqa: S608
            for name in TOUCHED
        }


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "behind"])
def test_a_revocation_that_breaks_off_at_any_step_leaves_nothing_changed(
    desks: Desks, third: Desk, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    agent, licence, _ = licensed(desks)
    revoke(desks.approver, licence.id)
    before = whole(desks)
    module, _, name = step.rpartition(".")
    real: Callable[..., object] = getattr(sys.modules[module], name)

    def fall(*args: Any, **facts: Any) -> None:  # noqa: ANN401
        if when == "behind":
            real(*args, **facts)
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(step, fall)
        with pytest.raises(RuntimeError):
            revoke(third, licence.id)
    assert whole(desks) == before

    revoke(third, licence.id)
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.ELIGIBLE
    assert len(rows(desks, Telling)) == len(rows(desks, Publication)) == 1


def test_a_process_killed_in_the_middle_of_a_revocation_leaves_nothing_changed(
    desks: Desks, third: Desk, database: str
) -> None:
    _, licence, _ = licensed(desks)
    revoke(desks.approver, licence.id)
    before = whole(desks)
    script = dedent(f"""
        import os, signal
        from dataclasses import replace
        from datetime import UTC, datetime
        from console.actions.channel import endings
        from console.actions.channel.licences import revoke_licence
        from console.actions.staff.sign_in import actor_named
        from console.desk import House
        from console.settings import Settings
        from models.staff import Door

        data = {str(desks.house.house.settings.data)!r}
        settings = Settings(data=data, database_url={database!r}, public_url="http://127.0.0.1:1")
        at = datetime.fromisoformat({desks.house.now().isoformat()!r})
        house = replace(House.open(settings), now=lambda: at)

        def begun(work, *_):
            work.session.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        endings.begin_edition = begun
        desk = house.desk(actor_named(house, "he.ping", Door.CONSOLE))
        revoke_licence(desk, {str(licence.id)!r}, reason="x", remedy="y")
    """)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert ended.returncode == -9, ended.stderr.decode()
    assert whole(desks) == before
    assert revoke(third, licence.id).state is LicenceState.REVOKED


def test_the_public_sees_it_at_once(desks: Desks, third: Desk) -> None:
    agent, licence, _ = licensed(desks)
    revoke(desks.approver, licence.id)
    revoke(third, licence.id)
    found = public_agent(desks.house.house, agent.agent_no)
    assert [one.status.value for one in found.licences] == ["revoked"]


def test_every_platform_where_it_sold_or_had_sold_is_told_the_same_day(
    desks: Desks, third: Desk
) -> None:
    agent = admitted(desks)
    first = shop_of(desks.manager, agent, "1001")
    gone = shop_of(desks.manager, agent, "3001", platform="honghai")
    own = shop_of(desks.manager, agent, "https://longteng.example/", platform="site")
    licence = pending(desks, agent, first, gone, own)
    approve_licence(desks.approver, licence.id)
    asked = amend_scope(desks.manager, licence.id, scope(first), "关店")
    approve_version(desks.approver, asked.id)
    end_shop(desks.manager, gone.id, reason="关店")
    revoke(desks.approver, licence.id)
    revoke(third, licence.id)

    found = {one.platform: one for one in licence_record(desks.manager, licence.id).tellings}
    assert {code: one.shops for code, one in found.items()} == {
        "lanhai": ["1001"],
        "honghai": ["3001"],
    }
    now = desks.house.now()
    assert {one.due_at for one in found.values()} == {end_of(china_day(now))}
    assert {one.rule_version for one in found.values()} == {"revocation_notice/1"}
    assert [one.platform for one in list_tellings(desks.other_platform).rows] == ["honghai"]


def test_a_suspension_its_end_and_a_termination_are_told_too_each_time(
    desks: Desks, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    for _ in range(2):
        suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
        clock.pass_(hours=1)
        resume_licence(desks.approver, licence.id, proof="已亮照")
        clock.pass_(hours=1)
    terminate_licence(desks.approver, licence.id, reason="协商", is_handed_back=True)
    events = [one.event.value for one in reversed(list_tellings(desks.platform).rows)]
    assert events == ["suspended", "resumed", "suspended", "resumed", "terminated"]
    assert rows(desks, Publication) == []


def test_blacklisting_and_suspending_an_agent_tell_the_platforms_too(
    desks: Desks, third: Desk, clock: Clock
) -> None:
    agent, licence, _ = licensed(desks)
    suspend_agent(desks.approver, agent.id, reason="未亮照", remedy="申诉")
    clock.pass_(hours=1)
    for desk in (desks.approver, third):
        blacklist_agent(desk, agent.id, reason=REASON, source="案件 1")
    told = [one.event for one in reversed(list_tellings(desks.platform).rows)]
    assert told == [TellingEvent.SUSPENDED, TellingEvent.REVOKED]
    (edition,) = rows(desks, Publication)
    assert edition.because == licence.number


def test_an_agent_with_another_licence_stays_active(desks: Desks, third: Desk) -> None:
    agent, licence, _ = licensed(desks)
    other = pending(desks, agent, shop_of(desks.manager, agent, "2"))
    approve_licence(desks.approver, other.id)
    revoke(desks.approver, licence.id)
    revoke(third, licence.id)
    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.ACTIVE
    states = {one.licence_id: one.state for one in record.badges}
    assert states == {licence.id: BadgeState.REVOKED, other.id: BadgeState.ISSUED}


def test_what_the_first_asked_for_is_taken_back(desks: Desks) -> None:
    _, licence, _ = licensed(desks)
    revoke(desks.approver, licence.id)
    assert withdraw_revocation(desks.approver, licence.id).revocation_asked_by is None
    with pytest.raises(Conflict):
        withdraw_revocation(desks.approver, licence.id)


def test_what_is_not_in_force_is_not_revoked_and_a_remedy_is_named(
    desks: Desks, third: Desk
) -> None:
    _, licence, _ = licensed(desks)
    with pytest.raises(Invalid):
        revoke_licence(desks.approver, licence.id, reason=REASON, remedy=" ")
    for desk in (desks.manager, desks.platform, desks.regulator, desks.auditor):
        with pytest.raises(NotAllowed):
            revoke(desk, licence.id)
    revoke(desks.approver, licence.id)
    revoke(third, licence.id)
    with pytest.raises(Conflict):
        revoke(third, licence.id)
    assert [row.state for row in list_licences(desks.manager).rows] == [LicenceState.REVOKED]
