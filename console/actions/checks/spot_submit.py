"""A spot check is sent in: its reads are compared with what is known, and it gets its verdict.

Who is registered with a card is opened by the house alone, on record first, and compared by marks:
no number and no name leaves this module, and with the salt the marks themselves are void.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.persons import open_person
from console.actions.channel.held import held
from console.actions.checks.card_trace import CardTrace, Sale, shop_of, traces_of
from console.actions.checks.sealed_reads import opened_token, salt_of
from console.actions.checks.spot_checks import must_be_mine, order_of
from console.actions.checks.spot_findings import find, reads_of
from console.actions.deadlines import deadline
from console.desk import Desk, House, Work
from integrations.reader_tokens import READ, NotSigned, Token, read_key
from integrations.vault import Erased, KeyMissing, Tampered
from models.base import moved
from models.cards.industry import IndustryBatch
from models.cards.persons import OpenedPerson, OpeningPurpose
from models.cards.users import CardUser
from models.checks.devices import ReaderDevice
from models.checks.judging import (
    RULES_VERSION,
    Answer,
    DocumentSeen,
    Seen,
    judge,
    verdict_of,
)
from models.checks.orders import OrderFacts
from models.checks.reads import CardRead, ReadKind
from models.checks.spot_checks import CHECK_MOVES, CheckMove, SpotCheck, Verdict
from models.checks.traces import CardSeen, TraceGround
from models.checks.wire import IdentityCard, SignedRead, parsed
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import china_day

_MOVES: Final[Mapping[Verdict, CheckMove]] = {
    Verdict.PASSED: CheckMove.MATCH,
    Verdict.FAILED: CheckMove.MISMATCH,
    Verdict.INCONCLUSIVE: CheckMove.CANT_TELL,
}


class _Registered(NamedTuple):
    """Who is registered with a card that was read: the row alone, opened by nobody yet."""

    tenant: UUID
    user: UUID


@dataclass(frozen=True, slots=True)
class _Compared:
    """What the documents that were read say: marks, and for how long nobody knows more."""

    reads: Sequence[UUID]
    """All reads that were looked at, in order."""
    documents: Mapping[UUID, IdentityCard] = field(repr=False)
    salt: bytes = field(repr=False)
    registered: Sequence[_Registered] = ()


def submit_check(desk: Desk, check_id: UUID | str, version: int | None = None) -> SpotCheck:
    """Nothing more is read: compare, judge, and find what there is to find."""
    compared = _documents(desk, check_id, version)
    fits = _fits(desk.house, compared)
    with desk.begin(Permission.SPOT_CHECK_DO) as work:
        row = held(work, SpotCheck, check_id, version)
        must_be_mine(work, row)
        row.move(CheckMove.SUBMIT)
        reads = reads_of(work, row)
        if [one.id for one in reads] != list(compared.reads):
            raise Conflict("row.done_meanwhile")
        order = order_of(work, row)
        traces = traced(work, row, order, reads)
        documents = [
            DocumentSeen(_is_valid(card), fits.get(one)) for one, card in compared.documents.items()
        ]
        seen = Seen(
            wants_card=row.wants_card,
            wants_identity=row.wants_identity,
            cards=[*(one.seen for one in traces), *_strangers(reads)],
            documents=documents,
            faults=[one.fault for one in reads if one.kind is ReadKind.FAULT],
        )
        _note_fits(reads, fits)
        _settle(desk, work, row, judge(order, seen), traces, reads, order)
        return row


def _settle(  # noqa: PLR0913, PLR0917 - all that a comparison comes to
    desk: Desk,
    work: Work,
    row: SpotCheck,
    answers: Sequence[Answer],
    traces: Sequence[CardTrace],
    reads: Sequence[CardRead],
    order: OrderFacts,
) -> None:
    verdict = verdict_of(answers)
    row.order, row.verdict, row.salt = order.as_row(), verdict, b""
    row.compared_at, row.submitted_by = work.at, work.actor.id
    row.outcome = {
        "answers": [one.as_row() for one in answers],
        "traces": [one.as_row() for one in traces],
    }
    review = deadline(work, "check_review")
    row.review_due_at, versions = review.at, [RULES_VERSION, review.version]
    row.move(_MOVES[verdict])
    if verdict is Verdict.INCONCLUSIVE:
        recheck = deadline(work, "check_recheck")
        row.recheck_due_at = recheck.at
        versions.append(recheck.version)
    row.rule_version = " ".join(versions)
    if verdict is Verdict.FAILED:
        made = find(desk, work, row, answers, traces, reads)
        row.finding_id = made.finding.id if made.finding else None
        row.usage_finding_id = made.usage[0].id if made.usage else None
    said = {"false": False, "unknown": None}
    work.record(
        "spot_check.compared", row, verdict=verdict, rules=row.rule_version, reads=len(reads),
        **{name: [one.rule.value for one in answers if one.ok is ok] for name, ok in said.items()},
    )  # fmt: skip


def traced(
    work: Work, row: SpotCheck, order: OrderFacts, reads: Sequence[CardRead]
) -> list[CardTrace]:
    """Of each card once, however often it lay on the reader."""
    cards = dict.fromkeys(one.iccid for one in reads if one.kind is ReadKind.SIM and one.card)
    first = min((one.captured_at for one in reads), default=work.at)
    sale = Sale(
        shop_of(work, row.shop_id),
        china_day(order.ordered_at or first),
        order,
        is_shop=bool(row.platform),
    )
    return traces_of(work, list(cards), sale)


def _strangers(reads: Sequence[CardRead]) -> list[CardSeen]:
    """Cards whose numbers are none of this country: read all right, and nobody's here."""
    numbers = (one.iccid for one in reads if one.iccid and one.card is None)
    return [CardSeen(one, None, (TraceGround.UNKNOWN_CARD,)) for one in dict.fromkeys(numbers)]


# Documents


def _documents(desk: Desk, check_id: UUID | str, version: int | None) -> _Compared:
    with desk.begin(Permission.SPOT_CHECK_DO) as work:
        row = held(work, SpotCheck, check_id, version)
        must_be_mine(work, row)
        moved(CHECK_MOVES, row.state, CheckMove.SUBMIT)
        reads = reads_of(work, row)
        ids = [one.id for one in reads]
        documents = [one for one in reads if one.kind is ReadKind.ID]
        if not documents:
            return _Compared(ids, {}, b"")
        try:
            opened = {one.id: _opened(desk.house, work, row, one) for one in documents}
            salt = salt_of(desk.house, row)
        except (Erased, KeyMissing, Tampered, NotSigned):
            raise Conflict("spot_check.read_unreadable", number=row.number) from None
        return _Compared(ids, opened, salt, _registered(work, reads))


def _opened(house: House, work: Work, row: SpotCheck, read: CardRead) -> IdentityCard:
    """As its device signed it; the signature is looked at once more."""
    device = work.session.get_one(ReaderDevice, read.device_id)
    key = read_key({"kty": "OKP", "crv": "Ed25519", "x": device.public_key})
    token = Token.read(opened_token(house, row, read), READ)
    found = parsed(SignedRead, token.payload(key))
    if not isinstance(found.card, IdentityCard):
        raise NotSigned("kind")
    return found.card


def _is_valid(card: IdentityCard) -> bool | None:
    """A document that has run out since the order says nothing against the registration."""
    if not card.no_check:
        return False
    return None if card.expired else True


def _registered(work: Work, reads: Sequence[CardRead]) -> list[_Registered]:
    """Users in force of the industry cards that were read. No scope: nobody is shown them."""
    cards = {one.card for one in reads if one.kind is ReadKind.SIM and one.card}
    rows = work.session.exec(
        select(IndustryBatch.carrier_id, CardUser)
        .join(CardUser, col(CardUser.batch_id) == col(IndustryBatch.id))
        .where(col(CardUser.card).in_(cards), col(CardUser.is_open).is_(True))
    ).all()
    return [_Registered(tenant, user.id) for tenant, user in rows if not user.is_forgotten]


def _fits(house: House, compared: _Compared) -> Mapping[UUID, bool | None]:
    """By each document's read whether it is of somebody registered; empty where nobody is."""
    if not compared.documents or not compared.registered:
        return {}
    own = house.desk()
    persons = [
        open_person(own, one.tenant, CardUser, one.user, OpeningPurpose.MATCHING)
        for one in compared.registered
    ]
    found: dict[UUID, bool | None] = {}
    for one, card in compared.documents.items():
        said = {_is_of(compared.salt, card, person) for person in persons}
        found[one] = True if True in said else None if None in said else False
    return found


def _is_of(salt: bytes, card: IdentityCard, person: OpenedPerson) -> bool | None:
    """By the number. A name that is spelled otherwise leaves it open: chips cut long ones, and
    the middle dot has many forms.
    """
    if not hmac.compare_digest(card.no_mac, mark(salt, person.document_no)):
        return False
    return hmac.compare_digest(card.name_mac, mark(salt, person.name)) or None


def mark(salt: bytes, text: str) -> str:
    """HMAC-SHA-256 in hex of a number or name: NFKC, upper case, no blanks (docs/reader.md)."""
    plain = "".join(unicodedata.normalize("NFKC", text).upper().split())
    return hmac.new(salt, plain.encode(), hashlib.sha256).hexdigest()


def _note_fits(reads: Sequence[CardRead], fits: Mapping[UUID, bool | None]) -> None:
    for one in reads:
        if one.id in fits:
            one.facts = {**one.facts, "fits": fits[one.id]}
