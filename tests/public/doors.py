"""A visitor of the public pages, and an agent for them to find."""

from dataclasses import dataclass
from typing import Any

import httpx
from sqlmodel import select

from console.desk import House
from console.web import public
from console.web.site import Site
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.tokens import digits_of
from tests.browser import Visitor, web_app
from tests.channel import stories
from tests.conftest import Desks

JSON = {"accept": "application/json"}


@dataclass
class Public:
    """The doors for anyone, of a house with one licensed agent."""

    house: House
    desks: Desks
    agent: Agent
    licence: Licence
    shops: list[AuthorisedShop]
    visitor: Visitor

    @classmethod
    def with_an_agent(cls, house: House, desks: Desks) -> "Public":
        agent, licence, shops = stories.licensed(desks)
        return cls(house, desks, agent, licence, shops, visitor_of(house))

    @property
    def badge(self) -> Badge:
        with self.house.desk().begin(Permission.BADGE_READ) as work:
            return work.session.exec(select(Badge)).one()

    @property
    def digits(self) -> str:
        token = self.badge.token
        assert token is not None
        return digits_of(token)

    def page(self, path: str, language: str = "zh") -> httpx.Response:
        return self.visitor.get(path, headers={"accept-language": language})

    def json(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return self.visitor.get(path, headers=JSON).json()


def visitor_of(house: House) -> Visitor:
    site = Site.of(house)
    return Visitor(web_app(site, public.routes(site)))
