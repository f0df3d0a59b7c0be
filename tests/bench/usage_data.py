"""Scopes of many batches, and what their cards did in a month: most of it what they may."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models.cards.usage import MEGABYTE, SCOPES, USAGE

DAYS: Final = 30
_FIRST_DAY: Final = (date(2026, 11, 1) - date(1970, 1, 1)).days
_PRESENT: Final = 0.83
"""Of a card's days on which it says something."""
_ISSUERS: Final = np.array([898604, 898606, 898603], np.int64) * 10**13
_PROVINCES: Final = np.array([11, 31, 32, 33, 35, 37, 42, 44, 50, 51, 61])
_HOSTS: Final = 4_000
_LISTS: Final = 3_000
_A_LIST: Final = 3
_TACS: Final = np.array([86012304, 86345605, 35688012, 86900103], np.int64)
_CHUNK: Final = 250_000
_BREACHES: Final = 0.003
"""Of cards, for each of some ways to break a rule."""


@dataclass(frozen=True)
class World:
    scopes: pa.Table
    cards: np.ndarray
    lists: np.ndarray
    """Of each card."""
    provinces: np.ndarray
    devices: np.ndarray
    volumes: np.ndarray
    bad: np.ndarray
    """What each card breaks: 0 nothing, 1 its device, 2 its region, 3 its targets, 4 its volume,
    5 that it has no voice."""
    rng: np.random.Generator


def world(batches: int, cards: int, seed: int = 182) -> World:
    rng = np.random.default_rng(seed)
    sizes = np.clip(rng.lognormal(4.5, 1.0, batches), 5, 20_000).astype(np.int64)
    gaps = rng.integers(0, 500, batches)
    issuer = np.sort(rng.integers(0, len(_ISSUERS), batches))
    firsts = _ISSUERS[issuer] + np.cumsum(sizes + gaps) - sizes
    lists = rng.integers(0, _LISTS, batches)
    provinces = _PROVINCES[rng.integers(0, len(_PROVINCES), batches)]
    hosts = [[f"h{(one * 7 + at) % _HOSTS}.iot{one % 90}.example.com" for at in range(_A_LIST - 1)]
             + [f"*.cloud{one % 50}.example.net"] for one in range(_LISTS)]  # fmt: skip
    scopes = pa.table(
        {
            "batch": [f"WL-2026-{at:06}" for at in range(batches)],
            "first": firsts, "last": firsts + sizes - 1,
            "card_class": ["I1"] * batches,
            "is_active": np.ones(batches, bool),
            "monthly_bytes": np.full(batches, 100 * MEGABYTE),
            "voice": ["off"] * batches, "sms": ["platform_only"] * batches,
            "targets": [hosts[one] for one in lists],
            "device_lock": np.ones(batches, bool),
            "tacs": [[str(_TACS[one % len(_TACS)])] for one in lists],
            "regions": [[str(one)] for one in provinces],
            "watched": rng.random(batches) < 0.01,
        },
        SCOPES,
    )  # fmt: skip
    numbers = np.unique(rng.choice(sizes.sum(), cards * 2))
    numbers = np.sort(rng.permutation(numbers)[:cards])
    starts = np.cumsum(sizes) - sizes
    batch = np.searchsorted(starts, numbers, "right") - 1
    kind = rng.random(cards) // _BREACHES
    return World(
        scopes=scopes,
        cards=firsts[batch] + numbers - starts[batch],
        lists=lists[batch],
        provinces=provinces[batch],
        devices=_TACS[lists[batch] % len(_TACS)] * 10**7 + rng.integers(0, 10**7, cards),
        volumes=rng.lognormal(13.8, 0.6, cards),
        bad=np.where(kind < 5, kind + 1, 0).astype(np.int8),
        rng=rng,
    )


def write_usage(path: Path, given: World, *, by_card: bool) -> int:
    """A file by card and day, or day by day with the cards in no order; how many records."""
    rows = 0
    with pq.ParquetWriter(path, USAGE) as file:
        for cards, days in _in_order(given) if by_card else _as_they_come(given):
            held = given.rng.random(len(cards)) < _PRESENT
            table = _records(given, cards[held], days[held])
            file.write_table(table, row_group_size=1 << 20)
            rows += table.num_rows
    return rows


def _in_order(given: World) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    order = np.argsort(given.cards)
    step = _CHUNK // DAYS * 4
    for at in range(0, len(order), step):
        some = order[at : at + step]
        yield np.repeat(some, DAYS), np.tile(np.arange(DAYS), len(some))


def _as_they_come(given: World) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for day in range(DAYS):
        some = given.rng.permutation(len(given.cards))
        yield some, np.full(len(some), day)


def _records(given: World, cards: np.ndarray, days: np.ndarray) -> pa.Table:
    rng, count, bad = given.rng, len(cards), given.bad[cards]
    late = days >= DAYS // 2
    device = given.devices[cards] + np.where((bad == 1) & late, 1_000, 0)
    province = np.where((bad == 2) & late, 65, given.provinces[cards])
    volume = (given.volumes[cards] * rng.lognormal(0, 0.5, count)).astype(np.int64)
    volume += np.where(bad == 4, 8 * MEGABYTE, 0)
    iccids = _joined(given.cards[cards], given.cards[cards] % 10)
    regions = province * 10_000 + (cards % 9 + 1) * 100 + days % 3
    return pa.table(
        {
            "iccid": iccids,
            "day": pa.array((_FIRST_DAY + days).astype(np.int32)).cast(pa.date32()),
            "bytes": volume,
            "voice": np.where((bad == 5) & (days == 20), 3, 0).astype(np.int32),
            "sms": (rng.random(count) < 0.05).astype(np.int32),
            "device": pa.array(device).cast(pa.string()),
            "region": pa.array(regions).cast(pa.string()),
            "targets": _targets(given, cards, bad, late, rng),
        },
        USAGE,
    )


def _joined(numbers: np.ndarray, digits: np.ndarray) -> pa.Array:
    """Nineteen digits and one more."""
    text = np.empty((len(numbers), 20), np.uint8)
    rest = numbers.copy()
    for at in range(18, -1, -1):
        text[:, at] = rest % 10 + 48
        rest //= 10
    text[:, 19] = digits + 48
    offsets = np.arange(len(numbers) + 1, dtype=np.int32) * 20
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def _targets(
    given: World, cards: np.ndarray, bad: np.ndarray, late: np.ndarray, rng: np.random.Generator
) -> pa.Array:
    """One to three of the list of each card, or one that is not on it."""
    counts = rng.integers(1, _A_LIST + 1, len(cards))
    row = np.repeat(np.arange(len(cards)), counts)
    at = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    lists = given.lists[cards][row]
    words = [
        f"h{(one * 7 + nth) % _HOSTS}.iot{one % 90}.example.com"
        if nth < _A_LIST - 1
        else f"edge.cloud{one % 50}.example.net"
        for one in range(_LISTS)
        for nth in range(_A_LIST)
    ]
    words += [f"video{one}.example.org" for one in range(200)]
    code = lists * _A_LIST + at
    away = (bad == 3)[row] & late[row] & (at == 0)
    code = np.where(away, _LISTS * _A_LIST + cards[row] % 200, code)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(offsets, pa.array(words).take(pa.array(code)))
