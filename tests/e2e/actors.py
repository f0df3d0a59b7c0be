"""People at the console, each in a browser of their own, and what they do there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

WIDE: Final[ViewportSize] = {"width": 1440, "height": 960}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PATIENCE: Final = 20_000
"""Milliseconds that a page may take on a machine that is busy."""
ROW: Final = 40
"""Pixels of a row of a list."""


@dataclass
class Album:
    """Pictures of the stations, numbered as they are passed."""

    folder: Path
    taken: int = 0

    def keep(self, page: Page, name: str) -> None:
        self.taken += 1
        page.screenshot(path=self.folder / f"{self.taken:02}-{name}.png", animations="disabled")


@dataclass
class Person:
    """One signed-in person; `complaints` is what the browser's console had to say."""

    browser: Browser
    base: str
    album: Album
    login: str
    password: str
    language: str = "zh-CN"
    viewport: ViewportSize = field(default_factory=lambda: WIDE)
    dark: bool = False

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(
            viewport=self.viewport,
            locale=self.language,
            color_scheme="dark" if self.dark else "light",
        )
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    # Coming in

    def sign_in(self, path: str = "/console/") -> None:
        """Ask for a page while nobody is signed in, and land on it after signing in."""
        self.page.goto(self.base + path)
        expect(self.page).to_have_url(re.compile(r"/signin"))
        self.page.fill("input[name=login]", self.login)
        self.page.fill("input[name=password]", self.password)
        self.page.click("form[action='/signin'] button")
        self.page.wait_for_url(re.compile(r"/(console|account)"))

    def change_password(self, new: str) -> None:
        self.page.wait_for_url(re.compile(r"/account/password"))
        self.page.fill("input[name=old]", self.password)
        self.page.fill("input[name=new]", new)
        self.page.fill("input[name=repeat]", new)
        self.page.click("form[action='/account/password'] button")
        self.page.wait_for_url(re.compile(r"/console"))
        self.password = new

    def leave(self) -> None:
        self.context.close()

    # Looking

    def open(self, name: str, **query: str) -> None:
        asked = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        self.page.goto(f"{self.base}/console/{name}" + (f"?{asked}" if asked else ""))
        self.settled()

    def settled(self) -> None:
        """The script has run to its end, and nothing of an earlier run stands there still."""
        app = self.page.locator("[data-testid=stApp]")
        expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
        expect(self.page.locator("h1").first).to_be_visible(timeout=PATIENCE)

    def sees(self, words: str | re.Pattern[str], within: float = PATIENCE) -> None:
        main = self.page.locator("[data-testid=stMain]")
        expect(main).to_contain_text(words, timeout=within)

    def told(self, words: str | re.Pattern[str]) -> None:
        """What the page says in passing, once something is done."""
        toasts = self.page.locator("[data-testid=stToast]").filter(has_text=words)
        expect(toasts.first).to_be_visible(timeout=PATIENCE)

    def title(self) -> str:
        return self.page.locator("h1").first.inner_text()

    def keep(self, name: str) -> None:
        self.settled()
        expect(self.page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=PATIENCE)
        expect(self.page.locator("[data-stale=true]")).to_have_count(0, timeout=PATIENCE)
        grids = self.page.locator("[data-testid=stDataFrame]:visible")
        undrawn = grids.filter(has_not=self.page.locator("canvas"))
        expect(undrawn).to_have_count(0, timeout=PATIENCE)
        self.album.keep(self.page, name)

    def record_id(self) -> str:
        """The record that the address names."""
        self.page.wait_for_url(re.compile(r"[?&]id="))
        return parse_qs(urlsplit(self.page.url).query)["id"][0]

    def buttons(self) -> list[str]:
        """What the open page offers to do, without the sidebar."""
        main = self.page.locator("[data-testid=stMain]")
        return [one.strip() for one in main.get_by_role("button").all_inner_texts() if one.strip()]

    def open_row(self, words: str) -> None:
        """The button before the row of a list in which the words stand."""
        grid = self.page.locator("[data-testid=stDataFrame]").first
        row = grid.locator("[role=grid] [role=row]").filter(has_text=words).first
        place = int(row.get_attribute("aria-rowindex") or 0) - 2
        count = int(grid.locator("[role=grid]").get_attribute("aria-rowcount") or 0) - 1
        box = grid.locator("canvas").first.bounding_box()
        assert box is not None
        head = box["height"] - count * ROW
        self.page.mouse.click(box["x"] + 32, box["y"] + head + (place + 0.5) * ROW)

    # Asking as the browser does

    def asks(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        answer = self.context.request.get(f"{self.base}/api/v1{path}", params=dict(query))
        assert answer.ok, answer.text()
        return answer.json()

    def downloads(self, path: str) -> bytes:
        answer = self.context.request.get(self.base + path)
        assert answer.ok, f"{path}: {answer.status} {answer.text()[:300]}"
        assert "attachment" in answer.headers["content-disposition"]
        return answer.body()

    # Filling in

    def at(self, key: str) -> Locator:
        """The widget under a key; a key that ends in * may go on."""
        name = re.sub(r"[^a-zA-Z0-9_-]", "-", key.removesuffix("*"))
        if key.endswith("*"):
            return self.page.locator(f"[class*=' st-key-{name}'], [class^='st-key-{name}']").first
        return self.page.locator(f".st-key-{name}").first

    def press(self, key: str, *, opens: str = "") -> None:
        """`opens` is the field that comes: a press that fell into a redrawing is done again."""
        self.at(key).locator("button").first.click()
        if opens:
            try:
                self.at(opens).wait_for(timeout=5_000)
            except PlaywrightTimeout:
                self.at(key).locator("button").first.click()

    def write(self, key: str, words: str) -> None:
        self.fill(self.at(key), words)

    def tick(self, key: str) -> None:
        self.at(key).locator("label").first.click()
        self.settled()

    def choose(self, key: str, words: str, box: Locator | None = None) -> None:
        """One or another of a list, found by typing."""
        found = (box or self.at(key)).locator("input").first
        found.click()
        found.fill(words)
        self.page.get_by_role("option").filter(has_text=words).first.click()
        self.settled()

    def put_file(self, name: str, content: bytes, kind: str, within: Locator | None = None) -> None:
        place = (within or self.page).locator("input[type=file]").first
        # The page stands still until the file is there: who confirms before has chosen none.
        with self.page.expect_response(re.compile("/_stcore/upload_file/")):
            place.set_input_files({"name": name, "mimeType": kind, "buffer": content})
        self.settled()

    # Moves of a record

    def begin(self, move: str, record: str) -> Locator:
        """Open a move's form; its box."""
        key = f"move:{move}:{record}"
        self.page.locator(f"[class*='st-key-{_class(key)}'] button").first.click()
        body = self.page.locator("[data-testid=stPopoverBody]")
        expect(body).to_be_visible()
        return body

    def fill(self, box: Locator, words: str) -> None:
        """Write into the first box of a part, as somebody who then goes on to the next."""
        first = box.locator("input, textarea").first
        first.fill(words)
        first.press("Tab")
        self.settled()

    def confirm(self, body: Locator) -> None:
        body.get_by_role("button", name=re.compile("^(确认|Confirm)")).last.click()
        expect(self.page.locator("[data-testid=stPopoverBody]")).to_have_count(0, timeout=PATIENCE)
        self.settled()

    def move(self, move: str, record: str, reason: str = "") -> None:
        body = self.begin(move, record)
        if reason:
            self.fill(body, reason)
        self.confirm(body)


def part(body: Locator, name: str) -> Locator:
    """One input of a move's form."""
    return body.locator(f"[class*='-{name} ']").first


def _class(key: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "-", key)


def written(rows: Sequence[Mapping[str, str]]) -> bytes:
    """A CSV as Chinese office programs write it."""
    heads = list(rows[0])
    lines = [",".join(heads), *(",".join(row[head] for head in heads) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")
