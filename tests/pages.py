"""A page of the console without a browser, as a person would see it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.staff.people import choose_language
from console.actions.staff.sign_in import (
    _open_session,  # pyright: ignore[reportPrivateUsage]
)
from console.desk import Desk, House
from console.i18n import Language, spoken
from console.pages import frame
from console.web.streamlit_setup import STREAMLIT_OPTIONS, apply

PAGES: Final = Path(frame.__file__).parent
_TIMEOUT: Final = 30


class Console:
    """The console of one house. `open` is one page by its file's name; `whole` has the sidebar."""

    def __init__(self, house: House, patch: pytest.MonkeyPatch) -> None:
        self.house = house
        self._patch = patch
        apply(STREAMLIT_OPTIONS)  # a server in this process would have done so
        frame.open_at(house)

    def sign_in(self, desk: Desk | None) -> None:
        """Whoever acts from now on, by a real session; None is a stranger."""
        token = None
        if desk is not None:
            assert desk.actor.id is not None
            token = _open_session(self.house, desk.actor.id, "127.0.0.1", "AppTest", None)
        self._patch.setattr(frame, "session_token", lambda: token)

    def open(
        self, name: str, desk: Desk | None, *, language: str | None = None, **query: str
    ) -> AppTest:
        """The page as the desk's person sees it: `console.open("staff", desks.admin, id=…)`."""
        if language is not None and desk is not None:
            choose_language(desk, language)
        self.sign_in(desk)
        # What choices are called is asked outside of the page's own run, too.
        spoken.set(Language(language or Language.ZH))
        at = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=_TIMEOUT)
        for key, value in query.items():
            at.query_params[key] = value
        return checked(at.run())

    def whole(self, desk: Desk | None, *, language: str | None = None) -> AppTest:
        """The landing page inside its frame."""
        return self.open("main", desk, language=language)


def checked(at: AppTest) -> AppTest:
    """A page that ran to its end; a fault of the script fails the test with its trace."""
    assert not at.exception, [(one.message, one.stack_trace) for one in at.exception]
    return at


def shown(at: AppTest) -> str:
    """Every word on the page, grids aside."""
    kinds = (
        "title", "header", "subheader", "caption", "markdown", "text", "code", "error", "warning",
        "info", "success", "toast",
    )  # fmt: skip
    values = [str(getattr(one, "value", "")) for kind in kinds for one in at.get(kind)]
    labels = [str(getattr(one, "label", "")) for one in (*at.button, *at.metric)]
    drawn = [words for words, _ in ways(at)]
    for tile in tiles(at):
        drawn += [*(tile[name] for name in ("label", "value", "beside", "told")), *tile["how"]]
    return "\n".join([*values, *labels, *drawn])


def tiles(at: AppTest) -> list[dict[str, Any]]:
    """Figures that the browser draws, as they are handed to it."""
    drawn = [json.loads(one.proto.json or "{}") for one in at.get("bidi_component")]
    groups = [group for data in drawn for group in data.get("groups", ())]
    return [tile for group in groups for tile in group["tiles"]]


def ways(at: AppTest) -> list[tuple[str, str]]:
    """Lines of lists that the browser draws: each as it is read, and where its link leads."""
    return [one for element in at.get("bidi_component") for one in _ways(element)]


def _ways(element: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - what AppTest has no name for
    data = json.loads(element.proto.json or "{}")
    for alike in (alike for one in data.get("lists", ()) for alike in one["kinds"]):
        for title, when, address in alike["lines"]:
            yield f"{alike['before']}{title}{alike['after']} {when}".strip(), address
        if "rest" in alike:
            yield alike["rest"][0], alike["rest"][1]


def press_way(at: AppTest, key: str, address: object) -> AppTest:
    """What a browser sends when somebody presses a link in what is drawn under `key`."""
    (element,) = [one for one in at.get("bidi_component") if one.key == key]
    states = at._tree.get_widget_states()  # pyright: ignore[reportPrivateUsage]
    trigger = f"$$STREAMLIT_INTERNAL_KEY_{element.proto.id}__events"
    pressed = json.dumps([{"event": "opened", "value": address}])
    states.widgets.add(id=trigger, json_trigger_value=pressed)
    return checked(at._run(states))  # pyright: ignore[reportPrivateUsage]


def errors(at: AppTest) -> list[str]:
    return [one.value for one in at.error]


def grid(at: AppTest, place: int = 0) -> list[list[Any]]:
    """The rows of a grid, without the button that opens them."""
    table = at.dataframe[place].value
    records = cast("list[dict[str, Any]]", table.to_dict("records"))  # pyright: ignore[reportUnknownMemberType]
    return [[cell for name, cell in row.items() if name != "open"] for row in records]


def tick(at: AppTest, *places: int, grid_at: int = 0) -> AppTest:
    """Tick rows of a grid by where they stand on this screen."""
    proto = at.dataframe[grid_at].proto
    key = proto.id.rpartition("-")[2]
    at.session_state[key] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return checked(at.run())


def press(at: AppTest, key: str) -> AppTest:
    """Press the only button whose key begins so."""
    (button,) = [one for one in at.button if str(one.key).startswith(key)]
    return checked(button.click().run())


def moves(at: AppTest) -> list[str]:
    """The moves that a record offers, by their keys."""
    keys = [str(one.key) for one in at.button]
    return [key.split(":")[1] for key in keys if key.startswith("move:")]


def move(at: AppTest, name: str, reason: str = "") -> AppTest:
    """Take a move of the open record and confirm it."""
    if reason:
        (box,) = [one for one in at.text_area if str(one.key).startswith(f"move:{name}:")]
        box.set_value(reason)
    return press(at, f"move:{name}:")
