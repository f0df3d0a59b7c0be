"""The kit that area pages are built from, so that they are short and look alike.

A page, whole (`console/pages/agents.py`; texts in `texts/<language>/channel.toml`):

    desk = my_desk()                                        # from console.pages.frame

    def show_list() -> None:
        with page_head(t("agents.title"), t("agents.hint")):
            if desk.actor.may(Permission.AGENT_EDIT):
                adding()                                    # an st.popover or st.button
        with filters():
            q = search(t("agents.search"))
            state = choice("state", t("agents.state"), labelled("agent_state", list(AgentState)))
        tools = list_tools(desk, "agents")                      # sort, chips, saved views, columns
        found = list_agents(desk, cursor("agents", q, state, tools.sort), words=q, state=state,
                            order=tools.order)
        if not found.rows:
            return empty(t("agents.none"), t("agents.none_next"))
        chosen = record_table(found.rows, tools.shown(COLUMNS), key="agents", select=True)   # ids
        tools.pager(found, "agents")                            # with the list as a file

    def show_record(agent_id: str) -> None:
        agent, deeds = agent_and_history(desk, agent_id)
        with record_head(agent.number, agent.name, area="agent_state", state=agent.state):
            next_moves(desk, [Next("suspend", t("agents.suspend"), t("agents.suspend_will"),
                lambda why: suspend(desk, agent.id, why), Permission.AGENT_REVIEW,
                is_open=AgentMove.SUSPEND in agent.open_moves(), reason=True)], agent.id)
        left, right = two_columns()
        with left:
            facts({t("agents.uscc"): agent.uscc, t("agents.since"): day(agent.since)})
        with right:
            timeline(deeds)

    list_or_record(show_list, show_record)

Words from outside go through `plain` wherever Streamlit reads Markdown: titles, labels, messages.
`facts`, `record_head`, `timeline` and `link_to` do it themselves; grids and `st.code` need none.
"""

from console.pages.kit.absent import Absent, show_absent
from console.pages.kit.charts import bar_chart, chart, funnel_chart, line_chart, stacked_chart
from console.pages.kit.layout import (
    After,
    chips,
    choice,
    empty,
    figures,
    filters,
    flag,
    flash,
    labelled,
    page_head,
    part,
    password_first,
    progress_of,
    search,
    section,
    show_once,
    view,
)
from console.pages.kit.lists import ListTools, list_tools
from console.pages.kit.marks import counted, marked, words_of
from console.pages.kit.records import (
    Next,
    back_to_list,
    chosen_id,
    facts,
    leave_record,
    link_to,
    list_or_record,
    next_moves,
    open_record,
    record_head,
    state_pill,
    timeline,
    two_columns,
)
from console.pages.kit.tables import Column, Kind, cursor, figures_grid, pager, record_table
from console.pages.kit.words import (
    CHINA,
    NOTHING,
    Tone,
    actor_word,
    day,
    deed_word,
    last_day,
    left_until,
    moment,
    state_word,
    tone_of,
)

__all__ = [
    "CHINA",
    "NOTHING",
    "Absent",
    "After",
    "Column",
    "Kind",
    "ListTools",
    "Next",
    "Tone",
    "actor_word",
    "back_to_list",
    "bar_chart",
    "chart",
    "chips",
    "choice",
    "chosen_id",
    "counted",
    "cursor",
    "day",
    "deed_word",
    "empty",
    "facts",
    "figures",
    "figures_grid",
    "filters",
    "flag",
    "flash",
    "funnel_chart",
    "labelled",
    "last_day",
    "leave_record",
    "left_until",
    "line_chart",
    "link_to",
    "list_or_record",
    "list_tools",
    "marked",
    "moment",
    "next_moves",
    "open_record",
    "page_head",
    "pager",
    "part",
    "password_first",
    "progress_of",
    "record_head",
    "record_table",
    "search",
    "section",
    "show_absent",
    "show_once",
    "stacked_chart",
    "state_pill",
    "state_word",
    "timeline",
    "tone_of",
    "two_columns",
    "view",
    "words_of",
]
