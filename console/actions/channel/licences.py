"""Licences: drafted by one, approved by another, and what ends with them (DOMAIN 4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.announce import tell
from console.actions.channel.badges import finish_badges, request_badges
from console.actions.channel.endings import change, end
from console.actions.channel.held import Done, deadline, held, must_be_another
from console.actions.channel.numbers import licence_numbers
from console.actions.channel.papers import papers_of
from console.desk import LONGEST_PAGE, PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.agents import Agent, AgentMove, AgentState
from models.channel.badges import Badge
from models.channel.licences import Licence, LicenceMove, LicenceState, Paper, Product
from models.channel.log import LogKind
from models.channel.papers import papers_on_file
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, Invalid, Refusal
from models.rules import china_day
from models.staff import Organisation

_MAY_BE_LICENSED: Final = (AgentState.ELIGIBLE, AgentState.ACTIVE)


@dataclass(frozen=True, slots=True)
class LicenceForm:
    """The scope of a licence. Its papers are those that the agent has on file."""

    products: Sequence[Product]
    provinces: Sequence[str]
    shop_ids: Sequence[UUID]
    begins_on: date
    ends_on: date
    agreement_no: str = ""

    def columns(self) -> dict[str, object]:
        return {
            "products": [Product(one).value for one in dict.fromkeys(self.products)],
            "provinces": sorted(set(self.provinces)),
            "shop_ids": [str(one) for one in dict.fromkeys(self.shop_ids)],
            "begins_on": self.begins_on,
            "ends_on": self.ends_on,
            "agreement_no": self.agreement_no.strip(),
        }


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    licence: Licence
    agent: Agent
    shops: Sequence[AuthorisedShop]
    """Those that it names, ended ones included."""
    badges: Sequence[Badge]
    deeds: Sequence[AuditEntry]


def draft_licence(desk: Desk, agent_id: UUID | str, form: LicenceForm) -> Licence:
    """A draft under a number of its own; its scope may still be incomplete."""
    with desk.begin(Permission.LICENCE_EDIT) as work:
        agent = held(work, Agent, agent_id, None)
        _must_be_sound(form)
        _must_be_licensable(agent)
        carrier = work.session.get_one(Organisation, agent.carrier_id)
        (number,) = licence_numbers(work, carrier, agent.province)
        licence = work.add(
            Licence(
                number=number,
                carrier_id=agent.carrier_id,
                agent_id=agent.id,
                province=agent.province,
                created_at=work.at,
                **form.columns(),  # pyright: ignore[reportArgumentType] - columns by name
            )
        )
        _must_name_own_shops(work, licence)
        work.record("licence.drafted", licence, agent_no=agent.agent_no)
        return licence


def edit_licence(
    desk: Desk, licence_id: UUID | str, form: LicenceForm, version: int | None = None
) -> Licence:
    """Change a draft."""
    with desk.begin(Permission.LICENCE_EDIT) as work:
        licence = held(work, Licence, licence_id, version)
        _must_be_sound(form)
        if licence.state is not LicenceState.DRAFT:
            raise Conflict("channel.licence_not_draft", number=licence.number)
        fields = form.columns()
        changed = sorted(name for name, value in fields.items() if getattr(licence, name) != value)
        if not changed:
            return licence
        for name in changed:
            setattr(licence, name, fields[name])
        licence.version += 1
        _must_name_own_shops(work, licence)
        work.record("licence.edited", licence, fields=changed)
        return licence


def submit_licence(desk: Desk, licence_id: UUID | str, version: int | None = None) -> Licence:
    """Hand a draft in for approval; its scope is complete."""
    with desk.begin(Permission.LICENCE_EDIT) as work:
        licence = held(work, Licence, licence_id, version)
        licence.move(LicenceMove.SUBMIT)
        agent = held(work, Agent, licence.agent_id, None)
        _must_be_complete(work, licence, agent)
        due = deadline(work, "licence_approval")
        licence.submitted_by, licence.approval_due_at = desk.actor.id, due.at
        licence.reason = ""
        work.record("licence.submitted", licence, rule=due.version)
        return licence


def approve_licence(desk: Desk, licence_id: UUID | str, version: int | None = None) -> Licence:
    """Put a licence in force, by another person than handed it in, and issue its badges."""
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        licence = held(work, Licence, licence_id, version)
        licence.move(LicenceMove.APPROVE)
        must_be_another(work, licence.submitted_by, licence.title)
        agent = held(work, Agent, licence.agent_id, None)
        proofs = papers_on_file(papers_of(work, agent), china_day(work.at))
        missing = [paper for paper in Paper if paper not in proofs]
        if missing:
            raise Conflict("channel.papers_missing", number=licence.number, papers=missing)
        licence.papers = {paper.value: proofs[paper].sha256 for paper in Paper}
        shops = _must_be_complete(work, licence, agent)
        licence.approved_by, licence.approved_at = desk.actor.id, work.at
        licence.approval_due_at = None
        tell(
            work,
            LogKind.LICENCE_APPROVED,
            licence,
            agreement_no=licence.agreement_no,
            products=licence.products,
            provinces=licence.provinces,
        )
        if agent.state is AgentState.ELIGIBLE:
            agent.move(AgentMove.LICENCE_ACTIVE)
            work.record("agent.active", agent, licence=licence.number)
        request_badges(work, licence, shops)
    finish_badges(desk, licence_id=licence.id)
    return licence


def approve_licences(desk: Desk, licence_ids: Sequence[UUID]) -> list[Done]:
    """Approve several, each by itself: one that is refused leaves the others approved."""
    if len(licence_ids) > LONGEST_PAGE:
        raise Invalid("channel.too_many", most=LONGEST_PAGE)
    done: list[Done] = []
    for licence_id in dict.fromkeys(licence_ids):
        try:
            approve_licence(desk, licence_id)
            done.append(Done(licence_id))
        except Refusal as no:
            done.append(Done(licence_id, no))
    return done


def return_licence(
    desk: Desk, licence_id: UUID | str, *, reason: str, version: int | None = None
) -> Licence:
    """Give a licence back to whoever drafted it, with what is wrong."""
    _must_say_why(reason)
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        licence = held(work, Licence, licence_id, version)
        licence.move(LicenceMove.RETURN)
        licence.reason, licence.approval_due_at = reason.strip(), None
        work.record("licence.returned", licence, reason=reason.strip())
        return licence


def suspend_licence(
    desk: Desk, licence_id: UUID | str, *, reason: str, remedy: str, version: int | None = None
) -> Licence:
    """Stop a licence and its badges; the agent is told why and where to appeal (law art. 32)."""
    if not (reason.strip() and remedy.strip()):
        raise Invalid("channel.reason_and_remedy")
    with desk.begin(Permission.LICENCE_EDIT) as work:
        licence = held(work, Licence, licence_id, version)
        licence.remedy = remedy.strip()
        change(work, licence, LicenceMove.SUSPEND, reason)
        return licence


def resume_licence(
    desk: Desk, licence_id: UUID | str, *, proof: str, version: int | None = None
) -> Licence:
    """The cause is gone: the licence and its badges hold again."""
    _must_say_why(proof)
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        licence = held(work, Licence, licence_id, version)
        agent = held(work, Agent, licence.agent_id, None)
        change(work, licence, LicenceMove.RESUME, proof)
        if agent.state is not AgentState.ACTIVE:
            raise Conflict("channel.agent_not_active", agent_no=agent.agent_no, state=agent.state)
        if licence.ends_on < china_day(work.at):
            raise Conflict("channel.licence_over", number=licence.number)
        licence.reason = licence.remedy = ""
        licence.revocation_asked_by = None
    finish_badges(desk, licence_id=licence.id)
    return licence


def terminate_licence(
    desk: Desk,
    licence_id: UUID | str,
    *,
    reason: str,
    is_handed_back: bool,
    version: int | None = None,
) -> Licence:
    """End a licence by agreement; cards are recovered and users' data handed back."""
    _must_say_why(reason)
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        licence = held(work, Licence, licence_id, version)
        if not is_handed_back:
            raise Conflict("channel.hand_back_first", agent_no=licence.number)
        end(work, licence, LicenceMove.TERMINATE, reason)
        return licence


def revoke_licence(
    desk: Desk, licence_id: UUID | str, *, reason: str, remedy: str, version: int | None = None
) -> Licence:
    """Cancel a delegation (004-3.3-e). The first of two approvers asks; the second does it.

    The licence, its badges and, with the last licence, the agent change in one transaction.
    """
    if not (reason.strip() and remedy.strip()):
        raise Invalid("channel.reason_and_remedy")
    with desk.begin(Permission.LICENCE_REVOKE) as work:
        licence = held(work, Licence, licence_id, version)
        if LicenceMove.REVOKE not in licence.open_moves():
            licence.move(LicenceMove.REVOKE)
        if licence.revocation_asked_by is None:
            licence.revocation_asked_by = desk.actor.id
            licence.reason, licence.remedy = reason.strip(), remedy.strip()
            licence.version += 1
            work.record("licence.revocation_asked", licence, reason=reason.strip())
            return licence
        must_be_another(work, licence.revocation_asked_by, licence.title)
        licence.remedy = remedy.strip()
        end(work, licence, LicenceMove.REVOKE, reason)
        return licence


def withdraw_revocation(desk: Desk, licence_id: UUID | str) -> Licence:
    """Take back what a first approver has asked for."""
    with desk.begin(Permission.LICENCE_REVOKE) as work:
        licence = held(work, Licence, licence_id, None)
        if licence.revocation_asked_by is None:
            raise Conflict("channel.nothing_asked", agent_no=licence.number)
        licence.revocation_asked_by = None
        licence.version += 1
        work.record("licence.revocation_withdrawn", licence)
        return licence


def list_licences(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    q: str = "",
    *,
    state: LicenceState | None = None,
    province: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[Licence]:
    """Licences that the actor may know of, by the beginning of their number; latest first."""
    with desk.begin(Permission.LICENCE_READ) as work:
        query = work.select(Licence)
        if state is not None:
            query = query.where(Licence.state == state)
        if province is not None:
            query = query.where(Licence.province == province)
        if words := q.strip().upper():
            mark = words if words.startswith("L-") else f"L-{words}"
            query = query.where(col(Licence.number).startswith(mark, autoescape=True))
        return work.slice(query, Order.by(Licence.id), after, limit)


def licence_record(desk: Desk, licence_id: UUID | str) -> LicenceRecord:
    with desk.begin(Permission.LICENCE_READ) as work:
        licence = work.get(Licence, licence_id)
        named = [UUID(one) for one in licence.shop_ids]
        shops = work.select(AuthorisedShop).where(col(AuthorisedShop.id).in_(named))
        badges = work.select(Badge).where(Badge.licence_id == licence.id)
        return LicenceRecord(
            licence=licence,
            agent=work.get(Agent, licence.agent_id),
            shops=work.all(shops),
            badges=work.all(badges.order_by(col(Badge.id).desc())),
            deeds=history(work, licence),
        )


def licence_numbered(desk: Desk, number: str) -> Licence:
    """By its number, as people write it on a command line."""
    with desk.begin(Permission.LICENCE_READ) as work:
        wanted = number.strip().upper()
        return work.one(work.select(Licence).where(Licence.number == wanted), Licence)


def _must_say_why(reason: str) -> None:
    if not reason.strip():
        raise Invalid("channel.reason_needed")


def _must_be_sound(form: LicenceForm) -> None:
    if form.begins_on > form.ends_on:
        raise Invalid("channel.ends_before_it_begins")
    for code in form.provinces:
        if code not in provinces():
            raise Invalid("staff.bad_province", province=code)


def _must_be_licensable(agent: Agent) -> None:
    if agent.state not in _MAY_BE_LICENSED:
        raise Conflict("channel.agent_not_admitted", agent_no=agent.agent_no, state=agent.state)


def _must_name_own_shops(work: Work, licence: Licence) -> list[AuthorisedShop]:
    """The live shops that it names; Invalid when one is not the agent's."""
    named = {UUID(one) for one in licence.shop_ids}
    shops = work.session.exec(
        select(AuthorisedShop).where(
            col(AuthorisedShop.id).in_(named),
            AuthorisedShop.agent_id == licence.agent_id,
            col(AuthorisedShop.ended_at).is_(None),
        )
    ).all()
    if len(shops) < len(named):
        raise Invalid("channel.not_the_agents_shop", number=licence.number)
    return list(shops)


def _must_be_complete(work: Work, licence: Licence, agent: Agent) -> list[AuthorisedShop]:
    """The guard of 4.4 `submit`, asked again at approval: scope complete, agent in order."""
    _must_be_licensable(agent)
    empty = [name for name in ("products", "provinces", "shop_ids") if not getattr(licence, name)]
    if empty:
        raise Conflict("channel.scope_incomplete", number=licence.number, field=empty[0])
    until, today = agent.business_licence_until, china_day(work.at)
    if until is not None and licence.ends_on > until:
        raise Conflict(
            "channel.beyond_business_licence", number=licence.number, until=until.isoformat()
        )
    if licence.ends_on < today:
        raise Conflict("channel.licence_over", number=licence.number)
    return _must_name_own_shops(work, licence)
