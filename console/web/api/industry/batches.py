"""Batches of industry cards by API, from the draft to their end.

Each step answers with the whole record: `lacks` says what the next one still wants.
"""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import Field

from console.actions.cards.industry.activation import (
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import AgreementForm, file_agreement
from console.actions.cards.industry.batches import (
    MOST_ORDERED,
    batch_record,
    bind_scope,
    change_batch,
    draft_batch,
    list_batches,
    retire_batch,
    submit_batch,
)
from console.actions.cards.industry.card_lists import remove_cards
from console.actions.cards.industry.reviews import assess_batch, reassess_batch
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, VersionIn, shapes_of
from console.web.api.industry.purchasers import Paper, SeenVersion, file_of
from console.web.api.industry.shapes import (
    AccountablePersonOut,
    AccountableUnitOut,
    AssessmentOut,
    CardOrderOut,
    CardScopeOut,
    IndustryAgreementOut,
    IndustryBatchOut,
    IndustryBatchRecordOut,
    LackOut,
    MarkOut,
    RangeOut,
    ScopeFaultOut,
)
from models.cards.agreements import IndustryClause
from models.cards.classes import CardClass, Sms, Voice, risk_form
from models.cards.industry import BatchState
from models.cards.numbers import card_key
from models.cards.ranges import IndustryRange
from models.cards.scopes import MOST_TARGETS, ScopeTerms
from models.cards.users import UnattributedRange
from models.permissions import Permission

router = APIRouter()
_AT = "/industry-batches"
_ONE = "/industry-batches/{batch_id}"
_Words = Annotated[str, Field(max_length=1000)]
_Values = Annotated[list[Annotated[str, Field(max_length=255)]], Field(max_length=MOST_TARGETS)]


class _OrderedIn(In):
    card_class: CardClass
    ordered: int = Field(ge=1, le=MOST_ORDERED)
    product: str = Field(default="", max_length=120)
    use_statement: str = Field(default="", max_length=4000)


class DraftIn(_OrderedIn):
    purchaser_id: UUID
    province: str | None = Field(default=None, max_length=2)
    """Home of the cards, where it is not the carrier's own."""


class BatchChangeIn(_OrderedIn):
    version: int


class CardScopeIn(VersionIn):
    """The four fields of notice 182, and the limits. Numbers and hosts are kept in one spelling."""

    function: _Words = ""
    business_scope: _Words = ""
    scenario: _Words = ""
    product_form: _Words = ""
    voice: Voice = Voice.OFF
    voice_numbers: _Values = Field(default_factory=list[str])
    sms: Sms = Sms.OFF
    sms_numbers: _Values = Field(default_factory=list[str])
    targets: _Values = Field(default_factory=list[str])
    """Hosts, `*.` suffixes, addresses and networks; none: the data is not directed."""
    monthly_mb: int | None = Field(default=None, ge=1, le=100_000_000)
    """Per card and calendar month, in MiB."""
    device_lock: bool = False
    tacs: _Values = Field(default_factory=list[str])
    """First eight digits of the IMEIs."""
    regions: _Values = Field(default_factory=list[str])
    """Two or six digits (GB/T 2260)."""
    apn: str = Field(default="", max_length=100)
    chassis: bool = False

    def terms(self) -> ScopeTerms:
        return ScopeTerms(**self.model_dump(exclude={"version"}))


class AssessIn(VersionIn):
    answers: dict[str, str] = Field(max_length=50)
    """By question of `/industry-risk-form` the code of its answer."""
    reason: str = Field(default="", max_length=2000)
    fails: bool = False
    """Turn down what would pass, with a reason."""


class RetireIn(VersionIn):
    cancelled: int = Field(ge=0, le=MOST_ORDERED)
    returned: int = Field(ge=0, le=MOST_ORDERED)


class RemoveIn(VersionIn):
    first: str = Field(max_length=40)
    last: str = Field(default="", max_length=40)
    """Left out: that one card."""
    reason: str = Field(max_length=500)


class RiskAnswerOut(Out):
    code: str
    points: int
    barred: bool
    zh: str
    en: str


class RiskQuestionOut(Out):
    code: str
    weight: int
    zh: str
    en: str
    answers: list[RiskAnswerOut]


class RiskFormOut(Out):
    version: str
    pass_to: float
    """The highest score that passes, of 10."""
    question: list[RiskQuestionOut]


def batch_out(desk: Desk, batch_id: UUID, after: str | None = None) -> IndustryBatchRecordOut:
    record = batch_record(desk, batch_id, after)
    batch = record.batch
    names = ("unit_id", "person_id", "proof_sha256", "proof_file")
    return IndustryBatchRecordOut(
        **IndustryBatchOut.model_validate(batch).model_dump(),
        **{name: getattr(batch, name) for name in names},
        carrier=record.carrier.name,
        purchaser=record.purchaser.name,
        scope=record.scope and CardScopeOut.model_validate(record.scope),
        faults=shapes_of(ScopeFaultOut, record.faults),
        lacks={move: shapes_of(LackOut, lacks) for move, lacks in record.lacks.items()},
        units=shapes_of(AccountableUnitOut, record.units),
        persons=shapes_of(AccountablePersonOut, record.persons),
        assessments=shapes_of(AssessmentOut, record.assessments),
        agreements=shapes_of(IndustryAgreementOut, record.agreements),
        users=record.users,
        unattributed=[
            MarkOut(id=one.id, reason=one.reason, **_range(one).model_dump())
            for one in record.unattributed
        ],
        locks=record.locks,
        warnings=record.warnings,
        orders=shapes_of(CardOrderOut, record.orders),
        ranges=[_range(one) for one in record.ranges.rows],
        next=record.ranges.next,
    )


def _range(cards: IndustryRange | UnattributedRange) -> RangeOut:
    count = cards.last - cards.first + 1
    return RangeOut(first=card_key(cards.first), last=card_key(cards.last), cards=count)


shown("IndustryBatch")(batch_out)


@router.get(_AT)
def batches(
    desk: Reading,
    q: Annotated[str, Query(max_length=100)] = "",
    state: BatchState | None = None,
    card_class: CardClass | None = None,
    late: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[IndustryBatchOut]:
    """Newest first. `q` is part of a number, a product, or the purchaser's name or code."""
    part = list_batches(
        desk, q, state=state, card_class=card_class, late=late, after=after, limit=limit
    )
    return Page(items=shapes_of(IndustryBatchOut, part.rows), next=part.next)


@router.get("/industry-risk-form")
def form(desk: Reading) -> RiskFormOut:
    """The questions that an assessment answers, all of them."""
    desk.must(Permission.INDUSTRY_READ)
    return RiskFormOut.model_validate(risk_form())


@router.post(_AT, status_code=HTTPStatus.CREATED)
def draft(desk: Writing, body: DraftIn) -> IndustryBatchRecordOut:
    said = body.model_dump(exclude={"purchaser_id"})
    return batch_out(desk, draft_batch(desk, purchaser=body.purchaser_id, **said).id)


@router.get(_ONE)
def batch(desk: Reading, batch_id: UUID, after: Cursor = None) -> IndustryBatchRecordOut:
    """All of a batch, with what is missing for its next steps; `next` is for more ranges."""
    return batch_out(desk, batch_id, after)


@router.put(_ONE)
def change(desk: Writing, batch_id: UUID, body: BatchChangeIn) -> IndustryBatchRecordOut:
    """Of a draft."""
    change_batch(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.put(f"{_ONE}/scope")
def scope(desk: Writing, batch_id: UUID, body: CardScopeIn) -> IndustryBatchRecordOut:
    """The whole of it, of a draft. What it lacks for the class is in `faults`."""
    bind_scope(desk, batch_id, body.terms(), body.version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/submit")
def submit(desk: Writing, batch_id: UUID, body: VersionIn) -> IndustryBatchRecordOut:
    """To be reviewed by somebody else; refused with all that is missing."""
    submit_batch(desk, batch_id, body.version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/assess")
def assess(desk: Writing, batch_id: UUID, body: AssessIn) -> IndustryBatchRecordOut:
    """The form alone says what passes; a batch that does not is refused for good."""
    assess_batch(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/reassess")
def reassess(desk: Writing, batch_id: UUID, body: AssessIn) -> IndustryBatchRecordOut:
    """Each year, or when something became known."""
    reassess_batch(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/agreement")
def agreement(
    desk: Writing,
    batch_id: UUID,
    file: Paper,
    number: Annotated[str, Form(max_length=64)],
    clauses: Annotated[list[IndustryClause], Form(description="Those that were read in it.")],
    signed_on: Annotated[date, Form()],
    valid_until: Annotated[date | None, Form(description="Without: no term.")] = None,
    version: SeenVersion = None,
) -> IndustryBatchRecordOut:
    """What the purchaser signed. Filed later, it takes the place of the one before."""
    said = AgreementForm(number, clauses, signed_on, valid_until)
    file_agreement(desk, batch_id, said, *file_of(file), version=version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/register")
def register(desk: Writing, batch_id: UUID, body: VersionIn) -> IndustryBatchRecordOut:
    """The unit and a person that answer for the cards are in force."""
    register_batch(desk, batch_id, body.version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/proof")
def proof(
    desk: Writing, batch_id: UUID, file: Paper, version: SeenVersion = None
) -> IndustryBatchRecordOut:
    """What shows that the limits are set on the network."""
    file_limits_proof(desk, batch_id, *file_of(file), version=version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/activate")
def activate(desk: Writing, batch_id: UUID, body: VersionIn) -> IndustryBatchRecordOut:
    """If nothing at all is missing; else refused with all that is."""
    activate_batch(desk, batch_id, body.version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/retire")
def retire(desk: Writing, batch_id: UUID, body: RetireIn) -> IndustryBatchRecordOut:
    """Each of its cards was cancelled or came back."""
    retire_batch(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/remove-cards")
def remove(desk: Writing, batch_id: UUID, body: RemoveIn) -> IndustryBatchRecordOut:
    """Before it is in use. Cards come in by `/imports`, kind `industry_cards`."""
    remove_cards(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)
