"""Many small reads in one transaction: for each of them the ground holds as if it were alone."""

from collections.abc import Callable, Generator

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select, update

from console.actions.asked import asked_items
from console.actions.audit import list_deeds
from console.actions.staff.people import add_organisation, user_named
from console.actions.work import work_items
from console.desk import Desk, House, UnrecordedChangeError
from models.channel.agents import Agent
from models.permissions import Permission
from models.refusals import NotAllowed
from models.staff import Organisation, OrganisationKind, User
from tests.analysis.world import agent
from tests.conftest import Desks

_READ = Permission.STAFF_READ


def name_of(desk: Desk) -> str:
    return user_named(desk, "chen.ming").name


def rename(desk: Desk, first: Callable[[Desk], None] | None = None) -> None:
    """Once the row is read, and something else was tried that is refused as well."""
    with desk.begin(_READ) as work:
        row = work.one(work.select(User).where(User.login == "chen.ming"), User)
        if first is not None:
            with pytest.raises(UnrecordedChangeError):
                first(desk)
        row.name = "someone else"


def rename_by_statement(desk: Desk) -> None:
    with desk.begin(_READ) as work:
        work.session.exec(update(User).where(col(User.login) == "chen.ming").values(name="else"))


def look_at(desk: Desk, row: Agent) -> str:
    with desk.begin(Permission.AGENT_READ) as work:
        return work.get(Agent, row.id).name


def fail(desk: Desk) -> None:
    with desk.begin(_READ) as work:
        work.session.connection().execute(text("SELECT nothing FROM nowhere"))


def times(desks: Desks, deed: str) -> int:
    return len(list_deeds(desks.audit, deed=deed).rows)


def test_each_half_of_the_work_list_is_read_in_one_transaction(desks: Desks, house: House) -> None:
    begun: list[Connection] = []

    def heard(connection: Connection) -> None:
        begun.append(connection)

    event.listen(house.engine, "begin", heard)
    work_items(desks.manager)
    asked_items(desks.manager)
    event.remove(house.engine, "begin", heard)

    assert len(begun) == len([work_items, asked_items])


def test_what_one_may_not_read_is_refused_and_on_record(desks: Desks) -> None:
    with desks.manager.reading() as together:
        with pytest.raises(NotAllowed):
            name_of(together)
        assert times(desks, "staff.denied") == 1
        with together.begin(Permission.AGENT_READ) as work:
            assert work.session.exec(work.select(Agent)).all() == []


def test_whoever_reads_together_sees_what_they_see_alone(desks: Desks) -> None:
    of = agent(desks)

    with desks.manager.reading() as together:
        other = together.as_(desks.other_manager.actor)
        for desk, known in (together, [of.id]), (other, []), (together, [of.id]):
            with desk.begin(Permission.AGENT_READ) as work:
                assert [one.id for one in work.session.exec(work.select(Agent)).all()] == known


def test_a_change_is_refused_and_the_next_read_knows_nothing_of_it(desks: Desks) -> None:
    was = name_of(desks.admin)

    with desks.admin.reading() as together:
        for change in rename, rename_by_statement:
            with pytest.raises(UnrecordedChangeError):
                change(together)
            assert name_of(together) == was

    assert name_of(desks.admin) == was


def test_a_row_that_was_read_is_nobody_s_to_change_later(desks: Desks) -> None:
    with desks.admin.reading() as together:
        row = user_named(together, "chen.ming")
        was, row.name = row.name, "someone else"
        assert name_of(together) == was

    assert name_of(desks.admin) == was


def test_a_read_within_a_read_is_watched_like_any(desks: Desks) -> None:
    was = name_of(desks.admin)

    with desks.admin.reading() as together:
        with pytest.raises(UnrecordedChangeError):
            rename(together, rename)
        assert name_of(together) == was


def test_a_look_from_another_organisation_is_on_record(desks: Desks) -> None:
    of = agent(desks)

    with desks.regulator.reading() as together:
        assert look_at(together, of) == look_at(together, of) == of.name
        assert times(desks, "record.seen") == 1
    with desks.manager.reading() as together:
        look_at(together, of)

    assert times(desks, "record.seen") == 1


def test_what_is_done_meanwhile_is_kept_whatever_becomes_of_the_reading(desks: Desks) -> None:
    def codes(desk: Desk) -> set[str]:
        with desk.begin(_READ) as work:
            return set(work.session.exec(select(Organisation.code)).all())

    def add_and_fail() -> None:
        with desks.admin.reading() as together:
            assert "R1" not in codes(together)
            add_organisation(together, code="R1", kind=OrganisationKind.RESELLER, name="转售")
            assert "R1" in codes(together)
            fail(together)

    with pytest.raises(DBAPIError):
        add_and_fail()

    assert "R1" in codes(desks.admin)


def test_a_statement_that_fails_spoils_no_other_read(desks: Desks) -> None:
    with desks.admin.reading() as together:
        was = name_of(together)
        with pytest.raises(DBAPIError):
            fail(together)
        assert name_of(together) == was


def test_a_read_that_is_left_in_the_middle_spoils_no_other(desks: Desks) -> None:
    def names(desk: Desk) -> Generator[str]:
        with desk.begin(_READ) as work:
            yield from work.session.exec(select(User.name))

    with desks.admin.reading() as together:
        left = names(together)
        assert next(left)
        left.close()
        assert name_of(together)
