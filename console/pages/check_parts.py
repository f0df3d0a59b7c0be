"""The items of a checklist: what the run saw of each, and the answer, by mouse or by key."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console.i18n import listed, t
from console.pages.frame import plain
from console.pages.kit import state_pill
from console.pages.kit.layout import box
from console.pages.patrol_words import ANSWERS
from models.patrol.checks import ITEMS, CheckAnswer, CheckItem

KEYS: Final[Mapping[CheckAnswer, str]] = {
    CheckAnswer.GOOD: "1",
    CheckAnswer.BAD: "2",
    CheckAnswer.NOT_APPLICABLE: "3",
}
_ICONS: Final[Mapping[CheckAnswer, str]] = {
    CheckAnswer.GOOD: ":material/check:",
    CheckAnswer.BAD: ":material/close:",
    CheckAnswer.NOT_APPLICABLE: ":material/remove:",
}


def key_of(name: str, check_id: UUID, item: str) -> str:
    return f"{name}:{check_id}:{item}"


def items_form(
    name: str,
    check_id: UUID,
    items: Sequence[CheckItem],
    hints: Mapping[str, Any],
    given: Mapping[str, str],
) -> dict[CheckItem, CheckAnswer]:
    """The items with their answers; the keys 1, 2 and 3 answer the first that has none yet."""
    for item in items:
        key = key_of(name, check_id, item)
        if key not in st.session_state and item in given:
            st.session_state[key] = CheckAnswer(given[item])
    _by_keys(name, check_id, items)
    with box("kit_list", border=True):
        for place, item in enumerate(items, 1):
            with box("kit_check", gap="small"):
                st.markdown(f"**{place}. {t(f'check_item.{item}')}**")
                st.caption(f":material/radar: {hint_of(item, hints.get(item, {}))}")
                st.segmented_control(
                    t(f"check_item.{item}"),
                    list(CheckAnswer),
                    key=key_of(name, check_id, item),
                    format_func=lambda one: t(f"check_answer.{one}"),
                    label_visibility="collapsed",
                )
    return answers_of(name, check_id, items)


def answers_of(
    name: str, check_id: UUID, items: Sequence[CheckItem] = ITEMS
) -> dict[CheckItem, CheckAnswer]:
    found = {item: st.session_state.get(key_of(name, check_id, item)) for item in items}
    return {item: CheckAnswer(answer) for item, answer in found.items() if answer}


def _by_keys(name: str, check_id: UUID, items: Sequence[CheckItem]) -> None:
    done = answers_of(name, check_id, items)
    item = next((one for one in items if one not in done), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        now = t("checks_page.all_answered") if item is None else t(f"check_item.{item}")
        st.markdown(f":material/keyboard: {now}", width="stretch")
        for answer in CheckAnswer:
            st.button(
                t(f"check_answer.{answer}"),
                key=f"{name}:key:{answer}",
                icon=_ICONS[answer],
                shortcut=KEYS[answer],
                disabled=item is None,
                on_click=_answer,
                args=(name, check_id, item, answer),
            )


def _answer(name: str, check_id: UUID, item: CheckItem | None, answer: CheckAnswer) -> None:
    if item is not None:
        st.session_state[key_of(name, check_id, item)] = answer


def given_answers(answers: Mapping[str, str], other: Mapping[str, str] | None = None) -> None:
    """Answers to read; with `other` the second person's beside them, differences marked."""
    with box("kit_list", border=True):
        for item in ITEMS:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(t(f"check_item.{item}"), width="stretch")
                _pill(answers.get(item))
                if other is not None:
                    _pill(other.get(item))
                    if other.get(item) != answers.get(item):
                        st.badge(t("checks_page.differs"), icon=":material/compare_arrows:",
                                 color="orange")  # fmt: skip


def _pill(answer: str | None) -> None:
    if answer:
        state_pill("check_answer", answer, ANSWERS)
    else:
        st.caption(t("checks_page.unanswered"), width="content")


def hint_of(item: CheckItem, seen: Mapping[str, Any]) -> str:
    """What the run itself saw, in words; an offer, and never an answer."""
    match item:
        case CheckItem.LICENCE_DISPLAYED:
            parts = [plain(one) for one in [*seen.get("numbers", ()), seen.get("business_licence")]
                     if one]  # fmt: skip
            said = t("check_hint.numbers", shown=listed(parts)) if parts else ""
        case CheckItem.BADGE_DISPLAYED:
            parts = [t(f"verdict.{one}") for one in seen.get("verdicts", ())]
            said = t("check_hint.verdicts", shown=listed(parts)) if parts else ""
        case CheckItem.ROUTE:
            counts = {name: seen.get(name, 0) for name in ("route_a", "route_b")}
            said = t("check_hint.routes", **counts) if any(counts.values()) else ""
        case CheckItem.NO_INDUSTRY_CARDS:
            number = seen.get("offers", 0)
            said = t("check_hint.industry", n=number) if number else ""
        case CheckItem.NO_FORBIDDEN_OFFERS:
            parts = [t(f"label.{one}") for one in seen.get("labels", ())]
            number = seen.get("offers", 0)
            said = t("check_hint.forbidden", n=number, shown=listed(parts)) if number else ""
    return said or t(f"check_hint.nothing_{item}")
