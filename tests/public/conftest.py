import pytest

from console.desk import House
from tests.conftest import Desks
from tests.public.doors import Public


@pytest.fixture
def public(house: House, desks: Desks) -> Public:
    return Public.with_an_agent(house, desks)
