"""A picture is counted every hour, and sooner when somebody asks; whoever only watches asks not."""

import pytest
from sqlmodel import col, select

from console.actions.oversight.behind import Part, rows_behind
from console.actions.oversight.pictures import (
    Picture,
    count_picture,
    count_pictures,
    picture,
    refresh,
    sweep_pictures,
)
from models.audit import AuditEntry
from models.oversight.figures import Cut, Indicator, OversightFigure, OversightPicture
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.staff import Organisation, User
from tests.conftest import Clock, Desks
from tests.oversight.counted import plant


def counted_for(desks: Desks) -> set[str]:
    with desks.house.begin(Permission.OVERVIEW_READ) as work:
        heads = work.session.exec(select(OversightPicture.organisation_id)).all()
        codes = select(Organisation.code).where(col(Organisation.id).in_(heads))
        return set(work.session.exec(codes).all())


def test_before_the_first_count_there_is_nothing_and_that_is_said(desks: Desks) -> None:
    seen = picture(desks.manager)
    assert seen == Picture(None)
    assert seen.now(Indicator.CASES_OPEN) is None
    assert (seen.by(Indicator.CASES_OPEN, Cut.CARRIER), seen.trend(Indicator.CASES_OPEN)) == (
        (),
        {},
    )


def test_each_organisation_with_people_who_may_look_has_a_picture(desks: Desks) -> None:
    """Nobody of the operator may; the group has nobody yet, and 红海 has nobody any more."""
    with desks.house.begin(Permission.STAFF_EDIT) as work:
        gone = work.get(User, str(desks.other_platform.actor.id))
        gone.disabled_at = work.at
        work.record("staff.user_disabled", gone)
    assert count_pictures(desks.house) == 5
    assert counted_for(desks) == {"CT-44", "CU-44", "lanhai", "CA-44", "CA-11"}


def test_it_is_counted_once_an_hour(desks: Desks, clock: Clock) -> None:
    assert (count_pictures(desks.house), count_pictures(desks.house)) == (6, 0)
    clock.pass_(minutes=59)
    assert count_pictures(desks.house) == 0
    clock.pass_(minutes=1)
    assert count_pictures(desks.house) == 6
    assert picture(desks.regulator).made_at == clock.at


def test_a_round_leaves_what_does_not_fit_to_the_next(desks: Desks) -> None:
    done = [count_pictures(desks.house, seconds=0) for _ in range(8)]
    assert done == [1, 1, 1, 1, 1, 1, 0, 0]


def test_counting_anew_replaces_every_figure_at_once(desks: Desks, clock: Clock) -> None:
    own = desks.manager.actor.organisation_id
    assert own is not None
    count_picture(desks.house.house, own)
    before = picture(desks.manager)
    plant(desks)
    clock.pass_(seconds=1)
    count_picture(desks.house.house, own)
    now = picture(desks.manager)
    opened = Indicator.CASES_OPEN
    assert [one.count for one in before.by(opened, Cut.WHOLE)] == [0]
    assert [one.count for one in now.by(opened, Cut.WHOLE)] == [2]
    with desks.house.begin(Permission.OVERVIEW_READ) as work:
        rows = work.session.exec(select(OversightFigure.organisation_id)).all()
    assert set(rows) == {own}


def test_somebody_asks_and_it_is_counted_in_the_next_round(desks: Desks, clock: Clock) -> None:
    count_pictures(desks.house)
    clock.pass_(minutes=6)
    refresh(desks.manager)
    assert picture(desks.manager).made_at < clock.at  # pyright: ignore[reportOptionalOperand]
    assert sweep_pictures(desks.house) == 1
    assert picture(desks.manager).made_at == clock.at
    assert sweep_pictures(desks.house) == 0
    with desks.house.begin(Permission.AUDIT_READ) as work:
        deeds = select(AuditEntry.actor_name).where(AuditEntry.deed == "oversight.count_asked")
        assert work.session.exec(deeds).all() == [desks.manager.actor.name]


def test_nobody_asks_twice_in_five_minutes(desks: Desks, clock: Clock) -> None:
    """Nor right after it was counted."""
    refresh(desks.manager)
    with pytest.raises(Conflict, match=r"oversight\.counted_just_now"):
        refresh(desks.approver)
    refresh(desks.other_manager)
    count_pictures(desks.house)
    clock.pass_(minutes=4, seconds=59)
    with pytest.raises(Conflict):
        refresh(desks.manager)
    clock.pass_(seconds=1)
    refresh(desks.manager)


@pytest.mark.requirement("004-3.4-a")
def test_a_regulator_waits_for_the_hour_and_changes_nothing(desks: Desks) -> None:
    for desk in (desks.regulator, desks.auditor, desks.privacy):
        with pytest.raises(NotAllowed):
            refresh(desk)


def test_a_month_that_is_not_kept_is_refused(desks: Desks) -> None:
    with pytest.raises(Invalid, match=r"oversight\.no_such_month"):
        rows_behind(desks.manager, Indicator.CASES_OPENED, Part(month="2019-01"))
    with pytest.raises(Invalid, match=r"api\.bad_cursor"):
        rows_behind(desks.manager, Indicator.CASES_OPENED, after="x")


def test_a_cut_that_a_figure_does_not_have_leaves_nothing(desks: Desks) -> None:
    plant(desks)
    for part in (Part(Cut.PLATFORM, "lanhai"), Part(Cut.CARRIER, "CU-44"), Part(Cut.PROVINCE, "9")):
        (behind,) = rows_behind(desks.manager, Indicator.LICENSED_AGENTS, part)
        assert list(behind.rows) == []


def test_rows_of_a_kind_that_one_may_not_read_stay_a_number(desks: Desks) -> None:
    """A regulator knows how many industry cards are misused, and not whose."""
    with pytest.raises(NotAllowed):
        rows_behind(desks.regulator, Indicator.INDUSTRY_BREACHES)
