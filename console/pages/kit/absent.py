"""What a record does not have: one row of it in place of a box for each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import streamlit as st

from console.i18n import listed, t
from console.pages.frame import plain
from console.pages.kit.layout import box


@dataclass(frozen=True, slots=True)
class Absent:
    """A part of a record with nothing in it, and the moves that would begin it, if it has any."""

    name: str
    begin: Callable[[], object] | None = None


def show_absent(parts: Iterable[Absent | None]) -> None:
    """In one sentence what is not there, and in one row all that would begin some of it."""
    missing = [one for one in parts if one is not None]
    if not missing:
        return
    with box("kit_absent", border=True, gap="small"):
        words = plain(listed(one.name for one in missing))
        st.caption(f":material/inbox: {t('console.absent', parts=words)}")
        with box("kit_absent_moves", horizontal=True, gap="small"):
            for one in missing:
                if one.begin is not None:
                    one.begin()
