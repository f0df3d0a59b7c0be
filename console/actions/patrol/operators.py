"""Who stands behind several shops: suggested after a run, judged by people, taken back at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.audit import history
from console.actions.patrol.listings import insert_new
from console.actions.patrol.looks import flagged_of
from console.actions.patrol.traits import note_traits
from console.desk import Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.base import new_id
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkKind, LinkMove, LinkState, ShopLink, ShopTrait, TraitKind
from models.patrol.operators import Linked, Trait, links_of, same_pictures
from models.patrol.runs import PatrolRun
from models.patrol.screening.labels import FLAGGED
from models.patrol.shops import SeenListing, Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, Refusal

MOST_AT_ONCE: Final = 200
_MOST_SHARED: Final = 500
_MOST_LINKS: Final = 5_000
"""Suggestions of one run; the surest stay."""
_BATCH: Final = 500
_SHOPS_AT_ONCE: Final = 50
_GONE: Final = frozenset(
    {ShopState.REMOVED, ShopState.CLOSED, ShopState.UNLICENSED, ShopState.PLATFORM_NOTIFIED,
     ShopState.ESCALATED}
)  # fmt: skip
"""What stands again elsewhere is the same trade going on."""
_NEW: Final = frozenset({ShopState.DISCOVERED, ShopState.SUSPECTED, ShopState.NOT_CARDS})


@dataclass(frozen=True, slots=True)
class LinkRecord:
    link: ShopLink
    one: Shop
    other: Shop
    deeds: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True)
class JudgedLink:
    """What became of one link of many."""

    id: UUID
    refusal: Refusal | None = None


def suggest_links(desk: Desk, run_id: UUID) -> int:
    """Suggest links between the shops of a run and all that the organisation knows; how many.

    A pair that was ever suggested is not suggested again: what people said of it stands.
    """
    _note_words(desk, run_id)
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
        own = set(
            work.session.exec(
                select(Shop.id).where(
                    Shop.organisation_id == run.organisation_id, Shop.last_run_id == run.id
                )
            ).all()
        )
        shops = work.session.exec(
            select(func.count(func.distinct(ShopTrait.shop_id))).where(
                ShopTrait.organisation_id == run.organisation_id
            )
        ).one()
        sharers, shown = _sharers(work, run)
    found = links_of(sharers, shops, about={str(one) for one in own})[:_MOST_LINKS]
    if not found:
        return 0
    needed = Permission.LISTING_IMPORT if run.source_id is None else Permission.PATROL_RUN
    with desk.begin(needed) as work:
        row = work.get(PatrolRun, run.id)
        new = _suggest(work, row, found, shown)
        work.record("patrol.links_suggested", row, links=new)
        return new


def _note_words(desk: Desk, run_id: UUID) -> None:
    """Of a run from a file nobody looked at the shops; their words are there all the same."""
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
        shops = work.session.exec(
            select(SeenListing.shop_id)
            .where(SeenListing.run_id == run.id, col(SeenListing.label).in_(FLAGGED))
            .distinct()
            .order_by(col(SeenListing.shop_id))
        ).all()
    if run.source_id is not None:
        return
    for at in range(0, len(shops), _SHOPS_AT_ONCE):
        with desk.begin(Permission.LISTING_IMPORT) as work:
            row = work.get(PatrolRun, run_id)
            for shop_id in shops[at : at + _SHOPS_AT_ONCE]:
                shop = work.session.get_one(Shop, shop_id)
                listings = flagged_of(work, row.id, shop_id)
                note_traits(work, row, shop, listings, vault=desk.house.vault)


def _sharers(work: Work, run: PatrolRun) -> tuple[dict[Trait, dict[str, float]], dict[Trait, str]]:
    """Each trait that a shop of the run shares, with its shops in the order they came, and its
    words. Pictures that are nearly alike count as one, of all that the organisation knows.
    """
    sharers, shown = defaultdict[Trait, dict[str, float]](dict), dict[Trait, str]()
    for one in work.session.exec(_shared(run)).all():
        trait = (one.kind, one.value)
        sharers[trait][str(one.shop_id)] = one.strength
        shown.setdefault(trait, one.shown)
    pictures = work.session.exec(
        select(ShopTrait.value, ShopTrait.shop_id, ShopTrait.shown)
        .where(ShopTrait.organisation_id == run.organisation_id)
        .where(ShopTrait.kind == TraitKind.PICTURE)
        .order_by(col(ShopTrait.id))
    ).all()
    one_of = same_pictures(value for value, _, _ in pictures)
    for value, shop_id, text in pictures:
        trait = (TraitKind.PICTURE, one_of[value])
        sharers[trait][str(shop_id)] = 1.0
        shown.setdefault(trait, text)
    return dict(sharers), shown


def _shared(run: PatrolRun) -> SelectOfScalar[ShopTrait]:
    """What the run's shops have in common with any, pictures aside."""
    own = (
        select(ShopTrait.kind, ShopTrait.value)
        .join(Shop, col(Shop.id) == col(ShopTrait.shop_id))
        .where(Shop.last_run_id == run.id, ShopTrait.kind != TraitKind.PICTURE)
        .distinct()
        .subquery()
    )
    shared = (
        select(ShopTrait.kind, ShopTrait.value)
        .join(own, (col(ShopTrait.kind) == own.c.kind) & (col(ShopTrait.value) == own.c.value))
        .where(ShopTrait.organisation_id == run.organisation_id)
        .group_by(col(ShopTrait.kind), col(ShopTrait.value))
        .having(func.count().between(2, _MOST_SHARED))
        .subquery()
    )
    return (
        select(ShopTrait)
        .join(
            shared,
            (col(ShopTrait.kind) == shared.c.kind) & (col(ShopTrait.value) == shared.c.value),
        )
        .where(ShopTrait.organisation_id == run.organisation_id)
        .order_by(col(ShopTrait.id))
    )


def _suggest(
    work: Work, run: PatrolRun, found: Sequence[Linked], shown: Mapping[Trait, str]
) -> int:
    ids = {UUID(key) for link in found for key in (link.one, link.other)}
    shops = _shops_by_id(work, ids)
    rows = list[dict[str, Any]]()
    again = dict[UUID, Shop]()
    for link in found:
        one, other = sorted((UUID(link.one), UUID(link.other)))
        pair = _relisted(shops[one], shops[other], run)
        if pair is not None:
            again[pair[0].id] = pair[1]
        rows.append(
            {
                "id": new_id(),
                "organisation_id": run.organisation_id,
                "kind": LinkKind.SAME_OPERATOR if pair is None else LinkKind.RELISTED,
                "one_id": one,
                "other_id": other,
                "score": link.score,
                "reasons": _reasons(link, shown),
                "state": LinkState.SUGGESTED,
                "reason": "",
                "version": 1,
                "created_at": work.at,
            }
        )
    known = _known_pairs(work, run.organisation_id, ids)
    fresh = [row for row in rows if (row["one_id"], row["other_id"]) not in known]
    new = 0
    for at in range(0, len(fresh), _BATCH):
        new += len(
            insert_new(work, ShopLink, fresh[at : at + _BATCH], ["kind", "one_id", "other_id"])
        )
    for shop_id, before in again.items():
        _warn_of_relisting(work, run, shops[shop_id], before)
    return new


def _shops_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Shop]:
    wanted, found = sorted(ids), dict[UUID, Shop]()
    for at in range(0, len(wanted), _BATCH):
        query = select(Shop).where(col(Shop.id).in_(wanted[at : at + _BATCH]))
        found |= {shop.id: shop for shop in work.session.exec(query).all()}
    return found


def _known_pairs(
    work: Work, organisation_id: UUID, ids: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    wanted, found = sorted(ids), set[tuple[UUID, UUID]]()
    for at in range(0, len(wanted), _BATCH):
        query = (
            select(ShopLink.one_id, ShopLink.other_id)
            .where(ShopLink.organisation_id == organisation_id)
            .where(col(ShopLink.one_id).in_(wanted[at : at + _BATCH]))
        )
        found |= {(one, other) for one, other in work.session.exec(query).all()}
    return found


def _reasons(link: Linked, shown: Mapping[Trait, str]) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.kind.value,
            "shown": shown.get((one.kind, one.value), ""),
            "weight": round(one.weight, 2),
            "sharers": one.sharers,
        }
        for one in link.reasons[:20]
    ]


def _relisted(one: Shop, other: Shop, run: PatrolRun) -> tuple[Shop, Shop] | None:
    """The new shop and the one that it goes on, where a run met the new one first."""
    for new, old in ((one, other), (other, one)):
        is_new = run.started_at is not None and new.first_seen_at >= run.started_at
        if (
            is_new
            and new.state in _NEW
            and old.state in _GONE
            and old.first_seen_at < new.first_seen_at
        ):
            return new, old
    return None


def _warn_of_relisting(work: Work, run: PatrolRun, new: Shop, old: Shop) -> None:
    """The new shop's findings say so, with the tier that a reviewer may raise them to."""
    findings = work.session.exec(
        select(Finding)
        .where(Finding.shop_id == new.id, Finding.run_id == run.id)
        .where(Finding.state == FindingState.OPEN)
        .with_for_update()
    ).all()
    for one in findings:
        one.facts = {
            **one.facts,
            "relisted": {"shop": str(old.id), "name": old.name, "state": old.state.value},
            "tier_hint": one.tier.raised().value,
        }
        work.record("finding.relisting_suspected", one, shop=new.shop_key, before=old.shop_key)


def accept_link(
    desk: Desk, link_id: UUID | str, reason: str = "", *, version: int | None = None
) -> ShopLink:
    """The two are one operator's. A shop that was closed and stands again goes under suspicion."""
    with desk.begin(Permission.LINK_JUDGE) as work:
        link = _held(work, link_id, version)
        link.move(LinkMove.ACCEPT)
        link.judged_by, link.reason = work.actor.id, reason.strip()[:1000]
        if link.kind is LinkKind.RELISTED:
            _suspect(work, link)
        work.record("link.accepted", link, reason=link.reason, score=link.score)
        return link


def reject_link(
    desk: Desk, link_id: UUID | str, reason: str, *, version: int | None = None
) -> ShopLink:
    """They only look alike."""
    if not reason.strip():
        raise Invalid("link.reason_needed")
    with desk.begin(Permission.LINK_JUDGE) as work:
        link = _held(work, link_id, version)
        link.move(LinkMove.REJECT)
        link.judged_by, link.reason = work.actor.id, reason.strip()[:1000]
        work.record("link.rejected", link, reason=link.reason, score=link.score)
        return link


def reopen_link(
    desk: Desk, link_id: UUID | str, reason: str, *, version: int | None = None
) -> ShopLink:
    """Take a judgement back; nothing was merged, so nothing has to be undone."""
    if not reason.strip():
        raise Invalid("link.reason_needed")
    with desk.begin(Permission.LINK_JUDGE) as work:
        link = _held(work, link_id, version)
        was = link.state
        link.move(LinkMove.REOPEN)
        link.judged_by, link.reason = None, reason.strip()[:1000]
        work.record("link.reopened", link, reason=link.reason, was=was.value)
        return link


def judge_links(
    desk: Desk, link_ids: Sequence[UUID], move: LinkMove, reason: str = ""
) -> list[JudgedLink]:
    """Judge many, each on its own: one that is refused stops none of the others."""
    desk.must(Permission.LINK_JUDGE)
    if len(link_ids) > MOST_AT_ONCE:
        raise Invalid("link.too_many", most=MOST_AT_ONCE)
    act = {LinkMove.ACCEPT: accept_link, LinkMove.REJECT: reject_link,
           LinkMove.REOPEN: reopen_link}[move]  # fmt: skip
    done = list[JudgedLink]()
    for link_id in link_ids:
        try:
            act(desk, link_id, reason)
        except Refusal as no:
            done.append(JudgedLink(link_id, no))
        else:
            done.append(JudgedLink(link_id))
    return done


def list_links(  # noqa: PLR0913 - filters
    desk: Desk,
    after: str | None = None,
    *,
    state: LinkState | None = None,
    kind: LinkKind | None = None,
    shop_id: UUID | str | None = None,
    limit: int = 50,
) -> Slice[ShopLink]:
    """Links, the newest first."""
    with desk.begin(Permission.SHOP_READ) as work:
        query = work.select(ShopLink)
        if state is not None:
            query = query.where(ShopLink.state == state)
        if kind is not None:
            query = query.where(ShopLink.kind == kind)
        if shop_id is not None:
            shop = work.get(Shop, shop_id)
            query = query.where(or_(ShopLink.one_id == shop.id, ShopLink.other_id == shop.id))
        return work.slice(query, Order.by(ShopLink.created_at), after, limit)


def get_link(desk: Desk, link_id: UUID | str) -> ShopLink:
    with desk.begin(Permission.SHOP_READ) as work:
        return work.get(ShopLink, link_id)


def link_record(desk: Desk, link_id: UUID | str) -> LinkRecord:
    with desk.begin(Permission.SHOP_READ) as work:
        link = work.get(ShopLink, link_id)
        one = work.session.get_one(Shop, link.one_id)
        other = work.session.get_one(Shop, link.other_id)
        return LinkRecord(link, one, other, history(work, link))


def _held(work: Work, link_id: UUID | str, version: int | None) -> ShopLink:
    link = work.get(ShopLink, link_id)
    if not work.actor.is_house and link.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=str(link.id))
    if version is not None and version != link.version:
        raise Conflict("patrol.changed_meanwhile", title=str(link.id))
    return link


def _suspect(work: Work, link: ShopLink) -> None:
    """Of the two the later is the one that stands again."""
    query = select(Shop).where(col(Shop.id).in_([link.one_id, link.other_id])).with_for_update()
    old, new = sorted(work.session.exec(query).all(), key=lambda shop: shop.first_seen_at)
    move = next((m for m in (ShopMove.NO_MATCH, ShopMove.RELISTED) if m in new.open_moves()), None)
    if move is not None:
        new.move(move)
        work.record("shop.moved", new, move=move.value, before=old.shop_key)
