"""Changes of a licence's scope: the old one holds until another person approves the new one."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from console.actions.channel.agents import agent_record, edit_agent
from console.actions.channel.badges import list_badges
from console.actions.channel.endings import sweep_expired
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    licence_record,
    suspend_licence,
    terminate_licence,
)
from console.actions.channel.versions import (
    amend_scope,
    approve_version,
    compare_versions,
    proposed_changes,
    return_version,
    withdraw_version,
)
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language, spoken
from models.audit import AuditEntry
from models.channel.badges import BadgeState
from models.channel.licences import Licence, LicenceState, Product
from models.channel.log import LogEntry, LogKind
from models.channel.versions import (
    SCOPE,
    VERSION_MOVES,
    LicenceVersion,
    VersionMove,
    VersionState,
    differences,
)
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import admitted, deeds, form, licensed, pending, scope, shop_of
from tests.conftest import Clock, Desks

WHY = "新开两家网店"


def amended(desks: Desks, licence: Licence, changed: LicenceForm) -> LicenceVersion:
    asked = amend_scope(desks.manager, licence.id, changed, WHY)
    return approve_version(desks.approver, asked.id)


def waits(desk: Desk) -> list[str]:
    return [item.kind for item in work_items(desk) if item.kind.startswith("amendment")]


@pytest.mark.parametrize(("state", "move"), list(product(VersionState, VersionMove)))
def test_a_version_moves_by_its_table_and_no_other_way(
    state: VersionState, move: VersionMove
) -> None:
    table: type[Any] = LicenceVersion
    version = table(state=state)
    if (state, move) in VERSION_MOVES:
        assert move in version.open_moves()
        version.move(move)
        assert version.state is VERSION_MOVES[state, move]
        return
    with pytest.raises(Conflict):
        version.move(move)
    assert version.state is state


@pytest.mark.requirement("004-3.1-a")
def test_the_old_scope_holds_until_another_person_approves_the_new_one(desks: Desks) -> None:
    agent, licence, (old,) = licensed(desks)
    new = shop_of(desks.manager, agent, "1002")
    asked = amend_scope(desks.manager, licence.id, scope(new, provinces=["44", "11"]), WHY)

    record = licence_record(desks.manager, licence.id)
    assert (record.licence.state, record.licence.shop_ids) == (
        LicenceState.ACTIVE,
        [str(old.id)],
    )
    assert [one.state for one in record.versions] == [VersionState.IN_FORCE, VersionState.PENDING]
    assert record.pending is not None
    assert asked.due_at is not None
    assert waits(desks.approver) == ["amendment_approve"]
    assert waits(desks.other_approver) == waits(desks.platform) == []

    approve_version(desks.approver, asked.id)
    record = licence_record(desks.manager, licence.id)
    assert (record.licence.scope_version, record.licence.provinces) == (2, ["11", "44"])
    assert [one.state for one in record.versions] == [
        VersionState.SUPERSEDED,
        VersionState.IN_FORCE,
    ]
    assert {badge.shop_id: badge.state for badge in record.badges} == {
        old.id: BadgeState.REVOKED,
        new.id: BadgeState.ISSUED,
    }
    assert waits(desks.approver) == []


def test_an_approved_change_is_in_the_public_log(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)
    amended(desks, licence, scope(shop, products=[Product.DATA_CARD]))
    with desks.house.begin(Permission.LOG_READ) as work:
        entries = work.all(work.select(LogEntry).where(LogEntry.kind == LogKind.LICENCE_AMENDED))
    (body,) = [entry.body for entry in entries]
    assert b'"version":2' in body
    assert b'"data_card"' in body
    assert agent.agent_no.encode() in body


def test_what_changes_is_told_in_words(desks: Desks) -> None:
    agent, licence, (old,) = licensed(desks)
    new = shop_of(desks.manager, agent, "1002")
    changed = scope(
        new,
        provinces=["11", "31"],
        products=[Product.VOICE_CARD, Product.DATA_CARD],
        ends_on=date(2027, 3, 31),
    )
    lines = [
        "委托产品：增加 流量卡",
        "销售省份：增加 北京、上海；去掉 广东",
        f"委托网店：增加 {new.name}（lanhai 1002）；去掉 {old.name}（lanhai 1001）",
        "截止日：2027-02-28 → 2027-03-31",
    ]
    assert proposed_changes(desks.manager, licence.id, changed) == lines
    amend_scope(desks.manager, licence.id, changed, WHY)
    assert compare_versions(desks.manager, licence.id, 1, 2) == lines
    assert compare_versions(desks.manager, licence.id, 1, 1) == []
    assert compare_versions(desks.manager, licence.id, 2, 1)[0] == "委托产品：去掉 流量卡"
    with pytest.raises(NotFound):
        compare_versions(desks.manager, licence.id, 1, 3)
    before = spoken.set(Language.EN)
    assert "added Beijing, Shanghai" in compare_versions(desks.manager, licence.id, 1, 2)[1]
    spoken.reset(before)


_ENDS = st.dates(date(2026, 1, 1), date(2030, 1, 1))
_LISTS = st.lists(st.sampled_from("abcdef"), unique=True)


def _scope(parts: tuple[Any, ...]) -> LicenceVersion:
    table: type[Any] = LicenceVersion
    return table(**dict(zip(SCOPE, parts, strict=True)))


_SCOPES = st.tuples(_LISTS, _LISTS, _LISTS, _ENDS, _ENDS).map(_scope)


@given(_SCOPES, _SCOPES)
def test_a_difference_names_exactly_what_came_and_went(
    before: LicenceVersion, after: LicenceVersion
) -> None:
    assert differences(before, before) == []
    found = {one.field: one for one in differences(before, after)}
    back = {one.field: one for one in differences(after, before)}
    assert set(found) == set(back)
    for name in ("products", "provinces", "shop_ids"):
        old, new = set(getattr(before, name)), set(getattr(after, name))
        assert (name in found) == (old != new)
        if name in found:
            assert (set(found[name].added), set(found[name].removed)) == (new - old, old - new)
            assert found[name].added == back[name].removed
    for name in ("begins_on", "ends_on"):
        assert (name in found) == (getattr(before, name) != getattr(after, name))


def test_nobody_approves_a_change_of_their_own_and_the_attempt_is_on_record(desks: Desks) -> None:
    _, licence, (shop,) = licensed(desks)
    both = replace(desks.manager.actor, roles=frozenset({Role.CHANNEL_MANAGER, Role.APPROVER}))
    asked = amend_scope(desks.manager, licence.id, scope(shop, provinces=["11"]), WHY)

    with pytest.raises(NotAllowed) as no:
        approve_version(desks.manager.as_(both), asked.id)
    assert no.value.code == "channel.same_person"
    assert "staff.own_act_refused" in all_deeds(desks)
    assert licence_record(desks.manager, licence.id).licence.provinces == ["44"]


def all_deeds(desks: Desks) -> list[str]:
    with desks.house.begin(Permission.AUDIT_READ) as work:
        return list(work.session.exec(select(AuditEntry.deed)).all())


def test_a_shop_that_stays_keeps_its_badge_unless_the_last_day_changes(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)
    (badge,) = licence_record(desks.manager, licence.id).badges
    amended(desks, licence, scope(shop, shop_of(desks.manager, agent, "1002")))
    kept = licence_record(desks.manager, licence.id).badges
    assert badge.id in {one.id for one in kept if one.state is BadgeState.ISSUED}
    assert len(kept) == 2

    amended(desks, licence, scope(shop, ends_on=date(2027, 6, 30)))
    live = [one for one in list_badges(desks.manager).rows if one.state is BadgeState.ISSUED]
    assert [(one.shop_id, one.expires_at.date()) for one in live] == [(shop.id, date(2027, 6, 30))]


def test_a_shop_that_leaves_one_licence_for_another_gets_a_badge_there(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)
    other = shop_of(desks.manager, agent, "1002")
    second = approve_licence(desks.approver, pending(desks, agent, shop, other).id)
    amended(desks, licence, scope(shop_of(desks.manager, agent, "1003")))
    badges = agent_record(desks.manager, agent.id).badges
    live = [one for one in badges if one.state is BadgeState.ISSUED]
    assert len(live) == 3
    (moved,) = [one for one in live if one.shop_id == shop.id]
    assert moved.licence_id == second.id


def test_everything_against_a_change_is_said_at_once(desks: Desks) -> None:
    agent, licence, _ = licensed(desks)
    foreign = shop_of(desks.manager, admitted(desks, 2), "9")
    edit_agent(desks.manager, agent.id, form(business_licence_until=date(2027, 1, 1)))
    with pytest.raises(Conflict) as no:
        amend_scope(desks.manager, licence.id, scope(foreign, products=[]), WHY)
    codes = [one["code"] for one in no.value.facts["failing"]]  # type: ignore[attr-defined]
    assert codes == [
        "channel.scope_incomplete",
        "channel.beyond_business_licence",
        "channel.not_the_agents_shop",
    ]
    assert licence_record(desks.manager, licence.id).pending is None


def test_a_change_is_refused_where_it_makes_no_sense(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)

    def refused(changed: LicenceForm, reason: str = WHY) -> str:
        with pytest.raises((Conflict, Invalid)) as no:
            amend_scope(desks.manager, licence.id, changed, reason)
        return no.value.code

    other = scope(shop, provinces=["11"])
    assert refused(scope(shop)) == "licence.nothing_changed"
    assert refused(other, " ") == "channel.reason_needed"
    assert refused(scope(shop, provinces=["99"])) == "staff.bad_province"
    amend_scope(desks.manager, licence.id, other, WHY)
    assert refused(other) == "licence.amendment_pending"
    with pytest.raises(NotFound):
        amend_scope(desks.other_manager, licence.id, other, WHY)
    draft = pending(desks, agent, shop)
    with pytest.raises(Conflict) as no:
        amend_scope(desks.manager, draft.id, other, WHY)
    assert no.value.code == "licence.not_active"


def test_a_returned_change_waits_to_be_mended_and_the_next_has_the_next_number(
    desks: Desks,
) -> None:
    _, licence, (shop,) = licensed(desks)
    asked = amend_scope(desks.manager, licence.id, scope(shop, provinces=["11"]), WHY)
    return_version(desks.approver, asked.id, reason="未附说明")
    assert waits(desks.manager) == ["amendment_mend"]
    again = amend_scope(desks.manager, licence.id, scope(shop, provinces=["31"]), WHY)
    assert (again.number, waits(desks.manager)) == (3, [])
    withdraw_version(desks.manager, again.id)
    with pytest.raises(Conflict):
        approve_version(desks.approver, again.id)
    states = [one.state for one in licence_record(desks.manager, licence.id).versions]
    assert states == [VersionState.IN_FORCE, VersionState.RETURNED, VersionState.WITHDRAWN]
    assert deeds(desks.house)[-1] == "licence.amendment_withdrawn"


def test_a_suspended_licence_is_not_changed_and_an_ended_one_drops_its_change(
    desks: Desks, clock: Clock
) -> None:
    _, licence, (shop,) = licensed(desks)
    asked = amend_scope(desks.manager, licence.id, scope(shop, provinces=["11"]), WHY)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    with pytest.raises(Conflict) as no:
        approve_version(desks.approver, asked.id)
    assert no.value.code == "licence.not_active"
    terminate_licence(desks.approver, licence.id, reason="协商", is_handed_back=True)
    assert licence_record(desks.manager, licence.id).pending is None

    _, second, (shop,) = licensed(desks, 2, ("2",))
    amend_scope(desks.manager, second.id, scope(shop, provinces=["11"]), WHY)
    clock.pass_(days=400)
    sweep_expired(desks.house)
    assert licence_record(desks.manager, second.id).pending is None


def test_a_change_approved_by_a_screen_of_yesterday_is_refused(desks: Desks) -> None:
    _, licence, (shop,) = licensed(desks)
    asked = amend_scope(desks.manager, licence.id, scope(shop, provinces=["11"]), WHY)
    with pytest.raises(Conflict) as no:
        approve_version(desks.approver, asked.id, licence.version - 1)
    assert no.value.code == "channel.changed_meanwhile"
