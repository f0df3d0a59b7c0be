"""Where a long piece of work stands: the steps behind it, the present one, and the rest."""

from collections.abc import Sequence

import streamlit as st

from console.i18n import t
from console.pages.kit.layout import box


def steps(labels: Sequence[str], at: int, *, note: str = "", stopped: bool = False) -> None:
    """`at` counts from 0; one past the last is done. `stopped`: it goes no further from there."""
    with box("kit_steps", horizontal=True, gap="small"):
        for place, label in enumerate(labels):
            kind = "done" if place < at else "now" if place == at else "ahead"
            if stopped and place >= at:
                kind = "over"
            sign = {"done": ":material/check_circle:", "now": ":material/radio_button_checked:"}
            with box(f"kit_step_{kind}", gap=None):
                mark = sign.get(kind, ":material/radio_button_unchecked:")
                st.markdown(f"{mark} {label}" if kind != "now" else f"{mark} **{label}**")
                st.caption(note if kind == "now" and note else t(f"kit_steps.{kind}"))
