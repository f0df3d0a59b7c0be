"""Renewals: told in time, drafted anew, reviewed anew, and badges handed over."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from console.actions.channel.agents import agent_record, edit_agent
from console.actions.channel.endings import sweep_expired, warn_of_ends
from console.actions.channel.licences import (
    approve_licence,
    licence_record,
    list_licences,
    submit_licence,
    suspend_licence,
)
from console.actions.channel.papers import papers_of, withdraw_paper
from console.actions.channel.renewals import renew_licence, renew_licences
from console.actions.channel.shops import end_shop
from models.audit import AuditEntry
from models.channel.agents import AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.licences import EXPIRY_WARNINGS, Licence, LicenceState
from models.channel.papers import PaperKind
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import parameter
from tests.channel.stories import form, licensed, pending
from tests.conftest import Clock, Desks

LIVE = {BadgeState.REQUESTED, BadgeState.ISSUED, BadgeState.DISPLAYED, BadgeState.SUSPENDED}


def to_day_before_end(clock: Clock, licence: Licence, days: int) -> None:
    clock.at += timedelta(days=(licence.ends_on - clock.at.date()).days - days)


def test_a_renewal_follows_on_with_the_same_scope_and_a_new_review(
    desks: Desks, clock: Clock
) -> None:
    agent, licence, _ = licensed(desks)
    with pytest.raises(Conflict) as no:
        renew_licence(desks.manager, licence.id)
    assert no.value.facts["since"] == (licence.ends_on - timedelta(days=60)).isoformat()

    to_day_before_end(clock, licence, 60)
    new = renew_licence(desks.manager, licence.id)
    assert (new.state, new.predecessor_id) == (LicenceState.DRAFT, licence.id)
    assert (new.begins_on, new.ends_on) == (date(2027, 3, 1), date(2028, 2, 28))
    assert (new.products, new.provinces, new.shop_ids) == (
        licence.products,
        licence.provinces,
        licence.shop_ids,
    )
    handed_in = submit_licence(desks.manager, new.id)
    assert handed_in.approval_due_at is not None
    assert handed_in.agreement_no == "agreement-1"
    with desks.house.begin(Permission.AUDIT_READ) as work:
        query = select(AuditEntry).where(AuditEntry.deed == "licence.submitted")
        (*_, entry) = work.session.exec(query.order_by(col(AuditEntry.seq))).all()
    assert str(entry.facts["rule"]).startswith("licence_renewal_review/")
    record = licence_record(desks.manager, licence.id)
    assert [one.id for one in record.renewals] == [new.id]
    renewed = licence_record(desks.manager, new.id).renewed
    assert renewed is not None
    assert renewed.id == licence.id
    assert agent.state is AgentState.ELIGIBLE  # as the first story had it in hand


def test_papers_are_looked_at_anew_when_a_renewal_is_approved(desks: Desks, clock: Clock) -> None:
    agent, licence, _ = licensed(desks)
    to_day_before_end(clock, licence, 30)
    new = submit_licence(desks.manager, renew_licence(desks.manager, licence.id).id)
    with desks.house.begin(Permission.PAPER_READ) as work:
        filed = [one for one in papers_of(work, agent) if one.kind is PaperKind.DATA_PROCESSING]
    withdraw_paper(desks.manager, filed[0].id, reason="过期")
    with pytest.raises(Conflict) as no:
        approve_licence(desks.approver, new.id)
    assert no.value.code == "channel.papers_missing"


def test_a_shop_has_one_badge_before_and_one_after_the_renewal_begins(
    desks: Desks, clock: Clock
) -> None:
    agent, licence, shops = licensed(desks, numbers=("1001", "1002"))
    to_day_before_end(clock, licence, 20)
    new = submit_licence(desks.manager, renew_licence(desks.manager, licence.id).id)
    approve_licence(desks.approver, new.id)

    def live() -> list[tuple[object, object]]:
        badges = agent_record(desks.manager, agent.id).badges
        return sorted((one.shop_id, one.licence_id) for one in badges if one.state in LIVE)

    assert live() == sorted((shop.id, licence.id) for shop in shops)
    to_day_before_end(clock, licence, -1)
    sweep_expired(desks.house)
    assert live() == sorted((shop.id, new.id) for shop in shops)
    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.ACTIVE
    assert {one.state for one in record.badges} == {BadgeState.ISSUED, BadgeState.EXPIRED}
    assert {one.expires_at.date() for one in record.badges if one.licence_id == new.id} == {
        new.ends_on
    }


def test_the_badges_are_handed_over_in_the_transaction_that_ends_the_old_licence(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, licence, _ = licensed(desks)
    to_day_before_end(clock, licence, 20)
    new = submit_licence(desks.manager, renew_licence(desks.manager, licence.id).id)
    approve_licence(desks.approver, new.id)
    to_day_before_end(clock, licence, -1)

    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("console.actions.channel.endings.finish_badges", fall)
        with pytest.raises(RuntimeError):
            sweep_expired(desks.house)
    with desks.house.begin(Permission.BADGE_READ) as work:
        states = work.session.exec(select(Badge.licence_id, Badge.state)).all()
    assert set(states) == {(licence.id, BadgeState.EXPIRED), (new.id, BadgeState.REQUESTED)}


def test_an_expired_licence_is_renewed_from_today(desks: Desks, clock: Clock) -> None:
    agent, licence, (shop,) = licensed(desks)
    to_day_before_end(clock, licence, -40)
    sweep_expired(desks.house)
    new = renew_licence(desks.manager, licence.id)
    assert new.begins_on == licence.ends_on + timedelta(days=40)
    approve_licence(desks.approver, submit_licence(desks.manager, new.id).id)
    live = [one for one in agent_record(desks.manager, agent.id).badges if one.state in LIVE]
    assert [(one.shop_id, one.state) for one in live] == [(shop.id, BadgeState.ISSUED)]


def test_a_renewal_never_goes_beyond_the_business_licence(desks: Desks, clock: Clock) -> None:
    agent, licence, _ = licensed(desks)
    edit_agent(desks.manager, agent.id, form(business_licence_until=date(2027, 9, 30)))
    to_day_before_end(clock, licence, 10)
    with pytest.raises(Conflict) as no:
        renew_licence(desks.manager, licence.id, ends_on=date(2027, 10, 1))
    assert no.value.code == "channel.beyond_business_licence"
    with pytest.raises(Invalid):
        renew_licence(desks.manager, licence.id, ends_on=date(2027, 2, 1))
    assert renew_licence(desks.manager, licence.id).ends_on == date(2027, 9, 30)


def test_a_licence_is_renewed_once_and_only_while_it_can_be(desks: Desks, clock: Clock) -> None:
    agent, licence, (shop,) = licensed(desks)
    to_day_before_end(clock, licence, 10)
    new = renew_licence(desks.manager, licence.id)
    with pytest.raises(Conflict) as no:
        renew_licence(desks.manager, licence.id)
    assert no.value.facts["by"] == new.number
    waiting = pending(desks, agent, shop, ends_on=date(2027, 2, 20))
    with pytest.raises(Conflict) as no:
        renew_licence(desks.manager, waiting.id)
    assert no.value.code == "licence.not_renewable"
    suspend_licence(desks.manager, licence.id, reason="x", remedy="y")
    with pytest.raises(Conflict):
        renew_licence(desks.manager, licence.id)


def test_shops_that_have_closed_are_not_renewed(desks: Desks, clock: Clock) -> None:
    _, licence, shops = licensed(desks, numbers=("1001", "1002"))
    end_shop(desks.manager, shops[0].id, reason="关店")
    to_day_before_end(clock, licence, 10)
    assert renew_licence(desks.manager, licence.id).shop_ids == [str(shops[1].id)]


def test_several_are_renewed_each_by_itself(desks: Desks, clock: Clock) -> None:
    _, first, _ = licensed(desks, 1, ("1",))
    _, second, _ = licensed(desks, 2, ("2",))
    to_day_before_end(clock, first, 10)
    suspend_licence(desks.manager, second.id, reason="x", remedy="y")
    done = renew_licences(desks.manager, [first.id, second.id])
    assert [one.refusal.code if one.refusal else None for one in done] == [
        None,
        "licence.not_renewable",
    ]
    drafts = list_licences(desks.manager, state=LicenceState.DRAFT).rows
    assert [row.id for row in drafts] == [done[0].made]


def test_a_licence_that_runs_out_is_warned_of_once_at_sixty_thirty_and_seven_days(
    desks: Desks, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    told: list[int] = []
    for left in (61, 60, 59, 31, 30, 29, 8, 7, 6, 0):
        to_day_before_end(clock, licence, left)
        told += [left] * warn_of_ends(desks.house)
        assert warn_of_ends(desks.house) == 0
    assert told == [60, 30, 7]
    entries = licence_record(desks.manager, licence.id).deeds
    days = [entry.facts["days"] for entry in entries if entry.deed == "licence.ends_soon"]
    assert days == [7, 30, 60]


def test_a_warning_that_was_missed_is_not_made_up_for(desks: Desks, clock: Clock) -> None:
    _, licence, _ = licensed(desks)
    to_day_before_end(clock, licence, 5)
    assert warn_of_ends(desks.house) == 1
    assert warn_of_ends(desks.house) == 0


def test_the_three_warnings_are_those_of_the_rules() -> None:
    codes = ("first", "second", "last")
    days = [parameter(f"licence_expiry_warning_{code}", date(2026, 3, 2)).value for code in codes]
    assert tuple(days) == tuple(warning.days for warning in EXPIRY_WARNINGS)
