"""Notices of many cases by one command: nothing is lost, and nothing is sent twice."""

from dataclasses import replace

import pytest

from console.actions.cases.notices.sending import send_notices
from models.refusals import Invalid, NotAllowed
from tests.cases.world import decided, opened
from tests.conftest import Desks


def test_many_cases_are_sent_each_for_itself(desks: Desks) -> None:
    good = [decided(desks, shop_no=no) for no in (1, 2, 3)]
    early = opened(desks, shop_no=4)
    told: list[tuple[int, int]] = []
    keyed = desks.manager.keyed("bulk-1", "x")
    asked = [good[0].id, early.id, good[1].id, good[2].id, good[0].id]
    first = send_notices(keyed, asked, lambda done, of: told.append((done, of)))
    again = send_notices(replace(desks.manager).keyed("bulk-1", "x"), asked)

    assert [one.notice is not None for one in first] == [True, False, True, True]
    assert first[1].refusal is not None
    assert first[1].refusal.code == "notice.not_decided"
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [one.notice and one.notice.id for one in again] == [
        one.notice and one.notice.id for one in first
    ]
    with pytest.raises(NotAllowed):
        send_notices(desks.platform, asked)
    with pytest.raises(Invalid):
        send_notices(desks.manager, [])
