"""The decision's editor: measures, what those concerned are told, rules, and its notice."""

from collections.abc import Sequence

import streamlit as st

from console.actions.cases.decide import (
    LONGEST_FACTS,
    LONGEST_PAPERS,
    MOST_RULES,
    Proposal,
    propose,
)
from console.actions.cases.lists import CaseRecord
from console.actions.cases.orders import has_no_choice
from console.actions.cases.previews import notice_preview
from console.actions.cases.words import LONGEST_WORDS
from console.desk import Desk
from console.i18n import Language, listed, spoken, t
from console.pages.case_words import rule_name
from console.pages.frame import plain
from console.pages.kit import Next, next_moves, section
from console.pages.kit.layout import LONGEST_SEARCH, box
from models.cases.cases import Case, CaseMove
from models.cases.measures import (
    BY_PLATFORM,
    MEETS,
    Measure,
    MeasureState,
    least_measures,
    not_met,
)
from models.permissions import Permission
from models.rules import Outcome, rule_refs

MOST_SUGGESTED = 12
MOST_LETTERS = 34


def show_editor(desk: Desk, record: CaseRecord) -> None:
    """For whoever may propose, while the case is looked into."""
    case = record.case
    if CaseMove.PROPOSE not in case.open_moves() or not desk.actor.may(Permission.CASE_OPEN):
        return
    section(t("case_decision.title"), t("case_decision.hint"))
    for words in _not_ready(record):
        st.markdown(f":orange[:material/pending_actions:] {words}")
    with box("kit_editor", border=True):
        proposal = _asked(record, f"case:{case.id}:decision")
        missing = not_met(record.wanted, proposal.measures)
        _warn(record, missing)
        _preview(desk, case, proposal)
        with st.container(horizontal=True):
            next_moves(desk, [_proposing(desk, case, proposal, missing)], case.id)


def _not_ready(record: CaseRecord) -> list[str]:
    """What has to be established first, each with whom it is about."""
    found = [
        t("case_decision.hear_first", party=plain(one.name))
        for one in record.parties
        if not one.statement
    ]
    total = sum(one.share for one in record.parties)
    if record.parties and total != 100:  # noqa: PLR2004 - per cent
        found.append(t("case_decision.shares_first", n=total))
    return found


def _asked(record: CaseRecord, key: str) -> Proposal:
    """What the form says by now."""
    case = record.case
    chosen = st.multiselect(
        t("case_page.measure"),
        [one.value for one in Measure],
        [one.value for one in least_measures(record.wanted)],
        key=f"{key}:measure",
        format_func=lambda value: t(f"measure.{value}"),
        placeholder=t("case_decision.choose_measures"),
        help=t("case_decision.measures_help"),
    )
    before = [one for one in record.measures if one.state is MeasureState.PROPOSED]
    facts = st.text_area(
        t("case_decision.facts"), case.facts, key=f"{key}:facts", max_chars=LONGEST_FACTS,
        placeholder=t("case_decision.facts_placeholder"),
    )  # fmt: skip
    reason = st.text_area(
        t("case_page.reason"), before[0].reason if before else "", key=f"{key}:reason",
        max_chars=LONGEST_WORDS, placeholder=t("case_decision.reason_placeholder"),
    )  # fmt: skip
    left, right = st.columns(2)
    remedy = left.text_area(
        t("case_page.remedy"), t("case_page.remedy_default"), key=f"{key}:remedy",
        max_chars=LONGEST_WORDS,
    )  # fmt: skip
    measures = [Measure(one) for one in chosen]
    papers = right.text_area(
        t("case_page.papers"), papers_for(measures), key=f"{key}:papers", max_chars=LONGEST_PAPERS
    )
    rules = _rules(record, f"{key}:rules")
    return Proposal(measures, reason.strip(), remedy.strip(), papers.strip(), facts.strip(), rules)


def papers_for(measures: Sequence[Measure]) -> str:
    """What to bring against such measures, as the form begins with it."""
    on_agent = {Measure.CANCEL_DELEGATION, Measure.SUSPEND_LICENCE, Measure.BLACKLIST,
                Measure.REVOKE_BADGE}  # fmt: skip
    on_cards = {Measure.SUSPEND_CARDS, Measure.SHUT_DOWN_CARDS, Measure.REVERIFY,
                Measure.RECOVER_CARDS}  # fmt: skip
    found = [t("case_page.papers_default")]
    if on_agent & set(measures):
        found.append(t("case_decision.papers_agent"))
    if on_cards & set(measures):
        found.append(t("case_decision.papers_cards"))
    return "".join(found) if spoken.get() is Language.ZH else " ".join(found)


# Rules


def _rules(record: CaseRecord, key: str) -> list[str]:
    """Ids of the library: those of the kinds found to begin with, others as they are searched."""
    kinds = list(dict.fromkeys([record.case.kind.value, *(f.kind for f in record.findings)]))
    words = st.text_input(
        t("case_decision.find_rules"), key=f"{key}:q", type="search", live="400ms",
        icon=":material/search:", max_chars=LONGEST_SEARCH,
        placeholder=t("case_decision.find_rules_placeholder"),
    )  # fmt: skip
    known = rule_refs()
    kept = [one for one in st.session_state.get(key, record.case.rules or kinds) if one in known]
    options = list(dict.fromkeys([*kept, *kinds, *rules_like(words or "")]))
    chosen = st.pills(
        t("case_pages.rules"),
        options,
        selection_mode="multi",
        default=None if key in st.session_state else kept,
        key=key,
        format_func=lambda one: plain(_short(one)),
    )
    for one in chosen:
        ref = known[one]
        told = ref.zh if spoken.get() is Language.ZH else ref.en
        st.caption(f"**{plain(rule_name(one))}** — {plain(told)}")
    return list(chosen)


def _short(rule: str) -> str:
    name = rule_name(rule)
    return name if len(name) <= MOST_LETTERS else f"{name[:MOST_LETTERS]}…"


def rules_like(words: str) -> list[str]:
    """The first rules of the library that have all the words, wherever they stand in them."""
    wanted = words.casefold().split()
    if not wanted:
        return []
    found: list[str] = []
    for ref in rule_refs().values():
        text = f"{ref.id} {ref.clause} {ref.zh} {ref.en}".casefold()
        if all(one in text for one in wanted):
            found.append(ref.id)
        if len(found) == MOST_SUGGESTED:
            break
    return found


# What is missing, and what comes of it


def _warn(record: CaseRecord, missing: Sequence[Outcome]) -> None:
    kinds = [record.case.kind, *(one.kind for one in record.findings)]
    fixed = has_no_choice(kinds)
    if not missing:
        if record.wanted:
            st.markdown(f":green[:material/verified:] {t('case_decision.all_met')}")
        return
    lines = [
        t(
            "case_decision.missing_line",
            outcome=t(f"outcome.{one}"),
            measures=listed(t(f"measure.{m}") for m in sorted(MEETS[one], key=list(Measure).index)),
        )
        for one in missing
    ]
    head = t("case_decision.missing_fixed" if fixed else "case_decision.missing")
    st.error(head + "\n\n" + "\n".join(f"- {line}" for line in lines), icon=":material/rule:")


def _preview(desk: Desk, case: Case, proposal: Proposal) -> None:
    if case.shop_id is None or not set(proposal.measures) & set(BY_PLATFORM):
        return
    if st.toggle(t("case_decision.preview"), key=f"case:{case.id}:preview"):
        subject, body = notice_preview(desk, case.id, proposal)
        st.caption(plain(subject))
        st.code(body, language=None, wrap_lines=True)


def _proposing(desk: Desk, case: Case, proposal: Proposal, missing: Sequence[Outcome]) -> Next:
    def act(_: str) -> None:
        propose(desk, case.id, proposal)

    words = listed(t(f"measure.{one}") for one in proposal.measures)
    filled = all([proposal.measures, proposal.reason, proposal.remedy, proposal.papers])
    if not filled:
        st.caption(t("case_decision.fill_in"))
    if len(proposal.rules) > MOST_RULES:
        st.caption(t("case.too_many_rules", most=MOST_RULES))
    return Next(
        "propose", t("case_page.propose"), t("case_decision.propose_will", measures=words), act,
        Permission.CASE_OPEN, is_open=filled and not missing, icon=":material/approval:",
        main=True,
    )  # fmt: skip
