"""Licences: drafted by one, approved by another, and what ends with them (DOMAIN 4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.announce import tell
from console.actions.channel.badges import finish_badges, request_badges
from console.actions.channel.endings import change, end
from console.actions.channel.held import Done, each, held, must_be_another, must_say_why
from console.actions.channel.numbers import licence_numbers
from console.actions.channel.papers import papers_of
from console.actions.channel.scopes import (
    MAY_BE_LICENSED,
    LicenceForm,
    must_be_sound,
    must_stand,
    shops_of_its_own,
)
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.agents import Agent, AgentMove, AgentState
from models.channel.badges import Badge
from models.channel.licences import Licence, LicenceMove, LicenceState, Paper
from models.channel.log import LogKind
from models.channel.papers import papers_on_file
from models.channel.shops import AuthorisedShop
from models.channel.tellings import Telling
from models.channel.versions import LicenceVersion, VersionState
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day
from models.staff import Organisation

_LONGEST_AHEAD: Final = 3_660
"""Days, of a filter."""


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    licence: Licence
    agent: Agent
    shops: Sequence[AuthorisedShop]
    """Those that it names, ended ones included."""
    badges: Sequence[Badge]
    versions: Sequence[LicenceVersion]
    """Oldest first."""
    tellings: Sequence[Telling]
    renewals: Sequence[Licence]
    """Those that go on behind it."""
    renewed: Licence | None
    """The one that it goes on behind."""
    missing: Sequence[Paper]
    """What the agent has not on file today, of a licence that is not approved yet."""
    deeds: Sequence[AuditEntry]

    @property
    def pending(self) -> LicenceVersion | None:
        """The change of scope that waits for approval."""
        waits = (one for one in self.versions if one.state is VersionState.PENDING)
        return next(waits, None)


def draft_licence(desk: Desk, agent_id: UUID | str, form: LicenceForm) -> Licence:
    """A draft under a number of its own; its scope may still be incomplete."""
    must_be_sound(form)
    with desk.begin(Permission.LICENCE_EDIT) as work:
        return drafted(work, held(work, Agent, agent_id, None), form)


def drafted(work: Work, agent: Agent, form: LicenceForm, renewed: Licence | None = None) -> Licence:
    if agent.state not in MAY_BE_LICENSED:
        raise Conflict("channel.agent_not_admitted", agent_no=agent.agent_no, state=agent.state)
    carrier = work.session.get_one(Organisation, agent.carrier_id)
    (number,) = licence_numbers(work, carrier, agent.province)
    licence = Licence(
        number=number,
        carrier_id=agent.carrier_id,
        agent_id=agent.id,
        province=agent.province,
        predecessor_id=renewed.id if renewed else None,
        created_at=work.at,
        **form.columns(),  # pyright: ignore[reportArgumentType] - columns by name
    )
    _must_name_own_shops(work, agent, licence)
    work.add(licence)
    facts = {"renews": renewed.number} if renewed else {}
    work.record("licence.drafted", licence, agent_no=agent.agent_no, **facts)
    return licence


def edit_licence(
    desk: Desk, licence_id: UUID | str, form: LicenceForm, version: int | None = None
) -> Licence:
    """Change a draft."""
    must_be_sound(form)
    with desk.begin(Permission.LICENCE_EDIT) as work:
        licence = held(work, Licence, licence_id, version)
        if licence.state is not LicenceState.DRAFT:
            raise Conflict("channel.licence_not_draft", number=licence.number)
        fields = form.columns()
        changed = sorted(name for name, value in fields.items() if getattr(licence, name) != value)
        if not changed:
            return licence
        for name in changed:
            setattr(licence, name, fields[name])
        licence.version += 1
        _must_name_own_shops(work, work.session.get_one(Agent, licence.agent_id), licence)
        work.record("licence.edited", licence, fields=changed)
        return licence


def submit_licence(desk: Desk, licence_id: UUID | str, version: int | None = None) -> Licence:
    """Hand a draft in for approval; its scope is complete."""
    with desk.begin(Permission.LICENCE_EDIT) as work:
        return _submitted(work, held(work, Licence, licence_id, version))


def _submitted(work: Work, licence: Licence) -> Licence:
    licence.move(LicenceMove.SUBMIT)
    agent = held(work, Agent, licence.agent_id, None)
    stand = must_stand(work, agent, licence, licence.number, with_papers=False)
    agreement = stand.papers.get(Paper.AGREEMENT)
    if agreement is not None and not licence.agreement_no:
        licence.agreement_no = agreement.number
    is_renewal = licence.predecessor_id is not None
    due = deadline(work, "licence_renewal_review" if is_renewal else "licence_approval")
    licence.submitted_by, licence.approval_due_at = work.actor.id, due.at
    licence.reason = ""
    work.record("licence.submitted", licence, rule=due.version)
    return licence


def grant_licence(desk: Desk, agent_id: UUID | str, form: LicenceForm) -> Licence:
    """Draft a licence and hand it in, both or neither."""
    must_be_sound(form)
    with desk.begin(Permission.LICENCE_EDIT) as work:
        return _submitted(work, drafted(work, held(work, Agent, agent_id, None), form))


def grant_licences(desk: Desk, agent_ids: Sequence[UUID], form: LicenceForm) -> list[Done]:
    """The same scope for several agents, each with all of its own live shops."""
    must_be_sound(form)

    def grant(own: Desk, agent_id: UUID) -> UUID:
        with own.begin(Permission.LICENCE_EDIT) as work:
            agent = held(work, Agent, agent_id, None)
            shops = work.session.exec(
                select(AuthorisedShop.id)
                .where(AuthorisedShop.agent_id == agent.id)
                .where(col(AuthorisedShop.ended_at).is_(None))
                .order_by(col(AuthorisedShop.id))
            ).all()
            return _submitted(work, drafted(work, agent, replace(form, shop_ids=shops))).id

    return each(desk, Permission.LICENCE_EDIT, agent_ids, grant)


def approve_licence(desk: Desk, licence_id: UUID | str, version: int | None = None) -> Licence:
    """Put a licence in force, by another person than handed it in, and issue its badges.

    Shops that the licence it renews still has a badge for get theirs when that one ends.
    """
    with desk.begin(Permission.LICENCE_APPROVE) as work:
        licence = held(work, Licence, licence_id, version)
        licence.move(LicenceMove.APPROVE)
        must_be_another(work, licence.submitted_by, licence.title)
        agent = held(work, Agent, licence.agent_id, None)
        stand = must_stand(work, agent, licence, licence.number, with_papers=True)
        licence.papers = stand.digests
        licence.approved_by, licence.approved_at = desk.actor.id, work.at
        licence.approval_due_at = None
        first = LicenceVersion.of(licence, licence.scope_version, work.at)
        first.state, first.asked_by = VersionState.IN_FORCE, licence.submitted_by
        first.decided_by, first.decided_at = desk.actor.id, work.at
        work.add(first)
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
        request_badges(work, licence, stand.shops)
    finish_badges(desk, licence_id=licence.id)
    return licence


def approve_licences(desk: Desk, licence_ids: Sequence[UUID]) -> list[Done]:
    """Approve several, each by itself: one that is refused leaves the others approved."""
    return each(
        desk, Permission.LICENCE_APPROVE, licence_ids, lambda own, one: approve_licence(own, one).id
    )


def return_licence(
    desk: Desk, licence_id: UUID | str, *, reason: str, version: int | None = None
) -> Licence:
    """Give a licence back to whoever drafted it, with what is wrong."""
    must_say_why(reason)
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
    must_say_why(proof)
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
    must_say_why(reason)
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

    The licence, its badges, with the last licence the agent, the list and what the platforms are
    told change in one transaction.
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
    ends_within: int | None = None,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Licence]:
    """Licences that the actor may know of, by the beginning of their number; latest first.

    `ends_within` so many days leaves those in force that run out by then.
    """
    with desk.begin(Permission.LICENCE_READ) as work:
        query = work.select(Licence)
        if state is not None:
            query = query.where(Licence.state == state)
        if province is not None:
            query = query.where(Licence.province == province)
        if ends_within is not None:
            today = china_day(work.at)
            last = today + timedelta(days=min(max(ends_within, 0), _LONGEST_AHEAD))
            query = query.where(col(Licence.ends_on).between(today, last))
            query = query.where(Licence.state == LicenceState.ACTIVE)
        if words := q.strip().upper():
            mark = words if words.startswith("L-") else f"L-{words}"
            query = query.where(col(Licence.number).startswith(mark, autoescape=True))
        return work.slice(query, order or Order.by(Licence.id), after, limit)


def licence_record(desk: Desk, licence_id: UUID | str) -> LicenceRecord:
    with desk.begin(Permission.LICENCE_READ) as work:
        licence = work.get(Licence, licence_id)
        agent = work.get(Agent, licence.agent_id)
        named = [UUID(one) for one in licence.shop_ids]
        shops = work.select(AuthorisedShop).where(col(AuthorisedShop.id).in_(named))
        badges = work.select(Badge).where(Badge.licence_id == licence.id)
        versions = work.select(LicenceVersion).where(LicenceVersion.licence_id == licence.id)
        told = work.select(Telling).where(Telling.licence_id == licence.id)
        renewals = work.select(Licence).where(Licence.predecessor_id == licence.id)
        renewed = work.select(Licence).where(Licence.id == licence.predecessor_id)
        return LicenceRecord(
            licence=licence,
            agent=agent,
            shops=work.all(shops),
            badges=work.all(badges.order_by(col(Badge.id).desc())),
            versions=work.all(versions.order_by(col(LicenceVersion.number))),
            tellings=work.all(told.order_by(col(Telling.id).desc())),
            renewals=work.all(renewals.order_by(col(Licence.id).desc())),
            renewed=next(iter(work.all(renewed)), None),
            missing=_missing(work, agent, licence),
            deeds=history(work, licence),
        )


def _missing(work: Work, agent: Agent, licence: Licence) -> list[Paper]:
    is_own = work.actor.is_house or licence.carrier_id in work.actor.carriers
    if not is_own or licence.state not in {LicenceState.DRAFT, LicenceState.PENDING_APPROVAL}:
        return []
    proofs = papers_on_file(papers_of(work, agent), china_day(work.at))
    return [paper for paper in Paper if paper not in proofs]


def licence_numbered(desk: Desk, number: str) -> Licence:
    """By its number, as people write it on a command line."""
    with desk.begin(Permission.LICENCE_READ) as work:
        wanted = number.strip().upper()
        return work.one(work.select(Licence).where(Licence.number == wanted), Licence)


def _must_name_own_shops(work: Work, agent: Agent, licence: Licence) -> None:
    """Invalid when a shop is not the agent's, or has ended."""
    if len(shops_of_its_own(work, agent, licence)) < len(licence.shop_ids):
        raise Invalid("channel.not_the_agents_shop", number=licence.number)
