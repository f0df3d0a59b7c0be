"""What may be done with a batch of industry cards, each move with its form."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.cards.industry.accountable import (
    announce_change,
    end_person,
    name_unit,
    put_in_charge,
    withdraw_change,
)
from console.actions.cards.industry.activation import (
    PROVEN_IN,
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import RENEWED_IN, AgreementForm, file_agreement
from console.actions.cards.industry.batches import (
    BatchRecord,
    bind_scope,
    change_batch,
    retire_batch,
    submit_batch,
)
from console.actions.cards.industry.downstream import report_downstream
from console.actions.cards.industry.findings import (
    Report,
    list_usage_findings,
    report_finding,
)
from console.actions.cards.industry.orders import MOST_FINDINGS
from console.actions.cards.industry.reviews import ASSESSED_AGAIN, assess_batch, reassess_batch
from console.actions.cards.industry.users import mark_unattributed
from console.actions.cards.industry.watch import add_watch
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, two_texts, unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.industry_forms import (
    agreement_fields,
    agreement_form,
    as_day,
    batch_fields,
    batch_form,
    report_fields,
    retire_fields,
    risk_fields,
    scope_fields,
    scope_form,
    unit_fields,
)
from console.pages.kit.records import Next
from console.pages.order_forms import order_move, reverify_move
from models.cards.accountable import AccountablePerson
from models.cards.classes import class_policy
from models.cards.guards import lacking
from models.cards.industry import LIVE, BatchMove, BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.permissions import Permission
from models.rules import FindingKind

P, M, S = Permission, BatchMove, BatchState
_ANSWERED = (S.CONTRACTED, *LIVE)


def head_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """The way from order to use, and its end; what else may be done stands where it belongs."""
    return [
        *_draft_moves(desk, record),
        *_review_moves(desk, record),
        *_way_moves(desk, record),
    ]


def _draft_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    batch, version, is_draft = record.batch, record.batch.version, record.batch.state is S.DRAFT
    is_whole = is_draft and not record.lacks[M.SUBMIT]
    return [
        move_of(
            "industry_page.bind_scope",
            lambda words: bind_scope(desk, batch.id, scope_form(words), version),
            P.INDUSTRY_EDIT,
            "tune",
            when=is_draft,
            ask=lambda key: scope_fields(key, batch.card_class, record.scope),
            main=not is_whole,
        ),
        move_of(
            "industry_page.change",
            lambda words: change_batch(desk, batch.id, version=version, **batch_form(words)),
            P.INDUSTRY_EDIT,
            "edit",
            when=is_draft,
            ask=lambda key: batch_fields(key, batch),
        ),
        move_of(
            "industry_page.submit",
            lambda _: submit_batch(desk, batch.id, version),
            P.INDUSTRY_EDIT,
            "send",
            when=is_draft,
            main=is_whole,
        ),
    ]


def _review_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """Of whoever weighs the risk, who is not whoever handed it in."""
    batch, version = record.batch, record.batch.version
    is_other = batch.submitted_by != desk.actor.id

    def assess(words: str) -> None:
        values = unpacked(words)
        assess_batch(desk, batch.id, **values, version=version)

    def again(words: str) -> None:
        values = unpacked(words)
        reassess_batch(desk, batch.id, **values, version=version)

    return [
        move_of(
            "industry_page.assess",
            assess,
            P.INDUSTRY_REVIEW,
            "fact_check",
            when=batch.state is S.PURCHASER_REVIEW and is_other,
            ask=risk_fields,
            main=True,
        ),
        move_of(
            "industry_page.reassess",
            again,
            P.INDUSTRY_REVIEW,
            "fact_check",
            when=batch.state in ASSESSED_AGAIN and is_other,
            ask=risk_fields,
            main=batch.is_reassess_due,
        ),
    ]


def _way_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    batch, version = record.batch, record.batch.version
    return [
        _agreement_move(desk, record, when=batch.state is S.APPROVED),
        move_of(
            "industry_page.register",
            lambda _: register_batch(desk, batch.id, version),
            P.INDUSTRY_EDIT,
            "how_to_reg",
            when=M.REGISTER in batch.open_moves(),
            main=M.REGISTER in record.lacks and not record.lacks[M.REGISTER],
        ),
        move_of(
            "industry_page.activate",
            lambda _: activate_batch(desk, batch.id, version),
            P.INDUSTRY_EDIT,
            "play_circle",
            when=M.ACTIVATE in batch.open_moves(),
            main=M.ACTIVATE in record.lacks and not record.lacks[M.ACTIVATE],
        ),
        move_of(
            "industry_page.retire",
            lambda words: retire_batch(desk, batch.id, version=version, **unpacked(words)),
            P.INDUSTRY_EDIT,
            "archive",
            when=M.RETIRE in batch.open_moves(),
            ask=retire_fields,
        ),
    ]


def _agreement_move(desk: Desk, record: BatchRecord, *, when: bool) -> Next:
    batch, paper = record.batch, Given()

    def file_paper(words: str) -> None:
        form = AgreementForm(**agreement_form(words))
        file_agreement(desk, batch.id, form, *paper.files[0], version=batch.version)

    return move_of(
        "industry_page.file_agreement",
        file_paper,
        P.INDUSTRY_EDIT,
        "contract",
        when=when,
        ask=lambda key: agreement_fields(key, paper),
        main=batch.state is S.APPROVED,
    )


def paper_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """Papers that run out, and the proof that the limits are set."""
    batch, proof = record.batch, Given()
    return [
        _agreement_move(desk, record, when=batch.state in RENEWED_IN),
        move_of(
            "industry_page.file_proof",
            lambda _: file_limits_proof(desk, batch.id, *proof.files[0], batch.version),
            P.INDUSTRY_EDIT,
            "verified",
            when=batch.state in PROVEN_IN,
            ask=lambda key: "given" if proof.ask(t("industry_page.proof"), f"{key}:file") else "",
        ),
    ]


def answer_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """Who answers for the cards: the unit is named, its persons come by encrypted file alone."""
    return [*_unit_moves(desk, record), *_person_moves(desk, record)]


def _unit_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    batch, version = record.batch, record.batch.version
    going_on = batch.state in _ANSWERED
    return [
        move_of(
            "industry_page.name_unit",
            lambda words: name_unit(desk, batch.id, version=version, **unpacked(words)),
            P.INDUSTRY_EDIT,
            "domain",
            when=going_on,
            ask=lambda key: unit_fields(key, record.file.unit),
            main=going_on and record.file.unit is None,
        ),
        move_of(
            "industry_page.announce_change",
            lambda why: announce_change(desk, batch.id, why, version),
            P.INDUSTRY_EDIT,
            "swap_horiz",
            when=batch.state in LIVE and batch.change_due_at is None,
            reason=True,
        ),
        move_of(
            "industry_page.withdraw_change",
            lambda why: withdraw_change(desk, batch.id, why, version),
            P.INDUSTRY_EDIT,
            "undo",
            when=batch.change_due_at is not None,
            reason=True,
        ),
    ]


def _person_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """Of several who answer."""
    batch, version = record.batch, record.batch.version
    others = [one for one in record.file.persons if one.id != batch.person_id]
    are_some = batch.state in _ANSWERED and bool(others)

    def end(words: str) -> None:
        values = unpacked(words)
        end_person(desk, batch.id, values["person"], reason=values["reason"], version=version)

    return [
        move_of(
            "industry_page.put_in_charge",
            lambda words: put_in_charge(desk, batch.id, UUID(words), version),
            P.INDUSTRY_EDIT,
            "person_check",
            when=are_some,
            ask=lambda key: _person(key, others),
        ),
        move_of(
            "industry_page.end_person",
            end,
            P.INDUSTRY_EDIT,
            "person_remove",
            when=are_some,
            ask=lambda key: _person(key, others, why=True),
        ),
    ]


def _person(key: str, persons: list[AccountablePerson], *, why: bool = False) -> str:
    names = {str(one.id): f"{one.name_mask} {one.position}".strip() for one in persons}
    chosen = st.selectbox(
        t("industry_page.person"), list(names), key=f"{key}:person", format_func=names.__getitem__
    )
    if not why:
        return chosen or ""
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=500)
    return packed(person=chosen, reason=reason) if chosen and reason.strip() else ""


def card_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """Cards without a user of their own, and what a maker of devices reports of them."""
    batch = record.batch

    def mark(words: str) -> None:
        values = unpacked(words)
        first, _, last = values["one"].partition("-")
        mark_unattributed(
            desk, batch.id, first, last or first, reason=values["two"], version=batch.version
        )

    def report(words: str) -> None:
        values = unpacked(words)
        month = values.pop("month")
        report_downstream(desk, batch.id, month, **values)

    return [
        move_of(
            "industry_page.mark_unattributed",
            mark,
            P.INDUSTRY_EDIT,
            "person_off",
            when=batch.cards > 0
            and batch.state in _ANSWERED
            and class_policy(batch.card_class).by_user,
            ask=lambda key: two_texts(
                key, t("industry_page.unattributed_cards"), t("console.reason")
            ),
        ),
        move_of(
            "industry_page.report_downstream",
            report,
            P.INDUSTRY_EDIT,
            "inventory",
            when=record.purchaser.is_device_maker and M.DOWNSTREAM_REPORT in batch.open_moves(),
            ask=downstream_fields,
        ),
    ]


def use_moves(desk: Desk, record: BatchRecord) -> list[Next]:
    """What is ordered, told by others, or looked at more closely while the cards are in use."""
    batch = record.batch
    is_used = batch.state in {S.IN_USE, S.RESTRICTED}
    unfit, given = lacking(record.file, BatchMove.REVERIFY_OK), Given()

    def report(words: str) -> None:
        values = unpacked(words)
        kind = FindingKind(values.pop("kind"))
        first, last = as_day(values.pop("first_day")), as_day(values.pop("last_day"))
        if first is not None:
            told = Report(kind, first, last_day=last, **values)
            report_finding(desk, batch.id, told, papers=given.files)

    return [
        reverify_move(desk, batch),
        order_move(
            desk, batch, _confirmed(desk, batch) if is_used else (),
            when=is_used, choose=True, unfit=len(unfit),
        ),
        move_of(
            "industry_page.report",
            report,
            P.INDUSTRY_EDIT,
            "report",
            when=is_used,
            ask=lambda key: report_fields(key, given),
        ),
        move_of(
            "industry_page.watch",
            lambda why: add_watch(desk, batch.id, reason=why),
            P.USAGE_JUDGE,
            "visibility",
            when=is_used,
            reason=True,
        ),
    ]  # fmt: skip


def _confirmed(desk: Desk, batch: IndustryBatch) -> Sequence[UsageFinding]:
    """What an order may rest on, the newest."""
    found = list_usage_findings(
        desk, batch=batch.id, state=UsageFindingState.CONFIRMED, limit=MOST_FINDINGS
    )
    return found.rows


def downstream_fields(key: str) -> str:
    month = st.text_input(
        t("industry_page.month"), key=f"{key}:month", max_chars=7, placeholder="2026-10"
    )
    numbers = {
        name: int(
            st.number_input(t(f"industry_page.{name}"), min_value=0, step=1, key=f"{key}:{name}")
        )
        for name in ("sold", "in_stock", "registered")
    }
    words = st.text_area(t("industry_page.explanation"), key=f"{key}:explanation", max_chars=1000)
    return packed(month=month.strip(), explanation=words, **numbers) if month.strip() else ""
