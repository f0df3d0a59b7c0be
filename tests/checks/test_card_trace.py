"""Where a card came from: batch or stock, channel, agent, licence, and by what it was known."""

from datetime import date

import pytest

from console.actions.checks.card_trace import Sale, trace_card, traces_of
from models.channel.licences import Licence, LicenceState
from models.checks.orders import OrderFacts
from models.checks.traces import IccidMatch, TraceGround
from models.formats import Carrier
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed, NotFound
from tests.channel.stories import licensed
from tests.checks.spot_world import OURS
from tests.checks.world import batch
from tests.conftest import Desks
from tests.stock.files import brought, iccid, line
from tests.stock.world import stocked

G = TraceGround
DAY = date(2026, 3, 2)


@pytest.mark.requirement("004-3.3-h")
def test_a_card_of_the_agents_stock_may_be_sold_in_its_shop(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)
    stocked(desks, agent_no=agent.agent_no)
    trace = trace_card(desks.manager, f"{iccid(OURS)}3", shop.id, DAY)
    assert (trace.in_scope, trace.grounds, trace.matched) == (True, (), IccidMatch.RANGE)
    assert trace.place is not None
    assert [one["code"] for one in trace.place.chain] == ["QD-02", "QD-00"]
    assert trace.agent is not None
    assert trace.licence is not None
    assert (trace.agent.agent_no, trace.licence.number) == (agent.agent_no, licence.number)
    assert (trace.issuer, trace.is_industry, trace.should_be_active) == (Carrier.CTCC, False, None)
    alone = trace_card(desks.inspector, iccid(OURS))
    assert (alone.in_scope, alone.agent is not None) == (True, True)


def test_a_card_of_another_channel_is_not_the_agents_to_sell(desks: Desks) -> None:
    agent, _, (shop,) = licensed(desks)
    other, _, _ = licensed(desks, 2, ("2001",))
    stocked(desks, agent_no=other.agent_no)
    trace = trace_card(desks.manager, iccid(OURS), shop.id, DAY)
    assert (trace.in_scope, trace.grounds) == (False, (G.OTHER_CHANNEL,))
    assert trace.agent is not None
    assert trace.agent.id == agent.id
    first = trace_card(desks.manager, iccid(0), shop.id, DAY)
    assert (first.in_scope, first.matched) == (True, IccidMatch.RANGE)  # of nobody's channel


@pytest.mark.parametrize(
    ("state", "on", "ground"),
    [
        (LicenceState.ACTIVE, date(2026, 2, 28), G.NOT_BEGUN),
        (LicenceState.ACTIVE, date(2027, 3, 1), G.EXPIRED),
        (LicenceState.SUSPENDED, DAY, G.NOT_IN_FORCE),
        (LicenceState.REVOKED, DAY, G.NOT_IN_FORCE),
        (LicenceState.DRAFT, DAY, G.NO_DELEGATION),
        (LicenceState.EXPIRED, DAY, None),  # it has run out since, and was in force that day
        (LicenceState.EXPIRED, date(2027, 3, 1), G.EXPIRED),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_licence_of_that_day_decides(
    desks: Desks, state: LicenceState, on: date, ground: TraceGround | None
) -> None:
    agent, licence, (shop,) = licensed(desks)
    stocked(desks, agent_no=agent.agent_no)
    with desks.house.begin(Permission.LICENCE_EDIT) as work:
        row = work.get(Licence, licence.id)
        row.state = state
        work.record("licence.suspended", row)
    trace = trace_card(desks.manager, iccid(OURS), shop.id, on)
    assert trace.grounds == ((ground,) if ground else ())
    assert trace.in_scope is (ground is None)


def test_a_shop_that_its_licence_does_not_name_is_out_of_scope(desks: Desks) -> None:
    agent, licence, (shop, _) = licensed(desks, 1, ("1001", "1002"))
    stocked(desks, agent_no=agent.agent_no)
    with desks.house.begin(Permission.LICENCE_EDIT) as work:
        row = work.get(Licence, licence.id)
        row.shop_ids = [one for one in row.shop_ids if one != str(shop.id)]
        work.record("licence.suspended", row)
    trace = trace_card(desks.manager, iccid(OURS), shop.id, DAY)
    assert (trace.in_scope, trace.grounds) == (False, (G.OUT_OF_SCOPE,))


def test_a_card_sold_where_nobody_has_a_licence(desks: Desks) -> None:
    stocked(desks)
    with desks.manager.begin(Permission.SPOT_CHECK_READ) as work:
        (trace,) = traces_of(work, [iccid(7)], Sale(is_shop=True))
        (loose,) = traces_of(work, [iccid(7)], Sale())
    assert (trace.in_scope, trace.grounds) == (False, (G.NO_DELEGATION,))
    assert (loose.in_scope, loose.grounds) == (None, (G.NO_AGENT,))


@pytest.mark.requirement("004-2.3-f")
def test_a_card_of_a_batch_is_sold_nowhere_and_who_may_not_know_is_not_told_which(
    desks: Desks,
) -> None:
    held = batch(desks)
    trace = trace_card(desks.manager, iccid(520))
    assert (trace.is_industry, trace.in_scope, trace.grounds) == (True, False, (G.INDUSTRY_CARD,))
    assert (trace.matched, trace.should_be_active) == (IccidMatch.RANGE, False)
    assert trace.batch is not None
    assert trace.batch.number == held.number
    hidden = trace_card(desks.inspector, iccid(520))
    assert (hidden.is_industry, hidden.batch, hidden.as_row()["batch"]) == (True, None, None)


def test_a_card_says_by_what_it_was_known(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    single = {"批次号": "PC-0009", "代理商编号": agent.agent_no}
    header = (*line(0), "代理商编号")
    assert brought(desks.manager, [line(300) | single], header=header).rejected == 0
    ordered = OrderFacts(order_no="1", iccids=(f"{iccid(300)}1", iccid(301)))
    with desks.manager.begin(Permission.SPOT_CHECK_READ) as work:
        cards = [f"{iccid(300)}1", f"{iccid(300)}2", f"{iccid(301)}9", iccid(302)]
        found = traces_of(work, cards, Sale(order=ordered))
    assert [one.matched for one in found] == [
        IccidMatch.EXACT, IccidMatch.FIRST_19, IccidMatch.FIRST_19, None,
    ]  # fmt: skip


def test_a_number_of_nobodys_tells_nothing_and_none_at_all_is_refused(desks: Desks) -> None:
    trace = trace_card(desks.manager, iccid(9, "898601"))
    assert (trace.issuer, trace.matched, trace.in_scope) == (Carrier.CUCC, None, None)
    assert trace.grounds == (G.UNKNOWN_CARD,)
    with pytest.raises(Invalid):
        trace_card(desks.manager, "8944123456789012345")


def test_another_carriers_cards_and_shops_are_not_told(desks: Desks) -> None:
    agent, _, (shop,) = licensed(desks)
    stocked(desks, agent_no=agent.agent_no)
    assert trace_card(desks.other_manager, iccid(OURS)).place is None
    with pytest.raises(NotFound):
        trace_card(desks.other_manager, iccid(OURS), shop.id)
    with pytest.raises(NotAllowed):
        trace_card(desks.platform, iccid(OURS))
