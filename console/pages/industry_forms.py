"""Forms of industry cards. Each answers with its inputs as one JSON text; empty lacks something."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import streamlit as st

from console.actions.cards.industry.findings import MOST_PAPERS
from console.i18n import Language, spoken, t
from console.pages.channel_forms import FIRST_DAY, LAST_DAY, packed, province_word, unpacked
from console.pages.file_forms import Given
from console.pages.industry_words import class_word
from console.pages.kit import NOTHING, day
from models.cards.accountable import AccountableUnit
from models.cards.agreements import IndustryClause
from models.cards.classes import CardClass, DataUse, Sms, Voice, class_policy, risk_form
from models.cards.industry import IndustryBatch
from models.cards.purchasers import Purchaser
from models.cards.scopes import CardScope, ScopeTerms
from models.provinces import provinces
from models.rules import FindingKind
from models.staff import Organisation

_LONGEST: Final = 1000


def purchaser_fields(
    key: str, row: Purchaser | None = None, carriers: Mapping[str, str] | None = None
) -> str:
    """`carriers` are named by their codes for whoever enters a unit and works for several."""
    carrier = {"organisation": _carrier(key, carriers)} if carriers else {}
    name = st.text_input(
        t("purchasers_page.name"), row.name if row else "", key=f"{key}:name", max_chars=200
    )
    uscc = st.text_input(
        t("purchasers_page.uscc"), row.uscc if row else "", key=f"{key}:uscc", max_chars=24
    )
    codes = list(provinces())
    province = st.selectbox(
        t("purchasers_page.province"),
        codes,
        index=codes.index(row.province) if row else None,
        key=f"{key}:province",
        format_func=province_word,
        placeholder="",
    )
    contact = st.text_input(
        t("purchasers_page.contact"),
        row.contact if row else "",
        key=f"{key}:contact",
        max_chars=200,
        help=t("purchasers_page.contact_help"),
    )
    maker = st.checkbox(
        t("purchasers_page.maker_long"), bool(row and row.is_device_maker), key=f"{key}:maker"
    )
    if not (name.strip() and uscc.strip() and province and all(carrier.values())):
        return ""
    said = {"name": name, "uscc": uscc, "province": province, "contact": contact}
    return packed(**said, is_device_maker=maker, **carrier)


def _carrier(key: str, carriers: Mapping[str, str]) -> str | None:
    return st.selectbox(
        t("purchasers_page.carrier"),
        list(carriers),
        index=None,
        key=f"{key}:carrier",
        format_func=carriers.__getitem__,
        placeholder="",
        help=t("purchasers_page.carrier_help"),
    )


def licence_fields(key: str, given: Given, row: Purchaser) -> str:
    has_file = given.ask(t("purchasers_page.licence_file"), f"{key}:file")
    name = st.text_input(
        t("purchasers_page.licence_name"), row.name, key=f"{key}:name", max_chars=200
    )
    until = _day(t("purchasers_page.licence_until"), f"{key}:until", t("agents_page.until_help"))
    return packed(licence_name=name, until=until) if has_file and name.strip() else ""


def licence_form(words: str) -> dict[str, Any]:
    values = unpacked(words)
    return values | {"until": as_day(values["until"])}


def licence_day(row: Purchaser) -> str:
    if not row.licence_sha256:
        return NOTHING
    return day(row.licence_until) if row.licence_until else t("agents_page.no_term")


def _day(label: str, key: str, hint: str | None = None, value: date | None = None) -> str | None:
    chosen = st.date_input(
        label, value, key=key, min_value=FIRST_DAY, max_value=LAST_DAY, help=hint
    )
    return chosen.isoformat() if isinstance(chosen, date) else None


def as_day(word: str | None) -> date | None:
    return date.fromisoformat(word) if word else None


def draft_fields(key: str, carrier: Organisation) -> str:
    """What is ordered; and where the cards are at home, where the carrier is in no one province."""
    if carrier.province is not None:
        return batch_fields(key)
    home = st.selectbox(
        t("industry_page.province"),
        list(provinces()),
        index=None,
        key=f"{key}:home",
        format_func=province_word,
        placeholder="",
        help=t("industry_page.province_help"),
    )
    words = batch_fields(key)
    return packed(**unpacked(words), province=home) if home and words else ""


def batch_fields(key: str, batch: IndustryBatch | None = None) -> str:
    """What is ordered, for what."""
    classes = list(CardClass)
    card_class = st.selectbox(
        t("industry_page.class"),
        classes,
        index=classes.index(batch.card_class) if batch else 0,
        key=f"{key}:class",
        format_func=class_word,
    )
    st.caption(class_hint(CardClass(card_class)))
    ordered = st.number_input(
        t("industry_page.ordered"),
        min_value=1,
        max_value=10_000_000,
        value=batch.ordered if batch else 100,
        step=1,
        key=f"{key}:ordered",
    )
    product = st.text_input(
        t("industry_page.product"),
        batch.product if batch else "",
        key=f"{key}:product",
        max_chars=120,
    )
    use = st.text_area(
        t("industry_page.use_statement"),
        batch.use_statement if batch else "",
        key=f"{key}:use",
        max_chars=4000,
        help=t("industry_page.use_statement_help"),
    )
    return packed(card_class=card_class, ordered=int(ordered), product=product, use_statement=use)


def batch_form(words: str) -> dict[str, Any]:
    values = unpacked(words)
    return values | {"card_class": CardClass(values["card_class"])}


def class_hint(card_class: CardClass) -> str:
    policy = class_policy(card_class)
    use = policy.use_zh if spoken.get() is Language.ZH else policy.use_en
    return t("industry_page.class_hint", use=use)


def scope_fields(key: str, card_class: CardClass, scope: CardScope | None) -> str:
    """The four fields, then the limits that the class leaves open."""
    now = scope.terms if scope else ScopeTerms()
    values: dict[str, Any] = {
        name: st.text_area(
            t(f"industry_page.{name}"),
            getattr(now, name),
            key=f"{key}:{name}",
            max_chars=_LONGEST,
            height=68,
            help=t(f"industry_page.{name}_help"),
        )
        for name in ("function", "business_scope", "scenario", "product_form")
    }
    values |= _call_fields(key, card_class, now) | _data_fields(key, card_class, now)
    return packed(**values, **_place_fields(key, card_class, now))


def _call_fields(key: str, card_class: CardClass, now: ScopeTerms) -> dict[str, Any]:
    policy = class_policy(card_class)
    voice = _one_of(key, "voice", policy.voice, now.voice)
    numbers = _lines(key, "voice_numbers", now.voice_numbers) if voice is Voice.WHITELIST else []
    sms = _one_of(key, "sms", policy.sms, now.sms)
    texts = _lines(key, "sms_numbers", now.sms_numbers) if sms is Sms.WHITELIST else []
    return {"voice": voice, "voice_numbers": numbers, "sms": sms, "sms_numbers": texts}


def _one_of(key: str, name: str, words: Sequence[Any], now: Any) -> Any:  # noqa: ANN401 - an enum
    return st.selectbox(
        t(f"industry_page.{name}"),
        words,
        index=words.index(now) if now in words else 0,
        key=f"{key}:{name}",
        format_func=lambda word: t(f"{name}.{word}"),
    )


def _data_fields(key: str, card_class: CardClass, now: ScopeTerms) -> dict[str, Any]:
    data = class_policy(card_class).data
    targets = [] if data is DataUse.GENERAL else _lines(key, "targets", now.targets)
    monthly = st.number_input(
        t("industry_page.monthly_mb"),
        min_value=1,
        value=now.monthly_mb,
        step=1,
        key=f"{key}:monthly",
        help=t("industry_page.monthly_mb_help"),
    )
    apn = st.text_input(t("industry_page.apn"), now.apn, key=f"{key}:apn", max_chars=100)
    return {
        "targets": targets,
        "monthly_mb": None if monthly is None else int(monthly),
        "apn": apn,
    }


def _place_fields(key: str, card_class: CardClass, now: ScopeTerms) -> dict[str, Any]:
    lock = st.checkbox(t("industry_page.device_lock_long"), now.device_lock, key=f"{key}:lock")
    tacs = _lines(key, "tacs", now.tacs) if lock else []
    chassis = class_policy(card_class).chassis and st.checkbox(
        t("industry_page.chassis_long"), now.chassis, key=f"{key}:chassis"
    )
    regions = st.multiselect(
        t("industry_page.regions"),
        [*provinces(), *(one for one in now.regions if one not in provinces())],
        list(now.regions),
        key=f"{key}:regions",
        format_func=lambda code: province_word(code) if code in provinces() else code,
        accept_new_options=True,
        help=t("industry_page.regions_help"),
    )
    return {"device_lock": lock, "tacs": tacs, "chassis": chassis, "regions": regions}


def _lines(key: str, name: str, now: Sequence[str]) -> list[str]:
    words = st.text_area(
        t(f"industry_page.{name}"),
        "\n".join(now),
        key=f"{key}:{name}",
        height=100,
        help=t(f"industry_page.{name}_help"),
    )
    return [line.strip() for line in words.splitlines() if line.strip()]


def scope_form(words: str) -> ScopeTerms:
    values = unpacked(words)
    values["voice"], values["sms"] = Voice(values["voice"]), Sms(values["sms"])
    return ScopeTerms(**values)


def risk_fields(key: str) -> str:
    """The risk form, question by question; nothing is chosen beforehand."""
    zh = spoken.get() is Language.ZH
    answers: dict[str, str] = {}
    for question in risk_form().question:
        names = {one.code: (one.zh if zh else one.en) for one in question.answers}
        chosen = st.radio(
            question.zh if zh else question.en,
            list(names),
            index=None,
            key=f"{key}:{question.code}",
            format_func=names.__getitem__,
        )
        if chosen is not None:
            answers[question.code] = chosen
    reason = st.text_area(t("industry_page.review_reason"), key=f"{key}:reason", max_chars=2000)
    if len(answers) != len(risk_form().question):
        return ""
    fails = _weigh(key, answers)
    return packed(answers=answers, reason=reason, fails=fails) if reason.strip() else ""


def _weigh(key: str, answers: dict[str, str]) -> bool:
    """Say what the form makes of the answers; whether it is failed although it would pass."""
    weighed = risk_form().weighed(answers)
    fails = weighed.is_passed and st.checkbox(
        t("industry_page.fails"), key=f"{key}:fails", help=t("industry_page.fails_help")
    )
    word = "would_fail" if not weighed.is_passed else "fails_anyway" if fails else "would_pass"
    said = t(f"industry_page.{word}", score=weighed.score, most=risk_form().pass_to)
    (st.info if word == "would_pass" else st.warning)(said)
    return fails


def agreement_fields(key: str, given: Given) -> str:
    has_file = given.ask(t("industry_page.agreement_file"), f"{key}:file")
    number = st.text_input(t("industry_page.agreement_no"), key=f"{key}:number", max_chars=64)
    clauses = [
        one.value
        for one in IndustryClause
        if st.checkbox(t(f"industry_clause.{one}"), key=f"{key}:{one}")
    ]
    signed = _day(t("industry_page.signed_on"), f"{key}:signed")
    until = _day(t("industry_page.agreement_until"), f"{key}:until", t("agents_page.until_help"))
    if not (has_file and number.strip() and signed):
        return ""
    return packed(number=number, clauses=clauses, signed_on=signed, valid_until=until)


def agreement_form(words: str) -> dict[str, Any]:
    values = unpacked(words)
    return values | {
        "clauses": [IndustryClause(one) for one in values["clauses"]],
        "signed_on": as_day(values["signed_on"]),
        "valid_until": as_day(values["valid_until"]),
    }


def retire_fields(key: str) -> str:
    cancelled = st.number_input(
        t("industry_page.cancelled"), min_value=0, step=1, key=f"{key}:cancelled"
    )
    returned = st.number_input(
        t("industry_page.returned"), min_value=0, step=1, key=f"{key}:returned"
    )
    return packed(cancelled=int(cancelled), returned=int(returned))


def unit_fields(key: str, unit: AccountableUnit | None) -> str:
    """Another unit than the purchaser, or with nothing filled in the purchaser itself."""
    st.caption(t("industry_page.unit_hint"))
    name = st.text_input(t("industry_page.unit_name"), key=f"{key}:name", max_chars=200)
    uscc = st.text_input(t("purchasers_page.uscc"), key=f"{key}:uscc", max_chars=24)
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=500)
    is_change = unit is not None
    if is_change and not reason.strip():
        return ""
    return packed(name=name, uscc=uscc, reason=reason)


def report_fields(key: str, given: Given) -> str:
    """What the purchaser, the police or an administration tells of the batch."""
    kinds = (FindingKind.IOT_SCOPE_BREACH, FindingKind.IOT_RESALE)
    kind = st.selectbox(
        t("usage_page.kind"),
        kinds,
        key=f"{key}:kind",
        format_func=lambda word: t(f"finding_kind.{word}"),
    )
    iccid = st.text_input(
        t("usage_page.card"), key=f"{key}:iccid", max_chars=30, help=t("usage_page.card_help")
    )
    first = _day(t("usage_page.first_seen"), f"{key}:first")
    last = _day(t("usage_page.last_seen"), f"{key}:last")
    who = st.text_input(t("usage_page.who"), key=f"{key}:who", max_chars=200)
    said = st.text_area(t("usage_page.said"), key=f"{key}:said", max_chars=2000)
    given.ask_several(t("usage_page.papers", most=MOST_PAPERS), f"{key}:papers")
    if not (first and who.strip() and said.strip()):
        return ""
    return packed(kind=kind, iccid=iccid, first_day=first, last_day=last, who=who, said=said)
