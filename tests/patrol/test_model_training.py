"""Training is durable work: promised by a row, done beside the console, told on its page."""

from collections.abc import Sequence

import pytest

from console.actions.patrol.models import adopt_model, model_record, standing
from console.actions.patrol.training import (
    Trainings,
    advance_training,
    promise_training,
    waiting_trainings,
)
from console.actions.work import work_items
from console.desk import Desk, House
from console.jobs.training import TRAININGS
from integrations.training import Labelled, Trained, TrainingFailed
from models.patrol.labels import ModelState, ScreenModel
from models.patrol.screening import Label, Model, shipped_model
from models.permissions import Role
from models.refusals import Conflict
from tests.cases.test_api import Program, good
from tests.conftest import Desks
from tests.jobs.test_engine import running, until
from tests.pages import Console, errors, grid, move, shown
from tests.patrol.walks import row_of
from tests.screening.test_models import labelled, noted, seen, told


class Lesson:
    """A training that has something to say when it is asked for the second time."""

    begun: list["Lesson"]
    problem = ""

    def __init__(self, before: Model, labels: Sequence[Labelled]) -> None:
        self.before, self.labels = before, labels
        self.looks, self.is_closed = 0, False
        self.begun.append(self)

    def wait(self, _seconds: float) -> Trained | None:
        self.looks += 1
        if self.looks == 1:
            return None
        if self.problem:
            raise TrainingFailed(self.problem)
        measures = {"new": told(0.9, "own-1"), "old": told(0.8, self.before.version)}
        return Trained(shipped_model().to_bytes(), len(self.labels), measures)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def lessons(monkeypatch: pytest.MonkeyPatch) -> type[Lesson]:
    class Own(Lesson):
        pass

    Own.begun = []
    monkeypatch.setattr("console.actions.patrol.training.Training", Own)
    return Own


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def promised(desks: Desks) -> ScreenModel:
    labelled(desks.approver)
    return promise_training(desks.manager)


def trained(desks: Desks, row: ScreenModel) -> None:
    begun: Trainings = {}
    while advance_training(desks.house, row.id, begun):
        pass
    assert begun == {}


def deeds(desk: Desk, row: ScreenModel) -> list[str]:
    return [one.deed for one in reversed(model_record(desk, row.id).deeds)]


def test_a_promised_model_is_trained_by_the_engine(desks: Desks, lessons: type[Lesson]) -> None:
    row = promised(desks)
    assert (row.state, row.labels, lessons.begun) == (ModelState.TRAINING, 25, [])
    with running(desks.house.house, TRAININGS):
        until(lambda: row_of(desks.manager, ScreenModel, row.id).state is ModelState.CANDIDATE)

    assert deeds(desks.manager, row) == ["model.promised", "model.trained"]
    assert [(one.looks, one.is_closed) for one in lessons.begun] == [(2, True)]
    assert waiting_trainings(desks.house) == []


def test_one_model_of_an_organisation_is_trained_at_a_time(
    desks: Desks, lessons: type[Lesson]
) -> None:
    row = promised(desks)
    with pytest.raises(Conflict) as no:
        promise_training(desks.manager)
    assert (no.value.code, no.value.facts) == ("model.in_training", {"number": row.number})
    assert waiting_trainings(desks.house) == [row.id]
    assert lessons.begun == []


def test_a_training_that_was_killed_begins_anew_and_is_kept_once(
    desks: Desks, lessons: type[Lesson]
) -> None:
    row = promised(desks)
    killed: Trainings = {}
    assert advance_training(desks.house, row.id, killed)
    trained(desks, row)
    kept = row_of(desks.manager, ScreenModel, row.id)
    assert (kept.state, kept.labels) == (ModelState.CANDIDATE, 25)

    assert not advance_training(desks.house, row.id, killed)
    assert all(one.is_closed for one in lessons.begun)
    assert killed == {}
    assert deeds(desks.manager, row) == ["model.promised", "model.trained"]
    assert row_of(desks.manager, ScreenModel, row.id) == kept


def test_the_page_says_that_a_model_is_in_training_and_goes_on(
    desks: Desks, lessons: type[Lesson], console: Console
) -> None:
    labelled(desks.approver)
    at = move(console.open("screening", desks.manager), "train")
    row = standing(desks.manager).training
    assert row is not None
    assert lessons.begun == []
    assert f"{row.number} 正在后台训练" in shown(at)
    (line,) = grid(console.open("screening", desks.manager, view="models"))
    assert (line[0], list(line[1]), line[2:5]) == (row.number, ["training"], [25, "—", "—"])

    lessons.problem = "gone"
    trained(desks, row)
    at = console.open("screening", desks.manager)
    assert "内存不足" in shown(at)
    at = console.open("screening", desks.manager, id=str(row.id))
    assert "内存不足" in shown(at)
    assert errors(at) == []


def test_a_program_asks_for_a_training_and_comes_back_for_the_model(
    desks: Desks, lessons: type[Lesson]
) -> None:
    labelled(desks.approver)
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    asked = good(carrier.post("/screening-models", "once", json={}))
    assert (asked["state"], asked["measures"], lessons.begun) == ("training", {}, [])
    busy = carrier.post("/screening-models", "twice", json={})
    assert (busy.status_code, busy.json()["code"]) == (409, "model.in_training")
    (row_id,) = waiting_trainings(desks.house)
    trained(desks, row_of(desks.manager, ScreenModel, row_id))

    again = good(carrier.post("/screening-models", "once", json={}))
    assert (again["id"], again["state"]) == (asked["id"], "candidate")
    assert good(carrier.get(f"/screening-models/{row_id}"))["measures"]["new"]["f1"] == 0.9


def test_a_trained_model_waits_on_the_list_of_whoever_may_adopt_it(
    desks: Desks, lessons: type[Lesson]
) -> None:
    row = promised(desks)
    assert waiting(desks.approver) == []
    trained(desks, row)

    assert waiting(desks.approver) == [(row.number, "screening", row.id)]
    for other in (desks.manager, desks.inspector, desks.other_approver, desks.platform):
        assert waiting(other) == []
    adopt_model(desks.approver, row.id)
    assert waiting(desks.approver) == []
    assert lessons.begun[0].is_closed


def test_a_model_does_not_wait_for_whoever_trained_it(desks: Desks, lessons: type[Lesson]) -> None:
    noted(desks.platform, seen(desks.platform, [f"卡 {at}" for at in range(25)]), Label.SELLS_CARD)
    row = promise_training(desks.platform)
    trained(desks, row)
    assert row_of(desks.platform, ScreenModel, row.id).state is ModelState.CANDIDATE
    assert waiting(desks.platform) == []
    assert len(lessons.begun) == 1


def waiting(desk: Desk) -> list[tuple[str, str, object]]:
    items = [one for one in work_items(desk) if one.kind == "model_to_decide"]
    return [(one.title, one.page, one.id) for one in items]
