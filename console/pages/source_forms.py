"""Forms for sources: a few questions for each kind, or the mapping file itself; keys apart."""

from collections.abc import Iterable, Mapping
from itertools import cycle

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console.actions.patrol.templates import (
    FILES,
    Answers,
    has_own_currency,
    mapping_text,
    needs_address,
    packaged_words,
    usual_platform,
)
from console.i18n import t
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.terms import TERMS, Kind, SignMethod, Terms
from models.refusals import Invalid

_MOST = 1_000_000


def chosen_kind(key: str) -> Kind:
    """Which kind of source, each with a line that says for what it is."""
    kind = st.selectbox(
        t("sources_page.kind"),
        [*Kind],
        key=f"{key}:kind",
        format_func=lambda one: t(f"source_kind.{one}"),
    )
    st.caption(t(f"source_kind_hint.{kind}"))
    if kind in TERMS and TERMS[kind].is_sample:
        say_sample()
    return kind


def say_sample() -> None:
    st.info(t("sources_page.sample_hint"), icon=":material/filter_alt:")


def mapping_of(kind: Kind, key: str) -> str:
    """The mapping file as the reader fills in the form, or writes it."""
    if kind in FILES:
        return mapping_area(FILES[kind], key)
    text = mapping_text(answers(kind, f"{key}:{kind}"))
    with st.expander(t("sources_page.mapping")):
        st.code(text, language="toml")
        st.caption(t("sources_page.mapping_later"))
    return text


def mapping_area(text: str, key: str) -> str:
    given = st.text_area(
        t("sources_page.mapping"), value=text, height=420, key=f"{key}:mapping",
        help=t("sources_page.mapping_help"),
    )  # fmt: skip
    return given or ""


def answers(kind: Kind, key: str) -> Answers:
    terms = TERMS[kind]
    left, right = st.columns(2)
    start = ""
    if needs_address(kind):
        start = left.text_input(
            t("sources_page.start"), key=f"{key}:start", placeholder=_example(kind)
        )
    platform = right.text_input(
        t("sources_page.platform"), value=usual_platform(kind), key=f"{key}:platform",
        help=t("sources_page.platform_help"), max_chars=32,
    )  # fmt: skip
    currency = ""
    if not has_own_currency(kind):
        currency = left.text_input(
            t("sources_page.currency"), key=f"{key}:currency", max_chars=3, placeholder="CNY"
        )
    options = {
        name: _option(name, key, needed=name in terms.needs, place=at)
        for at, name in zip(cycle((left, right)), [*terms.needs, *terms.takes], strict=False)
    }
    queries = _queries(kind, key) if terms.searches else []
    least, most = _plausible(key)
    return Answers(kind, platform, start, queries, options, currency, least, most)


def _option(name: str, key: str, *, needed: bool, place: DeltaGenerator) -> str:
    label = t(f"source_option.{name}") + (" *" if needed else "")
    if name == "sign_method":
        return place.selectbox(label, [one.value for one in SignMethod], key=f"{key}:{name}")
    given = place.text_input(label, key=f"{key}:{name}", placeholder=t(f"source_example.{name}"))
    return given or ""


def _queries(kind: Kind, key: str) -> list[str]:
    usual = packaged_words(kind)
    given = st.text_area(
        t("sources_page.queries"), key=f"{key}:queries", height=110,
        placeholder="\n".join(usual[:4]), help=t("sources_page.queries_help"),
    )  # fmt: skip
    st.caption(t("sources_page.queries_usual", n=len(usual), words="、".join(usual)))
    return (given or "").splitlines()


def _plausible(key: str) -> tuple[int, int]:
    left, right = st.columns(2)
    least = left.number_input(
        t("sources_page.least"), min_value=0, max_value=_MOST, value=1, key=f"{key}:least",
        help=t("sources_page.plausible_help"),
    )  # fmt: skip
    most = right.number_input(
        t("sources_page.most"), min_value=1, max_value=_MOST, value=50_000, key=f"{key}:most"
    )
    return int(least), int(most)


def _example(kind: Kind) -> str:
    if kind is Kind.SHOPEE:
        return "https://open-api.affiliate.shopee.com.my/graphql"
    return "https://shop.example/"


def secrets_of(
    mapping: str, key: str, on_file: Iterable[str] = (), kind: Kind | None = None
) -> Mapping[str, str]:
    """A password field for each key that the mapping names; what is left empty stays as it is."""
    needed, beside = _keys_named(mapping, kind)
    names, kept = [*sorted(needed), *sorted(beside)], set(on_file)
    if not names:
        return {}
    st.markdown(f"**{t('sources_page.keys')}**")
    st.caption(t("sources_page.secrets_help"))
    places = st.columns(2)
    given: dict[str, str] = {}
    for at, name in enumerate(names):
        star = " *" if name in needed and name not in kept else ""
        value = places[at % 2].text_input(
            f"{name}{star}", type="password", key=f"{key}:secret:{name}",
            placeholder=t("sources_page.on_file") if name in kept else "",
            autocomplete="new-password",
        )  # fmt: skip
        if value and value.strip():
            given[name] = value.strip()
    return given


def _keys_named(mapping: str, kind: Kind | None) -> tuple[frozenset[str], frozenset[str]]:
    """The keys that are needed, and those that may be given; of its kind while a form is open."""
    try:
        mapped = source_from(mapping, file="mapping.toml")
    except Invalid:
        terms = TERMS.get(kind, Terms()) if kind else Terms()
        return frozenset(terms.secrets), frozenset(terms.secrets_beside)
    return mapped.secrets_named(), mapped.secrets_taken() - mapped.secrets_named()
