"""How a new model stands beside the one that was in force when it was trained."""

import pandas as pd
import streamlit as st

from console.i18n import t
from console.pages.kit import chart
from models.patrol.labels import ScreenModel

MEASURES = ("precision", "recall", "f1", "accuracy")


def f1_of(row: ScreenModel, which: str) -> str:
    """Empty before it is trained."""
    return f"{row.measures[which]['f1']:.3f}" if row.measures else ""


def compare(row: ScreenModel, *, key: str) -> None:
    """Two bars a measure, and the figures; then titles of an author that neither saw."""
    import plotly.graph_objects as go

    new, old = row.measures["new"], row.measures["old"]
    names = [t(f"screening_page.{name}") for name in MEASURES]
    told = {
        t("screening_page.new"): [round(new[name], 4) for name in MEASURES],
        t("screening_page.old"): [round(old[name], 4) for name in MEASURES],
    }
    figure = go.Figure(
        [
            go.Bar(
                name=name, x=names, y=values, text=[f"{value:.3f}" for value in values],
                textposition="auto", marker={"pattern": {"shape": shape}},
            )
            for (name, values), shape in zip(told.items(), ("", "/"), strict=True)
        ]
    )  # fmt: skip
    figure.update_layout(barmode="group", yaxis={"range": [0, 1.05]})  # pyright: ignore[reportUnknownMemberType]
    chart(
        t("screening_page.compared", n=new["n"]),
        figure,
        pd.DataFrame({t("screening_page.measure"): names, **told}),
        key=f"compare:{key}",
    )
    if unseen := row.measures.get("unseen"):
        st.caption(
            t(
                "screening_page.unseen",
                n=unseen["new"]["n"],
                new=f"{unseen['new']['f1']:.3f}",
                old=f"{unseen['old']['f1']:.3f}",
            )
        )
