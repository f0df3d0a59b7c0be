"""Notices between organisations: sent, acknowledged, answered, and what both sides write."""

import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from console.actions.cases.lists import NoticeRecord, notice_record
from console.actions.cases.notices.answers import LONGEST_WORDS, MOST_PROOFS, acknowledge, answer
from console.actions.cases.notices.delivering import note_mailed
from console.actions.cases.notices.sending import MOST_AT_ONCE, Sent, send_notices
from console.actions.cases.notices.threads import (
    LONGEST,
    Direction,
    ask_again,
    close_thread,
    list_threads,
    say,
)
from console.actions.cases.notices.writing import LONGEST_WORDS as MOST_WORDS
from console.actions.cases.notices.writing import (
    MOST_CARRIERS,
    NoticeForm,
    ask_carriers,
    asked_about,
    edit_notice,
    send_draft,
    write_notice,
)
from console.actions.patrol.packs import notice_pack
from console.desk import AlreadyDone, Desk
from console.i18n import told
from console.web.api.base import (
    DEFAULT_LIMIT,
    Cursor,
    Fault,
    Limit,
    Page,
    Reading,
    Writing,
    shown,
)
from console.web.files import handed_out
from models.cases.notices import (
    AnswerOutcome,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeState,
)
from models.refusals import Invalid

router = APIRouter(tags=["notices"])


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
    is_late: bool


class MessageOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    organisation_id: UUID
    author: str
    text: str
    at: datetime


class NoticeOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    kind: NoticeKind
    case_id: UUID | None
    finding_id: UUID | None
    agent_id: UUID | None
    organisation_id: UUID
    recipient_id: UUID
    platform: str
    channel: NoticeChannel
    language: str
    evidence: list[str]
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
    reminders: int
    escalated_at: datetime | None
    escalated_ground: str
    version: int


class NoticeRecordOut(NoticeOut):
    answers: list[AnswerOut] = Field(default_factory=list[AnswerOut])
    proofs: list[ProofOut] = Field(default_factory=list[ProofOut])
    messages: list[MessageOut] = Field(default_factory=list[MessageOut])

    @classmethod
    def of(cls, record: NoticeRecord) -> "NoticeRecordOut":
        found = cls.model_validate(record.notice)
        found.answers = [AnswerOut.model_validate(one) for one in record.answers]
        found.proofs = [ProofOut.model_validate(one) for one in record.proofs]
        found.messages = [MessageOut.model_validate(one) for one in record.messages]
        return found


class WriteIn(BaseModel):
    """A report names a finding or an agent, an inquiry a finding or a case and a carrier."""

    model_config = ConfigDict(extra="forbid")

    kind: NoticeKind
    words: str = Field(default="", max_length=MOST_WORDS)
    finding_id: UUID | None = None
    case_id: UUID | None = None
    agent: str = Field(default="", max_length=40)
    """An agent's or a licence's number."""
    recipient: str = Field(default="", max_length=32)
    language: Literal["zh", "en", "both"] = "both"

    def form(self) -> NoticeForm:
        return NoticeForm(**self.model_dump(exclude={"carriers", "channel"}))


class InquireIn(WriteIn):
    kind: NoticeKind = NoticeKind.INQUIRY
    carriers: list[str] = Field(default_factory=list[str], max_length=MOST_CARRIERS)
    """Their codes; all others when none is given."""
    channel: NoticeChannel | None = None


class EditIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    subject: str = Field(min_length=1, max_length=300)
    body: str = Field(min_length=1, max_length=20_000)


class SendIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: NoticeChannel | None = None


class TextIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST)


class BulkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case_ids: list[UUID] = Field(min_length=1, max_length=MOST_AT_ONCE)


class SentOut(BaseModel):
    """What became of one case: its notice, or the refusal."""

    case_id: UUID
    notice: NoticeOut | None
    refusal: Fault | None


def notice_out(desk: Desk, notice_id: UUID) -> NoticeRecordOut:
    return NoticeRecordOut.of(notice_record(desk, notice_id))


shown("Notice")(notice_out)


@router.get("/notices")
def notices(
    desk: Reading,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    state: NoticeState | None = None,
    kind: NoticeKind | None = None,
    direction: Direction | None = None,
    overdue: bool = False,
) -> Page[NoticeOut]:
    """Notices, newest first: those to the reader's organisation, and those from it."""
    part = list_threads(
        desk,
        state=state,
        kind=kind,
        direction=direction,
        overdue=overdue,
        after=after,
        limit=limit,
    )
    return Page(items=[_notice(row) for row in part.rows], next=part.next)


@router.get("/notices/{notice_id}")
def notice(desk: Reading, notice_id: UUID) -> NoticeRecordOut:
    return notice_out(desk, notice_id)


_PACK: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/notices/{notice_id}/pack", response_class=Response, responses=_PACK)
def pack(desk: Reading, notice_id: UUID) -> Response:
    """The evidence that the notice rests on, for its sender and its recipient alone."""
    return handed_out(notice_pack(desk, notice_id))


@router.post("/notices", status_code=HTTPStatus.CREATED)
def write(desk: Writing, body: WriteIn) -> NoticeOut:
    """Draft a report to the carrier of an agent, or an inquiry to another carrier."""
    return _notice(write_notice(desk, body.form()))


@router.post("/notices/inquiries", status_code=HTTPStatus.CREATED)
def inquire(desk: Writing, body: InquireIn) -> list[NoticeOut]:
    """Ask several carriers at once whether a shop is their agent's: one inquiry to each."""
    try:
        made = ask_carriers(desk, body.form(), body.carriers, body.channel)
    except AlreadyDone:
        made = asked_about(desk, body.form())
    return [_notice(one) for one in made]


@router.post("/notices/bulk")
def send_many(desk: Writing, body: BulkIn) -> list[SentOut]:
    """Send the notices of many cases. Sent again under its key it sends only what is left."""
    return [_sent(one) for one in send_notices(desk, body.case_ids)]


@router.post("/notices/{notice_id}/edit")
def edit(desk: Writing, notice_id: UUID, body: EditIn) -> NoticeOut:
    return _notice(edit_notice(desk, notice_id, body.subject, body.body))


@router.post("/notices/{notice_id}/send")
def send_(desk: Writing, notice_id: UUID, body: SendIn) -> NoticeOut:
    """Send a draft. `state` says whether it arrived: `sending` is tried again by itself."""
    return _notice(send_draft(desk, notice_id, body.channel))


@router.post("/notices/{notice_id}/mailed")
def mailed(desk: Writing, notice_id: UUID, body: TextIn) -> NoticeOut:
    """Say who sent the mail file, when and where to: from then on it is delivered."""
    return _notice(note_mailed(desk, notice_id, body.text))


@router.post("/notices/{notice_id}/messages", status_code=HTTPStatus.CREATED)
def say_(desk: Writing, notice_id: UUID, body: TextIn) -> NoticeRecordOut:
    say(desk, notice_id, body.text)
    return notice_out(desk, notice_id)


@router.post("/notices/{notice_id}/ask-again")
def ask_again_(desk: Writing, notice_id: UUID, body: TextIn) -> NoticeOut:
    """The answer is not enough: it is due anew."""
    return _notice(ask_again(desk, notice_id, body.text))


@router.post("/notices/{notice_id}/close")
def close_(desk: Writing, notice_id: UUID) -> NoticeOut:
    return _notice(close_thread(desk, notice_id))


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
    """Say what was done, with proofs (PNG, JPEG or PDF, up to 10 MB each).

    When the case has ended meanwhile it is kept as a late answer, and nothing else changes.
    """
    given = answer(desk, notice_id, body.outcome, body.words, body.proofs)
    return notice_out(desk, given.id)


def _notice(row: Notice) -> NoticeOut:
    return NoticeOut.model_validate(row)


def _sent(one: Sent) -> SentOut:
    no = one.refusal
    refusal = Fault(code=no.code, message=told(no.code, no.facts), facts=no.facts) if no else None
    return SentOut(
        case_id=one.case_id, notice=_notice(one.notice) if one.notice else None, refusal=refusal
    )
