"""Agents, licences, shops, badges: read, hand in, decide."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.channel.agents import (
    AgentForm,
    AgentSort,
    add_agent,
    agent_record,
    edit_agent,
    list_agents,
    submit_agent,
)
from console.actions.channel.badges import get_badge, issue_badge, list_badges
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    draft_licence,
    licence_record,
    list_licences,
    resume_licence,
    return_licence,
    revoke_licence,
    submit_licence,
    suspend_licence,
)
from console.actions.channel.review import review_agent
from console.actions.channel.shops import ShopForm, add_shop, end_shop, get_shop, list_shops
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.channel.agents import AgentReason, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState, Paper, Product

router = APIRouter(tags=["channel"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


_OutShape = TypeVar("_OutShape", bound=_Out)


class AgentIn(_In):
    name: str = Field(max_length=200)
    uscc: str = Field(max_length=24)
    province: str = Field(max_length=2)
    legal_representative: str = Field(max_length=64)
    contact: str = Field(default="", max_length=120)
    business_licence_until: date | None = None
    is_realname_ready: bool = False
    is_protection_ready: bool = False

    def form(self) -> AgentForm:
        return AgentForm(**self.model_dump(include=set(AgentForm.__slots__)))


class NewAgentIn(AgentIn):
    carrier: str | None = Field(default=None, max_length=32)
    """A carrier's code, for those who work for several."""


class AgentEditIn(AgentIn):
    version: int


class VersionIn(_In):
    """The version of the record that the sender saw; it is refused if it has changed since."""

    version: int


class ReviewIn(_In):
    passed: bool
    reasons: list[AgentReason] = Field(default_factory=list[AgentReason], max_length=20)
    remark: str = Field(default="", max_length=1000)
    version: int


class LicenceIn(_In):
    products: list[Product] = Field(max_length=10)
    provinces: list[str] = Field(max_length=40)
    shop_ids: list[UUID] = Field(max_length=1000)
    begins_on: date
    ends_on: date
    papers: list[Paper] = Field(default_factory=list[Paper], max_length=10)
    agreement_no: str = Field(default="", max_length=64)

    def form(self) -> LicenceForm:
        return LicenceForm(**self.model_dump())


class ReasonIn(VersionIn):
    reason: str = Field(max_length=1000)


class MeasureIn(ReasonIn):
    remedy: str = Field(max_length=1000)


class ShopIn(_In):
    platform: str = Field(max_length=32)
    shop: str = Field(max_length=2048)
    name: str = Field(max_length=200)
    url: str = Field(default="", max_length=2000)


class EndIn(_In):
    reason: str = Field(max_length=1000)


class AgentOut(_Out):
    """An agent in a list: what concerns the firm, and nobody's name."""

    id: UUID
    agent_no: str
    name: str
    uscc: str
    province: str
    state: AgentState
    review_due_at: datetime | None
    reasons: list[str]
    version: int


class LicenceOut(_Out):
    id: UUID
    number: str
    agent_id: UUID
    state: LicenceState
    products: list[str]
    provinces: list[str]
    shop_ids: list[UUID]
    begins_on: date
    ends_on: date
    papers: list[str]
    agreement_no: str
    reason: str
    remedy: str
    approval_due_at: datetime | None
    approved_at: datetime | None
    version: int


class ShopOut(_Out):
    id: UUID
    agent_id: UUID
    platform: str
    shop_key: str
    name: str
    url: str
    created_at: datetime
    ended_at: datetime | None


class BadgeOut(_Out):
    id: UUID
    badge_id: str
    agent_id: UUID
    licence_id: UUID
    shop_id: UUID
    platform: str
    state: BadgeState
    issued_at: datetime
    expires_at: datetime
    token_sha256: str | None
    reason: str
    version: int


class AgentRecordOut(AgentOut):
    legal_representative: str
    """Masked for whoever is not of the carrier."""
    contact: str
    business_licence_until: date | None
    is_realname_ready: bool
    is_protection_ready: bool
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
        is_realname_ready=own.is_realname_ready,
        is_protection_ready=own.is_protection_ready,
        licences=[LicenceOut.model_validate(row) for row in record.licences],
        shops=[ShopOut.model_validate(row) for row in record.shops],
        badges=[BadgeOut.model_validate(row) for row in record.badges],
    )


def _licence(desk: Desk, licence_id: UUID) -> LicenceOut:
    return LicenceOut.model_validate(licence_record(desk, licence_id).licence)


def _shop(desk: Desk, shop_id: UUID) -> ShopOut:
    return ShopOut.model_validate(get_shop(desk, shop_id))


def _badge(desk: Desk, badge_id: UUID) -> BadgeOut:
    return BadgeOut.model_validate(get_badge(desk, badge_id))


shown("Agent")(_agent)
shown("Licence")(_licence)
shown("AuthorisedShop")(_shop)
shown("Badge")(_badge)


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
    return Page(items=_all(AgentOut, part.rows), next=part.next)


def _all(shape: type[_OutShape], rows: Sequence[object]) -> list[_OutShape]:
    return [shape.model_validate(row) for row in rows]


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
        version=body.version,
    )
    return _agent(desk, agent_id)


@router.post("/agents/{agent_id}/shops", status_code=201)
def new_shop(desk: Writing, agent_id: UUID, body: ShopIn) -> ShopOut:
    return ShopOut.model_validate(add_shop(desk, agent_id, ShopForm(**body.model_dump())))


@router.post("/agents/{agent_id}/licences", status_code=201)
def new_licence(desk: Writing, agent_id: UUID, body: LicenceIn) -> LicenceOut:
    return LicenceOut.model_validate(draft_licence(desk, agent_id, body.form()))


@router.get("/licences")
def licences(
    desk: Reading,
    q: str = "",
    state: LicenceState | None = None,
    province: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[LicenceOut]:
    part = list_licences(desk, q[:100], state=state, province=province, after=after, limit=limit)
    return Page(items=_all(LicenceOut, part.rows), next=part.next)


@router.get("/licences/{licence_id}")
def licence(desk: Reading, licence_id: UUID) -> LicenceOut:
    return _licence(desk, licence_id)


@router.post("/licences/{licence_id}/submit")
def hand_licence_in(desk: Writing, licence_id: UUID, body: VersionIn) -> LicenceOut:
    return LicenceOut.model_validate(submit_licence(desk, licence_id, body.version))


@router.post("/licences/{licence_id}/approve")
def put_in_force(desk: Writing, licence_id: UUID, body: VersionIn) -> LicenceOut:
    return LicenceOut.model_validate(approve_licence(desk, licence_id, body.version))


@router.post("/licences/{licence_id}/return")
def give_back(desk: Writing, licence_id: UUID, body: ReasonIn) -> LicenceOut:
    row = return_licence(desk, licence_id, reason=body.reason, version=body.version)
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/suspend")
def suspend(desk: Writing, licence_id: UUID, body: MeasureIn) -> LicenceOut:
    row = suspend_licence(desk, licence_id, **body.model_dump())
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/resume")
def resume(desk: Writing, licence_id: UUID, body: ReasonIn) -> LicenceOut:
    row = resume_licence(desk, licence_id, proof=body.reason, version=body.version)
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/revoke")
def revoke(desk: Writing, licence_id: UUID, body: MeasureIn) -> LicenceOut:
    """The first of two approvers asks; the second, who is another person, does it."""
    row = revoke_licence(desk, licence_id, **body.model_dump())
    return LicenceOut.model_validate(row)


@router.get("/shops")
def shops(
    desk: Reading,
    platform: str | None = None,
    agent_id: UUID | None = None,
    live: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ShopOut]:
    """Shops that carriers have authorised."""
    part = list_shops(
        desk, platform=platform, agent_id=agent_id, live=live, after=after, limit=limit
    )
    return Page(items=_all(ShopOut, part.rows), next=part.next)


@router.get("/shops/{shop_id}")
def shop(desk: Reading, shop_id: UUID) -> ShopOut:
    return _shop(desk, shop_id)


@router.post("/shops/{shop_id}/end")
def close_shop(desk: Writing, shop_id: UUID, body: EndIn) -> ShopOut:
    return ShopOut.model_validate(end_shop(desk, shop_id, reason=body.reason))


@router.post("/shops/{shop_id}/badge", status_code=201)
def new_badge(desk: Writing, shop_id: UUID) -> BadgeOut:
    return BadgeOut.model_validate(issue_badge(desk, shop_id))


@router.get("/badges")
def badges(
    desk: Reading,
    q: str = "",
    state: BadgeState | None = None,
    platform: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[BadgeOut]:
    part = list_badges(desk, q[:100], state=state, platform=platform, after=after, limit=limit)
    return Page(items=_all(BadgeOut, part.rows), next=part.next)


@router.get("/badges/{badge_id}")
def badge(desk: Reading, badge_id: UUID) -> BadgeOut:
    return _badge(desk, badge_id)
