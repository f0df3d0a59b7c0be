"""Officers' decisions are labels; a model learns from them and somebody else adopts it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from console.actions.patrol.labels import list_labels, note_label, relabel, title_digest
from console.actions.patrol.models import (
    adopt_model,
    list_models,
    model_for,
    model_record,
    opened_model,
    refuse_model,
    standing,
)
from console.actions.patrol.training import train_model
from console.desk import Desk
from integrations.training import Labelled, Trained, Training, TrainingFailed
from models.base import new_id
from models.channel.licences import Ground
from models.patrol.findings import Finding
from models.patrol.labels import ModelState, TitleLabel
from models.patrol.runs import PatrolRun
from models.patrol.screening import Label, Model, OfferKind, screen, shipped_model
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.conftest import Clock, Desks


def seen(desk: Desk, titles: list[str], label: Label = Label.SELLS_CARD) -> tuple[UUID, list[UUID]]:
    """A finding of the desk's organisation with the offers that it rests on."""
    organisation = desk.actor.organisation_id
    assert organisation is not None
    at = desk.now()
    with desk.house.desk().begin(Permission.PATROL_RUN) as work:
        run = work.add(
            PatrolRun(
                number=f"PR-{new_id().hex[-8:]}", organisation_id=organisation, platform="lanhai",
                actor={}, created_at=at,
            )
        )  # fmt: skip
        shop = work.add(
            Shop(
                organisation_id=organisation, platform="lanhai", shop_key=f"shop:{new_id().hex}",
                name="某店", first_seen_at=at, last_seen_at=at,
            )
        )  # fmt: skip
        work.session.flush()
        rows = [
            work.add(
                SeenListing(
                    run_id=run.id, shop_id=shop.id, organisation_id=organisation,
                    platform="lanhai", listing_id=f"{place}", title_seen=title,
                    url="https://x.example/", label=label, kind=OfferKind.PHONE_CARD, seen_at=at,
                )
            )
            for place, title in enumerate(titles)
        ]  # fmt: skip
        work.session.flush()
        finding = work.add(
            Finding(
                number=f"PF-{new_id().hex[-8:]}", organisation_id=organisation, run_id=run.id,
                shop_id=shop.id, platform="lanhai", kind=next(iter(FindingKind)),
                ground=next(iter(Ground)), tier=Tier.GENERAL, rule_version="1",
                listing_ids=[str(row.id) for row in rows], evidence=[], created_at=at,
            )
        )  # fmt: skip
        work.record("patrol.judged", run)
        return finding.id, [row.id for row in rows]


def noted(desk: Desk, ids: tuple[UUID, list[UUID]], label: Label) -> list[TitleLabel]:
    with desk.begin(Permission.FINDING_CONFIRM) as work:
        finding = work.get(Finding, ids[0])
        rows = [work.session.get_one(SeenListing, one) for one in ids[1]]
        kept = note_label(work, finding, rows, label)
        work.record("finding.confirmed", finding)
        return kept


def test_a_decision_is_kept_as_a_label_of_each_title(desks: Desks) -> None:
    ids = seen(desks.approver, ["流量卡 全国", " 流量卡   全国 ", "电话卡 靓号"])
    noted(desks.approver, ids, Label.SELLS_CARD)
    rows = list_labels(desks.approver).rows
    assert {row.title_seen.strip() for row in rows} <= {
        "流量卡 全国",
        "流量卡   全国",
        "电话卡 靓号",
    }
    assert len(rows) == 2
    assert all(row.labelled_by == desks.approver.actor.id for row in rows)
    assert all(row.finding_id == ids[0] for row in rows)


def test_the_newest_decision_on_a_title_counts(desks: Desks, clock: Clock) -> None:
    noted(desks.approver, seen(desks.approver, ["卡套 流量"]), Label.SELLS_CARD)
    clock.pass_(days=1)
    noted(desks.approver, seen(desks.approver, ["卡套 流量"]), Label.NOT_CARD)
    (row,) = list_labels(desks.approver).rows
    assert (row.label, row.machine_label) == (Label.NOT_CARD, Label.SELLS_CARD)
    assert row.labelled_at == clock.at
    assert list_labels(desks.approver, disagree=True).rows[0].id == row.id
    assert not list_labels(desks.approver, label=Label.SELLS_CARD).rows


def test_what_the_house_does_is_nobodys_label(desks: Desks) -> None:
    ids = seen(desks.approver, ["流量卡"])
    assert noted(desks.house, ids, Label.SELLS_CARD) == []


def test_labels_are_their_organisations_own(desks: Desks) -> None:
    (row,) = noted(desks.approver, seen(desks.approver, ["流量卡"]), Label.SELLS_CARD)
    for stranger in (desks.other_manager, desks.platform, desks.regulator):
        assert not list_labels(stranger).rows
    with pytest.raises(NotFound):
        relabel(desks.other_manager, row.id, Label.NOT_CARD)


def test_a_person_may_label_again_and_the_machines_word_stays(desks: Desks) -> None:
    (row,) = noted(desks.approver, seen(desks.approver, ["流量卡"]), Label.SELLS_CARD)
    done = relabel(desks.manager, row.id, Label.REAL_NAME_SERVICE)
    assert (done.label, done.machine_label) == (Label.REAL_NAME_SERVICE, Label.SELLS_CARD)
    assert done.labelled_by == desks.manager.actor.id
    with pytest.raises(Conflict, match=r"model\.label_is_so"):
        relabel(desks.manager, row.id, Label.REAL_NAME_SERVICE)
    with pytest.raises(NotAllowed):
        relabel(desks.inspector, row.id, Label.NOT_CARD)


def test_pages_of_labels_follow_each_other(desks: Desks) -> None:
    noted(desks.approver, seen(desks.approver, [f"流量卡 {at}" for at in range(5)]), Label.NOT_CARD)
    first = list_labels(desks.manager, limit=3)
    rest = list_labels(desks.manager, first.next, limit=3)
    assert len({row.id for row in (*first.rows, *rest.rows)}) == 5
    assert rest.next is None


def told(f1: float, version: str) -> dict[str, Any]:
    return {"n": 4, "precision": f1, "recall": f1, "f1": f1, "accuracy": f1,
            "by_evasion": {}, "false_alarms": [], "version": version}  # fmt: skip


def trained_to(
    monkeypatch: pytest.MonkeyPatch, new: float, old: float, version: str = "own-1"
) -> None:
    """Training that ends at once, with these figures; what it is told is real."""

    class Taught:
        def __init__(self, before: Model, labels: list[Labelled]) -> None:
            held = sum(one.is_held_out for one in labels)
            self.learned = len(labels) - held
            self.measures = {"new": told(new, version), "old": told(old, before.version)}

        def wait(self, _seconds: float) -> Trained:
            body = replace(shipped_model(), version=version).to_bytes()
            return Trained(body, self.learned, self.measures)

        def close(self) -> None:
            return

    monkeypatch.setattr("console.actions.patrol.training.Training", Taught)


def labelled(desk: Desk, count: int = 25) -> None:
    noted(desk, seen(desk, [f"流量卡 第{at}款" for at in range(count)]), Label.SELLS_CARD)


def test_a_model_is_trained_only_on_labels_enough(desks: Desks) -> None:
    labelled(desks.approver, 3)
    with pytest.raises(Conflict) as no:
        train_model(desks.manager)
    assert (no.value.code, no.value.facts["n"]) == ("model.too_few_labels", 3)
    with pytest.raises(NotAllowed, match=r"model\.nobody"):
        train_model(desks.house)
    with pytest.raises(NotAllowed):
        train_model(desks.inspector)


def test_a_trained_model_screens_only_when_somebody_else_adopts_it(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)
    trained_to(monkeypatch, 0.9, 0.8)
    own = desks.manager.actor.organisation_id
    row = train_model(desks.manager)
    assert row.state is ModelState.CANDIDATE
    assert row.labels == sum(
        int(title_digest(f"流量卡 第{at}款")[:8], 16) % 5 != 0 for at in range(25)
    )
    assert model_for(desks.house.house, own).version == shipped_model().version
    with pytest.raises(NotAllowed):
        adopt_model(desks.manager, row.id)
    adopt_model(desks.approver, row.id)
    assert model_for(desks.house.house, own).version == "own-1"
    assert model_for(desks.house.house, desks.other_manager.actor.organisation_id).version == (
        shipped_model().version
    )
    deeds = [deed.deed for deed in model_record(desks.manager, row.id).deeds]
    assert set(deeds) == {"model.promised", "model.trained", "model.adopted"}


def test_nobody_adopts_what_they_trained_themselves(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted(desks.platform, seen(desks.platform, [f"卡 {at}" for at in range(25)]), Label.SELLS_CARD)
    trained_to(monkeypatch, 0.9, 0.8)
    row = train_model(desks.platform)
    with pytest.raises(NotAllowed) as no:
        adopt_model(desks.platform, row.id, "因为")
    assert no.value.code == "model.same_person"


def test_a_worse_model_is_adopted_for_a_reason_alone(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)
    trained_to(monkeypatch, 0.7, 0.8)
    row = train_model(desks.manager)
    with pytest.raises(Conflict) as no:
        adopt_model(desks.approver, row.id)
    assert (no.value.code, no.value.facts["new"], no.value.facts["old"]) == (
        "model.worse", "0.700", "0.800",
    )  # fmt: skip
    assert adopt_model(desks.approver, row.id, "少误报").reason == "少误报"


def test_the_one_before_is_replaced_and_comes_back_for_a_reason(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)
    trained_to(monkeypatch, 0.9, 0.8)
    first = adopt_model(desks.approver, train_model(desks.manager).id)
    trained_to(monkeypatch, 0.95, 0.9, "own-2")
    second = adopt_model(desks.approver, train_model(desks.manager).id)
    states = {row.id: row.state for row in list_models(desks.manager).rows}
    assert states == {first.id: ModelState.REPLACED, second.id: ModelState.ADOPTED}
    with pytest.raises(Invalid):
        adopt_model(desks.approver, first.id)
    adopt_model(desks.approver, first.id, "新模型误报多")
    own = desks.manager.actor.organisation_id
    assert model_for(desks.house.house, own).version == "own-1"


def test_a_candidate_that_was_compared_with_another_is_trained_anew(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)
    trained_to(monkeypatch, 0.9, 0.8)
    early = train_model(desks.manager)
    trained_to(monkeypatch, 0.9, 0.8, "own-2")
    adopt_model(desks.approver, train_model(desks.manager).id)
    with pytest.raises(Conflict, match=r"model\.compared_with_another"):
        adopt_model(desks.approver, early.id)


def test_a_model_is_refused_for_a_reason_and_stays_refused(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)
    trained_to(monkeypatch, 0.9, 0.8)
    row = train_model(desks.manager)
    with pytest.raises(Invalid):
        refuse_model(desks.approver, row.id, " ")
    refuse_model(desks.approver, row.id, "误报多")
    with pytest.raises(Conflict):
        adopt_model(desks.approver, row.id, "还是要")
    with pytest.raises(NotFound):
        refuse_model(desks.other_approver, row.id, "不归我管")


def test_the_standing_tells_what_waits(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)
    trained_to(monkeypatch, 0.9, 0.8)
    now = standing(desks.manager)
    assert (now.version, now.adopted, now.labels, now.waiting) == (
        shipped_model().version, None, 25, 25,
    )  # fmt: skip
    row = train_model(desks.manager)
    clock.pass_(hours=1)
    noted(desks.approver, seen(desks.approver, ["手机壳"]), Label.NOT_CARD)
    now = standing(desks.manager)
    assert now.candidate is not None
    assert (now.candidate.id, now.waiting, now.disagreements) == (row.id, 1, 1)


def test_training_that_fails_leaves_the_model_in_force(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(desks.approver)

    def fails(*_given: object) -> Trained:
        problem = "time"
        raise TrainingFailed(problem)

    monkeypatch.setattr("console.actions.patrol.training.Training", fails)
    with pytest.raises(Conflict, match=r"model\.not_trained"):
        train_model(desks.manager)
    (row,) = list_models(desks.manager).rows
    assert (row.state, row.reason) == (ModelState.FAILED, "time")
    now = standing(desks.manager)
    assert (now.version, now.candidate, now.waiting) == (shipped_model().version, None, 25)
    assert now.training is not None
    with pytest.raises(Conflict, match=r"model\.not_trained_yet"):
        opened_model(desks.house.house, row)


def test_a_fifth_of_the_labels_is_never_learned_from() -> None:
    held = [Labelled("x", "", Label.NOT_CARD, title_digest(str(at))) for at in range(2000)]
    assert 300 < sum(one.is_held_out for one in held) < 500


def test_a_real_training_learns_in_a_process_of_its_own() -> None:
    titles = {Label.SELLS_CARD: "琅琊通 {} 月享", Label.NOT_CARD: "木质 {} 书架"}
    labels = [
        Labelled(title, "", label, title_digest(title))
        for label, words in titles.items()
        for title in (words.format(f"{at} 号") for at in range(40))
    ]
    training = Training(shipped_model(), labels)
    assert training.wait(0) is None
    done = training.wait()
    training.close()
    assert done is not None
    new = Model.from_bytes(done.body)
    assert done.learned == sum(not one.is_held_out for one in labels)
    assert screen("琅琊通 77 号 月享", model=new).label is Label.SELLS_CARD
    assert done.measures["new"]["f1"] >= done.measures["old"]["f1"]
    assert done.measures["new"]["n"] == len(labels) - done.learned


def test_training_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TrainingFailed):
        Training(shipped_model(), [], seconds=0.01).wait()
