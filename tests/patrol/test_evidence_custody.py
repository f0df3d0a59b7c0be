"""Whose hands evidence went through, what is stamped, and what is found when it is hashed again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from console.actions.patrol.evidence import evidence_of
from console.actions.patrol.evidence_files import evidence_file
from console.actions.patrol.plan import run_and_history
from console.actions.patrol.rehash import NIGHTS, sweep_evidence
from console.actions.patrol.stamps import (
    MOST_TRIES,
    NO_AUTHORITY,
    advance_stamp,
    ask_again,
    waiting_stamps,
)
from console.actions.work import work_items
from console.desk import Desk
from console.web import files
from console.web.site import Site
from integrations.evidence import Digest
from models.base import new_id
from models.patrol.custody import (
    STAMP_MOVES,
    CustodyAct,
    CustodyEntry,
    EvidenceStamp,
    StampMove,
    StampState,
)
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound
from tests.authority import Authority, made, open_for_business
from tests.browser import Visitor, web_app
from tests.cases.test_files import as_
from tests.conftest import NOON, Clock, Desks
from tests.patrol.walks import at_large, planned, rows_of, shop_open, walked


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with open_for_business(made(tmp_path_factory.mktemp("tsa") / "one")) as one:
        yield one


@pytest.fixture
def run(desks: Desks) -> PatrolRun:
    with shop_open() as stand:
        return walked(desks.manager, planned(desks.manager, stand))


def set_(desk: Desk, **settings: Any) -> Desk:  # noqa: ANN401 - settings by name
    house = at_large(desk.house)
    return replace(desk, house=replace(house, settings=house.settings.model_copy(update=settings)))


def custody(desks: Desks, act: CustodyAct) -> list[CustodyEntry]:
    return [one for one in rows_of(desks.manager, CustodyEntry) if one.act is act]


def stamp_of(desks: Desks) -> EvidenceStamp:
    return rows_of(desks.manager, EvidenceStamp)[-1]


def work_kinds(desk: Desk) -> set[str]:
    return {item.kind for item in work_items(desk)}


# --- custody


def test_custody_is_written_once_and_by_nobody_changed(desks: Desks, run: PatrolRun) -> None:
    before = custody(desks, CustodyAct.CAPTURED)
    assert len(before) >= 7
    assert {(one.run_id, one.actor["name"]) for one in before} == {
        (run.id, desks.manager.actor.name)
    }
    for statement in ("UPDATE custody_entries SET note = 'x'", "DELETE FROM custody_entries"):
        with (
            pytest.raises(DBAPIError, match="custody is append-only"),
            desks.house.house.engine.begin() as connection,
        ):
            connection.execute(text(statement))
    assert [one.id for one in custody(desks, CustodyAct.CAPTURED)] == [one.id for one in before]


def test_every_capture_of_a_run_is_named_by_a_deed_and_by_its_custody(
    desks: Desks, run: PatrolRun
) -> None:
    taken = {one.manifest_sha256 for one in custody(desks, CustodyAct.CAPTURED)}
    deeds = run_and_history(desks.manager, run.id)[1]
    named = {deed.facts["evidence"] for deed in deeds if "evidence" in deed.facts}
    shown = {one.evidence_sha256 for one in rows_of(desks.manager, SeenListing)}
    assert taken == named
    assert shown < taken
    assert run.evidence_index is not None


def test_a_look_at_a_file_is_in_custody_once_in_ten_minutes(
    desks: Desks, run: PatrolRun, clock: Clock
) -> None:
    manifest = custody(desks, CustodyAct.CAPTURED)[0].manifest_sha256
    evidence_file(desks.manager, manifest)
    given = evidence_file(desks.manager, manifest)
    assert given.media_type == "application/json"
    assert len(custody(desks, CustodyAct.VIEWED)) == 1
    clock.pass_(minutes=11)
    evidence_file(desks.manager, manifest)
    evidence_file(desks.auditor, manifest)
    assert [one.actor["name"] for one in custody(desks, CustodyAct.VIEWED)] == [
        desks.manager.actor.name, desks.manager.actor.name, desks.auditor.actor.name,
    ]  # fmt: skip
    for stranger in (desks.other_manager, desks.other_regulator, desks.platform):
        with pytest.raises(NotFound):
            evidence_file(stranger, manifest)
    assert run.id == custody(desks, CustodyAct.VIEWED)[0].run_id


# --- the viewer


def test_a_finding_shows_each_value_with_where_it_stood(desks: Desks, run: PatrolRun) -> None:
    finding = rows_of(desks.manager, Finding)[0]
    view = evidence_of(desks.manager, finding.id)

    look, *rest = view.captures
    assert {one.manifest for one in rest} == set(finding.evidence)
    assert look.about is not None
    assert look.about["subject"] == f"look {run.number}"
    assert look.no_screenshot == "switched_off"
    capture = next(one for one in rest if one.fields)
    assert not capture.is_damaged
    assert capture.about is not None
    assert capture.about["peer"] == "127.0.0.1"
    assert capture.about["operator"]["name"] == desks.manager.actor.name
    assert capture.about["listings"]
    assert capture.no_screenshot
    assert capture.screenshot is None
    where = {one.field: one for one in capture.fields}
    assert where["title"].value
    assert where["title"].where
    assert [one["status"] for one in capture.exchanges] == [200] * len(capture.exchanges)
    assert all(one["allowed"] for one in capture.robots)
    assert capture.register is not None
    assert capture.register["register_sha256"] == run.register_sha256
    assert [one.state for one in view.stamps] == [StampState.PROMISED]
    assert CustodyAct.CAPTURED in {one.act for one in view.custody}
    evidence_of(desks.manager, finding.id)
    assert len(custody(desks, CustodyAct.VIEWED)) == len(view.captures)
    with pytest.raises(NotFound):
        evidence_of(desks.other_manager, finding.id)
    with pytest.raises(NotAllowed):
        evidence_of(desks.admin, finding.id)


@pytest.mark.usefixtures("run")
def test_a_damaged_capture_says_so_and_shows_nothing(desks: Desks) -> None:
    finding = rows_of(desks.manager, Finding)[0]
    store = desks.house.house.evidence
    spoilt(store.path(Digest(finding.evidence[0])))
    view = evidence_of(desks.manager, finding.id)

    assert [one.is_damaged for one in view.captures].count(True) == 1
    with pytest.raises(Conflict):
        evidence_file(desks.manager, finding.evidence[0])


def test_files_are_handed_out_and_only_pictures_are_shown(desks: Desks, run: PatrolRun) -> None:
    site = Site.of(desks.house.house)
    visitor = as_(Visitor(web_app(site, files.routes(site))), desks.manager)
    finding = rows_of(desks.manager, Finding)[0]
    view = evidence_of(desks.manager, finding.id)
    for file in view.captures[0].files:
        answer = visitor.get(file.link)
        assert answer.status_code == 200
        how = "inline" if file.is_shown else "attachment"
        assert answer.headers["content-disposition"].startswith(how)
        assert answer.headers["content-type"].startswith("image/") is file.is_shown
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert {file.is_shown for file in view.captures[0].files} == {True, False}
    for link in (view.pack_link, f"/files/evidence/run/{run.id}.zip"):
        assert as_(visitor, desks.manager).get(link).content.startswith(b"PK")
        assert as_(visitor, desks.other_manager).get(link).status_code == 404
        assert as_(visitor, None).get(link).status_code == 303


# --- stamps


def test_without_an_authority_the_list_is_kept_and_nobody_is_bothered(
    desks: Desks, run: PatrolRun
) -> None:
    promised = stamp_of(desks)
    assert not advance_stamp(desks.house, promised.id)
    row = stamp_of(desks)

    assert (row.state, row.problem) == (StampState.GIVEN_UP, NO_AUTHORITY)
    assert desks.house.house.evidence.has(Digest(run.evidence_index or ""))
    assert not advance_stamp(desks.house, promised.id)
    assert "evidence_unstamped" not in work_kinds(desks.manager)


@pytest.mark.usefixtures("run")
def test_an_authority_that_is_away_is_asked_again_and_at_last_given_up(
    desks: Desks, clock: Clock
) -> None:
    house = set_(desks.house, tsa_url="http://127.0.0.1:9/tsa")
    waits = list[timedelta]()
    while waiting := waiting_stamps(house):
        advance_stamp(house, waiting[0])
        row = stamp_of(desks)
        if row.next_try_at is None:
            break
        waits.append(row.next_try_at - clock())
        assert waiting_stamps(house) == []
        clock.at = row.next_try_at
    row = stamp_of(desks)

    assert (row.state, row.tries) == (StampState.GIVEN_UP, MOST_TRIES)
    assert waits == sorted(waits)
    assert sum(waits, timedelta()) > timedelta(days=3)
    assert row.problem.startswith("connect")
    assert "evidence_unstamped" in work_kinds(desks.manager)
    ask_again(desks.manager, row.id)
    assert "evidence_unstamped" not in work_kinds(desks.manager)
    assert len(waiting_stamps(house)) == 1


@pytest.mark.usefixtures("run")
def test_an_answer_without_a_token_is_kept_and_refused(desks: Desks, authority: Authority) -> None:
    house = set_(desks.house, tsa_url=authority.url, tsa_root=authority.root)
    authority.twist = lambda _: b"<html>please sign in</html>"
    try:
        advance_stamp(house, stamp_of(desks).id)
    finally:
        authority.twist = lambda answer: answer
    row = stamp_of(desks)

    assert (row.state, row.problem, row.stamped_at) == (StampState.REFUSED, "unreadable", None)
    kept = desks.house.house.evidence.open(Digest(row.answer_sha256 or ""))
    assert kept == b"<html>please sign in</html>"
    assert "evidence_unstamped" in work_kinds(desks.manager)


@pytest.mark.parametrize(
    ("state", "move"), [(state, move) for state in StampState for move in StampMove]
)
def test_a_stamp_is_settled_once(state: StampState, move: StampMove) -> None:
    row = EvidenceStamp(
        organisation_id=new_id(), run_id=new_id(), index_sha256="", tsa="", created_at=NOON,
        state=state,
    )  # fmt: skip
    if (state, move) in STAMP_MOVES:
        row.move(move)
        assert row.state is STAMP_MOVES[state, move]
        return
    with pytest.raises(Conflict):
        row.move(move)
    assert row.state is state


# --- hashed again


def spoilt(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)


def test_in_a_month_of_nights_everything_is_hashed_and_damage_is_told(
    desks: Desks, run: PatrolRun, clock: Clock
) -> None:
    taken = {one.manifest_sha256 for one in custody(desks, CustodyAct.CAPTURED)}
    store = desks.house.house.evidence
    bad = rows_of(desks.manager, Finding)[0].evidence[0]
    spoilt(store.path(Digest(bad)))
    assert sweep_evidence(desks.house) == 0  # by day

    clock.at = clock.at.replace(hour=18)  # two at night in China
    looked = 0
    for _ in range(NIGHTS):
        looked += sweep_evidence(desks.house)
        assert sweep_evidence(desks.house) == 0
        clock.pass_(days=1)
    assert looked == len(taken)
    assert {one.manifest_sha256 for one in custody(desks, CustodyAct.FOUND_WHOLE)} == taken - {bad}
    (found,) = custody(desks, CustodyAct.FOUND_DAMAGED)
    assert (found.manifest_sha256, found.note, found.run_id) == (bad, "manifest", run.id)
    assert "evidence_damaged" in work_kinds(desks.approver)

    spoilt(store.path(Digest(bad)))  # the same bit again: mended
    for _ in range(NIGHTS):
        sweep_evidence(desks.house)
        clock.pass_(days=1)
    assert "evidence_damaged" not in work_kinds(desks.approver)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_but_the_owners_are_told_of_damage(desks: Desks, run: PatrolRun) -> None:
    with desks.house.begin(Permission.SWEEP) as work:
        row = work.session.get_one(PatrolRun, run.id)
        work.add(
            CustodyEntry(
                organisation_id=row.organisation_id, run_id=row.id, manifest_sha256="0" * 64,
                act=CustodyAct.FOUND_DAMAGED, actor={}, at=work.at,
            )
        )  # fmt: skip
        work.record("evidence.damaged", row)
    assert "evidence_damaged" in work_kinds(desks.approver)
    assert "evidence_damaged" not in work_kinds(desks.other_approver)
