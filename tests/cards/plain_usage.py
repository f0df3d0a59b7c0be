"""The rules of monitoring once more, record by record and as slowly as they are written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.cards.usage import BatchScope, UsageLimits, UsageRule

Row = Mapping[str, Any]


@dataclass
class Plain:
    scopes: Sequence[BatchScope]
    limits: UsageLimits
    bindings: Mapping[int, set[str]] = field(default_factory=dict[int, set[str]])
    watched: frozenset[int] = frozenset()

    def hits(self, rows: Iterable[Row]) -> set[tuple[str, str | None, str, float]]:
        """Batch, card, rule and value of every hit."""
        cards: defaultdict[int, list[Row]] = defaultdict(list)
        for row in rows:
            cards[int(row["iccid"][:19])].append(row)
        found: set[tuple[str, str | None, str, float]] = set()
        batches: defaultdict[str, list[tuple[BatchScope, dict[str, Any]]]] = defaultdict(list)
        for card, of_card in cards.items():
            scope = self._scope(card)
            if scope is None:
                continue
            said = self._of_card(card, scope, sorted(of_card, key=_order))
            found |= {
                (scope.batch, str(card), rule.value, float(value))
                for rule, value in said["values"].items()
            }
            batches[scope.batch].append((scope, said))
        for name, members in batches.items():
            value = self._resale(members)
            if value is not None:
                found.add((name, None, UsageRule.RESALE_PATTERN.value, float(value)))
        return found

    def _scope(self, card: int) -> BatchScope | None:
        for scope in self.scopes:
            if any(first <= card <= last for first, last in scope.ranges):
                return scope
        return None

    def _less(self, threshold: int, is_watched: bool) -> int:
        return threshold * (100 - self.limits.watch_percent) // 100 if is_watched else threshold

    def _of_card(self, card: int, scope: BatchScope, rows: list[Row]) -> dict[str, Any]:
        is_watched = scope.watched or card in self.watched
        foreign = self._devices(card, scope, rows)
        away = {row["region"] for row in rows if _is_away(row["region"], scope)}
        values = {
            UsageRule.VOLUME_OVER_LIMIT: self._volume(scope, rows, is_watched),
            UsageRule.TARGET_OUTSIDE: len(
                {one for row in rows for one in row["targets"] or () if _is_outside(one, scope)}
            ),
            UsageRule.DEVICE_SWAPPED: len(foreign),
            UsageRule.REGION_LEFT: len(away),
            UsageRule.VOICE_OFF: sum(row["voice"] for row in rows) if scope.voice == "off" else 0,
            UsageRule.SMS_OFF: sum(row["sms"] for row in rows) if scope.sms == "off" else 0,
            UsageRule.SILENCE_THEN_BURST: self._burst(rows, is_watched),
        }
        values = {rule: value for rule, value in values.items() if value}
        if not scope.is_active and any(map(_is_use, rows)):
            values[UsageRule.USED_BEFORE_ACTIVATION] = sum(row["bytes"] for row in rows)
        devices = {row["device"] for row in rows if row["device"]}
        return {"values": values, "affected": bool(foreign or away), "devices": len(devices),
                "provinces": {one[:2] for one in away}}  # fmt: skip

    def _volume(self, scope: BatchScope, rows: list[Row], is_watched: bool) -> int:
        if scope.monthly_bytes is None:
            return 0
        months: defaultdict[str, int] = defaultdict(int)
        for row in rows:
            months[f"{row['day']:%Y-%m}"] += row["bytes"]
        worst = max(months.values())
        return worst if worst > self._less(scope.monthly_bytes, is_watched) else 0

    def _devices(self, card: int, scope: BatchScope, rows: list[Row]) -> set[str]:
        if not scope.device_lock:
            return set()
        seen = [row["device"] for row in rows if row["device"]]
        if card in self.bindings:
            return {one for one in seen if one not in self.bindings[card]}
        meant = [one for one in seen if scope.tacs is None or one[:8] in scope.tacs]
        return {one for one in seen if one not in meant or one != meant[0]}

    def _burst(self, rows: list[Row], is_watched: bool) -> int:
        days: defaultdict[date, list[Row]] = defaultdict(list)
        for row in rows:
            days[row["day"]].append(row)
        worst, since = 0, min(days).toordinal() - 1
        for day, of_day in sorted(days.items()):
            if not any(map(_is_use, of_day)):
                continue
            volume = sum(row["bytes"] for row in of_day)
            silent = day.toordinal() - since - 1
            since = day.toordinal()
            if silent >= self._less(self.limits.silence_days, is_watched) and volume > self._less(
                self.limits.burst_bytes, is_watched
            ):
                worst = max(worst, volume)
        return worst

    def _resale(self, members: list[tuple[BatchScope, dict[str, Any]]]) -> int | None:
        scope = members[0][0]
        limits = self.limits
        cards = len(members)
        affected = sum(said["affected"] for _, said in members)
        devices = sum(said["devices"] for _, said in members) * 100 // cards
        provinces = set[str]().union(*(said["provinces"] for _, said in members))
        least = self._less(limits.resale_cards, scope.watched)
        share = affected * 100 // cards
        if affected >= least and share >= self._less(limits.resale_percent, scope.watched):
            return share
        if cards >= least and devices > self._less(limits.resale_devices, scope.watched):
            return devices
        if len(provinces) > self._less(limits.resale_regions, scope.watched):
            return len(provinces)
        return None


def _order(row: Row) -> tuple[object, ...]:
    return row["day"], row["device"] or "", row["region"] or ""


def _is_use(row: Row) -> bool:
    return row["bytes"] > 0 or row["voice"] > 0 or row["sms"] > 0


def _is_away(region: str | None, scope: BatchScope) -> bool:
    if not region or scope.regions is None:
        return False
    return not any(_same_place(region, entry) for entry in scope.regions)


def _same_place(region: str, entry: str) -> bool:
    """One holds the other: without the zeros at their ends one is how the other begins."""
    one, other = (_place(text) for text in (region, entry))
    return one.startswith(other) or other.startswith(one)


def _place(text: str) -> str:
    pairs = [text[at : at + 2] for at in range(0, len(text), 2)]
    while pairs[-1] == "00":
        pairs.pop()
    return "".join(pairs)


def _is_outside(target: str, scope: BatchScope) -> bool:
    if scope.targets is None:
        return False
    return not any(
        target.endswith(entry[1:]) if entry.startswith("*.") else target == entry
        for entry in scope.targets
    )
