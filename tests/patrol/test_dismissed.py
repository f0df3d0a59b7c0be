"""What an officer dismissed is not found again while it rests on the same facts."""

from dataclasses import replace

import pytest

from console.actions.patrol.ending import judge_some
from console.actions.patrol.findings import confirm_finding, dismiss_finding, finding_record
from console.actions.patrol.following import run_record
from console.actions.patrol.listings import JUDGE
from console.actions.patrol.triage import merge_findings
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.judge import Entry, Register
from models.patrol.runs import PatrolRun, Phase, RunStep
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.rules import FindingKind, Tier
from tests.conftest import Desks
from tests.patrol.shop_rows import Seller, run_with
from tests.patrol.walks import rows_of

CARDS = (("i-1", "电信流量卡 全国通用"), ("i-2", "大流量卡 包邮"))
SHOP = Seller("s-1", "鑫鑫流量小铺", "现货", ShopState.DISCOVERED, CARDS)
NOBODY = Register([])
ANOTHERS = Register([Entry("CT-44-2026-000009", "广州飞鸿通讯有限公司")])
OF_OTHER_SHOPS = Register(
    [
        Entry("CT-44-2026-000008", "鑫鑫公司", shops=frozenset({"lanhai s-9"}),
              holders_shops=frozenset({"lanhai s-1"}))
    ]
)  # fmt: skip


def judged(desks: Desks, register: Register, *sellers: Seller) -> PatrolRun:
    """A run that met these shops, each judged as the machine does."""
    run = run_with(desks, *sellers, suggest=False)
    with desks.house.begin(Permission.LISTING_IMPORT) as work:
        for shop in rows_of(desks.manager, Shop):
            work.add(
                RunStep(run_id=run.id, key=f"{JUDGE}{shop.id.hex}", step={"shop": str(shop.id)},
                        phase=Phase.JUDGE)
            )  # fmt: skip
        work.no_deed()
    judge_some(desks.house, run, register)
    return run


def dismissed(desks: Desks, register: Register = NOBODY, seller: Seller = SHOP) -> Finding:
    judged(desks, register, seller)
    (finding,) = rows_of(desks.manager, Finding)
    return dismiss_finding(desks.approver, finding.id, "系本单位自营店")


@pytest.mark.parametrize("offers", [CARDS, CARDS[:1]])
def test_what_was_dismissed_is_not_found_again_on_the_same_facts(
    desks: Desks, offers: tuple[tuple[str, str], ...]
) -> None:
    finding = dismissed(desks)
    (before,) = rows_of(desks.manager, Shop)

    run = judged(desks, NOBODY, replace(SHOP, offers=offers))

    assert [one.id for one in rows_of(desks.manager, Finding)] == [finding.id]
    assert rows_of(desks.manager, Shop)[0].state is before.state
    assert run_record(desks.manager, run.id).dismissed == 1
    deed = finding_record(desks.manager, finding.id).deeds[0]
    assert (deed.deed, deed.facts["run"]) == ("finding.left_dismissed", run.number)


@pytest.mark.parametrize(
    ("seller", "register", "ground"),
    [
        (replace(SHOP, offers=(*CARDS, ("i-3", "流量卡 秒发"))), NOBODY, Ground.NO_DELEGATION),
        (replace(SHOP, offers=(("i-1", "物流卡 免实名"), CARDS[1])), NOBODY, Ground.NO_DELEGATION),
        (replace(SHOP, number="CT-44-2026-000009"), NOBODY, Ground.NO_DELEGATION),
        (replace(SHOP, number="CT-44-2026-000009"), ANOTHERS, Ground.SOMEONE_ELSES_NUMBER),
        (SHOP, OF_OTHER_SHOPS, Ground.OUT_OF_SCOPE),
    ],
    ids=["another offer", "another title", "a number", "anothers number", "another licence"],
)
def test_other_facts_are_a_finding_that_names_the_dismissed_one(
    desks: Desks, seller: Seller, register: Register, ground: Ground
) -> None:
    before = dismissed(desks)

    run = judged(desks, register, seller)

    _, again = rows_of(desks.manager, Finding)
    assert (again.run_id, again.ground, again.state) == (run.id, ground, FindingState.OPEN)
    assert again.previous_id == before.id
    assert run_record(desks.manager, run.id).dismissed == 0


def test_a_finding_behind_a_dismissed_one_is_no_offence_that_came_back(desks: Desks) -> None:
    dismissed(desks, OF_OTHER_SHOPS)
    judged(desks, OF_OTHER_SHOPS, replace(SHOP, offers=(*CARDS, ("i-3", "流量卡 秒发"))))
    _, again = rows_of(desks.manager, Finding)
    assert (again.tier, again.kind) == (Tier.GENERAL, FindingKind.SCOPE_EXCEEDED)

    assert confirm_finding(desks.approver, again.id).case_due_at is None


def test_what_was_found_since_takes_the_dismissal_back(desks: Desks) -> None:
    before = dismissed(desks)
    with desks.house.begin(Permission.CASE_CLOSE) as work:  # the same facts, as a case's end leaves
        row = before.model_dump(exclude={"id", "number", "state"})
        again = work.add(Finding(**row, number="FD-2026-999999", state=FindingState.CLOSED))
        work.record("case.closed", again)

    run = judged(desks, NOBODY, SHOP)

    *_, third = rows_of(desks.manager, Finding)
    assert (third.run_id, third.previous_id) == (run.id, again.id)


def test_what_was_merged_stands_as_the_finding_that_it_goes_on_in(desks: Desks) -> None:
    other = replace(SHOP, key="s-2", name="星星数码", offers=(("i-8", "流量卡 月租"),))
    judged(desks, NOBODY, SHOP, other)
    one, two = rows_of(desks.manager, Finding)
    merge_findings(desks.approver, one.id, [two.id], "同一经营者")
    dismiss_finding(desks.approver, one.id, "系本单位自营店")

    run = judged(desks, NOBODY, SHOP, replace(other, offers=(("i-9", "流量卡 秒发"),)))

    (new,) = [row for row in rows_of(desks.manager, Finding) if row.run_id == run.id]
    assert (new.shop_id, new.previous_id) == (two.shop_id, two.id)
