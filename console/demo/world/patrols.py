"""Sources, plans and eighteen months of runs of each carrier that patrols, with all they saw."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from console.actions.promises import kept_actor
from console.actions.staff.sign_in import actor_named
from console.demo.world.channel import PLATFORMS, SHARES
from console.demo.world.firms import weight_of
from console.demo.world.links import put_links
from console.demo.world.lives import BAD, drawn_life
from console.demo.world.made import MONTH, MONTHS, MadeAgent, MadeRun, Outlet, Sheaf, World
from console.demo.world.rounds import Patrol, Round
from console.demo.world.seen import Seen, put_seen, titled
from console.demo.world.titles import Titles
from models.patrol.plans import Cadence, PatrolPlan
from models.patrol.runs import PatrolRun, RunState, Source
from models.rules import Calendar, china_day, parameter
from models.staff import HOUSE, Door, Organisation, OrganisationKind

OFFICE: Final = "CT-44"
_PATROLLING: Final = {"CT": 31, "YF": 12, "HZ": 5, "XG": 3}
"""How many companies of each group patrol; the others are served by their group's lists."""
_RESELLERS: Final = 8
_SHOPS: Final = 9000
_PEOPLE: Final = {OFFICE: ("chen.ming", "he.jing"), "MV-11": ("zhao.lei", "qian.yu")}
"""Who plans, and who fills in the checklists."""
_SHARE: Final = 30
_PLATFORMS: Final = 5
_MAPPING: Final = """platform = "{platform}"
kind = "html"
start = ["https://{platform}.example/list"]
currency = "CNY"
pace = 2

[list]
items = "li.goods"
paging = {{ by = "page", param = "page" }}

[list.fields]
listing_id = "a@data-id"
title = "a@title"
url = "a@href"
shop_id = "a@data-shop"
shop_name = ".shop"
price = ".price"
licence_no = ".licence"
"""


def build(world: World) -> None:
    owners = _owners(world)
    whole = sum(weight_of(one) for one in owners)
    titles = Titles.shipped()
    with world.keeping("patrols") as sheaf:
        for one in owners:
            shops = round(_SHOPS * world.scale * weight_of(one) / whole)
            if shops:
                _patrolled(_patrol(world, sheaf, one, titles), shops)


def _owners(world: World) -> Sequence[Organisation]:
    found: list[Organisation] = []
    for group, many in _PATROLLING.items():
        own = [one for code, one in world.organisations.items() if code.startswith(f"{group}-")]
        found += sorted(own, key=weight_of, reverse=True)[:many]
    kind = OrganisationKind.RESELLER
    resellers = [one for one in world.organisations.values() if one.kind is kind]
    return [*found, *sorted(resellers, key=lambda one: one.code != "MV-11")[:_RESELLERS]]


def _patrol(world: World, sheaf: Sheaf, owner: Organisation, titles: Titles) -> Patrol:
    planner, filler = _PEOPLE.get(owner.code, (None, None))
    if planner is None or filler is None:
        return Patrol(world, sheaf, owner, titles, kept_actor(HOUSE), None, None, None)
    actor = kept_actor(actor_named(world.house, planner, Door.CLI))
    reviewer = world.people["li.hua" if owner.code == OFFICE else "qian.yu"]
    return Patrol(
        world, sheaf, owner, titles, actor, world.people[planner], world.people[filler], reviewer
    )


def _patrolled(patrol: Patrol, shops: int) -> None:
    """All that one organisation saw, told of run by run."""
    world, chance = patrol.world, patrol.world.rng
    drawn = Counter(_drawn_platforms(patrol, shops))
    seen: list[Seen] = []
    rounds: dict[str, Sequence[Round]] = {}
    outlets: dict[str, list[tuple[MadeAgent, Outlet]]] = defaultdict(list)
    for home in world.outlets.get(patrol.owner.id, ()):
        outlets[home[1].platform].append(home)
    for platform, many in drawn.items():
        rounds[platform] = runs = _rounds(patrol, platform)
        moments = [one.at for one in runs]
        free = chance.sample(outlets[platform], len(outlets[platform]))
        for _ in range(many):
            life = drawn_life(world, patrol.owner, platform, moments, free)
            seen.append(titled(patrol, life, runs))
    met = {name: [run for run in runs if run.counts["shops"]] for name, runs in rounds.items()}
    years = Counter(china_day(run.at).year for runs in met.values() for run in runs)
    numbers = world.reserve({f"patrols:{year}": many for year, many in years.items()})
    for platform, runs in met.items():
        _put_runs(patrol, platform, runs, numbers)
    put_links(patrol, put_seen(patrol, seen))


def _drawn_platforms(patrol: Patrol, shops: int) -> Sequence[str]:
    """Where each shop is: the office looks everywhere, the others at four platforms."""
    chance = patrol.world.rng
    if patrol.owner.code == OFFICE:
        return chance.choices(PLATFORMS, _shares(), k=shops)
    some = sorted(set(chance.choices(PLATFORMS, _shares(), k=_PLATFORMS)))
    return chance.choices(some, k=shops)


def _shares() -> Sequence[float]:
    """The bad platform has more than its share of what patrols look at."""
    return [
        share * (2.2 if one == BAD else 1) for one, share in zip(PLATFORMS, SHARES, strict=True)
    ]


def _rounds(patrol: Patrol, platform: str) -> Sequence[Round]:
    """Once a month, the office twice; the last of these days."""
    world, chance = patrol.world, patrol.world.rng
    times = 2 if patrol.owner.code == OFFICE else 1
    every = MONTH / times
    last = world.now - timedelta(days=chance.uniform(0.5, 12 / times))
    moments = [last - every * back for back in range(MONTHS * times - 1, -1, -1)]
    return [Round(world.id_at(at), at, platform) for at in moments]


def _put_runs(
    patrol: Patrol, platform: str, runs: Sequence[Round], numbers: Mapping[str, Iterator[int]]
) -> None:
    world, owner, sheaf = patrol.world, patrol.owner, patrol.sheaf
    began = runs[0].at - timedelta(days=3)
    source, name = world.id_at(began), world.organisations[platform].name
    mapping = _MAPPING.format(platform=platform)
    sheaf.put(
        Source, id=source, organisation_id=owner.id, name=f"{name}列表", platform=platform,
        mapping=mapping, created_at=began,
    )  # fmt: skip
    plan = None if patrol.planner is None else world.id_at(began)
    if plan is not None:
        sheaf.put(
            PatrolPlan, id=plan, organisation_id=owner.id, name=f"{name}例行巡查", source_id=source,
            cadence=Cadence.MONTHLY, share=_SHARE, assignee_id=patrol.filler,
            planned_by=patrol.planner, last_run_id=runs[-1].id, created_at=began,
            next_at=world.now + timedelta(days=world.rng.uniform(18, 29)),
        )  # fmt: skip
    for one in runs:
        year = china_day(one.at).year
        number = f"PR-{year}-{next(numbers[f'patrols:{year}']):06d}"
        ended = min(one.at + timedelta(hours=5), world.now)
        sheaf.put(PatrolRun, number=number, source_id=source, plan_id=plan, mapping=mapping,
                  ended_at=ended, **_run(patrol, one))  # fmt: skip
        world.runs.append(MadeRun(one.id, number, owner.id, platform, ended))
        sheaf.breathe()


def _run(patrol: Patrol, one: Round) -> dict[str, Any]:
    """A run that people are done with, or that waits for the second look at what it found."""
    world, owner, counts = patrol.world, patrol.owner, one.counts
    waits = counts["open"] > 0
    day = china_day(one.at)
    due = parameter("patrol_run", day).deadline(one.at, Calendar()).at
    return {
        "id": one.id, "organisation_id": owner.id, "assignee_id": patrol.filler,
        "drawn_at": one.at + timedelta(hours=4), "seed": one.id.hex, "share": _SHARE,
        "due_at": due, "platform": one.platform, "platform_home": world.platforms[one.platform],
        "review_due_at": due if waits else None,
        "card_home": owner.province, "actor": dict(patrol.actor),
        "state": RunState.SUBMITTED if waits else RunState.CLOSED,
        "steps": counts["shops"] + 1, "steps_done": counts["shops"] + 1,
        "listings": counts["listings"], "cards": counts["cards"], "shops": counts["shops"],
        "findings": counts["findings"], "engine": patrol.titles.engine,
        "flagged": counts["flagged"], "flagged_shops": counts["flagged_shops"],
        "licensed_shops": counts["licensed_shops"], "drawn": counts["checks"],
        "checked": counts["checks"], "news": counts["news"],
        "created_at": one.at - timedelta(minutes=5), "started_at": one.at,
    }  # fmt: skip
