"""The one function; and its two halves, of which the first may be done card by card anywhere."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.cards.usage import hits, rules, totals
from models.cards.usage.records import RECORDS, read_records
from models.cards.usage.scopes import Scopes
from models.cards.usage.shape import USAGE, UsageLimits
from models.cards.usage.use import Measure, Use
from models.cards.usage_rules import UsageRule

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found out about some cards; what was about others adds up with it."""

    hits: pa.Table
    batches: pa.Table
    days: pa.Table
    cards: pa.Table


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about all."""

    hits: pa.Table
    """`HITS`"""
    days: pa.Table
    """`DAYS`"""
    watched_days: pa.Table
    """`WATCHED_DAYS`"""
    cards: int
    batches: int


def judge_usage(
    usage: pa.Table | pa.RecordBatch,
    scopes: pa.Table,
    limits: UsageLimits,
    *,
    bindings: pa.Table | None = None,
    watched: pa.Array | None = None,
) -> pa.Table:
    """`HITS` of records (`USAGE`) against `SCOPES`.

    `bindings` are as `BINDINGS` has them, `watched` the numbers of single cards under watch.
    Records without a card or a day, or with a number below zero, are left out.
    """
    cards = np.zeros(0, np.int64) if watched is None else watched.to_numpy(zero_copy_only=False)
    measure = Measure(Scopes(scopes), limits, bindings, cards)
    whole = pa.table(usage).select(USAGE.names).cast(USAGE)
    read = [read_records(batch, measure.scopes).records for batch in whole.to_batches()]
    return settled([judge_records(pa.Table.from_batches(read, RECORDS), measure)], measure).hits


def judge_records(records: pa.Table, measure: Measure, *, with_days: bool = False) -> Judged:
    """All records of some cards (`RECORDS`), whichever these are."""
    use = Use(records, measure)
    devices, regions = use.device_runs(), use.region_runs()
    swapped, swapped_cards = rules.device_swapped(use, devices)
    left, left_cards, away = rules.region_left(use, regions)
    found = [
        rules.volume_over_limit(use),
        rules.target_outside(use),
        swapped,
        left,
        rules.voice_off(use),
        rules.sms_off(use),
        rules.silence_then_burst(use),
        rules.used_before_activation(use),
    ]
    affected = np.union1d(swapped_cards, left_cards)
    elsewhere = regions.cards[away], regions.codes[away]
    return Judged(
        pa.concat_tables(found),
        totals.batch_totals(use, devices, affected, elsewhere),
        totals.day_totals(use) if with_days else totals.BATCH_DAYS.empty_table(),
        totals.watched_days(use),
    )


def settled(parts: Sequence[Judged], measure: Measure) -> Verdict:
    """All cards together, whatever parts they were judged in."""
    batches = totals.added_up([part.batches for part in parts], totals.BATCHES, ("batch",))
    found = [*(part.hits for part in parts), resale_pattern(batches, measure)]
    return Verdict(
        hits=hits.told(found, measure.scopes),
        days=totals.told_days([part.days for part in parts], measure.scopes),
        watched_days=totals.told_cards([part.cards for part in parts], measure.scopes),
        cards=int(batches["cards"].to_numpy().sum()),
        batches=batches.num_rows,
    )


def resale_pattern(batches: pa.Table, measure: Measure) -> pa.Table:
    """Batches whose cards went to many devices or places: the share of cards, devices, provinces.

    The first of these that is beyond its limit is the value; all of them are facts.
    """
    columns = {name: batches[name].to_numpy() for name in batches.column_names}
    limits, batch, cards = measure.limits, columns["batch"], columns["cards"]
    is_watched = measure.scopes.is_watched[batch]
    least = measure.lowered(limits.resale_cards, is_watched)
    share = columns["affected"] * _HUNDRED // np.maximum(cards, 1)
    devices = columns["devices"] * _HUNDRED // np.maximum(cards, 1)
    provinces = np.bitwise_count(columns["provinces"]).astype(np.int64)
    most = [
        measure.lowered(one, is_watched)
        for one in (limits.resale_percent, limits.resale_devices, limits.resale_regions)
    ]
    grounds = [
        (columns["affected"] >= least) & (share >= most[0]),
        (cards >= least) & (devices > most[1]),
        provinces > most[2],
    ]
    hit = np.flatnonzero(np.logical_or.reduce(grounds))
    said = pa.array(
        [
            [f"cards={cards[at]}", f"affected={columns['affected'][at]}",
             f"devices={columns['devices'][at]}", f"provinces={provinces[at]}"]
            for at in hit
        ],
        pa.list_(pa.string()),
    )  # fmt: skip
    return hits.found(
        UsageRule.RESALE_PATTERN,
        batch[hit],
        measure.scopes.starts[batch[hit]],
        days=(columns["first_day"][hit], columns["last_day"][hit]),
        records=columns["records"][hit],
        value=np.select(
            [one[hit] for one in grounds], [one[hit] for one in (share, devices, provinces)]
        ),
        limit=np.select([one[hit] for one in grounds], [one[hit] for one in most]),
        facts=said,
        whole=True,
    )
