"""Batches of industry cards in use, planted, and files of what their cards did."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from models.base import new_id
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.classes import CardClass, Sms, Voice
from models.cards.industry import BatchState, IndustryBatch
from models.cards.numbers import card_key
from models.cards.persons import CaptureMethod, DocumentKind
from models.cards.purchasers import Purchaser
from models.cards.ranges import DeviceLock, IndustryRange
from models.cards.scopes import CardScope
from models.permissions import Permission
from models.staff import Organisation
from tests.conftest import Desks

FIRST = 8986030000000000000
"""Of the cards of 中国电信."""
MB = 1 << 20
DAY = date(2026, 3, 1)
IMEI = "490154203237518"
Row = dict[str, Any]
Did = dict[str, object]
COLUMNS = ("iccid", "day", "bytes", "voice", "sms", "device", "region", "targets")


@dataclass(frozen=True)
class Used:
    """A batch and its cards, counted from 0."""

    batch: IndustryBatch

    @property
    def id(self) -> UUID:
        return self.batch.id

    def card(self, at: int) -> int:
        serial = int(self.batch.number.rpartition("-")[2])
        return FIRST + serial * 1_000_000 + at

    def iccid(self, at: int) -> str:
        """As it is printed: with its last character."""
        return card_key(self.card(at)) + "0"

    def did(self, at: int, on: date = DAY, **did: object) -> Did:
        """What a card did on a day: by default a little, and nothing that is forbidden."""
        usual = {"bytes": MB // 2, "voice": 0, "sms": 0, "device": "", "region": "", "targets": ""}
        return {"iccid": self.iccid(at), "day": on, **usual, **did}


def planted(
    desks: Desks,
    serial: int = 1,
    *,
    state: BatchState = BatchState.IN_USE,
    cards: int = 100,
    carrier: str = "CT-44",
    locked: Mapping[int, str] | None = None,
    **scope: object,
) -> Used:
    """A batch of 2 MB a month for each card, without voice or SMS, if nothing else is said."""
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        owner = work.session.exec(select(Organisation).where(Organisation.code == carrier)).one()
        same: Row = {"carrier_id": owner.id, "created_at": work.at}
        purchaser = work.add(
            Purchaser(province="44", name=f"智联科技{serial}", uscc=f"9144{serial:014}", **same)
        )
        work.session.flush()
        batch = IndustryBatch(
            number=f"IOT-44-2026-{serial:06}",
            province="44",
            purchaser_id=purchaser.id,
            card_class=CardClass.I1,
            ordered=cards,
            cards=cards,
            **same,
        )
        _answered_for(work.session, batch, work.at)
        batch.state = state
        work.add(batch)
        work.session.flush()
        terms: Row = {"monthly_mb": 2, "voice": Voice.OFF, "sms": Sms.OFF, **scope}
        work.add(CardScope(batch_id=batch.id, bound_at=work.at, **terms))
        used = Used(batch)
        ends: Row = {"first": used.card(0), "last": used.card(cards - 1)}
        work.add(IndustryRange(batch_id=batch.id, carrier_id=owner.id, **ends))
        for at, device in (locked or {}).items():
            lock: Row = {"batch_id": batch.id, "locked_at": work.at}
            work.add(DeviceLock(card=used.card(at), device=device, **lock))
        work.record("industry.planted", batch)
    return used


def _answered_for(session: Session, batch: IndustryBatch, at: datetime) -> None:
    unit = AccountableUnit(batch_id=batch.id, name="智联科技", uscc="914400000000000001", since=at)
    session.add(unit)
    session.flush()
    sealed: Row = {f"{name}_sealed": b"sealed" for name in ("name", "document", "phone")}
    person = AccountablePerson(
        batch_id=batch.id,
        unit_id=unit.id,
        since=at,
        subject_id=new_id(),
        name_mask="张*",
        document_kind=DocumentKind.RESIDENT,
        document_mask="44**************12",
        document_index=b"0" * 16,
        phone_mask="138****0000",
        verified_how=CaptureMethod.ID_READER,
        verified_at=at,
        **sealed,
    )
    session.add(person)
    session.flush()
    batch.unit_id, batch.person_id = unit.id, person.id


def csv_of(rows: Sequence[Did]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([row[name] for name in COLUMNS] for row in rows)
    return out.getvalue().encode()


def days_of(used: Used, at: int, first: date, count: int, **did: object) -> list[Did]:
    return [used.did(at, first + timedelta(days=one), **did) for one in range(count)]
