"""The rules, one function each: records in order in, a row for each card that broke it out."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.cards.usage.codes import device_text, region_text
from models.cards.usage.hits import facts_of, found
from models.cards.usage.use import Runs, Use, changes, summed
from models.cards.usage_rules import UsageRule


def volume_over_limit(use: Use) -> pa.Table:
    """The worst month of each card; all months that were over are its facts."""
    day_card = use.card[use.day_rows]
    months, texts = _months(use.day[use.day_rows])
    starts = np.flatnonzero(changes(day_card) | changes(months))
    limits = use.measure.scopes.monthly_bytes[use.batch]
    limits = use.measure.lowered(limits, use.is_watched & (limits >= 0))
    card = day_card[starts]
    volume = summed(use.day_bytes, starts)
    over = np.flatnonzero((limits[card] >= 0) & (volume > limits[card]))
    edges = np.append(use.day_rows[starts], len(use.key))
    begins = np.flatnonzero(changes(card[over]))
    cards = card[over][begins]
    ends = _ends(begins, len(over))
    return found(
        UsageRule.VOLUME_OVER_LIMIT,
        use.batch[cards],
        use.places[cards],
        days=(use.day[edges[over[begins]]], use.day[edges[over[ends] + 1] - 1]),
        records=summed(edges[over + 1] - edges[over], begins),
        value=_most(volume[over], begins),
        limit=limits[cards],
        facts=facts_of(len(cards), _group(begins, len(over)), months[starts][over], texts),
    )


def target_outside(use: Use) -> pa.Table:
    held = use.outside.is_valid().to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(held)
    targets = use.outside.filter(pa.array(held))
    begins = np.flatnonzero(changes(use.card[rows]))
    per_row = pc.list_value_length(targets).to_numpy(zero_copy_only=False)
    words = targets.flatten().dictionary_encode()
    codes, texts = _in_order(words.indices.to_numpy(), words.dictionary.to_pylist())
    groups = np.repeat(_group(begins, len(rows)), per_row)
    distinct = _distinct(groups, codes, len(begins))
    facts = facts_of(len(begins), groups, codes, texts)
    return _of_rows(use, UsageRule.TARGET_OUTSIDE, rows, begins, value=distinct, facts=facts)


def device_swapped(use: Use, runs: Runs) -> tuple[pa.Table, np.ndarray]:
    """Also: the cards it happened to.

    A card's own device is one it is bound to; else the first one seen whose type its batch allows.
    """
    bound, scopes = use.measure.bound, use.measure.scopes
    locked = np.flatnonzero(scopes.is_locked[use.batch[runs.cards]])
    cards, devices = runs.cards[locked], runs.codes[locked]
    is_bound = bound.know(use.places[cards])
    foreign = is_bound & ~bound.hold(use.places[cards], devices)
    foreign |= ~is_bound & scopes.tacs.forbid(use.batch[cards], devices)
    free = np.flatnonzero(~is_bound & ~foreign)
    begins = np.flatnonzero(changes(cards[free]))
    own = devices[free][begins][_group(begins, len(free))]
    foreign[free] = devices[free] != own
    return _of_runs(use, UsageRule.DEVICE_SWAPPED, runs, locked[foreign], device_text)


def region_left(use: Use, runs: Runs) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Also: the cards it happened to, and the runs in which they were elsewhere."""
    forbidden = use.measure.scopes.regions.forbid(use.batch[runs.cards], runs.codes)
    away = np.flatnonzero(forbidden)
    hits, cards = _of_runs(use, UsageRule.REGION_LEFT, runs, away, region_text)
    return hits, cards, away


def voice_off(use: Use) -> pa.Table:
    is_off = use.measure.scopes.has_no_voice[use.batch]
    return _counted(use, UsageRule.VOICE_OFF, use.voice, is_off)


def sms_off(use: Use) -> pa.Table:
    return _counted(use, UsageRule.SMS_OFF, use.sms, use.measure.scopes.has_no_sms[use.batch])


def used_before_activation(use: Use) -> pa.Table:
    is_early = ~use.measure.scopes.is_active[use.batch]
    if not is_early.any():
        rows = np.zeros(0, np.int64)
    else:
        traffic = (use.bytes > 0) | (use.voice > 0) | (use.sms > 0)
        rows = np.flatnonzero(traffic & is_early[use.card])
    begins = np.flatnonzero(changes(use.card[rows]))
    volume = summed(use.bytes[rows], begins)
    return _of_rows(use, UsageRule.USED_BEFORE_ACTIVATION, rows, begins, value=volume)


def silence_then_burst(use: Use) -> pa.Table:
    """Silence begins with the last day of use, or with the card's first record without any."""
    limits = use.measure.limits
    traffic = use.day_bytes + use.per_day(use.voice) + use.per_day(use.sms) > 0
    busy = np.flatnonzero(traffic)
    rows = use.day_rows[busy]
    cards, days = use.card[rows], use.day[rows]
    since = np.empty_like(days)
    since[1:] = days[:-1]
    opens = changes(cards)
    since[opens] = use.day[use.first_rows[cards[opens]]] - 1
    silent = days - since - 1
    burst = use.measure.lowered(limits.burst_bytes, use.is_watched)
    long = use.measure.lowered(limits.silence_days, use.is_watched)
    hit = np.flatnonzero((silent >= long[cards]) & (use.day_bytes[busy] > burst[cards]))
    begins = np.flatnonzero(changes(cards[hit]))
    groups = _group(begins, len(hit))
    codes, texts = _in_order(silent[hit], None)
    held = cards[hit][begins]
    ends = _ends(begins, len(hit))
    return found(
        UsageRule.SILENCE_THEN_BURST,
        use.batch[held],
        use.places[held],
        days=(days[hit[begins]], days[hit[ends]]),
        records=np.diff(begins, append=len(hit)),
        value=_most(use.day_bytes[busy][hit], begins),
        limit=burst[held],
        facts=facts_of(len(begins), groups, codes, [f"silent={number}" for number in texts]),
    )


def _counted(use: Use, rule: UsageRule, column: np.ndarray, is_off: np.ndarray) -> pa.Table:
    """Where something happened that is not to happen at all."""
    rows = np.flatnonzero(column > 0)
    rows = rows[is_off[use.card[rows]]]
    begins = np.flatnonzero(changes(use.card[rows]))
    return _of_rows(use, rule, rows, begins, value=summed(column[rows], begins))


def _of_rows(  # noqa: PLR0913 - what a hit is made of
    use: Use,
    rule: UsageRule,
    rows: np.ndarray,
    begins: np.ndarray,
    *,
    value: np.ndarray,
    facts: pa.Array | None = None,
) -> pa.Table:
    """A hit for each card of these rows; `begins` are its first among them."""
    cards = use.card[rows[begins]]
    ends = _ends(begins, len(rows))
    return found(
        rule,
        use.batch[cards],
        use.places[cards],
        days=(use.day[rows[begins]], use.day[rows[ends]]),
        records=np.diff(begins, append=len(rows)),
        value=value,
        limit=0.0,
        facts=facts,
    )


def _of_runs(
    use: Use, rule: UsageRule, runs: Runs, some: np.ndarray, text: Callable[[int], str]
) -> tuple[pa.Table, np.ndarray]:
    """A hit for each card of these runs, and the cards; how many different codes is its value."""
    begins = np.flatnonzero(changes(runs.cards[some]))
    ends = _ends(begins, len(some))
    cards = runs.cards[some][begins]
    groups = _group(begins, len(some))
    codes, numbers = _in_order(runs.codes[some], None)
    facts = facts_of(len(begins), groups, codes, [text(number) for number in numbers])
    hits = found(
        rule,
        use.batch[cards],
        use.places[cards],
        days=(use.day[runs.starts[some[begins]]], use.day[runs.ends[some[ends]]]),
        records=summed(runs.lengths[some], begins),
        value=_distinct(groups, codes, len(begins)),
        limit=0.0,
        facts=facts,
    )
    return hits, cards


def _months(days: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The month of each day as a place among the months there are; and these, `2026-11`."""
    if not len(days):
        return days, []
    first, last = int(days.min()), int(days.max())
    months = np.arange(first, last + 1).astype("datetime64[D]").astype("datetime64[M]")
    every, place = np.unique(months, return_inverse=True)
    return place[days - first], [str(month) for month in every]


def _in_order(codes: np.ndarray, texts: Sequence[str] | None) -> tuple[np.ndarray, list]:
    """Codes as places among what they stand for, which is put in order."""
    if texts is None:
        numbers, places = np.unique(codes, return_inverse=True)
        return places, numbers.tolist()
    order = sorted(range(len(texts)), key=texts.__getitem__)
    places = np.empty(len(texts), np.int64)
    places[order] = np.arange(len(texts))
    return places[codes], [texts[at] for at in order]


def _distinct(groups: np.ndarray, codes: np.ndarray, count: int) -> np.ndarray:
    span = int(codes.max(initial=0)) + 1
    return np.bincount(np.unique(groups.astype(np.int64) * span + codes) // span, minlength=count)


def _group(begins: np.ndarray, count: int) -> np.ndarray:
    """For each of so many rows which group it is in."""
    return np.repeat(np.arange(len(begins)), np.diff(begins, append=count))


def _ends(begins: np.ndarray, count: int) -> np.ndarray:
    """The last of each group."""
    return begins + np.diff(begins, append=count) - 1


def _most(column: np.ndarray, begins: np.ndarray) -> np.ndarray:
    return np.maximum.reduceat(column, begins) if len(begins) else column[:0]
