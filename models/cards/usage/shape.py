"""What goes into monitoring and what comes out of it, as Arrow schemas and the words in them."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import pyarrow as pa

from models.cards.classes import CardClass, Sms, Voice
from models.cards.usage_rules import MEGABYTE
from models.rules import Rules, package_rules

MOST_FACTS: Final = 5
"""Of one hit; how many more there are stands behind them as `+n`."""


MOST_REACHED: Final = 256
"""Targets of one record: a card that reached more was not counted by the day."""


class UsageFault(StrEnum):
    """Why a record is not judged."""

    ICCID = "iccid"
    DAY = "day"
    BYTES = "bytes"
    VOICE = "voice"
    SMS = "sms"
    TARGETS = "targets"


USAGE: Final = pa.schema(
    [
        pa.field("iccid", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("bytes", pa.int64()),
        pa.field("voice", pa.int32()),  # calls
        pa.field("sms", pa.int32()),
        pa.field("device", pa.string()),  # IMEI; null: unknown
        pa.field("region", pa.string()),  # GB/T 2260, two or six digits; null: unknown
        pa.field("targets", pa.list_(pa.string())),  # hosts and addresses that were reached
    ]
)
"""A card's use on a day."""

SCOPES: Final = pa.schema(
    [
        pa.field("batch", pa.string()),
        pa.field("first", pa.int64()),
        pa.field("last", pa.int64()),
        pa.field("card_class", pa.string()),
        pa.field("is_active", pa.bool_()),
        pa.field("monthly_bytes", pa.int64()),
        pa.field("voice", pa.string()),
        pa.field("sms", pa.string()),
        pa.field("targets", pa.list_(pa.string())),
        pa.field("device_lock", pa.bool_()),
        pa.field("tacs", pa.list_(pa.string())),
        pa.field("regions", pa.list_(pa.string())),
        pa.field("watched", pa.bool_()),
    ]
)
"""A row for each range of cards; what holds for the batch is repeated."""

BINDINGS: Final = pa.schema([("card", pa.int64()), ("device", pa.string())])
"""Devices that cards are known to be bound to; a card may have several."""

HITS: Final = pa.schema(
    [
        pa.field("batch", pa.string()),
        pa.field("iccid", pa.string()),  # first 19 characters; null: the batch as a whole
        pa.field("rule", pa.string()),  # UsageRule
        pa.field("kind", pa.string()),  # FindingKind
        pa.field("first_day", pa.date32()),
        pa.field("last_day", pa.date32()),
        pa.field("records", pa.int32()),
        pa.field("value", pa.float64()),
        pa.field("limit", pa.float64()),
        pa.field("facts", pa.list_(pa.string())),
    ]
)
"""One row for each card and rule, in the order of batch, rule (as `UsageRule` lists them), card."""

DAYS: Final = pa.schema(
    [
        pa.field("batch", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("cards", pa.int32()),
        pa.field("bytes", pa.int64()),
        pa.field("top_bytes", pa.int64()),  # of the card with most
        pa.field("voice", pa.int64()),
        pa.field("sms", pa.int64()),
        pa.field("devices", pa.int32()),  # each counted with its card
        pa.field("regions", pa.int32()),  # provinces
    ]
)
"""A batch's use on a day, all its cards together."""

WATCHED_DAYS: Final = pa.schema([field for field in USAGE if field.name != "targets"])
"""What single watched cards did, a row for each card, day, device and region."""


@dataclass(frozen=True, slots=True)
class BatchScope:
    """What the cards of a batch may be used for. None of a list or a limit: not limited."""

    batch: str
    ranges: Sequence[tuple[int, int]]
    """First and last of each, as `models.cards.numbers.card_number` counts."""
    card_class: CardClass
    is_active: bool = True
    monthly_bytes: int | None = None
    voice: Voice = Voice.OFF
    sms: Sms = Sms.OFF
    targets: Sequence[str] | None = None
    """Directed use: hosts, `*.example.com` for all below it, addresses, networks (CIDR)."""
    device_lock: bool = False
    tacs: Sequence[str] | None = None
    """First eight digits of the IMEIs that are meant; they count where devices are locked."""
    regions: Sequence[str] | None = None
    """GB/T 2260, of provinces (two digits), cities or districts (six)."""
    watched: bool = False


@dataclass(frozen=True, slots=True)
class UsageLimits:
    """What is unusual, from the rule library."""

    silence_days: int
    burst_bytes: int
    resale_cards: int
    resale_percent: int
    resale_devices: int
    """Devices for a hundred cards."""
    resale_regions: int
    """Provinces outside the scope."""
    watch_percent: int
    """By so much every threshold is lowered for what is watched."""
    versions: tuple[str, ...]
    """Of the parameters, to be kept with the run."""


def usage_limits(on: date, rules: Rules | None = None) -> UsageLimits:
    """As they are on that day; `rules` are those of an office, else what comes with the program."""
    held = {
        name: (rules or package_rules()).parameter(f"iot_{name}", on)
        for name in (
            "silence_days",
            "burst_megabytes",
            "resale_cards",
            "resale_percent",
            "resale_devices",
            "resale_regions",
            "watch_percent",
        )
    }
    return UsageLimits(
        silence_days=held["silence_days"].value,
        burst_bytes=held["burst_megabytes"].value * MEGABYTE,
        resale_cards=held["resale_cards"].value,
        resale_percent=held["resale_percent"].value,
        resale_devices=held["resale_devices"].value,
        resale_regions=held["resale_regions"].value,
        watch_percent=held["watch_percent"].value,
        versions=tuple(one.version for one in held.values()),
    )
