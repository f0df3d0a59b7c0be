"""The published list: prepare an edition, see what is new in it, put it out."""

from collections.abc import Sequence

import streamlit as st

from console.actions.channel.publish import (
    Line,
    PublicationRecord,
    list_publications,
    prepare_publication,
    publication_record,
    publish,
)
from console.actions.staff.people import list_organisations
from console.i18n import t
from console.pages.channel_words import TONES, move_of
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    chosen_id,
    cursor,
    empty,
    facts,
    figures,
    flash,
    last_day,
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
from models.channel.publications import Publication, PublicationMove
from models.permissions import Permission
from models.staff import CARRIERS

P = Permission
SHOWN = 50


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
    found = list_publications(desk, after=cursor("publications"))
    if not found.rows:
        empty(t("publications_page.none"), t("publications_page.none_next"))
        return
    names = {row.id: row.name for row in list_organisations(desk)}
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
        Column[Publication](
            t("publications_page.published"), lambda row: row.published_at, Kind.MOMENT
        ),
        Column[Publication](t("publications_page.due"), lambda row: row.due_at, Kind.DUE),
    ]
    record_table(found.rows, columns, key="publications")
    pager(found, "publications")


def show_publication(publication_id: str) -> None:
    record = publication_record(desk, publication_id)
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
    left, right = two_columns()
    with left:
        show_edition(record)
    with right:
        timeline(record.deeds)


def publishing(edition: Publication) -> None:
    move = move_of(
        "publications_page.publish",
        lambda _: publish(desk, edition.id),
        P.PUBLICATION_PUBLISH,
        "campaign",
        when=PublicationMove.PUBLISH in edition.open_moves(),
        main=True,
    )
    next_moves(desk, [move], edition.id)


def show_edition(record: PublicationRecord) -> None:
    edition, changes = record.publication, record.changes
    figures(
        {
            t("publications_page.rows"): edition.rows,
            t("publications_page.added"): len(changes.added),
            t("publications_page.removed"): len(changes.removed),
            t("publications_page.changed"): len(changes.changed),
        }
    )
    facts(
        {
            t("publications_page.prepared_by"): edition.prepared_by,
            t("publications_page.published"): moment(edition.published_at),
            t("publications_page.due"): last_day(edition.due_at),
            t("publications_page.sha256"): edition.sha256,
        }
    )
    show_lines("added", changes.added)
    show_lines("removed", changes.removed)
    show_lines("changed", changes.changed)


def show_lines(name: str, lines: Sequence[Line]) -> None:
    if not lines:
        return
    section(t(f"publications_page.{name}"), t("publications_page.of", n=len(lines), most=SHOWN))
    columns = [
        Column[Line](t("agents_page.number"), lambda line: line["agent_no"], width=170),
        Column[Line](t("agents_page.name"), lambda line: line["name"], width=200),
        Column[Line](t("licences_page.number"), lambda line: line["licence_no"], width=185),
        Column[Line](t("licences_page.ends"), lambda line: line["ends_on"], width=100),
    ]
    record_table(
        lines[:SHOWN],
        columns,
        key=f"publication:{name}",
        opens=False,
        identity=lambda line: line["licence_no"],
    )


desk = my_desk()
if (publication_id := chosen_id()) is None:
    show_list()
else:
    with refusals_shown():
        show_publication(publication_id)
