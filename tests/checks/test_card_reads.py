"""Reads of cards as devices sign them: judged, kept, answered once."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from console.actions.checks.card_reads import accept_read, read_record, reads_of
from console.actions.checks.device_doors import give_pass, house_facts, make_pack
from console.actions.checks.devices import device_record, judge_reader, reinstate_device
from console.actions.checks.sealed_reads import salt_of, shred_check
from models.audit import AuditEntry
from models.base import new_id
from models.cards.numbers import card_number
from models.checks.devices import (
    CardReader,
    CardReaderState,
    DeviceState,
    ReaderDevice,
    WhyQuarantined,
)
from models.checks.reads import CardRead, Chain, ReadChallenge, ReadState
from models.checks.spot_checks import SpotCheck
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from tests.checks.laptops import (
    BUILD,
    PERSON,
    SAM,
    SIM,
    Laptop,
    approved,
    pack_ask,
    session,
    when,
)
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.stock.files import iccid


def rows(desks: Desks) -> list[CardRead]:
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        return list(work.session.exec(select(CardRead).order_by(col(CardRead.id))).all())


def state_of(desks: Desks, laptop: Laptop) -> tuple[DeviceState, WhyQuarantined | None]:
    with desks.house.begin(Permission.DEVICE_READ) as work:
        row = work.session.exec(select(ReaderDevice).where(ReaderDevice.kid == laptop.kid)).one()
        return row.state, row.why


def deeds(desks: Desks) -> list[tuple[str, Any]]:
    with desks.house.begin(Permission.AUDIT_READ) as work:
        found = work.session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).all()
        return [(one.deed, one.facts.get("code")) for one in found]


def refused(laptop: Laptop, token: str, code: str, kind: type[Refusal] = Invalid) -> None:
    with pytest.raises(kind, match=rf"reader\.{code}"):
        accept_read(laptop.house, token)


def test_a_read_is_kept_and_its_receipt_is_the_same_however_often_it_is_sent(desks: Desks) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    token = laptop.read(laptop.task())
    first = accept_read(laptop.house, token)
    again = accept_read(laptop.house, token)
    assert (first.is_new, again.is_new) == (True, False)
    assert again.receipt == first.receipt
    (row,) = reads_of(desks.inspector, check.id)
    assert (row.state, row.chain, row.seq) == (ReadState.ACCEPTED, Chain.WHOLE, 1)
    assert (row.iccid, row.card) == (SIM["iccid"], card_number(iccid(520)))
    assert row.facts == {name: value for name, value in SIM.items() if name != "iccid"}
    record = read_record(desks.inspector, row.id)
    assert [one.holds for one in record.proofs] == [True] * 7
    assert device_record(desks.manager, row.device_id).device.reads == 1
    assert reads_of(desks.regulator, check.id)
    with pytest.raises(NotFound):
        reads_of(desks.other_manager, check.id)


def test_fifty_at_once_are_one_read(desks: Desks) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    token = laptop.read(laptop.task())
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(accept_read, [laptop.house] * 50, [token] * 50))
    assert sorted(one.is_new for one in done) == [False] * 49 + [True]
    assert len({one.receipt for one in done}) == 1
    assert len(reads_of(desks.inspector, check.id)) == 1


def test_a_read_brings_the_challenge_of_the_next(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    task: Mapping[str, Any] = laptop.task()
    for _ in range(3):
        done = laptop.sends(task)
        assert done.next is not None
        task = {**task, **done.next}
        clock.pass_(seconds=3)
    assert [one.chain for one in rows(desks)] == [Chain.WHOLE] * 3


# What no key of ours signed


@ONLY_SQLITE
def test_what_was_altered_or_signed_otherwise_is_refused_and_not_kept(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    task = laptop.task()
    head, body, mark = laptop.read(task).split(".")
    other = laptop.signed("reader-read+jws", laptop.facts(task, seq=9)).split(".")[1]
    for token in (
        f"{head}.{other}.{mark}", f"{head}.{body}.{mark[:-4]}AAAA", f"{head}.{body}.", "", "x",
        f"{head}.{body}", f"{head}.{body}.{mark}.", "é.é.é", ".".join([task["challenge"]] * 3),
    ):  # fmt: skip
        refused(laptop, token, "signature_wrong")
    payload = laptop.facts(task)
    headers: list[dict[str, object]] = [
        {"alg": "none"}, {"alg": "EdDSA"}, {"alg": "HS256"}, {"typ": "JWT"}, {"crit": []},
        {"jku": "https://x.example"}, {"b64": False},
    ]  # fmt: skip
    for header in headers:
        refused(laptop, laptop.signed("reader-read+jws", payload, **header), "signature_wrong")
    refused(laptop, laptop.assertion(), "signature_wrong")
    refused(laptop, laptop.own_pass(), "signature_wrong")
    assert rows(desks) == []


@ONLY_SQLITE
def test_under_another_devices_name_nothing_is_signed(desks: Desks) -> None:
    laptop, other = approved(desks), approved(desks)
    session(desks, laptop)
    task = laptop.task()
    stolen = other.signed("reader-read+jws", laptop.facts(task), kid=laptop.kid)
    refused(laptop, stolen, "signature_wrong")
    refused(laptop, Laptop(laptop.house).read(task), "device_unknown", NotFound)
    refused(laptop, other.read(task), "challenge_past", Conflict)
    assert [one.refusal for one in rows(desks)] == ["reader.challenge_past"]


# What a device of ours signed and does not count is on record


BAD: dict[str, tuple[dict[str, Any], str, type[Refusal]]] = {
    "of another console": ({"aud": "elsewhere.example/reader"}, "other_console", Invalid),
    "an unknown challenge": ({"challenge": "A" * 43}, "challenge_past", Conflict),
    "of another kind": ({"kind": "id"}, "challenge_past", Conflict),
    "said to be of a pack": ({"offline": True}, "challenge_past", Conflict),
    "of another check": ({"task": str(new_id())}, "challenge_past", Conflict),
    "more than was asked": ({"card": {**SIM, "imsi": "460990000000001"}}, "fields_beyond", Invalid),
}


@ONLY_SQLITE
@pytest.mark.parametrize("what", BAD)
def test_what_does_not_count_is_kept_with_its_reason_and_refused_again(
    desks: Desks, what: str
) -> None:
    more, code, kind = BAD[what]
    laptop = approved(desks)
    session(desks, laptop)
    token = laptop.read(laptop.task(), **more)
    refused(laptop, token, code, kind)
    refused(laptop, token, code, kind)
    (row,) = rows(desks)
    assert (row.state, row.refusal, row.iccid, row.receipt) == (
        ReadState.REFUSED, f"reader.{code}", "", "",
    )  # fmt: skip
    assert deeds(desks).count(("card_read.refused", f"reader.{code}")) == 1
    assert bool(row.token) is (code != "fields_beyond" and more.get("kind") != "id")
    assert state_of(desks, laptop)[0] is DeviceState.ACTIVE


@ONLY_SQLITE
def test_a_payload_has_one_meaning(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    good = laptop.facts(laptop.task())
    text = laptop.signed("reader-read+jws", good)
    plain = urlsafe_b64decode(text.split(".")[1] + "==")
    for body in (
        plain.replace(b'"seq":1', b'"seq":1.0'),
        plain.replace(b'"seq":1', b'"seq":1,"seq":1'),
        plain.replace(b'"seq":1', b'"seq":true'),
        plain.replace(b'"seq":1', b'"seq":1e0'),
        plain.replace(b'"v":1', b'"v":1,"photo":"x"'),
        plain.replace(b'"virtual":false', b'"virtual":false,"x":1'),
        plain.replace(b'"apdus":4', b'"apdus":4,"address":"x"'),
        plain.replace(b'"v":1', b'"v":2'),
        plain.replace(b"Z", b"+00:00"),
        plain.replace(b'"mnc', b'"x') + b" x",
        b"[]", b"{}", b"\xff", b"[" * 9000, b'{"seq":NaN}',
    ):  # fmt: skip
        assert body != plain
        refused(laptop, laptop.signed("reader-read+jws", body), "read_malformed")
    assert rows(desks) == []
    assert deeds(desks).count(("card_read.refused", "reader.read_malformed")) == 15
    assert "photo" not in str(deeds(desks))


def test_a_challenge_that_comes_in_another_token_puts_the_device_in_quarantine(
    desks: Desks,
) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    task = laptop.task()
    laptop.sends(task)
    refused(laptop, laptop.read(task), "challenge_used", Conflict)
    assert state_of(desks, laptop) == (DeviceState.QUARANTINED, WhyQuarantined.REPLAY)
    refused(laptop, laptop.read(task), "device_quarantined", NotAllowed)
    with pytest.raises(NotAllowed, match="device_quarantined"):
        laptop.own_pass()
    assert [one.state for one in rows(desks)] == [ReadState.ACCEPTED, ReadState.REFUSED]
    assert ("reader_device.quarantined", None) in deeds(desks)


def test_a_past_challenge_does_not_count(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    token = laptop.read(laptop.task())
    clock.pass_(minutes=10)
    refused(laptop, token, "challenge_past", Conflict)
    assert state_of(desks, laptop)[0] is DeviceState.ACTIVE


def test_a_number_of_the_chain_is_used_once(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    laptop.sends(laptop.task())
    clock.pass_(seconds=5)
    refused(laptop, laptop.read(laptop.task(), seq=1), "seq_used", Conflict)
    assert state_of(desks, laptop)[1] is WhyQuarantined.REPLAY


@pytest.mark.parametrize("kind", ["gap", "broken"])
def test_what_is_missing_of_a_chain_is_a_fact_and_no_refusal(
    desks: Desks, clock: Clock, kind: str
) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    laptop.sends(laptop.task())
    clock.pass_(seconds=5)
    if kind == "gap":
        laptop.seq += 1
    else:
        laptop.prev = "0" * 64
    laptop.sends(laptop.task())
    clock.pass_(seconds=5)
    laptop.sends(laptop.task())
    found = reads_of(desks.inspector, check.id)
    assert [one.chain for one in found] == [Chain.WHOLE, Chain(kind), Chain.WHOLE]
    holds = {one.step.value: one.holds for one in read_record(desks.inspector, found[1].id).proofs}
    assert holds["chain"] is (None if kind == "gap" else False)


@pytest.mark.parametrize(
    ("captured", "skew"), [(-6, 0), (6, 0), (0, 6), (6, 6)], ids=["old", "ahead", "says", "both"]
)
@ONLY_SQLITE
def test_a_clock_more_than_five_minutes_off_puts_it_in_quarantine(
    desks: Desks, clock: Clock, captured: int, skew: int
) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    at = when(clock() + timedelta(minutes=captured, seconds=1 if captured > 0 else -1))
    token = laptop.read(laptop.task(), captured_at=at, clock_skew_ms=skew * 60_000 + 1)
    refused(laptop, token, "clock_off")
    assert state_of(desks, laptop) == (DeviceState.QUARANTINED, WhyQuarantined.CLOCK)


def test_a_wrong_clock_that_is_known_counts_and_so_does_a_slow_network(
    desks: Desks, clock: Clock
) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    ahead = when(clock() + timedelta(minutes=4, seconds=30))
    token = laptop.read(laptop.task(), captured_at=ahead, clock_skew_ms=270_000)
    clock.pass_(minutes=9)
    assert accept_read(laptop.house, token).is_new


def test_one_card_at_a_time(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    laptop.sends(laptop.task())
    clock.pass_(seconds=1.9)
    refused(laptop, laptop.read(laptop.task()), "too_fast")
    assert laptop.sends(laptop.task(), kind="fault").is_new
    clock.pass_(seconds=0.1)
    assert laptop.sends(laptop.task()).is_new


def test_more_than_sixty_an_hour_put_it_in_quarantine(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    task: Mapping[str, Any] = laptop.task()
    for _ in range(60):
        task = {**task, **(laptop.sends(task).next or {})}
        clock.pass_(seconds=3)
    refused(laptop, laptop.read(task), "too_many")
    assert state_of(desks, laptop) == (DeviceState.QUARANTINED, WhyQuarantined.TOO_MANY)
    (device,) = {one.device_id for one in rows(desks)}
    reinstate_device(desks.approver, device, "培训时连续读卡，已核实")
    clock.pass_(hours=1)
    session(desks, laptop, number="SC-2")
    assert laptop.sends(laptop.task()).is_new


def test_nothing_comes_to_a_session_that_is_over(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    clock.pass_(minutes=9)
    token = laptop.read(laptop.task())
    clock.pass_(minutes=6)
    refused(laptop, token, "task_closed")
    assert laptop.tasks() == []
    assert [one.refusal for one in reads_of(desks.inspector, check.id)] == ["reader.task_closed"]


def test_reads_of_a_trip_come_when_there_is_a_network_again(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    pack = make_pack(laptop.house, laptop.id, pack_ask(check, 3))
    tokens: list[str] = []
    for one in pack.challenges:
        clock.pass_(minutes=20)
        trip = {**pack.task, "challenge": one["challenge"]}
        tokens.append(laptop.read(trip, offline=True))
    clock.pass_(hours=40)
    done = [accept_read(laptop.house, one) for one in tokens]
    assert [(one.is_new, one.next) for one in done] == [(True, None)] * 3
    assert all(one.is_offline for one in reads_of(desks.inspector, check.id))
    with pytest.raises(Invalid, match="task_closed"):
        make_pack(laptop.house, laptop.id, pack_ask(check, 1))


def test_a_device_holds_sixty_challenges_of_packs_for_a_check(desks: Desks) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    make_pack(laptop.house, laptop.id, pack_ask(check, 60))
    with pytest.raises(Conflict, match="pack_full"):
        make_pack(laptop.house, laptop.id, pack_ask(check, 1))


def test_an_old_program_reads_nothing_and_what_waits_comes_when_it_is_new(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    token = laptop.read(laptop.task())
    today = laptop.house.settings.model_copy(update={"reader_minimum": "0.10"})
    house = replace(laptop.house, settings=today)
    with pytest.raises(NotAllowed, match="agent_too_old"):
        accept_read(house, token)
    with pytest.raises(NotAllowed, match="agent_too_old"):
        give_pass(house, laptop.assertion())
    assert rows(desks) == []
    give_pass(house, laptop.assertion(agent={"version": "0.10.0", "build": BUILD}))
    assert accept_read(house, token).is_new


# Identity cards


def allow(desks: Desks, laptop: Laptop) -> None:
    refused(laptop, laptop.read(laptop.task("id")), "sam_unapproved")
    with desks.house.begin(Permission.DEVICE_READ) as work:
        (reader,) = work.session.exec(select(CardReader)).all()
    assert (reader.state, reader.sam_id) == (CardReaderState.SEEN, SAM["sam_id"])
    judge_reader(desks.approver, reader.id, allowed=True, version=reader.version)


def test_of_an_identity_card_marks_are_kept_and_the_token_is_sealed(
    desks: Desks, clock: Clock
) -> None:
    laptop = approved(desks)
    check = session(desks, laptop, card=False, identity=True)
    allow(desks, laptop)
    clock.pass_(seconds=5)
    laptop.sends(laptop.task("id"))
    first, row = rows(desks)
    assert (first.refusal, first.token, first.facts) == (
        "reader.sam_unapproved", b"", {"sam_id": SAM["sam_id"]},
    )  # fmt: skip
    assert row.facts == PERSON
    assert b"eyJ" not in row.token
    assert [one.holds for one in read_record(desks.inspector, row.id).proofs] == [True] * 7
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        held = work.session.get_one(SpotCheck, check.id)
    task = laptop.task("id")
    assert urlsafe_b64decode(task["salt"] + "=") == salt_of(laptop.house, held)
    assert salt_of(laptop.house, held) not in held.salt
    shred_check(laptop.house, held)
    holds = {one.step.value: one.holds for one in read_record(desks.inspector, row.id).proofs}
    assert (holds["hash"], holds["receipt"]) == (None, True)


def test_a_name_or_number_in_clear_is_refused_and_nothing_of_it_kept(
    desks: Desks, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    laptop = approved(desks)
    session(desks, laptop, card=False, identity=True)
    allow(desks, laptop)
    clock.pass_(seconds=5)
    card = PERSON | {"name": "张三样", "no": "11019919900101001X"}
    refused(laptop, laptop.read(laptop.task("id"), card=card), "fields_beyond")
    row = rows(desks)[-1]
    told = f"{row.facts} {row.token} {row!r} {deeds(desks)}"
    assert row.facts == {"fields": "name, no"}
    files = [one.read_bytes() for one in laptop.house.settings.data.rglob("*") if one.is_file()]
    for plain in ("张三样", "11019919900101001X"):
        assert plain not in told + caplog.text
        assert not any(plain.encode() in one for one in files)


def test_an_identity_read_comes_sealed_to_this_house(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop, card=False, identity=True)
    task = laptop.task("id")
    token = laptop.signed("reader-read+jws", laptop.facts(task))
    refused(laptop, token, "read_malformed")
    stranger = Laptop(laptop.house)
    key = {"kty": "OKP", "crv": "X25519", "x": stranger.jwk["x"]}
    refused(laptop, laptop.sealed(token, key), "other_console")
    whole = laptop.sealed(token)
    refused(laptop, whole[:-4] + "AAAA", "signature_wrong")
    assert house_facts(laptop.house)["encryption_key"]["kid"] in str(house_facts(laptop.house))
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        assert len(work.session.exec(select(ReadChallenge)).all()) == 1
