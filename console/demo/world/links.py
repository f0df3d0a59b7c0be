"""Who stands behind several shops, and what stood there again under another name."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Final

from console.demo.world.made import MadeShop
from console.demo.world.rounds import Patrol
from models.patrol.links import LinkKind, LinkState, ShopLink, ShopTrait, TraitKind
from models.patrol.shops import ShopState

_GONE: Final = (ShopState.REMOVED, ShopState.CLOSED)
_CLUSTERS: Final = 60
"""Of so many strangers one is the first of an operator's."""
_BACK: Final = {"nanqiao": 0.3}
_BACK_ELSEWHERE: Final = 0.08
_STATES: Final = (LinkState.SUGGESTED, LinkState.ACCEPTED, LinkState.ACCEPTED, LinkState.REJECTED)
_SHOWN: Final = ("微信 ka****{:02d}", "QQ 12****{:02d}", "电话 1**-****-**{:02d}")


def put_links(patrol: Patrol, shops: Sequence[MadeShop]) -> None:
    strangers = sorted(
        (one for one in shops if one.agent_id is None and one.state is not ShopState.NOT_CARDS),
        key=lambda one: one.first_seen,
    )
    _put_returns(patrol, strangers)
    mixed = patrol.world.rng.sample(strangers, len(strangers))
    for at in range(0, len(mixed) - 3, _CLUSTERS):
        many = patrol.world.rng.randint(2, min(5, _CLUSTERS))
        _put_cluster(patrol, mixed[at : at + many])
        patrol.sheaf.breathe()


def _put_returns(patrol: Patrol, strangers: Sequence[MadeShop]) -> None:
    """A shop that is gone stands there again: the next that came to its platform."""
    chance = patrol.world.rng
    waiting: dict[str, MadeShop] = {}
    for one in strangers:
        old = waiting.pop(one.platform, None)
        if old is not None and one.first_seen > old.first_seen + timedelta(days=20):
            reasons = [{"kind": TraitKind.TEXT.value, "shown": old.name, "weight": 0.6}]
            _put_link(patrol, LinkKind.RELISTED, old, one, reasons)
        elif one.state in _GONE and chance.random() < _BACK.get(one.platform, _BACK_ELSEWHERE):
            waiting[one.platform] = one


def _put_cluster(patrol: Patrol, shops: Sequence[MadeShop]) -> None:
    world, number = patrol.world, patrol.world.rng.randrange(100)
    shown = world.rng.choice(_SHOWN).format(number)
    value = sha256(f"{shown}{patrol.owner.code}{number}".encode()).hexdigest()
    ordered = sorted(shops, key=lambda one: one.id)
    for one in ordered:
        patrol.sheaf.put(
            ShopTrait, id=world.id_at(one.first_seen), organisation_id=patrol.owner.id,
            shop_id=one.id, kind=TraitKind.CONTACT, value=value, shown=shown,
            first_seen_at=one.first_seen, last_seen_at=one.first_seen,
        )  # fmt: skip
    reasons = [{"kind": TraitKind.CONTACT.value, "shown": shown, "weight": 0.8}]
    for one, other in pairwise(ordered):
        _put_link(patrol, LinkKind.SAME_OPERATOR, one, other, reasons)


def _put_link(
    patrol: Patrol,
    kind: LinkKind,
    old: MadeShop,
    new: MadeShop,
    reasons: Sequence[Mapping[str, object]],
) -> None:
    world = patrol.world
    state = world.rng.choice(_STATES) if patrol.reviewer else LinkState.SUGGESTED
    at = min(max(old.first_seen, new.first_seen) + timedelta(hours=6), world.now)
    patrol.sheaf.put(
        ShopLink, id=world.id_at(at), organisation_id=patrol.owner.id, kind=kind, one_id=old.id,
        other_id=new.id, score=round(world.rng.uniform(0.55, 0.97), 2), reasons=list(reasons),
        state=state, judged_by=None if state is LinkState.SUGGESTED else patrol.reviewer,
        created_at=at,
    )  # fmt: skip
