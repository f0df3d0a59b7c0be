"""Industry cards: batches at each stage of their way, months of use, and what was done about it."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from console.actions.cards.industry.accountable import name_unit
from console.actions.cards.industry.activation import (
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import AgreementForm, file_agreement
from console.actions.cards.industry.batches import bind_scope, draft_batch, submit_batch
from console.actions.cards.industry.downstream import report_downstream
from console.actions.cards.industry.findings import (
    confirm_usage_finding,
    dismiss_usage_finding,
    list_usage_findings,
)
from console.actions.cards.industry.order_appeals import appeal_order
from console.actions.cards.industry.orders import carry_out, order_cards, tell_order
from console.actions.cards.industry.persons_import import import_persons
from console.actions.cards.industry.purchasers import add_purchaser, file_licence
from console.actions.cards.industry.reviews import assess_batch
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cards.industry.users import mark_unattributed
from console.actions.cards.industry.watch import add_watch
from console.actions.cards.persons import import_key
from console.actions.cases.authorities.kept import Brought
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.demo.cast import PAPER, PROOF, Cast
from console.demo.codes import made_up_uscc
from integrations.person_files import COLUMNS, seal_person_file
from models.cards.agreements import IndustryClause
from models.cards.card_orders import CardMeasure
from models.cards.classes import CardClass, Sms, Voice, class_policy, risk_form
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.scopes import ScopeTerms
from models.cards.usage_rules import MEGABYTE, UsageRule
from models.channel.imports import ImportKind
from models.formats import resident_check_character
from models.rules import china_day

_FIRST_CARD: Final = 8_986_032_600_000_000_000
_USED_DAYS: Final = 45
_TAC: Final = "86012345"


class Sold(NamedTuple):
    """A batch of the sample: who buys what for which use, and how far it has come."""

    buyer: str
    card_class: CardClass
    cards: int
    product: str
    use: str
    target: str
    monthly_mb: int | None
    stage: str
    """The last step that was taken."""
    is_maker: bool = False


_SOLD: Final = (
    Sold("穗禾水务表计（示例）", CardClass.I1, 60, "抄表 30M", "居民水表远程抄表，日报一次",
         "*.meter.example", 30, "in_use"),
    Sold("岭南视界安防（示例）", CardClass.I2, 40, "视频 20G", "连锁门店监控摄像头回传",
         "*.video.example", 20_480, "in_use"),
    Sold("粤行车联科技（示例）", CardClass.I5, 50, "车联网 2G", "前装 T-Box 远程诊断与紧急呼叫",
         "*.car.example", 2_048, "in_use", is_maker=True),
    Sold("云港共享充电（示例）", CardClass.I3, 30, "通用 500M", "共享充电柜联网",
         "", 500, "registered"),
    Sold("乐龄守护科技（示例）", CardClass.I4, 20, "语音白名单", "老人一键呼叫手环",
         "*.care.example", 100, "contracted"),
    Sold("南粤电梯维保（示例）", CardClass.I4, 80, "语音白名单", "电梯轿厢紧急呼叫",
         "*.lift.example", 50, "approved"),
    Sold("广府冷链物流（示例）", CardClass.I1, 200, "温控 10M", "冷藏车温度上报",
         "*.cold.example", 10, "submitted"),
    Sold("某某通讯经营部（示例）", CardClass.I3, 500, "通用 5G", "未说明具体设备",
         "", 5_120, "refused"),
    Sold("珠江智慧停车（示例）", CardClass.I2, 25, "车牌识别", "路侧停车相机", "", None, "draft"),
)  # fmt: skip


def industry_shown(cast: Cast) -> None:
    """Nine batches, one at each stage and three in use; a run over their use; what was ordered."""
    batches = [_brought(cast, number, sold) for number, sold in enumerate(_SOLD)]
    _watched(cast, batches[:3])
    _reported(cast, batches[2])


def _brought(cast: Cast, number: int, sold: Sold) -> IndustryBatch:
    """Step by step, some months ago; it stops where the sample leaves it."""
    then = cast.earlier(100 - number)
    buyer = add_purchaser(
        then.iot, name=sold.buyer, uscc=made_up_uscc(700 + number), province="44",
        is_device_maker=sold.is_maker, contact="综合管理部 020-0000 0000",
    )  # fmt: skip
    until = china_day(cast.iot.now()) + timedelta(days=800)
    file_licence(then.iot, buyer.id, "营业执照.png", PROOF, licence_name=buyer.name, until=until)
    batch = draft_batch(
        then.iot, purchaser=buyer.id, card_class=sold.card_class, ordered=sold.cards,
        product=sold.product, use_statement=sold.use,
    )  # fmt: skip
    bind_scope(then.iot, batch.id, _terms(sold))
    if sold.stage == "draft":
        return batch
    batch = submit_batch(then.iot, batch.id)
    if sold.stage == "submitted":
        return batch
    is_good = sold.stage != "refused"
    words = "用途明确，设备清单与数量一致" if is_good else "用途与经营范围不相符，拟转售卡片"
    batch = assess_batch(then.approver, batch.id, _answers(is_good=is_good), words)
    return batch if sold.stage in {"refused", "approved"} else _answered(then, number, batch, sold)


def _terms(sold: Sold) -> ScopeTerms:
    policy = class_policy(sold.card_class)
    calls = Voice.WHITELIST if Voice.WHITELIST in policy.voice else Voice.OFF
    return ScopeTerms(
        function="数据" if calls is Voice.OFF else "数据、语音白名单",
        business_scope=sold.use,
        scenario="固定安装" if sold.card_class is not CardClass.I5 else "随车使用",
        product_form="贴片卡" if policy.device_lock else "车规级贴片卡（T-Box）",
        voice=calls,
        voice_numbers=("02012345678",) if calls is Voice.WHITELIST else (),
        sms=Sms.OFF,
        targets=(sold.target,) if sold.target else (),
        monthly_mb=sold.monthly_mb,
        device_lock=policy.device_lock,
        tacs=(_TAC,) if policy.device_lock else (),
        regions=("44",) if policy.regions else (),
        chassis=policy.chassis,
    )


def _answers(*, is_good: bool) -> dict[str, str]:
    pick = min if is_good else max
    return {
        one.code: pick(one.answers, key=lambda answer: answer.points).code
        for one in risk_form().question
    }


def _answered(then: Cast, number: int, batch: IndustryBatch, sold: Sold) -> IndustryBatch:
    """Contracted; then answered for, its cards loaded, its limits proven; then in use."""
    signed = china_day(then.iot.now())
    form = AgreementForm(f"WL-{signed.year}-{number:03d}", tuple(IndustryClause), signed)
    batch = file_agreement(then.iot, batch.id, form, "物联网卡协议.pdf", PAPER)
    if sold.stage == "contracted":
        return batch
    name_unit(then.iot, batch.id)
    _persons(then, number, batch)
    batch = register_batch(then.iot, batch.id)
    if sold.stage == "registered":
        return batch
    _cards(then, number, batch)
    if class_policy(sold.card_class).by_user:
        first, last = _card(number, 0), _card(number, sold.cards - 1)
        why = "车辆尚未售出，售出后由厂商逐车登记车主（示例）"
        mark_unattributed(then.iot, batch.id, first, last, reason=why)
    file_limits_proof(then.iot, batch.id, "限制策略截图.png", PROOF)
    return activate_batch(then.iot, batch.id)


def _persons(then: Cast, number: int, batch: IndustryBatch) -> None:
    """One person, by a file that is encrypted for this house: nobody of that number lives."""
    body = f"4401001985{number % 9 + 1:02d}12{number:02d}1"
    said = {
        "batch": batch.number,
        "role": "accountable_person",
        "name": f"示例{'甲乙丙丁戊己庚辛壬'[number]}",
        "document_kind": "resident",
        "document_no": body + resident_check_character(body),
        "phone": f"1380000{number:04d}",
        "position": "物联网卡管理员",
        "verified_at": then.iot.now().isoformat(timespec="seconds"),
        "verified_how": "online_compare",
        "compare_ref": f"NC-{number:06d}",
    }
    plain = _csv([name for name in COLUMNS if name in said], [said])
    sealed, _ = seal_person_file(plain, json.dumps(dict(import_key(then.iot))), then.iot.now())
    import_persons(then.iot, f"责任人-{batch.number}.jwe", sealed)


def _cards(then: Cast, number: int, batch: IndustryBatch) -> None:
    rows = [
        {"批次号": batch.number, "ICCID": _card(number, at), "IMEI": _device(number, at)}
        for at in range(batch.ordered)
    ]
    file = _csv(["批次号", "ICCID", "IMEI"], rows)
    brought = plan_import(then.iot, ImportKind.INDUSTRY_CARDS, "卡号清单.csv", file)
    run_import(then.iot, brought.id)


def _csv(names: Sequence[str], rows: Sequence[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def _card(number: int, at: int) -> str:
    return str(_FIRST_CARD + number * 10_000 + at)


def _device(number: int, at: int, other: int = 0) -> str:
    """An IMEI of fifteen digits: its model, a serial of nobody's, and the check digit (Luhn)."""
    body = f"{_TAC}{number:01d}{other:01d}{at:04d}"
    doubled = sum(sum(divmod(int(one) * (1 + place % 2), 10)) for place, one in enumerate(body))
    return body + str(-doubled % 10)


def _watched(cast: Cast, batches: Sequence[IndustryBatch]) -> None:
    """A run over six weeks; then what an officer and a second person make of its findings.

    One card is under watch before it, so that its days are kept.
    """
    add_watch(cast.iot, batches[0].id, _card(0, 11), reason="抄表卡夜间流量异常（示例）")
    today = china_day(cast.iot.now())
    days = [today - timedelta(days=ago) for ago in range(_USED_DAYS, 0, -1)]
    rows = [
        row
        for number, batch in enumerate(batches)
        for at in range(batch.ordered)
        for row in _used(number, at, days)
    ]
    file = _csv(["iccid", "day", "bytes", "voice", "sms", "device", "region", "targets"], rows)
    run = plan_run(cast.iot, f"用卡日报-{today:%Y%m%d}.csv", file)
    run_monitoring(cast.iot, run.id)
    _acted(cast, list_usage_findings(cast.iot).rows)
    add_watch(cast.iot, batches[1].id, reason="多台摄像头出现换机（示例）")


_PER_DAY: Final = (0.6, 420.0, 30.0)
"""Megabytes of a card and day, of the three batches in use."""


def _used(number: int, at: int, days: Sequence[date]) -> Iterator[dict[str, str]]:
    """Ordinary use; of a few cards another device, another target, much more, or a call."""
    target = _SOLD[number].target.replace("*", "data")
    for place, day in enumerate(days):
        late = place >= len(days) - 6
        megabytes = _PER_DAY[number] * (0.6 + 0.8 * ((at * 7 + place * 3) % 10) / 10)
        swapped, region = number == 1 and at in {5, 6} and late, "440106"
        if number == 0 and at == 11 and late:  # noqa: PLR2004 - somebody streams on a meter's card
            megabytes = 40.0
        yield {
            "iccid": _card(number, at),
            "day": day.isoformat(),
            "bytes": str(int(megabytes * MEGABYTE)),
            "voice": "3" if number == 1 and at == 9 and place == 40 else "0",  # noqa: PLR2004
            "sms": "0",
            "device": _device(number, at, 7 if swapped else 0),
            "region": "450103" if number == 1 and at == 5 and late else region,  # noqa: PLR2004
            "targets": "short-video.example" if number == 0 and at == 11 and late else target,  # noqa: PLR2004
        }


def _acted(cast: Cast, found: Sequence[UsageFinding]) -> None:
    """One card stopped and its unit told; one order appealed against; one finding dismissed."""
    by_rule = {one.rule: one for one in reversed(found)}
    over = by_rule.get(UsageRule.VOLUME_OVER_LIMIT)
    if over is not None:
        confirm_usage_finding(cast.approver, over.id, reason="流量与抄表用途明显不符")
        order = order_cards(
            cast.iot, over.batch_id, CardMeasure.SUSPEND, iccids=[over.iccid],
            finding_ids=[over.id], reason="该卡用于视频访问，超出抄表用途",
        )  # fmt: skip
        tell_order(cast.iot, order.id, "挂号信 示例000123")
        carry_out(cast.iot, order.id, Brought("停机凭证.png", PROOF))
    swapped = by_rule.get(UsageRule.DEVICE_SWAPPED)
    if swapped is not None:
        confirm_usage_finding(cast.approver, swapped.id, reason="机卡分离，与绑定设备不一致")
        order = order_cards(
            cast.iot, swapped.batch_id, CardMeasure.RESTRICT, iccids=[swapped.iccid],
            finding_ids=[swapped.id], reason="该卡在其他设备上使用",
        )  # fmt: skip
        tell_order(cast.iot, order.id, "电子邮件 回执示例456")
        appeal_order(cast.iot, order.id, "岭南视界安防（示例）", "摄像头损坏更换，附维修单（示例）")
    called = by_rule.get(UsageRule.VOICE_OFF)
    if called is not None:
        dismiss_usage_finding(cast.approver, called.id, "网络侧测试呼叫，已核对工单")


def _reported(cast: Cast, batch: IndustryBatch) -> None:
    """A maker of cars, month by month since the activation: the last leaves cards open."""
    end = china_day(cast.iot.now()).replace(day=1) - timedelta(days=1)
    month = china_day(batch.activated_at or cast.iot.now()).replace(day=1)
    while month <= end:
        is_last = (month.year, month.month) == (end.year, end.month)
        report_downstream(
            cast.iot, batch.id, f"{month:%Y-%m}",
            sold=6, in_stock=20, registered=21 if is_last else 24,
            explanation="三台整车运输途中（示例）" if is_last else "",
        )  # fmt: skip
        month = (month + timedelta(days=32)).replace(day=1)
