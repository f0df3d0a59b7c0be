"""Notices between organisations: of cases to platforms, to carriers, and among carriers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from console.actions.cases.notices.letters import AT_ONCE_KINDS
from console.actions.cases.notices.wording import Grounds, body_of, subject_of
from console.demo.cast import PROOF
from console.demo.world.courses import Course
from console.demo.world.made import MadeShop, Sheaf, World
from console.demo.world.matters import Matter
from console.demo.world.office import Office, due, likely, numbered, office_of
from models.cases.cases import ENDED, Case
from models.cases.extensions import Extension, ExtensionState
from models.cases.measures import BY_PLATFORM, CaseMeasure, Measure
from models.cases.notices import (
    Answer,
    AnswerOutcome,
    Message,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeState,
    Proof,
)
from models.channel.licences import Ground
from models.permissions import Role
from models.rules import FindingKind, Tier, china_day, end_of, parameter
from models.staff import CARRIERS, Organisation, OrganisationKind

_A, _S, _K = AnswerOutcome, NoticeState, NoticeKind
_NOBODY, _LONG_AGO = UUID(int=0), datetime(2024, 1, 1, tzinfo=UTC)
_FAILED_TO_STOP: Final = "platform_failed_to_stop"
_ANSWERED: Final = (
    "已下架商品并关闭店铺，截图附后（示例）。", "已停止该店服务，并对关联账号排查（示例）。",
    "商品已下架，店铺保证金已扣划（示例）。",
)  # fmt: skip
_KEPT: Final = "店主已提交委托证明，请贵单位核实后再定（示例）。"
_ASKED: Final = "请一并提供店铺后台登记的主体信息（示例）。"
_NOTICED: Final = (
    "贵单位代理商的网店在直播中承诺代为认证（示例）。",
    "贵单位代理商的网店展示的标识已失效（示例）。",
    "贵单位代理商的网店超出许可省份发货（示例）。",
)  # fmt: skip
_INQUIRED: Final = "该店自称贵单位代理商，名单中未见，请核实（示例）。"
_IS_OURS: Final = "属于本单位代理商，名单将补列（示例）。"
_OURS: Final = 0.15
_PATIENCE: Final = 60
"""Days after which somebody has answered every letter."""
_REPORTS, _INQUIRIES = 140, 110
"""Beside those of cases, in a world of scale 1."""


@dataclass(frozen=True, slots=True)
class Noticing:
    """Numbers of the notices of cases, by case."""

    numbers: Mapping[UUID, str]
    platforms: Mapping[UUID, str]
    """Who answers for each platform, by its people."""

    @classmethod
    def of(cls, world: World, office: Office, found: Sequence[Course]) -> "Noticing":
        told = [
            (one.noticed_at, one.id) for one in found
            if one.noticed_at and one.shop.platform in world.organisations
        ]  # fmt: skip
        told.sort()
        numbers = numbered(world, "notices", "NTC", [at for at, _ in told])
        people = {
            one.id: office.name(office.one(one.id, Role.PLATFORM_OFFICER)) or "平台合规"
            for one in world.organisations.values()
            if one.kind is OrganisationKind.PLATFORM
        }
        return cls(dict(zip([case for _, case in told], numbers, strict=True)), people)


def put_notice(matter: Matter, noticing: Noticing) -> None:
    """Of a case whose platform works here; it is the proof that the platform was told."""
    course, sent, platform = matter.course, matter.course.noticed_at, matter.platform
    number = noticing.numbers.get(course.id)
    if number is None or sent is None or platform is None:
        return
    person = noticing.platforms[platform.id]
    row = _row(matter, number, sent, platform) | _answered(matter, sent, person)
    _overdue(matter, row)
    matter.sheaf.put(Notice, **row)
    if row["answered_at"] is not None:
        _answer(matter, row, person)
    if likely(course.chance, 0.08):
        _message(matter, row)
    if likely(course.chance, 0.05):
        _extension(matter, row)


def _row(matter: Matter, number: str, sent: datetime, platform: Organisation) -> dict[str, Any]:
    course = matter.course
    first = due("platform_acknowledgement", sent)
    stops = course.gravest.kind in AT_ONCE_KINDS
    second = due("violation_stop" if stops else "platform_removal", sent)
    grounds = _grounds(matter)
    return {
        "id": matter.at(sent), "number": number, "kind": _K.CASE, "case_id": course.id,
        "organisation_id": matter.carrier.id, "recipient_id": platform.id,
        "platform": platform.code, "channel": NoticeChannel.PORTAL, "language": "zh",
        "subject": subject_of(number, grounds, "zh"), "body": body_of(number, grounds, "zh"),
        "receipt": f"PORTAL {number}", "promised_at": sent, "sent_at": sent,
        "acknowledge_due_at": first.at, "answer_due_at": second.at,
        "rule_version": f"{first.version} {second.version}",
    }  # fmt: skip


def _grounds(matter: Matter) -> Grounds:
    course, shop = matter.course, matter.course.shop
    first = course.gravest
    pad = _pad(first.kind, first.ground, course.tier, tuple(course.measures))
    pad.case.reference = matter.reference
    pad.case.shop_name, pad.case.shop_key = shop.name, shop.shop_key
    return replace(pad, sender=matter.carrier.name)


@lru_cache(128)
def _pad(kind: FindingKind, ground: Ground, tier: Tier, measures: tuple[Measure, ...]) -> Grounds:
    """All that letters of a kind have in common: a row of its own for each would cost seconds."""
    case = Case(
        reference="", organisation_id=_NOBODY, kind=kind, ground=ground, tier=tier,
        created_at=_LONG_AGO,
    )  # fmt: skip
    orders = [
        CaseMeasure(
            case_id=case.id, measure=one, reason="未取得网络代理委托（示例）",
            remedy="可自收到之日起十五日内书面申诉", papers="营业执照、委托证明",
        )
        for one in measures if one in BY_PLATFORM
    ]  # fmt: skip
    day = china_day(_LONG_AGO)
    first, then = parameter("platform_acknowledgement", day), parameter("platform_removal", day)
    return Grounds(case, None, [], [], "", orders, first, then)


def _answered(matter: Matter, sent: datetime, person: str) -> dict[str, Any]:
    """How far the platform has come with it."""
    course, now = matter.course, matter.world.now
    until = course.gone_at or course.ended_at or now
    seen = sent + min((until - sent) * 0.6, timedelta(hours=course.chance.lognormvariate(2.2, 0.8)))
    is_seen = course.gone_at is not None or likely(course.chance, 0.75)
    is_kept = course.gone_at is None and is_seen and likely(course.chance, 0.12)
    answered = course.gone_at or (seen + (until - seen) * 0.5 if is_kept else None)
    state = _S.ANSWERED if answered else _S.ACKNOWLEDGED if is_seen else _S.SENT
    return {
        "state": _S.CLOSED if course.state in ENDED else state,
        "acknowledged_at": seen if is_seen else None, "acknowledged_by": person if is_seen else "",
        "answered_at": answered, "version": 2 + is_seen + (answered is not None),
    }  # fmt: skip


def _overdue(matter: Matter, row: dict[str, Any]) -> None:
    """Reminded when an answer was late; told to the administrations two working days after."""
    ended = row["answered_at"] or matter.course.ended_at or matter.world.now
    row |= {"reminders": 0, "reminded_at": None, "escalated_at": None, "escalated_ground": ""}
    if ended <= row["answer_due_at"]:
        return
    later = due("platform_escalation", row["answer_due_at"] - timedelta(seconds=1)).at
    row |= {"reminders": 1, "reminded_at": row["answer_due_at"]}
    if ended > later:
        row |= {"escalated_at": later, "escalated_ground": _FAILED_TO_STOP}


def _answer(matter: Matter, row: Mapping[str, Any], person: str) -> None:
    is_gone = matter.course.gone_at is not None
    answer_id = matter.at(row["answered_at"])
    words = matter.course.chance.choice(_ANSWERED) if is_gone else _KEPT
    matter.sheaf.put(
        Answer, id=answer_id, notice_id=row["id"], words_given=words, answered_by=person,
        at=row["answered_at"], outcome=_A.REMOVED if is_gone else _A.KEPT,
    )  # fmt: skip
    if is_gone:
        matter.sheaf.put(
            Proof, id=matter.at(row["answered_at"]), answer_id=answer_id, name="下架截图.png",
            media_type="image/png", size=len(PROOF), sha256=matter.office.proof,
        )  # fmt: skip


def _message(matter: Matter, row: Mapping[str, Any]) -> None:
    at = row["sent_at"] + timedelta(hours=2)
    matter.sheaf.put(
        Message, id=matter.at(at), notice_id=row["id"], organisation_id=matter.carrier.id,
        author=matter.office.name(matter.owner) or matter.carrier.name[:64], text=_ASKED,
        at=min(at, matter.world.now),
    )  # fmt: skip


def _extension(matter: Matter, row: dict[str, Any]) -> None:
    """Asked before it was due; the newest wait for an approver."""
    asked = row["sent_at"] + timedelta(hours=4)
    if "violation_stop" in row["rule_version"] or not asked < min(
        row["answer_due_at"], matter.world.now
    ):
        return
    is_open = row["state"] in {_S.SENT, _S.ACKNOWLEDGED} and row["answer_due_at"] > matter.world.now
    old = row["answer_due_at"]
    new = end_of(china_day(old) + timedelta(days=1))
    matter.sheaf.put(
        Extension, id=matter.at(asked), subject_kind="Notice", subject_id=row["id"],
        subject_name=row["number"], asker_id=row["recipient_id"], decider_id=matter.carrier.id,
        state=ExtensionState.ASKED if is_open else ExtensionState.REFUSED,
        reason="店铺主体登记需人工核实，申请顺延（示例）", old_due_at=old, new_due_at=new,
        asked_at=asked, decided_by=None if is_open else matter.decider,
        decided_at=None if is_open else asked + timedelta(hours=1),
        answer="" if is_open else "应及时处置，不予顺延（示例）",
        rule_version="platform_extension/1",
    )  # fmt: skip


# Without a case between them


@dataclass(frozen=True, slots=True)
class _Letter:
    kind: NoticeKind
    sender: Organisation
    recipient: Organisation
    shop: MadeShop
    at: datetime


def build(world: World) -> None:
    """Reports of platforms to carriers, and what carriers ask each other."""
    office, letters = office_of(world), [*_reports(world), *_inquiries(world)]
    letters.sort(key=lambda one: one.at)
    numbers = numbered(world, "notices", "NTC", [one.at for one in letters])
    with world.keeping("notices") as sheaf:
        for table in (Notice, Answer):
            sheaf.waiting.setdefault(table, [])
        for letter, number in zip(letters, numbers, strict=True):
            _put_letter(world, sheaf, office, letter, number)
            sheaf.breathe()


def _reports(world: World) -> list[_Letter]:
    """A platform tells the carrier of a shop of its agent's (004-3.3-n)."""
    carriers = {one.id: one for one in world.organisations.values() if one.kind in CARRIERS}
    agents = {one.id: one.carrier_id for one in world.agents}
    known = [
        one for one in world.shops
        if one.agent_id in agents and one.platform in world.organisations
    ]  # fmt: skip
    picked = world.rng.sample(known, min(len(known), world.many(_REPORTS)))
    return [
        _Letter(
            _K.REPORT, world.organisations[one.platform], carriers[agents[one.agent_id]], one,
            _moment(world, one),
        )
        for one in picked if one.agent_id
    ]  # fmt: skip


def _inquiries(world: World) -> list[_Letter]:
    """Whether a shop that names several carriers is anybody's."""
    carriers = [
        one for one in world.organisations.values()
        if one.kind in CARRIERS and one.kind is not OrganisationKind.BASIC_CARRIER_GROUP
    ]  # fmt: skip
    own = {one.id: one for one in carriers}
    known = [one for one in world.shops if one.organisation_id in own and one.agent_id is None]
    picked = world.rng.sample(known, min(len(known), world.many(_INQUIRIES)))
    return [
        _Letter(_K.INQUIRY, own[one.organisation_id], other, one, _moment(world, one))
        for one in picked
        if (other := world.rng.choice(carriers)).id != one.organisation_id
    ]


def _moment(world: World, shop: MadeShop) -> datetime:
    begun = max(shop.first_seen, world.ago(540))
    return begun + (world.now - begun) * world.rng.random() ** 0.8


def _put_letter(world: World, sheaf: Sheaf, office: Office, letter: _Letter, number: str) -> None:
    is_report, at = letter.kind is _K.REPORT, letter.at
    first = due("platform_acknowledgement", at)
    second = due("platform_removal" if is_report else "shop_confirmation", at)
    seen = at + timedelta(hours=world.rng.lognormvariate(2, 0.7))
    answered = at + timedelta(hours=world.rng.lognormvariate(3.4, 0.6))
    is_seen, is_answered = (
        seen < world.now,
        seen < answered < world.now and (likely(world.rng, 0.97) or at < world.ago(_PATIENCE)),
    )
    closed = is_answered and answered < world.ago(20)
    role = Role.CHANNEL_MANAGER
    person = office.name(office.one(letter.recipient.id, role)) or letter.recipient.name[:60]
    about = _NOTICED if is_report else (_INQUIRED,)
    words, row_id = world.rng.choice(about), world.id_at(at)
    sheaf.put(
        Notice, id=row_id, number=number, kind=letter.kind,
        agent_id=letter.shop.agent_id if is_report else None,
        organisation_id=letter.sender.id, recipient_id=letter.recipient.id,
        platform=letter.shop.platform if is_report else "", language="zh",
        subject=f"{number} {letter.shop.name}"[:300],
        body=f"{letter.recipient.name}：\n\n{letter.shop.name}（{letter.shop.shop_key}）\n{words}",
        state=_stands(is_seen=is_seen, is_answered=is_answered, is_closed=closed),
        receipt=f"PORTAL {number}", promised_at=at, sent_at=at, acknowledge_due_at=first.at,
        acknowledged_at=seen if is_seen else None, acknowledged_by=person if is_seen else "",
        answer_due_at=second.at, answered_at=answered if is_answered else None,
        reminders=int(not is_answered and second.at < world.now),
        reminded_at=second.at if not is_answered and second.at < world.now else None,
        rule_version=f"{first.version} {second.version}",
        version=2 + is_seen + is_answered + closed,
    )  # fmt: skip
    if is_answered:
        outcome = _A.ACTED if is_report else _outcome(world.rng.random())
        said = (
            "已约谈代理商并责令改正（示例）。"
            if is_report
            else "经核对名单，不属于本单位代理商（示例）。"
        )
        sheaf.put(
            Answer, id=world.id_at(answered), notice_id=row_id, outcome=outcome, at=answered,
            words_given=_IS_OURS if outcome is _A.OURS else said,
            answered_by=person,
        )  # fmt: skip


def _outcome(drawn: float) -> AnswerOutcome:
    return _A.OURS if drawn < _OURS else _A.NOT_OURS


def _stands(*, is_seen: bool, is_answered: bool, is_closed: bool) -> NoticeState:
    if is_closed:
        return _S.CLOSED
    if is_answered:
        return _S.ANSWERED
    return _S.ACKNOWLEDGED if is_seen else _S.SENT
