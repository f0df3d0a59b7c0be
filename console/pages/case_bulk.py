"""What may be done with several cases at once; first what will happen to each is shown."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.cases.merging import merge_cases, unmerge
from console.actions.cases.notices.sending import MOST_AT_ONCE, Sent, send_notices
from console.actions.cases.previews import where_to_send
from console.desk import Desk
from console.i18n import listed, t
from console.pages.case_words import against
from console.pages.frame import plain, refusal_text
from console.pages.kit import After, Next, next_moves, progress_of
from models.cases.cases import Case
from models.permissions import Permission
from models.refusals import Refusal

_REFUSED = "cases:refused"


def show_bulk(desk: Desk, chosen: Sequence[Case]) -> None:
    for words in st.session_state.pop(_REFUSED, []):
        st.warning(words, icon=":material/block:")
    if not chosen:
        st.caption(t("case_pages.choose"))
        return
    with st.container(horizontal=True, gap="small"):
        next_moves(desk, [_sending(desk, chosen), _merging(desk, chosen)], "cases")


def _sending(desk: Desk, chosen: Sequence[Case]) -> Next:
    names = {one.id: one.reference for one in chosen}

    def ask(_key: str) -> str:
        found = where_to_send(desk, [one.id for one in chosen])
        for case in chosen:
            goes = found.get(case.id, ())
            if isinstance(goes, Refusal):
                words = f":gray[:material/block: {refusal_text(goes)}]"
            else:
                good = t("case_pages.bulk_good", platform=listed(map(plain, goes)))
                words = f":green[:material/send: {good}]"
            st.markdown(f"**{case.reference}** {plain(against(case))}  \n{words}")
        return "" if all(isinstance(one, Refusal) for one in found.values()) else "ready"

    def act(_: str) -> str:
        place = st.empty()

        def progress(done: int, of: int) -> None:
            with place:
                progress_of(done, of, t("case_pages.bulk_sending"))

        return _told(names, send_notices(desk, list(names)[:MOST_AT_ONCE], progress))

    return Next(
        "bulk_send", t("case_pages.bulk_send", n=len(chosen)), t("case_pages.bulk_send_will"), act,
        Permission.CASE_SEND, ask=ask, icon=":material/send:", main=True,
    )  # fmt: skip


def _told(names: dict[UUID, str], sent: Sequence[Sent]) -> str:
    """In a sentence; each refusal with its case on the page that follows."""
    refused = [f"{names[one.case_id]}：{refusal_text(one.refusal)}" for one in sent if one.refusal]
    st.session_state[_REFUSED] = refused
    return t("case_pages.bulk_sent", n=len(sent) - len(refused), refused=len(refused))


def _merging(desk: Desk, chosen: Sequence[Case]) -> Next:
    """The gravest goes on; of equals the oldest."""
    first = min(chosen, key=lambda one: (-one.tier.rank, one.created_at, one.reference))
    main: list[str] = []

    def ask(key: str) -> str:
        options = {str(one.id): f"{one.reference} {against(one)}" for one in chosen}
        order = [str(first.id), *(one for one in options if one != str(first.id))]
        main[:] = [
            st.selectbox(
                t("case_pages.bulk_main"), order, key=f"{key}:main",
                format_func=lambda one: plain(options[one]),
            )
        ]  # fmt: skip
        for one, words in options.items():
            if one != main[0]:
                st.markdown(f":material/merge: {plain(words)}")
        return st.text_area(
            t("case_pages.bulk_reason"), key=f"{key}:reason", max_chars=1000
        ).strip()

    def act(reason: str) -> After:
        others = [str(one.id) for one in chosen if str(one.id) != main[0]]
        merged = merge_cases(desk, main[0], others, reason)
        said = t("case_pages.bulk_merged", n=len(others), reference=merged.reference)
        why = t("console.undo_reason")
        return After(
            said, "cases", merged.id, lambda now: [unmerge(now, one, why) for one in others]
        )

    return Next(
        "bulk_merge", t("case_pages.bulk_merge", n=len(chosen)), t("case_pages.bulk_merge_will"),
        act, Permission.CASE_OPEN, is_open=len(chosen) > 1, ask=ask, icon=":material/merge:",
    )  # fmt: skip
