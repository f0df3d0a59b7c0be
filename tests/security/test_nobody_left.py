"""Whoever left, or whose organisation did, gets nothing by any door."""

import pytest
from sqlmodel import select

from console.actions.staff.people import add_client, add_user
from console.actions.staff.sign_in import actor_named, actor_of_key, sign_in, signed_in
from console.desk import House
from models.permissions import Permission, Role
from models.refusals import NotAllowed
from models.staff import Door, Organisation
from tests.conftest import Desks

PASSWORD = "correct horse battery"


def close_organisation(house: House, code: str) -> None:
    with house.desk().begin(Permission.ORGANISATION_EDIT) as work:
        row = work.session.exec(select(Organisation).where(Organisation.code == code)).one()
        row.disabled_at = work.at
        work.record("staff.organisation_closed", row)


def test_a_closed_organisation_lets_nobody_in(desks: Desks, house: House) -> None:
    add_user(desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD)
    _, key = add_client(
        desks.security, organisation="CT-44", name="x", roles=[Role.CHANNEL_MANAGER]
    )
    token = sign_in(house, "he.yan", PASSWORD, address="a", agent="")
    assert signed_in(house, token) is not None
    assert actor_of_key(house, key) is not None

    close_organisation(house, "CT-44")

    assert signed_in(house, token) is None
    assert actor_of_key(house, key) is None
    with pytest.raises(NotAllowed, match="wrong_sign_in"):
        sign_in(house, "he.yan", PASSWORD, address="a", agent="")
    with pytest.raises(NotAllowed, match="no_such_user"):
        actor_named(house, "he.yan", Door.CLI)
