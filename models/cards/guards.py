"""What a batch of industry cards still lacks, step by step: the guards of DOMAIN 4.10 as values.

The wizard shows it, and a move is refused by it: all that is missing, never the first alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.agreements import IndustryAgreement
from models.cards.assessments import RiskAssessment
from models.cards.classes import class_policy
from models.cards.industry import BatchMove, IndustryBatch
from models.cards.purchasers import Purchaser
from models.cards.scopes import CardScope, Faulty, scope_faults
from models.formats import Fault, check_uscc


class Lack(StrEnum):
    """One guard that fails. Each has a text that says what to do."""

    PURCHASER_USCC = "purchaser_uscc"
    PURCHASER_LICENCE = "purchaser_licence"
    PURCHASER_NAME_DIFFERS = "purchaser_name_differs"
    PURCHASER_BLACKLISTED = "purchaser_blacklisted"
    PURCHASER_RESTRICTED = "purchaser_restricted"
    USE_STATEMENT = "use_statement"
    SCOPE = "scope"
    SCOPE_FAULTY = "scope_faulty"
    ASSESSMENT = "assessment"
    ASSESSMENT_FAILED = "assessment_failed"
    ASSESSMENT_EXPIRED = "assessment_expired"
    SECOND_PERSON = "second_person"
    AGREEMENT = "agreement"
    AGREEMENT_NOT_IN_FORCE = "agreement_not_in_force"
    ACCOUNTABLE_UNIT = "accountable_unit"
    ACCOUNTABLE_PERSON = "accountable_person"
    CARDS_NOT_ALL = "cards_not_all"
    USERS_NOT_ALL = "users_not_all"
    LIMITS_PROOF = "limits_proof"
    DEVICE_LOCK_OPEN = "device_lock_open"
    # of a restricted batch, since the restriction
    NOT_ASSESSED_ANEW = "not_assessed_anew"
    ASSESSED_BY_SAME = "assessed_by_same"
    NOT_VERIFIED_ANEW = "not_verified_anew"


class Lacking(NamedTuple):
    lack: Lack
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BatchFile:
    """All that a batch's guards look at."""

    batch: IndustryBatch
    purchaser: Purchaser
    scope: CardScope | None
    assessment: RiskAssessment | None
    """The newest."""
    agreement: IndustryAgreement | None
    unit: AccountableUnit | None
    persons: Sequence[AccountablePerson]
    """Those that are open."""
    cards: int
    """Loaded."""
    attributed: int
    """Cards with a user, or a mark why they have none."""
    locks: int
    """Cards that are bound to a device each."""
    is_blacklisted: bool
    is_restricted: bool
    """The purchaser is under joint punishment."""
    small_mb: int
    """iot_general_traffic."""
    on: date


def lacking(file: BatchFile, move: BatchMove, by: object = None) -> list[Lacking]:
    """What keeps the batch from the move; `by` is the id of who makes it."""
    found = [one for guard in _GUARDS.get(move, ()) for one in guard(file)]
    if move is BatchMove.ASSESS_PASS and by is not None and by == file.batch.submitted_by:
        found.append(Lacking(Lack.SECOND_PERSON, {}))
    return found


def scope_lacks(file: BatchFile) -> list[Faulty]:
    return (
        scope_faults(file.batch.card_class, file.scope.terms, file.small_mb) if file.scope else []
    )


def _purchaser(file: BatchFile) -> Iterator[Lacking]:
    bought = file.purchaser
    if isinstance(check_uscc(bought.uscc), Fault):
        yield Lacking(Lack.PURCHASER_USCC, {"uscc": bought.uscc})
    if not bought.licence_holds(file.on):
        yield Lacking(Lack.PURCHASER_LICENCE, {"until": str(bought.licence_until or "-")})
    if bought.licence_name and bought.licence_name != bought.name:
        names = {"name": bought.name, "licence_name": bought.licence_name}
        yield Lacking(Lack.PURCHASER_NAME_DIFFERS, names)


def _barred(file: BatchFile) -> Iterator[Lacking]:
    if file.is_blacklisted:
        yield Lacking(Lack.PURCHASER_BLACKLISTED, {"name": file.purchaser.name})
    if file.is_restricted:
        yield Lacking(Lack.PURCHASER_RESTRICTED, {"name": file.purchaser.name})


def _use(file: BatchFile) -> Iterator[Lacking]:
    if not file.batch.use_statement.strip():
        yield Lacking(Lack.USE_STATEMENT, {})


def _scope(file: BatchFile) -> Iterator[Lacking]:
    if file.scope is None:
        yield Lacking(Lack.SCOPE, {})
    elif faults := scope_lacks(file):
        yield Lacking(Lack.SCOPE_FAULTY, {"faults": [one.fault.value for one in faults]})


def _assessment(file: BatchFile) -> Iterator[Lacking]:
    made = file.assessment
    if made is None:
        yield Lacking(Lack.ASSESSMENT, {})
    elif made.valid_until is None:
        yield Lacking(Lack.ASSESSMENT_FAILED, {"score": made.score})
    elif not made.holds(file.on):
        yield Lacking(Lack.ASSESSMENT_EXPIRED, {"until": str(made.valid_until)})


def _agreement(file: BatchFile) -> Iterator[Lacking]:
    if file.agreement is None:
        yield Lacking(Lack.AGREEMENT, {})
    elif not file.agreement.holds(file.on):
        yield Lacking(Lack.AGREEMENT_NOT_IN_FORCE, {"number": file.agreement.number})


def _accountable(file: BatchFile) -> Iterator[Lacking]:
    if file.unit is None:
        yield Lacking(Lack.ACCOUNTABLE_UNIT, {})
    if not file.persons:
        yield Lacking(Lack.ACCOUNTABLE_PERSON, {})


def _cards(file: BatchFile) -> Iterator[Lacking]:
    counts = {"ordered": file.batch.ordered, "cards": file.cards}
    if file.cards != file.batch.ordered:
        yield Lacking(Lack.CARDS_NOT_ALL, counts)
    if class_policy(file.batch.card_class).by_user and file.attributed < file.cards:
        users = {"cards": file.cards, "missing": file.cards - file.attributed}
        yield Lacking(Lack.USERS_NOT_ALL, users)


def _proof(file: BatchFile) -> Iterator[Lacking]:
    if not file.batch.proof_sha256:
        yield Lacking(Lack.LIMITS_PROOF, {})


def _locked(file: BatchFile) -> Iterator[Lacking]:
    """A lock that names no type of device, nor a device for each card, binds nothing."""
    scope = file.scope
    if scope and scope.device_lock and not scope.tacs and file.locks < file.cards:
        yield Lacking(Lack.DEVICE_LOCK_OPEN, {"cards": file.cards, "locks": file.locks})


_SOLD: Final = (_purchaser, _barred, _use, _scope)
_GUARDS: Final = {
    BatchMove.SUBMIT: (_purchaser, _use, _scope),
    BatchMove.ASSESS_PASS: (*_SOLD, _assessment),
    BatchMove.CONTRACT: (*_SOLD, _assessment, _agreement),
    BatchMove.REGISTER: (*_SOLD, _assessment, _agreement, _accountable),
    BatchMove.ACTIVATE: (*_SOLD, _assessment, _agreement, _accountable, _cards, _locked, _proof),
    BatchMove.REVERIFY_OK: (*_SOLD, _assessment, _agreement, _accountable),
}
"""Each later step looks again at all that the earlier ones rest on: papers run out meanwhile."""
