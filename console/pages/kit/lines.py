"""Lists of things to do or to look at: per state a frame, and in it a line for each with its way.

They are one element however many they are (`console.pages.kit.drawn`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from streamlit.components.v2 import component

from console.pages.kit.drawn import DRAW_CSS, DRAW_HTML, DRAW_JS, draw, icon_name
from console.pages.kit.words import LOOKS, Tone

_GO: Final = ":material/arrow_outward:"
_UNFOLD: Final = ":material/unfold_more:"
_CSS: Final = """
.head { display: flex; align-items: center; gap: .6rem; margin: 1rem 0 .5rem; }
.place > .head:first-child { margin-top: 0; }
ul { list-style: none; margin: 0; padding: .15rem 1rem .3rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); }
li { display: flex; align-items: center; gap: 0 1rem; padding: .3rem 0; min-height: 2.2rem;
  border-top: 1px solid rgba(120, 150, 150, .22); box-sizing: border-box; }
li:first-child, li.rest { border-top: 0; }
li.rest { padding-top: 0; }
.what { flex: 1 1 auto; min-width: 0; overflow-wrap: anywhere; }
strong { font-weight: 620; unicode-bidi: isolate; }
.when { white-space: nowrap; }
@media (max-width: 640px) {
  li { flex-wrap: wrap; padding: .5rem 0 .2rem; }
  .what { flex-basis: 100%; }
  .when + .way { margin-left: auto; }
}
"""
_JS: Final = """
function what({before, after}, title) {
  const one = piece('span', 'what');
  one.append(before, piece('strong', '', title), after);
  return one;
}

function line(component, alike, [title, when, address]) {
  const {go, icons} = component.data;
  const one = piece('li', 'line');
  const way = link(component, go, icons.go, address);
  if (title) way.setAttribute('aria-label', `${go} ${title}`);
  one.append(what(alike, title));
  if (when) one.append(piece('span', 'small when', when));
  one.append(way);
  return one;
}

function rest(component, [words, address]) {
  const {icons} = component.data;
  const one = piece('li', 'rest');
  one.append(link(component, words, address.startsWith('?') ? icons.unfold : icons.go, address));
  return one;
}

function list(component, {pill: state, count, kinds}) {
  const one = piece('ul', '');
  for (const alike of kinds) {
    one.append(...alike.lines.map((each) => line(component, alike, each)));
    if (alike.rest) one.append(rest(component, alike.rest));
  }
  if (!state) return [one];
  one.setAttribute('aria-label', `${state.word} ${count}`);
  const head = piece('div', 'head');
  head.append(pill(state), piece('span', 'small', count));
  return [head, one];
}

export default function (component) {
  put(component, component.data.lists.flatMap((each) => list(component, each)));
}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """What it is about, when it is due in words, and the address of where it is done."""

    title: str
    when: str
    to: str


@dataclass(frozen=True, slots=True)
class Rest:
    """How much more there is of a kind, and where: here, narrowed to it, or on a page."""

    words: str
    to: str


@dataclass(frozen=True, slots=True)
class Alike:
    """Lines of one kind: what is to be done stands round each title, which is in bold."""

    before: str
    after: str
    lines: Sequence[Line]
    rest: Rest | None = None

    @property
    def data(self) -> dict[str, Any]:
        """As the script reads it; what it lacks is left out of the message."""
        found: dict[str, Any] = {
            "before": self.before,
            "after": self.after,
            "lines": [(one.title, one.when, one.to) for one in self.lines],
        }
        if self.rest is not None:
            found["rest"] = (self.rest.words, self.rest.to)
        return found


@dataclass(frozen=True, slots=True)
class LineList:
    """A frame of lines; above it a pill with the state that they share, and how many they are."""

    kinds: Sequence[Alike]
    word: str = ""
    tone: Tone = Tone.OVER
    count: str = ""

    @property
    def data(self) -> dict[str, Any]:
        kinds = [one.data for one in self.kinds]
        if not self.word:
            return {"kinds": kinds}
        look = LOOKS[self.tone]
        shown = {"look": look.colour, "icon": icon_name(look.icon), "word": self.word}
        return {"pill": shown, "count": self.count, "kinds": kinds}


@cache
def _mount() -> Any:  # noqa: ANN401 - Streamlit's own, which its `components.v2` does not name
    return component("kit_lines", html=DRAW_HTML, css=DRAW_CSS + _CSS, js=DRAW_JS + _JS)


def show_lines(lists: Sequence[LineList], go: str, key: str) -> None:
    """Draw them; `go` is what the way of every line is called. Titles have been through `bare`."""
    kinds = [kind for one in lists for kind in one.kinds]
    ways = {line.to for kind in kinds for line in kind.lines}
    ways |= {kind.rest.to for kind in kinds if kind.rest is not None}
    icons = {"go": icon_name(_GO), "unfold": icon_name(_UNFOLD)}
    data = {"lists": [one.data for one in lists], "go": go, "icons": icons}
    draw(_mount(), data, ways, key)
