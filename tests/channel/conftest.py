"""People that stories of the channel ask for besides the usual ones."""

from dataclasses import replace

import pytest

from console.desk import Desk
from models.permissions import Role
from tests.conftest import Desks


@pytest.fixture
def third(desks: Desks) -> Desk:
    """Another approver of the same carrier."""
    actor = replace(desks.approver.actor, id=desks.auditor.actor.id, name="lin.jing")
    return desks.approver.as_(replace(actor, roles=frozenset({Role.APPROVER})))
