"""The console's first script: who is here, which pages they have, and the open one."""

import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import streamlit as st

from console.actions.staff.people import choose_language
from console.actions.staff.sign_in import SignedIn
from console.actions.today.counted import counts_of, note_own_deed, waiting_of
from console.desk import Desk
from console.i18n import Language, spoken, t, texts
from console.pages.command_box import command_box
from console.pages.frame import my_house, one_run, plain
from console.pages.kit.gone import show_no_page
from console.pages.kit.layout import DEED, PAGES_FOLDER, password_first
from console.pages.navigation import LANDING, entries_for, label_of, landing_of, page_of
from console.pages.session_watch import session_watch
from models.permissions import Role
from models.refusals import Refusal

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

CONSOLE: Final = "/console/"
SHOWN: Final = "frame:shown"
NAME: Final = re.compile(r"[\w-]{1,60}")
MARK: Final = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} 32' height='32' width='{width}'>"
    "<path d='M16 1.5 29 6v9.2c0 7.6-5.3 12.8-13 15.3C8.300 28 3 22.800 3 15.200V6z'"
    " fill='#2FA39A'/><path d='m9.500 15.800 4.600 4.700 8.600-9.200' fill='none' stroke='#fff'"
    " stroke-width='2.800' stroke-linecap='round' stroke-linejoin='round'/>{words}</svg>"
)
WORDS: Final = (
    "<text x='40' y='22' font-family='Noto Sans SC,Noto Sans CJK SC,PingFang SC,Microsoft YaHei,"
    "system-ui,sans-serif' font-size='17' font-weight='600' fill='#E8F1F0'>{name}</text>"
)


def pages_of(desk: Desk) -> dict[str, list["StreamlitPage"]]:
    """The pages that the actor may open, under the job they belong to, with what waits there."""
    if st.session_state.pop(DEED, False):
        note_own_deed(desk)
    if page_asked() == LANDING:
        with suppress(Refusal):  # the page says so
            waiting_of(desk)  # counts as well, and the page shows what is found
    counts = counts_of(desk)
    found: dict[str, list[StreamlitPage]] = {}
    for entry in entries_for(desk.actor):
        page = page_of(entry, label_of(entry.name, counts))
        found.setdefault(t(f"nav_group.{entry.group}"), []).append(page)
    # Streamlit gives its default page no address: were that the landing page, a link to it would
    # lose what it looks for.
    here = st.Page(partial(go_home, desk), title=PLAIN_TITLE, default=True, visibility="hidden")
    next(iter(found.values())).append(here)
    if (asked := asked_in_vain(desk)) is not None:
        found.setdefault("", []).append(asked)
    return found


def go_home(desk: Desk) -> None:
    """From the bare address of the console to where this person's day begins."""
    st.switch_page(PAGES_FOLDER / f"{landing_of(desk.actor)}.py", query_params=st.query_params)


def page_asked() -> str:
    """The page's name in the browser's address, or nothing."""
    path = urlsplit(st.context.url or "").path
    return path.rpartition("/")[2] if path.startswith(CONSOLE) else ""


def asked_in_vain(desk: Desk) -> "StreamlitPage | None":
    """A hidden page under the address that was asked for, where the navigation has none."""
    name = page_asked()
    known = {entry.name for entry in entries_for(desk.actor)}
    if name in known or not NAME.fullmatch(name):
        return None
    return st.Page(
        partial(show_no_page, desk, name), title=t("no_page.title"), url_path=name,
        visibility="hidden",
    )  # fmt: skip


def sidebar_foot(desk: Desk) -> None:
    """Who is here, for whom they act, in which language, and the way out."""
    actor = desk.actor
    roles = [t(f"role.{role.value}") for role in sorted(actor.roles - {Role.SELF})]
    with st.sidebar, st.container(key="whoami", gap="small"):
        st.markdown(
            f":material/account_circle: **{plain(actor.name)}**  \n{plain(actor.organisation)}"
        )
        st.caption(" · ".join(roles) or t("console.no_role"))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.segmented_control(
                t("console.language"),
                [language.value for language in Language],
                default=spoken.get().value,
                required=True,
                key=f"language:{spoken.get().value}",
                format_func=LANGUAGES.__getitem__,
                label_visibility="collapsed",
                on_change=_speak,
                args=(desk, spoken.get()),
            )
            session_watch(t("console.sign_out"), spoken.get().value)


LANGUAGES: Final = {"zh": "中文", "en": "English"}


def _speak(desk: Desk, before: Language) -> None:
    chosen = st.session_state.get(f"language:{before.value}")
    if chosen in LANGUAGES and chosen != before:
        choose_language(desk, chosen)


def main() -> None:
    icon = None if st.session_state.get(SHOWN) else "🛡️"  # the browser draws each one it is sent
    st.session_state[SHOWN] = True
    st.set_page_config(PLAIN_TITLE, icon, layout="wide", initial_sidebar_state="auto")
    with one_run() as here:
        show_logo()
        show_page(here)


def show_logo() -> None:
    name = t("console.name")
    width = 48 + sum(17 if ord(letter) > 0xFF else 9 for letter in name)  # noqa: PLR2004 - CJK
    st.logo(
        MARK.format(width=width, words=WORDS.format(name=name)),
        icon_image=MARK.format(width=32, words=""),
        size="large",
    )


def show_page(here: SignedIn) -> None:
    """The page that the address asks for, and what stands round it."""
    desk = my_house().desk(here.actor)
    if here.must_change_password:
        st.navigation([lambda: None], position="hidden")
        password_first()
        sidebar_foot(desk)
        return
    page = st.navigation(pages_of(desk), position="sidebar", expanded=True)
    # Of the name alone: what waits would be another title at every run.
    title = texts(spoken.get()).get(f"nav.{page.url_path}", page.title)
    st.set_page_config(f"{title} · {t('console.name')}")
    sidebar_foot(desk)
    command_box(page.url_path)
    page.run()


PLAIN_TITLE: Final = "渠道治理 · Channel"

main()
