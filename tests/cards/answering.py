"""Batches of CT-44 that persons can be registered for, and encrypted files of persons."""

import json
from collections.abc import Mapping, Sequence
from itertools import count

from sqlmodel import col, select

from console.actions.cards.industry.accountable import name_unit
from console.actions.cards.industry.persons_import import PersonImport, import_persons
from console.actions.cards.persons import import_key
from console.desk import Desk, House
from integrations.person_files import seal_person_file
from models.audit import AuditEntry
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.cards.numbers import card_key
from models.cards.purchasers import Purchaser
from models.cards.ranges import IndustryRange
from models.cards.users import CardUser
from models.formats import uscc_check_character
from models.permissions import Permission
from tests.conftest import Desks
from tests.persons import as_csv, told

FIRST = 8986032100000000000
"""The first card of the first batch; each batch has a thousand numbers of its own."""
_serials = count(1)


def uscc(serial: int) -> str:
    body = f"91440101MA5{serial:06}"
    return body + uscc_check_character(body)


def plant_batch(
    desks: Desks,
    *,
    card_class: CardClass = CardClass.I3,
    cards: int = 20,
    is_device_maker: bool = False,
    desk: Desk | None = None,
) -> IndustryBatch:
    """A contracted batch whose cards are loaded, as the steps before leave it."""
    carrier = (desk or desks.iot).actor.organisation_id
    assert carrier is not None
    serial = next(_serials)
    with desks.house.begin(Permission.SWEEP) as work:
        buyer = work.add(
            Purchaser(
                carrier_id=carrier,
                province="44",
                name=f"广州试验车联科技有限公司{serial}",
                uscc=uscc(serial),
                is_device_maker=is_device_maker,
                created_at=work.at,
            )
        )
        work.session.flush()
        batch = work.add(
            IndustryBatch(
                number=f"IOT-44-2026-{serial:06}",
                carrier_id=carrier,
                province="44",
                purchaser_id=buyer.id,
                card_class=card_class,
                ordered=cards,
                cards=cards,
                state=BatchState.CONTRACTED,
                created_at=work.at,
            )
        )
        work.session.flush()
        first = FIRST + serial * 1000
        work.add(
            IndustryRange(
                batch_id=batch.id, carrier_id=carrier, first=first, last=first + cards - 1
            )
        )
        work.no_deed()
    return batch


def live_batch(
    desks: Desks,
    state: BatchState = BatchState.IN_USE,
    *,
    is_device_maker: bool = False,
    card_class: CardClass = CardClass.I1,
) -> IndustryBatch:
    """One that its purchaser and a first person answer for."""
    batch = plant_batch(desks, is_device_maker=is_device_maker, card_class=card_class)
    name_unit(desks.iot, batch.id)
    done = bring(desks.iot, [told(1, batch=batch.number)])
    assert done.persons == 1, done
    with desks.house.begin(Permission.SWEEP) as work:
        row = work.get(IndustryBatch, batch.id)
        row.state, row.activated_at = state, work.at
        work.no_deed()
    return again(desks.house, batch)


def card(batch: IndustryBatch, at: int = 0) -> str:
    """The ICCID of a batch's card, with a check digit that nobody insists on."""
    serial = int(batch.number[-6:])
    return card_key(FIRST + serial * 1000 + at) + "0"


def sealed_file(desk: Desk, rows: Sequence[Mapping[str, str]]) -> bytes:
    key = json.dumps(dict(import_key(desk)))
    return seal_person_file(as_csv(rows), key, desk.now())[0]


def bring(desk: Desk, rows: Sequence[Mapping[str, str]]) -> PersonImport:
    return import_persons(desk, "persons.jwe", sealed_file(desk, rows))


def again(desk: Desk, batch: IndustryBatch) -> IndustryBatch:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return work.get(IndustryBatch, batch.id)


def units_of(house: House, batch: IndustryBatch) -> Sequence[AccountableUnit]:
    with house.desk().begin(Permission.INDUSTRY_READ) as work:
        own = work.select(AccountableUnit).where(AccountableUnit.batch_id == batch.id)
        return work.all(own.order_by(col(AccountableUnit.id)))


def persons_of(house: House, batch: IndustryBatch) -> Sequence[AccountablePerson]:
    with house.desk().begin(Permission.INDUSTRY_READ) as work:
        own = work.select(AccountablePerson).where(AccountablePerson.batch_id == batch.id)
        return work.all(own.order_by(col(AccountablePerson.id)))


def users_of(house: House, batch: IndustryBatch) -> Sequence[CardUser]:
    with house.desk().begin(Permission.INDUSTRY_READ) as work:
        own = work.select(CardUser).where(CardUser.batch_id == batch.id)
        return work.all(own.order_by(col(CardUser.id)))


def deeds_of(house: House, area: str) -> Sequence[AuditEntry]:
    with house.desk().begin(Permission.AUDIT_READ) as work:
        entries = work.session.exec(select(AuditEntry).order_by("seq")).all()
    return [one for one in entries if one.deed.startswith(f"{area}.")]
