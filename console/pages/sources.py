"""Sources: mapping files, tried on the site before they are saved."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
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
from console.pages.frame import my_desk, plain, refusals_shown, said
from console.pages.kit import (
    Column,
    Kind,
    Next,
    chosen_id,
    cursor,
    empty,
    facts,
    flash,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
)
from integrations.marketplaces.preview import Preview
from models.patrol.runs import Source
from models.permissions import Permission

P = Permission
EXAMPLE = """platform = "lanhai"
kind = "html"
start = ["https://shop.example/list"]
currency = "CNY"

[list]
items = "li.card"
paging = { by = "page", param = "page" }

[list.fields]
title = "a@title"

[detail.fields]
listing_id = { table = "货号" }
title = "h1"
price = "p.price"
shop_id = { table = "店铺编号" }
shop_name = { table = "店铺" }
"""


def source_state(source: Source) -> str:
    return "disabled" if source.disabled_at is not None else "active"


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


def parsed_secrets(text: str) -> dict[str, str]:
    """`name=value`, a line a key."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


def editor(key: str, mapping: str) -> tuple[str, Mapping[str, str]]:
    text = st.text_area(t("sources_page.mapping"), value=mapping, height=420, key=f"{key}:mapping")
    secrets = st.text_area(
        t("sources_page.secrets"), key=f"{key}:secrets", height=80,
        help=t("sources_page.secrets_help"),
    )  # fmt: skip
    return text or "", parsed_secrets(secrets or "")


def show_new(name: str) -> None:
    with record_head(t("sources_page.new"), name):
        pass
    mapping, secrets = editor("source:new", EXAMPLE)
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


def preview(mapping: str, secrets: Mapping[str, str], source_id: Any) -> None:  # noqa: ANN401
    with st.spinner(t("sources_page.asking")):
        shown = preview_source(desk, mapping, secrets, source_id=source_id)
    show_preview(shown)


def show_preview(shown: Preview) -> None:
    section(
        t("sources_page.preview"),
        t("sources_page.preview_hint", n=len(shown.listings), asked=shown.asked),
    )
    for fault in shown.faults:
        st.warning(fault_text(fault.reason.word, fault.reason.facts), icon=":material/warning:")
    if not shown.listings:
        return
    names = ("listing_id", "title", "shop_id", "shop_name", "price", "sales", "licence_no", "url")
    rows = [
        {t(f"listing_field.{name}"): _text(getattr(one, name)) for name in names}
        for one in shown.listings
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="preview:listings")  # pyright: ignore[reportUnknownMemberType]
    ways = [
        {
            t("sources_page.field"): said(f"listing_field.{field}", field),
            t("sources_page.way"): " · ".join(shown.found_by.get(field, {})) or "—",
            t("sources_page.empty"): shown.empty.get(field, 0),
        }
        for field in shown.empty
    ]
    st.dataframe(pd.DataFrame(ways), hide_index=True, key="preview:ways")  # pyright: ignore[reportUnknownMemberType]
    if shown.idle:
        st.caption(t("sources_page.idle", keys=plain(", ".join(shown.idle))))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def fault_text(word: str, found: Mapping[str, object]) -> str:
    """What went wrong, in words; the source's own word where no text fits."""
    words = said(f"source_fault.{word}", "")
    try:
        return words.format(**{name: plain(fact) for name, fact in found.items()}) or plain(word)
    except (KeyError, IndexError):
        return plain(word)


def show_source(source_id: str) -> None:
    source, deeds = source_and_history(desk, source_id)
    with record_head(source.platform, source.name, area="source_state", state=source_state(source)):
        next_moves(desk, moves(source), source.id)
    left, right = two_columns()
    with left:
        facts(
            {
                t("sources_page.platform"): source.platform,
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


def edit(source: Source) -> None:
    key = f"source:{source.id}:{source.version}"
    mapping, secrets = editor(key, source.mapping)
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
if (chosen := chosen_id()) is None:
    show_list()
elif chosen.startswith("new:"):
    show_new(chosen.removeprefix("new:"))
else:
    with refusals_shown():
        show_source(chosen)
