"""What goes out about industry cards. Of people there are masks alone."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from console.web.api.channel.shapes import Out
from models.cards.assessments import AssessmentVerdict
from models.cards.card_orders import CardMeasure, OrderState
from models.cards.classes import CardClass, Sms, Voice
from models.cards.guards import Lack
from models.cards.industry import BatchMove, BatchState
from models.cards.monitoring import FoundBy, MonitoringState, UsageFindingState
from models.cards.persons import CaptureMethod, DocumentKind
from models.cards.scopes import ScopeFault
from models.cards.usage_rules import UsageRule
from models.rules import FindingKind, Tier


class PurchaserOut(Out):
    id: UUID
    carrier_id: UUID
    name: str
    uscc: str
    province: str
    is_device_maker: bool
    contact: str
    licence_sha256: str
    licence_file: str
    licence_name: str
    licence_until: date | None
    created_at: datetime
    version: int


class IndustryBatchOut(Out):
    """A batch in a list."""

    id: UUID
    number: str
    carrier_id: UUID
    province: str
    purchaser_id: UUID
    card_class: CardClass
    product: str
    ordered: int
    cards: int
    """Loaded."""
    use_statement: str
    state: BatchState
    submitted_at: datetime | None
    reviewed_at: datetime | None
    review_reason: str
    activated_at: datetime | None
    assessed_until: date | None
    is_reassess_due: bool
    change_due_at: datetime | None
    """Until when others answer for the cards, once a change was announced."""
    case_id: UUID | None
    retired_on: date | None
    keep_until: date | None
    due_at: datetime | None
    is_late: bool
    rule_version: str
    created_at: datetime
    version: int


class PurchaserRecordOut(PurchaserOut):
    carrier: str
    is_blacklisted: bool
    is_restricted: bool
    """Under joint punishment."""
    batches: list[IndustryBatchOut]
    """The newest."""


class CardScopeOut(Out):
    """What cards may be used for, and what holds them to it."""

    function: str
    business_scope: str
    scenario: str
    product_form: str
    voice: Voice
    voice_numbers: list[str]
    sms: Sms
    sms_numbers: list[str]
    targets: list[str]
    """None: the data is not directed."""
    monthly_mb: int | None
    device_lock: bool
    tacs: list[str]
    regions: list[str]
    apn: str
    chassis: bool
    rule_version: str
    bound_at: datetime
    version: int


class ScopeFaultOut(Out):
    fault: ScopeFault
    value: str


class LackOut(Out):
    """One guard that fails."""

    lack: Lack
    facts: dict[str, Any]


class AssessmentOut(Out):
    id: UUID
    form_version: str
    answers: dict[str, str]
    score: float
    barred_by: list[str]
    verdict: AssessmentVerdict
    reason: str
    is_yearly: bool
    assessed_at: datetime
    valid_until: date | None


class IndustryAgreementOut(Out):
    id: UUID
    number: str
    no_resale: bool
    real_name_duty: bool
    monitoring_consent: bool
    signed_on: date
    valid_until: date | None
    sha256: str
    file_name: str
    filed_at: datetime
    superseded_at: datetime | None


class AccountableUnitOut(Out):
    id: UUID
    name: str
    uscc: str
    is_open: bool
    since: datetime
    until: datetime | None
    reason: str


class _PersonOut(Out):
    id: UUID
    name_mask: str
    document_kind: DocumentKind
    document_mask: str
    phone_mask: str
    verified_how: CaptureMethod
    verified_at: datetime
    is_open: bool
    since: datetime
    until: datetime | None


class AccountablePersonOut(_PersonOut):
    unit_id: UUID
    position: str
    reason: str


class CardUserOut(_PersonOut):
    iccid: str
    """The first 19 characters, as everywhere."""
    site: str
    chassis: str


class RangeOut(Out):
    """Cards that follow each other, by the first 19 characters of their ICCIDs."""

    first: str
    last: str
    cards: int


class MarkOut(RangeOut):
    """Cards that can't be matched with a user each: the unit answers for them."""

    id: UUID
    reason: str


class CardOrderOut(Out):
    id: UUID
    number: str
    batch_id: UUID
    case_id: UUID | None
    measure: CardMeasure
    cards: list[str]
    """None: the whole batch."""
    state: OrderState
    reason: str
    remedy: str
    papers: str
    is_emergency_exempt: bool
    finding_ids: list[str]
    ordered_at: datetime
    told_at: datetime | None
    told_how: str
    carried_out_at: datetime | None
    proof_sha256: str
    appellant: str
    appeal: str
    appealed_at: datetime | None
    appeal_answer: str
    lifted_at: datetime | None
    lifted_why: str
    due_at: datetime | None
    is_late: bool
    rule_version: str
    version: int


class IndustryBatchRecordOut(IndustryBatchOut):
    """A batch with all that hangs on it."""

    carrier: str
    purchaser: str
    scope: CardScopeOut | None
    faults: list[ScopeFaultOut]
    """What its scope lacks for its class."""
    lacks: dict[BatchMove, list[LackOut]]
    """By each move that is open all that keeps the asker from it; an empty list: it may be made."""
    unit_id: UUID | None
    person_id: UUID | None
    """Of those who answer for the cards, whom the carrier turns to."""
    units: list[AccountableUnitOut]
    persons: list[AccountablePersonOut]
    assessments: list[AssessmentOut]
    agreements: list[IndustryAgreementOut]
    users: int
    unattributed: list[MarkOut]
    locks: int
    """Cards that are locked to a device."""
    warnings: int
    """Cards that were loaded although their check digit did not hold."""
    proof_sha256: str
    proof_file: str
    orders: list[CardOrderOut]
    ranges: list[RangeOut]
    next: str | None
    """For more of the ranges."""


class UsageRunOut(Out):
    """A file of records of use, compared with the scopes."""

    id: UUID
    number: str
    file_name: str
    sha256: str
    state: MonitoringState
    is_part: bool
    """Records that a program sent: they are added to what their days have."""
    records: int
    bad_rows: int
    cards: int
    unknown_cards: int
    batches: int
    hits: int
    by_rule: dict[str, int]
    dealt_with: int
    findings: int
    """New ones that came of it."""
    first_day: date | None
    last_day: date | None
    rules: list[str]
    """Versions of the thresholds."""
    result: str | None = None
    """Where all hits are, as Parquet."""
    rejects: str | None = None
    fault: dict[str, Any] | None
    created_at: datetime
    ended_at: datetime | None


class UsageFindingOut(Out):
    """What a card, or with no ICCID a whole batch, did beyond its scope."""

    id: UUID
    number: str
    batch_id: UUID
    iccid: str
    rule: UsageRule | None
    """None of what was not found by monitoring."""
    found_by: FoundBy
    kind: FindingKind
    tier: Tier
    state: UsageFindingState
    first_day: date
    last_day: date
    value: float
    threshold: float
    facts: dict[str, Any]
    evidence: list[str]
    times: int
    run_id: UUID | None
    source_id: UUID | None
    case_id: UUID | None
    reason: str
    due_at: datetime | None
    is_late: bool
    rule_version: str
    created_at: datetime
    version: int


class WatchOut(Out):
    """A card, or with no ICCID a whole batch, that is looked at more closely."""

    id: UUID
    batch_id: UUID
    iccid: str
    reason: str
    since: datetime
    until: date
    ended_at: datetime | None
    ended_why: str
