"""The card of a device that was sold on: its number, whose batch it is in, and who is told so.

The reporter never learns whose card it was; who handles the complaint sees batch and purchaser.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import col

from console.actions.cards.industry.places import batch_with, own_batches
from console.desk import Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.numbers import CardFault, card_number, card_of
from models.cards.offered import folded, telling
from models.cards.purchasers import Purchaser
from models.cases.complaints import Complaint
from models.formats import Iccid, Luhn, compact
from models.permissions import Permission
from models.refusals import Invalid
from models.staff import Organisation

_COUNTRY: Final = "8986"
_LENGTHS: Final = (19, 20)
_SIGN: Final = re.compile(r"[^0-9A-Z]")
_MOST_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """What is known here of a complaint's card."""

    batch: IndustryBatch
    purchaser: Purchaser
    findings: Sequence[UsageFinding]
    """Of that card, the newest first."""


def card_told(text: str) -> Iccid:
    """A number as people copy it from a card; Invalid says what is wrong with it."""
    card = card_of(text)
    if isinstance(card, Iccid):
        return card
    number = compact(text)
    if card is CardFault.ROUNDED:
        raise Invalid("complaint.iccid_rounded")
    if sign := _SIGN.search(number):
        raise Invalid("complaint.iccid_sign", sign=sign[0], place=sign.start() + 1)
    if len(number) not in _LENGTHS:
        raise Invalid("complaint.iccid_length", n=len(number))
    if not number.startswith(_COUNTRY):
        raise Invalid("complaint.iccid_start")
    raise Invalid("complaint.iccid_letters")


def is_doubtful(iccid: str) -> bool:
    """Its last digit does not fit; many real ones don't, so that is for a second look alone."""
    card = card_of(iccid) if len(iccid) == max(_LENGTHS) else None
    return isinstance(card, Iccid) and card.luhn is Luhn.WARN


def carrier_with(work: Work, iccid: str) -> Organisation | None:
    """The carrier of whose batches the card is."""
    found = batch_with(work, iccid) if iccid else None
    owner = work.session.get_one(Organisation, found.carrier_id) if found else None
    return owner if owner is not None and owner.disabled_at is None else None


def device_card(work: Work, row: Complaint) -> DeviceCard | None:
    """None where the card is in no batch that the actor may know of."""
    if not row.iccid or not work.actor.may(Permission.INDUSTRY_READ):
        return None
    number = card_number(row.iccid)
    batch = own_batches(work, [number]).get(number)
    if batch is None:
        return None
    of_card = work.select(UsageFinding).where(
        UsageFinding.batch_id == batch.id, UsageFinding.card == number
    )
    newest = of_card.order_by(col(UsageFinding.id).desc()).limit(_MOST_FINDINGS)
    purchaser = work.session.get_one(Purchaser, batch.purchaser_id)
    return DeviceCard(batch, purchaser, work.session.exec(newest).all())


def must_name_no_purchaser(work: Work, row: Complaint, words: str) -> None:
    """What a reporter reads does not say whose the card was."""
    batch = batch_with(work, row.iccid) if row.iccid else None
    if batch is None or batch.carrier_id not in {row.organisation_id, *work.actor.carriers}:
        return  # whoever else handles it has nothing to name, and a refusal would tell whose it is
    unit = work.session.get_one(Purchaser, batch.purchaser_id)
    read = folded(words)
    names = (telling(unit.name) or folded(unit.name), folded(unit.uscc), folded(batch.number))
    if any(one and one in read for one in names):
        raise Invalid("complaint.names_purchaser")
