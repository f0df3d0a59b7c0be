"""Industry cards in figures: how complete, what was found, what was done. Counts alone."""

import pandas as pd
import streamlit as st

from console.actions.cards.industry.counts import (
    IndustryCounts,
    ProvinceCounts,
    Share,
    industry_counts,
)
from console.i18n import t
from console.pages.channel_forms import province_word
from console.pages.frame import my_desk, refusals_shown
from console.pages.industry_words import class_word
from console.pages.kit import (
    NOTHING,
    bar_chart,
    choice,
    empty,
    figures,
    figures_grid,
    filters,
    link_to,
    moment,
    page_head,
    section,
    stacked_chart,
)
from models.cards.card_orders import CardMeasure
from models.cards.classes import CardClass
from models.cards.industry import BatchState
from models.cards.monitoring import FINDING_LIVE
from models.cards.usage_rules import UsageRule
from models.cases.cases import ENDED
from models.permissions import Permission


def show() -> None:
    with page_head(t("counts_page.title"), t("counts_page.hint")):
        if desk.actor.may(Permission.CASE_READ):
            link_to(t("counts_page.cases"), "cases", key="counts:cases")
    with refusals_shown():
        counts = industry_counts(desk)
        if not counts.provinces:
            empty(t("counts_page.none"), t("counts_page.none_next"))
            return
        with filters():
            named = {one.province: province_word(one.province) for one in counts.provinces}
            code = choice("province", t("counts_page.province"), named)
        shown = next((one for one in counts.provinces if one.province == code), counts.total)
        st.caption(t("counts_page.as_of", at=moment(counts.at)))
        show_figures(shown)
        show_charts(shown)
        show_provinces(counts)


def show_figures(shown: ProvinceCounts) -> None:
    in_use = shown.batches_in(BatchState.IN_USE, BatchState.RESTRICTED)
    open_cases = sum(n for (_, state), n in shown.cases.items() if state not in ENDED)
    figures(
        {
            t("counts_page.in_use"): in_use,
            t("counts_page.cards"): shown.cards,
            t("counts_page.answered"): percent(shown.answered),
            t("counts_page.scoped"): percent(shown.scoped),
            t("counts_page.attributed"): percent(shown.attributed),
        },
        {
            t("counts_page.answered"): t("counts_page.answered_hint"),
            t("counts_page.scoped"): t("counts_page.scoped_hint"),
            t("counts_page.attributed"): t("counts_page.attributed_hint"),
        },
    )
    figures(
        {
            t("counts_page.restricted"): shown.batches_in(BatchState.RESTRICTED),
            t("counts_page.shut_down"): shown.batches_in(BatchState.SHUT_DOWN),
            t("counts_page.open_findings"): shown.findings_in(*FINDING_LIVE),
            t("counts_page.open_cases"): open_cases,
            t("counts_page.gaps"): shown.gaps,
        },
        {t("counts_page.gaps"): t("counts_page.gaps_hint")},
    )


def percent(share: Share) -> str:
    return NOTHING if share.percent is None else f"{share.percent:g}%"


def show_charts(shown: ProvinceCounts) -> None:
    classes = [one for one in CardClass if any(kind == one for _, kind in shown.batches)]
    states = [one for one in BatchState if any(state == one for state, _ in shown.batches)]
    parts = {
        t(f"batch_state.{state}"): [shown.batches[state, one] for one in classes]
        for state in states
    }
    stacked_chart(
        t("counts_page.by_class"),
        [class_word(one) for one in classes],
        parts,
        key="counts:classes",
        lying=True,
    )
    left, right = st.columns(2)
    with left:
        rules = {
            t(f"usage_rule.{rule}") if rule else t("counts_page.by_people"): sum(
                n for (named, _), n in shown.findings.items() if named == rule
            )
            for rule in (*UsageRule, None)
        }
        found = {name: n for name, n in rules.items() if n}
        if found:
            bar_chart(t("counts_page.by_rule"), found, key="counts:rules", lying=True)
        else:
            st.caption(t("counts_page.nothing_found"))
    with right:
        orders = {
            t(f"card_measure.{measure}"): sum(
                n for (named, _), n in shown.orders.items() if named == measure
            )
            for measure in CardMeasure
        }
        if any(orders.values()):
            bar_chart(t("counts_page.by_measure"), orders, key="counts:orders", lying=True)
        else:
            st.caption(t("counts_page.nothing_ordered"))


def show_provinces(counts: IndustryCounts) -> None:
    section(t("counts_page.provinces"), t("counts_page.provinces_hint"))
    table = pd.DataFrame(
        [
            {
                t("counts_page.province"): province_word(one.province),
                t("counts_page.in_use"): one.batches_in(BatchState.IN_USE, BatchState.RESTRICTED),
                t("counts_page.cards"): one.cards,
                t("counts_page.answered"): percent(one.answered),
                t("counts_page.scoped"): percent(one.scoped),
                t("counts_page.attributed"): percent(one.attributed),
                t("counts_page.open_findings"): one.findings_in(*FINDING_LIVE),
                t("counts_page.shut_down"): one.batches_in(BatchState.SHUT_DOWN),
                t("counts_page.gaps"): one.gaps,
            }
            for one in counts.provinces
        ]
    )
    figures_grid(table, key="counts:provinces")


desk = my_desk()
show()
