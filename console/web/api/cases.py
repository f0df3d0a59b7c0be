"""Cases for carriers, notices and answers for platforms."""

import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

from console.actions.cases.answers import LONGEST_WORDS, MOST_PROOFS, acknowledge, answer
from console.actions.cases.decide import approve, propose, return_to_owner
from console.actions.cases.lists import (
    NoticeRecord,
    case_record,
    list_cases,
    list_notices,
    notice_record,
)
from console.actions.cases.notices import send_notice
from console.actions.cases.open import MOST_FINDINGS, open_case
from console.actions.cases.recheck import recheck
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.cases.cases import Case, CaseState, Measure
from models.cases.notices import AnswerOutcome, Notice, NoticeState
from models.channel.licences import Ground
from models.refusals import Invalid
from models.rules import FindingKind, Tier

router = APIRouter(tags=["cases"])
_Words = Annotated[str, Field(min_length=1, max_length=2000)]


class CaseOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    reference: str
    platform: str
    shop_id: UUID
    shop_name: str
    shop_key: str
    kind: FindingKind
    ground: Ground
    tier: Tier
    state: CaseState
    measure: Measure | None
    reason: str
    remedy: str
    filing_place: str | None
    card_home: str | None
    platform_home: str | None
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    version: int


class FindingBrief(BaseModel):
    """A finding of the case, as far as the reader may see it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    kind: FindingKind
    ground: Ground
    tier: Tier
    evidence: list[str]


class ProofOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str


class AnswerOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    outcome: AnswerOutcome
    words_given: str
    answered_by: str
    at: datetime


class NoticeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    case_id: UUID
    platform: str
    subject: str
    body: str
    state: NoticeState
    receipt: str | None
    promised_at: datetime
    sent_at: datetime | None
    acknowledge_due_at: datetime | None
    acknowledged_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    version: int


class NoticeRecordOut(NoticeOut):
    answers: list[AnswerOut] = Field(default_factory=list[AnswerOut])
    proofs: list[ProofOut] = Field(default_factory=list[ProofOut])

    @classmethod
    def of(cls, record: NoticeRecord) -> "NoticeRecordOut":
        found = cls.model_validate(record.notice)
        found.answers = [AnswerOut.model_validate(one) for one in record.answers]
        found.proofs = [ProofOut.model_validate(one) for one in record.proofs]
        return found


class CaseRecordOut(CaseOut):
    findings: list[FindingBrief] = Field(default_factory=list[FindingBrief])
    notices: list[NoticeRecordOut] = Field(default_factory=list[NoticeRecordOut])


class OpenIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    finding_ids: list[UUID] = Field(min_length=1, max_length=MOST_FINDINGS)


class ProposeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    measure: Measure
    reason: _Words
    remedy: _Words


class ReturnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: _Words


class RecheckIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clean: bool
    reason: _Words


def case_out(desk: Desk, case_id: UUID) -> CaseRecordOut:
    record = case_record(desk, case_id)
    found = CaseRecordOut.model_validate(record.case)
    found.findings = [FindingBrief.model_validate(one) for one in record.findings]
    found.notices = [NoticeRecordOut.of(one) for one in record.notices]
    return found


def notice_out(desk: Desk, notice_id: UUID) -> NoticeRecordOut:
    return NoticeRecordOut.of(notice_record(desk, notice_id))


shown("Case")(case_out)
shown("Notice")(notice_out)


@router.get("/cases")
def cases(
    desk: Reading,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    state: CaseState | None = None,
    overdue: bool = False,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Page[CaseOut]:
    """Cases, newest first. `q` is part of a reference, a shop's name or its id."""
    part = list_cases(desk, state=state, overdue=overdue, q=q, after=after, limit=limit)
    return Page(items=[CaseOut.model_validate(row) for row in part.rows], next=part.next)


@router.get("/cases/{case_id}")
def case(desk: Reading, case_id: UUID) -> CaseRecordOut:
    return case_out(desk, case_id)


@router.post("/cases", status_code=HTTPStatus.CREATED)
def open_(desk: Writing, body: OpenIn) -> CaseOut:
    """Open a case on confirmed findings of one shop."""
    return _case(open_case(desk, body.finding_ids))


@router.post("/cases/{case_id}/propose")
def propose_(desk: Writing, case_id: UUID, body: ProposeIn) -> CaseOut:
    return _case(propose(desk, case_id, body.measure, body.reason, body.remedy))


@router.post("/cases/{case_id}/approve")
def approve_(desk: Writing, case_id: UUID) -> CaseOut:
    """Decide as proposed; never by who proposed."""
    return _case(approve(desk, case_id))


@router.post("/cases/{case_id}/return")
def return_(desk: Writing, case_id: UUID, body: ReturnIn) -> CaseOut:
    return _case(return_to_owner(desk, case_id, body.reason))


@router.post("/cases/{case_id}/send")
def send(desk: Writing, case_id: UUID) -> NoticeOut:
    """Notify the platform. `state` says whether it arrived: `sending` is tried again by itself."""
    return _notice(send_notice(desk, case_id))


@router.post("/cases/{case_id}/recheck")
def recheck_(desk: Writing, case_id: UUID, body: RecheckIn) -> CaseOut:
    return _case(recheck(desk, case_id, clean=body.clean, reason=body.reason))


@router.get("/notices")
def notices(
    desk: Reading,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    state: NoticeState | None = None,
    overdue: bool = False,
) -> Page[NoticeOut]:
    """Notices, newest first: those to the reader's platform, or from the reader's carrier."""
    part = list_notices(desk, state=state, overdue=overdue, after=after, limit=limit)
    return Page(items=[_notice(row) for row in part.rows], next=part.next)


@router.get("/notices/{notice_id}")
def notice(desk: Reading, notice_id: UUID) -> NoticeRecordOut:
    return notice_out(desk, notice_id)


@router.post("/notices/{notice_id}/acknowledge")
def acknowledge_(desk: Writing, notice_id: UUID) -> NoticeOut:
    return _notice(acknowledge(desk, notice_id))


class AnswerIn(BaseModel):
    """The fields of the answer; each `proofs` is one file."""

    outcome: AnswerOutcome
    words: str
    proofs: list[tuple[str, bytes]]

    def fingerprint(self, path: str) -> str:
        """Of what is said, and not of the bytes on the wire: each try has another boundary."""
        told = hashlib.sha256(f"{path}\n{self.outcome.value}\n{self.words}\n".encode())
        for name, data in self.proofs:
            told.update(f"{name}\n{hashlib.sha256(data).hexdigest()}\n".encode())
        return told.hexdigest()


async def _answer_in(request: Request) -> AnswerIn:
    """The form is read here: FastAPI would read it before the key of the request is looked at."""
    try:
        form = await request.form(max_files=MOST_PROOFS + 1, max_fields=10)
    except MultiPartException as error:
        raise Invalid("api.invalid", fields=str(error.message)) from error
    try:
        return await _read_answer(form)
    finally:
        await form.close()


async def _read_answer(form: FormData) -> AnswerIn:
    outcome, words = form.get("outcome"), form.get("words", "")
    known = set(AnswerOutcome)
    if not isinstance(outcome, str) or outcome not in known:
        raise Invalid("api.invalid", fields=f"outcome ({', '.join(sorted(known))})")
    if not isinstance(words, str) or len(words) > LONGEST_WORDS:
        raise Invalid("api.invalid", fields="words")
    files = form.getlist("proofs")
    proofs = [
        (one.filename or "proof", await one.read()) for one in files if isinstance(one, UploadFile)
    ]
    if len(proofs) != len(files):
        raise Invalid("api.invalid", fields="proofs")
    return AnswerIn(outcome=AnswerOutcome(outcome), words=words, proofs=proofs)


def _answering(
    request: Request,
    desk: Reading,
    body: Annotated[AnswerIn, Depends(_answer_in)],
    idempotency_key: Annotated[
        str, Header(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")
    ],
) -> Desk:
    return desk.keyed(idempotency_key, body.fingerprint(request.url.path))


_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["outcome"],
                    "properties": {
                        "outcome": {"type": "string", "enum": [one.value for one in AnswerOutcome]},
                        "words": {"type": "string", "maxLength": LONGEST_WORDS},
                        "proofs": {
                            "type": "array",
                            "maxItems": MOST_PROOFS,
                            "items": {"type": "string", "format": "binary"},
                        },
                    },
                }
            }
        },
    }
}


@router.post("/notices/{notice_id}/answer", openapi_extra=_FORM)
def answer_(
    desk: Annotated[Desk, Depends(_answering)],
    notice_id: UUID,
    body: Annotated[AnswerIn, Depends(_answer_in)],
) -> NoticeRecordOut:
    """Say what was done, with proofs (PNG, JPEG or PDF, up to 10 MB each)."""
    given = answer(desk, notice_id, body.outcome, body.words, body.proofs)
    return notice_out(desk, given.id)


def _case(row: Case) -> CaseOut:
    return CaseOut.model_validate(row)


def _notice(row: Notice) -> NoticeOut:
    return NoticeOut.model_validate(row)
