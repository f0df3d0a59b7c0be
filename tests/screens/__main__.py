"""Opens the sample workspace in a browser, role by role, and keeps what is on the screen.

    make screens

Each picture is made of the same world (the demo is seeded), so it changes where the console does.
"""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.sync_api import Browser, Page

from console.database import migrate
from console.demo import PASSWORD, load
from console.desk import House
from console.settings import Settings
from tests.bench.painted import chromium
from tests.serving import running

FOLDER: Final = Path(__file__).parents[2] / "docs/screens"
_COLOURS: Final = 128
_QUIET_MS: Final = 600
"""Without a change of the page: then charts have been drawn."""


@dataclass(frozen=True)
class Picture:
    name: str
    who: str
    path: str
    language: Literal["zh", "en"] = "zh"
    scheme: Literal["light", "dark"] = "light"
    width: int = 1360
    height: int = 900


PICTURES: Final = (
    Picture("work-list", "chen.ming", "/console/work_list"),
    Picture("province", "gd.jianguan", "/console/overview"),
    Picture("triage", "li.hua", "/console/triage"),
    Picture("case-dark", "li.hua", "/console/cases?view=cases", scheme="dark"),
    Picture("scorecards-en", "chen.ming", "/console/scorecards", language="en"),
    Picture("platform-phone", "lan.xin", "/console/work_list", width=390, height=844),
    Picture("tour-en", "gd.jianguan", "/console/tour", language="en"),
)


@contextmanager
def demo() -> Generator[str]:
    """The address of the sample workspace; `SCREENS_AT` names one that is served already."""
    if served := os.environ.get("SCREENS_AT"):
        yield served
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house = House.open(Settings(data=folder))
        migrate(house.engine)
        load(house)
        house.engine.dispose()
        with running(folder, CHANNEL_WORKER="false") as base:
            yield base


def signed_in(browser: Browser, base: str, picture: Picture) -> Page:
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        locale="zh-CN" if picture.language == "zh" else "en-GB",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.goto(f"{base}/signin")
    page.fill("input[name=login]", picture.who)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/console/**")
    speak(page, picture.language)
    return page


def speak(page: Page, language: str) -> None:
    """A person's language is kept with them: a picture leaves none behind that it did not find."""
    quiet(page)
    if page.viewport_size and page.viewport_size["width"] < 800:
        return
    wanted = page.get_by_role("radio", name={"zh": "中文", "en": "English"}[language]).first
    if wanted.get_attribute("aria-checked") == "true":
        return
    with page.expect_event("load"):  # Streamlit's own words come with another bundle
        wanted.click(force=True)
    quiet(page)


def quiet(page: Page) -> None:
    """Until nothing of the page has changed for a while."""
    page.locator("[data-testid=stMain]").wait_for()
    page.evaluate(
        """ms => new Promise(done => {
            let timer = setTimeout(done, ms);
            new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, ms); })
                .observe(document.body, {subtree: true, childList: true, characterData: true});
            setTimeout(done, 20 * ms);
        })""",
        _QUIET_MS,
    )
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached")


def keep(page: Page, base: str, picture: Picture) -> Path:
    page.goto(base + picture.path)
    quiet(page)
    path = FOLDER / f"{picture.name}.png"
    page.screenshot(path=path)
    with Image.open(path) as drawn:
        drawn.convert("RGB").quantize(_COLOURS).save(path, optimize=True)
    return path


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with demo() as base, chromium() as browser:
        for picture in PICTURES:
            page = signed_in(browser, base, picture)
            path = keep(page, base, picture)
            print(f"{path.name}: {path.stat().st_size // 1024} kB")  # noqa: T201 - a command's word
            speak(page, "zh")
            page.context.close()


if __name__ == "__main__":
    main()
