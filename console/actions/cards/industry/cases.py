"""The case against a unit whose industry cards were used beyond their scope, or passed on.

It is a case as every other (DOMAIN 4.9), without a shop; what it orders on cards are card orders.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.case_orders import usage_of
from console.actions.cards.industry.files import held_batch
from console.actions.cases.assigning import able_to
from console.actions.cases.hands import note_hand
from console.actions.cases.open import case_reference
from console.actions.cases.orders import head_of, merged_into
from console.actions.cases.tiers import raise_by_kind
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingMove, UsageFindingState
from models.cards.purchasers import Purchaser
from models.cases.cases import ENDED, UNDECIDED, Case, CaseMove
from models.cases.parties import CaseParty, PartyRole
from models.channel.licences import Ground
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import FindingKind
from models.search import sought_text

MOST_FINDINGS: Final = 100
_WHOLE: Final = 100


def open_industry_case(
    desk: Desk, finding_ids: Sequence[UUID | str], *, owner: UUID | str | None = None
) -> Case:
    """One case for all that was confirmed of a batch, owned by whoever opens it or by another."""
    wanted = _chosen(finding_ids)
    with desk.begin(Permission.CASE_OPEN) as work:
        work.actor.must(Permission.INDUSTRY_READ)
        batch = held_batch(work, work.look(UsageFinding, wanted[0]).batch_id, None)
        findings = _confirmed(work, batch, wanted)
        _must_be_the_only_one(work, batch)
        purchaser = work.session.get_one(Purchaser, batch.purchaser_id)
        case = work.add(_case_on(work, batch, purchaser, findings))
        person = owner and able_to(work, case.organisation_id, owner, Permission.CASE_OPEN)
        case.owner_id = person.id if person else work.actor.id
        case.move(CaseMove.ASSIGN)
        work.session.flush()
        note_hand(work, case, case.owner_id)
        _name_party(work, case, purchaser)
        work.record(
            "case.opened", case, findings=[one.number for one in findings],
            batch=batch.number, tier=case.tier.value, basis=case.tier_basis.value,
        )  # fmt: skip
        _take_in(work, case, findings)
        return case


def add_to_case(desk: Desk, case_id: UUID | str, finding_ids: Sequence[UUID | str]) -> Case:
    """What was confirmed of the batch since joins its case, until that is decided.

    The case is judged by the gravest of all, as when it was opened. What was ordered stays.
    """
    wanted = _chosen(finding_ids)
    with desk.begin(Permission.CASE_OPEN) as work:
        work.actor.must(Permission.INDUSTRY_READ)
        head = head_of(work, work.get(Case, case_id))
        batch = held_batch(work, work.look(UsageFinding, wanted[0]).batch_id, None)
        findings = _confirmed(work, batch, wanted)
        case = _about(work, head, batch)
        if head.state in ENDED:
            raise Conflict("case.ended", reference=head.reference, state=head.state)
        _must_be_undecided(head, batch)
        head.version += 1
        note_hand(work, head)
        gravest = _gravest([*usage_of(work, case), *findings])
        case.kind = gravest.kind
        work.record(
            "case.findings_added", head, findings=[one.number for one in findings],
            batch=batch.number, kind=case.kind.value,
        )  # fmt: skip
        raise_by_kind(work, head, gravest.tier)
        _take_in(work, case, findings)
        return head


def case_to_join(desk: Desk, batch_id: UUID | str) -> Case | None:
    """The case that what is confirmed of the batch is added to, rather than open another."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        head = _going_on(work, work.get(IndustryBatch, batch_id))
        return head if head is not None and head.state in UNDECIDED else None


def confirmed_of(desk: Desk, batch_id: UUID | str) -> Sequence[UUID]:
    """All that was confirmed of the batch and is in no case, as many as a case takes at once."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        return work.session.exec(
            select(UsageFinding.id)
            .where(UsageFinding.batch_id == batch.id, UsageFinding.carrier_id == batch.carrier_id)
            .where(UsageFinding.state == UsageFindingState.CONFIRMED)
            .order_by(col(UsageFinding.id))
            .limit(MOST_FINDINGS)
        ).all()


def _chosen(finding_ids: Sequence[UUID | str]) -> list[str]:
    wanted = sorted({str(one) for one in finding_ids})
    if not 1 <= len(wanted) <= MOST_FINDINGS:
        raise Invalid("case.choose_findings", most=MOST_FINDINGS)
    return wanted


def _take_in(work: Work, case: Case, findings: Sequence[UsageFinding]) -> None:
    for one in findings:
        one.move(UsageFindingMove.TO_CASE)
        one.case_id, one.due_at = case.id, None
        work.record("usage_finding.in_case", one, case=case.reference)


def _about(work: Work, head: Case, batch: IndustryBatch) -> Case:
    """The case, or the one that goes on in it, that was opened on this batch."""
    for one in (head, *merged_into(work, head)):
        if one.industry_batch_id == batch.id:
            return one
    raise Conflict("card_order.other_case", reference=head.reference, batch=batch.number)


def _confirmed(work: Work, batch: IndustryBatch, wanted: Sequence[str]) -> list[UsageFinding]:
    findings = [work.get(UsageFinding, one) for one in wanted]
    for one in findings:
        if one.state is not UsageFindingState.CONFIRMED:
            raise Conflict("case.usage_not_confirmed", number=one.number, state=one.state)
        if one.batch_id != batch.id:
            raise Conflict(
                "case.findings_of_two_batches", first=findings[0].number, second=one.number
            )
    return findings


def _must_be_the_only_one(work: Work, batch: IndustryBatch) -> None:
    """The batch is held, so that two officers can't open two cases at the same moment."""
    head = _going_on(work, batch)
    if head is None:
        return
    _must_be_undecided(head, batch)
    raise Conflict("case.batch_case_open", reference=head.reference, batch=batch.number)


def _must_be_undecided(head: Case, batch: IndustryBatch) -> None:
    if head.state not in UNDECIDED:
        raise Conflict("case.batch_case_decided", reference=head.reference, batch=batch.number)


def _going_on(work: Work, batch: IndustryBatch) -> Case | None:
    """The case about the batch that has not ended, or the one that it goes on in."""
    cases = work.session.exec(
        select(Case).where(Case.industry_batch_id == batch.id, col(Case.state).not_in(ENDED))
    ).all()
    heads = (head_of(work, one) for one in cases)
    return next((one for one in heads if one.state not in ENDED), None)


def _gravest(findings: Sequence[UsageFinding]) -> UsageFinding:
    return max(findings, key=lambda one: (one.tier.rank, one.kind is FindingKind.IOT_RESALE))


def _case_on(
    work: Work, batch: IndustryBatch, purchaser: Purchaser, findings: Sequence[UsageFinding]
) -> Case:
    due, reference = deadline(work, "case_investigation"), case_reference(work)
    gravest = _gravest(findings)
    return Case(
        reference=reference,
        search_text=sought_text(reference, purchaser.name, batch.number),
        organisation_id=batch.carrier_id,
        industry_batch_id=batch.id,
        shop_name=purchaser.name,
        kind=gravest.kind,
        ground=Ground.INDUSTRY_CARD,
        tier=gravest.tier,
        card_home=batch.province,
        due_at=due.at,
        rule_version=due.version,
        created_at=work.at,
    )


def _name_party(work: Work, case: Case, purchaser: Purchaser) -> None:
    """It answers for all of it until more is known."""
    work.add(
        CaseParty(
            case_id=case.id,
            role=PartyRole.PURCHASER,
            name=purchaser.name,
            uscc=purchaser.uscc,
            share=_WHOLE,
        )
    )
