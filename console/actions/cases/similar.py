"""Cases that may be about the same: looked for before one is opened, and before a merger."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from console.desk import Desk, Work
from models.cases.cases import Case, CaseState
from models.cases.measures import BY_PLATFORM, CaseMeasure, Measure, MeasureState
from models.cases.traces import TracedCard
from models.formats import Fault, check_iccid
from models.patrol.findings import Finding
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Invalid

MOST: Final = 20
"""Of each reason."""
MOST_FINDINGS: Final = 100
LEAST_SCORE: Final = 0.5
"""Of a link that nobody has judged."""
_MOST_SHOPS: Final = 200
_MOST_CARDS: Final = 500
_FIRST: Final = 19
_REMOVED: Final = tuple(one for one in BY_PLATFORM if one is not Measure.CORRECT)


class SimilarWhy(StrEnum):
    SAME_SHOP = "same_shop"
    RELISTED = "relisted"
    SAME_BATCH = "same_batch"
    SAME_CARDS = "same_cards"
    SAME_AGENT = "same_agent"
    SAME_OPERATOR = "same_operator"
    SAME_NAME = "same_name"


@dataclass(frozen=True, slots=True)
class Similar:
    case: Case
    why: Sequence[SimilarWhy]
    """The strongest first."""


@dataclass(frozen=True, slots=True)
class _Traits:
    """What another case may have in common."""

    organisation_id: UUID
    shop_id: UUID | None
    agent_id: UUID | None
    name: str
    cards: frozenset[str]
    batch_id: UUID | None = None


def similar_cases(desk: Desk, finding_ids: Sequence[UUID | str]) -> Sequence[Similar]:
    """Before a case is opened on these: others at the same shop, whatever became of them, of the
    same agent, name or operator, or with the same cards.
    """
    wanted = sorted({str(one) for one in finding_ids})
    if not 1 <= len(wanted) <= MOST_FINDINGS:
        raise Invalid("case.choose_findings", most=MOST_FINDINGS)
    with desk.begin(Permission.CASE_READ) as work:
        findings = [work.get(Finding, one) for one in wanted]
        shop = work.get(Shop, findings[0].shop_id)
        traits = _Traits(
            shop.organisation_id, shop.id, shop.agent_id, shop.name, _cards_shown(work, findings)
        )
        return _similar(work, traits)


def similar_to_case(desk: Desk, case_id: UUID | str) -> Sequence[Similar]:
    """What may go on in this case, or this one in."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        cards = work.session.exec(
            select(TracedCard.iccid).where(TracedCard.case_id == case.id).limit(_MOST_CARDS)
        ).all()
        traits = _Traits(
            case.organisation_id, case.shop_id, case.agent_id, case.shop_name, frozenset(cards),
            case.industry_batch_id,
        )  # fmt: skip
        return [one for one in _similar(work, traits) if one.case.id != case.id]


def _similar(work: Work, traits: _Traits) -> list[Similar]:
    found = dict[UUID, Case]()
    why = dict[UUID, list[SimilarWhy]]()
    for reason, condition in _conditions(work, traits):
        rows = work.session.exec(
            work.select(Case)
            .where(Case.organisation_id == traits.organisation_id, condition)
            .order_by(col(Case.id).desc())
            .limit(MOST)
        ).all()
        for case in rows:
            found[case.id] = case
            why.setdefault(case.id, []).append(reason)
    order = list(SimilarWhy)
    ids = sorted(found, key=lambda one: (order.index(why[one][0]), -one.int))
    return [Similar(found[one], why[one]) for one in ids]


def _conditions(work: Work, traits: _Traits) -> Iterable[tuple[SimilarWhy, ColumnElement[bool]]]:
    """From the strongest reason to the weakest."""
    if traits.shop_id is not None:
        yield SimilarWhy.SAME_SHOP, col(Case.shop_id) == traits.shop_id
        relisted = linked_shops(work, traits.shop_id, LinkKind.RELISTED)
        if relisted:
            yield SimilarWhy.RELISTED, col(Case.shop_id).in_(relisted)
    if traits.batch_id is not None:
        yield SimilarWhy.SAME_BATCH, col(Case.industry_batch_id) == traits.batch_id
    if traits.cards:
        held = select(TracedCard.case_id).where(col(TracedCard.iccid).in_(traits.cards))
        yield SimilarWhy.SAME_CARDS, col(Case.id).in_(held)
    if traits.agent_id is not None:
        yield SimilarWhy.SAME_AGENT, col(Case.agent_id) == traits.agent_id
    if traits.shop_id is not None:
        same = linked_shops(work, traits.shop_id, LinkKind.SAME_OPERATOR)
        if same:
            yield SimilarWhy.SAME_OPERATOR, col(Case.shop_id).in_(same)
    if traits.name:
        yield SimilarWhy.SAME_NAME, col(Case.shop_name) == traits.name


def linked_shops(
    work: Work, shop_id: UUID, kind: LinkKind, *, accepted_only: bool = False
) -> Sequence[UUID]:
    """The shops that hang together with one, over links that people accepted or that are likely."""
    stands = col(ShopLink.state) == LinkState.ACCEPTED
    if not accepted_only:
        likely = col(ShopLink.score) >= LEAST_SCORE
        stands = or_(stands, (col(ShopLink.state) == LinkState.SUGGESTED) & likely)
    seen, ring = set[UUID](), {shop_id}
    while ring and len(seen) < _MOST_SHOPS:
        seen |= ring
        links = work.session.exec(
            select(ShopLink.one_id, ShopLink.other_id)
            .where(or_(col(ShopLink.one_id).in_(ring), col(ShopLink.other_id).in_(ring)))
            .where(ShopLink.kind == kind, stands)
            .limit(_MOST_SHOPS)
        ).all()
        ring = {one for link in links for one in link} - seen
    return sorted(seen - {shop_id})


def former_case(work: Work, shop: Shop) -> Case | None:
    """The closed case by which the shop, or one that people say stands here again, was removed."""
    shops = [shop.id, *linked_shops(work, shop.id, LinkKind.RELISTED, accepted_only=True)]
    removed = select(CaseMeasure.case_id).where(
        CaseMeasure.case_id == Case.id,
        col(CaseMeasure.measure).in_(_REMOVED),
        CaseMeasure.state == MeasureState.CARRIED_OUT,
    )
    return work.session.exec(
        select(Case)
        .where(col(Case.shop_id).in_(shops), Case.state == CaseState.CLOSED, removed.exists())
        .where(Case.organisation_id == shop.organisation_id)
        .order_by(col(Case.closed_at).desc())
    ).first()


def _cards_shown(work: Work, findings: Sequence[Finding]) -> frozenset[str]:
    """ICCIDs that the offers themselves show, as a trace would keep them."""
    ids = [UUID(one) for finding in findings for one in finding.listing_ids]
    listings = work.session.exec(
        select(SeenListing).where(
            col(SeenListing.id).in_(ids), SeenListing.shop_id == findings[0].shop_id
        )
    ).all()
    found = (card for one in listings for text in _strings(one.fields) if (card := _card(text)))
    return frozenset(card for full in found for card in (full, full[:_FIRST]))


def _card(text: str) -> str:
    is_number = text.isascii() and text[:_FIRST].isdigit() and _FIRST <= len(text) <= _FIRST + 1
    return text if is_number and not isinstance(check_iccid(text), Fault) else ""


def _strings(value: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
                yield from _strings(one)
        case list():
            for one in value:  # pyright: ignore[reportUnknownVariableType]
                yield from _strings(one)
        case _:
            return
