"""Who had a part in it: named, heard, and with the share of each (003-11.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.hands import note_hand
from console.actions.cases.orders import head_of
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cases.cases import Case, CaseState
from models.cases.parties import CaseParty, PartyRole
from models.channel.agents import Agent
from models.formats import Fault, check_uscc
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid

MOST_PARTIES: Final = 20
LONGEST_STATEMENT: Final = 4000
LONGEST_FACTOR: Final = 1000
LONGEST_NAME: Final = 200
_BEFORE: Final = (CaseState.OPENED, CaseState.INVESTIGATING)
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Factors:
    """What responsibility is weighed by (003-11.1-1)."""

    nature: str = ""
    circumstance: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class PartyForm:
    role: PartyRole
    name: str
    uscc: str = ""
    factors: Factors = Factors()


def first_parties(work: Work, case: Case, shop: Shop) -> None:
    """The shop answers for it until more is known; the agent whose shop it is does with it."""
    agent = work.session.get(Agent, shop.agent_id) if shop.agent_id else None
    role = PartyRole.AGENT if agent else PartyRole.SHOP
    work.add(
        CaseParty(
            case_id=case.id,
            role=role,
            name=(agent.name if agent else shop.name)[:LONGEST_NAME],
            uscc=agent.uscc if agent else "",
            agent_id=agent.id if agent else None,
            share=_WHOLE,
        )
    )


def parties_of(work: Work, case: Case) -> Sequence[CaseParty]:
    """Of a case that the actor was given; those taken off are left out."""
    return work.session.exec(
        select(CaseParty)
        .where(CaseParty.case_id == case.id, col(CaseParty.removed_at).is_(None))
        .order_by(col(CaseParty.id))
    ).all()


def add_party(desk: Desk, case_id: UUID | str, form: PartyForm) -> CaseParty:
    """One more; its share is set with those of the others."""
    name = form.name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("case.words_needed", field="name", most=LONGEST_NAME)
    must_name_nobodys_number(desk, name)
    factors, uscc = _weighed(desk, form.factors), _uscc(form.uscc)
    with desk.begin(Permission.CASE_OPEN) as work:
        case = _investigated(work, case_id)
        if len(parties_of(work, case)) >= MOST_PARTIES:
            raise Conflict("case.too_many_parties", reference=case.reference, most=MOST_PARTIES)
        party = work.add(CaseParty(case_id=case.id, role=form.role, name=name, uscc=uscc))
        _weigh(party, factors)
        work.record("case.party_added", case, party=name, role=form.role.value)
        return party


def weigh_party(desk: Desk, party_id: UUID | str, factors: Factors) -> CaseParty:
    """Say by what its responsibility is weighed; what was said before is on record."""
    weighed = _weighed(desk, factors)
    with desk.begin(Permission.CASE_OPEN) as work:
        party = work.get(CaseParty, party_id)
        case = _investigated(work, party.case_id)
        note_hand(work, case)
        _weigh(party, weighed)
        work.record("case.party_weighed", case, party=party.name, **asdict(weighed))
        return party


def _weigh(party: CaseParty, factors: Factors) -> None:
    party.nature, party.circumstance = factors.nature, factors.circumstance
    party.result = factors.result


def _weighed(desk: Desk, factors: Factors) -> Factors:
    given = Factors(factors.nature.strip(), factors.circumstance.strip(), factors.result.strip())
    words = (given.nature, given.circumstance, given.result)
    if any(len(one) > LONGEST_FACTOR for one in words):
        raise Invalid("case.words_needed", field="factors", most=LONGEST_FACTOR)
    must_name_nobodys_number(desk, *words)
    return given


def hear_party(desk: Desk, party_id: UUID | str, statement: str) -> CaseParty:
    """Write down what they said, or why they could not be heard. Said again, it is replaced."""
    words = statement.strip()
    if not words or len(words) > LONGEST_STATEMENT:
        raise Invalid("case.words_needed", field="statement", most=LONGEST_STATEMENT)
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_OPEN) as work:
        party = work.get(CaseParty, party_id)
        case = _heard_in(work, party.case_id)
        note_hand(work, case)
        party.statement, party.heard_at, party.heard_by = words, work.at, work.actor.id
        work.record("case.party_heard", case, party=party.name, statement=words)
        return party


def set_shares(
    desk: Desk, case_id: UUID | str, shares: Mapping[UUID, int] | Mapping[str, int]
) -> Case:
    """Per cent of the responsibility for each party; together a hundred."""
    with desk.begin(Permission.CASE_OPEN) as work:
        case = _investigated(work, case_id)
        parties = {str(one.id): one for one in parties_of(work, case)}
        given = {str(key): share for key, share in shares.items()}
        if set(given) != set(parties):
            raise Invalid("case.shares_of_all", reference=case.reference)
        total = sum(given.values())
        if total != _WHOLE or not all(0 <= share <= _WHOLE for share in given.values()):
            raise Invalid("case.shares_not_whole", reference=case.reference, sum=total)
        for key, party in parties.items():
            party.share = given[key]
        told = {parties[key].name: share for key, share in given.items()}
        work.record("case.shares_set", case, shares=told)
        return case


def remove_party(desk: Desk, party_id: UUID | str, reason: str) -> Case:
    """It had no part after all. What was written of it stays on record."""
    words = reason.strip()
    if not words or len(words) > LONGEST_FACTOR:
        raise Invalid("case.words_needed", field="reason", most=LONGEST_FACTOR)
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_OPEN) as work:
        party = work.get(CaseParty, party_id)
        case = _investigated(work, party.case_id)
        if party.removed_at is not None:
            raise Conflict("case.party_gone", party=party.name)
        party.removed_at, party.share = work.at, 0
        work.record("case.party_removed", case, party=party.name, reason=words)
        return case


def _investigated(work: Work, case_id: UUID | str) -> Case:
    case = work.get(Case, case_id)
    if case.state not in _BEFORE or case.merged_into_id is not None:
        raise Conflict("case.not_investigated", reference=case.reference, state=case.state)
    return case


def _heard_in(work: Work, case_id: UUID) -> Case:
    """Those of a merged case are heard for the one that goes on."""
    case = work.get(Case, case_id)
    if case.merged_into_id is not None and head_of(work, case).state in _BEFORE:
        return case
    return _investigated(work, case_id)


def _uscc(text: str) -> str:
    if not text.strip():
        return ""
    found = check_uscc(text.strip())
    if isinstance(found, Fault):
        raise Invalid("case.bad_uscc", uscc=text.strip()[:18])
    return found.code
