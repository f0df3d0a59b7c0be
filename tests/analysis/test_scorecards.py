"""Agents are ranked by what is on record of them, and each point leads to its record."""

import pytest

from console.actions.oversight.analysis.kept import FOR
from console.actions.oversight.analysis.periods import month_of
from console.actions.oversight.analysis.score_records import scorecard
from console.actions.oversight.analysis.scorecards import hidden_parts, list_scorecards
from console.desk import Desk
from models.cases.cases import CaseState
from models.cases.complaints import Complaint, ComplaintKind
from models.cases.rectifications import Rectification, RectificationState
from models.channel.agents import Agent, AgentState
from models.channel.shops import AuthorisedShop
from models.checks.spot_checks import Verdict
from models.oversight.scores import GOOD, ScorePart, weights
from models.patrol.checks import ShopCheck
from models.patrol.findings import FindingState
from models.refusals import Invalid, NotAllowed, NotFound
from models.rules import Tier
from tests.analysis.world import (
    agent,
    case,
    finding,
    kept,
    licence,
    own,
    run,
    shop,
    spot_check,
)
from tests.cases.core import deeds_of
from tests.conftest import Clock, Desks

P = ScorePart


def full_record(desks: Desks) -> Agent:
    """One deed of each part."""
    of = agent(desks, "多事通信")
    at = shop(desks, of)
    now = desks.house.now()
    case(desks, at)
    finding(desks, at)
    spot_check(desks, of, Verdict.FAILED)
    spot_check(desks, of, Verdict.PASSED)
    spot_check(desks, of, Verdict.INCONCLUSIVE)
    kept(
        desks,
        ShopCheck(
            run_id=run(desks).id, shop_id=at.id, organisation_id=own(desks),
            answers={"badge_displayed": "bad"}, done_at=now,
        ),
        Rectification(
            number="RCT-1", organisation_id=own(desks), agent_id=of.id, unit_name="多事通信",
            tier=Tier.MINOR, state=RectificationState.SUBMITTED, misses=1, due_at=now,
            issued_at=now, created_at=now,
        ),
        Complaint(
            number="CMP-1", asked_by_sha256="a", organisation_id=own(desks), shop_id=at.id,
            kind=ComplaintKind.NO_REAL_NAME, text="不实名", due_at=now, created_at=now,
        ),
    )  # fmt: skip
    return of


def tallies(desk: Desk, of: Agent) -> dict[P, tuple[int, int | None]]:
    card = scorecard(desk, of.id)
    return {one.part: (one.bad, one.base) for one in card.score.parts}


def test_each_part_counts_its_own_records(desks: Desks) -> None:
    of = full_record(desks)

    assert tallies(desks.manager, of) == {
        P.CASES: (1, None),
        P.FINDINGS: (1, None),
        P.SPOT_CHECKS: (1, 2),
        P.BADGE: (1, 1),
        P.RECTIFICATIONS: (1, None),
        P.COMPLAINTS: (1, None),
    }


def test_the_list_and_the_record_say_the_same(desks: Desks) -> None:
    of = full_record(desks)
    cards = list_scorecards(desks.manager)
    card = scorecard(desks.manager, of.id)

    assert [one.id for one in cards.agents.rows] == [of.id]
    assert cards.scores[of.id] == card.score
    assert card.trend[month_of(desks.house.now())] == card.score
    assert card.score.points > 0


def test_every_point_leads_to_its_record(desks: Desks) -> None:
    card = scorecard(desks.manager, full_record(desks).id)

    for one in card.score.parts:
        deeds = card.deeds[one.part]
        assert sum(deed.word != GOOD for deed in deeds) == one.bad
        assert all(deed.number for deed in deeds)


def test_the_worst_record_comes_first_and_a_clean_one_is_not_listed(desks: Desks) -> None:
    clean, mild, grave = agent(desks, "清白"), agent(desks, "小过"), agent(desks, "大过")
    case(desks, shop(desks, grave), tier=Tier.SERIOUS)
    finding(desks, shop(desks, mild), tier=Tier.MINOR)
    cards = list_scorecards(desks.manager)

    assert [one.id for one in cards.agents.rows] == [grave.id, mild.id]
    assert cards.ranked == 2
    assert clean.id not in cards.scores


def test_whoever_has_no_record_is_found_by_name(desks: Desks) -> None:
    clean = agent(desks, "清白")
    found = list_scorecards(desks.manager, clean.agent_no)

    assert [one.id for one in found.agents.rows] == [clean.id]
    assert found.scores[clean.id].points == 0


def test_a_finding_in_a_case_counts_once_as_the_case(desks: Desks) -> None:
    of = agent(desks)
    at = shop(desks, of)
    held = case(desks, at)
    finding(desks, at, state=FindingState.IN_CASE, case_id=held.id)

    assert tallies(desks.manager, of)[P.FINDINGS] == (0, None)
    assert tallies(desks.manager, of)[P.CASES] == (1, None)


@pytest.mark.parametrize("state", [FindingState.OPEN, FindingState.FALSE_POSITIVE])
def test_what_nobody_confirmed_counts_nothing(desks: Desks, state: FindingState) -> None:
    of = agent(desks)
    finding(desks, shop(desks, of), state=state)

    assert scorecard(desks.manager, of.id).score.points == 0
    assert list_scorecards(desks.manager).ranked == 0


def test_a_reversed_case_counts_nothing_and_is_told(desks: Desks) -> None:
    of = agent(desks)
    case(desks, shop(desks, of), state=CaseState.REVERSED)
    card = scorecard(desks.manager, of.id)

    assert card.score.points == 0
    assert card.cases == {CaseState.REVERSED: 1}


def test_what_is_old_counts_no_more_and_stands_in_the_trend(desks: Desks) -> None:
    of = agent(desks)
    case(desks, shop(desks, of), days_ago=31 * weights().months)
    card = scorecard(desks.manager, of.id)

    assert card.score.points == 0
    assert max(one.points for one in card.trend.values()) > 0
    assert list(card.trend) == sorted(card.trend)


def test_another_carrier_s_agents_are_not_ranked_nor_read(desks: Desks) -> None:
    of = full_record(desks)

    assert list_scorecards(desks.other_manager).agents.rows == []
    with pytest.raises(NotFound):
        scorecard(desks.other_manager, of.id)


def test_an_administration_s_look_is_on_record(desks: Desks) -> None:
    of = full_record(desks)
    card = scorecard(desks.regulator, of.id)

    assert card.score.points > 0
    assert [one.deed for one in deeds_of(desks.manager, of)] == ["record.seen"]


def test_a_platform_sees_no_spot_checks_and_is_told_so(desks: Desks) -> None:
    of = full_record(desks)

    assert hidden_parts(desks.platform) == [P.SPOT_CHECKS]
    assert hidden_parts(desks.manager) == []
    with pytest.raises(NotFound):
        scorecard(desks.platform, of.id)


def test_a_platform_knows_only_of_cases_that_it_was_told_of(desks: Desks) -> None:
    of = agent(desks)
    at = shop(desks, of)
    kept(
        desks,
        AuthorisedShop(
            carrier_id=of.carrier_id, agent_id=of.id, platform="lanhai", shop_key=at.shop_key,
            name=at.name, province="44", created_at=desks.house.now(),
        ),
    )  # fmt: skip
    case(desks, at, state=CaseState.INVESTIGATING)
    finding(desks, at)

    assert scorecard(desks.platform, of.id).score.points == 0
    assert scorecard(desks.manager, of.id).score.points > 0


def test_pages_of_the_ranking_follow_each_other(desks: Desks) -> None:
    agents = [agent(desks) for _ in range(5)]
    for n, of in enumerate(agents):
        at = shop(desks, of)
        for _ in range(n + 1):
            finding(desks, at, tier=Tier.MINOR)
    seen: list[Agent] = []
    after: str | None = None
    for _ in range(3):
        cards = list_scorecards(desks.manager, after=after, limit=2)
        seen += cards.agents.rows
        after = cards.agents.next

    assert after is None
    assert [one.id for one in seen] == [one.id for one in reversed(agents)]


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "١"])
def test_a_made_up_mark_of_a_page_is_refused(desks: Desks, after: str) -> None:
    with pytest.raises(Invalid, match="bad_cursor"):
        list_scorecards(desks.manager, after=after)


def test_filters_narrow_the_ranking(desks: Desks) -> None:
    there, gone = agent(desks), agent(desks, state=AgentState.SUSPENDED)
    for of in (there, gone):
        finding(desks, shop(desks, of))

    def found(**filters: object) -> list[Agent]:
        return list(list_scorecards(desks.manager, **filters).agents.rows)  # pyright: ignore[reportArgumentType]

    assert {one.id for one in found()} == {there.id, gone.id}
    assert [one.id for one in found(state=AgentState.SUSPENDED)] == [gone.id]
    assert found(province="11") == []


def test_a_ranking_is_kept_for_some_minutes_and_for_its_reader_alone(
    desks: Desks, clock: Clock
) -> None:
    finding(desks, shop(desks, agent(desks)))
    before = list_scorecards(desks.manager).ranked
    finding(desks, shop(desks, agent(desks)))
    at_once, others = list_scorecards(desks.manager).ranked, list_scorecards(desks.approver).ranked
    clock.pass_(seconds=FOR.total_seconds())

    assert (before, at_once, others) == (1, 1, 2)
    assert list_scorecards(desks.manager).ranked == 2


def test_what_was_kept_is_not_given_to_who_may_no_more(desks: Desks) -> None:
    list_scorecards(desks.manager)
    with pytest.raises(NotAllowed):
        list_scorecards(desks.admin)


def test_the_time_since_admission_and_the_next_end_stand_beside(desks: Desks) -> None:
    of = agent(desks)
    first = licence(desks, of, days_ago=100, days=190)
    card = scorecard(desks.manager, of.id)

    assert card.standing.months == 4  # 22 November to 2 March
    assert card.standing.ends_on == first.ends_on
    assert card.score.points == 0, "what ends is no fault"
    assert [one.id for one in card.licences] == [first.id]
