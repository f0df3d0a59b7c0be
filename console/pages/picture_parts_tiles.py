"""Figures of a picture side by side, each with how it stands: one element, however many they are.

Where a click on one's list leads: `console.pages.kit.drawn`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from streamlit.components.v2 import component

from console.i18n import t
from console.pages.kit.drawn import DRAW_CSS, DRAW_HTML, DRAW_JS, draw, icon_name
from console.pages.kit.words import LOOKS, Tone

_GO: Final = ":material/arrow_outward:"
_CSS: Final = """
h3 { font-family: var(--st-heading-font); font-size: 1.06rem; font-weight: 620; margin: 0;
  padding: 1.5rem 0 .7rem; line-height: 1.3; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(4, minmax(0, 1fr)); }
ul.three { grid-template-columns: repeat(3, minmax(0, 1fr)); }
li { display: flex; flex-direction: column; align-items: flex-start; gap: .4rem; padding: 1rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  box-sizing: border-box; overflow-wrap: anywhere; }
.figure { border-left: 3px solid #7D8C90; padding: .35rem 1rem; margin-bottom: .2rem; }
.good .figure { border-left-color: #2F8F5B; }
.warning .figure { border-left-color: #D08A2A; }
.bad .figure { border-left-color: #C54848; }
.label { font-size: .875rem; }
.value { font-size: 1.65rem; font-weight: 620; line-height: 1.35;
  font-variant-numeric: tabular-nums; }
.beside { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .6rem; }
details { width: 100%; }
summary { cursor: pointer; font-size: .875rem; min-height: 1.8rem; line-height: 1.8rem;
  border-radius: var(--st-base-radius); }
summary:hover { color: var(--st-link-color); }
summary:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
p { margin: .2rem 0; }
.way { margin-top: auto; }
@media (max-width: 1000px) { ul, ul.three { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 640px) { ul, ul.three { grid-template-columns: minmax(0, 1fr); gap: .7rem; } }
"""
_JS: Final = """
// What somebody has unfolded stays so when the page is drawn again.
function unfolded(component, words) {
  const open = component.parentElement.unfolded ??= new Set();
  const one = piece('details', '');
  one.append(piece('summary', '', component.data.how));
  one.append(...words.paragraphs.map((each) => piece('p', 'small', each)));
  one.open = open.has(words.of);
  one.ontoggle = () => (one.open ? open.add(words.of) : open.delete(words.of));
  return one;
}

function tile(component, {label, value, stands, pill: state, beside, told, how, to}) {
  const one = piece('li', stands);
  const figure = piece('div', 'figure');
  figure.append(piece('div', 'label', label), piece('div', 'value', value));
  const row = piece('div', 'beside');
  if (state) row.append(pill(state));
  if (beside) row.append(piece('span', 'small', beside));
  one.append(figure);
  if (row.childElementCount) one.append(row);
  if (told) one.append(piece('p', 'small', told));
  if (how.length) one.append(unfolded(component, {of: label, paragraphs: how}));
  if (to) {
    const way = link(component, component.data.list, component.data.icon, to);
    way.setAttribute('aria-label', `${component.data.list} ${label}`);
    one.append(way);
  }
  return one;
}

function group(component, {title, tiles}) {
  const list = piece('ul', component.data.abreast === 3 ? 'three' : '');
  list.append(...tiles.map((each) => tile(component, each)));
  return title ? [piece('h3', '', title), list] : [list];
}

export default function (component) {
  put(component, component.data.groups.flatMap((each) => group(component, each)));
}
"""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure: what it is called, the number in words, and how it `stands`, by sign and word."""

    label: str
    value: str
    stands: str
    sign: tuple[Tone, str] | None
    beside: str
    told: str = ""
    how: Sequence[str] = ()
    """How it was counted, to be unfolded."""
    to: str = ""
    """The address of its list; empty for those who may not read the rows."""

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "label": self.label, "value": self.value, "stands": self.stands,
            "beside": self.beside, "told": self.told, "how": list(self.how), "to": self.to,
        }  # fmt: skip
        if self.sign is not None:
            tone, word = self.sign
            look = LOOKS[tone]
            found["pill"] = {"look": look.colour, "icon": icon_name(look.icon), "word": word}
        return found


@cache
def _mount() -> Any:  # noqa: ANN401 - Streamlit's own, which its `components.v2` does not name
    return component("picture_tiles", html=DRAW_HTML, css=DRAW_CSS + _CSS, js=DRAW_JS + _JS)


def show_tiles(groups: Sequence[tuple[str, Sequence[Tile]]], key: str, *, abreast: int = 4) -> None:
    """Groups of figures, each under its title or under none; `abreast` is 3 or 4 on a desk."""
    ways = {one.to for _, tiles in groups for one in tiles if one.to}
    data = {
        "groups": [
            {"title": title, "tiles": [one.data for one in tiles]} for title, tiles in groups
        ],
        "abreast": abreast,
        "how": t("picture.how"),
        "list": t("picture.to_list"),
        "icon": icon_name(_GO),
    }
    draw(_mount(), data, ways, key)
