"""Scopes and records of use, made up: few cards, and something wrong with many."""

# pyright: basic
# Arrow comes without types.

from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa

from models.cards.classes import CardClass, Sms, Voice
from models.cards.usage import MEGABYTE, USAGE, BatchScope
from models.formats.text import luhn_digit

ISSUED = 8986040000000000000
FIRST_DAY = date(2026, 10, 20)


def iccid(card: int) -> str:
    return f"{card}{card % 10}"


def imei(number: int, tac: int = 86012304) -> str:
    digits = f"{tac:08d}{number:06d}"
    return digits + luhn_digit(digits)


def scope(batch: str = "WL-1", place: int = 0, cards: int = 100, **what: Any) -> BatchScope:  # noqa: ANN401 - its fields
    first = ISSUED + place
    return BatchScope(batch, [(first, first + cards - 1)], CardClass.I1, **what)


def record(card: int, day: date | int = 0, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - its columns
    """Of a card by its place; a day may be counted from the first."""
    on = FIRST_DAY + timedelta(day) if isinstance(day, int) else day
    usual = {"bytes": 0, "voice": 0, "sms": 0, "device": None, "region": None, "targets": None}
    return {"iccid": iccid(ISSUED + card), "day": on, **usual, **said}


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), USAGE)


def random_scopes(chance: Random) -> list[BatchScope]:
    """Twelve batches, some of two ranges, with cards of no batch between them."""
    found: list[BatchScope] = []
    for at in range(12):
        first = ISSUED + 1_000 * (11 - at)
        ranges = [(first, first + 9), (first + 500, first + 509)][: 1 + at % 2]
        found.append(
            BatchScope(
                f"WL-{at:02}",
                ranges,
                CardClass.I2,
                is_active=at % 5 != 0,
                monthly_bytes=chance.choice([None, 100 * MEGABYTE]),
                voice=chance.choice([Voice.OFF, Voice.WHITELIST]),
                sms=chance.choice([Sms.OFF, Sms.ON]),
                targets=chance.choice([None, ["a.example.com", "*.cloud.example.net", "10.0.0.7"]]),
                device_lock=at % 3 != 0,
                tacs=chance.choice([None, ["86012304"]]),
                regions=chance.choice([None, ["44", "310100"], ["11"]]),
                watched=at % 4 == 0,
            )
        )
    return found


def random_rows(chance: Random, count: int) -> list[dict[str, Any]]:
    hosts = ["a.example.com", "b.cloud.example.net", "cloud.example.net", "10.0.0.7", "c.example"]
    places = ["44", "440305", "310105", "310000", "11", "320500", "65", "51", "330100", "21", None]
    rows: list[dict[str, Any]] = []
    for _ in range(count):
        card = 1_000 * chance.randrange(13) + chance.choice([0, 500]) + chance.randrange(12)
        home = random_home(card)
        rows.append(
            record(
                card,
                chance.choice([chance.randrange(20), 20 + chance.randrange(26)]),
                bytes=chance.choice([0, 0, 1, 30 * MEGABYTE, 60 * MEGABYTE]),
                voice=chance.choice([0, 0, 0, 0, 2]),
                sms=chance.choice([0, 0, 0, 0, 3]),
                device=chance.choice([home, home, home, home, None, imei(9), imei(7, 35688012)]),
                region=chance.choice(places) if chance.random() < 0.2 else "44",
                targets=chance.sample(hosts, chance.randrange(3)) or None,
            )
        )
    return rows


def random_home(card: int) -> str:
    return imei(100 + card % 1_000)
