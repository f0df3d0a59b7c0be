"""Somebody who goes through all pages that they may open, and what they look at them with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from console.actions.staff.people import choose_language
from console.actions.staff.sign_in import actor_named, sign_in
from console.demo import PASSWORD
from console.desk import House
from console.i18n import Language, texts
from console.pages.navigation import Entry, entries_for
from models.staff import Door

WIDE: Final = 1280
NARROW: Final = 360
_TALL: Final = {WIDE: 900, NARROW: 740}
PATIENCE: Final = 30_000
"""Milliseconds that a page may take on a machine that is busy."""
_HEADING_WITHIN: Final = 5_000
WALKERS: Final = (
    "chen.ming", "li.hua", "gd.jianguan", "wu.tong", "admin", "security",
)  # fmt: skip
"""Who goes, in this order: each looks at the pages that nobody before them could open."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a page is looked at."""

    language: Language = Language.ZH
    dark: bool = False
    width: int = WIDE

    @property
    def viewport(self) -> ViewportSize:
        return {"width": self.width, "height": _TALL[self.width]}

    def __str__(self) -> str:
        shade = "dark" if self.dark else "light"
        return f"{self.language}-{shade}-{self.width}"


def shares(house: House) -> dict[str, list[Entry]]:
    """Who looks at which pages, so that all are looked at and each once."""
    seen: set[str] = set()
    found: dict[str, list[Entry]] = {}
    for login in WALKERS:
        mine = entries_for(actor_named(house, login, Door.CONSOLE))
        found[login] = [entry for entry in mine if entry.name not in seen]
        seen |= {entry.name for entry in mine}
    return found


def context_of(browser: Browser, base: str, look: Look) -> BrowserContext:
    context = browser.new_context(
        viewport=look.viewport,
        locale="zh-CN" if look.language is Language.ZH else "en-US",
        color_scheme="dark" if look.dark else "light",
    )
    context.add_cookies([{"name": "lang", "value": look.language.value, "url": base}])
    context.set_default_timeout(PATIENCE)
    return context


def comes_in(house: House, context: BrowserContext, base: str, login: str, look: Look) -> None:
    """Signed in, as the cookie says it, and spoken to in the look's language."""
    choose_language(house.desk(actor_named(house, login, Door.CONSOLE)), look.language.value)
    token = sign_in(house, login, PASSWORD, address="127.0.0.1", agent="a browser")
    context.add_cookies([{"name": "channel", "value": token, "url": base}])


def title_of(entry: Entry, language: Language) -> str:
    words = texts(language)
    return f"{words[f'nav.{entry.name}']} · {words['console.name']}"


def settled(page: Page, title: str | None = None) -> None:
    """The script has run to its end, and nothing of an earlier page stands there still."""
    if title is not None:
        expect(page).to_have_title(title, timeout=PATIENCE)
    app = page.locator("[data-testid=stApp]")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=PATIENCE)


def has_heading(page: Page) -> bool:
    """Whether a heading came: a page that broke off has none."""
    try:
        page.locator("[data-testid=stMain] h1").first.wait_for(timeout=_HEADING_WITHIN)
    except PlaywrightTimeout:
        return False
    return True


def walked(house: House, browser: Browser, base: str, look: Look) -> Iterator[tuple[Entry, Page]]:
    """Every page of the console once, by the links of the navigation."""
    for login, entries in shares(house).items():
        if not entries:
            continue
        context = context_of(browser, base, look)
        comes_in(house, context, base, login, look)
        page = context.new_page()
        page.goto(f"{base}/console/")
        settled(page)
        for entry in entries:
            link = page.locator(f"[data-testid=stSidebarNavLink][href$='/{entry.name}']")
            if link.count():
                link.first.evaluate("link => link.click()")
            else:  # the landing page's own link has no name
                page.goto(f"{base}/console/{entry.name}")
            settled(page, title_of(entry, look.language))
            yield entry, page
        context.close()
