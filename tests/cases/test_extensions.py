"""More time for a correction: once, before it is due, and by another's leave."""

from datetime import date, timedelta

import pytest

from console.actions.cases.extensions import ask_extension, decide_extension, list_extensions
from console.actions.cases.rectifications.answers import submit_rectification
from console.actions.cases.rectifications.issuing import draft_rectification, issue_rectification
from console.actions.cases.rectifications.lists import rectification_record
from console.actions.cases.rectifications.rechecks import recheck_rectification
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from console.actions.cases.rectifications.waiting import RECTIFICATION_SOURCES
from models.cases.extensions import ExtensionState
from models.cases.rectifications import Rectification, RectificationState
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import china_day
from tests.cases.rectify import (
    acknowledged,
    answers,
    by_paper,
    form,
    instruction,
    issued,
    verdicts,
)
from tests.cases.world import person, row
from tests.channel.stories import deeds
from tests.conftest import Clock, Desks

KIND = "Rectification"
LATER = date(2026, 3, 25)


def test_an_approver_grants_more_time_and_the_new_date_holds(desks: Desks, clock: Clock) -> None:
    sent = acknowledged(desks)
    asked = ask_extension(desks.platform, KIND, sent.id, LATER, "供应商需更换网店模板")
    waiting = [one.kind for source in RECTIFICATION_SOURCES for one in source(desks.approver)]
    assert "extension_decide" in waiting
    granted = decide_extension(desks.approver, asked.id, grant=True, answer="理由成立")
    assert granted.state is ExtensionState.GRANTED
    kept = rectification_record(desks.platform, sent.id)
    assert china_day(kept.row.due_at - timedelta(seconds=1)) == LATER
    assert [one.reason for one in kept.extensions] == ["供应商需更换网店模板"]
    clock.pass_(days=18)
    assert sweep_rectifications(desks.house) == 0
    assert deeds(desks.house)[-2:] == ["extension.granted", "rectification.extended"]


def test_it_is_granted_once_alone(desks: Desks) -> None:
    sent = acknowledged(desks)
    first = ask_extension(desks.platform, KIND, sent.id, LATER, "更换模板")
    with pytest.raises(Conflict) as no:
        ask_extension(desks.platform, KIND, sent.id, LATER, "更换模板")
    assert no.value.code == "extension.asked_already"
    decide_extension(desks.approver, first.id, grant=False, answer="期限充足")
    second = ask_extension(desks.platform, KIND, sent.id, LATER, "仍需时间")
    decide_extension(desks.approver, second.id, grant=True, answer="同意")
    with pytest.raises(Conflict) as no:
        ask_extension(desks.platform, KIND, sent.id, date(2026, 3, 30), "再延")
    assert no.value.code == "extension.no_more"
    assert len(list_extensions(desks.platform, ExtensionState.GRANTED).rows) == 1
    assert list_extensions(desks.other_platform).rows == []


@pytest.mark.parametrize(
    ("day", "code"),
    [(date(2026, 3, 16), "extension.too_long"), (date(2026, 3, 31), "extension.too_long")],
)
def test_it_is_longer_than_before_and_by_ten_working_days_at_most(
    desks: Desks, day: date, code: str
) -> None:
    with pytest.raises(Conflict) as no:
        ask_extension(desks.platform, KIND, acknowledged(desks).id, day, "更换模板")
    assert (no.value.code, no.value.facts["last"]) == (code, "2026-03-30")


def test_who_may_ask_and_who_may_decide(desks: Desks) -> None:
    sent = acknowledged(desks)
    with pytest.raises(NotAllowed):
        ask_extension(desks.manager, KIND, sent.id, LATER, "x")
    with pytest.raises(NotFound):
        ask_extension(desks.other_platform, KIND, sent.id, LATER, "x")
    with pytest.raises(Invalid):
        ask_extension(desks.platform, KIND, sent.id, LATER, " ")
    with pytest.raises(Invalid):
        ask_extension(desks.platform, "Licence", sent.id, LATER, "x")
    asked = ask_extension(desks.platform, KIND, sent.id, LATER, "更换模板")
    for stranger in (desks.platform, desks.other_approver):
        with pytest.raises(Refusal):
            decide_extension(stranger, asked.id, grant=True, answer="同意")
    with pytest.raises(Invalid):
        decide_extension(desks.approver, asked.id, grant=True, answer="")


def test_nobody_grants_what_they_asked_for_themselves(desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    sent = by_paper(both, issued(desks, unit_name="城南营业厅"))
    asked = ask_extension(both, KIND, sent.id, LATER, "更换模板")
    with pytest.raises(NotAllowed) as no:
        decide_extension(both, asked.id, grant=True, answer="同意")
    assert no.value.code == "extension.same_person"
    decide_extension(desks.approver, asked.id, grant=True, answer="同意")


def test_after_the_due_date_nothing_is_extended(desks: Desks, clock: Clock) -> None:
    with pytest.raises(Conflict) as no:
        ask_extension(desks.platform, KIND, issued(desks).id, LATER, "未签收")
    assert no.value.code == "extension.not_now"
    sent = acknowledged(desks)
    asked = ask_extension(desks.platform, KIND, sent.id, LATER, "更换模板")
    clock.pass_(days=15)
    for _ in range(2):  # before and after the sweep
        with pytest.raises(Conflict) as no:
            decide_extension(desks.approver, asked.id, grant=True, answer="同意")
        assert no.value.code == "extension.too_late"
        sweep_rectifications(desks.house)
    decide_extension(desks.approver, asked.id, grant=False, answer="已逾期")
    assert row(desks, Rectification, sent.id).state is RectificationState.OVERDUE


def test_a_regulators_date_is_nobodys_here_to_extend(desks: Desks, clock: Clock) -> None:
    wanted = instruction(desks, clock.at + timedelta(days=5))
    sent = acknowledged(desks, instruction_id=wanted.id)
    with pytest.raises(Conflict) as no:
        ask_extension(desks.platform, KIND, sent.id, LATER, "更换模板")
    assert no.value.code == "extension.date_is_fixed"


def test_a_platform_decides_on_what_it_ordered_itself(desks: Desks) -> None:
    own = person(desks, "lan.er", "lanhai", Role.PLATFORM_OFFICER)
    third = person(desks, "lan.san", "lanhai", Role.PLATFORM_OFFICER)
    draft = draft_rectification(own, form(unit_name="商户运营部"))
    sent = by_paper(desks.platform, issue_rectification(own, draft.id, proof="当面送达"))
    asked = ask_extension(desks.platform, KIND, sent.id, LATER, "更换模板")
    decide_extension(own, asked.id, grant=True, answer="同意")
    submit_rectification(desks.platform, sent.id, answers())
    done = recheck_rectification(third, sent.id, verdicts("++"))
    assert done.state is RectificationState.CLOSED
