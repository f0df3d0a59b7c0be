"""The evidence viewer: the page as it was, what was read of it, who had it in hand."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from console.actions.patrol.evidence_view import (
    CaptureView,
    EvidenceView,
    FieldView,
    PictureView,
)
from console.i18n import t
from console.pages.frame import plain, said
from console.pages.kit import NOTHING, facts, figures_grid, moment, section, state_pill
from console.pages.kit.layout import box
from console.pages.offer_parts import picture
from console.pages.patrol_words import STAMPS, VERDICTS
from models.patrol.custody import CustodyEntry, EvidenceStamp

_TILES: Final = 4
_DIGEST: Final = 16


def screenshot(seen: EvidenceView) -> None:
    """The page as the patrol saw it, whole; or why there is no picture of it."""
    shots = [one for one in seen.captures if one.screenshot is not None]
    if shots and shots[0].screenshot is not None:
        with box("kit_shot", border=True):
            st.caption(f":material/photo_camera: {t('finding_page.screenshot')}")
            picture(shots[0].screenshot.link, t("finding_page.screenshot"))
        return
    why = next((one.no_screenshot for one in seen.captures if one.no_screenshot), "not_asked")
    words = said(f"no_screenshot.{why}", plain(why))
    st.caption(f":material/no_photography: {t('finding_page.no_screenshot', why=words)}")


def seen_pictures(views: Sequence[PictureView]) -> None:
    """Pictures of the shop, those with a badge first, each with its verdict."""
    shown = [one for one in views if one.link or one.picture.badge_verdict]
    if not shown:
        return
    section(t("shops_page.pictures"))
    for start in range(0, len(shown), _TILES):
        columns = st.columns(_TILES)
        for column, one in zip(columns, shown[start:], strict=False):
            with column, box("kit_tile", border=True, gap="small"):
                _tile(one)


def _tile(one: PictureView) -> None:
    if one.link:
        picture(one.link, t("offer.picture"))
    else:
        st.caption(f":material/hide_image: {t('offer.not_kept')}")
    if one.picture.badge_verdict:
        state_pill("verdict", one.picture.badge_verdict, VERDICTS)
        st.caption(plain(one.picture.badge_agent_no or t("finding_page.no_number")))


def captures(seen: EvidenceView) -> None:
    """Each capture in a fold of its own: fields, exchanges, robots, register, files."""
    section(t("finding_page.captures"), t("finding_page.captures_hint"))
    for number, one in enumerate(seen.captures, 1):
        sign = ":red[:material/broken_image:]" if one.is_damaged else ":green[:material/verified:]"
        subject = _subject(str((one.about or {}).get("subject", one.manifest[:_DIGEST])))
        with st.expander(f"{sign} {t('finding_page.capture', n=number)} · {subject}"):
            _capture(one, f"capture:{number}")
    if seen.more:
        st.caption(t("finding_page.more_captures", n=seen.more))


def _subject(text: str) -> str:
    """What a capture is of, or who was looked at: our own first word is told in words."""
    word, _, rest = text.partition(" ")
    known = said(f"capture_of.{word}", "") if rest else ""
    return plain(f"{known} {rest.removeprefix('shop:')}" if known else text)


def _capture(one: CaptureView, key: str) -> None:
    if one.is_damaged:
        st.error(t("finding_page.damaged_hint"), icon=":material/broken_image:")
        st.code(one.manifest, language=None, wrap_lines=True)
        return
    _about(one.about or {})
    _fields(one.fields, f"{key}:fields")
    _exchanges(one.exchanges, f"{key}:exchanges")
    _robots(one.robots)
    if one.register:
        _register(one.register)
    _downloads(one)


def _about(about: Mapping[str, Any]) -> None:
    told = {
        t("finding_page.exchange_url"): about.get("final_url") or about.get("url"),
        t("finding_page.started"): about.get("started"),
        t("finding_page.exchange_peer"): about.get("peer"),
        t("finding_page.certificate"): about.get("certificate"),
        t("finding_page.operator"): about.get("operator"),
        t("finding_page.tools"): _joined(about.get("tools")),
    }
    known = {label: value for label, value in told.items() if value}
    if known:
        facts(known)


def _joined(tools: object) -> str:
    if not isinstance(tools, Mapping):
        return ""
    return ", ".join(f"{name} {version}" for name, version in tools.items())  # pyright: ignore[reportUnknownVariableType]


def _fields(fields: Sequence[FieldView], key: str) -> None:
    if not fields:
        return
    st.markdown(f"**{t('finding_page.fields')}**")
    names = {one: said(f"listing_field.{one}", one) for one in {row.field for row in fields}}
    rows = [
        {
            t("listing_field.listing_id"): row.listing_id,
            t("finding_page.field"): names[row.field],
            t("finding_page.value"): row.value,
            t("finding_page.source"): row.where or NOTHING,
        }
        for row in fields
    ]
    figures_grid(rows, key=key)


def _exchanges(exchanges: Sequence[Mapping[str, Any]], key: str) -> None:
    if not exchanges:
        return
    st.markdown(f"**{t('finding_page.exchanges')}**")
    rows = [
        {
            t("finding_page.exchange_at"): str(one.get("at", "")),
            t("finding_page.exchange_url"): str(one.get("url", "")),
            t("finding_page.exchange_status"): str(one.get("status") or NOTHING),
            t("finding_page.exchange_peer"): str(one.get("peer") or NOTHING),
        }
        for one in exchanges
    ]
    figures_grid(rows, key=key)


def _robots(verdicts: Sequence[Mapping[str, Any]]) -> None:
    if not verdicts:
        return
    st.markdown(f"**{t('finding_page.robots')}**")
    for one in verdicts[:5]:
        word, sign = ("yes", "check") if one.get("allowed") else ("no", "block")
        said_ = f":material/{sign}: {t(f'finding_page.robots_{word}')}"
        st.caption(f"{said_} · {plain(one.get('page', ''))} · {plain(one.get('robots') or '')}")


def _register(register: Mapping[str, Any]) -> None:
    """What it said of the numbers on the page; the digest stands for all of it."""
    st.markdown(f"**{t('finding_page.register')}**")
    st.json(dict(register), expanded=1)


def _downloads(one: CaptureView) -> None:
    st.markdown(f"**{t('finding_page.downloads')}**")
    with st.container(horizontal=True, gap="small"):
        st.link_button(t("findings_page.open_evidence"), one.link, icon=":material/description:")
        for file in one.files:
            st.link_button(f"{plain(file.name)} · {_size(file.bytes)}", file.link,
                           icon=":material/download:")  # fmt: skip


def _size(number: int) -> str:
    kilo = 1024
    if number < kilo:
        return f"{number} B"
    return f"{number / kilo:,.0f} kB" if number < kilo * kilo else f"{number / kilo / kilo:,.1f} MB"


def stamps(seen: Sequence[EvidenceStamp]) -> None:
    """The outside clock's word on the run's list of evidence."""
    if seen:
        st.markdown(f"**{t('finding_page.stamps')}**")
    for stamp in seen[-2:]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("stamp_state", stamp.state, STAMPS)
            if stamp.stamped_at is not None:
                words = " · ".join(filter(None, [stamp.tsa, moment(stamp.stamped_at)]))
                st.caption(plain(words), width="content")
        if stamp.problem:
            st.caption(plain(said(f"stamp_problem.{stamp.problem}", stamp.problem)))


def custody(entries: Sequence[CustodyEntry]) -> None:
    """Who had the evidence in hand, the latest first."""
    with box("kit_history"):
        st.markdown(f"**{t('finding_page.custody')}**")
        if not entries:
            st.caption(t("finding_page.no_custody"))
        for entry in list(reversed(entries))[:12]:
            with st.container(gap=None):
                note = f" · {_subject(entry.note)}" if entry.note else ""
                st.markdown(f"**{t(f'custody_act.{entry.act}')}**{note}")
                who = plain(entry.actor.get("name") or t("role.house"))
                st.caption(f"{moment(entry.at)} · {who} · {entry.manifest_sha256[:_DIGEST]}")
        if len(entries) > 12:  # noqa: PLR2004 - the pack holds them all
            st.caption(t("console.older", n=len(entries) - 12))
