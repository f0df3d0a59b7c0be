"""One page with all that the guard must let live, and what strangers would put on it."""

import random

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from console.pages.session_watch import session_watch


@st.cache_data
def drawn_once() -> float:
    return random.random()  # noqa: S311 - only has to differ


def confirm() -> None:
    st.write("dialog-body")


st.session_state["n"] = int(st.session_state.get("n", 0)) + 1
st.text(f"login={st.user.get('login')} user={st.user.get('user')}")
st.text(f"n={st.session_state['n']}")
st.text(f"cached={drawn_once()}")
st.button("more", key="more")

wanted = st.query_params.get("show", "")
if wanted == "file":
    fill = st.query_params.get("fill", "x")
    size = int(st.query_params.get("size", "64"))
    content = b"e" * (size // 4) + fill.encode() * (size // 8) + b"e" * (size - 3 * size // 8)
    st.audio(content, format="audio/wav")  # pyright: ignore[reportUnknownMemberType]
if wanted == "upload":
    st.file_uploader("file", key="file")
if wanted == "boom":
    raise RuntimeError("secret-11010119900307")
if wanted == "gallery":
    frame = pd.DataFrame({"agent": ["A-1", "A-2"], "cards": [3, 5]})
    st.dataframe(frame)  # pyright: ignore[reportUnknownMemberType]
    bars = go.Bar(x=frame["agent"], y=frame["cards"])  # pyright: ignore[reportUnknownMemberType]
    st.plotly_chart(go.Figure(bars))  # pyright: ignore[reportUnknownMemberType]
    st.markdown(f"![beacon]({st.query_params.get('beacon', '')})")
    with st.sidebar:
        session_watch("Sign out", "zh")
    st.pagination(5, key="page")
    file = st.file_uploader("file", key="file")
    if file:
        st.text(f"uploaded={len(file.getvalue())}")
    if st.button("open-dialog"):
        st.dialog("Sure?")(confirm)()
