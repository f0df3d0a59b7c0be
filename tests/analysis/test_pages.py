"""Analysis as its readers see it: figures with their tables, empty pages that say why."""

import pytest

from console.actions.channel.agents import list_agents
from console.i18n import Language, texts
from models.cases.cases import CaseState
from models.checks.spot_checks import Verdict
from models.patrol.findings import FindingState
from models.patrol.links import LinkKind, LinkState, ShopLink
from tests.analysis.world import (
    agent,
    case,
    finding,
    kept,
    licence,
    own,
    shop,
    spot_check,
)
from tests.conftest import Desks
from tests.pages import Console, errors, grid, shown

PAGES = ("scorecards", "cohorts", "repeat_offenders", "quality", "forecast")
EMPTY = ("scorecards_page.none", "cohorts_page.none", "repeats_page.no_networks",
         "quality_page.none", "forecast_page.none")  # fmt: skip


@pytest.fixture
def console(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(desks.house.house, monkeypatch)


def busy(desks: Desks) -> None:
    """An agent with a bit of everything, over some months."""
    of = agent(desks, "多事通信")
    licence(desks, of, days_ago=200, days=400)
    one, other = shop(desks, of, days_ago=120), shop(desks, of, days_ago=60)
    for weeks in range(1, 30):
        case(desks, one, days_ago=7 * weeks)
        finding(desks, one, days_ago=7 * weeks)
    finding(desks, other, state=FindingState.FALSE_POSITIVE)
    spot_check(desks, of, Verdict.FAILED)
    first, second = sorted((one.id, other.id))
    kept(
        desks,
        ShopLink(
            organisation_id=own(desks), kind=LinkKind.RELISTED, one_id=first, other_id=second,
            score=0.9, state=LinkState.ACCEPTED, created_at=desks.house.now(),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(("page", "said"), list(zip(PAGES, EMPTY, strict=True)))
def test_an_empty_page_says_why_and_what_to_do(
    console: Console, desks: Desks, page: str, said: str, language: Language
) -> None:
    words = shown(console.open(page, desks.manager, language=language))

    assert texts(language)[said] in words
    assert texts(language)[f"{said}_next"] in words


@pytest.mark.parametrize("page", PAGES)
def test_each_reader_gets_what_they_may_know_and_no_fault(
    console: Console, desks: Desks, page: str
) -> None:
    busy(desks)
    for desk in (desks.manager, desks.platform, desks.regulator, desks.auditor, desks.iot):
        assert errors(console.open(page, desk, language="en")) == [], desk.actor.name


@pytest.mark.parametrize("page", ["cohorts", "quality", "forecast"])
def test_every_chart_has_its_table(console: Console, desks: Desks, page: str) -> None:
    busy(desks)
    at = console.open(page, desks.manager)
    charts = at.get("plotly_chart")

    assert charts
    assert len(at.dataframe) >= len(charts)


def test_a_scorecard_is_opened_from_the_list_and_says_that_it_decides_nothing(
    console: Console, desks: Desks
) -> None:
    busy(desks)
    (row,) = grid(console.open("scorecards", desks.manager))
    assert "多事通信" in row

    of = next(iter(desks_agents(desks)))
    words = shown(console.open("scorecards", desks.manager, id=of))
    assert texts(Language.ZH)["scorecards_page.no_verdict"] in words


def desks_agents(desks: Desks) -> list[str]:

    return [str(one.id) for one in list_agents(desks.manager).rows]


def test_the_parts_of_a_score_are_written_out(console: Console, desks: Desks) -> None:
    of = agent(desks)
    case(desks, shop(desks, of), state=CaseState.EXECUTING)
    spot_check(desks, of, Verdict.PASSED)
    at = console.open("scorecards", desks.manager, id=str(of.id))
    parts = {row[0]: row for row in grid(at)}

    assert parts["案件"][1:4] == ["1", 20.0, 35.0]
    assert parts["抽查不合格"][1] == "0/1（样本少）"
    assert parts["抽查不合格"][2] == 0.0


def test_a_platform_is_told_which_parts_it_does_not_see(console: Console, desks: Desks) -> None:
    words = shown(console.open("scorecards", desks.platform))

    assert "抽查不合格" in words
    assert "您无权查看" in words


def test_a_record_that_is_not_yours_is_refused_in_words(console: Console, desks: Desks) -> None:
    of = agent(desks)
    at = console.open("scorecards", desks.other_manager, id=str(of.id))

    assert errors(at)
    assert of.name not in shown(at)


def test_the_share_in_each_cell_stands_in_the_table_with_its_counts(
    console: Console, desks: Desks
) -> None:
    for days in (60, 720):
        licence(desks, agent(desks), days_ago=200, days=days)
    (row,) = grid(console.open("cohorts", desks.manager))

    assert row[0] == "2025-08（2 家，少）"
    assert row[1:] == ["100%（2/2）", "100%（2/2）", "50%（1/2）", "50%（1/2）", "—", "—", "—"]


def test_minutes_become_hours_of_the_weeks_ahead(console: Console, desks: Desks) -> None:
    busy(desks)
    at = console.open("forecast", desks.manager)
    before = len(at.get("plotly_chart"))
    (box,) = [one for one in at.number_input if one.key == "minutes:cases"]
    box.set_value(60).run()

    assert len(at.get("plotly_chart")) == before + 1


def test_words_of_a_shop_are_shown_and_not_rendered(console: Console, desks: Desks) -> None:
    at = shop(desks, name="![x](https://evil.example/a.png) **好号**")
    case(desks, at)
    case(desks, at)
    page = console.open("repeat_offenders", desks.manager, view="shops")

    assert "evil.example" not in shown(page)
    assert any("evil.example" in str(row) for row in grid(page))
