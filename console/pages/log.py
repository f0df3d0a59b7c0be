"""The public log: its head, its entries, and how each is proved to stand there."""

import json

import streamlit as st

from console.actions.channel.log import (
    entry_of,
    list_entries,
    log_name,
    newest_head,
    proved_entry,
)
from console.actions.channel.witnesses import cosigners
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    facts,
    figures,
    filters,
    list_or_record,
    list_tools,
    moment,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    section,
    two_columns,
)
from models.channel.log import LogEntry, LogKind
from models.merkle import inclusion_steps
from models.refusals import NotFound
from models.tiles import WIDTH, Part

SHOWN = 16


def kind_word(kind: LogKind) -> str:
    return t(f"log_kind.{kind.replace('.', '_')}")


def show_list() -> None:
    with page_head(t("log_page.title"), t("log_page.hint")):
        st.link_button(t("log_page.open_public"), "/log", icon=":material/public:")
    with refusals_shown():
        show_head()
        show_entries()


def show_head() -> None:
    try:
        head = newest_head(desk.house)
    except NotFound:
        st.info(t("log_page.no_head"), icon=":material/signature:")
        return
    origin, vkey = log_name(desk.house)
    figures({t("log.size"): head.size, t("log.cosigned_by"): len(head.witnesses)})
    facts(
        {
            t("log.signed_at"): moment(head.at),
            t("log.origin"): origin,
            t("log.root"): head.root.hex(),
            t("log.vkey"): vkey,
        },
        t("log.head"),
    )
    with st.expander(t("log.checkpoint"), icon=":material/signature:"):
        st.code(head.note, language=None)
        if not head.witnesses:
            st.caption(t("log_page.no_witness"))
        for one in cosigners(desk, head.size):
            words = t("log_page.cosigned", witness=one.witness, at=moment(one.at))
            st.caption(plain(words))


def show_entries() -> None:
    with filters():
        agent_no = search(t("log_page.search_agent"), "agent", width=220)
        badge_id = search(t("log_page.search_badge"), "badge", width=220)
        words = {kind.value: kind_word(kind) for kind in LogKind}
        kind = choice("kind", t("log_page.kind"), words)
    list_tools(desk, "log")
    found = list_entries(
        desk,
        cursor("log", agent_no, badge_id, kind),
        kind=LogKind(kind) if kind else None,
        agent_no=agent_no,
        badge_id=badge_id,
    )
    if not found.rows:
        empty(t("log_page.none"), t("log_page.none_next"))
        return
    columns = [
        Column[LogEntry](
            t("log.place"),
            lambda row: t("log_page.waiting") if row.leaf is None else f"{row.leaf:,}",
            width=110,
        ),
        Column[LogEntry](t("log.kind"), lambda row: kind_word(row.kind), width=150),
        Column[LogEntry](t("log.at"), lambda row: row.at, Kind.MOMENT, width=150),
        Column[LogEntry](t("log.agent"), lambda row: row.agent_no, width=170),
        Column[LogEntry](t("log.badge"), lambda row: row.badge_id, width=170),
    ]
    record_table(found.rows, columns, key="log", identity=lambda row: row.seq)
    pager(found, "log")


def show_entry(words: str) -> None:
    if not words.isdecimal():
        raise NotFound("row.not_found", table=LogEntry.__name__)
    entry = entry_of(desk, int(words))
    number = t("log_page.waiting") if entry.leaf is None else f"#{entry.leaf:,}"
    with record_head(number, kind_word(entry.kind)):
        if entry.leaf is not None:
            address = f"/log/entries/{entry.leaf}"
            st.link_button(t("log_page.open_public"), address, icon=":material/public:")
    left, right = two_columns()
    with left:
        facts(
            {
                t("log.at"): moment(entry.at),
                t("log.agent"): entry.agent_no,
                t("log.badge"): entry.badge_id,
                "SHA-256": entry.token_sha256,
            }
        )
        section(t("log.body"))
        st.json(json.loads(entry.body))
    with right:
        if entry.leaf is None:
            st.info(t("log_page.not_placed"), icon=":material/hourglass_top:")
        else:
            show_proof(entry.leaf)


def show_proof(leaf: int) -> None:
    """The way from the entry to the signed root, one hash a step."""
    found = proved_entry(desk.house, leaf)
    steps = inclusion_steps(found.leaf_hash, leaf, found.size, found.path)
    section(t("log_page.path"), t("log.proof_lead", steps=len(steps), size=f"{found.size:,}"))
    lines = [f"{t('log.leaf')}  {found.leaf_hash.hex()[:SHOWN]}…"]
    for is_left, sibling, made in steps:
        word = t("log.step_left" if is_left else "log.step_right")
        lines.append(f"↓ {word}  {sibling.hex()[:SHOWN]}…\n  {made.hex()[:SHOWN]}…")
    lines.append(f"{t('log.root')}  {found.root.hex()[:SHOWN]}…")
    st.code("\n".join(lines), language=None, wrap_lines=True)
    part = Part(leaf // WIDTH, min(WIDTH, found.size - leaf // WIDTH * WIDTH)).path
    st.markdown(f"**{t('log_page.raw')}**")
    with st.container(horizontal=True, gap="small"):
        st.link_button("tlog-proof", f"/log/proof.txt?index={leaf}", type="tertiary")
        st.link_button(t("log.bundle"), f"/log/tile/entries/{part}", type="tertiary")
        st.link_button(t("log.tile"), f"/log/tile/0/{part}", type="tertiary")
        st.link_button(t("log.checkpoint"), "/log/checkpoint", type="tertiary")


desk = my_desk()
list_or_record(show_list, show_entry)
