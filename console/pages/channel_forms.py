"""Forms of the channel's moves: each draws its inputs and answers with them as one JSON text.

An empty answer says that something needed is missing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import streamlit as st

from console.actions.channel.agents import AgentForm
from console.actions.channel.shops import ShopForm
from console.i18n import Language, spoken, t
from models.channel.agents import Agent, AgentReason
from models.channel.public import shop_number
from models.channel.shops import AuthorisedShop
from models.provinces import provinces
from models.tokens import OWN_SITE

_LONGEST_REASON: Final = 500
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2100, 12, 31)


def packed(**values: object) -> str:
    return json.dumps(values, default=str, ensure_ascii=False)


def unpacked(text: str) -> dict[str, Any]:
    return json.loads(text)


def province_word(code: str) -> str:
    province = provinces()[code]
    return f"{province.zh}（{code}）" if spoken.get() is Language.ZH else f"{province.en} ({code})"


def shop_word(shop: AuthorisedShop) -> str:
    """A shop as it is told from the others in a list to choose from."""
    return f"{shop.name}（{shop.platform} {shop_number(shop.shop_key)}）"


def agent_fields(key: str, agent: Agent | None = None, carriers: Sequence[str] = ()) -> str:
    """An application, or an agent's own facts as they stand."""
    carrier = ""
    if carriers:
        carrier = st.selectbox(t("agents_page.carrier"), carriers, key=f"{key}:carrier") or ""
    name = st.text_input(
        t("agents_page.name"), agent.name if agent else "", key=f"{key}:name", max_chars=200
    )
    uscc = st.text_input(
        t("agents_page.uscc"), agent.uscc if agent else "", key=f"{key}:uscc", max_chars=24
    )
    codes = list(provinces())
    province = st.selectbox(
        t("agents_page.province"),
        codes,
        index=codes.index(agent.province) if agent else None,
        key=f"{key}:province",
        format_func=province_word,
        disabled=agent is not None,
        placeholder="",
    )
    representative = st.text_input(
        t("agents_page.representative"),
        agent.legal_representative if agent else "",
        key=f"{key}:representative",
        max_chars=64,
    )
    rest = _what_it_shows(key, agent)
    if not (name.strip() and uscc.strip() and province and representative.strip()):
        return ""
    return packed(
        carrier=carrier,
        name=name,
        uscc=uscc,
        province=province,
        legal_representative=representative,
        **rest,
    )


def _what_it_shows(key: str, agent: Agent | None) -> dict[str, object]:
    """Contact, the business licence's term, and the two conditions; none of them is needed."""
    contact = st.text_input(
        t("agents_page.contact"),
        agent.contact if agent else "",
        key=f"{key}:contact",
        max_chars=120,
        help=t("agents_page.contact_help"),
    )
    until = st.date_input(
        t("agents_page.until"),
        agent.business_licence_until if agent else None,
        key=f"{key}:until",
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        help=t("agents_page.until_help"),
    )
    return {
        "contact": contact,
        "business_licence_until": until.isoformat() if isinstance(until, date) else None,
    }


def agent_form(words: str) -> tuple[AgentForm, str | None]:
    """The form, and the carrier's code where one was chosen."""
    values = unpacked(words)
    until = values.pop("business_licence_until")
    carrier = values.pop("carrier") or None
    day = date.fromisoformat(until) if until else None
    return AgentForm(**values, business_licence_until=day), carrier


def refusal_fields(key: str) -> str:
    reasons = st.multiselect(
        t("agents_page.reasons"),
        [reason.value for reason in AgentReason],
        key=f"{key}:reasons",
        format_func=lambda word: t(f"agent_reason.{word}"),
    )
    remark = st.text_area(t("agents_page.remark"), key=f"{key}:remark", max_chars=_LONGEST_REASON)
    late = late_field(key)
    return packed(reasons=reasons, remark=remark, late_reason=late) if reasons else ""


def late_field(key: str) -> str:
    return st.text_input(
        t("admission_page.late_reason"), key=f"{key}:late", max_chars=_LONGEST_REASON
    )


def pass_fields(key: str) -> str:
    return packed(late_reason=late_field(key))


def two_texts(key: str, first: str, second: str) -> str:
    """Two needed texts, as reason and remedy; `first` and `second` are their labels."""
    one = st.text_area(first, key=f"{key}:one", max_chars=_LONGEST_REASON)
    two = st.text_area(second, key=f"{key}:two", max_chars=_LONGEST_REASON)
    return packed(one=one, two=two) if one.strip() and two.strip() else ""


def ending_fields(key: str, ticks: Mapping[str, str]) -> str:
    """A reason, and what was handed back: words by name."""
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=_LONGEST_REASON)
    ticked = {name: st.checkbox(words, key=f"{key}:{name}") for name, words in ticks.items()}
    return packed(reason=reason, **ticked) if reason.strip() else ""


def shop_fields(key: str, platforms: Mapping[str, str]) -> str:
    options = {**platforms, OWN_SITE: t("agents_page.own_site")}
    platform = st.selectbox(
        t("agents_page.platform"),
        list(options),
        key=f"{key}:platform",
        format_func=options.__getitem__,
    )
    shop = st.text_input(
        t("agents_page.shop_number"), key=f"{key}:shop", help=t("agents_page.shop_number_help")
    )
    name = st.text_input(t("agents_page.shop_name"), key=f"{key}:name", max_chars=200)
    url = st.text_input(t("agents_page.shop_url"), key=f"{key}:url", max_chars=2000)
    if not (platform and shop.strip() and name.strip()):
        return ""
    return packed(platform=platform, shop=shop, name=name, url=url)


def chosen_shop(key: str, label: str, shops: Sequence[AuthorisedShop], *, why: bool = False) -> str:
    """One of an agent's shops, by its id; with a reason when `why`."""
    names = {str(shop.id): shop_word(shop) for shop in shops}
    chosen = st.selectbox(label, list(names), key=f"{key}:chosen", format_func=names.__getitem__)
    if not why:
        return packed(shop=chosen) if chosen else ""
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=_LONGEST_REASON)
    return packed(shop=chosen, reason=reason) if chosen and reason.strip() else ""


def shop_form(words: str) -> ShopForm:
    return ShopForm(**unpacked(words))
