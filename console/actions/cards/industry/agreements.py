"""What a purchaser has signed: no card is handed over before it (004-2.3-f)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from console.actions.cards.industry.files import (
    Filed,
    agreement_of,
    bring,
    held_batch,
    must_not_lack,
    not_ready,
    written,
)
from console.desk import Desk, Work
from models.cards.agreements import IndustryAgreement, IndustryClause
from models.cards.guards import Lack, Lacking
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import china_day

_S: Final = BatchState
RENEWED_IN: Final = (_S.CONTRACTED, _S.REGISTERED, _S.IN_USE, _S.RESTRICTED)


@dataclass(frozen=True, slots=True)
class AgreementForm:
    """What whoever files it has read in it."""

    number: str
    clauses: Collection[IndustryClause]
    signed_on: date
    valid_until: date | None = None
    """The last day; None: without term."""


def file_agreement(  # noqa: PLR0913 - a file, and what it says
    desk: Desk,
    batch_id: UUID | str,
    form: AgreementForm,
    file_name: str,
    content: bytes,
    *,
    version: int | None = None,
) -> IndustryBatch:
    """File the agreement of an approved batch, which is contracted by it.

    Filed later, it takes the place of the one before in the same moment.
    """
    number = _sound(desk, form)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:  # before anything is written to disk
        held_batch(work, batch_id, version)
    filed = bring(desk, Permission.INDUSTRY_EDIT, file_name, content)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        is_first = batch.state not in RENEWED_IN
        if is_first:
            batch.move(BatchMove.CONTRACT)
        before = agreement_of(work, batch)
        if before is not None:
            before.superseded_at = work.at
        made = _filed(work, batch, form, number, filed)
        if is_first:
            must_not_lack(work, batch, BatchMove.CONTRACT)
        else:
            _must_hold(batch, made, china_day(work.at))
            batch.version += 1
        facts = {"agreement": number, "sha256": filed.sha256}
        replaces = before.number if before else ""
        work.record("industry.agreement_filed", batch, replaces=replaces, **facts)
        return batch


def _sound(desk: Desk, form: AgreementForm) -> str:
    """Its number as it is kept; Invalid with each clause that is not in it."""
    if missing := [one for one in IndustryClause if one not in form.clauses]:
        raise Invalid("industry.clauses_missing", clauses=missing)
    if form.valid_until is not None and form.valid_until < form.signed_on:
        raise Invalid("channel.ends_before_it_begins")
    return written(desk, "agreement", form.number, 64)


def _filed(
    work: Work, batch: IndustryBatch, form: AgreementForm, number: str, filed: Filed
) -> IndustryAgreement:
    made = work.add(
        IndustryAgreement(
            batch_id=batch.id,
            number=number,
            no_resale=IndustryClause.NO_RESALE in form.clauses,
            real_name_duty=IndustryClause.REAL_NAME_DUTY in form.clauses,
            monitoring_consent=IndustryClause.MONITORING_CONSENT in form.clauses,
            signed_on=form.signed_on,
            valid_until=form.valid_until,
            sha256=filed.sha256,
            file_name=filed.name,
            media_type=filed.media_type,
            filed_by=work.actor.id,
            filed_at=work.at,
        )
    )
    work.session.flush()
    return made


def _must_hold(batch: IndustryBatch, made: IndustryAgreement, on: date) -> None:
    if not made.holds(on):
        lack = Lacking(Lack.AGREEMENT_NOT_IN_FORCE, {"number": made.number})
        raise not_ready(batch, [lack])
