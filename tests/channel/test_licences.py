"""Licences: two people, four papers, and what falls with them in one transaction."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from uuid import uuid4

import pytest

from console.actions.channel.agents import agent_record, edit_agent
from console.actions.channel.endings import sweep_expired
from console.actions.channel.licences import (
    approve_licence,
    approve_licences,
    draft_licence,
    edit_licence,
    grant_licences,
    licence_numbered,
    licence_record,
    list_licences,
    resume_licence,
    return_licence,
    submit_licence,
    suspend_licence,
    terminate_licence,
)
from console.actions.channel.papers import PaperForm, add_paper, papers_of, withdraw_paper
from console.actions.channel.shops import end_shop, list_shops
from console.i18n import told
from models.channel.agents import Agent, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState, Paper, Product
from models.channel.papers import ARTICLE_9, Clause, PaperKind
from models.formats import IssuedNumber, check_licence_number
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed
from tests.channel.stories import (
    PDF,
    admitted,
    form,
    licensed,
    pending,
    scope,
    shop_of,
    submitted,
)
from tests.conftest import Clock, Desks


@pytest.mark.requirement("004-3.1-a", "004-3.1-e")
def test_a_licence_is_approved_by_another_and_every_shop_gets_a_badge(desks: Desks) -> None:
    agent, licence, shops = licensed(desks, numbers=("1001", "1002"))

    assert isinstance(check_licence_number(licence.number), IssuedNumber)
    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.ACTIVE
    assert {badge.shop_id for badge in record.badges} == {shop.id for shop in shops}
    assert {badge.state for badge in record.badges} == {BadgeState.ISSUED}
    assert licence_numbered(desks.manager, licence.number.lower()).id == licence.id


def test_whoever_handed_a_licence_in_does_not_approve_it(desks: Desks) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    both = replace(desks.manager.actor, roles=frozenset({Role.CHANNEL_MANAGER, Role.APPROVER}))

    with pytest.raises(NotAllowed) as no:
        approve_licence(desks.manager.as_(both), licence.id)
    assert no.value.code == "channel.same_person"
    assert licence_record(desks.manager, licence.id).licence.state is LicenceState.PENDING_APPROVAL


@pytest.mark.parametrize("missing", list(Paper))
def test_no_licence_is_approved_without_each_of_the_four_papers(
    desks: Desks, missing: Paper
) -> None:
    agent = admitted(desks)
    with_file_lost(desks, agent, missing)
    licence = pending(desks, agent, shop_of(desks.manager, agent))

    assert licence_record(desks.manager, licence.id).missing == [missing]
    with pytest.raises(Conflict) as no:
        approve_licence(desks.approver, licence.id)
    assert no.value.code == "channel.papers_missing"
    assert no.value.facts["papers"] == [missing.value]
    assert no.value.facts["rule"] == "afl-9"
    assert licence_record(desks.platform, licence.id).missing == []


def with_file_lost(desks: Desks, agent: Agent, paper: Paper) -> None:
    """Everything is on file but what proves one paper."""
    kinds = {
        Paper.AGREEMENT: PaperKind.AGREEMENT,
        Paper.NO_SUB_AGENT: PaperKind.AGREEMENT,
        Paper.COMMITMENT_LETTER: PaperKind.COMMITMENT_LETTER,
        Paper.DATA_PROCESSING: PaperKind.DATA_PROCESSING,
    }
    with desks.house.begin(Permission.PAPER_READ) as work:
        (filed,) = [one for one in papers_of(work, agent) if one.kind is kinds[paper]]
    withdraw_paper(desks.manager, filed.id, reason="作废")
    if kinds[paper] is PaperKind.AGREEMENT:
        other = {Clause.NO_SUB_AGENT} if paper is Paper.AGREEMENT else set(ARTICLE_9)
        form = PaperForm(PaperKind.AGREEMENT, "XY-9", other)
        add_paper(desks.manager, agent.id, form, "agreement.pdf", PDF)


def test_the_files_that_proved_the_papers_are_kept_with_the_licence(desks: Desks) -> None:
    _, licence, _ = licensed(desks)
    assert licence.papers == {paper.value: sha256(PDF).hexdigest() for paper in Paper}


def test_the_agreement_number_is_that_of_the_paper_on_file(desks: Desks) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent), agreement_no="")
    assert licence.agreement_no == "agreement-1"


def test_everything_that_is_wrong_is_said_at_once_each_with_its_rule(desks: Desks) -> None:
    agent = admitted(desks)
    wrong = scope(provinces=[], ends_on=date(2031, 1, 1))
    licence = draft_licence(desks.manager, agent.id, wrong)
    edit_agent(desks.manager, agent.id, form(business_licence_until=date(2026, 1, 1)))

    with pytest.raises(Conflict) as no:
        submit_licence(desks.manager, licence.id)
    grounds = {one["code"]: one["rule"] for one in no.value.facts["failing"]}  # type: ignore[attr-defined]
    assert (no.value.code, no.value.facts["n"]) == ("licence.not_in_order", 3)
    assert grounds == {
        "channel.not_in_order": "004-3.1-b",
        "channel.scope_incomplete": "004-3.1-f",
        "channel.beyond_business_licence": "004-3.1-b",
    }
    said = told(no.value.code, no.value.facts)
    assert "销售省份、委托网店" in said
    assert "2026-01-01" in said
    assert "营业执照已过期" in said
    assert "182号" in said
    assert licence_record(desks.manager, licence.id).licence.state is LicenceState.DRAFT


def test_one_scope_is_granted_to_several_agents_each_with_its_own_shops(desks: Desks) -> None:
    first, second = admitted(desks, 1), admitted(desks, 2)
    own = [shop_of(desks.manager, first, "1"), shop_of(desks.manager, first, "2")]
    outsider = submitted(desks.manager, 3)
    done = grant_licences(desks.manager, [first.id, second.id, outsider.id], scope())

    assert [one.refusal.code if one.refusal else None for one in done] == [
        None,
        "channel.scope_incomplete",  # it has no shop
        "channel.agent_not_admitted",
    ]
    (licence,) = list_licences(desks.manager).rows
    assert (licence.id, licence.state) == (done[0].made, LicenceState.PENDING_APPROVAL)
    assert licence.shop_ids == sorted(str(shop.id) for shop in own)
    with pytest.raises(Invalid):
        grant_licences(desks.manager, [uuid4() for _ in range(201)], scope())


def test_several_under_one_key_are_done_once(desks: Desks) -> None:
    agent = admitted(desks)
    shop_of(desks.manager, agent)
    keyed = desks.manager.keyed("k-1", "f")
    (first,) = grant_licences(keyed, [agent.id], scope())
    (again,) = grant_licences(desks.manager.keyed("k-1", "f"), [agent.id], scope())
    assert first.made == again.made is not None
    assert len(list_licences(desks.manager).rows) == 1


def test_licences_are_listed_by_when_they_run_out(desks: Desks, clock: Clock) -> None:
    _, licence, _ = licensed(desks)
    clock.pass_(days=320)
    found = {days: list_licences(desks.manager, ends_within=days).rows for days in (60, 30, 7)}
    assert [row.id for row in found[60]] == [licence.id]
    assert found[30] == found[7] == []
    assert list_licences(desks.manager, province="11").rows == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"products": []}, "channel.scope_incomplete"),
        ({"provinces": []}, "channel.scope_incomplete"),
        ({"shop_ids": []}, "channel.scope_incomplete"),
        ({"ends_on": date(2031, 1, 1)}, "channel.beyond_business_licence"),
        ({"begins_on": date(2025, 1, 1), "ends_on": date(2026, 3, 1)}, "channel.licence_over"),
    ],
)
def test_an_incomplete_scope_is_not_handed_in(
    desks: Desks, changed: dict[str, object], code: str
) -> None:
    agent = admitted(desks)
    licence = draft_licence(
        desks.manager, agent.id, scope(shop_of(desks.manager, agent), **changed)
    )
    with pytest.raises(Conflict) as no:
        submit_licence(desks.manager, licence.id)
    assert no.value.code == code

    edit_licence(desks.manager, licence.id, scope(list_shops(desks.manager).rows[0]))
    assert submit_licence(desks.manager, licence.id).state is LicenceState.PENDING_APPROVAL
    with pytest.raises(Conflict):
        edit_licence(desks.manager, licence.id, scope())


def test_a_licence_names_no_shop_of_another_agent(desks: Desks) -> None:
    mine, other = admitted(desks, 1), admitted(desks, 2)
    with pytest.raises(Invalid):
        draft_licence(desks.manager, mine.id, scope(shop_of(desks.manager, other)))
    with pytest.raises(Invalid):
        draft_licence(desks.manager, mine.id, scope(begins_on=date(2028, 1, 1)))
    with pytest.raises(Invalid):
        draft_licence(desks.manager, mine.id, scope(provinces=["99"]))


@pytest.mark.requirement("001-9-e")
def test_nobody_is_licensed_before_admission(desks: Desks) -> None:
    agent = submitted(desks.manager)
    with pytest.raises(Conflict) as no:
        draft_licence(desks.manager, agent.id, scope())
    assert no.value.code == "channel.agent_not_admitted"


def test_a_returned_licence_is_mended_and_handed_in_again(desks: Desks) -> None:
    agent = admitted(desks)
    shop = shop_of(desks.manager, agent)
    licence = return_licence(desks.approver, pending(desks, agent, shop).id, reason="协议编号有误")
    assert (licence.state, licence.reason) == (LicenceState.DRAFT, "协议编号有误")

    edit_licence(desks.manager, licence.id, scope(shop, agreement_no="XY-2"), licence.version)
    licence = approve_licence(desks.approver, submit_licence(desks.manager, licence.id).id)
    assert (licence.state, licence.reason) == (LicenceState.ACTIVE, "")


def test_several_are_approved_each_by_itself(desks: Desks) -> None:
    good, lame = admitted(desks, 1), admitted(desks, 2)
    ids = [
        pending(desks, good, shop_of(desks.manager, good, "1")).id,
        pending(desks, lame, shop_of(desks.manager, lame, "2")).id,
    ]
    with_file_lost(desks, lame, Paper.DATA_PROCESSING)
    done = approve_licences(desks.approver, ids)

    assert [one.refusal.code if one.refusal else None for one in done] == [
        None,
        "channel.papers_missing",
    ]
    states = {row.id: row.state for row in list_licences(desks.manager).rows}
    assert [states[one] for one in ids] == [LicenceState.ACTIVE, LicenceState.PENDING_APPROVAL]


def test_a_suspension_tells_why_and_where_to_appeal_and_ends_with_a_proof(desks: Desks) -> None:
    agent, licence, _ = licensed(desks)
    with pytest.raises(Invalid):
        suspend_licence(desks.manager, licence.id, reason="未亮照", remedy=" ")
    suspended = suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="向渠道部申诉")
    assert suspended.remedy == "向渠道部申诉"
    assert agent_record(desks.manager, agent.id).badges[0].state is BadgeState.SUSPENDED

    resumed = resume_licence(desks.approver, licence.id, proof="复查合格")
    assert (resumed.state, resumed.reason) == (LicenceState.ACTIVE, "")
    assert agent_record(desks.manager, agent.id).badges[0].state is BadgeState.ISSUED


def test_a_licence_ends_behind_its_last_day_with_its_badges(desks: Desks, clock: Clock) -> None:
    agent, licence, _ = licensed(desks)
    clock.pass_(days=363, hours=11)  # the evening of the last day in Beijing
    assert sweep_expired(desks.house) == 0
    clock.pass_(hours=2)
    assert sweep_expired(desks.house) == 1

    record = agent_record(desks.manager, agent.id)
    assert record.licences[0].state is LicenceState.EXPIRED
    assert record.badges[0].state is BadgeState.EXPIRED
    assert record.agent.state is AgentState.ELIGIBLE
    assert sweep_expired(desks.house) == 0
    assert licence.number == record.licences[0].number


def test_a_licence_renewed_in_time_gets_its_badge_when_the_old_one_ends(
    desks: Desks, clock: Clock
) -> None:
    agent, _, shops = licensed(desks)
    following = pending(desks, agent, *shops, begins_on=date(2027, 2, 1), ends_on=date(2028, 2, 28))
    approve_licence(desks.approver, following.id)
    assert len(agent_record(desks.manager, agent.id).badges) == 1

    clock.pass_(days=364)
    sweep_expired(desks.house)
    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.ACTIVE
    assert [badge.state for badge in record.badges] == [BadgeState.ISSUED, BadgeState.EXPIRED]
    assert record.badges[0].licence_id == following.id


def test_a_licence_is_terminated_when_cards_and_data_are_back(desks: Desks) -> None:
    agent, licence, _ = licensed(desks)
    with pytest.raises(Conflict):
        terminate_licence(desks.approver, licence.id, reason="期满", is_handed_back=False)
    terminate_licence(desks.approver, licence.id, reason="期满", is_handed_back=True)
    assert agent_record(desks.manager, agent.id).badges[0].state is BadgeState.REVOKED


def test_a_shop_has_one_agent_at_a_carrier(desks: Desks) -> None:
    first, second = admitted(desks, 1), admitted(desks, 2)
    shop = shop_of(desks.manager, first, "1001")
    with pytest.raises(Conflict) as no:
        shop_of(desks.manager, second, "shop:1001")
    assert no.value.facts["agent_no"] == first.agent_no

    other = admitted(desks, 3, manager=desks.other_manager, approver=desks.other_approver)
    assert shop_of(desks.other_manager, other, "1001").shop_key == shop.shop_key
    end_shop(desks.manager, shop.id, reason="关店")
    assert shop_of(desks.manager, second, "1001").agent_id == second.id


def test_a_closed_shop_loses_its_badge(desks: Desks) -> None:
    agent, _, (shop,) = licensed(desks)
    end_shop(desks.manager, shop.id, reason="关店")
    assert agent_record(desks.manager, agent.id).badges[0].state is BadgeState.REVOKED
    with pytest.raises(Conflict):
        end_shop(desks.manager, shop.id, reason="关店")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"platform": "nowhere"}, "channel.no_such_platform"),
        ({"platform": "site", "shop": "not a host"}, "shop.no_address"),
        ({"name": " "}, "channel.field_missing"),
        ({"url": "javascript:alert(1)"}, "channel.bad_shop_url"),
        ({"name": "店" * 201}, "channel.field_too_long"),
    ],
)
def test_a_shop_that_cannot_be_is_refused(desks: Desks, changed: dict[str, str], code: str) -> None:
    agent = admitted(desks)
    asked = {"number": "1001", **changed}
    asked["number"] = asked.pop("shop", asked["number"])
    with pytest.raises(Invalid) as no:
        shop_of(desks.manager, agent, **asked)
    assert no.value.code == code


def test_an_own_site_is_kept_by_host_and_path(desks: Desks) -> None:
    agent = admitted(desks)
    shop = shop_of(desks.manager, agent, "https://WWW.Longteng.example/shop/?a=1", platform="site")
    assert shop.shop_key == "longteng.example/shop"


def test_products_are_words_of_ours() -> None:
    with pytest.raises(ValueError, match="pager"):
        scope(products=["pager"]).columns()
    assert scope(products=[Product.DATA_CARD] * 2).columns()["products"] == ["data_card"]


def test_only_an_approver_approves(desks: Desks) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    for desk in (desks.manager, desks.regulator, desks.platform, desks.auditor):
        with pytest.raises(NotAllowed):
            approve_licence(desk, licence.id)
    assert not desks.regulator.actor.may(Permission.LICENCE_EDIT)
