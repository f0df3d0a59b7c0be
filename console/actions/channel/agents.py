"""Agents: apply, correct, look up, and leave (DOMAIN 4.3). Who decides is in `review`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, text
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.blacklist import barred_among, is_blacklisted, name_hits
from console.actions.channel.held import carrier_of, held, must_say_why
from console.actions.channel.numbers import agent_numbers, next_serials
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.admission import first_check, stops_at_once
from models.channel.agents import Agent, AgentMove, AgentReason, AgentState
from models.channel.badges import Badge
from models.channel.licences import Licence, LicenceState
from models.channel.papers import AgentPaper, PaperKind
from models.channel.shops import AuthorisedShop
from models.formats import compact
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, Invalid
from models.rules import china_day, parameter
from models.search import plain_text, query_terms, terms_of
from models.staff import Actor

EDITABLE: Final = frozenset(
    {AgentState.DRAFT, AgentState.NEEDS_CORRECTION, AgentState.ELIGIBLE, AgentState.ACTIVE}
)
_UNDER_CHECK: Final = frozenset({AgentState.DRAFT, AgentState.NEEDS_CORRECTION})
_LONGEST: Final[Mapping[str, int]] = {
    "name": 200,
    "uscc": 18,
    "legal_representative": 64,
    "contact": 120,
}


@dataclass(frozen=True, slots=True)
class AgentForm:
    """What an application says of the firm."""

    name: str
    uscc: str
    province: str
    legal_representative: str
    contact: str = ""
    business_licence_until: date | None = None

    def cleaned(self) -> dict[str, object]:
        """The fields as they are kept; Invalid for one that no correction on paper could mend."""
        words = {
            "name": self.name.strip(),
            "uscc": compact(self.uscc),
            "legal_representative": self.legal_representative.strip(),
            "contact": self.contact.strip(),
        }
        for name, most in _LONGEST.items():
            if name != "contact" and not words[name]:
                raise Invalid("channel.field_missing", field=name)
            if len(words[name]) > most:
                raise Invalid("channel.field_too_long", field=name, most=most)
        if self.province not in provinces():
            raise Invalid("staff.bad_province", province=self.province)
        return {
            **words,
            "province": self.province,
            "business_licence_until": self.business_licence_until,
        }


class AgentSort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    NUMBER = "number"


ORDERS: Final[Mapping[str, Order]] = {
    AgentSort.NEWEST: Order.by(Agent.serial),
    AgentSort.OLDEST: Order.by(Agent.serial, descending=False),
    AgentSort.NUMBER: Order.by(Agent.agent_no, descending=False),
}


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """One agent with everything that hangs on it, as far as the reader may know of it."""

    agent: Agent
    legal_representative: str
    """Masked for whoever is not of the carrier."""
    contact: str
    licences: Sequence[Licence]
    shops: Sequence[AuthorisedShop]
    badges: Sequence[Badge]
    deeds: Sequence[AuditEntry]


def search_terms(agent: Agent) -> str:
    """What an agent is to be found by."""
    return terms_of(agent.name, agent.agent_no, agent.uscc, agent.legal_representative)


def add_agent(desk: Desk, form: AgentForm, carrier: str | None = None) -> Agent:
    """A draft under a number of its own. `carrier` is a code, for those who work for several."""
    fields = form.cleaned()
    with desk.begin(Permission.AGENT_EDIT) as work:
        owner = carrier_of(work, carrier)
        _must_be_new(work, owner.id, str(fields["uscc"]))
        (serial,) = next_serials(work)
        (number,) = agent_numbers(work, owner, form.province)
        agent = Agent(
            serial=serial,
            carrier_id=owner.id,
            agent_no=number,
            created_at=work.at,
            **fields,  # pyright: ignore[reportArgumentType] - `cleaned` names columns
        )
        agent.terms = search_terms(agent)
        work.add(agent)
        work.record("agent.added", agent, carrier=owner.code)
        return agent


def _must_be_new(work: Work, carrier_id: UUID, uscc: str, own: UUID | None = None) -> None:
    query = select(Agent).where(Agent.carrier_id == carrier_id, Agent.uscc == uscc)
    other = work.session.exec(query).first()
    if other is not None and other.id != own:
        raise Conflict("channel.duplicate_agent", uscc=uscc, agent_no=other.agent_no)


def edit_agent(
    desk: Desk, agent_id: UUID | str, form: AgentForm, version: int | None = None
) -> Agent:
    """Correct an application, or what is known of an agent.

    The province is in the number for ever, and the code of an admitted firm is the firm.
    """
    fields = form.cleaned()
    with desk.begin(Permission.AGENT_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        if agent.state not in EDITABLE:
            raise Conflict("channel.not_editable", agent_no=agent.agent_no, state=agent.state)
        changed = sorted(name for name, value in fields.items() if getattr(agent, name) != value)
        fixed = {"province"} if agent.state in _UNDER_CHECK else {"province", "uscc"}
        if wrong := fixed & set(changed):
            raise Conflict("channel.field_fixed", field=min(wrong))
        _must_be_new(work, agent.carrier_id, str(fields["uscc"]), agent.id)
        if not changed:
            return agent
        for name in changed:
            setattr(agent, name, fields[name])
        if "legal_representative" in changed:
            agent.cleared = []
        agent.terms = search_terms(agent)
        agent.version += 1
        work.record("agent.edited", agent, fields=changed)
        return agent


def submit_agent(desk: Desk, agent_id: UUID | str, version: int | None = None) -> Agent:
    """Hand an application in. It is checked at once, and goes to review or back to be corrected."""
    with desk.begin(Permission.AGENT_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        again = agent.state is AgentState.NEEDS_CORRECTION
        agent.move(AgentMove.RESUBMIT if again else AgentMove.SUBMIT)
        agent.submitted_at, agent.submitted_by = work.at, desk.actor.id
        agent.late_reason = ""
        work.record("agent.resubmitted" if again else "agent.submitted", agent)
        reasons = check_now(work, agent)
        _after_first_check(work, agent, reasons)
        work.record("agent.first_checked", agent, reasons=[one.value for one in reasons])
        return agent


def check_now(work: Work, agent: Agent) -> list[AgentReason]:
    """The first check on what is known of the agent at this moment."""
    others = work.session.exec(
        select(Agent.uscc).where(
            Agent.carrier_id == agent.carrier_id, Agent.uscc == agent.uscc, Agent.id != agent.id
        )
    ).all()
    by_code = first_check(
        agent.uscc,
        agent.business_licence_until,
        known_duplicates=frozenset(others),
        barred=barred_among(work, agent.carrier_id, [agent.uscc], []),
        on=china_day(work.at),
    )
    hits = [hit.reason for hit in name_hits(work, agent) if not hit.is_cleared]
    return by_code + list(dict.fromkeys(hits))


def _after_first_check(work: Work, agent: Agent, reasons: Sequence[AgentReason]) -> None:
    """A name alone sends nobody back: whoever reviews finds out whose it is."""
    bad = stops_at_once(reasons)
    agent.move(AgentMove.FIRST_CHECK_BAD if bad else AgentMove.FIRST_CHECK_OK)
    due = deadline(work, "resubmission" if bad else "verify_review")
    agent.review_due_at, agent.rule_version = due.at, due.version
    agent.reasons = [one.value for one in reasons]
    agent.proposal = agent.proposed_by = None


def list_agents(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    q: str = "",
    *,
    state: AgentState | None = None,
    province: str | None = None,
    after: str | None = None,
    sort: AgentSort = AgentSort.NEWEST,
    limit: int = PAGE,
) -> Slice[Agent]:
    """Agents that the actor may know of, by words in name, number, code or representative."""
    with desk.begin(Permission.AGENT_READ) as work:
        query = work.select(Agent)
        if state is not None:
            query = query.where(Agent.state == state)
        if province is not None:
            query = query.where(Agent.province == province)
        if q.strip():
            by_terms = state is None
            query = query.where(_matches(q, work.session.get_bind().dialect.name, by_terms))
        return work.slice(query, ORDERS[sort], after, limit)


def _matches(q: str, dialect: str, by_terms: bool) -> ColumnElement[bool]:  # noqa: FBT001 - a plan
    """`by_terms`: from the terms to the agents; else from another index, asking each for its terms.

    SQLite goes the first way whenever it may, which is long where few have the other trait.
    """
    terms = query_terms(q)
    if not terms:
        return col(Agent.name).startswith(plain_text(q) or q.strip(), autoescape=True)
    if dialect == "postgresql":
        found = text("string_to_array(agents.terms, ' ') @> CAST(:terms AS text[])")
        return cast("ColumnElement[bool]", found.bindparams(terms=terms))
    matched = " ".join(f'"{term}"' for term in terms)
    found = text(
        f"{'' if by_terms else '+'}agents.serial IN "  # noqa: S608 - nothing of the query's
        "(SELECT rowid FROM agent_search WHERE agent_search MATCH :matched)"
    )
    return cast("ColumnElement[bool]", found.bindparams(matched=matched))


def agent_record(desk: Desk, agent_id: UUID | str) -> AgentRecord:
    with desk.begin(Permission.AGENT_READ) as work:
        agent = work.get(Agent, agent_id)
        own = is_own(work.actor, agent)
        licences = work.select(Licence).where(Licence.agent_id == agent.id)
        shops = work.select(AuthorisedShop).where(AuthorisedShop.agent_id == agent.id)
        badges = work.select(Badge).where(Badge.agent_id == agent.id)
        return AgentRecord(
            agent=agent,
            legal_representative=representative_for(work.actor, agent),
            contact=agent.contact if own else "",
            licences=work.all(licences.order_by(col(Licence.id).desc())),
            shops=work.all(shops.order_by(col(AuthorisedShop.id))),
            badges=work.all(badges.order_by(col(Badge.id).desc())),
            deeds=history(work, agent),
        )


def is_own(actor: Actor, agent: Agent) -> bool:
    return actor.is_house or agent.carrier_id in actor.carriers


def representative_for(actor: Actor, agent: Agent) -> str:
    """The name in full for the agent's own carrier, masked for everybody else (DOMAIN 4.15)."""
    name = agent.legal_representative
    return name if is_own(actor, agent) else name[:1] + "＊" * (len(name) - 1)


def agent_numbered(desk: Desk, agent_no: str) -> Agent:
    """By its number, as people write it on a command line."""
    with desk.begin(Permission.AGENT_READ) as work:
        number = agent_no.strip().upper()
        return work.one(work.select(Agent).where(Agent.agent_no == number), Agent)


class UsersData(StrEnum):
    """What became of users' information when the relation ended (PIPL art. 21)."""

    RETURNED = "returned"
    DELETED = "deleted"
    NONE_HELD = "none_held"


@dataclass(frozen=True, slots=True)
class HandBack:
    """What is handed back at the end. The signed sheet is a paper of kind `hand_back`."""

    reason: str
    data: UsersData
    cards: int
    """Unsold cards that came back; zero is said, too."""
    notice_on: date | None = None
    """The day the shops showed that they close; needed while one is open (E-commerce Law 16)."""


def exit_agent(
    desk: Desk, agent_id: UUID | str, hand_back: HandBack, version: int | None = None
) -> Agent:
    """End the relation: no licence is live, users' data and unsold cards are handed back.

    An agent with an open shop has shown its closing for thirty days before. Its shops end with it.
    """
    why = must_say_why(hand_back.reason)
    if hand_back.cards < 0:
        raise Invalid("admission.cards_counted")
    with desk.begin(Permission.AGENT_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        agent.move(AgentMove.EXIT)
        _must_have_no_live_licence(work, agent)
        sheet = _hand_back_sheet(work, agent)
        shops = work.session.exec(
            select(AuthorisedShop).where(
                AuthorisedShop.agent_id == agent.id, col(AuthorisedShop.ended_at).is_(None)
            )
        ).all()
        rule = _must_have_told_buyers(work, hand_back.notice_on) if shops else None
        for shop in shops:
            shop.ended_at = work.at
        agent.remark = why
        work.record(
            "agent.exited",
            agent,
            reason=why,
            data=hand_back.data.value,
            cards=hand_back.cards,
            notice_on=hand_back.notice_on.isoformat() if hand_back.notice_on else None,
            rule=rule,
            sha256=sheet.sha256,
        )
        return agent


def _must_have_no_live_licence(work: Work, agent: Agent) -> None:
    live = work.session.exec(
        select(Licence).where(
            Licence.agent_id == agent.id,
            col(Licence.state).in_(
                [LicenceState.ACTIVE, LicenceState.SUSPENDED, LicenceState.PENDING_APPROVAL]
            ),
        )
    ).first()
    if live is not None:
        raise Conflict("channel.licence_still_live", number=live.number)


def _hand_back_sheet(work: Work, agent: Agent) -> AgentPaper:
    sheet = work.session.exec(
        select(AgentPaper)
        .where(AgentPaper.agent_id == agent.id, AgentPaper.attempt == agent.attempt)
        .where(AgentPaper.kind == PaperKind.HAND_BACK, col(AgentPaper.withdrawn_at).is_(None))
        .order_by(col(AgentPaper.id).desc())
    ).first()
    if sheet is None:
        raise Conflict("admission.hand_back_missing", agent_no=agent.agent_no)
    return sheet


def _must_have_told_buyers(work: Work, notice_on: date | None) -> str:
    """The version of the rule that the closing notice keeps."""
    today = china_day(work.at)
    notice = parameter("shop_closing_notice", today)
    if notice_on is None:
        raise Conflict("admission.closing_notice_missing", days=notice.value)
    first = notice_on + timedelta(days=notice.value)
    if today < first:
        raise Conflict("admission.closing_notice", days=notice.value, first=first.isoformat())
    return notice.version


def reapply_agent(desk: Desk, agent_id: UUID | str, version: int | None = None) -> Agent:
    """Apply once more after a refusal or an exit: a new attempt that begins without papers.

    What was filed and signed before stays with its attempt, to be read as the old file.
    """
    with desk.begin(Permission.AGENT_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        agent.move(AgentMove.REAPPLY)
        if is_blacklisted(work, agent):
            raise Conflict("channel.blacklisted", agent_no=agent.agent_no)
        agent.attempt += 1
        agent.is_realname_ready = agent.is_protection_ready = False
        agent.recheck_on, agent.cleared = None, []
        begin_anew(agent)
        work.record("agent.reapplied", agent, attempt=agent.attempt)
        return agent


def begin_anew(agent: Agent) -> None:
    """Nothing of an earlier review holds any more."""
    agent.failures, agent.reasons, agent.remark, agent.late_reason = 0, [], "", ""
    agent.submitted_at = agent.submitted_by = agent.reviewed_by = agent.review_due_at = None
    agent.proposal = agent.proposed_by = None
