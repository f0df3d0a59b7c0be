"""Batches of industry cards of 中国电信广东, in steps that a test can stop at. All made up."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from console.actions.cards.industry.accountable import name_unit
from console.actions.cards.industry.activation import (
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import AgreementForm, file_agreement
from console.actions.cards.industry.batches import bind_scope, draft_batch, submit_batch
from console.actions.cards.industry.purchasers import add_purchaser, file_licence
from console.actions.cards.industry.reviews import assess_batch
from console.actions.imports.plan import plan_import
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import run_import
from console.desk import Desk
from models.base import new_id
from models.cards.accountable import AccountablePerson
from models.cards.agreements import IndustryClause
from models.cards.classes import CardClass, Voice, risk_form
from models.cards.industry import IndustryBatch
from models.cards.numbers import card_number
from models.cards.persons import CaptureMethod, DocumentKind
from models.cards.purchasers import Purchaser
from models.cards.scopes import ScopeTerms
from models.cards.users import UnattributedRange
from models.channel.imports import Import
from models.formats import luhn_digit
from models.permissions import Permission
from tests.cases.world import PDF, PNG
from tests.channel.stories import uscc
from tests.conftest import Desks
from tests.imports.files import csv_text, read_csv

BUYER = "广州禾苗智能表计有限公司"
USE = "居民水表远程抄表，每表一卡，日报一次。"
TARGETS = ("iot.example.cn", "*.meters.example.cn")
CLAUSES = tuple(IndustryClause)
AGREEMENT = AgreementForm("XY-2026-001", CLAUSES, date(2026, 3, 1), date(2029, 2, 28))
HEADER = ("批次号", "起始ICCID", "终止ICCID", "ICCID", "IMEI", "物联网号码")


def iccid(serial: int, issuer: str = "898603") -> str:
    """The nineteen characters of a made-up card of 中国电信."""
    return f"{issuer}{serial:013d}"


def iccid20(serial: int, issuer: str = "898603") -> str:
    """All twenty, with a check digit that holds."""
    return iccid(serial, issuer) + luhn_digit(iccid(serial, issuer))


def imei(serial: int, tac: str = "86012345") -> str:
    body = f"{tac}{serial:06d}"
    return body + luhn_digit(body)


def answers(**changed: str) -> dict[str, str]:
    """The best answer to each question of the risk form; named ones say otherwise."""
    best = {one.code: min(one.answers, key=lambda a: a.points).code for one in risk_form().question}
    return best | changed


def terms(card_class: CardClass = CardClass.I1, **changed: Any) -> ScopeTerms:  # noqa: ANN401
    """What a batch of the class may be used for, and all that the class asks for."""
    said: dict[str, Any] = {
        "function": "仅数据，定向访问抄表平台",
        "business_scope": "供水企业远程抄表",
        "scenario": "居民小区表井，固定安装",
        "product_form": "贴片卡，焊接在水表内",
        "targets": () if card_class is CardClass.I3 else TARGETS,
        "monthly_mb": 30,
        "device_lock": True,
        "tacs": ("86012345",),
        "regions": ("44",),
        "chassis": card_class is CardClass.I5,
    }
    if card_class in {CardClass.I4, CardClass.I5}:
        said |= {"voice": Voice.WHITELIST, "voice_numbers": ("02012345678",)}
    return ScopeTerms(**(said | changed))


def purchaser(
    desks: Desks,
    serial: int = 1,
    *,
    desk: Desk | None = None,
    licence: bool = True,
    **changed: Any,  # noqa: ANN401 - what is said of a unit
) -> Purchaser:
    """A unit with a licence that holds."""
    by = desk or desks.iot
    said: dict[str, Any] = {
        "name": BUYER,
        "uscc": uscc(serial),
        "province": "44",
        "contact": "020-8765 0000",
    }
    row = add_purchaser(by, **(said | changed))
    if licence:
        until = date(2035, 12, 31)
        row = file_licence(by, row.id, "执照.png", PNG, licence_name=row.name, until=until)
    return row


def drafted(
    desks: Desks,
    *,
    serial: int = 1,
    card_class: CardClass = CardClass.I1,
    ordered: int = 10,
    scope: ScopeTerms | None = None,
    buyer: Purchaser | None = None,
    desk: Desk | None = None,
) -> IndustryBatch:
    """A whole draft, its scope bound."""
    by = desk or desks.iot
    bought = buyer or purchaser(desks, serial, desk=by)
    batch = draft_batch(
        by, purchaser=bought.id, card_class=card_class, ordered=ordered,
        product="抄表 30M", use_statement=USE,
    )  # fmt: skip
    bind_scope(by, batch.id, scope or terms(card_class))
    return kept(desks, batch.id)


def submitted(desks: Desks, **more: Any) -> IndustryBatch:  # noqa: ANN401 - as `drafted` takes them
    by = more.get("desk") or desks.iot
    return submit_batch(by, drafted(desks, **more).id)


def approved(desks: Desks, *, reviewer: Desk | None = None, **more: Any) -> IndustryBatch:  # noqa: ANN401
    return assess_batch(reviewer or desks.approver, submitted(desks, **more).id, answers())


def contracted(desks: Desks, **more: Any) -> IndustryBatch:  # noqa: ANN401
    by = more.get("desk") or desks.iot
    return file_agreement(by, approved(desks, **more).id, AGREEMENT, "协议.pdf", PDF)


def registered(desks: Desks, **more: Any) -> IndustryBatch:  # noqa: ANN401
    by = more.get("desk") or desks.iot
    batch = contracted(desks, **more)
    answered_for(desks, batch.id, desk=by)
    return register_batch(by, batch.id)


def ready(desks: Desks, *, first: int = 0, **more: Any) -> IndustryBatch:  # noqa: ANN401
    """Registered, its cards from `first` on loaded, its limits proven; cards have their marks."""
    by = more.get("desk") or desks.iot
    batch = registered(desks, **more)
    loaded = brought(by, [line(batch, first, first + batch.ordered - 1)])
    assert loaded.accepted == 1, why(by, loaded)
    marked(desks, batch, card_number(iccid(first)), card_number(iccid(first + batch.ordered - 1)))
    return file_limits_proof(by, batch.id, "限制.png", PNG)


def in_use(desks: Desks, **more: Any) -> IndustryBatch:  # noqa: ANN401
    by = more.get("desk") or desks.iot
    return activate_batch(by, ready(desks, **more).id)


def answered_for(desks: Desks, batch_id: UUID, *, desk: Desk | None = None) -> None:
    """Its purchaser answers for it, and a person of the purchaser's who was read from a card."""
    unit = name_unit(desk or desks.iot, batch_id)
    with desks.house.begin(Permission.PERSON_IMPORT) as work:
        person = AccountablePerson(
            batch_id=batch_id, unit_id=unit.id, since=work.at, position="运营主管", **_sealed(),
            verified_at=work.at,
        )  # fmt: skip
        work.add(person)
        work.session.flush()
        batch = work.get(IndustryBatch, batch_id)
        batch.person_id = person.id
        work.record("accountable.planted", batch)


def _sealed() -> dict[str, Any]:
    """What a sealed person's columns look like; nobody opens it."""
    return {
        "subject_id": new_id(),
        "name_sealed": b"sealed", "name_mask": "欧阳**",
        "document_kind": DocumentKind.RESIDENT,
        "document_sealed": b"sealed", "document_mask": "110***********0012",
        "document_index": new_id().bytes,
        "phone_sealed": b"sealed", "phone_mask": "138****0000",
        "verified_how": CaptureMethod.ID_READER,
    }  # fmt: skip


def marked(desks: Desks, batch: IndustryBatch, first: int, last: int) -> None:
    """These cards, by what `card_number` says of them, can't be matched with a user each."""
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        mark = UnattributedRange(
            batch_id=batch.id, first=first, last=last, reason="共享终端", marked_at=work.at
        )
        work.add(mark)
        work.record("industry.planted", work.get(IndustryBatch, batch.id))


def line(
    batch: IndustryBatch | str, first: int, last: int | None = None, **more: str
) -> Mapping[str, str]:
    """A row of cards that follow each other, or of one."""
    number = batch if isinstance(batch, str) else batch.number
    if last is None:
        return {"批次号": number, "ICCID": iccid(first)} | more
    return {"批次号": number, "起始ICCID": iccid(first), "终止ICCID": iccid(last)} | more


def brought(
    desk: Desk, lines: Sequence[Mapping[str, str]], *, dry: bool = False, name: str = "cards.csv"
) -> Import:
    rows = [[one.get(column, "") for column in HEADER] for one in lines]
    content = csv_text(HEADER, rows).encode("utf-8-sig")
    return run_import(desk, plan_import(desk, "industry_cards", name, content, dry=dry).id)


def why(desk: Desk, imported: Import) -> list[str]:
    """The reasons of the rejected rows, in the order of the file."""
    if not imported.rejects_sha256:
        return []
    return [row["原因"] for row in read_csv(rejects_file(desk, imported.id)[0])]


def kept(desks: Desks, batch_id: UUID) -> IndustryBatch:
    """The batch as it is now."""
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        return work.session.get_one(IndustryBatch, batch_id)
