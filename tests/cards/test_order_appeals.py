"""An appeal against an order is taken in, decided by another, and lifts at once where upheld."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from console.actions.audit import list_deeds
from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.order_lists import waiting_orders
from console.actions.cards.industry.orders import carry_out, lift_order, tell_order
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.industry import BatchState
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from tests.cards.ordered import PROOF, RECEIPT, batch_of, confirmed, done, ordered
from tests.cards.used import planted
from tests.cases.world import person, row
from tests.conftest import Clock, Desks

M, S = CardMeasure, OrderState
UNIT = "智联科技1"
TEXT = "流量系固件升级所致，附升级记录，未用于其他用途。"
WHY = "固件升级记录属实，用途未超出约定范围。"


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


def appealed(desks: Desks, order: CardOrder) -> CardOrder:
    return appeal_order(desks.iot, order.id, UNIT, TEXT)


def decided(desks: Desks, order: CardOrder, *, upheld: bool = True) -> CardOrder:
    return decide_order_appeal(desks.approver, order.id, upheld=upheld, answer=WHY)


@pytest.mark.requirement("004-2.3-h")
def test_a_suspended_card_is_let_go_at_once_when_its_holders_appeal_is_upheld(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    finding = confirmed(desks, used)
    order = done(desks, ordered(desks, used, finding_ids=[finding.id]))
    clock.pass_(days=3)
    asked = appealed(desks, order)
    assert (asked.state, asked.appellant, asked.rule_version) == (
        S.APPEALED, UNIT, "appeal_decision/1",
    )  # fmt: skip
    assert asked.due_at == datetime(2026, 3, 26, 16, tzinfo=UTC)
    assert [one.kind for one in waiting_orders(desks.approver)] == ["card_order_appeal"]
    assert not row(desks, CardOrder, order.id).lifted_at, "it stands until it is upheld"

    ended = decided(desks, order)
    assert (ended.state, ended.lifted_at, ended.lifted_why) == (S.LIFTED, clock.at, WHY)
    assert (ended.appeal_answer, ended.appeal_decided_by) == (WHY, desks.approver.actor.id)
    assert row(desks, UsageFinding, finding.id).state is UsageFindingState.CLOSED
    assert {"card_order.appeal_upheld", "card_order.lifted"} <= {
        one.deed for one in list_deeds(desks.audit).rows
    }
    assert [one.kind for one in waiting_orders(desks.iot)] == ["card_order_restore"]


@pytest.mark.requirement("004-2.3-h")
def test_a_restricted_batch_is_in_use_in_the_moment_its_appeal_is_upheld(desks: Desks) -> None:
    used = planted(desks)
    order = ordered(
        desks, used, M.RESTRICT, at=None, finding_ids=[confirmed(desks, used).id]
    )  # fmt: skip
    appealed(desks, order)
    assert batch_of(desks, used.id).state is BatchState.RESTRICTED
    decided(desks, order)
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    assert row(desks, CardOrder, order.id).due_at is None, "nothing was cut off yet"


def test_what_is_dismissed_goes_on_from_where_it_stood_and_says_why(desks: Desks) -> None:
    used = planted(desks)
    fresh = ordered(desks, used, finding_ids=[confirmed(desks, used).id])
    was_due = fresh.due_at
    appealed(desks, fresh)
    tell_order(desks.iot, fresh.id, RECEIPT)
    kept = decided(desks, fresh, upheld=False)
    assert (kept.state, kept.appeal_answer, kept.due_at) == (S.IN_FORCE, WHY, was_due)
    carry_out(desks.iot, fresh.id, PROOF)
    appealed(desks, fresh)
    kept = decided(desks, fresh, upheld=False)
    assert (kept.state, kept.due_at) == (S.CARRIED_OUT, None)


def test_an_appeal_is_decided_by_an_approver_who_did_not_order(desks: Desks) -> None:
    used = planted(desks)
    both = person(desks, "shuang.ren", "CT-44", Role.IOT_MANAGER)
    order = ordered(desks, used, by=both, finding_ids=[confirmed(desks, used).id])
    assert refused(Conflict, lambda: decided(desks, order)).code == "card_order.not_appealed"
    appealed(desks, order)
    for desk in (desks.iot, desks.manager, both):
        refused(
            NotAllowed,
            lambda desk=desk: decide_order_appeal(desk, order.id, upheld=True, answer=WHY),
        )
    open_ = refused(Conflict, lambda: lift_order(desks.approver, order.id, "误报"))
    assert open_.code == "card_order.appeal_open"
    assert refused(Conflict, lambda: appealed(desks, order)).code == "card_order.appealed_already"
    refused(Invalid, lambda: decide_order_appeal(desks.approver, order.id, upheld=True, answer=" "))
    decided(desks, order)
    assert refused(Conflict, lambda: appealed(desks, order)).code == "card_order.over"


def test_its_time_runs_from_the_day_it_came_in_and_ends_with_the_window(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    order = done(desks, ordered(desks, used, finding_ids=[confirmed(desks, used).id]))
    clock.pass_(days=10)
    for wrong in (date(2026, 3, 1), date(2026, 3, 13)):
        no = refused(
            Invalid, lambda wrong=wrong: appeal_order(desks.iot, order.id, UNIT, TEXT, wrong)
        )
        assert no.code == "card_order.bad_day"
    late = appeal_order(desks.iot, order.id, UNIT, TEXT, date(2026, 3, 3))
    assert late.due_at == datetime(2026, 3, 24, 16, tzinfo=UTC)
    assert any(one.facts.get("accepted_late") is True for one in list_deeds(desks.audit).rows), (
        "it should have been taken in within three working days"
    )
    decided(desks, order, upheld=False)
    clock.pass_(days=6)
    no = refused(Conflict, lambda: appealed(desks, order))
    assert (no.code, no.facts["last"]) == ("card_order.appeal_too_late", "2026-03-17")
