"""Industry cards: who buys them, batches at each stage of their way, and who answers for them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from console.actions.cards.persons import seal_persons
from console.demo.codes import made_up_uscc
from console.demo.world.made import Sheaf, World
from console.demo.world.office import Office, due, likely, numbered, office_of, pick
from console.demo.world.usage import Sold, monitored
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.agreements import IndustryAgreement
from models.cards.assessments import AssessmentVerdict, RiskAssessment
from models.cards.classes import CardClass, class_policy, classes_version, risk_form
from models.cards.industry import LIVE, BatchState, IndustryBatch
from models.cards.persons import (
    CaptureMethod,
    DocumentKind,
    PersonRole,
    PersonRow,
    SealedPerson,
)
from models.cards.purchasers import Purchaser
from models.cards.ranges import IndustryRange
from models.cards.scopes import CardScope
from models.cards.users import UnattributedRange
from models.permissions import Role
from models.rules import china_day
from models.search import sought_text
from models.staff import CARRIERS, Organisation, OrganisationKind

_S: Final = BatchState
_BATCHES, _BUYERS = 520, 3.2
"""Batches, and how many a purchaser has of them."""
_OFTEN: Final = (("CT-44", 10), ("MV-11", 4), ("CT-33", 4))
_FIRST: Final = 8_986_030_500_000_000_000
_SIZES: Final = (200, 500, 1_000, 2_000)
_NO_SCOPE: Final = 0.05
"""Batches from before the house had scopes: they are in use, and incomplete."""
_ENDS: Final[Mapping[BatchState, float]] = {
    _S.IN_USE: 86, _S.RETIRED: 6, _S.RESTRICTED: 4, _S.SHUT_DOWN: 2, _S.REFUSED: 4,
}  # fmt: skip
_CLASSES: Final[Mapping[CardClass, float]] = {
    CardClass.I1: 5, CardClass.I2: 3, CardClass.I3: 1, CardClass.I4: 1,
}  # fmt: skip
_NAMES: Final = ("禾苗智能表计", "远山物联", "清溪水务", "蓝屿充电", "青穗农业", "石榴共享",
                 "云杉安防",
                 "白鹿车联")  # fmt: skip
_USES: Final[Mapping[CardClass, tuple[str, str]]] = {
    CardClass.I1: ("抄表 30M", "居民水表远程抄表，每表一卡（示例）。"),
    CardClass.I2: ("视频 20G", "园区视频监控回传（示例）。"),
    CardClass.I3: ("网关 10G", "共享充电柜联网（示例）。"),
    CardClass.I4: ("语音 白名单", "电梯应急对讲（示例）。"),
}
_STAGES: Final = (_S.DRAFT, _S.PURCHASER_REVIEW, _S.APPROVED, _S.CONTRACTED, _S.REGISTERED)
_DAYS: Final = (2, 5, 6, 8, 6)
"""At most between two steps."""


@dataclass(frozen=True, slots=True)
class _Buyer:
    id: UUID
    carrier: Organisation
    name: str
    uscc: str
    province: str


@dataclass(frozen=True, slots=True)
class _Batch:
    """One on its way: what it is and how far it came."""

    id: UUID
    buyer: _Buyer
    card_class: CardClass
    state: BatchState
    steps: Sequence[datetime]
    """Drafted, submitted, reviewed, contracted, registered, in use: those that were reached."""
    cards: int
    first: int
    has_scope: bool

    @property
    def created_at(self) -> datetime:
        return self.steps[0]

    @property
    def is_answered_for(self) -> bool:
        return len(self.steps) > _STAGES.index(_S.REGISTERED)


def build(world: World) -> None:
    office, chance = office_of(world), world.rng
    count = world.many(_BATCHES)
    owners = _owners(world, count)
    buyers = _buyers(world, owners, max(1, round(count / _BUYERS)))
    with world.keeping("purchasers") as sheaf:
        for buyer in buyers:
            _put_buyer(world, sheaf, office, buyer)
    by_carrier: dict[UUID, list[_Buyer]] = defaultdict(list)
    for buyer in buyers:
        by_carrier[buyer.carrier.id].append(buyer)
    batches = [
        _drawn(world, chance.choice(by_carrier[buyers[at % len(buyers)].carrier.id]), at)
        for at in range(count)
    ]
    batches.sort(key=attrgetter("created_at"))
    persons = _persons(world, batches)
    numbers = _numbers(world, batches)
    with world.keeping("industry") as sheaf:
        for table in (AccountableUnit, AccountablePerson, IndustryBatch):
            sheaf.waiting.setdefault(table, [])
        for batch in batches:
            _put(world, sheaf, office, batch, numbers[batch.id], persons.get(batch.id))
            sheaf.breathe()
    monitored(world, office, [_sold(one) for one in batches if one.state in LIVE])


def _sold(batch: _Batch) -> Sold:
    return Sold(
        batch.id, batch.buyer.carrier, batch.buyer.province, batch.steps[-1], batch.first,
        batch.cards, batch.state, batch.buyer.name,
    )  # fmt: skip


def _owners(world: World, count: int) -> Sequence[Organisation]:
    carriers = [
        one for one in world.organisations.values()
        if one.kind in CARRIERS and one.kind is not OrganisationKind.BASIC_CARRIER_GROUP
    ]  # fmt: skip
    often = [world.organisations[code] for code, times in _OFTEN for _ in range(times)]
    return [
        world.rng.choice(often if likely(world.rng, 0.5) else carriers) for _ in range(count)
    ]  # fmt: skip


def _buyers(world: World, owners: Sequence[Organisation], count: int) -> list[_Buyer]:
    found: list[_Buyer] = []
    for at in range(count):
        carrier = owners[at]
        name = f"{_NAMES[at % len(_NAMES)]}{at + 1:03}有限公司（示例）"
        province = carrier.province or "44"
        uscc = made_up_uscc(at + 2000)
        found.append(_Buyer(world.id_at(world.ago(600)), carrier, name, uscc, province))
    return found


def _put_buyer(world: World, sheaf: Sheaf, office: Office, buyer: _Buyer) -> None:
    at = world.ago(600)
    sheaf.put(
        Purchaser, id=buyer.id, carrier_id=buyer.carrier.id, province=buyer.province,
        name=buyer.name, uscc=buyer.uscc, is_device_maker=likely(world.rng, 0.12),
        contact="采购部总机（示例）", licence_sha256=office.paper, licence_file="营业执照.pdf",
        licence_type="application/pdf", licence_name=buyer.name,
        licence_until=china_day(world.now + timedelta(days=world.rng.uniform(40, 2_000))),
        created_by=office.one(buyer.carrier.id, Role.IOT_MANAGER), created_at=at,
    )  # fmt: skip


def _drawn(world: World, buyer: _Buyer, at: int) -> _Batch:
    chance = world.rng
    steps = [world.now - timedelta(days=540) * chance.random()]
    for days in _DAYS:
        steps.append(steps[-1] + timedelta(days=chance.uniform(0.3, days)))
    reached = [one for one in steps if one <= world.now]
    state = pick(chance, _ENDS)
    if state is _S.REFUSED and len(reached) > _STAGES.index(_S.APPROVED):
        reached = reached[:3]
    elif len(reached) <= len(_STAGES):
        state = _STAGES[len(reached) - 1]
    elif state in {_S.REFUSED, _S.RETIRED} and steps[-1] > world.ago(200):
        state = _S.IN_USE
    has_scope = state is not _S.DRAFT and not (state is _S.IN_USE and likely(chance, _NO_SCOPE))
    cards = chance.choice(_SIZES)
    return _Batch(
        world.id_at(steps[0]), buyer, pick(chance, _CLASSES), state, reached, cards,
        _FIRST + at * max(_SIZES) * 2, has_scope,
    )  # fmt: skip


def _numbers(world: World, batches: Sequence[_Batch]) -> Mapping[UUID, str]:
    by_province: dict[str, list[_Batch]] = defaultdict(list)
    for batch in batches:
        by_province[batch.buyer.province].append(batch)
    found: dict[UUID, str] = {}
    for province, own in sorted(by_province.items()):
        moments = [one.created_at for one in own]
        given = numbered(world, f"industry:{province}", f"IOT-{province}", moments, joint="-")
        found |= dict(zip([one.id for one in own], given, strict=True))
    return found


def _persons(
    world: World, batches: Sequence[_Batch]
) -> Mapping[UUID, tuple[UUID, SealedPerson]]:  # fmt: skip
    """Of each batch that has one, sealed as any other: the document is a made-up passport."""
    by_carrier: dict[UUID, list[_Batch]] = defaultdict(list)
    for batch in batches:
        if batch.is_answered_for:
            by_carrier[batch.buyer.carrier.id].append(batch)
    found: dict[UUID, tuple[UUID, SealedPerson]] = {}
    for carrier, own in by_carrier.items():
        rows = [(world.id_at(one.steps[4]), _person(one, at)) for at, one in enumerate(own)]
        sealed = seal_persons(world.house.desk(), carrier, AccountablePerson, rows)
        for batch, (row_id, _), one in zip(own, rows, sealed, strict=True):
            found[batch.id] = row_id, one
    return found


def _person(batch: _Batch, at: int) -> PersonRow:
    return PersonRow(
        row=at + 2, batch="", role=PersonRole.ACCOUNTABLE_PERSON, iccid="",
        name=f"示例负责人{at + 1}", document_kind=DocumentKind.PASSPORT, document_no=f"DEMO{at:05}",
        phone="13800000000", position="运营主管", verified_at=batch.steps[4],
        verified_how=CaptureMethod.ONLINE_COMPARE,
        compare_ref=f"NC-DEMO-{at:05}", site="", chassis="",
    )  # fmt: skip


def _put(  # noqa: PLR0913, PLR0917 - a batch and who answers for it
    world: World, sheaf: Sheaf, office: Office, batch: _Batch, number: str,
    person: tuple[UUID, SealedPerson] | None,
) -> None:  # fmt: skip
    unit_id = None
    if person is not None:
        unit_id = world.id_at(batch.steps[4])
        since = batch.steps[4]
        sheaf.put(
            AccountableUnit, id=unit_id, batch_id=batch.id, name=batch.buyer.name,
            uscc=batch.buyer.uscc, since=since,
        )  # fmt: skip
        sheaf.put(
            AccountablePerson, id=person[0], batch_id=batch.id, unit_id=unit_id, since=since,
            position="运营主管", **person[1].columns,
        )  # fmt: skip
    sheaf.put(
        IndustryBatch, number=number, unit_id=unit_id, person_id=person[0] if person else None,
        **_row(world, office, batch, number),
    )  # fmt: skip
    _papers(world, sheaf, office, batch)
    if batch.is_answered_for:
        sheaf.put(
            IndustryRange, id=world.id_at(batch.steps[4]), batch_id=batch.id,
            carrier_id=batch.buyer.carrier.id, first=batch.first,
            last=batch.first + batch.cards - 1,
        )  # fmt: skip
        if class_policy(batch.card_class).by_user:
            sheaf.put(
                UnattributedRange, id=world.id_at(batch.steps[4]), batch_id=batch.id,
                first=batch.first, last=batch.first + batch.cards - 1,
                reason="共享终端，由单位负责（示例）", marked_at=batch.steps[4],
            )  # fmt: skip


def _row(world: World, office: Office, batch: _Batch, number: str) -> dict[str, Any]:
    buyer, steps, state = batch.buyer, batch.steps, batch.state
    product, use = _USES[batch.card_class]
    is_live, is_over = len(steps) > len(_STAGES), state in {_S.RETIRED, _S.SHUT_DOWN}
    manager = office.one(buyer.carrier.id, Role.IOT_MANAGER)
    is_sent = len(steps) > 1
    when = due("iot_risk_review", steps[1]) if state is _S.PURCHASER_REVIEW else None
    if state is _S.RESTRICTED:
        when = due("iot_reverification", world.ago(world.rng.uniform(0, 20)))
    until = china_day(steps[2]) + timedelta(days=365) if len(steps) > 2 else None  # noqa: PLR2004
    today = china_day(world.now)
    while until is not None and until < today and state in LIVE:
        until += timedelta(days=365)
    return {
        "id": batch.id, "carrier_id": buyer.carrier.id, "province": buyer.province,
        "purchaser_id": buyer.id, "card_class": batch.card_class, "product": product,
        "ordered": batch.cards, "cards": batch.cards if batch.is_answered_for else 0,
        "use_statement": use, "state": state, "created_by": manager, "created_at": steps[0],
        "search_text": sought_text(number, buyer.name, buyer.uscc, product),
        "submitted_by": manager if is_sent else None, "submitted_at": steps[1] if is_sent else None,
        "reviewed_at": steps[2] if until else None,
        "reviewed_by": office.one(buyer.carrier.id, Role.APPROVER) if until else None,
        "review_reason": "用途与经营范围不符（示例）" if state is _S.REFUSED else "",
        "proof_sha256": office.proof if is_live else "",
        "proof_file": "限制.png" if is_live else "",
        "proof_type": "image/png" if is_live else "", "activated_by": manager if is_live else None,
        "activated_at": steps[5] if is_live else None, "assessed_until": until,
        "reassess_on": until, "due_at": when.at if when else None,
        "is_late": when is not None and when.at <= world.now,
        "rule_version": when.version if when else "", "version": len(steps),
        "retired_on": today - timedelta(days=20) if state is _S.RETIRED else None,
        "retired_cards": batch.cards if state is _S.RETIRED else 0,
        "keep_until": today + timedelta(days=700) if is_over else None,
    }  # fmt: skip


def _papers(world: World, sheaf: Sheaf, office: Office, batch: _Batch) -> None:
    """Scope, assessment and agreement, as far as it has come."""
    steps, at = batch.steps, batch.steps[min(1, len(batch.steps) - 1)]
    if batch.has_scope:
        policy = class_policy(batch.card_class)
        voice, sms = policy.voice[-1], policy.sms[0]
        sheaf.put(
            CardScope, id=world.id_at(at), batch_id=batch.id, function="仅数据（示例）",
            business_scope="远程采集与回传", scenario="固定安装", product_form="贴片卡",
            voice=voice, sms=sms, targets=["iot.example.cn", "*.meters.example.cn"], monthly_mb=60,
            device_lock=True, tacs=["86000001"], regions=[batch.buyer.province],
            rule_version=classes_version(), bound_at=at,
        )  # fmt: skip
    if len(steps) > 2:  # noqa: PLR2004 - reviewed
        form, is_refused = risk_form(), batch.state is _S.REFUSED
        answers = {one.code: one.answers[-1 if is_refused else 0].code for one in form.question}
        weighed = form.weighed(answers)
        verdict = AssessmentVerdict.PASSED if weighed.is_passed else AssessmentVerdict.FAILED
        later = china_day(max(steps[2], world.ago(300)))
        sheaf.put(
            RiskAssessment, id=world.id_at(steps[2]), batch_id=batch.id, form_version=form.version,
            answers=answers, score=weighed.score, barred_by=list(weighed.barred_by),
            verdict=verdict, assessed_at=steps[2], rule_version="iot_reassessment/1",
            assessed_by=office.one(batch.buyer.carrier.id, Role.APPROVER),
            valid_until=later + timedelta(days=365) if weighed.is_passed else None,
        )  # fmt: skip
    if len(steps) > 3:  # noqa: PLR2004 - contracted
        signed = china_day(steps[3])
        sheaf.put(
            IndustryAgreement, id=world.id_at(steps[3]), batch_id=batch.id, no_resale=True,
            number=f"HT-{signed:%Y%m%d}-{batch.first % 10**9 // 4_000:05}", real_name_duty=True,
            monitoring_consent=True, signed_on=signed, sha256=office.paper, filed_at=steps[3],
            file_name="协议.pdf", media_type="application/pdf",
        )  # fmt: skip
