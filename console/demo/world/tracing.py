"""Where the cards of a case came from, as far as anybody could tell."""

from collections.abc import Sequence
from typing import Final

from console.demo.world.matters import Matter
from console.demo.world.office import likely
from console.demo.world.stock import Delivery
from models.cases.measures import Measure
from models.cases.traces import OutflowTrace, TracedCard, TraceState, WhyNotTraceable

_WHY: Final = {
    WhyNotTraceable.NO_CARD: "未能购得样卡，没有卡号可以核查（示例）",
    WhyNotTraceable.OTHER_CARRIER: "样卡为其他企业的卡号，已函告（示例）",
    WhyNotTraceable.NOT_IN_STOCK: "卡号不在本单位库存记录中（示例）",
    WhyNotTraceable.UNREADABLE: "照片上的卡号无法辨认（示例）",
}
_TRACED: Final = 0.35


def put_trace(matter: Matter, stock: Sequence[Delivery]) -> None:
    """Before a decision is proposed it has an outcome; of a case that nobody has yet, none."""
    course = matter.course
    if Measure.TRACE_CHANNEL not in course.measures or course.assigned_at is None:
        return
    concluded = course.proposed_at
    begun = course.assigned_at
    if concluded is None and likely(course.chance, 0.5):
        return
    is_traced = concluded is not None and bool(stock) and likely(course.chance, _TRACED)
    why = None if is_traced or concluded is None else course.chance.choice(list(_WHY))
    state = TraceState.TRACED if is_traced else TraceState.NOT_TRACEABLE
    trace_id = matter.at(begun)
    matter.sheaf.put(
        OutflowTrace, id=trace_id, case_id=course.id,
        state=TraceState.OPEN if concluded is None else state,
        why_not=why, reason=_WHY[why] if why else "",
        concluded_by=matter.owner if concluded else None,
        concluded_at=begun + (concluded - begun) * 0.8 if concluded else None,
        version=1 if concluded is None else 2,
    )  # fmt: skip
    if not is_traced:
        return
    given = course.chance.choice(stock)
    first = course.chance.randrange(given.cards - 5)
    for step in range(course.chance.randint(1, 3)):
        matter.sheaf.put(
            TracedCard, id=matter.at(begun), trace_id=trace_id, case_id=course.id,
            iccid=str(given.first + first + step), how="购买样卡，读取卡面卡号（示例）",
            batch_id=given.batch, channel_id=given.channel, chain=given.chain, at=begun,
        )  # fmt: skip
