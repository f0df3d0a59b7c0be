"""The console's pages, by job and by right."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from console.actions.today.counted import PageCount
from console.i18n import t
from models.permissions import Permission, Role
from models.staff import Actor

_P: Final = Permission
FOLDER: Final = Path(__file__).parent
LANDING: Final = "work_list"
_WATCHING: Final = "overview"


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the console: its file, where it stands, and the permission that opens it."""

    name: str
    group: str
    icon: str
    permission: Permission
    also: tuple[Permission, ...] = ()
    """Others that open it as well."""

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.py"


PAGES: Final = (
    Entry("work_list", "today", "checklist", _P.ACCOUNT_USE),
    Entry("overview", "today", "monitoring", _P.OVERVIEW_READ),
    Entry("reports", "today", "summarize", _P.OVERVIEW_READ),
    Entry("tour", "today", "explore", _P.ACCOUNT_USE),
    Entry("agents", "channel", "storefront", _P.AGENT_READ),
    Entry("admission", "channel", "how_to_reg", _P.PAPER_READ),
    Entry("licences", "channel", "license", _P.LICENCE_READ),
    Entry("tellings", "channel", "forward_to_inbox", _P.LICENCE_READ),
    Entry("badges", "channel", "verified_user", _P.BADGE_READ),
    Entry("badge_check", "channel", "qr_code_scanner", _P.BADGE_READ),
    Entry("signals", "channel", "sensors", _P.SIGNAL_READ),
    Entry("publications", "channel", "campaign", _P.PUBLICATION_READ),
    Entry("imports", "channel", "upload_file", _P.LISTING_IMPORT, (_P.INDUSTRY_EDIT,)),
    Entry("blacklist", "channel", "person_off", _P.BLACKLIST_READ),
    Entry("appeals", "channel", "balance", _P.APPEAL_READ),
    Entry("sources", "patrol", "captive_portal", _P.PATROL_READ),
    Entry("plans", "patrol", "event_repeat", _P.PATROL_READ),
    Entry("patrols", "patrol", "radar", _P.PATROL_READ),
    Entry("checks", "patrol", "rule", _P.PATROL_READ),
    Entry("triage", "patrol", "playlist_add_check", _P.FINDING_READ),
    Entry("findings", "patrol", "policy_alert", _P.FINDING_READ),
    Entry("shops", "patrol", "store", _P.SHOP_READ),
    Entry("operators", "patrol", "hub", _P.SHOP_READ),
    Entry("coverage", "patrol", "insights", _P.PATROL_READ),
    Entry("screening", "patrol", "model_training", _P.FINDING_READ),
    Entry("industry", "industry", "memory", _P.INDUSTRY_READ),
    Entry("purchasers", "industry", "domain", _P.INDUSTRY_READ),
    Entry("monitoring", "industry", "query_stats", _P.INDUSTRY_READ),
    Entry("usage_findings", "industry", "crisis_alert", _P.INDUSTRY_READ),
    Entry("industry_counts", "industry", "bar_chart", _P.INDUSTRY_COUNT),
    Entry("spot_checks", "spot", "contactless", _P.SPOT_CHECK_READ),
    Entry("spot_plans", "spot", "casino", _P.SPOT_CHECK_READ),
    Entry("spot_rates", "spot", "donut_small", _P.SPOT_CHECK_READ),
    Entry("devices", "spot", "laptop_chromebook", _P.DEVICE_READ),
    Entry("cases", "cases", "gavel", _P.CASE_READ),
    Entry("notices", "cases", "forum", _P.CASE_READ),
    Entry("rectifications", "cases", "build_circle", _P.RECTIFICATION_READ),
    Entry("test_purchases", "cases", "shopping_cart", _P.STOCK_READ),
    Entry("stock", "cases", "sim_card", _P.STOCK_READ),
    Entry("instructions", "cases", "account_balance", _P.INSTRUCTION_READ),
    Entry("complaints", "cases", "feedback", _P.COMPLAINT_READ),
    Entry("comparisons", "analysis", "leaderboard", _P.OVERVIEW_READ),
    Entry("behind", "analysis", "manage_search", _P.OVERVIEW_READ),
    Entry("scorecards", "analysis", "scoreboard", _P.AGENT_READ),
    Entry("cohorts", "analysis", "calendar_view_month", _P.AGENT_READ),
    Entry("repeat_offenders", "analysis", "repeat", _P.SHOP_READ),
    Entry("quality", "analysis", "fact_check", _P.FINDING_READ),
    Entry("forecast", "analysis", "trending_up", _P.CASE_READ),
    Entry("exports", "house", "download", _P.EXPORT_READ, (_P.EXPORT_APPROVE,)),
    Entry("staff", "house", "groups", _P.STAFF_READ),
    Entry("clients", "house", "key", _P.CLIENT_READ),
    Entry("keys", "house", "vpn_key", _P.KEY_READ),
    Entry("audit", "house", "fact_check", _P.AUDIT_READ),
    Entry("log", "house", "account_tree", _P.LOG_READ),
    Entry("rules", "house", "menu_book", _P.RULE_READ),
    Entry("account", "mine", "account_circle", _P.ACCOUNT_USE),
)
"""By job, in the order of a day's work. A page whose file is not there yet is left out."""


@lru_cache(maxsize=512)
def entries_for(actor: Actor) -> Sequence[Entry]:
    """The pages for which the actor holds a permission."""
    return tuple(
        entry
        for entry in PAGES
        if any(map(actor.may, (entry.permission, *entry.also))) and entry.file.is_file()
    )


def page_of(entry: Entry, title: str) -> StreamlitPage:
    """The entry as Streamlit's navigation takes it, each time another: it marks the open one."""
    return copy(_page_of(entry, title))


@lru_cache(maxsize=4096)
def _page_of(entry: Entry, title: str) -> StreamlitPage:
    """Made once: Streamlit asks the disk six times for each, and there are fifty at every run."""
    return st.Page(entry.file, title=title, icon=f":material/{entry.icon}:", url_path=entry.name)


def import_parts() -> None:
    """Import what pages are made of, so that the first visitor of a process need not wait for it.

    Pages themselves are scripts: whoever imports one runs it.
    """
    scripts = {"main", *(entry.name for entry in PAGES)}
    for part in walk_packages([str(FOLDER)], f"{__package__}."):
        if part.name.split(".")[2] not in scripts:
            import_module(part.name)


def landing_of(actor: Actor) -> str:
    """Where a day begins: who watches over others sees how things stand, who works what waits."""
    is_there = any(entry.name == _WATCHING for entry in entries_for(actor))
    return _WATCHING if Role.REGULATOR in actor.roles and is_there else LANDING


def label_of(name: str, counts: Mapping[str, PageCount]) -> str:
    """A page's name, how much waits there, and by a sign of its own how much of that is late."""
    here = counts.get(name)
    if name == LANDING:
        here = PageCount(
            sum(one.waiting for one in counts.values()), sum(one.late for one in counts.values())
        )
    title = t(f"nav.{name}")
    if here is None or not here.waiting:
        return title
    key = "nav_count.late" if here.late else "nav_count.waiting"
    return t(key, name=title, n=here.waiting, late=here.late)
