"""Forms of licences: a scope, a change of it, and one scope for several agents."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console.actions.channel.agents import list_agents
from console.actions.channel.licences import LicenceForm
from console.actions.channel.versions import proposed_changes
from console.desk import LONGEST_PAGE, Desk
from console.i18n import t
from console.pages.channel_forms import packed, province_word, shop_word, unpacked
from console.pages.frame import plain
from models.channel.agents import AgentState
from models.channel.licences import Licence, Product
from models.channel.shops import AuthorisedShop
from models.provinces import provinces
from models.rules import china_day

_YEAR: Final = timedelta(days=364)
_LONGEST_REASON: Final = 500


def licence_fields(
    desk: Desk, key: str, shops: Sequence[AuthorisedShop], licence: Licence | None = None
) -> str:
    """The scope of a licence, and the number of its agreement."""
    words = _scope_fields(desk, key, shops, licence)
    number = st.text_input(
        t("licences_page.agreement_no"),
        licence.agreement_no if licence else "",
        key=f"{key}:agreement",
        max_chars=64,
        help=t("licence_page.agreement_help"),
    )
    return packed(**words, agreement_no=number)


def amend_fields(desk: Desk, key: str, shops: Sequence[AuthorisedShop], licence: Licence) -> str:
    """Another scope, what it changes of the one in force, and why."""
    words = packed(**_scope_fields(desk, key, shops, licence))
    changes = proposed_changes(desk, licence.id, licence_form(words))
    st.markdown(f"**{t('licence_page.changes')}**")
    show_changes(changes, t("licence_page.no_changes"))
    reason = st.text_area(
        t("licence_page.amend_reason"), key=f"{key}:reason", max_chars=_LONGEST_REASON
    )
    return packed(**unpacked(words), reason=reason) if changes and reason.strip() else ""


def show_changes(changes: Sequence[str], otherwise: str) -> None:
    """A difference between two scopes, a line a part."""
    if not changes:
        st.caption(otherwise)
        return
    st.markdown("\n".join(f"- {plain(line)}" for line in changes))


def grant_fields(desk: Desk, key: str) -> str:
    """One scope for several admitted agents; each sells at all of its own live shops."""
    admitted = [
        agent
        for state in (AgentState.ELIGIBLE, AgentState.ACTIVE)
        for agent in list_agents(desk, state=state, limit=LONGEST_PAGE).rows
    ]
    names = {str(agent.id): agent.title for agent in admitted}
    chosen = st.multiselect(
        t("licence_page.agents"),
        list(names),
        key=f"{key}:agents",
        format_func=names.__getitem__,
        max_selections=LONGEST_PAGE,
    )
    words = _sold(key, None) | _period(desk, key, None)
    return packed(**words, shop_ids=(), agents=chosen) if chosen else ""


def _scope_fields(
    desk: Desk, key: str, shops: Sequence[AuthorisedShop], licence: Licence | None
) -> dict[str, Any]:
    live = {str(shop.id): shop_word(shop) for shop in shops if shop.ended_at is None}
    named = [one for one in licence.shop_ids if one in live] if licence else list(live)
    sold = _sold(key, licence)
    shop_ids = st.multiselect(
        t("licences_page.shops"),
        list(live),
        named,
        key=f"{key}:shops",
        format_func=live.__getitem__,
    )
    return {**sold, "shop_ids": shop_ids, **_period(desk, key, licence)}


def _sold(key: str, licence: Licence | None) -> dict[str, Any]:
    products = st.multiselect(
        t("licences_page.products"),
        [one.value for one in Product],
        licence.products if licence else [Product.VOICE_CARD.value],
        key=f"{key}:products",
        format_func=lambda word: t(f"product.{word}"),
    )
    places = st.multiselect(
        t("licences_page.provinces"),
        list(provinces()),
        licence.provinces if licence else [],
        key=f"{key}:provinces",
        format_func=province_word,
    )
    return {"products": products, "provinces": places}


def _period(desk: Desk, key: str, licence: Licence | None) -> dict[str, Any]:
    today = china_day(desk.now())
    first = licence.begins_on if licence else today
    last = licence.ends_on if licence else today + _YEAR
    left, right = st.columns(2)
    begins = left.date_input(t("licences_page.begins"), first, key=f"{key}:begins")
    ends = right.date_input(t("licences_page.ends"), last, key=f"{key}:ends")
    return {"begins_on": begins, "ends_on": ends}


def licence_form(words: str) -> LicenceForm:
    values = unpacked(words)
    return LicenceForm(
        products=[Product(one) for one in values["products"]],
        provinces=values["provinces"],
        shop_ids=[UUID(one) for one in values["shop_ids"]],
        begins_on=date.fromisoformat(values["begins_on"]),
        ends_on=date.fromisoformat(values["ends_on"]),
        agreement_no=values.get("agreement_no", ""),
    )
