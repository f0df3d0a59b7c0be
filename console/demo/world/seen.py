"""The rows of one organisation's patrols: shops, what each offered in each run, checklists."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import Final
from uuid import UUID

from console.demo.world.findings import Offered, put_finding
from console.demo.world.lives import Life, progress
from console.demo.world.made import MadeShop
from console.demo.world.names import nobodys_shop
from console.demo.world.rounds import Patrol, Round
from console.demo.world.titles import Title, Trade
from models.patrol.checks import CheckAnswer, CheckItem, ShopCheck, checklist_version
from models.patrol.findings import FindingState
from models.patrol.labels import TitleLabel
from models.patrol.shops import SeenListing, Shop
from models.provinces import provinces
from models.rules import china_day

_ALSO_OTHERS: Final = 0.4
_LOOKED_AT: Final = 0.22
"""Of the shops that a run flags, those that people fill a checklist in for."""
_REVIEWED: Final = 0.1


@dataclass(frozen=True, slots=True)
class Seen:
    """A shop with its life and its offers, the same in each run that sees it."""

    life: Life
    id: UUID
    key: str
    name: str
    offers: Sequence[Title]
    runs: Sequence[Round]
    """All of its platform."""
    looked_in: Sequence[int]
    """The runs in which people filled in its checklist."""


def titled(patrol: Patrol, life: Life, runs: Sequence[Round]) -> Seen:
    """What the shop offers; what that means for the counts of its runs."""
    world, chance = patrol.world, patrol.world.rng
    offers = list(patrol.titles.some(chance, life.trade, chance.choice((1, 1, 2, 2, 3))))
    if life.finding is FindingState.FALSE_POSITIVE and life.agent is None:
        offers[0] = patrol.titles.mistaken(chance)
    if life.trade is Trade.CARDS and chance.random() < _ALSO_OTHERS:
        offers += patrol.titles.some(chance, Trade.OTHER, 1)
    name = life.outlet.name if life.outlet else nobodys_shop(chance)
    key = life.outlet.shop_key if life.outlet else f"shop:{chance.getrandbits(48)}"
    flagged = sum(one.said.is_flagged for one in offers)
    looked_in = [nth for nth in life.met if flagged and chance.random() < _LOOKED_AT]
    seen = Seen(life, world.id_at(life.first_seen), key, name, offers, runs, looked_in)
    _count(seen, flagged)
    return seen


def _count(seen: Seen, flagged: int) -> None:
    life, offers = seen.life, seen.offers
    for nth in life.met:
        counts = seen.runs[nth].counts
        counts["shops"] += 1
        counts["listings"] += len(offers)
        counts["cards"] += sum(one.said.is_card for one in offers)
        counts["flagged"] += flagged
        counts["flagged_shops"] += bool(flagged)
        counts["licensed_shops"] += bool(flagged) and life.agent is not None
        counts["news"] += flagged if nth == life.met[0] else 0
        counts["checks"] += nth in seen.looked_in
    if life.found_at is not None:
        counts = seen.runs[life.found_in].counts
        counts["findings"] += 1
        counts["open"] += life.finding is FindingState.OPEN


def put_seen(patrol: Patrol, seen: Sequence[Seen]) -> Sequence[MadeShop]:
    """All of it, shop by shop; the shops in the same order."""
    found = Counter(
        china_day(one.life.found_at).year for one in seen if one.life.found_at is not None
    )
    numbers = patrol.world.reserve({f"findings:{year}": many for year, many in found.items()})
    labelled = set[str]()
    made: list[MadeShop] = []
    for one in seen:
        shop = _put_shop(patrol, one)
        for nth in one.life.met:
            rows = _put_listings(patrol, one, nth)
            if one.life.found_at is not None and nth == one.life.found_in:
                finding = put_finding(patrol, one.life, shop, rows, one.runs[nth].id, numbers)
                _put_labels(patrol, one, finding, labelled)
        _put_checks(patrol, one)
        made.append(shop)
        patrol.sheaf.breathe()
    patrol.world.shops.extend(made)
    return made


def _put_shop(patrol: Patrol, one: Seen) -> MadeShop:
    life, owner, world = one.life, patrol.owner, patrol.world
    home = world.platforms[life.platform]
    last = one.runs[life.met[-1]]
    agent = life.agent
    patrol.sheaf.put(
        Shop, id=one.id, organisation_id=owner.id, platform=life.platform, shop_key=one.key,
        name=one.name, url=f"https://{life.platform}.example/shop/{one.key.removeprefix('shop:')}",
        licence_shown=agent.agent_no if agent and world.rng.random() < 0.7 else "",  # noqa: PLR2004
        province_shown=provinces()[agent.province].zh if agent else "", platform_home=home,
        card_home=owner.province, state=life.state, agent_id=agent.id if agent else None,
        first_seen_at=life.first_seen, last_seen_at=last.at, last_run_id=last.id,
        version=len(life.met),
    )  # fmt: skip
    return MadeShop(
        one.id, life.platform, one.key, one.name, owner.id, home, owner.province,
        agent.id if agent else None, life.first_seen, life.state,
    )  # fmt: skip


def _put_listings(patrol: Patrol, one: Seen, nth: int) -> Sequence[Offered]:
    """What one run saw of the shop; the flagged of it."""
    world, run, found = patrol.world, one.runs[nth], list[Offered]()
    link = f"https://{one.life.platform}.example/item/"
    for at, title in enumerate(one.offers):
        said, row = title.said, world.id_at(run.at)
        number = f"{one.key.removeprefix('shop:')}-{at + 1}"
        sales = world.rng.randrange(900)
        patrol.sheaf.put(
            SeenListing, id=row, run_id=run.id, shop_id=one.id, organisation_id=patrol.owner.id,
            platform=run.platform, listing_id=number, title_seen=title.words, url=link + number,
            price=title.price or None, sales=sales, is_card=said.is_card, label=said.label,
            fields={"is_disguised": said.is_disguised}, kind=said.kind, severity=said.severity,
            is_new=nth == one.life.met[0], score=said.score, reasons=list(said.reasons),
            seen_at=run.at + timedelta(minutes=at),
        )  # fmt: skip
        if said.is_flagged:
            found.append(Offered(row, title, sales))
    return found


def _put_labels(patrol: Patrol, one: Seen, finding: UUID, labelled: set[str]) -> None:
    """What the second look taught the screen, where somebody looked."""
    life = one.life
    if patrol.reviewer is None or life.looked_at is None:
        return
    for title in one.offers:
        digest = sha256(title.words.encode()).hexdigest()
        if title.said.is_flagged and digest not in labelled:
            labelled.add(digest)
            patrol.sheaf.put(
                TitleLabel, id=patrol.world.id_at(life.looked_at),
                organisation_id=patrol.owner.id, title_sha256=digest, title_seen=title.words,
                shop_name=one.name, label=title.truth, machine_label=title.said.label,
                finding_id=finding, labelled_by=patrol.reviewer, labelled_at=life.looked_at,
            )  # fmt: skip


def _put_checks(patrol: Patrol, one: Seen) -> None:
    for nth in one.looked_in:
        run = one.runs[nth]
        done = min(run.at + timedelta(hours=30), patrol.world.now)
        reviewed = patrol.world.rng.random() < _REVIEWED
        answers = dict(_answers(patrol, one, run))
        patrol.sheaf.put(
            ShopCheck, id=patrol.world.id_at(done), run_id=run.id, shop_id=one.id,
            organisation_id=patrol.owner.id, answers=answers,
            rule_version=_checklist(china_day(done)), assignee_id=patrol.filler,
            done_by=patrol.filler, done_at=done, is_review_drawn=reviewed,
            review=answers if reviewed else {}, reviewed_by=patrol.reviewer if reviewed else None,
            reviewed_at=done if reviewed else None,
        )  # fmt: skip


@cache
def _checklist(on: date) -> str:
    return checklist_version(on)


def _answers(patrol: Patrol, one: Seen, run: Round) -> Iterator[tuple[str, str]]:
    """Agents show more and more of what they have to; strangers have nothing to show."""
    chance, far = patrol.world.rng, progress(patrol.world, run.at)
    shown = 0.66 + 0.25 * far if one.life.agent else 0.02
    clean = one.life.trade in {Trade.CARDS, Trade.OTHER}
    shares: Mapping[CheckItem, float] = {
        CheckItem.LICENCE_DISPLAYED: shown + 0.03,
        CheckItem.BADGE_DISPLAYED: shown,
        CheckItem.ROUTE: 0.9,
        CheckItem.NO_INDUSTRY_CARDS: 0.0 if one.life.trade is Trade.INDUSTRY_CARDS else 1.0,
        CheckItem.NO_FORBIDDEN_OFFERS: float(clean),
    }
    for item, share in shares.items():
        good = chance.random() < share
        yield item.value, (CheckAnswer.GOOD if good else CheckAnswer.BAD).value
