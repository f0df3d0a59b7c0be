"""What is drawn in the browser out of one message, and how a click on its links comes back.

Hundreds of lines as elements of Streamlit's are hundreds of messages, each of which costs the
server as much as a query. A component gets them as plain data instead and sets every word as text.

Its links are real: they open in a tab of their own and are copied as any other. A plain click goes
by the page's own socket, so that nothing is loaded anew. What a browser says was clicked is
believed only if the run before drew it for this very session.
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from console.pages.kit.layout import PAGES_FOLDER

_TO: Final = "drawn:to"
DRAW_JS: Final = """
function piece(tag, look, words) {
  const one = document.createElement(tag);
  one.className = look;
  one.textContent = words || '';
  return one;
}

function sign(name) {
  const one = piece('span', 'sign', name);
  one.setAttribute('aria-hidden', 'true');
  one.translate = false;
  return one;
}

function link(component, words, icon, address) {
  const one = piece('a', 'way');
  one.href = address.startsWith('?') ? address : `/console/${address}`;
  one.append(sign(icon), piece('span', '', words));
  one.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    component.setTriggerValue('opened', address);
  };
  return one;
}

function pill({look, icon, word}) {
  const one = piece('span', `pill ${look}`);
  one.append(sign(icon), piece('span', '', word));
  return one;
}

// Drawn anew with every run; whoever stood on a link stands there still.
function put(component, pieces) {
  const root = component.parentElement;
  const place = root.querySelector('.place');
  const stood = place.getRootNode().activeElement?.getAttribute('href');
  place.replaceChildren(...pieces);
  const same = stood && [...place.querySelectorAll('a')].find(
    (one) => one.getAttribute('href') === stood,
  );
  if (same) same.focus();
}
"""
"""Begins a component's script, which calls `put` with what it made of its data."""
DRAW_HTML: Final = "<div class='place'></div>"
DRAW_CSS: Final = """
.place { font-family: var(--st-font); color: var(--st-text-color); line-height: 1.5; }
.sign { font-family: "Material Symbols Rounded"; font-size: 1.15em; line-height: 1;
  font-weight: 400; white-space: nowrap; overflow: hidden; width: 1em; height: 1em;
  user-select: none; flex: none; font-feature-settings: "liga"; }
.way { display: inline-flex; align-items: center; gap: .4rem; min-height: 1.9rem; color: inherit;
  font-size: .93rem;
  text-decoration: none; border-radius: var(--st-base-radius); white-space: nowrap; }
.way:hover { color: var(--st-link-color); text-decoration: underline; }
.way:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
.pill { display: inline-flex; align-items: center; gap: .3rem; padding: .1rem .45rem;
  border-radius: .3rem; font-size: .875rem; white-space: nowrap; }
.red { color: var(--st-red-text-color); background: var(--st-red-background-color); }
.orange { color: var(--st-orange-text-color); background: var(--st-orange-background-color); }
.blue { color: var(--st-blue-text-color); background: var(--st-blue-background-color); }
.violet { color: var(--st-violet-text-color); background: var(--st-violet-background-color); }
.green { color: var(--st-green-text-color); background: var(--st-green-background-color); }
.gray { color: var(--st-gray-text-color); background: var(--st-gray-background-color); }
.small { font-size: .875rem; opacity: .78; font-variant-numeric: tabular-nums; }
"""


def address_of(page: str, row_id: object | None = None, **more: str) -> str:
    """Where a link leads: a page of the console or a record on it, as `open_record` has them.

    Without a page it is the open one, narrowed: `?kind=…`.
    """
    query = urlencode(({} if row_id is None else {"id": str(row_id)}) | more)
    return f"{page}?{query}" if query else page


def icon_name(icon: str) -> str:
    """`:material/warning:` as the font has it."""
    return icon.removeprefix(":material/").removesuffix(":")


def draw(
    mount: Callable[..., object], data: Mapping[str, Any], addresses: Collection[str], key: str
) -> None:
    """Hand a component its data; of its links none leads anywhere but to `addresses`."""
    follow_click()
    st.session_state[_drawn(key)] = frozenset(addresses)
    mount(data=data, key=key, on_opened_change=partial(_opened, key))


def _drawn(key: str) -> str:
    return f"drawn:{key}"


def _opened(key: str) -> None:
    address = getattr(st.session_state.get(key), "opened", None)
    if not isinstance(address, str) or address not in st.session_state.get(_drawn(key), ()):
        return
    page, _, query = address.partition("?")
    if page:
        st.session_state[_TO] = address
    else:
        st.query_params.update(dict(parse_qsl(query)))


def follow_click() -> None:
    """Go where a click has led. A page calls it first, so as to look nothing up in vain."""
    address = st.session_state.pop(_TO, None)
    if address is not None:
        page, _, query = str(address).partition("?")
        st.switch_page(PAGES_FOLDER / f"{page}.py", query_params=dict(parse_qsl(query)))
