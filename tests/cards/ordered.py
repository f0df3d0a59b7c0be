"""What a person has confirmed of cards in use, and orders that rest on it."""

from datetime import date
from typing import Any
from uuid import UUID

from console.actions.cards.industry.orders import carry_out, order_cards, tell_order
from console.actions.cases.authorities.kept import Brought
from console.desk import Desk
from models.cards.card_orders import CardMeasure, CardOrder
from models.cards.industry import IndustryBatch
from models.cards.monitoring import FoundBy, UsageFinding, UsageFindingState
from models.cards.usage_rules import UsageRule
from models.permissions import Permission
from models.rules import FindingKind, package_rules
from tests.cards.used import MB, Used
from tests.cases.world import PNG
from tests.conftest import Desks

REASON = "卡片用于抄表以外的视频访问，超出约定的使用范围。"
PROOF = Brought("网络侧执行回执.png", PNG)
RECEIPT = "EMS 1098 2026 0302"
_OF_RESALE = UsageRule.RESALE_PATTERN


def confirmed(
    desks: Desks,
    used: Used,
    at: int | None = 0,
    *,
    rule: UsageRule | None = UsageRule.VOLUME_OVER_LIMIT,
    state: UsageFindingState = UsageFindingState.CONFIRMED,
    **more: Any,  # noqa: ANN401 - columns of a finding
) -> UsageFinding:
    """Of a card of the batch; None: of the batch as a whole."""
    kind = rule.kind if rule else FindingKind.IOT_RESALE
    card = 0 if at is None else used.card(at)
    with desks.house.begin(Permission.USAGE_JUDGE) as work:
        row = UsageFinding(
            number=f"UF-2026-{used.batch.number[-3:]}{card % 1000:03}-{rule or 'report'}",
            batch_id=used.id,
            carrier_id=used.batch.carrier_id,
            province="44",
            card=card,
            iccid=used.iccid(at)[:19] if at is not None else "",
            rule=rule,
            found_by=FoundBy.MONITORING,
            kind=kind,
            tier=package_rules().finding(kind).tier,
            first_day=date(2026, 2, 1),
            last_day=date(2026, 2, 27),
            value=3 * MB,
            threshold=2 * MB,
            facts={"seen": ["2026-02"]},
            state=state,
            due_at=work.at,
            created_at=work.at,
            **more,
        )
        work.add(row)
        work.record("usage_finding.planted", row)
    return row


def resold(desks: Desks, used: Used) -> UsageFinding:
    """The batch as a whole shows that its cards were passed on."""
    return confirmed(desks, used, None, rule=_OF_RESALE)


def ordered(
    desks: Desks,
    used: Used,
    measure: CardMeasure = CardMeasure.SUSPEND,
    *,
    at: int | None = 0,
    by: Desk | None = None,
    **more: Any,  # noqa: ANN401 - as `order_cards` takes them
) -> CardOrder:
    """For one card, or the whole batch where `at` is None."""
    if "finding_ids" not in more:
        more["finding_ids"] = [confirmed(desks, used, at).id]
    cards = [] if at is None else [used.iccid(at)]
    return order_cards(by or desks.iot, used.id, measure, iccids=cards, reason=REASON, **more)


def done(desks: Desks, order: CardOrder) -> CardOrder:
    """Told to its holder, and set on the network."""
    told = tell_order(desks.iot, order.id, RECEIPT)
    if told.carried_out_at is not None:
        return told
    return carry_out(desks.iot, order.id, PROOF)


def batch_of(desks: Desks, batch_id: UUID) -> IndustryBatch:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        return work.session.get_one(IndustryBatch, batch_id)
