"""Agents by API: read, hand in, decide, measures."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.agents import (
    AgentForm,
    AgentSort,
    HandBack,
    UsersData,
    add_agent,
    agent_record,
    edit_agent,
    exit_agent,
    list_agents,
    reapply_agent,
    submit_agent,
)
from console.actions.channel.licences import draft_licence
from console.actions.channel.review import (
    blacklist_agent,
    clear_name,
    restore_agent,
    review_agent,
    suspend_agent,
    withdraw_proposal,
)
from console.actions.channel.shops import ShopForm, add_shop
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.licences import LicenceIn
from console.web.api.channel.shapes import (
    AgentOut,
    BadgeOut,
    In,
    LicenceOut,
    MeasureIn,
    ReasonIn,
    ShopOut,
    VersionIn,
    shapes_of,
)
from models.channel.agents import AgentReason, AgentState

router = APIRouter()


class AgentIn(In):
    name: str = Field(max_length=200)
    uscc: str = Field(max_length=24)
    province: str = Field(max_length=2)
    legal_representative: str = Field(max_length=64)
    contact: str = Field(default="", max_length=120)
    business_licence_until: date | None = None

    def form(self) -> AgentForm:
        return AgentForm(**self.model_dump(include=set(AgentForm.__slots__)))


class NewAgentIn(AgentIn):
    carrier: str | None = Field(default=None, max_length=32)
    """A carrier's code, for those who work for several."""


class AgentEditIn(AgentIn):
    version: int


class ReviewIn(In):
    passed: bool
    reasons: list[AgentReason] = Field(default_factory=list[AgentReason], max_length=20)
    remark: str = Field(default="", max_length=1000)
    late_reason: str = Field(default="", max_length=500)
    """Needed after the due date."""
    version: int


class SuspendIn(MeasureIn):
    papers: str = Field(max_length=500)
    """Which papers an appeal takes (Anti-Fraud Law art. 32)."""


class ExitIn(ReasonIn):
    """With a paper of the kind `hand_back` on file."""

    data: UsersData
    cards: int = Field(ge=0)
    notice_on: date | None = None
    """The day the shops showed that they close, while one is open."""


class BlacklistIn(ReasonIn):
    source: str = Field(max_length=200)


class ShopIn(In):
    platform: str = Field(max_length=32)
    shop: str = Field(max_length=2048)
    name: str = Field(max_length=200)
    url: str = Field(default="", max_length=2000)


class AgentRecordOut(AgentOut):
    legal_representative: str
    """Masked for whoever is not of the carrier."""
    contact: str
    business_licence_until: date | None
    recheck_on: date | None
    attempt: int
    is_realname_ready: bool
    """Every line of checklist A is signed as met, with evidence."""
    is_protection_ready: bool
    """As above, of checklist B."""
    licences: list[LicenceOut]
    shops: list[ShopOut]
    badges: list[BadgeOut]


def _agent(desk: Desk, agent_id: UUID) -> AgentRecordOut:
    record = agent_record(desk, agent_id)
    plain = AgentOut.model_validate(record.agent).model_dump()
    own = record.agent
    return AgentRecordOut(
        **plain,
        legal_representative=record.legal_representative,
        contact=record.contact,
        business_licence_until=own.business_licence_until,
        recheck_on=own.recheck_on,
        attempt=own.attempt,
        is_realname_ready=own.is_realname_ready,
        is_protection_ready=own.is_protection_ready,
        licences=shapes_of(LicenceOut, record.licences),
        shops=shapes_of(ShopOut, record.shops),
        badges=shapes_of(BadgeOut, record.badges),
    )


shown("Agent")(_agent)


@router.get("/agents")
def agents(
    desk: Reading,
    q: str = "",
    state: AgentState | None = None,
    province: str | None = None,
    sort: AgentSort = AgentSort.NEWEST,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AgentOut]:
    """Agents, by words in name, number or code."""
    part = list_agents(
        desk, q[:100], state=state, province=province, after=after, sort=sort, limit=limit
    )
    return Page(items=shapes_of(AgentOut, part.rows), next=part.next)


@router.get("/agents/{agent_id}")
def agent(desk: Reading, agent_id: UUID) -> AgentRecordOut:
    return _agent(desk, agent_id)


@router.post("/agents", status_code=201)
def new_agent(desk: Writing, body: NewAgentIn) -> AgentRecordOut:
    """A draft; it is checked when it is handed in."""
    return _agent(desk, add_agent(desk, body.form(), body.carrier).id)


@router.put("/agents/{agent_id}")
def change_agent(desk: Writing, agent_id: UUID, body: AgentEditIn) -> AgentRecordOut:
    edit_agent(desk, agent_id, body.form(), body.version)
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/submit")
def hand_agent_in(desk: Writing, agent_id: UUID, body: VersionIn) -> AgentRecordOut:
    """Checked at once; the answer has the state, and the reasons when it goes back."""
    submit_agent(desk, agent_id, body.version)
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/review")
def decide_on_agent(desk: Writing, agent_id: UUID, body: ReviewIn) -> AgentRecordOut:
    review_agent(
        desk,
        agent_id,
        passed=body.passed,
        reasons=body.reasons,
        remark=body.remark,
        late_reason=body.late_reason,
        version=body.version,
    )
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/shops", status_code=201)
def new_shop(desk: Writing, agent_id: UUID, body: ShopIn) -> ShopOut:
    return ShopOut.model_validate(add_shop(desk, agent_id, ShopForm(**body.model_dump())))


@router.post("/agents/{agent_id}/licences", status_code=201)
def new_licence(desk: Writing, agent_id: UUID, body: LicenceIn) -> LicenceOut:
    return LicenceOut.model_validate(draft_licence(desk, agent_id, body.form()))


@router.post("/agents/{agent_id}/suspend")
def suspend(desk: Writing, agent_id: UUID, body: SuspendIn) -> AgentRecordOut:
    """With all its licences and badges."""
    suspend_agent(desk, agent_id, **body.model_dump())
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/restore")
def restore(desk: Writing, agent_id: UUID, body: ReasonIn) -> AgentRecordOut:
    """Its licences are resumed one by one."""
    restore_agent(desk, agent_id, proof=body.reason, version=body.version)
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/exit")
def leave(desk: Writing, agent_id: UUID, body: ExitIn) -> AgentRecordOut:
    said = body.model_dump(exclude={"version"})
    exit_agent(desk, agent_id, HandBack(**said), body.version)
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/reapply")
def reapply(desk: Writing, agent_id: UUID, body: VersionIn) -> AgentRecordOut:
    reapply_agent(desk, agent_id, body.version)
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/blacklist")
def blacklist(desk: Writing, agent_id: UUID, body: BlacklistIn) -> AgentRecordOut:
    """The first of two approvers asks; the second, who is another person, does it."""
    blacklist_agent(desk, agent_id, **body.model_dump())
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/clear-name")
def clear(desk: Writing, agent_id: UUID, body: ReasonIn) -> AgentRecordOut:
    """Entries of the representative's name are about another person; the reason says how known."""
    clear_name(desk, agent_id, statement=body.reason, version=body.version)
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/withdraw-proposal")
def withdraw(desk: Writing, agent_id: UUID) -> AgentRecordOut:
    """Take back what a first approver has asked for."""
    withdraw_proposal(desk, agent_id)
    return _agent(desk, agent_id)
