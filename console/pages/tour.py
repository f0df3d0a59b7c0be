"""A guided tour for each role: what it comes to do, step by step, and what it may not do."""

from collections.abc import Sequence

import streamlit as st

from console.actions.waiting import WorkItem
from console.actions.work import work_items
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import link_to, page_head, section, view
from console.pages.kit.layout import box
from console.pages.navigation import entries_for
from console.pages.tour_steps import STEPS
from models.permissions import Role


def first_of(items: Sequence[WorkItem], page: str) -> WorkItem | None:
    """What waits there first: a record of one's own to try it on."""
    return next((one for one in items if one.page == page and one.id is not None), None)


def show_step(number: int, role: Role, page: str, item: WorkItem | None) -> None:
    with box("kit_tour", border=True, gap="small"):
        st.markdown(f"**{number} · {t(f'nav.{page}')}**")
        st.markdown(t(f"tour.{role}_{page}"))
        with st.container(horizontal=True, gap="small"):
            link_to(t("tour.open", page=t(f"nav.{page}")), page, key=f"tour:{page}")
            if item is not None:
                words = t("tour.try", title=item.title)
                link_to(words, page, item.id, key=f"tour:{page}:{item.id}")


def show_role(role: Role) -> None:
    st.markdown(t(f"tour.{role}"))
    mine = {entry.name for entry in entries_for(desk.actor)}
    waiting = work_items(desk)
    steps = [page for page in STEPS[role] if page in mine]
    for number, page in enumerate(steps, 1):
        show_step(number, role, page, first_of(waiting, page))
    section(t("tour.not"))
    st.markdown(t(f"tour.{role}_not"))


desk = my_desk()
roles = [role for role in STEPS if role in desk.actor.roles]
with page_head(t("tour.title"), t("tour.hint", name=plain(desk.actor.name))):
    link_to(t("nav.work_list"), "work_list", key="tour:begin")
with refusals_shown():
    if roles:
        names = {role.value: t(f"role.{role}") for role in roles}
        show_role(Role(view(names) if len(roles) > 1 else roles[0]))
    else:
        st.info(t("work_list.next_nobody"), icon=":material/badge:")
