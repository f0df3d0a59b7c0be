"""Much of one kind in the work list, done at once: by the same use cases, one by one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.cases.notices.answers import acknowledge
from console.actions.channel.licences import approve_licence
from console.actions.channel.renewals import renew_licence
from console.actions.channel.tellings import acknowledge_telling
from console.actions.patrol.findings import confirm_finding, dismiss_finding
from console.actions.waiting import WorkItem
from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain, refusal_text
from console.pages.kit import Next, link_to, next_moves
from console.pages.kit.layout import box
from console.pages.kit.lines import Line, LineList
from console.pages.kit.words import LOOKS
from models.permissions import Permission
from models.refusals import Refusal

_REFUSED: Final = "work:refused"
_P: Final = Permission
Deed = Callable[[Desk, UUID, str], object]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A deed for many of a kind: `bulk.<name>` is its name, `bulk.<name>_will` what it does."""

    name: str
    permission: Permission
    deed: Deed
    reason: bool = False


def _confirm(desk: Desk, row_id: UUID, _reason: str) -> object:
    return confirm_finding(desk, row_id)


def _dismiss(desk: Desk, row_id: UUID, reason: str) -> object:
    return dismiss_finding(desk, row_id, reason)


def _acknowledge(desk: Desk, row_id: UUID, _reason: str) -> object:
    return acknowledge(desk, row_id)


def _took_note(desk: Desk, row_id: UUID, _reason: str) -> object:
    return acknowledge_telling(desk, row_id)


def _approve(desk: Desk, row_id: UUID, _reason: str) -> object:
    return approve_licence(desk, row_id)


def _renew(desk: Desk, row_id: UUID, _reason: str) -> object:
    return renew_licence(desk, row_id)


_RENEW: Final = (Bulk("renew", _P.LICENCE_EDIT, _renew),)
BULKS: Final[Mapping[str, Sequence[Bulk]]] = {
    "finding_look": (
        Bulk("confirm", _P.FINDING_CONFIRM, _confirm),
        Bulk("dismiss", _P.FINDING_CONFIRM, _dismiss, reason=True),
    ),
    "notice_acknowledge": (Bulk("acknowledge", _P.CASE_READ, _acknowledge),),
    "telling_acknowledge": (Bulk("take_note", _P.CASE_ANSWER, _took_note),),
    "licence_approve": (Bulk("approve", _P.LICENCE_APPROVE, _approve),),
    "licence_ends_30": _RENEW,
    "licence_ends_7": _RENEW,
}
"""By the kind of work. What takes a second person takes one here too: each use case asks."""


def show_picks(listed: LineList, items: Sequence[WorkItem]) -> None:
    """A list of work that can be done by the dozen, with a box to tick before each line.

    `items` are those of its lines, one for one.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        look = LOOKS[listed.tone]
        st.badge(listed.word, icon=look.icon, color=look.colour)
        st.caption(listed.count, width="content")
    lines = [line for alike in listed.kinds for line in alike.lines]
    with box("kit_list", border=True):
        for line, item in zip(lines, items, strict=True):
            _pick(line, item)
        for alike in listed.kinds:
            if alike.rest is not None:
                link_to(alike.rest.words, alike.rest.to, key=f"there:{items[0].state}")


def _pick(line: Line, item: WorkItem) -> None:
    """Whoever presses the words ticks the box."""
    with box("kit_line", horizontal=True, vertical_alignment="center", gap="medium"):
        words = t(f"work.{item.kind}", title=f"**{plain(item.title)}**")
        st.checkbox(words, key=f"pick:{item.id}")
        if line.when:
            st.caption(line.when, width="content")
        link_to(t("work_list.go"), item.page, item.id, key=f"go:{item.id}")


def show_bulk(desk: Desk, kind: str, items: Iterable[WorkItem]) -> None:
    """What became of the last ones, and the deeds for those that are ticked."""
    for words in st.session_state.pop(_REFUSED, []):
        st.warning(words, icon=":material/block:")
    mine = [one for one in items if one.id is not None]
    chosen = [one for one in mine if st.session_state.get(f"pick:{one.id}")]
    with st.container(key="kit_bulk", horizontal=True, vertical_alignment="center", gap="small"):
        every = len(chosen) == len(mine)
        st.button(
            t("bulk.none" if every else "bulk.all", n=len(mine)), key="bulk:all", type="tertiary",
            on_click=_tick, args=(mine,), kwargs={"is_on": not every},
        )  # fmt: skip
        if not chosen:
            st.caption(t("bulk.choose"))
        moves = [_move(desk, bulk, chosen) for bulk in BULKS[kind]]
        next_moves(desk, moves, f"work:{kind}")


def _tick(items: Sequence[WorkItem], *, is_on: bool) -> None:
    for item in items:
        st.session_state[f"pick:{item.id}"] = is_on


def _move(desk: Desk, bulk: Bulk, chosen: Sequence[WorkItem]) -> Next:
    def act(reason: str) -> str:
        refused = [no for item in chosen if (no := _one(desk, bulk, item, reason)) is not None]
        st.session_state[_REFUSED] = refused
        return t("bulk.done", n=len(chosen) - len(refused), refused=len(refused))

    return Next(
        bulk.name, t(f"bulk.{bulk.name}", n=len(chosen)),
        t(f"bulk.{bulk.name}_will", n=len(chosen)), act, bulk.permission,
        is_open=bool(chosen), reason=bulk.reason, icon=":material/done_all:", main=not bulk.reason,
    )  # fmt: skip


def _one(desk: Desk, bulk: Bulk, item: WorkItem, reason: str) -> str | None:
    """One deed, kept whole or not at all; why not, where it is refused."""
    if item.id is None:
        return None
    st.session_state.pop(f"pick:{item.id}", None)
    try:
        bulk.deed(desk, item.id, reason)
    except Refusal as no:
        return t("bulk.refused", title=plain(item.title), why=refusal_text(no))
    return None
