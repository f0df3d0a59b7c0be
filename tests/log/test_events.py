"""What the public log tells: each event once, under its own kind, and of no person."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import select

from console.actions.channel import badges, endings
from console.actions.channel.agents import add_agent, submit_agent
from console.actions.channel.issuing import halt_issuing, resume_issuing
from console.actions.channel.licences import (
    approve_licence,
    resume_licence,
    revoke_licence,
    suspend_licence,
)
from console.actions.channel.publish import prepare_publication, publish
from console.actions.channel.review import review_agent
from console.desk import Desk, House
from models.channel.badges import BADGE_MOVES, Badge, BadgeMove, BadgeState
from models.channel.licences import LICENCE_MOVES, Licence, LicenceMove, LicenceState
from models.channel.log import LogEntry, LogKind
from models.permissions import Permission
from tests.channel import stories
from tests.conftest import Desks

LICENCE_KINDS = {
    LicenceMove.SUSPEND: LogKind.LICENCE_SUSPENDED,
    LicenceMove.RESUME: LogKind.LICENCE_RESUMED,
    LicenceMove.EXPIRE: LogKind.LICENCE_EXPIRED,
    LicenceMove.REVOKE: LogKind.LICENCE_REVOKED,
    LicenceMove.TERMINATE: LogKind.LICENCE_TERMINATED,
}
FOLLOWED = {
    LicenceMove.SUSPEND: BadgeMove.SUSPEND,
    LicenceMove.RESUME: BadgeMove.RESUME,
    LicenceMove.EXPIRE: BadgeMove.EXPIRE,
    LicenceMove.REVOKE: BadgeMove.REVOKE,
    LicenceMove.TERMINATE: BadgeMove.REVOKE,
}
BADGE_KINDS = {
    BadgeMove.ISSUE: LogKind.BADGE_ISSUED,
    BadgeMove.DISPLAYED_SEEN: LogKind.BADGE_DISPLAYED,
    BadgeMove.SUSPEND: LogKind.BADGE_SUSPENDED,
    BadgeMove.RESUME: LogKind.BADGE_RESUMED,
    BadgeMove.COPIED_DETECTED: LogKind.BADGE_COMPROMISED,
    BadgeMove.REISSUE: LogKind.BADGE_REPLACED,
    BadgeMove.REVOKE: LogKind.BADGE_REVOKED,
    BadgeMove.EXPIRE: LogKind.BADGE_EXPIRED,
}


def told(house: House) -> list[LogEntry]:
    with house.desk().begin(Permission.LOG_READ) as work:
        return list(work.session.exec(select(LogEntry).order_by("seq")).all())


def about_badge(house: House, badge: Badge) -> list[LogKind]:
    return [entry.kind for entry in told(house) if entry.badge_id == badge.badge_id]


def of_licences(house: House) -> list[LogKind]:
    return [entry.kind for entry in told(house) if entry.kind.startswith("licence.")]


def the_badge(house: House) -> Badge:
    with house.desk().begin(Permission.BADGE_READ) as work:
        return work.session.exec(select(Badge)).one()


def put(house: House, table: type[Any], state: str) -> None:
    with house.engine.begin() as connection:
        connection.execute(update(table).values(state=state))


def test_a_licence_that_is_approved_and_its_badge_are_told_once(house: House, desks: Desks) -> None:
    stories.licensed(desks)
    kinds = [entry.kind for entry in told(house) if not entry.kind.startswith("key.")]
    assert kinds == [LogKind.LICENCE_APPROVED, LogKind.BADGE_REQUESTED, LogKind.BADGE_ISSUED]


PUBLIC_MOVES = [(state, move) for state, move in LICENCE_MOVES if move in LICENCE_KINDS]


def test_only_what_was_never_public_moves_untold() -> None:
    untold = {move for _, move in LICENCE_MOVES} - set(LICENCE_KINDS) - {LicenceMove.APPROVE}
    assert untold == {LicenceMove.SUBMIT, LicenceMove.RETURN}
    assert {move for _, move in BADGE_MOVES} == set(BADGE_KINDS)


@pytest.mark.parametrize(("state", "move"), PUBLIC_MOVES)
def test_every_move_of_a_licence_is_told_once_with_its_badges(
    house: House, desks: Desks, state: LicenceState, move: LicenceMove
) -> None:
    _, licence, _ = stories.licensed(desks)
    put(house, Licence, state)
    badge_state = BadgeState.SUSPENDED if state is LicenceState.SUSPENDED else BadgeState.ISSUED
    put(house, Badge, badge_state)
    badge = the_badge(house)
    licences, own = len(of_licences(house)), len(about_badge(house, badge))

    with house.desk().begin(Permission.SWEEP) as work:
        endings.change(work, work.get(Licence, licence.id), move, "核查")

    assert of_licences(house)[licences:] == [LICENCE_KINDS[move]]
    follows = (badge_state, FOLLOWED[move]) in BADGE_MOVES
    expected = [BADGE_KINDS[FOLLOWED[move]]] if follows else []
    assert about_badge(house, badge)[own:] == expected


@pytest.mark.parametrize(("state", "move"), list(BADGE_MOVES))
def test_every_move_of_a_badge_is_told_once(
    house: House, desks: Desks, state: BadgeState, move: BadgeMove
) -> None:
    stories.licensed(desks)
    badge = the_badge(house)
    if move is BadgeMove.ISSUE:
        assert about_badge(house, badge).count(LogKind.BADGE_ISSUED) == 1
        return
    put(house, Badge, state)
    before = len(about_badge(house, badge))

    moved(desks.manager, badge, move)

    assert about_badge(house, badge)[before:] == [BADGE_KINDS[move]]


def moved(desk: Desk, badge: Badge, move: BadgeMove) -> None:
    match move:
        case BadgeMove.DISPLAYED_SEEN:
            badges.mark_displayed(desk, badge.id, proof="巡查")
        case BadgeMove.COPIED_DETECTED:
            badges.mark_copied(desk, badge.id, seen_at="另一店铺")
        case BadgeMove.REISSUE:
            badges.reissue_badge(desk, badge.id)
        case _:
            with desk.house.desk().begin(Permission.SWEEP) as work:
                badges._fall(work, work.get(Badge, badge.id), move, "核查")  # pyright: ignore[reportPrivateUsage]


PERSON, PHONE, NUMBER = "欧阳慕雪", "13900001234", "440305199001011234"


@pytest.mark.requirement("004-3.1-f")
def test_no_person_stands_in_the_log_wherever_one_was_written(house: House, desks: Desks) -> None:
    planted = f"{PERSON} {PHONE} {NUMBER}"
    form = stories.form(legal_representative=PERSON, contact=f"{PERSON} {PHONE}")
    agent = submit_agent(desks.manager, add_agent(desks.manager, form).id)
    stories.with_papers(desks.manager, agent)
    agent = review_agent(desks.approver, agent.id, passed=True)
    shop = stories.shop_of(desks.manager, agent, name=f"{PERSON}的店")
    pending = stories.pending(desks, agent, shop, agreement_no=NUMBER)
    licence = approve_licence(desks.approver, pending.id)
    badge = the_badge(house)
    badges.mark_displayed(desks.manager, badge.id, proof=planted)
    suspend_licence(desks.manager, licence.id, reason=planted, remedy=planted)
    resume_licence(desks.approver, licence.id, proof=planted)
    badges.mark_copied(desks.manager, badge.id, seen_at=planted)
    badges.reissue_badge(desks.manager, badge.id)
    halt_issuing(desks.approver, planted)
    resume_issuing(desks.security, planted)
    publish(desks.approver, prepare_publication(desks.manager).id)
    revoke_licence(desks.approver, licence.id, reason=planted, remedy=planted)
    boss = second_approver(desks)
    revoke_licence(boss, licence.id, reason=planted, remedy=planted)

    bodies = [entry.body.decode() for entry in told(house)]

    assert len(bodies) >= 12
    words = (PERSON, PERSON[:2], PHONE, NUMBER, "chen.ming", "li.hua", str(desks.manager.actor.id))
    assert [word for word in words for body in bodies if word in body] == []
    assert all(entry.agent_no in {None, agent.agent_no} for entry in told(house))


def second_approver(desks: Desks) -> Desk:
    from console.actions.staff.people import add_user
    from console.actions.staff.sign_in import actor_named
    from models.permissions import Role
    from models.staff import Door, UserRole

    own = desks.house
    user, _ = add_user(own, organisation="CT-44", login="he.jun", name="he.jun", elsewhere=True)
    with own.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(user_id=user.id, role=Role.APPROVER, granted_at=work.at, granted_by="house")
        )
        work.record("staff.role_granted", user, role="approver")
    return own.house.desk(actor_named(own.house, "he.jun", Door.CONSOLE))
