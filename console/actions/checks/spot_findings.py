"""What a spot check finds: of the shop, and of the batch whose cards are sold on.

A finding rests on a sheet of the check and on the reads as their devices signed them. The tokens
lie in the store under the very hash that the check names; those of identity documents stay sealed
with the check and go with its raw reads: of them the sheet has hash, time and device alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.found import Sighting, add_finding
from console.actions.cards.industry.places import own_batches
from console.actions.channel.numbers import next_numbers
from console.actions.checks.card_trace import CardTrace
from console.actions.deadlines import deadline
from console.actions.patrol.packs import MADE
from console.actions.patrol.shops import move_shop
from console.actions.patrol.weighing import weigh
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.canonical import canonical
from models.cards.monitoring import FoundBy, UsageFinding
from models.cards.numbers import card_number
from models.channel.licences import Ground
from models.channel.shops import AuthorisedShop
from models.checks.judging import RULES_VERSION, Answer, CheckRule, gravest
from models.checks.reads import CardRead, ReadKind, ReadState
from models.checks.spot_checks import SpotCheck
from models.checks.test_purchases import TestPurchase
from models.checks.traces import TraceGround
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop, ShopMove
from models.rules import FindingKind, FindingRule, china_day, package_rules
from models.staff import CARRIERS, Organisation, OrganisationKind

SHEET: Final = "channel-spot-check/1"
BASIS: Final = "spot_check"
_COMES_BACK: Final = timedelta(days=365)
_GROUNDS: Final[Mapping[FindingKind, Ground]] = {
    FindingKind.IOT_CARD_ONLINE: Ground.INDUSTRY_CARD,
    FindingKind.NO_DELEGATION: Ground.NO_DELEGATION,
    FindingKind.SCOPE_EXCEEDED: Ground.OUT_OF_SCOPE,
}
"""All others are about the way that the rules lay down for an order (004-3.2)."""
_BY_TRACE: Final[Mapping[TraceGround, Ground]] = {
    TraceGround.NOT_BEGUN: Ground.NOT_BEGUN,
    TraceGround.EXPIRED: Ground.EXPIRED,
    TraceGround.NOT_IN_FORCE: Ground.NOT_IN_FORCE,
}


@dataclass(frozen=True, slots=True)
class Made:
    finding: Finding | None
    usage: Sequence[UsageFinding]


def find(  # noqa: PLR0913, PLR0917 - what a check comes to
    desk: Desk,
    work: Work,
    row: SpotCheck,
    answers: Sequence[Answer],
    traces: Sequence[CardTrace],
    reads: Sequence[CardRead],
) -> Made:
    """Findings of what failed: one of the shop, where there is one, and of each industry card."""
    evidence = _evidence(desk, work, row, answers, reads)
    usage = [_sold_on(work, row, trace, evidence) for trace in traces if trace.is_industry]
    kind = gravest(answers)
    shop = patrolled(work, row)
    if kind is None or shop is None:
        return Made(None, usage)
    false = [one.as_row() for one in answers if one.ok is False]
    ground = _ground(kind, answers)
    return Made(_found(work, row, shop, kind, ground, {"answers": false}, evidence), usage)


def find_service_given(desk: Desk, work: Work, row: SpotCheck) -> Finding | None:
    """Nobody could tell who it was, and service was given all the same (004-1-b)."""
    shop = patrolled(work, row)
    if shop is None:
        return None
    answer = Answer(CheckRule.ASKED_IDENTITY, ok=False, facts={"result": row.result})
    evidence = _evidence(desk, work, row, [answer], reads_of(work, row))
    finding = _found(
        work, row, shop, FindingKind.NO_REGISTRATION, Ground.ROUTE_NOT_KEPT,
        {"answers": [answer.as_row()]}, evidence,
    )  # fmt: skip
    row.finding_id = row.finding_id or finding.id
    return finding


def reads_of(work: Work, row: SpotCheck) -> Sequence[CardRead]:
    """What counts of a check, in the order in which it came."""
    return work.session.exec(
        select(CardRead)
        .where(CardRead.check_id == row.id, CardRead.state == ReadState.ACCEPTED)
        .order_by(col(CardRead.id))
    ).all()


def patrolled(work: Work, row: SpotCheck) -> Shop | None:
    """The shop as the carrier's patrols know it; made where none has been there yet."""
    if row.shop_id is None:
        bought = work.session.get(TestPurchase, row.purchase_id) if row.purchase_id else None
        return work.session.get(Shop, bought.shop_id) if bought and bought.shop_id else None
    own = work.session.get_one(AuthorisedShop, row.shop_id)
    known = select(Shop).where(
        Shop.organisation_id == row.carrier_id,
        Shop.platform == own.platform,
        Shop.shop_key == own.shop_key,
    )
    found = work.session.exec(known.with_for_update()).first()
    return found or _patrolled(work, row, own)


def _patrolled(work: Work, row: SpotCheck, own: AuthorisedShop) -> Shop:
    owner = work.session.get_one(Organisation, row.carrier_id)
    shop = work.add(
        Shop(
            organisation_id=owner.id,
            platform=own.platform,
            shop_key=own.shop_key,
            name=own.name,
            url=own.url,
            platform_home=_home(work, own.platform),
            card_home=owner.province if owner.kind in CARRIERS else None,
            agent_id=own.agent_id,
            first_seen_at=work.at,
            last_seen_at=work.at,
        )
    )
    work.session.flush()
    # It is an agent's by the register; what was found speaks of how it sells.
    move_shop(work, shop, ShopMove.MATCH_LICENCE, check=row.number)
    return shop


def _home(work: Work, platform: str) -> str | None:
    return work.session.exec(
        select(Organisation.province).where(
            Organisation.code == platform, Organisation.kind == OrganisationKind.PLATFORM
        )
    ).first()


def _ground(kind: FindingKind, answers: Sequence[Answer]) -> Ground:
    if kind is not FindingKind.NO_DELEGATION:
        return _GROUNDS.get(kind, Ground.ROUTE_NOT_KEPT)
    named = {one for answer in answers for one in answer.facts.get("grounds", ())}
    said = (ground for trace, ground in _BY_TRACE.items() if trace.value in named)
    return next(said, Ground.NO_DELEGATION)


def _found(  # noqa: PLR0913, PLR0917 - what a finding says
    work: Work,
    row: SpotCheck,
    shop: Shop,
    kind: FindingKind,
    ground: Ground,
    facts: Mapping[str, Any],
    evidence: Sequence[Digest],
) -> Finding:
    owner = work.session.get_one(Organisation, row.carrier_id)
    rule = package_rules().finding(kind)
    due = deadline(work, "finding_review")
    finding = work.add(
        Finding(
            number=_number(work),
            organisation_id=owner.id,
            check_id=row.id,
            shop_id=shop.id,
            platform=shop.platform,
            platform_home=shop.platform_home,
            card_home=shop.card_home,
            kind=kind,
            ground=ground,
            tier=rule.tier_for(is_reseller=owner.kind is OrganisationKind.RESELLER),
            rule_version=due.version,
            basis=BASIS,
            facts={"check": row.number, **_of_rule(rule), **facts},
            listing_ids=[],
            evidence=list(evidence),
            found_by=row.assignee_id,
            look_due_at=due.at,
            previous_id=_previous(work, shop, kind),
            created_at=work.at,
        )
    )
    work.session.flush()
    weigh(work, finding, ())
    work.record(
        "finding.found", finding, ground=ground.value, kind=kind.value, basis=BASIS,
        check=row.number,
    )  # fmt: skip
    return finding


def _number(work: Work) -> str:
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"findings:{year}")
    return f"FD-{year}-{serial:06d}"


def _of_rule(rule: FindingRule) -> Mapping[str, Any]:
    """What a finding of the kind has to lead to, and whether anybody has a choice."""
    outcomes = [one.value for one in rule.outcomes]
    return {"outcomes": outcomes, "cannot_be_lowered": rule.cannot_be_lowered}


def _previous(work: Work, shop: Shop, kind: FindingKind) -> UUID | None:
    """The same kind closed within a year: what came back is graver (4.2)."""
    return work.session.exec(
        select(Finding.id)
        .where(Finding.shop_id == shop.id, Finding.kind == kind)
        .where(Finding.state == FindingState.CLOSED)
        .where(col(Finding.created_at) >= work.at - _COMES_BACK)
        .order_by(col(Finding.id).desc())
        .limit(1)
    ).first()


def _sold_on(
    work: Work, row: SpotCheck, trace: CardTrace, evidence: Sequence[Digest]
) -> UsageFinding:
    """A card of a batch that somebody could buy: its unit let it go (004-2.3-g)."""
    number = card_number(trace.iccid)
    batch = own_batches(work, [number])[number]
    facts: dict[str, Any] = {"who": f"{row.number} {row.platform}".strip(), "said": row.subject}
    seen = Sighting(
        FoundBy.SPOT_CHECK,
        FindingKind.IOT_RESALE,
        china_day(row.created_at),
        china_day(work.at),
        number,
        facts=facts,
        evidence=evidence,
        source_id=row.id,
        reported_by=row.assignee_id,
    )
    made = add_finding(work, batch, seen)
    work.session.flush()
    return made


def _evidence(
    desk: Desk, work: Work, row: SpotCheck, answers: Sequence[Answer], reads: Sequence[CardRead]
) -> list[Digest]:
    """The sheet of a check and the tokens of its cards, as one manifest."""
    store = desk.house.evidence
    tokens = [one for one in reads if one.kind is not ReadKind.ID and one.token]
    sheet = canonical(_sheet(work, row, answers, reads))
    digests = store.keep_many([sheet, *(one.token for one in tokens)])
    names = ["check.json", *(f"read-{one.seq}.jws" for one in tokens)]
    sizes = [len(sheet), *(len(one.token) for one in tokens)]
    files = [
        {"name": name, "bytes": size, "sha256": digest}
        for name, size, digest in zip(names, sizes, digests, strict=True)
    ]
    return [store.keep(canonical({"format": MADE, "subject": row.number, "files": files}))]


def _sheet(
    work: Work, row: SpotCheck, answers: Sequence[Answer], reads: Sequence[CardRead]
) -> Mapping[str, Any]:
    """The check in words that a third party can follow; nothing of a person."""
    return {
        "format": SHEET,
        "check": row.number,
        "subject": row.subject,
        "platform": row.platform,
        "purpose": row.purpose.value,
        "basis": row.basis,
        "rules": RULES_VERSION,
        "compared_at": work.at.isoformat(),
        "result": row.result.value if row.result else None,
        "order": row.order,
        "answers": [one.as_row() for one in answers],
        "reads": [
            {
                "sha256": one.sha256,
                "kind": one.kind.value,
                "seq": one.seq,
                "chain": one.chain.value,
                "captured_at": one.captured_at.isoformat(),
                "received_at": one.received_at.isoformat(),
                "iccid": one.iccid,
                "fault": one.fault,
                "receipt": one.receipt,
            }
            for one in reads
        ],
    }
