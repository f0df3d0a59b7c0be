"""How Streamlit's pages stand sooner: what they need is asked for at once, and drawn at once.

Streamlit's page asks for the script of an element when it meets the first one, and for the
scripts which that one needs when it has come; for a typeface that our theme does not name; and
for the server below each page's own address, where it never is, before the right one. What a run
sends it draws message by message, many times over where one drawing would do.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

NEEDED: Final = (
    "Html",
    "ButtonGroup",
    "BidiComponent",
    "TextInput",
    "Selectbox",
    "Button",
    "DataFrame",
)
"""Scripts of the elements that nearly every page of the console has, as it shows them."""
_DEFAULT: Final = ('sansSerif:`"Source Sans", sans-serif`', "sansSerif:`sans-serif`")
"""Shown until our theme has come, which makes a browser fetch that typeface, and after ours."""
_TYPEFACE: Final = re.compile(rb"\s*<link\s+rel=\"preload\"[^>]*?as=\"font\"[^>]*>")
_IMPORTS: Final = re.compile(r"(?:from|import)\"\./([^\"/]+\.js)\"")
_LOADER: Final = b'<script type="module"'
_HEAD_END: Final = b"</head>"
_BODY_END: Final = b"</body>"
_HEARD: Final = "this.handleMessage=e=>{let "
_HELD_BACK: Final = """\
this.handleMessage=e=>{if(!this.heldBack&&e.type!==`newSession`)return this.hear(e);\
(this.heldBack??=[]).push(e);let t=()=>{clearTimeout(this.heldUntil),this.heldUntil=void 0;\
let t=this.heldBack;this.heldBack=[],t.forEach(this.hear)};\
e.type===`scriptFinished`?(t(),this.heldBack=void 0):this.heldUntil??=setTimeout(t,200)},\
this.hear=e=>{let """
"""From a run's first message to its last, or for 200 ms, so that a long run still shows itself."""
_ADDRESSES: Final = re.compile(r"(?P<all>\w+)\.length<=2\?(?P=all):(?P=all)\.slice\(0,2\)")
_NEAREST_ROOT: Final = r"\g<all>.slice(-2)"


def mended(script: str) -> str:
    """A bundle that asks its server where it is, names no other typeface, and draws a run once.

    Of the addresses above a page it tries the deepest two; ours is at one of the highest two.
    """
    script = _ADDRESSES.sub(_NEAREST_ROOT, script)
    return script.replace(*_DEFAULT).replace(_HEARD, _HELD_BACK)


def needed_scripts(folder: Path) -> list[str]:
    """File names of `NEEDED` below `folder` and of all that these import, each once."""
    ahead = [path.name for name in NEEDED for path in sorted(folder.glob(f"{name}.*.js"))]
    found: dict[str, None] = {}
    while ahead:
        name = ahead.pop(0)
        if name not in found:
            found[name] = None
            ahead += _IMPORTS.findall((folder / name).read_text("utf-8"))
    return list(found)


def asked_for_at_once(page: bytes, scripts: Iterable[str]) -> bytes:
    """The page that loads the bundles, with `scripts` that it does not name yet asked for."""
    if _LOADER not in page:
        return page
    page = _TYPEFACE.sub(b"", page)
    links = [
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">'.encode()
        for name in scripts
        if f'/{name}"'.encode() not in page
    ]
    return page.replace(_HEAD_END, b"\n".join([*links, _HEAD_END]), 1)


def dressed(page: bytes, style: str) -> bytes:
    """The page with our sheet at its end: there it comes after what is written into the head."""
    if not style or _LOADER not in page:
        return page
    link = f'<link rel="stylesheet" href="{style}">'.encode()
    return page.replace(_BODY_END, link + _BODY_END, 1)
