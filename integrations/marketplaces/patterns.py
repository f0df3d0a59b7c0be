"""Patterns of a mapping: written by strangers, so they run in RE2, in time linear in the text.

Python's own `re` can be kept busy for ever by one short pattern, and it holds the whole process.
"""

import re
from typing import Any, Final

import re2  # pyright: ignore[reportMissingTypeStubs]

_RE2: Final[Any] = re2
_CLASSES: Final = {"d": r"\p{Nd}", "s": r"\s\p{Z}", "w": r"\p{L}\p{M}\p{N}_"}
"""RE2 knows ASCII by these names; licence numbers and prices are often Chinese and full-width."""
_PARTS: Final = re.compile(r"\\(.?)|\[\^?\]?|\]|[^\\\[\]]+", re.DOTALL)


def first(pattern: str, text: str) -> str | None:
    """What the first group holds, or the whole match; None where the pattern is not found."""
    hit = _RE2.search(_wide(pattern), text, _options())
    if hit is None:
        return None
    return (hit[1] or "") if hit.re.groups else hit[0]


def holds(pattern: str, text: str) -> bool:
    return _RE2.search(_wide(pattern), text, _options()) is not None


def why_bad(pattern: str) -> str | None:
    """What is wrong with a pattern; None when it is sound."""
    try:
        _RE2.compile(_wide(pattern), _options())
    except _RE2.error as error:
        return b" ".join(part for part in error.args if isinstance(part, bytes)).decode() or "?"
    except UnicodeEncodeError:
        return "?"
    return None


def _options() -> Any:  # noqa: ANN401 - RE2 says nothing of its types
    options = _RE2.Options()
    options.log_errors = False
    return options


def _wide(pattern: str) -> str:
    """The pattern with digits, blanks and letters as Python means them."""
    parts: list[str] = []
    inside = False
    for part in _PARTS.finditer(pattern):
        text = part[0]
        if part[1] is not None:
            named = _CLASSES.get(part[1])
            parts.append(text if named is None else named if inside else f"[{named}]")
        elif inside and text.startswith("["):  # a bracket among the letters of a class
            parts.append("\\" + text)
            inside = not text.endswith("]")
        else:
            parts.append(text)
            inside = text.startswith("[") or (inside and text != "]")
    return "".join(parts)
