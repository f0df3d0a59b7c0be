"""The queue of applications by due date: what is late, what nears its end, what waits for whom."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.channel.admission import (
    QueuePart,
    admission_queue,
    queue_ages,
    queue_counts,
)
from console.actions.channel.held import Done
from console.actions.channel.review import review_agents
from console.i18n import t
from console.pages.channel_forms import late_field, province_word, refusal_fields, unpacked
from console.pages.channel_words import TONES
from console.pages.frame import my_desk, refusal_text, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    bar_chart,
    cursor,
    empty,
    flash,
    list_tools,
    page_head,
    record_table,
    view,
)
from models.channel.agents import Agent, AgentReason
from models.permissions import Permission

P = Permission
REFUSED = "admission:refused"


def show_queue() -> None:
    with page_head(t("admission_page.title"), t("admission_page.hint")):
        pass
    with refusals_shown():
        counts = queue_counts(desk)
        parts = {part.value: f"{t(f'queue_part.{part}')} {counts[part]}" for part in QueuePart}
        show_rows(QueuePart(view(parts, "part")))
        show_ages()


def show_rows(part: QueuePart) -> None:
    tools = list_tools(desk, "admission")
    found = admission_queue(desk, part, after=cursor("admission", part))
    if not found.rows:
        empty(t("admission_page.none"), t("admission_page.none_next"))
        return
    columns = [
        Column[Agent](t("agents_page.number"), lambda agent: agent.agent_no, width=190),
        Column[Agent](t("agents_page.name"), lambda agent: agent.name, width=250),
        Column[Agent](
            t("agents_page.state"), lambda agent: agent.state, Kind.STATE, "agent_state", TONES, 110
        ),
        Column[Agent](t("agents_page.due"), lambda agent: agent.review_due_at, Kind.DUE),
        Column[Agent](t("admission_page.waited"), lambda agent: agent.submitted_at, Kind.MOMENT),
        Column[Agent](
            t("agents_page.province"), lambda row: province_word(row.province), width=110
        ),
        Column[Agent](t("admission_page.reasons"), reasons_of, width=260),
    ]
    may_review = desk.actor.may(P.AGENT_REVIEW) and part is not QueuePart.CORRECTION
    chosen = record_table(
        found.rows, tools.shown(columns), key="admission", select=may_review, open_page="agents"
    )
    tools.pager(found, "admission")
    if may_review and chosen:
        deciding(chosen)


def reasons_of(agent: Agent) -> str:
    return "；".join(t(f"agent_reason.{one}") for one in agent.reasons)


def deciding(chosen: Sequence[UUID]) -> None:
    """Pass or send back all that are ticked; each is decided by itself."""
    late = late_field("admission")
    with st.container(horizontal=True, gap="small"):
        st.markdown(t("agents_page.ticked", n=len(chosen)), width="content")
        if st.button(t("agents_page.pass"), key="admission:pass", type="primary"):
            told(review_agents(desk, chosen, passed=True, late_reason=late))
        with st.popover(t("agents_page.refuse"), key="admission:refuse"):
            words = refusal_fields("admission:refuse:words")
            if st.button(t("agents_page.refuse"), key="admission:refuse:sure") and words:
                values = unpacked(words)
                done = review_agents(
                    desk,
                    chosen,
                    passed=False,
                    reasons=[AgentReason(one) for one in values["reasons"]],
                    remark=values["remark"],
                    late_reason=values["late_reason"] or late,
                )
                told(done)


def told(done: Sequence[Done]) -> None:
    """What became of each; those that were refused stay on the page with the ground."""
    refused = [one.refusal for one in done if one.refusal is not None]
    st.session_state[REFUSED] = [refusal_text(no) for no in refused]
    flash(t("agents_page.decided", n=len(done) - len(refused), refused=len(refused)))
    st.rerun()


def show_ages() -> None:
    ages = queue_ages(desk)
    if sum(ages.values()):
        named = {t(f"admission_page.age_{days}"): count for days, count in ages.items()}
        bar_chart(t("admission_page.ages"), named, key="admission:ages")


desk = my_desk()
for refused_words in st.session_state.pop(REFUSED, []):
    st.warning(refused_words, icon=":material/block:")
show_queue()
