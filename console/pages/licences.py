"""Licences: what waits for approval, what is in force, and one licence with its scope."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.channel.held import Done
from console.actions.channel.licences import (
    LicenceRecord,
    approve_licence,
    approve_licences,
    edit_licence,
    licence_record,
    list_licences,
    resume_licence,
    return_licence,
    revoke_licence,
    submit_licence,
    suspend_licence,
    terminate_licence,
    withdraw_revocation,
)
from console.actions.channel.shops import list_shops
from console.i18n import t
from console.pages.channel_forms import (
    ending_fields,
    licence_fields,
    licence_form,
    province_word,
    two_texts,
    unpacked,
)
from console.pages.channel_words import TONES, move_of
from console.pages.frame import my_desk, plain, refusal_text, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    choice,
    chosen_id,
    cursor,
    day,
    empty,
    facts,
    filters,
    flash,
    labelled,
    last_day,
    link_to,
    moment,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
)
from models.channel.badges import Badge
from models.channel.licences import Licence, LicenceMove, LicenceState
from models.channel.public import shop_number
from models.channel.shops import AuthorisedShop
from models.permissions import Permission

P, M = Permission, LicenceMove


def show_list() -> None:
    page_head(t("licences_page.title"), t("licences_page.hint"))
    with filters():
        words = search(t("licences_page.search"))
        state = choice(
            "state", t("agents_page.state"), labelled("licence_state", list(LicenceState))
        )
    with refusals_shown():
        show_rows(words, state)


def show_rows(words: str, state: str | None) -> None:
    found = list_licences(
        desk,
        words,
        state=LicenceState(state) if state else None,
        after=cursor("licences", words, state),
    )
    if not found.rows:
        empty(t("licences_page.none"), t("licences_page.none_next"))
        return
    columns = [
        Column[Licence](t("licences_page.number"), lambda row: row.number, width=210),
        Column[Licence](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "licence_state", TONES, 110
        ),
        Column[Licence](
            t("licences_page.products"), lambda row: row.products, Kind.WORDS, "product", width=200
        ),
        Column[Licence](
            t("agents_page.province"), lambda row: province_word(row.province), width=110
        ),
        Column[Licence](t("licences_page.begins"), lambda row: row.begins_on, Kind.DATE),
        Column[Licence](t("licences_page.ends"), lambda row: row.ends_on, Kind.DATE),
        Column[Licence](t("licences_page.due"), lambda row: row.approval_due_at, Kind.DUE),
    ]
    may_approve = desk.actor.may(P.LICENCE_APPROVE)
    chosen = record_table(found.rows, columns, key="licences", select=may_approve)
    pager(found, "licences")
    if may_approve:
        approving(chosen)


def approving(chosen: Sequence[UUID]) -> None:
    if not chosen:
        st.caption(t("licences_page.tick"))
        return
    with st.container(horizontal=True, gap="small"):
        st.markdown(t("agents_page.ticked", n=len(chosen)), width="content")
        if st.button(t("licences_page.approve"), key="bulk:approve", type="primary"):
            told(approve_licences(desk, chosen))


def told(done: Sequence[Done]) -> None:
    refused = [one.refusal for one in done if one.refusal is not None]
    st.session_state["bulk:refused"] = [refusal_text(no) for no in refused]
    flash(t("agents_page.decided", n=len(done) - len(refused), refused=len(refused)))
    st.rerun()


def show_licence(licence_id: str) -> None:
    record = licence_record(desk, licence_id)
    licence = record.licence
    with record_head(
        licence.number, record.agent.name, area="licence_state", state=licence.state, tones=TONES
    ):
        if desk.actor.is_house or licence.carrier_id in desk.actor.carriers:
            moves = [*drafting(record), *deciding(record), *measures(record)]
            next_moves(desk, moves, f"{licence.id}:{licence.version}")
    notes(licence)
    left, right = two_columns()
    with left:
        show_facts(record)
        show_shops(record.shops)
        show_badges(record.badges)
    with right:
        timeline(record.deeds)


def drafting(record: LicenceRecord) -> list[Next]:
    licence = record.licence

    def fields(key: str) -> str:
        shops = list_shops(desk, agent_id=licence.agent_id, live=True).rows
        return licence_fields(desk, key, shops, licence)

    return [
        move_of(
            "licences_page.submit",
            lambda _: submit_licence(desk, licence.id, licence.version),
            P.LICENCE_EDIT,
            "send",
            when=M.SUBMIT in licence.open_moves(),
            main=True,
        ),
        move_of(
            "licences_page.edit",
            lambda words: edit_licence(desk, licence.id, licence_form(words), licence.version),
            P.LICENCE_EDIT,
            "edit",
            when=licence.state is LicenceState.DRAFT,
            ask=fields,
        ),
    ]


def deciding(record: LicenceRecord) -> list[Next]:
    licence = record.licence
    is_open = M.APPROVE in licence.open_moves() and licence.submitted_by != desk.actor.id
    return [
        move_of(
            "licences_page.approve",
            lambda _: approve_licence(desk, licence.id, licence.version),
            P.LICENCE_APPROVE,
            "check_circle",
            when=is_open,
            main=True,
        ),
        move_of(
            "licences_page.return",
            lambda why: return_licence(desk, licence.id, reason=why, version=licence.version),
            P.LICENCE_APPROVE,
            "undo",
            when=M.RETURN in licence.open_moves(),
            reason=True,
        ),
        move_of(
            "licences_page.resume",
            lambda why: resume_licence(desk, licence.id, proof=why, version=licence.version),
            P.LICENCE_APPROVE,
            "play_circle",
            when=M.RESUME in licence.open_moves(),
            reason=True,
        ),
    ]


def measures(record: LicenceRecord) -> list[Next]:
    licence, moves = record.licence, record.licence.open_moves()
    asked_by = licence.revocation_asked_by

    def suspend(words: str) -> None:
        why = unpacked(words)
        suspend_licence(
            desk, licence.id, reason=why["one"], remedy=why["two"], version=licence.version
        )

    def revoke(words: str) -> None:
        why = unpacked(words)
        revoke_licence(
            desk, licence.id, reason=why["one"], remedy=why["two"], version=licence.version
        )

    def terminate(words: str) -> None:
        terminate_licence(desk, licence.id, **unpacked(words), version=licence.version)

    def why_and_remedy(key: str) -> str:
        return two_texts(key, t("console.reason"), t("agents_page.remedy"))

    return [
        move_of(
            "licences_page.suspend",
            suspend,
            P.LICENCE_EDIT,
            "pause_circle",
            when=M.SUSPEND in moves,
            ask=why_and_remedy,
        ),
        move_of(
            "licences_page.revoke" if asked_by is None else "licences_page.revoke_second",
            revoke,
            P.LICENCE_REVOKE,
            "cancel",
            when=M.REVOKE in moves and asked_by != desk.actor.id,
            ask=why_and_remedy,
        ),
        move_of(
            "licences_page.withdraw",
            lambda _: withdraw_revocation(desk, licence.id),
            P.LICENCE_REVOKE,
            "backspace",
            when=asked_by is not None and M.REVOKE in moves,
        ),
        move_of(
            "licences_page.terminate",
            terminate,
            P.LICENCE_APPROVE,
            "logout",
            when=M.TERMINATE in moves,
            ask=lambda key: ending_fields(key, {"is_handed_back": t("licences_page.handed_back")}),
        ),
    ]


def notes(licence: Licence) -> None:
    if licence.reason:
        st.warning(t("licences_page.why", reason=plain(licence.reason)))
    if licence.remedy:
        st.caption(t("licences_page.remedy_is", remedy=plain(licence.remedy)))
    if licence.revocation_asked_by is not None and licence.state is not LicenceState.REVOKED:
        st.info(t("licences_page.asked"))


def show_facts(record: LicenceRecord) -> None:
    licence = record.licence
    facts(
        {
            t("licences_page.products"): "、".join(t(f"product.{one}") for one in licence.products),
            t("licences_page.provinces"): "、".join(map(province_word, licence.provinces)),
            t("licences_page.begins"): day(licence.begins_on),
            t("licences_page.ends"): day(licence.ends_on),
            t("licences_page.agreement_no"): licence.agreement_no,
            t("licences_page.papers"): "、".join(t(f"paper.{one}") for one in licence.papers),
            t("licences_page.due"): last_day(licence.approval_due_at),
            t("licences_page.approved"): moment(licence.approved_at),
        }
    )
    link_to(record.agent.title, "agents", record.agent.id, key="licence:agent")


def show_shops(shops: Sequence[AuthorisedShop]) -> None:
    section(t("licences_page.shops"))
    columns = [
        Column[AuthorisedShop](t("agents_page.platform"), lambda row: row.platform, width=110),
        Column[AuthorisedShop](
            t("agents_page.shop_number"), lambda row: shop_number(row.shop_key), width=170
        ),
        Column[AuthorisedShop](t("agents_page.shop_name"), lambda row: row.name, width=200),
        Column[AuthorisedShop](t("agents_page.ended"), lambda row: row.ended_at, Kind.DATE),
    ]
    record_table(shops, columns, key="licence:shops", opens=False)


def show_badges(badges: Sequence[Badge]) -> None:
    section(t("agents_page.badges"))
    if not badges:
        st.caption(t("agents_page.no_badges"))
        return
    columns = [
        Column[Badge](t("badges_page.number"), lambda row: row.badge_id, width=170),
        Column[Badge](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "badge_state", TONES, 110
        ),
        Column[Badge](t("badges_page.issued"), lambda row: row.issued_at, Kind.MOMENT),
    ]
    record_table(badges, columns, key="licence:badges", open_page="badges")


desk = my_desk()
for words in st.session_state.pop("bulk:refused", []):
    st.warning(words, icon=":material/block:")
if (licence_id := chosen_id()) is None:
    show_list()
else:
    with refusals_shown():
        show_licence(licence_id)
