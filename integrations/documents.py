"""Documents as PDF by Typst: a template of ours, and facts that are data and never markup.

A template reads its facts as `facts` from `house.typ`; a text among them is shown letter by letter,
whatever it says. Only our own font is there, no file is read and no network asked, and the same
facts give the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from typst import Fonts

_TEMPLATES: Final = "documents-"
Fact = str | float | bool | None | Sequence["Fact"] | Mapping[str, "Fact"]


@cache
def house_fonts() -> "Fonts":
    import typst

    with as_file(files("models").joinpath("data")) as folder:
        return typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)]
        )


def pdf(template: str, facts: Mapping[str, Fact], fonts: "Fonts | None" = None) -> bytes:
    """The document of that template; every letter of the facts must be one that the font has."""
    return _compiled(template, facts, fonts, "pdf")


def pages(template: str, facts: Mapping[str, Fact], *, ppi: float = 144) -> list[bytes]:
    """The same document as pictures, one PNG for each page."""
    made: Any = _compiled(template, facts, None, "png", ppi)
    return [made] if isinstance(made, bytes) else list(made)


def _compiled(
    template: str,
    facts: Mapping[str, Fact],
    fonts: "Fonts | None",
    kind: Literal["pdf", "png"],
    ppi: float | None = None,
) -> bytes:
    import typst

    source: Any = {"main.typ": _source(template), "house.typ": _source("house")}
    made: Any = typst.compile(
        source,
        font_paths=fonts or house_fonts(),
        format=kind,
        ppi=ppi,
        sys_inputs={"facts": json.dumps(facts, ensure_ascii=False)},
    )
    return made


@cache
def _source(name: str) -> bytes:
    return files("models").joinpath("data", f"{_TEMPLATES}{name}.typ").read_bytes()
