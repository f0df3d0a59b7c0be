"""Parts that several pages of the channel show: an agent's shops and badges, and bulk answers."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from console.actions.channel.held import Done
from console.actions.staff.people import named_organisations
from console.desk import Desk
from console.i18n import t
from console.pages.channel_words import TONES
from console.pages.frame import refusal_text
from console.pages.kit import Column, Kind, flash, record_table, section
from models.channel.badges import Badge
from models.channel.public import shop_number
from models.channel.shops import AuthorisedShop
from models.staff import CARRIERS, OrganisationKind
from models.tokens import OWN_SITE

_REFUSED: Final = "bulk:refused"


def own_carriers(desk: Desk) -> dict[str, str]:
    """By code, of somebody who works for more than one carrier, as a group's people do."""
    own = desk.actor.carriers
    if len(own) < 2:  # noqa: PLR2004 - one needs no choice
        return {}
    rows = [row for row in named_organisations(desk) if row.id in own and row.kind in CARRIERS]
    return {row.code: row.name for row in rows} if len(rows) > 1 else {}


def platform_names(desk: Desk) -> dict[str, str]:
    """What the codes of platforms are called, closed ones and own sites included."""
    found = {
        row.code: row.name
        for row in named_organisations(desk)
        if row.kind is OrganisationKind.PLATFORM
    }
    return found | {OWN_SITE: t("agents_page.own_site")}


def show_shops(
    shops: Sequence[AuthorisedShop], title: str, *, key: str, platforms: Mapping[str, str]
) -> None:
    """`platforms` are the names of their codes."""
    section(title)
    if not shops:
        st.caption(t("agents_page.no_shops"))
        return
    columns = [
        Column[AuthorisedShop](
            t("agents_page.platform"),
            lambda row: platforms.get(row.platform, row.platform),
            width=110,
        ),
        Column[AuthorisedShop](
            t("agents_page.shop_number"), lambda row: shop_number(row.shop_key), width=170
        ),
        Column[AuthorisedShop](t("agents_page.shop_name"), lambda row: row.name, width=200),
        Column[AuthorisedShop](t("agents_page.since"), lambda row: row.created_at, Kind.DATE),
        Column[AuthorisedShop](t("agents_page.ended"), lambda row: row.ended_at, Kind.DATE),
    ]
    record_table(shops, columns, key=f"{key}:shops", opens=False)


def show_badges(badges: Sequence[Badge], *, key: str) -> None:
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
        Column[Badge](t("badges_page.expires"), lambda row: row.expires_at, Kind.MOMENT),
    ]
    record_table(badges, columns, key=f"{key}:badges", open_page="badges")


def told(done: Sequence[Done], words: str = "agents_page.decided") -> None:
    """What became of each; those that were refused stay on the page with the ground.

    `words` is the key of the text that counts them.
    """
    refused = [one.refusal for one in done if one.refusal is not None]
    st.session_state[_REFUSED] = [refusal_text(no) for no in refused]
    flash(t(words, n=len(done) - len(refused), refused=len(refused)))
    st.rerun()


def show_refused() -> None:
    """The grounds that `told` left behind."""
    for words in st.session_state.pop(_REFUSED, []):
        st.warning(words, icon=":material/block:")
