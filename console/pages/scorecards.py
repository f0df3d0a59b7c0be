"""Agent scorecards: whom to look at first, and for each agent what the score is made of."""

from collections.abc import Mapping, Sequence

import streamlit as st

from console.actions.oversight.analysis.score_records import Deed, Scorecard, scorecard
from console.actions.oversight.analysis.score_sources import SOURCES
from console.actions.oversight.analysis.scorecards import (
    MOST_RANKED,
    Cards,
    hidden_parts,
    list_scorecards,
)
from console.i18n import listed, t
from console.pages.case_words import CASES
from console.pages.channel_forms import province_word
from console.pages.channel_words import TONES
from console.pages.frame import my_desk
from console.pages.kit import (
    NOTHING,
    Column,
    Kind,
    Tone,
    choice,
    cursor,
    day,
    empty,
    facts,
    figures,
    filters,
    labelled,
    line_chart,
    link_to,
    list_or_record,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    section,
    state_pill,
)
from models.channel.agents import Agent, AgentState
from models.oversight.scores import GOOD, PartScore, Score, ScorePart, weights
from models.provinces import provinces

WORDS: Mapping[str, Tone] = {
    "good": Tone.GOOD,
    "bad": Tone.BAD,
    "minor": Tone.WAITING,
    "general": Tone.WARNING,
    "serious": Tone.BAD,
    "missed": Tone.WARNING,
    "about": Tone.WAITING,
}
ADMITTED = (AgentState.ELIGIBLE, AgentState.ACTIVE, AgentState.SUSPENDED, AgentState.EXITED,
            AgentState.BLACKLISTED)  # fmt: skip


def show_list() -> None:
    page_head(t("scorecards_page.title"), t("scorecards_page.hint"))
    with filters():
        q = search(t("scorecards_page.search"))
        state = choice("state", t("agents_page.state"), labelled("agent_state", ADMITTED))
        province = choice(
            "province",
            t("agents_page.province"),
            {code: province_word(code) for code in provinces()},
        )
    say_what_is_hidden()
    found = list_scorecards(
        desk,
        q,
        state=AgentState(state) if state else None,
        province=province,
        after=cursor("scorecards", q, state, province),
    )
    if not found.agents.rows:
        words = "none_found" if q or state or province else "none"
        empty(t(f"scorecards_page.{words}"), t(f"scorecards_page.{words}_next"))
        return
    say_how_many(found, q)
    record_table(found.agents.rows, columns(found), key="scorecards")
    pager(found.agents, "scorecards")


def say_what_is_hidden() -> None:
    if hidden := hidden_parts(desk):
        names = listed(t(f"score_part.{one}") for one in hidden)
        st.caption(f":material/visibility_off: {t('scorecards_page.hidden', parts=names)}")


def say_how_many(found: Cards, q: str) -> None:
    if q and found.is_cut:
        st.caption(t("scorecards_page.cut_found"))
    elif found.is_cut:
        st.caption(t("scorecards_page.cut", n=found.ranked, most=MOST_RANKED))
    else:
        st.caption(t("scorecards_page.ranked", n=found.ranked))


def columns(found: Cards) -> list[Column[Agent]]:
    def part(which: ScorePart) -> Column[Agent]:
        def said(row: Agent) -> str:
            return part_word(next(one for one in found.scores[row.id].parts if one.part is which))

        return Column[Agent](t(f"score_part.{which}"), said, width=110)

    known = [which for which in ScorePart if which not in hidden_parts(desk)]
    return [
        Column[Agent](
            t("scorecards_page.score"),
            lambda row: found.scores[row.id].points,
            Kind.NUMBER,
            width=80,
        ),
        Column[Agent](t("agents_page.number"), lambda row: row.agent_no, width=170),
        Column[Agent](t("agents_page.name"), lambda row: row.name, width=220),
        Column[Agent](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "agent_state", TONES, 100
        ),
        *map(part, known),
        Column[Agent](
            t("scorecards_page.months"), lambda row: found.standings[row.id].months, Kind.NUMBER
        ),
        Column[Agent](
            t("scorecards_page.ends_on"), lambda row: found.standings[row.id].ends_on, Kind.DATE
        ),
        Column[Agent](
            t("agents_page.province"), lambda row: province_word(row.province), width=110
        ),
    ]


def part_word(one: PartScore) -> str:
    """How many of how many; a share of few is marked."""
    if one.base is None:
        return f"{one.bad:,}"
    if not one.base:
        return NOTHING
    words = t("scorecards_page.of", n=one.bad, base=one.base)
    return t("scorecards_page.few", words=words) if one.is_few else words


def show_record(agent_id: str) -> None:
    card = scorecard(desk, agent_id)
    agent = card.agent
    with record_head(
        agent.agent_no, agent.name, area="agent_state", state=agent.state, tones=TONES
    ):
        link_to(t("scorecards_page.to_agent"), "agents", agent.id, key="to:agent")
    st.info(t("scorecards_page.no_verdict"), icon=":material/info:")
    say_what_is_hidden()
    show_standing(card)
    left, right = st.columns([3, 2], gap="large")
    with left:
        show_parts(card.score)
    with right:
        trend = {month: one.points for month, one in card.trend.items()}
        line_chart(t("scorecards_page.trend"), {t("scorecards_page.score"): trend},
                   key=f"trend:{agent.id}", hint=t("scorecards_page.trend_hint"))  # fmt: skip
    show_cases(card)
    for part, deeds in card.deeds.items():
        show_deeds(part, deeds)
    show_ends(card)


def show_standing(card: Scorecard) -> None:
    standing = card.standing
    months = (
        NOTHING if standing.months is None else t("scorecards_page.n_months", n=standing.months)
    )
    figures(
        {
            t("scorecards_page.score"): f"{card.score.points:g}",
            t("scorecards_page.months"): months,
            t("scorecards_page.ends_on"): day(standing.ends_on),
        },
        {t("scorecards_page.score"): t("scorecards_page.score_help", months=weights().months)},
    )


def show_parts(score: Score) -> None:
    """Each part as a row: what was counted, what it adds, and what it could add at most."""
    section(t("scorecards_page.parts"), t("scorecards_page.parts_hint", version=weights().version))
    shown = [one for one in score.parts if one.part not in hidden_parts(desk)]
    columns = [
        Column[PartScore](t("scorecards_page.part"), lambda row: t(f"score_part.{row.part}"),
                          width=150),
        Column[PartScore](t("scorecards_page.counted"), part_word, width=120),
        Column[PartScore](t("scorecards_page.points"), lambda row: row.points, Kind.NUMBER,
                          width=80),
        Column[PartScore](t("scorecards_page.most"), lambda row: row.most, Kind.NUMBER, width=80),
        Column[PartScore](t("scorecards_page.how"), how_word, width=340),
    ]  # fmt: skip
    record_table(shown, columns, key="parts", opens=False, identity=lambda row: row.part)


def how_word(one: PartScore) -> str:
    own = weights().part[one.part]
    if own.is_share:
        return t("scorecards_page.how_share")
    said = listed(f"{t(f'score_word.{word}')} {points:g}" for word, points in own.weights.items())
    return t("scorecards_page.how_each", weights=said)


def show_cases(card: Scorecard) -> None:
    if not card.cases:
        return
    section(t("scorecards_page.outcomes"), t("scorecards_page.outcomes_hint"))
    with st.container(horizontal=True, vertical_alignment="center"):
        for state, n in card.cases.items():
            with st.container(horizontal=True, gap="small", width="content"):
                state_pill("case_state", state, CASES)
                st.markdown(f"**{n:,}**", width="content")


def show_deeds(part: ScorePart, deeds: Sequence[Deed]) -> None:
    if not deeds:
        return
    bad = sum(one.word != GOOD for one in deeds)
    section(t(f"score_part.{part}"), t("scorecards_page.deeds_hint", n=len(deeds), bad=bad))
    columns = [
        Column[Deed](t("scorecards_page.deed"), lambda row: row.number, width=260),
        Column[Deed](t("scorecards_page.word"), lambda row: row.word, Kind.STATE, "score_word",
                     WORDS, 140),
        Column[Deed](t("scorecards_page.at"), lambda row: row.at, Kind.MOMENT, width=150),
    ]  # fmt: skip
    record_table(deeds, columns, key=f"deeds:{part}", open_page=SOURCES[part].page)


def show_ends(card: Scorecard) -> None:
    ends = {one.number: day(one.ends_on) for one in card.licences}
    if card.agent.business_licence_until is not None:
        ends[t("paper_kind.business_licence")] = day(card.agent.business_licence_until)
    for paper in card.papers:
        ends[f"{t(f'paper_kind.{paper.kind}')} {paper.number or paper.file_name}"] = day(
            paper.valid_until
        )
    if ends:
        facts(ends, t("scorecards_page.ends"), abreast=3)


desk = my_desk()
list_or_record(show_list, show_record)
