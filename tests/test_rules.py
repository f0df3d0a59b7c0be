"""The rule library: duties, deadlines by day, kinds of findings and how they add up."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, create_engine, select

from models.base import Table
from models.refusals import Invalid
from models.rules import (
    Calendar,
    DutyTier,
    FindingKind,
    Outcome,
    Parameter,
    ParameterKind,
    Period,
    Rules,
    Tier,
    Unit,
    UnknownParameterError,
    package_rules,
    parameter,
    read_duties,
)
from models.rules.tables import CalendarDay, RuleParameter, office_calendar, office_rules

TODAY = date(2026, 11, 21)
RULES = package_rules()
DUTIES_CSV = (Path(__file__).parents[1] / "docs/requirements.csv").read_text("utf-8")
FRIDAY_NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)

TABLE_OF_DEADLINES = [
    ("verify_review", 5, Unit.WORKING_DAYS, ParameterKind.SEED),
    ("first_check", 0, Unit.AT_ONCE, ParameterKind.SEED),
    ("self_check", 1, Unit.COUNT, ParameterKind.LAW),
    ("telephone_identity_retention", 2, Unit.YEARS, ParameterKind.LAW),
    ("platform_evidence_retention", 3, Unit.YEARS, ParameterKind.LAW),
    ("sharing_record_retention", 3, Unit.YEARS, ParameterKind.LAW),
    ("pia_retention", 3, Unit.YEARS, ParameterKind.LAW),
    ("network_log_retention", 6, Unit.MONTHS, ParameterKind.LAW),
    ("high_risk_card_reverify", 24, Unit.HOURS, ParameterKind.RULE),
    ("one_id_query", 48, Unit.HOURS, ParameterKind.SERVICE),
    ("shop_closing_notice", 30, Unit.DAYS, ParameterKind.LAW),
    ("face_filing", 30, Unit.WORKING_DAYS, ParameterKind.LAW),
    ("platform_patrol", 1, Unit.COUNT, ParameterKind.RULE),
    ("joint_punishment", 2, Unit.YEARS, ParameterKind.RULE),
    ("joint_punishment_convicted", 3, Unit.YEARS, ParameterKind.RULE),
    ("joint_punishment_cap", 5, Unit.YEARS, ParameterKind.RULE),
    ("five_card_limit", 5, Unit.COUNT, ParameterKind.RULE),
    ("iot_person_limit", 10, Unit.COUNT, ParameterKind.RULE),
    ("iot_general_traffic", 100, Unit.MEGABYTES, ParameterKind.RULE),
    ("realname_rate", 100, Unit.PERCENT, ParameterKind.SEED),
    ("ca_complaint_answer", 30, Unit.DAYS, ParameterKind.LAW),
]


def own(code: str, value: int, begins: date, version: str = "2026-1") -> RuleParameter:
    return RuleParameter(
        code=code, value=value, version=version, valid_from=begins, source="Office order 7"
    )


@pytest.mark.parametrize(("code", "value", "unit", "kind"), TABLE_OF_DEADLINES)
def test_the_library_holds_the_table_of_deadlines(
    code: str, value: int, unit: Unit, kind: ParameterKind
) -> None:
    found = parameter(code, TODAY)
    assert (found.value, found.unit, found.kind) == (value, unit, kind)


def test_every_parameter_says_where_it_is_written() -> None:
    for versions in RULES.parameters.values():
        assert len({one.version for one in versions}) == len(versions)
        assert all(one.source for one in versions)
        assert all(one.valid_to is None or one.valid_from <= one.valid_to for one in versions)
        assert all((one.value == 0) >= (one.unit is Unit.AT_ONCE) for one in versions)


def test_a_code_that_no_rule_has_is_a_fault_of_ours() -> None:
    with pytest.raises(UnknownParameterError, match="verify_revue"):
        parameter("verify_revue", TODAY)
    with pytest.raises(KeyError, match="2012-01-01"):
        parameter("verify_review", date(2012, 1, 1))


@pytest.mark.requirement("004-2.2-b")
def test_the_five_card_rule_is_the_one_of_its_day() -> None:
    assert parameter("five_card_limit", date(2016, 9, 22)).version == "five_card_limit/1"
    assert parameter("five_card_limit", date(2016, 9, 23)).version == "five_card_limit/2"
    assert parameter("five_card_limit", TODAY).version == "five_card_limit/2"


@pytest.mark.requirement("004-4-a", "004-4-b", "004-0-b")
def test_the_target_of_registration_is_the_one_of_the_notices_body() -> None:
    assert parameter("realname_rate", date(2017, 6, 29)).value == 95
    assert parameter("realname_rate", date(2017, 6, 30)).value == 100
    assert parameter("realname_rate_later", date(2016, 12, 31)).value == 100


@pytest.mark.requirement("001-10", "001-G2-4")
def test_a_review_ends_within_five_working_days() -> None:
    deadline = parameter("verify_review", TODAY).deadline(FRIDAY_NOON, Calendar())
    assert deadline.at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert (deadline.provisional, deadline.version) == (False, "verify_review/1")
    warning = parameter("verify_review_warning", TODAY).deadline(FRIDAY_NOON, Calendar())
    assert warning.at < deadline.at


@pytest.mark.requirement("001-10")
def test_a_review_that_ends_next_year_says_that_its_day_may_move() -> None:
    start = datetime(2026, 12, 28, 4, tzinfo=UTC)
    assert parameter("verify_review", TODAY).deadline(start, Calendar()).provisional


@pytest.mark.requirement("000-5.2-a", "003-11.2-1")
@pytest.mark.parametrize("code", ["first_check", "rectification_minor", "crack_tool_transfer"])
def test_what_is_due_at_once_is_due_when_it_begins(code: str) -> None:
    assert parameter(code, TODAY).deadline(FRIDAY_NOON, Calendar()).at == FRIDAY_NOON


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("check_card_gap", FRIDAY_NOON + timedelta(seconds=2)),
        ("check_session", FRIDAY_NOON + timedelta(minutes=15)),
        ("high_risk_card_reverify", FRIDAY_NOON + timedelta(hours=24)),
        ("revocation_notice", datetime(2026, 11, 20, 16, tzinfo=UTC)),
        ("shop_closing_notice", datetime(2026, 12, 20, 16, tzinfo=UTC)),
        ("network_log_retention", datetime(2027, 5, 20, 16, tzinfo=UTC)),
        ("telephone_identity_retention", datetime(2028, 11, 20, 16, tzinfo=UTC)),
    ],
)
def test_each_unit_of_time_runs_as_it_says(code: str, end: datetime) -> None:
    deadline = parameter(code, TODAY).deadline(FRIDAY_NOON, Calendar())
    assert (deadline.at, deadline.provisional) == (end, False)


def test_months_end_with_the_last_day_of_a_shorter_month() -> None:
    start = datetime(2026, 8, 31, 4, tzinfo=UTC)
    ends = parameter("network_log_retention", TODAY).deadline(start, Calendar()).at
    assert ends == datetime(2027, 2, 28, 16, tzinfo=UTC)
    start = datetime(2026, 11, 30, 4, tzinfo=UTC)
    ends = parameter("network_log_retention", TODAY).deadline(start, Calendar()).at
    assert ends == datetime(2027, 5, 30, 16, tzinfo=UTC)


def test_a_count_is_no_deadline() -> None:
    with pytest.raises(ValueError, match="no length of time"):
        parameter("self_check", TODAY).deadline(FRIDAY_NOON, Calendar())


def test_platforms_patrol_at_least_monthly() -> None:
    found = parameter("platform_patrol", TODAY)
    assert (found.value, found.per) == (1, Period.MONTH)


@given(st.sampled_from(sorted(RULES.parameters)), st.dates(date(2016, 5, 24), date(2050, 1, 1)))
def test_a_parameter_that_holds_on_a_day_is_the_latest_begun(code: str, day: date) -> None:
    holding = [one for one in RULES.parameters[code] if one.holds_on(day)]
    assert (code in {one.code for one in RULES.in_force(day)}) is bool(holding)
    if holding:
        assert RULES.parameter(code, day).valid_from == max(one.valid_from for one in holding)


def test_the_duties_are_those_of_the_seeds() -> None:
    duties = read_duties(DUTIES_CSV)
    assert len(duties) == 253
    core = [one for one in duties.values() if one.tier is DutyTier.CORE]
    assert len(core) == 62 + 6 + 8 + 34
    assert duties["001-10"].threshold == "5 working days"


def _twice(text: str) -> str:
    return text + text.splitlines()[-1] + "\n"


def _foreign_column(text: str) -> str:
    return text.replace("threshold", "limit", 1)


def _other_document(text: str) -> str:
    return text.replace("004-0-a,C,004", "004-0-a,C,003", 1)


def _unknown_tier(text: str) -> str:
    return text.replace("004-0-a,C,", "004-0-a,Z,", 1)


def _cut_short(text: str) -> str:
    return text + "004-9,C\n"


@pytest.mark.parametrize(
    "spoil", [_twice, _foreign_column, _other_document, _unknown_tier, _cut_short]
)
def test_a_spoilt_list_of_duties_is_not_read(spoil: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match=r"twice|columns|document|DutyTier"):
        read_duties(spoil(DUTIES_CSV))


def test_every_kind_of_finding_has_its_rule_and_names_real_duties() -> None:
    duties = read_duties(DUTIES_CSV)
    assert set(RULES.findings) == set(FindingKind)
    for rule in RULES.findings.values():
        assert rule.outcomes
        assert rule.source
        assert set(rule.duties) <= set(duties)


def test_four_offences_leave_no_discretion() -> None:
    fixed = {kind for kind, rule in RULES.findings.items() if rule.cannot_be_lowered}
    assert fixed == {
        FindingKind.NO_REGISTRATION,
        FindingKind.FALSE_REGISTRATION,
        FindingKind.BULK_OPENING,
        FindingKind.CARD_RAISING,
    }
    for kind in fixed:
        assert RULES.finding(kind).tier is Tier.SERIOUS
        assert set(RULES.finding(kind).outcomes) == {Outcome.CANCEL_DELEGATION, Outcome.BLACKLIST}


@pytest.mark.requirement("004-3.3-o", "004-3.3-p")
def test_a_tool_that_cracks_readers_is_serious_and_goes_to_the_police() -> None:
    rule = RULES.finding(FindingKind.IDREADER_CRACK_TOOL)
    assert rule.tier is Tier.SERIOUS
    assert set(rule.outcomes) == {Outcome.DELIST, Outcome.REPORT_POLICE}


def test_an_industry_card_sold_online_is_graver_for_a_reseller() -> None:
    rule = RULES.finding(FindingKind.IOT_CARD_ONLINE)
    assert rule.tier_for(is_reseller=False) is Tier.GENERAL
    assert rule.tier_for(is_reseller=True) is Tier.SERIOUS
    other = RULES.finding(FindingKind.BADGE_MISSING)
    assert other.tier_for(is_reseller=True) is Tier.MINOR


@pytest.mark.parametrize(("a", "b"), list(product(enumerate(Tier), enumerate(Tier))))
def test_tiers_are_ordered_by_gravity(a: tuple[int, Tier], b: tuple[int, Tier]) -> None:
    assert (a[1] < b[1]) is (a[0] < b[0])
    assert (a[1] <= b[1]) is (a[0] <= b[0])
    assert (a[1] > b[1]) is (a[0] > b[0])
    assert (a[1] >= b[1]) is (a[0] >= b[0])
    assert max(a[1], b[1]) is list(Tier)[max(a[0], b[0])]


@pytest.mark.parametrize(
    ("tier", "earlier", "expected"),
    [
        (Tier.MINOR, [], Tier.MINOR),
        (Tier.MINOR, [(Tier.MINOR, 1)], Tier.MINOR),
        (Tier.MINOR, [(Tier.MINOR, 1), (Tier.MINOR, 90)], Tier.GENERAL),
        (Tier.MINOR, [(Tier.MINOR, 1), (Tier.MINOR, 91)], Tier.MINOR),
        (Tier.MINOR, [(Tier.MINOR, 1), (Tier.MINOR, 2), (Tier.GENERAL, 3)], Tier.SERIOUS),
        (Tier.GENERAL, [], Tier.GENERAL),
        (Tier.GENERAL, [(Tier.GENERAL, 365)], Tier.SERIOUS),
        (Tier.GENERAL, [(Tier.GENERAL, 366)], Tier.GENERAL),
        (Tier.GENERAL, [(Tier.MINOR, 1), (Tier.MINOR, 1)], Tier.GENERAL),
        (Tier.SERIOUS, [], Tier.SERIOUS),
    ],
)
def test_findings_add_up(tier: Tier, earlier: list[tuple[Tier, int]], expected: Tier) -> None:
    history = [(one, TODAY - timedelta(days=ago)) for one, ago in earlier]
    assert RULES.escalated(tier, TODAY, history) is expected


def test_a_refusal_to_correct_is_one_tier_up() -> None:
    raised = [RULES.escalated(one, TODAY, refused_to_correct=True) for one in Tier]
    assert raised == [Tier.GENERAL, Tier.SERIOUS, Tier.SERIOUS]


def test_another_library_can_stand_in() -> None:
    strict = Parameter("p", 1, Unit.DAYS, ParameterKind.POLICY, "test", TODAY, "1")
    rules = Rules({"p": [strict]}, {})
    assert rules.value("p", TODAY) == 1
    with pytest.raises(UnknownParameterError):
        rules.parameter("p", TODAY - timedelta(days=1))


def test_an_office_sets_its_own_deadline_from_a_day_on() -> None:
    rules = office_rules(RULES, [own("platform_removal", 1, TODAY)])
    assert rules.value("platform_removal", TODAY - timedelta(days=1)) == 3
    assert rules.parameter("platform_removal", TODAY).version == "platform_removal/office-2026-1"
    assert rules.parameter("platform_removal", TODAY).unit is Unit.WORKING_DAYS
    assert RULES.value("platform_removal", TODAY) == 3


def test_an_older_order_of_the_office_gives_way_to_a_newer_rule() -> None:
    rules = office_rules(RULES, [own("five_card_limit", 4, date(2016, 6, 1))])
    assert rules.value("five_card_limit", date(2016, 6, 1)) == 4
    assert rules.value("five_card_limit", TODAY) == 5


def test_an_office_may_set_policy_and_no_law() -> None:
    own("platform_removal", 1, TODAY).must_fit(RULES)
    with pytest.raises(Invalid, match="not_ours"):
        own("telephone_identity_retention", 1, TODAY).must_fit(RULES)
    with pytest.raises(Invalid, match="unknown"):
        own("platform_remuval", 1, TODAY).must_fit(RULES)


def test_rows_of_the_office_are_kept_and_read_back() -> None:
    engine = create_engine("sqlite://")
    Table.metadata.create_all(
        engine, tables=[Table.metadata.tables[one] for one in ("calendar_days", "rule_parameters")]
    )
    with Session(engine) as session:
        session.add(CalendarDay(day=TODAY, is_working=True, source="Office order 8"))
        session.add(own("platform_removal", 1, TODAY))
        session.commit()
        calendar = office_calendar(session.exec(select(CalendarDay)))
        rules = office_rules(RULES, session.exec(select(RuleParameter)))
        assert calendar.is_working_day(TODAY)  # a Saturday
        assert rules.value("platform_removal", TODAY) == 1
        session.add(own("platform_removal", 2, TODAY))
        with pytest.raises(IntegrityError):
            session.commit()
    engine.dispose()


def test_the_duties_that_come_with_the_program_are_those_of_the_docs() -> None:
    root = Path(__file__).parents[1]
    packaged, told = root / "models/data/duties.csv", root / "docs/requirements.csv"
    assert packaged.read_bytes() == told.read_bytes()
