"""The published list: its schedule, an edition prepared, compared and approved by another."""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import streamlit as st

from console.actions.channel.editions import SHOWN, PublicationRecord, publication_record
from console.actions.channel.lines import Change, ChangeKind, Line
from console.actions.channel.publish import (
    build_edition,
    list_publications,
    prepare_publication,
    publish,
)
from console.actions.staff.people import named_organisations
from console.i18n import listed, t
from console.pages.channel_words import TONES, move_of
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    facts,
    figures,
    flash,
    last_day,
    line_chart,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    open_record,
    page_head,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
)
from models.channel.publications import Publication, PublicationMove, PublicationState
from models.permissions import Permission
from models.rules import china_day
from models.staff import CARRIERS

P = Permission
S = PublicationState


def show_list() -> None:
    with page_head(t("publications_page.title"), t("publications_page.hint")):
        if desk.actor.may(P.PUBLICATION_EDIT) and desk.actor.kind in CARRIERS:
            preparing()
    with refusals_shown():
        show_rows()


def preparing() -> None:
    if st.button(t("publications_page.prepare"), icon=":material/add:", type="primary"):
        with refusals_shown():
            edition = prepare_publication(desk)
            flash(t("publications_page.prepared", number=edition.number))
            open_record(None, edition.id)


def show_rows() -> None:
    tools = list_tools(desk, "publications")
    found = list_publications(desk, after=cursor("publications", tools.sort), order=tools.order)
    if not found.rows:
        empty(t("publications_page.none"), t("publications_page.none_next"))
        return
    names = {row.id: row.name for row in named_organisations(desk)}
    show_schedule(found.rows, names)
    columns = [
        Column[Publication](t("publications_page.number"), lambda row: row.number, width=190),
        Column[Publication](
            t("publications_page.carrier"), lambda row: names[row.carrier_id], width=180
        ),
        Column[Publication](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "publication_state", TONES
        ),
        Column[Publication](t("publications_page.rows"), lambda row: row.rows, Kind.NUMBER),
        Column[Publication](t("publications_page.added"), lambda row: row.added, Kind.NUMBER),
        Column[Publication](t("publications_page.removed"), lambda row: row.removed, Kind.NUMBER),
        Column[Publication](t("publications_page.changed"), lambda row: row.changed, Kind.NUMBER),
        Column[Publication](
            t("publications_page.published"), lambda row: row.published_at, Kind.MOMENT
        ),
        Column[Publication](t("publications_page.due"), lambda row: row.due_at, Kind.DUE),
    ]
    record_table(found.rows, tools.shown(columns), key="publications")
    tools.pager(found, "publications")


def show_schedule(editions: Sequence[Publication], names: dict[Any, str]) -> None:
    """How each carrier's list stands: what is out, what waits, what is late."""
    st.caption(t("publications_register.auto"))
    for carrier_id in dict.fromkeys(row.carrier_id for row in editions):
        own = [row for row in editions if row.carrier_id == carrier_id]
        carrier = plain(names[carrier_id])
        out = next((row for row in own if row.state is S.PUBLISHED), None)
        if out is not None:
            due, word = last_day(out.due_at), "overdue" if out.is_stale(desk.now()) else "next_due"
            told = t(f"publications_register.{word}", carrier=carrier, number=out.number, due=due)
            (st.warning if word == "overdue" else st.info)(told, icon=":material/event:")
        if own[0].state is S.READY:
            st.info(
                t("publications_register.waiting", carrier=carrier, number=own[0].number),
                icon=":material/approval:",
            )


def show_publication(publication_id: str) -> None:
    record = publication_record(desk, publication_id, st.query_params.get("against"))
    edition = record.publication
    with record_head(
        edition.number,
        record.carrier.name,
        area="publication_state",
        state=edition.state,
        tones=TONES,
    ):
        if desk.actor.is_house or edition.carrier_id in desk.actor.carriers:
            publishing(edition)
    if edition.is_stale(desk.now()):
        st.warning(t("publications_page.stale", due=last_day(edition.due_at)))
    if edition.state is S.BUILDING:
        show_building(record)
    left, right = two_columns()
    with left:
        show_edition(record)
    with right:
        timeline(record.deeds)


def publishing(edition: Publication) -> None:
    mine = edition.preparer_id is not None and edition.preparer_id == desk.actor.id
    moves = [
        move_of(
            "publications_page.publish",
            lambda _: publish(desk, edition.id),
            P.PUBLICATION_PUBLISH,
            "campaign",
            when=PublicationMove.PUBLISH in edition.open_moves() and not mine,
            main=True,
        ),
        move_of(
            "publications_register.build",
            lambda _: build_edition(desk, edition.id),
            P.PUBLICATION_EDIT,
            "build",
            when=edition.state is S.BUILDING,
        ),
    ]
    next_moves(desk, moves, edition.id)


def show_building(record: PublicationRecord) -> None:
    """That it is under way, or why it was not built."""
    last = record.deeds[0] if record.deeds else None
    if last is None or last.deed != "publication.refused":
        st.info(t("publications_register.building"), icon=":material/hourglass_top:")
        return
    why = {name: value for name, value in last.facts.items() if name != "code"}
    st.error(t("publications_register.refused", why=t(last.facts["code"], **why)))


def show_edition(record: PublicationRecord) -> None:
    edition, counts = record.publication, record.changes.counts
    numbers = {t("publications_page.rows"): edition.rows}
    numbers |= {t(f"publications_page.{kind}"): count for kind, count in counts.items()}
    figures(numbers)
    because = edition.because or t("publications_register.by_schedule")
    preparer = edition.prepared_by if edition.preparer_id else t("publications_register.house")
    facts(
        {
            t("publications_page.prepared_by"): preparer,
            t("publications_register.because"): because,
            t("publications_page.published"): moment(edition.published_at),
            t("publications_page.due"): last_day(edition.due_at),
            t("publications_page.sha256"): edition.sha256,
        }
    )
    show_history(record)
    if edition.sha256 is not None:
        show_changes(record)


def show_history(record: PublicationRecord) -> None:
    """How many lines the editions that were out had, by the day they came out."""
    editions = [record.publication, *record.others]
    points: dict[date, float] = {
        china_day(one.published_at): one.rows for one in reversed(editions) if one.published_at
    }
    if len(points) > 1:
        series = {t("publications_register.rows_over"): dict(sorted(points.items()))}
        line_chart(t("publications_register.history"), series, key="publication:history")


def show_changes(record: PublicationRecord) -> None:
    edition, before = record.publication, record.before
    if record.others:
        numbers = {str(one.id): one.number for one in record.others}
        choice("against", t("publications_register.compare"), numbers, width=280)
        if before is not None:
            st.caption(f"{t('publications_register.compare')}: {plain(before.number)}")
    if not any(record.changes.counts.values()):
        empty(t("publications_register.same"), t("publications_register.same_next"))
        return
    against = f"?against={before.id}" if before else ""
    st.link_button(
        t("publications_register.download"),
        f"/files/publications/{edition.id}/changes.csv{against}",
        icon=":material/download:",
    )
    for kind in ChangeKind:
        show_lines(kind, record.changes.first[kind], record.changes.counts[kind])


def show_lines(kind: ChangeKind, found: Sequence[Change], count: int) -> None:
    if not found:
        return
    section(t(f"publications_page.{kind}"), t("publications_page.of", n=count, most=SHOWN))
    columns = [
        Column[Change](t("agents_page.number"), lambda one: one.line["agent_no"], width=170),
        Column[Change](t("agents_page.name"), lambda one: one.line["name"], width=200),
        Column[Change](t("licences_page.number"), lambda one: one.line["licence_no"], width=185),
    ]
    if kind is ChangeKind.CHANGED:
        columns.append(Column[Change](t("publications_register.fields"), told, width=420))
    else:
        columns.append(
            Column[Change](t("licences_page.ends"), lambda one: one.line["ends_on"], width=100)
        )
    record_table(
        found,
        columns,
        key=f"publication:{kind}",
        opens=False,
        identity=lambda one: one.line["licence_no"],
    )


def told(one: Change) -> str:
    """Each column that differs, as it was and as it is."""
    before = one.before or {}
    return "；".join(
        t(
            "publications_register.before_now",
            field=t(f"publication_field.{name}"),
            before=words(before.get(name)),
            now=words(one.line.get(name)),
        )
        for name in one.fields
    )


def words(value: object) -> str:
    if isinstance(value, list):
        parts = cast("Sequence[object]", value)
        return listed(map(words, parts)) or t("publications_register.nothing")
    if isinstance(value, dict):
        shop = cast("Line", value)
        return f"{shop['name']} ({shop['platform']} {shop['id']})"
    return str(value)


desk = my_desk()
list_or_record(show_list, show_publication)
