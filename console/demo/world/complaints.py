"""Complaints from the public: some come before anybody has found the shop, most after."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final

from console.demo.world.made import MadeFinding, World
from console.demo.world.office import Office, due, likely, numbered, office_of, pick
from models.cases.complaints import (
    TIMERS,
    Complaint,
    ComplaintKind,
    ComplaintSource,
    ComplaintState,
    Fault,
)
from models.permissions import Role
from models.staff import CARRIERS, Organisation, OrganisationKind

_S, _K = ComplaintState, ComplaintKind
_COMPLAINTS: Final = 1_200
_OF_SHOPS: Final = 0.62
"""Complaints about a shop that is, or becomes, a finding."""
_BEFORE: Final = 0.45
"""Of those, share that came before the finding, eighteen months ago; it falls by half."""
_SPAN: Final = timedelta(days=540)
_OFTEN: Final = ("CT-44", "CT-44", "MV-11")
"""People sign in for these: more of the newest are theirs."""
_KINDS: Final[Mapping[ComplaintKind, float]] = {
    _K.NUMBER_NOT_MINE: 4, _K.ADDED_BURDEN: 3, _K.FORCED_PACKAGE: 3, _K.RE_REGISTRATION: 2,
    _K.NO_REAL_NAME: 3, _K.RESALE: 2, _K.DEVICE_CARD: 1, _K.OTHER: 1,
}  # fmt: skip
_TEXTS: Final = {
    _K.UNLICENSED_SHOP: "网店没有展示标识，也不在名单中（示例）。",
    _K.NO_REAL_NAME: "客服说买卡不用实名，可以代为认证（示例）。",
    _K.NUMBER_NOT_MINE: "名下多出一个号码，不是本人办理（示例）。",
    _K.ADDED_BURDEN: "网店要求先充值才寄卡（示例）。",
    _K.FORCED_PACKAGE: "只能选高价套餐（示例）。",
    _K.RE_REGISTRATION: "补登记时要求重复提交材料（示例）。",
    _K.RESALE: "买到的卡是别人名下的（示例）。",
    _K.DEVICE_CARD: "共享设备里的卡被单独出售（示例）。",
    _K.OTHER: "客服长时间无人应答（示例）。",
}
_ANSWER: Final = "已核实并依规处理，感谢监督（示例）。"
_SOURCES: Final[Mapping[ComplaintSource, float]] = {
    ComplaintSource.PUBLIC: 7, ComplaintSource.HOTLINE: 2, ComplaintSource.CA: 1,
}  # fmt: skip
_SILENT: Final = 0.012


def build(world: World) -> None:
    office = office_of(world)
    count = world.many(_COMPLAINTS)
    rows = [*_about_shops(world, office, round(count * _OF_SHOPS)),
            *_others(world, office, count - round(count * _OF_SHOPS))]  # fmt: skip
    rows.sort(key=itemgetter("created_at"))
    numbers = numbered(world, "complaints", "TS", [row["created_at"] for row in rows])
    with world.keeping("complaints") as sheaf:
        for row, number in zip(rows, numbers, strict=True):
            sheaf.put(Complaint, number=number, **row)
            sheaf.breathe()


def _about_shops(world: World, office: Office, count: int) -> list[dict[str, Any]]:
    found = world.rng.sample(world.findings, min(count, len(world.findings)))
    return [_about(world, office, one) for one in found]


def _about(world: World, office: Office, finding: MadeFinding) -> dict[str, Any]:
    """Of the organisation that watches the shop, by somebody who saw it too."""
    chance, age = world.rng, (world.now - finding.found_at) / _SPAN
    is_before = likely(chance, _BEFORE * (0.5 + age / 2))
    if is_before:
        at = finding.listing_at + (finding.found_at - finding.listing_at) * chance.uniform(
            0.2, 0.95
        )
    else:
        until = finding.gone_at or world.now
        at = finding.found_at + max(until - finding.found_at, timedelta(hours=1)) * chance.random()
    owner = next(
        one for one in world.organisations.values() if one.id == finding.organisation_id
    )  # fmt: skip
    kind = _K.NO_REAL_NAME if likely(chance, 0.25) else _K.UNLICENSED_SHOP
    case = finding.case_id if likely(chance, 0.8) else None
    return _row(world, office, owner, kind, min(at, world.now)) | {
        "platform": finding.shop.platform, "shop": finding.shop.name, "case_id": case,
        "finding_id": finding.id, "shop_id": finding.shop.id,
    }  # fmt: skip


def _others(world: World, office: Office, count: int) -> list[dict[str, Any]]:
    carriers = [
        one for one in world.organisations.values()
        if one.kind in CARRIERS and one.kind is not OrganisationKind.BASIC_CARRIER_GROUP
    ]  # fmt: skip
    often = [world.organisations[code] for code in _OFTEN]
    made: list[dict[str, Any]] = []
    for at in range(count):
        owner = world.rng.choice(often if at % 3 == 0 else carriers)
        moment = world.now - _SPAN * world.rng.random() ** 1.2
        made.append(_row(world, office, owner, pick(world.rng, _KINDS), moment))
    return made


def _row(
    world: World, office: Office, owner: Organisation, kind: ComplaintKind, at: datetime
) -> dict[str, Any]:
    chance = world.rng
    source = pick(chance, _SOURCES)
    when, row_id = due(TIMERS[source], at), world.id_at(at)
    role = Role.PLATFORM_OFFICER
    if owner.kind in CARRIERS:
        role = Role.CHANNEL_MANAGER
    number = f"ZB-{at:%Y%m%d}-{chance.randrange(10_000):04}"
    return {
        "id": row_id, "asked_by_sha256": sha256(row_id.bytes).hexdigest(),
        "organisation_id": owner.id, "province": owner.province, "source": source,
        "source_number": "" if source is ComplaintSource.PUBLIC else number, "kind": kind,
        "text": _TEXTS[kind], "due_at": when.at, "rule_version": when.version, "created_at": at,
        **_stands(world, at, when.at, office.one(owner.id, role, chance.randrange(4))),
    }  # fmt: skip


def _stands(world: World, at: datetime, due_at: datetime, handler: Any) -> dict[str, Any]:  # noqa: ANN401
    """Taken on, looked into, answered: as far as the days have gone."""
    chance = world.rng
    accepted = at + timedelta(hours=chance.lognormvariate(2.6, 0.7))
    answered = accepted + (due_at - at) * min(chance.lognormvariate(-0.7, 0.45), 1.6)
    closed = answered + timedelta(days=chance.uniform(3, 20))
    is_left = likely(chance, _SILENT)
    if answered >= world.now or is_left:
        state = _S.RECEIVED
        if accepted < world.now:
            state = _S.INVESTIGATING if likely(chance, 0.5) else _S.ACCEPTED
        return {
            "state": state, "handler_id": None if state is _S.RECEIVED else handler,
            "is_late": due_at <= world.now, "version": 1 + (state is not _S.RECEIVED),
        }  # fmt: skip
    state = _S.ANSWERED
    if closed < world.now:
        state = _S.REWARDED if likely(chance, 0.06) else _S.CLOSED
    is_rewarded = state is _S.REWARDED
    return {
        "state": state, "handler_id": handler,
        "fault": Fault.OWN if likely(chance, 0.6) else Fault.NONE,
        "answer": _ANSWER, "answered_by": handler, "answered_at": answered,
        "is_late": answered >= due_at, "version": 3 + (state is not _S.ANSWERED),
        "reward": "话费一百元，奖〔示〕1号（示例）" if is_rewarded else "",
        "rewarded_at": closed if is_rewarded else None,
    }  # fmt: skip
