"""From a figure to the very rows that it counts."""

from typing import Final

import streamlit as st

from console.actions.oversight import behind
from console.actions.oversight.behind import EVERYTHING, Part
from console.desk import Desk
from console.i18n import t
from console.pages.kit.drawn import address_of
from console.pages.navigation import FOLDER
from models.oversight.figures import Indicator

_ARROW: Final = ":material/arrow_outward:"


def way_to_rows(desk: Desk, indicator: Indicator, part: Part = EVERYTHING) -> str:
    """The address of the rows; empty for somebody who may read none of them."""
    if not behind.may_look(desk, indicator):
        return ""
    page, query = behind.drill(indicator, part)
    return address_of(page, **query)


def drill(
    desk: Desk, indicator: Indicator, part: Part = EVERYTHING, *, key: str, label: str = ""
) -> None:
    """A button that opens the rows; nothing for somebody who may read none of them."""
    if not behind.may_look(desk, indicator):
        return
    if st.button(label or t("picture.to_list"), key=key, type="tertiary", icon=_ARROW):
        page, query = behind.drill(indicator, part)
        st.switch_page(FOLDER / f"{page}.py", query_params=query)
