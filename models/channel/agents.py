"""An online sales agent (网络代理商), from the application to the end (DOMAIN 4.3)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, UniqueConstraint, text, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.channel.shops import sells_on
from models.staff import Actor, among, any_of


class AgentState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    VERIFYING = "verifying"
    NEEDS_CORRECTION = "needs_correction"
    ELIGIBLE = "eligible"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXITED = "exited"
    REJECTED = "rejected"
    BLACKLISTED = "blacklisted"


class AgentMove(StrEnum):
    SUBMIT = "submit"
    FIRST_CHECK_OK = "first_check_ok"
    FIRST_CHECK_BAD = "first_check_bad"
    VERIFY_PASS = "verify_pass"
    VERIFY_FAIL = "verify_fail"
    VERIFY_FAIL_FINAL = "verify_fail_final"
    RESUBMIT = "resubmit"
    LAPSE = "lapse"
    LICENCE_ACTIVE = "licence_active"
    SUSPEND = "suspend"
    RESTORE = "restore"
    LAST_LICENCE_ENDED = "last_licence_ended"
    BLACKLIST = "blacklist"
    EXIT = "exit"
    APPEAL_UPHELD = "appeal_upheld"
    REAPPLY = "reapply"


_S, _M = AgentState, AgentMove
AGENT_MOVES: Final[Mapping[tuple[AgentState, AgentMove], AgentState]] = {
    # from                 by                        to
    (_S.DRAFT,             _M.SUBMIT):               _S.SUBMITTED,
    (_S.SUBMITTED,         _M.FIRST_CHECK_OK):       _S.VERIFYING,
    (_S.SUBMITTED,         _M.FIRST_CHECK_BAD):      _S.NEEDS_CORRECTION,
    (_S.VERIFYING,         _M.VERIFY_PASS):          _S.ELIGIBLE,
    (_S.VERIFYING,         _M.VERIFY_FAIL):          _S.NEEDS_CORRECTION,
    (_S.VERIFYING,         _M.VERIFY_FAIL_FINAL):    _S.REJECTED,
    (_S.NEEDS_CORRECTION,  _M.RESUBMIT):             _S.SUBMITTED,
    (_S.NEEDS_CORRECTION,  _M.LAPSE):                _S.REJECTED,
    (_S.ELIGIBLE,          _M.LICENCE_ACTIVE):       _S.ACTIVE,
    (_S.ACTIVE,            _M.SUSPEND):              _S.SUSPENDED,
    (_S.SUSPENDED,         _M.RESTORE):              _S.ACTIVE,
    (_S.ACTIVE,            _M.LAST_LICENCE_ENDED):   _S.ELIGIBLE,
    (_S.SUSPENDED,         _M.LAST_LICENCE_ENDED):   _S.ELIGIBLE,
    (_S.ELIGIBLE,          _M.EXIT):                 _S.EXITED,
    (_S.ACTIVE,            _M.EXIT):                 _S.EXITED,
    (_S.SUSPENDED,         _M.EXIT):                 _S.EXITED,
    (_S.BLACKLISTED,       _M.APPEAL_UPHELD):        _S.ELIGIBLE,
    (_S.REJECTED,          _M.REAPPLY):              _S.DRAFT,
    (_S.EXITED,            _M.REAPPLY):              _S.DRAFT,
    **{(state, _M.BLACKLIST): _S.BLACKLISTED for state in _S if state is not _S.BLACKLISTED},
}  # fmt: skip


class AgentReason(StrEnum):
    """Why an application does not pass. Told to the applicant, with what to do."""

    USCC_FORMAT = "uscc_format"
    USCC_CHECKSUM = "uscc_checksum"
    NO_BUSINESS_LICENCE = "no_business_licence"
    LICENCE_EXPIRED = "licence_expired"
    LICENCE_FILE_MISSING = "licence_file_missing"
    """No business licence in force is on file."""
    DUPLICATE = "duplicate"
    BLACKLIST_HIT = "blacklist_hit"
    REPRESENTATIVE_BLACKLISTED = "representative_blacklisted"
    """By the name: a person looks, and clears it when it is somebody else."""
    RESTRICTED_PARTY = "restricted_party"
    REPRESENTATIVE_RESTRICTED = "representative_restricted"
    """By the name, as above."""
    FALSE_MATERIAL = "false_material"
    NOT_REALNAME_READY = "not_realname_ready"
    NOT_PROTECTION_READY = "not_protection_ready"
    LEGAL_REPRESENTATIVE_DIFFERS = "legal_representative_differs"
    OTHER = "other"


class Agent(Table, table=True):
    """One firm in the channel of one carrier. The same firm may be an agent of several."""

    __table_args__ = (
        UniqueConstraint("uscc", "carrier_id"),
        Index("ix_agents_carrier", "carrier_id", "serial"),
        Index("ix_agents_carrier_state", "carrier_id", "state", "serial"),
        Index("ix_agents_province", "province", "serial"),
        Index("ix_agents_province_state", "province", "state", "serial"),
        Index("ix_agents_carrier_licence", "carrier_id", "state", "business_licence_until"),
        Index("ix_agents_carrier_recheck", "carrier_id", "state", "recheck_on"),
        Index(
            "ix_agents_proposal", "carrier_id",
            sqlite_where=text("proposal IS NOT NULL"),
            postgresql_where=text("proposal IS NOT NULL"),
        ),
    )  # fmt: skip

    id: UUID = Field(default_factory=new_id, primary_key=True)
    serial: int = Field(unique=True, sa_type=Integer)
    """Counted over the whole house; also the row of the search index."""
    carrier_id: UUID = Field(foreign_key="organisations.id")
    agent_no: str = Field(unique=True, max_length=40)
    """`CT-44-2026-000123-7`; never given twice."""
    name: str = Field(max_length=200)
    uscc: str = Field(max_length=18)
    province: str = Field(max_length=2)
    legal_representative: str = Field(max_length=64)
    contact: str = Field(default="", max_length=120)
    """A business telephone or mail address; never a private one."""
    business_licence_until: date | None = Field(default=None, index=True)
    """None: without term (长期)."""
    is_realname_ready: bool = Field(default=False)
    """Condition A of 004-3.1-c: able to register buyers by their true name."""
    is_protection_ready: bool = Field(default=False)
    """Condition B of 004-3.1-d: able to protect what it learns of them."""
    attempt: int = Field(default=1, sa_type=Integer)
    """How often the firm has applied; papers and conditions belong to one attempt."""
    recheck_on: date | None = Field(default=None, index=True)
    """When the business licence is looked at again."""
    cleared: list[str] = Field(default_factory=list, sa_type=JSON)
    """Ids of entries of the blacklist and of restricted parties that bear the representative's
    name and that a reviewer has found to be of somebody else."""
    state: AgentState = Field(default=AgentState.DRAFT, sa_type=words(AgentState))
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    submitted_by: UUID | None = Field(default=None)
    review_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    rule_version: str | None = Field(default=None, max_length=64)
    """The version of the deadline that `review_due_at` was made by."""
    reviewed_by: UUID | None = Field(default=None)
    late_reason: str = Field(default="", max_length=500)
    """Why a review was decided after its due date."""
    failures: int = Field(default=0)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    """`AgentReason`s of the last refusal."""
    proposal: AgentMove | None = Field(default=None, sa_type=words(AgentMove))
    """The move that one approver has asked for, and a second must confirm."""
    proposed_by: UUID | None = Field(default=None)
    remark: str = Field(default="", max_length=1000)
    import_id: UUID | None = Field(default=None)
    terms: str = Field(default="")
    """Bigrams of name, numbers and representative: what the search index holds."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: AgentMove) -> None:
        self.state = moved(AGENT_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[AgentMove]:
        return open_moves(AGENT_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return any_of(
            among(col(cls.carrier_id), actor.carriers),
            among(col(cls.province), actor.provinces),
            sells_on(actor.platform, col(cls.id)) if actor.platform else None,
        )

    @property
    def title(self) -> str:
        return f"{self.agent_no} {self.name}"

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


class BlacklistState(StrEnum):
    PROPOSED = "proposed"
    """It stands in a list that a second approver has not confirmed."""
    NOT_YET = "not_yet"
    IN_FORCE = "in_force"
    RUN_OUT = "run_out"
    LIFTED = "lifted"


class Blacklisted(Table, table=True):
    """A firm that a carrier and its group admit no more, by its USCC; and whoever ran it, by name.

    MIIT opinions of 2016-11 (五): channels and persons.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    carrier_id: UUID = Field(foreign_key="organisations.id", index=True)
    uscc: str = Field(default="", max_length=18, index=True)
    """Empty of a person alone."""
    name: str = Field(max_length=200)
    person: str = Field(default="", max_length=64, index=True)
    """The representative, or the person, by `person_key`; empty where only the firm is meant."""
    reason: str = Field(max_length=500)
    source: str = Field(max_length=200)
    begins_on: date | None = Field(default=None)
    """The first day, where the list that it came by names one."""
    until: date | None = Field(default=None)
    import_id: UUID | None = Field(default=None, index=True)
    """The list that it came by."""
    is_proposed: bool = Field(default=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def state_on(self, day: date) -> BlacklistState:
        if self.lifted_at is not None:
            return BlacklistState.LIFTED
        if self.is_proposed:
            return BlacklistState.PROPOSED
        if self.begins_on is not None and day < self.begins_on:
            return BlacklistState.NOT_YET
        over = self.until is not None and self.until < day
        return BlacklistState.RUN_OUT if over else BlacklistState.IN_FORCE

    def is_in_force(self, on: date) -> bool:
        return self.state_on(on) is BlacklistState.IN_FORCE

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house or actor.provinces:
            return true()
        return col(cls.carrier_id).in_(actor.carriers)

    @property
    def title(self) -> str:
        return self.name
