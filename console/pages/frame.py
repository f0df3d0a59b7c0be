"""What stands round every page: the house, whoever is at work, their language, and how we say no.

A page begins with `desk = my_desk()`. Who acts is derived anew at each run from the cookie's
token, never from Streamlit's session (SECURITY F1), and so are their rights.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import streamlit as st

from console.actions.staff.sign_in import SignedIn, signed_in_for_run
from console.desk import Desk, House
from console.i18n import language_of, spoken, t, texts, told
from models.refusals import Refusal

COOKIE: Final = "channel"
SIGN_IN: Final = "/signin"
PASSWORD_PAGE: Final = "/account/password"  # noqa: S105 - an address
CODES_PAGE: Final = "/account/codes"
_open_houses: Final[list[House]] = []
"""The one house of this process, once the composition has opened it."""

_of_this_run: ContextVar[SignedIn | None] = ContextVar("of_this_run", default=None)
_REFUSED: Final = "frame:refused"
_MARKS: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&=^\"'])")
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_JOINER: Final = "\u2060"
"""Takes no room and no break; parts what Streamlit would still find in escaped text."""
_FOUND_IN_TEXT: Final = re.compile(
    r"(?<=:)(?=[\w+\-/])(?=[^\s:]*:)"  # :emoji: and :material/icon:
    r"|(?<=:)(?=//)|(?<=@)(?=\w)|(?<=www)(?=\.)"  # addresses, mail
    r"|(?<=[-<>=])(?=[-<>=])",  # arrows and dashes
    re.IGNORECASE,
)


def open_at(house: House) -> None:
    """Say once, at start, which house the pages of this process work in."""
    _open_houses[:] = [house]


def my_house() -> House:
    return _open_houses[0]


def session_token() -> str | None:
    """The token in the HttpOnly cookie that our own sign-in route has set."""
    name = f"__Host-{COOKIE}" if my_house().settings.is_https else COOKIE
    return st.context.cookies.get(name)


@contextmanager
def one_run() -> Generator[SignedIn]:
    """Whose run this is, found out once for all that the run draws.

    A callback and a fragment run outside of it and find out for themselves.
    """
    found = my_sign_in()
    mark = _of_this_run.set(found)
    try:
        yield found
    finally:
        _of_this_run.reset(mark)


def my_sign_in() -> SignedIn:
    """Whose run this is; without a valid session nothing more of the page is drawn."""
    if (known := _of_this_run.get()) is not None:
        return known
    house = my_house()
    found = signed_in_for_run(house, session_token())
    if found is None:
        spoken.set(language_of(st.context.locale, language_of(house.settings.language)))
        st.info(t("console.sign_in_first"), icon=":material/lock:")
        st.link_button(t("console.sign_in"), SIGN_IN, type="primary")
        st.stop()
    spoken.set(language_of(found.language))
    return found


def my_desk() -> Desk:
    """The desk of whoever is at work; from here on `t` speaks their language."""
    return my_house().desk(my_sign_in().actor)


def plain(text: object) -> str:
    """Words from outside, so that Streamlit shows them and does not render them.

    Use it in every label, title, Markdown, badge and message. Grids and `st.code` need none.
    """
    lines = (re.sub(r"\s+", " ", line).strip() for line in _visible(text).splitlines())
    parted = (_FOUND_IN_TEXT.sub(_JOINER, line) for line in lines)
    return "  \n".join(_MARKS.sub(r"\\\1", line) for line in parted)


def bare(text: object) -> str:
    """Words from outside, for a component that sets them as text: one line, and nothing hidden."""
    return re.sub(r"\s+", " ", _visible(text)).strip()


def _visible(text: object) -> str:
    """Without characters that turn the direction of writing or control a terminal."""
    return _HIDDEN.sub("", str(text))


def said(key: str, otherwise: str) -> str:
    """The text under `key`; `otherwise` where nobody has written one."""
    return texts(spoken.get()).get(key, otherwise)


def refusal_text(no: Refusal) -> str:
    """A refusal in the reader's language, what it names included."""
    return told(no.code, no.facts, plain)


@contextmanager
def refusals_shown() -> Generator[None]:
    """Show a refusal to the person who asked; let every other error through to the log."""
    try:
        yield
    except Refusal as no:
        st.error(refusal_text(no), icon=":material/block:")


@contextmanager
def refusal_kept() -> Generator[None]:
    """For what a button's `on_click` does: a refusal is shown by the run that follows."""
    try:
        yield
    except Refusal as no:
        st.session_state[_REFUSED] = refusal_text(no)


def show_refusal_kept() -> None:
    """What `refusal_kept` kept, once, at the top of the page."""
    if (words := st.session_state.pop(_REFUSED, None)) is not None:
        st.error(str(words), icon=":material/block:")
