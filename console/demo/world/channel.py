"""Agents, their papers and conditions, licences, authorised shops and badges."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from console.demo.cast import PAPER, PROOF
from console.demo.world.badges import Held, Seals, put_badge
from console.demo.world.editions import put_editions
from console.demo.world.files import put_papers
from console.demo.world.firms import Firm, Term, drawn_firms, nearby
from console.demo.world.made import MadeAgent, Outlet, Sheaf, World
from console.demo.world.names import firm, person, shop_of, uscc_of
from integrations.evidence import Digest
from models.channel.agents import Agent, AgentReason, AgentState, Blacklisted
from models.channel.licences import EXPIRY_WARNINGS, Licence, LicenceState, Paper, Product
from models.channel.log import LogKind
from models.channel.shops import AuthorisedShop
from models.channel.versions import LicenceVersion, VersionState
from models.formats import make_agent_number, make_licence_number
from models.rules import Calendar, china_day, end_of, parameter
from models.search import terms_of
from models.tokens import Shop, canonical_shop

_A, _L = AgentState, LicenceState
_SPREAD: Final = 7919
"""A prime, so that neighbours among the agents do not lie beside each other on a platform."""
PLATFORMS: Final = (
    "lanhai", "haiyun", "qingquan", "baihe", "fengye", "heyu", "jinsui", "nanqiao", "shanliu",
    "chunfan", "luming", "yanbo",
)  # fmt: skip
SHARES: Final = (22.0, 18.0, 9.0, 8.0, 8.0, 6.0, 6.0, 5.0, 6.0, 5.0, 4.0, 3.0)
"""How much of all selling goes on at each platform, in the order above."""
AtShop = tuple[UUID, Shop]
"""An authorised shop's row, and the shop."""
_PRODUCTS: Final = (
    [Product.VOICE_CARD.value, Product.DATA_CARD.value],
    [Product.VOICE_CARD.value],
    [Product.VOICE_CARD.value, Product.DATA_CARD.value, Product.BROADBAND_BUNDLE.value],
)
_ENDS: Final = {
    _L.SUSPENDED: LogKind.LICENCE_SUSPENDED, _L.REVOKED: LogKind.LICENCE_REVOKED,
    _L.TERMINATED: LogKind.LICENCE_TERMINATED, _L.EXPIRED: LogKind.LICENCE_EXPIRED,
}  # fmt: skip
_SUSPENDED: Final = "现场检查未见实名核验设备（示例）"
_REVOKED: Final = "虚假登记、批量开卡查实（示例）"
_ENDED: Final = "协议到期，双方不再续约（示例）"
_REMEDY: Final = "十五日内向渠道管理部书面申诉，附情况说明和整改材料（示例）"
_WHY: Final = {
    _L.SUSPENDED: _SUSPENDED, _L.REVOKED: _REVOKED, _L.TERMINATED: _ENDED, _L.EXPIRED: "",
}  # fmt: skip
"""Of an expired licence the last day says it all."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the rows of the channel have in common."""

    world: World
    sheaf: Sheaf
    seals: Seals
    numbers: Mapping[str, Iterator[int]]
    proofs: Mapping[str, str]
    """Of each paper of a licence the digest of a file in the store."""


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A firm that has its row."""

    firm: Firm
    id: UUID
    agent_no: str
    name: str
    serial: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A licence that has its row; what its version and badges take over."""

    id: UUID
    number: str
    asked_at: datetime
    approved_at: datetime | None
    by: tuple[UUID | None, UUID | None]
    scope: Mapping[str, Any]


def build(world: World) -> None:
    firms = drawn_firms(world)
    digest, proof = (world.house.evidence.keep(BytesIO(one)) for one in (PAPER, PROOF))
    with world.keeping("agents") as sheaf:
        seals = Seals.of(world)
        proofs = {paper.value: str(digest) for paper in Paper}
        desk = _Desk(world, sheaf, seals, world.reserve(_counted(firms)), proofs)
        for one in firms:
            _put_firm(desk, one, digest, proof)
            sheaf.breathe()
    seals.keep_told()
    put_editions(world)


def _counted(firms: Sequence[Firm]) -> Mapping[str, int]:
    counts = Counter[str](agents=len(firms))
    for one in firms:
        counts[_agents_of(one)] += 1
        counts.update(_licences_of(one, term) for term in one.terms)
    return counts


def _agents_of(one: Firm) -> str:
    return f"agents:{one.mark}-{one.province}-{china_day(one.applied_at).year}"


def _licences_of(one: Firm, term: Term) -> str:
    return f"licences:{one.mark}-{one.province}-{_asked_at(one, term).year}"


def _asked_at(one: Firm, term: Term) -> datetime:
    """When a licence was asked for: for the first year soon, for later ones a month ahead."""
    ahead = timedelta(days=2) if term is one.terms[0] else timedelta(days=30)
    begins = one.admitted_at + (term.begins_on - china_day(one.admitted_at))
    return max(begins - ahead, one.admitted_at)


def _put_firm(desk: _Desk, one: Firm, paper: Digest, proof: Digest) -> None:
    world = desk.world
    serial = next(desk.numbers["agents"])
    year = china_day(one.applied_at).year
    number = next(desk.numbers[_agents_of(one)])
    agent_no = make_agent_number(one.mark, one.province, year, number)
    name = firm(world.rng, one.province, serial)
    made = _Admitted(one, world.id_at(one.applied_at), agent_no, name, serial)
    _put_agent(desk, made)
    world.agents.append(
        MadeAgent(made.id, agent_no, name, one.carrier.id, one.carrier.code, one.province,
                  one.admitted_at, one.state)
    )  # fmt: skip
    if one.state not in {_A.DRAFT, _A.SUBMITTED, _A.REJECTED}:
        put_papers(world, desk.sheaf, made.id, one, paper, proof)
    if one.terms:
        _put_licences(desk, made)


def _put_agent(desk: _Desk, made: _Admitted) -> None:
    world, one = desk.world, made.firm
    representative, uscc = person(world.rng), uscc_of(made.serial)
    office = one.carrier.code == "CT-44"
    is_fit = one.state not in {_A.DRAFT, _A.SUBMITTED, _A.NEEDS_CORRECTION, _A.REJECTED}
    until = china_day(world.now) + timedelta(days=world.rng.randint(20, 3000))
    desk.sheaf.put(
        Agent, id=made.id, serial=made.serial, carrier_id=one.carrier.id, agent_no=made.agent_no,
        name=made.name, uscc=uscc, province=one.province, legal_representative=representative,
        contact=f"service{made.serial}@agent.example",
        business_licence_until=until if made.serial % 3 else None, is_realname_ready=is_fit,
        is_protection_ready=is_fit, state=one.state,
        submitted_by=world.people["chen.ming"] if office else None,
        reviewed_by=world.people["li.hua"] if office and is_fit else None,
        failures=int(one.state in {_A.NEEDS_CORRECTION, _A.REJECTED}), reasons=_reasons(world, one),
        remark=_SUSPENDED if one.state is _A.SUSPENDED else "",
        terms=terms_of(made.name, made.agent_no, uscc, representative), version=4,
        created_at=one.applied_at, **_review(one),
    )  # fmt: skip
    if one.state is _A.BLACKLISTED:
        desk.sheaf.put(
            Blacklisted, id=world.id_at(one.admitted_at), carrier_id=one.carrier.id, uscc=uscc,
            name=made.name, person=representative, reason=_REVOKED, source="示例通报",
            created_at=one.terms[-1].ended_at if one.terms else one.admitted_at,
        )  # fmt: skip


def _review(one: Firm) -> dict[str, Any]:
    """By when somebody looks at an application that waits."""
    if one.state is _A.DRAFT:
        return {}
    if one.state not in {_A.SUBMITTED, _A.VERIFYING, _A.NEEDS_CORRECTION}:
        return {"submitted_at": one.applied_at}
    due = parameter("verify_review", china_day(one.applied_at)).deadline(one.applied_at, Calendar())
    return {"submitted_at": one.applied_at, "review_due_at": due.at, "rule_version": due.version}


def _reasons(world: World, one: Firm) -> list[str]:
    if one.state not in {_A.NEEDS_CORRECTION, _A.REJECTED}:
        return []
    usual = (
        AgentReason.NOT_REALNAME_READY, AgentReason.NOT_PROTECTION_READY,
        AgentReason.LICENCE_FILE_MISSING, AgentReason.LEGAL_REPRESENTATIVE_DIFFERS,
    )  # fmt: skip
    return [world.rng.choice(usual).value]


def _put_licences(desk: _Desk, made: _Admitted) -> None:
    """Each year's licence with its scope, and the badges of the last two."""
    terms, shops = made.firm.terms, _put_shops(desk, made)
    before: UUID | None = None
    for at, term in enumerate(terms):
        licence = _put_licence(desk, made, term, shops, before)
        before = licence.id
        if licence.approved_at is not None:
            _put_in_force(desk, made, licence, term)
            _put_badges(desk, made, licence, term, shops if at >= len(terms) - 2 else ())


def _put_shops(desk: _Desk, made: _Admitted) -> Sequence[AtShop]:
    world, one = desk.world, made.firm
    ended = one.terms[-1].ended_at if one.state in {_A.EXITED, _A.BLACKLISTED} else None
    found: list[AtShop] = []
    for nth in range(1 + (world.rng.random() < 0.35)):  # noqa: PLR2004 - a third has a second shop
        (platform,) = world.rng.choices(PLATFORMS, SHARES)
        shop = canonical_shop(platform, str(100_000_000 + (made.serial * 2 + nth) * _SPREAD))
        row, name = world.id_at(one.admitted_at), shop_of(world.rng, made.name)
        desk.sheaf.put(
            AuthorisedShop, id=row, carrier_id=one.carrier.id, agent_id=made.id, platform=platform,
            shop_key=shop.id, name=name, province=one.province, created_at=one.admitted_at,
            url=f"https://{platform}.example/shop/{shop.id.removeprefix('shop:')}", ended_at=ended,
        )  # fmt: skip
        found.append((row, shop))
        if one.state is _A.ACTIVE:
            home = (world.agents[-1], Outlet(platform, shop.id, name))
            world.outlets.setdefault(one.carrier.id, []).append(home)
    return found


def _put_licence(
    desk: _Desk, made: _Admitted, term: Term, shops: Sequence[AtShop], before: UUID | None
) -> _Asked:
    world, one, asked = desk.world, made.firm, min(_asked_at(made.firm, term), desk.world.now)
    is_in = term.state not in {_L.DRAFT, _L.PENDING_APPROVAL}
    approved = min(asked + timedelta(days=1), world.now) if is_in else None
    serial = next(desk.numbers[_licences_of(one, term)])
    number = make_licence_number(one.mark, one.province, asked.year, serial)
    office = one.carrier.code == "CT-44"
    by = (world.people["chen.ming"], world.people["li.hua"]) if office else (None, None)
    scope = {
        "products": world.rng.choice(_PRODUCTS), "provinces": nearby(one.province),
        "shop_ids": [str(row) for row, _ in shops],
        "begins_on": term.begins_on, "ends_on": term.ends_on,
        "carrier_id": one.carrier.id, "province": one.province,
    }  # fmt: skip
    licence = _Asked(world.id_at(asked), number, asked, approved, by, scope)
    desk.sheaf.put(
        Licence, id=licence.id, number=number, agent_id=made.id, **scope,
        papers=dict(desk.proofs) if is_in else {}, agreement_no=f"XY-{asked.year}-{serial:06d}",
        predecessor_id=before, warned=_warned(world, term), state=term.state,
        submitted_by=None if term.state is _L.DRAFT else by[0],
        approval_due_at=_approval_due(asked) if term.state is _L.PENDING_APPROVAL else None,
        approved_by=by[1] if is_in else None, approved_at=approved,
        reason=_WHY[term.state] if term.ended_at else "",
        remedy=_REMEDY if term.ended_at else "", version=3, created_at=asked,
    )  # fmt: skip
    return licence


def _put_in_force(desk: _Desk, made: _Admitted, licence: _Asked, term: Term) -> None:
    """The scope that was approved, and what the log says of it and of its end."""
    world, approved = desk.world, licence.approved_at or licence.asked_at
    desk.sheaf.put(
        LicenceVersion, id=world.id_at(approved), licence_id=licence.id, number=1,
        **licence.scope, state=VersionState.IN_FORCE, asked_by=licence.by[0],
        asked_at=licence.asked_at, decided_by=licence.by[1], decided_at=approved,
    )  # fmt: skip
    facts = {
        "carrier": made.firm.carrier.code, "agent_no": made.agent_no, "licence_no": licence.number,
        "version": 1, "products": licence.scope["products"],
        "provinces": licence.scope["provinces"], "begins_on": term.begins_on.isoformat(),
        "ends_on": term.ends_on.isoformat(),
    }  # fmt: skip
    desk.seals.tell(LogKind.LICENCE_APPROVED, approved, facts)
    if term.state in _ENDS:
        desk.seals.tell(_ENDS[term.state], term.ended_at or end_of(term.ends_on), facts)


def _put_badges(
    desk: _Desk, made: _Admitted, licence: _Asked, term: Term, shops: Sequence[AtShop]
) -> None:
    approved = licence.approved_at or licence.asked_at
    reason = _WHY[term.state] if term.ended_at else ""
    for row, shop in shops:
        held = Held(
            made.firm.carrier, made.id, made.agent_no, licence.id, licence.number,
            made.firm.province, approved, term, row, shop, reason,
        )  # fmt: skip
        put_badge(desk.seals, desk.sheaf, held)


def _warned(world: World, term: Term) -> int:
    """The warning that went out last: the house would send all of them anew."""
    left = term.ends_on - china_day(world.now)
    return min((one.days for one in EXPIRY_WARNINGS if left <= one), default=0)


def _approval_due(asked: datetime) -> datetime:
    return parameter("licence_approval", china_day(asked)).deadline(asked, Calendar()).at
