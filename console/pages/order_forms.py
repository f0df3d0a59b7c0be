"""Forms of what is ordered for industry cards, and of what becomes of an order."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.ordering import BY_TELLING
from console.actions.cards.industry.orders import (
    LONGEST_HOW,
    carry_out,
    lift_order,
    note_restored,
    order_cards,
    tell_order,
)
from console.actions.cards.industry.reverification import reverify_ok
from console.actions.cases.authorities.kept import Brought
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.kit import day
from console.pages.kit.records import Next
from console.pages.usage_words import what_word
from models.cards.card_orders import (
    IN_FORCE,
    RESTRICTS_BATCH,
    CardMeasure,
    CardOrder,
    OrderMove,
    OrderState,
)
from models.cards.industry import BatchMove, IndustryBatch
from models.cards.monitoring import UsageFinding
from models.permissions import Permission

_P, _M = Permission, OrderMove
_LONGEST: Final = 2000
AT_ONCE: Final = tuple(one for one in CardMeasure if one is not CardMeasure.SHUT_DOWN)
"""What needs no case (DOMAIN 4.10)."""


def order_move(  # noqa: PLR0913 - what is ordered, and on what
    desk: Desk,
    batch: IndustryBatch,
    findings: Sequence[UsageFinding] = (),
    *,
    when: bool,
    choose: bool = False,
    unfit: int = 0,
) -> Next:
    """Order something for the cards of these findings, or for their batch as a whole.

    It rests on all of them, or with `choose` on those that whoever orders picks out.
    `unfit` says how much the batch lacks that it may not be used without.
    """

    def order(words: str) -> str:
        values = unpacked(words)
        made = order_cards(
            desk,
            batch.id,
            CardMeasure(values["measure"]),
            iccids=values["iccids"],
            finding_ids=values["findings"],
            reason=values["reason"],
            remedy=values["remedy"],
            papers=values["papers"],
        )
        return t("order_page.ordered", number=made.number, batch=batch.number)

    return move_of(
        "order_page.order",
        order,
        _P.CARD_ORDER,
        "front_hand",
        when=when,
        ask=lambda key: order_fields(key, findings, choose=choose, unfit=unfit),
        main=when,
    )


def order_fields(
    key: str, findings: Sequence[UsageFinding], *, choose: bool = False, unfit: int = 0
) -> str:
    """Without any ground only what rests on none."""
    ground = _chosen(key, findings) if choose and findings else findings
    if not ground:
        st.caption(t("order_page.by_lack", n=unfit) if unfit else t("order_page.by_finding"))
    cards = sorted({one.iccid for one in ground if one.iccid})
    measure = CardMeasure(
        st.radio(
            t("order_page.measure"),
            [one for one in AT_ONCE if ground or unfit or one in BY_TELLING],
            key=f"{key}:measure",
            format_func=lambda word: t(f"card_measure.{word}"),
        )
    )
    if measure in RESTRICTS_BATCH:
        st.info(t("order_page.emergency"), icon=":material/emergency:")
    whole = _is_for_whole(key, len(cards))
    reason = st.text_area(t("order_page.reason"), key=f"{key}:reason", max_chars=_LONGEST)
    remedy = st.text_area(
        t("order_page.remedy"),
        key=f"{key}:remedy",
        max_chars=_LONGEST,
        help=t("order_page.remedy_help"),
    )
    papers = st.text_area(
        t("order_page.papers"),
        key=f"{key}:papers",
        max_chars=1000,
        help=t("order_page.papers_help"),
    )
    if not reason.strip():
        return ""
    return packed(
        measure=measure,
        iccids=[] if whole else cards,
        findings=[str(one.id) for one in ground],
        reason=reason,
        remedy=remedy,
        papers=papers,
    )


def _is_for_whole(key: str, cards: int) -> bool:
    """Whether the whole batch is meant, and not these cards of it alone."""
    target = cards and st.radio(
        t("order_page.target"),
        ("cards", "batch"),
        key=f"{key}:target",
        format_func=lambda word: t(f"order_page.of_{word}", n=cards),
    )
    return target != "cards"


def _chosen(key: str, findings: Sequence[UsageFinding]) -> list[UsageFinding]:
    """What an order rests on is picked out, never taken for granted."""
    named = {str(one.id): one for one in findings}
    chosen = st.multiselect(
        t("order_page.ground"),
        list(named),
        key=f"{key}:ground",
        format_func=lambda one: _finding_word(named[one]),
        help=t("order_page.ground_help"),
    )
    return [named[one] for one in chosen]


def _finding_word(row: UsageFinding) -> str:
    card = row.iccid or t("usage_page.whole_batch")
    return f"{what_word(row)} · {card} · {day(row.last_day)} · {row.number}"


def order_moves(desk: Desk, row: CardOrder) -> list[Next]:
    """What may be done with an order, by whom it may."""
    return [*_step_moves(desk, row), *_appeal_moves(desk, row)]


def _step_moves(desk: Desk, row: CardOrder) -> list[Next]:
    """Told, set on the network, and put on again once it holds no more."""
    given = Given()
    return [
        move_of(
            "order_page.tell",
            lambda how: tell_order(desk, row.id, how),
            _P.CARD_ORDER,
            "outgoing_mail",
            when=row.told_at is None and row.state in IN_FORCE,
            ask=lambda key: st.text_input(
                t("order_page.told_how"), key=f"{key}:how", max_chars=LONGEST_HOW
            ).strip(),
            main=True,
        ),
        move_of(
            "order_page.carry_out",
            lambda _: carry_out(desk, row.id, Brought(*given.files[0])),
            _P.CARD_ORDER,
            "task_alt",
            when=_is_to_be_set(row),
            ask=lambda key: proof_field(key, given),
        ),
        move_of(
            "order_page.restore",
            lambda _: note_restored(desk, row.id, Brought(*given.files[0])),
            _P.CARD_ORDER,
            "wifi",
            when=row.state is OrderState.LIFTED and row.due_at is not None,
            ask=lambda key: proof_field(key, given),
        ),
    ]


def _appeal_moves(desk: Desk, row: CardOrder) -> list[Next]:
    """Of the unit that it falls on, and of those who did not order it."""
    opened, is_other = row.open_moves(), row.ordered_by != desk.actor.id

    def appeal(words: str) -> None:
        values = unpacked(words)
        appeal_order(desk, row.id, values["appellant"], values["text"])

    def decide(words: str) -> None:
        values = unpacked(words)
        decide_order_appeal(desk, row.id, upheld=values["upheld"], answer=values["answer"])

    return [
        move_of(
            "order_page.appeal",
            appeal,
            _P.CARD_ORDER,
            "balance",
            when=_M.APPEAL in opened,
            ask=appeal_fields,
        ),
        move_of(
            "order_page.decide",
            decide,
            _P.APPEAL_DECIDE,
            "gavel",
            when=_M.UPHOLD in opened and is_other,
            ask=decision_fields,
            main=True,
        ),
        move_of(
            "order_page.lift",
            lambda why: lift_order(desk, row.id, why),
            _P.USAGE_JUDGE,
            "lock_open",
            when=_M.LIFT in opened and is_other and row.case_measure_id is None,
            reason=True,
        ),
    ]


def _is_to_be_set(row: CardOrder) -> bool:
    """On the network; a warning is only told, and a whole batch is verified again by itself."""
    by_reverification = row.measure is CardMeasure.REVERIFY and not row.cards
    is_set = row.measure not in BY_TELLING and not by_reverification
    return is_set and row.state in IN_FORCE and row.carried_out_at is None


def proof_field(key: str, given: Given) -> str:
    return "given" if given.ask(t("order_page.proof"), f"{key}:file") else ""


def reverify_move(desk: Desk, batch: IndustryBatch) -> Next:
    given = Given()

    def verified(words: str) -> None:
        reverify_ok(desk, batch.id, unpacked(words)["reason"], Brought(*given.files[0]))

    def fields(key: str) -> str:
        reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=_LONGEST)
        has_proof = proof_field(key, given)
        return packed(reason=reason) if has_proof and reason.strip() else ""

    return move_of(
        "order_page.reverify",
        verified,
        _P.INDUSTRY_EDIT,
        "how_to_reg",
        when=BatchMove.REVERIFY_OK in batch.open_moves(),
        ask=fields,
        main=True,
    )


def appeal_fields(key: str) -> str:
    appellant = st.text_input(t("order_page.appellant"), key=f"{key}:who", max_chars=200)
    text = st.text_area(t("order_page.appeal_text"), key=f"{key}:text", max_chars=4000)
    is_whole = appellant.strip() and text.strip()
    return packed(appellant=appellant, text=text) if is_whole else ""


def decision_fields(key: str) -> str:
    upheld = st.radio(
        t("order_page.decision"),
        (True, False),
        index=None,
        key=f"{key}:upheld",
        format_func=lambda yes: t("order_page.upheld" if yes else "order_page.dismissed"),
    )
    answer = st.text_area(t("order_page.answer"), key=f"{key}:answer", max_chars=_LONGEST)
    is_whole = upheld is not None and answer.strip()
    return packed(upheld=upheld, answer=answer) if is_whole else ""
