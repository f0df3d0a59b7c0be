"""What the stations of a path hand on to each other."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.actors import PHONE, Album, Person
from tests.e2e.world import ADMIN_PASSWORD, PASSWORD, Market, Served

SLOWEST_PATROL = 240_000


@dataclass
class Story:
    """What the stations hand on to each other."""

    served: Served
    market: Market
    browser: Browser
    album: Album
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    ids: dict[str, str] = field(default_factory=dict[str, str])

    def comes(self, login: str, path: str = "/console/", **looks: Any) -> Person:  # noqa: ANN401
        """Somebody signs in, and stays for what comes later."""
        password = ADMIN_PASSWORD if login == "admin" else PASSWORD
        person = Person(self.browser, self.served.base, self.album, login, password, **looks)
        person.sign_in(path)
        person.settled()
        self.people[login] = person
        return person

    def visits(self, path: str, *, phone: bool = False) -> Page:
        """Anybody, who never signs in."""
        looks: Any = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if phone else {}
        page = self.browser.new_context(locale="zh-CN", **looks).new_page()
        page.goto(path if "://" in path else self.served.base + path)
        return page


def faults_of(story: Story) -> list[str]:
    """What the doctor finds, and what browsers complained of, once all is done."""
    complaints = [str(one.complaints) for one in story.people.values() if one.complaints]
    return story.served.faults() + complaints
