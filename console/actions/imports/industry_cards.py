"""Cards of batches of industry cards: by the first and last of a row, or one by one.

A row names the cards of one batch, and may name the device that a card is locked to.
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.card_lists import clashes, hold_all_cards, put_cards
from console.actions.cards.places import own_issuer
from console.actions.channel.held import carrier_of
from console.actions.imports.bulk import insert_rows
from console.actions.imports.rows import Batch, Checker, Given, Reason, RowKind
from console.database import one_of_many
from models.cards.industry import BEFORE_USE, IndustryBatch
from models.cards.numbers import CardFault, CardRange, card_key, card_number, card_of, range_of
from models.cards.ranges import DeviceLock
from models.cards.scopes import CardScope
from models.formats import (
    Carrier,
    Fault,
    Iccid,
    Luhn,
    check_phone,
    compact,
    luhn_digit,
    luhn_holds,
)
from models.permissions import Permission

_IMEI: Final = 15
_TAC: Final = 8


class CardRow(NamedTuple):
    batch: str
    first: int
    last: int
    issuer: Carrier
    device: str
    """IMEI of 15 digits; empty where the row names none."""
    warnings: int
    """Ends of the row whose check digit does not hold: a hint at a slip, and no fault."""

    @property
    def cards(self) -> int:
        return self.last - self.first + 1


def check_cards(given: Given, on: date) -> CardRow | list[Reason]:
    checker = Checker(given)
    batch = "".join(checker.text("batch_no", 40, needed=True).split()).upper()
    ends = _ends(checker)
    device = _device(checker)
    if ends is not None and device and ends[0].cards > 1:
        checker.wrong("device_of_range", value=device)
    phone = checker.text("msisdn", 40)
    if phone and isinstance(check_phone(phone, on), Fault):
        checker.wrong("bad_msisdn", value=phone)
    if checker.reasons or ends is None:
        return checker.reasons
    cards, warnings = ends
    return CardRow(batch, cards.first, cards.last, cards.issuer, device, warnings)


def _ends(checker: Checker) -> tuple[CardRange, int] | None:
    """The cards of a row, and how many of its numbers have a check digit that does not hold."""
    single, first = checker.text("iccid", 64), checker.text("iccid_first", 64)
    last = checker.text("iccid_last", 64)
    if single and (first or last):
        checker.wrong("both_ways", value=single)
    elif last and not first:
        checker.wrong("missing", field="iccid_first")
    elif not (single or first):
        checker.wrong("missing", field="iccid")
    elif last:
        return _range(checker, first, last)
    else:
        card = _card(checker, "iccid" if single else "iccid_first", single or first)
        if card is not None:
            number = card_number(card.key)
            return CardRange(number, number, card.issuer), _warns(card)
    return None


def _range(checker: Checker, first: str, last: str) -> tuple[CardRange, int] | None:
    begin, end = _card(checker, "iccid_first", first), _card(checker, "iccid_last", last)
    if begin is None or end is None:
        return None
    found = range_of(begin, end)
    if isinstance(found, CardFault):
        checker.wrong(found.value, first=first, last=last)
        return None
    return found, sum(map(_warns, {begin, end}))


def _warns(card: Iccid) -> bool:
    """A number of nineteen characters came without its check digit."""
    return card.luhn is Luhn.WARN and len(card.text) > len(card.key)


def _card(checker: Checker, name: str, word: str) -> Iccid | None:
    card = card_of(word)
    if isinstance(card, CardFault):
        checker.wrong(card.value, field=name, value=word)
        return None
    return card


def _device(checker: Checker) -> str:
    """The IMEI with its check digit (3GPP TS 23.003 6.2.1); some lists leave the digit out."""
    word = checker.text("imei", 40)
    if not word:
        return ""
    digits = compact(word)
    if digits.isascii() and digits.isdigit():
        if len(digits) == _IMEI - 1:
            return digits + luhn_digit(digits)
        if len(digits) == _IMEI and luhn_holds(digits):
            return digits
    checker.wrong("bad_imei", value=word)
    return ""


@dataclass(slots=True)
class _Lists:
    """What is known of the batches that the rows name, and what the rows add to them."""

    batch: Batch
    issuer: Carrier | None
    batches: Mapping[str, IndustryBatch]
    tacs: Mapping[UUID, frozenset[str]]
    """By batch the kinds of devices that its scope names; none: any."""
    room: dict[str, int]
    """Cards that may still be loaded."""
    firsts: list[int] = field(default_factory=list[int])
    """Of the cards of rows before, in order."""
    taken: dict[int, tuple[int, str]] = field(default_factory=dict[int, tuple[int, str]])
    """By the first of them the last, and the batch."""


def _keep(batch: Batch, rows: Sequence[CardRow]) -> list[list[Reason]]:
    lists = _lists(batch, {row.batch for row in rows})
    verdicts = [_of_batch(lists, row) for row in rows]
    _of_others(lists, rows, verdicts)
    for row, said in zip(rows, verdicts, strict=True):
        if said:
            continue
        said.extend(_of_file(lists, row) or _of_order(lists, row))
        if not said:
            _take(lists, row)
    if not batch.is_dry:
        _put_away(lists, [row for row, said in zip(rows, verdicts, strict=True) if not said])
    return verdicts


def _lists(batch: Batch, numbers: set[str]) -> _Lists:
    work, carrier = batch.work, batch.imported.organisation_id
    if not batch.is_dry:
        hold_all_cards(work)
    dialect = work.session.get_bind().dialect.name
    known = work.session.exec(
        select(IndustryBatch)
        .where(IndustryBatch.carrier_id == carrier)
        .where(one_of_many(col(IndustryBatch.number), numbers, dialect))
        .order_by(col(IndustryBatch.id))
        .with_for_update()
    ).all()
    scopes = work.session.exec(
        select(CardScope).where(col(CardScope.batch_id).in_([one.id for one in known]))
    ).all()
    lists = _Lists(
        batch=batch,
        issuer=own_issuer(work, carrier),
        batches={one.number: one for one in known},
        tacs={one.batch_id: frozenset(one.tacs) for one in scopes},
        room={one.number: one.ordered - one.cards for one in known},
    )
    _remember(lists)
    return lists


def _remember(lists: _Lists) -> None:
    """What earlier rows of a dry run would have taken; of any other run they are in the tables."""
    for mark in lists.batch.seen:
        number, first, last = mark.split("\t")
        lists.taken[int(first)] = int(last), number
        lists.room[number] = lists.room.get(number, 0) - (int(last) - int(first) + 1)
    lists.firsts = sorted(lists.taken)


def _of_batch(lists: _Lists, row: CardRow) -> list[Reason]:
    own = lists.batches.get(row.batch)
    if own is None:
        return [Reason("no_such_industry_batch", {"value": row.batch})]
    if own.state not in BEFORE_USE:
        return [Reason("industry_batch_fixed", {"value": row.batch})]
    if lists.issuer and row.issuer not in {lists.issuer, Carrier.UNKNOWN}:
        facts = {"value": card_key(row.first), "issuer": row.issuer.upper()}
        return [Reason("other_issuer", facts)]
    tacs = lists.tacs.get(own.id)
    if row.device and tacs and row.device[:_TAC] not in tacs:
        return [Reason("device_outside_scope", {"value": row.device, "batch": row.batch})]
    return []


def _of_file(lists: _Lists, row: CardRow) -> list[Reason]:
    """Against the rows before that were taken."""
    at = bisect_right(lists.firsts, row.last)
    if at:
        last, number = lists.taken[lists.firsts[at - 1]]
        if last >= row.first:
            return [_clash(row, number)]
    return []


def _of_others(lists: _Lists, rows: Sequence[CardRow], verdicts: Sequence[list[Reason]]) -> None:
    """Against what is in batches already; another carrier's is called that and no more."""
    work = lists.batch.work
    good = [at for at, said in enumerate(verdicts) if not said]
    found = clashes(work, [(rows[at].first, rows[at].last) for at in good])
    if not found:
        return
    own = work.select(IndustryBatch).where(col(IndustryBatch.id).in_(set(found.values())))
    numbers = {one.id: one.number for one in work.session.exec(own).all()}
    for at, batch_id in found.items():
        verdicts[good[at]].append(_clash(rows[good[at]], numbers.get(batch_id)))


def _clash(row: CardRow, other: str | None) -> Reason:
    facts = {"first": card_key(row.first), "last": card_key(row.last), "batch": row.batch}
    if other is None:
        return Reason("card_of_other_carrier", facts)
    return Reason("card_in_batch", {**facts, "other": other})


def _of_order(lists: _Lists, row: CardRow) -> list[Reason]:
    room = lists.room[row.batch]
    if row.cards <= room:
        return []
    ordered = lists.batches[row.batch].ordered
    facts = {"value": row.batch, "ordered": ordered, "n": row.cards, "room": max(room, 0)}
    return [Reason("more_than_ordered", facts)]


def _take(lists: _Lists, row: CardRow) -> None:
    insort(lists.firsts, row.first)
    lists.taken[row.first] = row.last, row.batch
    lists.room[row.batch] -= row.cards


def _put_away(lists: _Lists, rows: Sequence[CardRow]) -> None:
    """Batch by batch its cards, the devices of some, and one deed."""
    work, imported = lists.batch.work, lists.batch.imported
    by_batch: dict[str, list[CardRow]] = {}
    for row in rows:
        by_batch.setdefault(row.batch, []).append(row)
    for number, own in by_batch.items():
        batch = lists.batches[number]
        put_cards(work, batch, [(row.first, row.last) for row in own])
        locks = [(row.first, row.device) for row in own if row.device]
        same = {"batch_id": batch.id, "locked_at": work.at}
        insert_rows(work, DeviceLock, same, ("card", "device"), locks)
        work.record(
            "industry.cards_loaded",
            batch,
            cards=sum(row.cards for row in own),
            devices=len(locks),
            warnings=sum(row.warnings for row in own),
            file=imported.file_name,
            sha256=imported.sha256,
        )


def _marks(row: CardRow) -> list[str]:
    return [f"{row.batch}\t{row.first}\t{row.last}"]


KIND: Final = RowKind(
    permission=Permission.INDUSTRY_EDIT,
    owner=carrier_of,
    fields={
        "batch_no": ("批次号", "批次", "批次编号", "行业卡批次", "batch", "batchnumber"),
        "iccid_first": ("起始iccid", "首iccid", "iccid起", "开始iccid", "起始卡号", "firsticcid"),
        "iccid_last": ("终止iccid", "末iccid", "iccid止", "结束iccid", "终止卡号", "lasticcid"),
        "iccid": ("卡号", "iccid号", "集成电路卡识别码"),
        "imei": ("设备imei", "终端imei", "设备号", "终端串号", "device"),
        "msisdn": ("物联网号码", "号码", "手机号码", "电话号码", "接入号码"),
    },
    needed=(("batch_no",), ("iccid", "iccid_first")),
    check=check_cards,
    keep=_keep,
    marks=_marks,
    rows_at_once=20_000,
    names_persons=True,
)
