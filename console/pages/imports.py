"""Files of rows: bring one, say which column is which, watch it, fetch the rejects."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from console.actions.imports.kinds import ROW_KINDS
from console.actions.imports.plan import (
    Preview,
    import_and_history,
    import_for_real,
    list_imports,
    plan_import,
    preview_file,
    the_import,
)
from console.i18n import spoken, t, texts
from console.pages.frame import my_desk, refusal_text, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    cursor,
    empty,
    facts,
    figures,
    figures_grid,
    flash,
    list_or_record,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    progress_of,
    record_head,
    record_table,
    timeline,
    two_columns,
)
from models.channel.imports import Import, ImportKind, ImportState
from models.refusals import Refusal

UNDER_WAY = (ImportState.WAITING, ImportState.RUNNING)
WATCHED_EVERY = "2s"
NEW = "imports:new"


def kinds() -> list[ImportKind]:
    """What the reader may bring."""
    return [kind for kind, rows in ROW_KINDS.items() if desk.actor.may(rows.permission)]


# A new file


def show_new() -> None:
    with st.container(border=True, key="imports_new"):
        kind = st.selectbox(
            t("imports.kind"),
            kinds(),
            key="imports:kind",
            format_func=lambda one: t(f"import_kind.{one}"),
        )
        file = st.file_uploader(
            t("imports.file"),
            type=["csv", "txt", "xlsx", "parquet", "ndjson", "jsonl"],
            key="imports:file",
            help=t("imports.file_help"),
            max_upload_size=20,
        )
        if file is None:
            return
        content = file.getvalue()
        with refusals_shown():
            seen = preview_file(desk, kind, file.name, content)
            st.caption(t("imports.preview"))
            first = pd.DataFrame(seen.rows, columns=list(seen.columns))
            figures_grid(first, key="imports:preview")
            columns = mapping(kind, seen)
            with st.container(horizontal=True):
                dry = st.button(t("imports.dry"), key="imports:dry", help=t("imports.dry_hint"))
                real = st.button(t("imports.real"), key="imports:real", type="primary")
            if dry or real:
                planned = plan_import(desk, kind, file.name, content, columns, dry=dry)
                st.session_state.pop(NEW, None)
                flash(t("imports.planned", n=f"{planned.rows:,}"))
                open_record(None, planned.id)


def mapping(kind: ImportKind, seen: Preview) -> Mapping[str, str]:
    """Which column fills which field, as the reader settles it."""
    rows = ROW_KINDS[kind]
    needed = {name for group in rows.needed for name in group}
    names = texts(spoken.get())
    st.markdown(f"**{t('imports.mapping')}**")
    st.caption(t("imports.mapping_hint"))
    options: list[str | None] = [None, *seen.columns]
    found: dict[str, str] = {}
    slots = st.columns(3)
    for at, name in enumerate(rows.fields):
        star = " *" if name in needed else ""
        chosen = slots[at % 3].selectbox(
            names[f"import_field.{name}"] + star,
            options,
            index=options.index(seen.suggested.get(name)),
            key=f"imports:map:{kind}:{name}:{'|'.join(seen.columns)}",
            format_func=lambda column: t("imports.no_column") if column is None else column,
        )
        if chosen is not None:
            found[name] = chosen
    return found


# The list


def show_list() -> None:
    with page_head(t("imports.title"), t("imports.hint")):
        if kinds() and st.button(
            t("imports.new"), key="imports:open", type="primary", icon=":material/upload_file:"
        ):
            st.session_state[NEW] = not st.session_state.get(NEW, False)
    if st.session_state.get(NEW):
        show_new()
    with refusals_shown():
        found = list_imports(desk, cursor("imports"))
        if not found.rows:
            empty(t("imports.none"), t("imports.none_next"))
            return
        columns = [
            Column[Import](t("imports.column_file"), lambda one: one.file_name, width=260),
            Column[Import](
                t("imports.column_kind"), lambda one: t(f"import_kind.{one.kind}"), width=90
            ),
            Column[Import](t("imports.column_dry"), how, width=90),
            Column[Import](
                t("imports.column_state"), lambda one: one.state, Kind.STATE, "import_state"
            ),
            Column[Import](t("imports.column_rows"), lambda one: one.rows, Kind.NUMBER),
            Column[Import](t("imports.column_accepted"), lambda one: one.accepted, Kind.NUMBER),
            Column[Import](t("imports.column_rejected"), lambda one: one.rejected, Kind.NUMBER),
            Column[Import](t("imports.column_at"), lambda one: one.created_at, Kind.MOMENT),
        ]
        record_table(found.rows, columns, key="imports")
        pager(found, "imports")


def how(one: Import) -> str:
    return t("imports.is_dry") if one.is_dry else t("imports.is_real")


# One import


@st.fragment(run_every=WATCHED_EVERY)
def watched(import_id: str) -> None:
    """How far it has got, until it ends."""
    with refusals_shown():
        imported = the_import(my_desk(), import_id)
        if imported.state not in UNDER_WAY:
            st.rerun()
        progress_of(imported.read, imported.rows, t("imports.progress"))
        st.caption(t("imports.waits"))


def show_result(imported: Import) -> None:
    figures(
        {
            t("imports.column_rows"): imported.rows,
            t("imports.column_accepted"): imported.accepted,
            t("imports.column_rejected"): imported.rejected,
        }
    )
    if imported.fault is not None:
        no = Refusal(imported.fault["code"], **imported.fault["facts"])
        st.error(refusal_text(no), icon=":material/block:")
        st.write(t("imports.failed_at", read=imported.read, accepted=imported.accepted))
    elif imported.is_dry:
        st.info(t("imports.checked"))
    if imported.rejects_sha256 is not None:
        st.link_button(
            t("imports.rejects"),
            f"/files/imports/{imported.id}/rejects.csv",
            icon=":material/download:",
        )
    elif imported.state is ImportState.DONE:
        st.success(t("imports.all_taken"))


def show_record(import_id: str) -> None:
    with refusals_shown():
        imported, deeds = import_and_history(desk, import_id)
        ready = imported.is_dry and imported.state is ImportState.DONE and imported.accepted > 0
        real = Next(
            "real",
            t("imports.real"),
            t("imports.import_real_will", n=f"{imported.accepted:,}"),
            lambda _reason: begin(imported),
            ROW_KINDS[imported.kind].permission,
            is_open=ready,
            main=True,
        )
        with record_head(
            t(f"import_kind.{imported.kind}"),
            imported.file_name,
            area="import_state",
            state=imported.state,
        ):
            next_moves(desk, [real], imported.id)
        left, right = two_columns()
        with left:
            if imported.state in UNDER_WAY:
                watched(import_id)
            else:
                show_result(imported)
            names = texts(spoken.get())
            pairs = [
                f"{names[f'import_field.{name}']} ← {column}"
                for name, column in imported.columns.items()
            ]
            facts(
                {
                    t("imports.column_dry"): how(imported),
                    t("imports.column_at"): moment(imported.created_at),
                    t("imports.columns"): "\n".join(pairs),
                    t("imports.sha"): imported.sha256,
                }
            )
        with right:
            timeline(deeds)


def begin(imported: Import) -> str:
    planned = import_for_real(desk, imported.id)
    st.query_params["id"] = str(planned.id)
    return t("imports.planned", n=f"{planned.rows:,}")


desk = my_desk()
list_or_record(show_list, show_record)
