"""Screening is judged by what people said of its findings, and by nothing else."""

from console.actions.oversight.analysis.quality import Looked, quality
from models.patrol.findings import FindingState
from models.patrol.labels import ModelState, ScreenModel
from models.permissions import Permission
from models.rules import FindingKind
from tests.analysis.world import case, finding, own, run, shop
from tests.conftest import Desks

S = FindingState


def test_precision_is_of_what_was_reviewed(desks: Desks) -> None:
    at = shop(desks)
    for state in (S.CONFIRMED, S.RECTIFYING, S.CLOSED, S.FALSE_POSITIVE, S.OPEN, S.OPEN):
        finding(desks, at, state=state)
    whole = quality(desks.manager).whole

    assert whole == Looked(accepted=3, discarded=1, open=2)
    assert whole.precision == 0.75
    assert whole.interval[0] < 0.75 < whole.interval[1]
    assert Looked(open=4).precision is None


def test_findings_stand_in_their_month_kind_and_model(desks: Desks) -> None:
    at, older, newer = shop(desks), run(desks, "rules/3 own/1"), run(desks, "rules/3 own/2")
    finding(desks, at, days_ago=40, run_id=older.id)  # 21 January
    finding(desks, at, days_ago=10, run_id=newer.id, state=S.FALSE_POSITIVE)
    finding(desks, at, days_ago=10, run_id=newer.id, kind=FindingKind.IOT_CARD_ONLINE)
    found = quality(desks.manager, 3)

    assert found.months == ["2026-01", "2026-02", "2026-03"]
    assert [one.found for one in found.by_month.values()] == [1, 2, 0]
    assert found.by_engine["rules/3 own/2"] == Looked(accepted=1, discarded=1)
    assert found.by_kind[FindingKind.IOT_CARD_ONLINE] == Looked(accepted=1)


def test_merged_findings_and_those_of_spot_checks_are_left_out(desks: Desks) -> None:
    at = shop(desks)
    head = finding(desks, at)
    finding(desks, at, merged_into_id=head.id)
    checked = finding(desks, at)
    with desks.house.begin(Permission.PATROL_RUN) as work:
        work.session.get_one(type(checked), checked.id).run_id = None
        work.no_deed()

    assert quality(desks.manager).whole.found == 1


def test_what_is_in_a_case_was_accepted(desks: Desks) -> None:
    at = shop(desks)
    finding(desks, at, state=S.IN_CASE, case_id=case(desks, at).id)

    assert quality(desks.manager).whole == Looked(accepted=1)


def test_a_platform_and_others_see_their_own_patrols_alone(desks: Desks) -> None:
    finding(desks, shop(desks))

    assert quality(desks.platform).whole.found == 0
    assert quality(desks.other_manager).whole.found == 0
    assert quality(desks.manager, platform="honghai").whole.found == 0
    assert quality(desks.regulator).whole.found == 1


def test_when_a_model_was_adopted_is_told_to_its_own(desks: Desks) -> None:
    assert desks.manager.actor.id is not None
    with desks.house.begin(Permission.MODEL_ADOPT) as work:
        model = work.add(
            ScreenModel(
                organisation_id=own(desks), number="MODEL-1", sha256="b" * 64, labels=40,
                state=ModelState.ADOPTED, trained_by=desks.manager.actor.id, trained_at=work.at,
            )
        )  # fmt: skip
        work.session.flush()
        work.record("model.adopted", model)
    finding(desks, shop(desks))

    assert [one.number for one in quality(desks.manager).adoptions] == ["MODEL-1"]
    assert quality(desks.regulator).adoptions == []
