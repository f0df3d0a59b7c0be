"""Sources: mapping files, tried on the site before they are saved."""

from collections.abc import Mapping
from uuid import UUID

import streamlit as st

from console.actions.patrol.plan import plan_run
from console.actions.patrol.sources import (
    disable_source,
    edit_source,
    enable_source,
    list_sources,
    preview_source,
    save_source,
    source_and_history,
)
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    cursor,
    empty,
    facts,
    flash,
    list_or_record,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    record_head,
    record_table,
    timeline,
    two_columns,
)
from console.pages.source_forms import (
    chosen_kind,
    mapping_area,
    mapping_of,
    say_sample,
    secrets_of,
)
from console.pages.source_parts import show_preview
from integrations.marketplaces.mapping import Source as Mapped
from integrations.marketplaces.mapping import source_from
from models.patrol.runs import Source
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import china_day

P = Permission


def source_state(source: Source) -> str:
    return "disabled" if source.disabled_at is not None else "active"


def kind_shown(source: Source) -> str:
    mapped = mapping_kept(source)
    if mapped is None:
        return "—"
    name = t(f"source_kind.{mapped.kind}")
    return f"{name} · {t('sources_page.sample')}" if mapped.is_sample else name


def show_list() -> None:
    with page_head(t("sources_page.title"), t("sources_page.hint")):
        if desk.actor.may(P.SOURCE_EDIT):
            with st.popover(t("sources_page.add"), icon=":material/add:", type="primary"):
                name = st.text_input(t("sources_page.name"), key="source:name", max_chars=64)
                if st.button(t("sources_page.begin"), key="source:begin") and name.strip():
                    open_record(None, f"new:{name.strip()}")
    with refusals_shown():
        found = list_sources(desk, cursor("sources"))
        if not found.rows:
            empty(t("sources_page.none"), t("sources_page.none_next"))
            return
        columns = [
            Column[Source](t("sources_page.name"), lambda row: row.name, width=220),
            Column[Source](t("sources_page.platform"), lambda row: row.platform, width=140),
            Column[Source](t("sources_page.kind"), kind_shown, width=190),
            Column[Source](
                t("sources_page.keys"), lambda row: sorted(row.secrets), Kind.WORDS, width=160
            ),
            Column[Source](
                t("sources_page.state"), source_state, Kind.STATE, "source_state", width=110
            ),
            Column[Source](
                t("sources_page.since"), lambda row: row.created_at, Kind.MOMENT, width=150
            ),
        ]
        record_table(found.rows, columns, key="sources")
        pager(found, "sources")


def show_new(name: str) -> None:
    with record_head(t("sources_page.new"), name):
        pass
    kind = chosen_kind("source:new")
    mapping = mapping_of(kind, "source:new")
    secrets = secrets_of(mapping, f"source:new:{kind}", kind=kind)
    with st.container(horizontal=True):
        tried = st.button(t("sources_page.try"), key="source:try", icon=":material/visibility:")
        saved = st.button(t("sources_page.save"), key="source:save", type="primary")
    with refusals_shown():
        if tried:
            preview(mapping, secrets, None)
        if saved:
            source = save_source(desk, name, mapping, secrets)
            flash(t("sources_page.saved", name=plain(source.name)))
            open_record(None, source.id)


def show_chosen(chosen: str) -> None:
    """A source by its id, or a new one by its name."""
    if chosen.startswith("new:"):
        show_new(chosen.removeprefix("new:"))
    else:
        show_source(chosen)


def preview(mapping: str, secrets: Mapping[str, str], source_id: UUID | None) -> None:
    with st.spinner(t("sources_page.asking")):
        shown = preview_source(desk, mapping, secrets, source_id=source_id)
    show_preview(shown)


def show_source(source_id: str) -> None:
    source, deeds = source_and_history(desk, source_id)
    with record_head(source.platform, source.name, area="source_state", state=source_state(source)):
        next_moves(desk, moves(source), source.id)
    mapped = mapping_kept(source)
    if mapped is not None and mapped.is_sample:
        say_sample()
    left, right = two_columns()
    with left:
        facts(
            {
                t("sources_page.platform"): source.platform,
                t("sources_page.kind"): t(f"source_kind.{mapped.kind}") if mapped else "—",
                t("sources_page.expected"): expected(mapped),
                t("sources_page.today"): asked_today(source, mapped),
                t("sources_page.version"): source.version,
                t("sources_page.keys"): " · ".join(sorted(source.secrets)),
                t("sources_page.since"): moment(source.created_at),
            }
        )
        if desk.actor.may(P.SOURCE_EDIT):
            edit(source)
        else:
            st.code(source.mapping, language="toml")
    with right:
        timeline(deeds)


def mapping_kept(source: Source) -> Mapped | None:
    try:
        return source_from(source.mapping, file=source.name)
    except Invalid:
        return None


def expected(mapped: Mapped | None) -> str:
    if mapped is None:
        return ""
    least, most = mapped.plausible.least, mapped.plausible.most
    return t("sources_page.expected_between", least=f"{least:,}", most=f"{most:,}")


def asked_today(source: Source, mapped: Mapped | None) -> str:
    """How much of the day's limit is used; nothing where there is none."""
    if mapped is None or mapped.daily is None:
        return ""
    asked = source.asked if source.asked_on == china_day(desk.now()) else 0
    return t("sources_page.asked_of", asked=f"{asked:,}", most=f"{mapped.daily:,}")


def edit(source: Source) -> None:
    key = f"source:{source.id}:{source.version}"
    mapping = mapping_area(source.mapping, key)
    secrets = secrets_of(mapping, key, source.secrets)
    with st.container(horizontal=True):
        tried = st.button(t("sources_page.try"), key=f"{key}:try", icon=":material/visibility:")
        saved = st.button(t("sources_page.save"), key=f"{key}:save", type="primary")
    with refusals_shown():
        if tried:
            preview(mapping, secrets, source.id)
        if saved:
            edit_source(desk, source.id, mapping, secrets, version=source.version)
            flash(t("sources_page.saved", name=plain(source.name)))
            st.rerun()


def moves(source: Source) -> list[Next]:
    live = source.disabled_at is None

    def start(_reason: str) -> None:
        run = plan_run(desk, source.id)
        flash(t("patrols_page.planned", number=run.number))
        open_record("patrols", run.id)

    def disable(reason: str) -> None:
        disable_source(desk, source.id, reason)

    def enable(_reason: str) -> None:
        enable_source(desk, source.id)

    return [
        Next("start", t("patrols_page.start"), t("patrols_page.start_will"), start, P.PATROL_RUN,
             is_open=live, icon=":material/play_arrow:", main=True),
        Next("disable", t("sources_page.disable"), t("sources_page.disable_will"), disable,
             P.SOURCE_EDIT, is_open=live, reason=True, icon=":material/block:"),
        Next("enable", t("sources_page.enable"), t("sources_page.enable_will"), enable,
             P.SOURCE_EDIT, is_open=not live, icon=":material/check:"),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_chosen)
