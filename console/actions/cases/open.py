"""A case is opened on findings that a second look has confirmed (DOMAIN 4.9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.assigning import able_to, must_see_channels, to_own
from console.actions.cases.hands import note_hand
from console.actions.cases.notices.letters import AT_ONCE_KINDS
from console.actions.cases.orders import head_of
from console.actions.cases.parties import first_parties
from console.actions.cases.similar import former_case
from console.actions.cases.tiers import RULES, Escalated, escalated
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cases.cases import ENDED, Case, CaseMove, TierBasis
from models.cases.rectifications import (
    Rectification,
    RectificationIssue,
    RectificationState,
)
from models.formats import Fault, check_icp_filing
from models.patrol.findings import Finding, FindingMove, FindingState
from models.patrol.shops import SeenListing, Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import Tier, china_day, parameter
from models.search import sought_text
from models.staff import Organisation

MOST_FINDINGS: Final = 100
TO_VIOLATION: Final[Mapping[ShopState, tuple[ShopMove, ...]]] = {
    ShopState.DISCOVERED: (ShopMove.NO_MATCH, ShopMove.CONFIRM),
    ShopState.NOT_CARDS: (ShopMove.NO_MATCH, ShopMove.CONFIRM),
    ShopState.SUSPECTED: (ShopMove.CONFIRM,),
    ShopState.LICENSED: (ShopMove.FINDING,),
    ShopState.REMOVED: (ShopMove.RELISTED, ShopMove.CONFIRM),
    ShopState.CLOSED: (ShopMove.RELISTED, ShopMove.CONFIRM),
}
"""How a shop with a confirmed finding comes to be without delegation, or in breach of its own."""


def open_case(
    desk: Desk,
    finding_ids: Sequence[UUID | str],
    *,
    owner: UUID | str | None = None,
    unowned: bool = False,
) -> Case:
    """One case for all that was found at one shop, owned by whoever opens it or by another.

    An unowned one waits for a supervisor to give it to somebody.
    """
    with desk.begin(Permission.CASE_OPEN) as work:
        must_see_channels(work)
        findings = _confirmed(work, finding_ids)
        shop = work.get(Shop, findings[0].shop_id)
        _must_be_the_only_one(work, shop)
        case = work.add(_case_on(work, shop, findings))
        _give(work, case, owner, unowned=unowned)
        work.session.flush()
        first_parties(work, case, shop)
        work.record(
            "case.opened", case, findings=[one.number for one in findings], tier=case.tier.value,
            basis=case.tier_basis.value, former=str(case.former_id or ""), rules=_rules(work, case),
        )  # fmt: skip
        for finding in findings:
            finding.move(FindingMove.TO_CASE)
            finding.case_id = case.id
            work.record("finding.in_case", finding, case=case.reference)
        for move in TO_VIOLATION.get(shop.state, ()):
            shop.move(move)
            work.record("shop.moved", shop, move=move.value, case=case.reference)
        return case


def _give(work: Work, case: Case, owner: UUID | str | None, *, unowned: bool) -> None:
    if unowned:
        due = deadline(work, "case_assignment")
    else:
        person = owner and able_to(work, case.organisation_id, owner, *to_own(case))
        case.owner_id = person.id if person else work.actor.id
        note_hand(work, case, case.owner_id)
        case.move(CaseMove.ASSIGN)
        due = deadline(work, "case_investigation")
    case.due_at, case.rule_version = due.at, due.version


def _rules(work: Work, case: Case) -> list[str]:
    """The rules by which it is graver than its findings."""
    if case.tier_basis not in {TierBasis.MINOR_REPEATED, TierBasis.GENERAL_REPEATED}:
        return []
    return [parameter(code, china_day(work.at)).version for code in RULES]


def _confirmed(work: Work, finding_ids: Sequence[UUID | str]) -> list[Finding]:
    wanted = sorted({str(one) for one in finding_ids})
    if not 1 <= len(wanted) <= MOST_FINDINGS:
        raise Invalid("case.choose_findings", most=MOST_FINDINGS)
    findings = [work.get(Finding, one) for one in wanted]
    for finding in findings:
        if finding.state is not FindingState.CONFIRMED and not _is_escalated(work, finding):
            raise Conflict("case.finding_not_confirmed", number=finding.number, state=finding.state)
        if finding.shop_id != findings[0].shop_id:
            raise Conflict(
                "case.findings_of_two_shops", first=findings[0].number, second=finding.number
            )
    return findings


def _is_escalated(work: Work, finding: Finding) -> bool:
    """It was to be put right and was not: its rectification notice has gone up (DOMAIN 4.12)."""
    if finding.state is not FindingState.RECTIFYING:
        return False
    escalated = work.session.exec(
        select(Rectification.id)
        .join(RectificationIssue, col(RectificationIssue.rectification_id) == col(Rectification.id))
        .where(RectificationIssue.finding_id == finding.id)
        .where(Rectification.state == RectificationState.ESCALATED)
    ).first()
    return escalated is not None


def _must_be_the_only_one(work: Work, shop: Shop) -> None:
    """The shop's row is held, so that two officers can't open two cases at the same moment."""
    others = work.session.exec(
        select(Case).where(Case.shop_id == shop.id, col(Case.state).not_in(ENDED))
    ).all()
    for other in others:
        head = head_of(work, other)
        if head.state not in ENDED:
            raise Conflict("case.open_already", reference=head.reference, shop=shop.name)


def _case_on(work: Work, shop: Shop, findings: Sequence[Finding]) -> Case:
    places = _jurisdictions(work, shop, findings)
    gravest = max(findings, key=lambda one: (one.tier.rank, one.kind in AT_ONCE_KINDS))
    grave, former = escalated(work, [shop], findings), former_case(work, shop)
    if former is not None and grave.tier is not Tier.SERIOUS:
        grave = Escalated(grave.tier.raised(), TierBasis.RELISTED)
    reference = case_reference(work)
    return Case(
        reference=reference,
        search_text=sought_text(reference, shop.name, shop.shop_key),
        organisation_id=shop.organisation_id,
        platform=shop.platform,
        shop_id=shop.id,
        shop_name=shop.name,
        shop_key=shop.shop_key,
        agent_id=shop.agent_id,
        kind=gravest.kind,
        ground=gravest.ground,
        tier=grave.tier,
        tier_basis=grave.basis,
        former_id=former.id if former else None,
        created_at=work.at,
        platform_home=places.platform_home,
        card_home=places.card_home,
        filing_place=places.filing_place,
    )


def case_reference(work: Work) -> str:
    """`CASE-2026-000017`, by the year that it is in China."""
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"cases:{year}", 1)
    return f"CASE-{year}-{serial:06}"


@dataclass(frozen=True, slots=True)
class _Places:
    platform_home: str | None
    card_home: str | None
    filing_place: str | None


def _jurisdictions(work: Work, shop: Shop, findings: Sequence[Finding]) -> _Places:
    """The three routers of notice 182 三(四): whose administrations see the case."""
    platform = work.session.exec(
        select(Organisation.province).where(Organisation.code == shop.platform)
    ).first()
    carrier = work.session.get_one(Organisation, shop.organisation_id).province
    platforms = (shop.platform_home, *(one.platform_home for one in findings), platform)
    homes = (shop.card_home, *(one.card_home for one in findings), carrier)
    return _Places(
        next(filter(None, platforms), None),
        next(filter(None, homes), None),
        _filing_place(work, findings),
    )


def _filing_place(work: Work, findings: Sequence[Finding]) -> str | None:
    """The province of the ICP filing number that the site itself shows."""
    listing_ids = [UUID(one) for finding in findings for one in finding.listing_ids]
    listings = work.all(work.select(SeenListing).where(col(SeenListing.id).in_(listing_ids)))
    for listing in listings:
        for value in _strings(listing.fields):
            filing = check_icp_filing(value)
            if not isinstance(filing, Fault):
                return filing.province.code
    return None


def _strings(fields: Mapping[str, Any]) -> Iterator[str]:
    for value in fields.values():
        match value:
            case str():
                yield value
            case dict():
                yield from _strings(value)  # pyright: ignore[reportUnknownArgumentType]
            case _:
                continue
