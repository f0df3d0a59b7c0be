"""The box at the top of every page: typed words lead to a record or to a page.

What is typed stays out of the address and out of every log: it goes by the page's own socket,
and the address that it leads to names a record by its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st
from streamlit.components.v2 import component

from console.actions.jumping import LONGEST, Jump, JumpKind, jump
from console.desk import Desk
from console.i18n import Language, t, texts
from console.pages.frame import my_desk, plain, refusal_text
from console.pages.kit.records import PAGES_FOLDER, open_record
from console.pages.navigation import entries_for
from models.refusals import Refusal

_WORDS: Final = "jump:words"
_SEEN: Final = "jump:seen"
_PAGE: Final = "jump:page"
_MOST_PAGES: Final = 3
_JS: Final = """
const BOX = '[class*="st-key-jump_box"]';

function typing(at) {
  return at && (at.isContentEditable || /^(input|textarea|select)$/i.test(at.tagName));
}

function focusBox() {
  const input = document.querySelector(`${BOX} input`);
  if (input) { input.focus(); input.select(); }
}

function step(event) {
  const box = event.target.closest && event.target.closest(BOX);
  if (!box) return;
  const stops = [box.querySelector('input'), ...box.querySelectorAll('button')]
    .filter((one) => one && one.offsetParent !== null);
  const at = stops.indexOf(event.target.closest('input, button'));
  const next = stops[at + (event.key === 'ArrowDown' ? 1 : -1)];
  if (at >= 0 && next) { event.preventDefault(); next.focus(); }
}

function pressed(event) {
  if (event.isComposing) return;
  const letter = (event.key || '').toLowerCase();
  const isCall = (event.ctrlKey || event.metaKey) && !event.shiftKey && letter === 'k';
  if (isCall || (letter === '/' && !typing(event.target))) {
    event.preventDefault();
    focusBox();
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    step(event);
  }
}

export default function (component) {
  document.addEventListener('keydown', pressed, true);
  return () => document.removeEventListener('keydown', pressed, true);
}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One choice: a page of the console, or a record on it."""

    kind: JumpKind
    label: str
    page: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the words led to, to be shown until something is chosen."""

    words: str
    ways: Sequence[Way]
    refusal: str = ""
    go: Way | None = None


@st.fragment
def command_box(page: str) -> None:
    """Draw it once, above the page; `page` is the open one's name: another page begins anew."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        _put_away()
    my_desk()
    with st.container(key="jump_box", gap="small"):
        st.text_input(
            t("jump.label"),
            key=_WORDS,
            icon=":material/search:",
            placeholder=t("jump.placeholder"),
            label_visibility="collapsed",
            max_chars=LONGEST,
            autocomplete="off",
            on_change=_look,
        )
        keys = component("jump_keys", html="<span></span>", css="span { display: none; }", js=_JS)
        keys(key="jump_keys", height=1)
        seen = st.session_state.get(_SEEN)
        if isinstance(seen, Seen):
            _show(seen)


def _look() -> None:
    words = str(st.session_state.get(_WORDS, "")).strip()
    st.session_state.pop(_SEEN, None)
    if words:
        st.session_state[_SEEN] = look(my_desk(), words)


def look(desk: Desk, words: str) -> Seen:
    """Where the words lead: pages by their names in either language, and records."""
    pages = _pages_called(desk, words)
    named = [one for one in pages if one.label.casefold() == words.casefold()]
    try:
        found = jump(desk, words)
    except Refusal as no:
        go = named[0] if named else None
        return Seen(words, pages, "" if pages else refusal_text(no), go)
    ways = [_way(one) for one in found.rows]
    if found.exact:
        return Seen(words, ways, go=ways[0])
    return Seen(found.words, [*pages, *ways], go=named[0] if named and not ways else None)


def _way(found: Jump) -> Way:
    label = " · ".join(filter(None, [found.number, found.name]))
    return Way(found.kind, label, found.page, found.id)


def _pages_called(desk: Desk, words: str) -> list[Way]:
    """Of the pages that the actor has; the words are part of a name, or how the address ends."""
    wanted, found = words.casefold(), list[Way]()
    for entry in entries_for(desk.actor):
        names = [texts(language)[f"nav.{entry.name}"] for language in Language]
        if any(wanted in one.casefold() for one in (*names, entry.name)):
            label = next((one for one in names if one.casefold() == wanted), t(f"nav.{entry.name}"))
            found.append(Way(JumpKind.PAGE, label, entry.name))
    return found[:_MOST_PAGES]


def _show(seen: Seen) -> None:
    if seen.go is not None:
        _go(seen.go)
    with st.container(key="jump_found", border=True, gap=None):
        if seen.refusal:
            st.warning(seen.refusal, icon=":material/block:")
        elif not seen.ways:
            st.markdown(t("jump.nothing", words=plain(seen.words)))
            st.caption(t("jump.what"))
        for kind in dict.fromkeys(one.kind for one in seen.ways):
            st.caption(t(f"jump_kind.{kind}"))
            for place, way in enumerate(seen.ways, 1):
                if way.kind is kind and st.button(
                    plain(way.label), key=f"jump:{place}", type="tertiary", shortcut=f"Alt+{place}"
                ):
                    _go(way)
        st.button(
            t("jump.close"), key="jump:close", type="tertiary", icon=":material/close:",
            on_click=_put_away,
        )  # fmt: skip


def _go(way: Way) -> None:
    """The words are away before the page is: nothing is looked for twice."""
    st.session_state[_PAGE] = ""
    if way.id is None:
        st.switch_page(PAGES_FOLDER / f"{way.page}.py")
    open_record(way.page, way.id)


def _put_away() -> None:
    st.session_state[_WORDS] = ""
    st.session_state.pop(_SEEN, None)
