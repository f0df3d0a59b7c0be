"""The badge studio: a badge as its shop will show it, what it must have, and where to get it."""

from base64 import b64encode
from typing import Final
from urllib.parse import quote, urlencode

import streamlit as st

from console.actions.channel.badges import BadgeRecord
from console.actions.channel.logos import own_carriers, put_logo
from console.actions.channel.picture_packs import snippet
from console.actions.channel.pictures import (
    SHOWABLE,
    WIDEST,
    Format,
    Look,
    Preview,
    logo_of,
    preview,
)
from console.desk import Desk
from console.i18n import Language, t
from console.pages.frame import plain, refusals_shown
from console.pages.kit import flash, section
from console.pages.kit.layout import box
from models.badge_picture import LOGO_LARGEST, Letters, Style
from models.permissions import Permission
from models.staff import Organisation
from models.tokens import OWN_SITE

_FIELDS: Final = ("carrier", "logo", "agent", "agent_no", "scope", "qr")
_TYPES: Final = ("png", "jpg", "jpeg", "webp")
_LOGO_SHOWN: Final = 140


def studio(desk: Desk, record: BadgeRecord) -> None:
    """The picture, large; how it is wanted; the downloads."""
    if record.url is None:
        st.info(t("badges_page.not_signed"))
        return
    look = _wanted()
    with refusals_shown():
        seen = preview(desk, record.badge.id, look)
        with box("kit_picture", border=True, horizontal_alignment="center"):
            wide = "stretch" if look.style is not Style.QR else 320
            st.image(seen.svg, width=wide, alt=t("badge_card.title"))
            if seen.logo is None and look.style is not Style.QR:
                st.caption(f":orange[:material/edit_note:] {t('studio.draft')}")
        _downloads(record, look, seen)
        _fields(seen)
    _embedding(desk, record)
    with st.expander(t("studio.code"), icon=":material/qr_code_2:"):
        st.code(record.url, language=None, wrap_lines=True)


def _wanted() -> Look:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        style = st.segmented_control(
            t("studio.style"),
            list(Style),
            default=Style.CARD,
            required=True,
            key="studio:style",
            format_func=lambda one: t(f"picture_style.{one}"),
        )
        language = st.segmented_control(
            t("studio.language"),
            list(Language),
            default=Language.ZH,
            required=True,
            key="studio:language",
            format_func=lambda one: t(f"studio.{one}"),
        )
        letters = st.segmented_control(
            t("studio.letters"),
            list(Letters),
            default=Letters.OUTLINE,
            required=True,
            key="studio:letters",
            format_func=lambda one: t(f"picture_letters.{one}"),
        )
    return Look(Style(style), Letters(letters), Language(language))


def _downloads(record: BadgeRecord, look: Look, seen: Preview) -> None:
    """Links to our own routes; none to what would be refused there."""
    if record.badge.state not in SHOWABLE:
        return
    if seen.logo is None and look.style is not Style.QR:
        return
    width = st.slider(
        t("studio.width"),
        min_value=seen.least_width,
        max_value=WIDEST,
        value=max(seen.width, seen.least_width),
        key=f"studio:width:{look.style}:{seen.least_width}",
        help=t("studio.width_help", least=seen.least_width),
    )
    asked = {"style": look.style, "language": look.language, "letters": look.letters}
    with st.container(horizontal=True, gap="small"):
        for kind in Format:
            more = {"width": str(width)} if kind is Format.PNG else {}
            st.link_button(
                t(f"picture_format.{kind}"),
                f"/files/badges/{record.badge.badge_id}.{kind}?{urlencode(asked | more)}",
                icon=":material/download:",
                type="primary" if kind is Format.PNG else "secondary",
            )


def _fields(seen: Preview) -> None:
    section(t("studio.fields"), t("studio.fields_hint"))
    with st.container(horizontal=True, gap="small"):
        for name in _FIELDS:
            is_there = name not in seen.missing
            mark = ":green[:material/check_circle:]" if is_there else ":red[:material/cancel:]"
            st.markdown(f"{mark} {t(f'studio.field_{name}')}", width="content")
    st.caption(f":material/spellcheck: {t('studio.letters_whole')}")


def _embedding(desk: Desk, record: BadgeRecord) -> None:
    section(t("studio.embed"))
    if record.shop.platform != OWN_SITE:
        st.caption(t("studio.embed_not"))
        return
    st.caption(t("studio.embed_hint", site=plain(record.shop.shop_key.partition("/")[0])))
    st.code(snippet(desk.house, record.badge), language="html", wrap_lines=True)


def beside(desk: Desk, record: BadgeRecord) -> None:
    """What else is to be had: the whole agent's badges, and the certificate."""
    agent_no, number = quote(record.agent.agent_no), quote(record.licence.number)
    with refusals_shown(), st.container(horizontal=True, gap="small"):
        if record.badge.state in SHOWABLE and record.url is not None and _has_logo(desk, record):
            st.link_button(
                t("studio.pack"),
                f"/files/agents/{agent_no}/badges.zip",
                icon=":material/folder_zip:",
            )
        if record.licence.approved_at is not None:
            st.link_button(
                t("studio.certificate"),
                f"/files/licences/{number}.pdf",
                icon=":material/workspace_premium:",
            )


def _has_logo(desk: Desk, record: BadgeRecord) -> bool:
    return any(one.logo for one in own_carriers(desk, [record.badge.carrier_id]))


def logo_popover(desk: Desk) -> None:
    """The logos of the actor's carriers: seen, and put in use anew."""
    with st.popover(t("studio.logo"), icon=":material/imagesmode:"), refusals_shown():
        st.caption(t("studio.logo_hint"))
        carriers = {row.code: row for row in own_carriers(desk, list(desk.actor.carriers))}
        code = st.selectbox(
            t("field.carrier"),
            list(carriers),
            key="studio:carrier",
            format_func=lambda one: carriers[one].name,
            label_visibility="collapsed" if len(carriers) == 1 else "visible",
        )
        if code in carriers:
            _logo_of(desk, carriers[code])


def _logo_of(desk: Desk, carrier: Organisation) -> None:
    logo = logo_of(desk.house, carrier)
    if logo is None:
        st.markdown(plain(t("studio.logo_none", carrier=carrier.name)))
    else:
        st.image(_as_svg(logo), width=_LOGO_SHOWN, alt=t("studio.logo"))
    if not desk.actor.may(Permission.BADGE_DESIGN):
        return
    chosen = st.file_uploader(
        t("studio.logo_file"),
        type=list(_TYPES),
        key=f"studio:logo:{carrier.code}:{carrier.logo}",
        max_upload_size=max(1, LOGO_LARGEST // (1024 * 1024)),
    )
    is_sure = st.button(
        t("studio.logo_put"), key="studio:logo:sure", type="primary", disabled=chosen is None
    )
    if is_sure and chosen is not None:
        put_logo(desk, carrier.code, chosen.getvalue())
        flash(t("studio.logo_put_done"))
        st.rerun()


def _as_svg(png: bytes) -> str:
    """The logo as a drawing, which goes with the page and has no address of its own."""
    data = b64encode(png).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'viewBox="0 0 160 100" width="160" height="100"><rect width="160" height="100" '
        'fill="#fff"/><image width="160" height="100" preserveAspectRatio="xMidYMid meet" '
        f'xlink:href="data:image/png;base64,{data}"/></svg>'
    )
