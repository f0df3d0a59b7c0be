"""`channel-reader run`: from a card in a real reader to the console's receipt."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from reader_agent.cards.pcsc import Context
from tests.reader.counter import Cable, Counter
from tests.reader.far_console import FarConsole, Mood, far_console, lost, refuses
from tests.reader.idreader import PEOPLE, Simulator
from tests.reader.stack import PROFILES, SLOTS, Child, Stack, until

CARD, IMSI = "89869900123456789018", "460990123456789"
READY = ("task_open", "reader_found", "reader_found")


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with far_console() as far:
        counter = Counter(far, tmp_path / "state")
        counter.pair()
        yield counter


def ended(agent: Child) -> int:
    agent.process.send_signal(signal.SIGTERM)
    return agent.process.wait(20)


def taken_out(reader: str) -> None:
    """The service has noticed, as it would long before a hand had put in another card."""
    context = Context()
    until(lambda: not context.slot(reader).is_present)
    context.close()


def open_files(pid: int) -> Iterator[Path]:
    """What each of its descriptors leads to; some are closed while one looks."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield link.readlink()


def at_reads(mood: Mood) -> Mood:
    """It comes over the console when a read is handed over, whatever is asked before."""

    def own(console: FarConsole, asked: BaseHTTPRequestHandler) -> bool:
        if asked.path.endswith("/reads"):
            return mood(console, asked)
        console.moods.append(own)
        return True

    return own


@pytest.mark.requirement("004-3.3-h")
def test_a_card_is_read_for_the_open_task_and_its_receipt_comes(
    sims: Stack, counter: Counter
) -> None:
    counter.far.open_task("sim", "imsi")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        sims.insert("usim-cn20")
        end = agent.until("end", end="read", iccid="898699…9018")
        relayed = agent.until("read_relayed", read_id=end["read_id"])
        assert relayed["event_to_ack_ms"] < 2000
        assert ended(agent) == 0
    (read,) = counter.far.reads
    assert (read["card"]["iccid"], read["card"]["imsi"]) == (CARD, IMSI)
    assert "spn" not in read["card"], "nobody asked for it"
    assert (read["reader"]["name"], read["reader"]["virtual"]) == (SLOTS[0], True)
    assert (read["offline"], read["seq"], read["prev"]) == (False, 1, "")


def test_a_card_that_stays_is_read_once_and_one_that_is_swapped_is_another(
    sims: Stack, counter: Counter
) -> None:
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        sims.insert("usim-cn20")
        agent.until("read_relayed")
        sims.insert("usim-cn19")
        agent.until("read_relayed")
        assert agent.is_silent(0.5)
    assert [read["card"]["iccid"] for read in counter.far.reads] == [CARD, "8986990012345678907"]
    assert counter.far.reads[1]["seq"] == 2


def test_a_locked_card_gives_its_iccid_and_says_why_it_gives_no_more(
    sims: Stack, counter: Counter
) -> None:
    counter.far.open_task("sim", "imsi")
    with counter.starts("run", "--once") as agent:
        counter.hears(agent, *READY)
        sims.insert("usim-pin")
        agent.until("end", end="pin_locked")
        assert agent.process.wait(20) == 0
    (read,) = counter.far.reads
    assert read["card"]["imsi_state"] == "pin"
    assert not read["card"].get("imsi")


@pytest.mark.parametrize(
    ("profile", "code"),
    [("bankcard", "not_a_sim"), ("usim-blank", "blank"), ("usim-noiccid", "iccid_fault")],
)
def test_what_is_no_card_with_a_number_is_sent_as_a_fault(
    sims: Stack, counter: Counter, profile: str, code: str
) -> None:
    counter.far.open_task("sim", "imsi")
    with counter.starts("run", "--once") as agent:
        counter.hears(agent, *READY)
        sims.insert(profile)
        agent.until("end", end=code)
        assert agent.process.wait(20) == 5
    (read,) = counter.far.reads
    assert (read["kind"], read["fault"]["code"]) == ("fault", code)


def test_a_mute_card_holds_its_tasks_challenge_until_the_watchdog_and_no_longer(
    sims: Stack, counter: Counter
) -> None:
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        sims.fault(0, mute_after=2)
        sims.insert("usim-cn20", 0)
        until(lambda: sims.stats(0)["apdu"])
        sims.insert("usim-cn19", 1)
        assert agent.until("not_now")["reason"] == "no_challenge"
        agent.until("end", end="mute")
        agent.until("end", end="read", iccid="898699…8907")
        agent.until("read_relayed", reader=SLOTS[1])
        sims.fault(0)
        sims.remove(0)
        taken_out(SLOTS[0])
        sims.insert("usim-cn20", 0)
        agent.until("end", end="read", iccid="898699…9018")


def test_the_service_may_be_killed_and_comes_back(sims: Stack, counter: Counter) -> None:
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        sims.insert("usim-cn20")
        agent.until("read_relayed")
        sims.pcscd_end(signal.SIGKILL)
        agent.until("service_down")
        sims.pcscd_start()
        counter.hears(agent, "service_up", "reader_found", "reader_found")
        sims.insert("usim-cn19")
        agent.until("read_relayed")
        assert ended(agent) == 0
    assert len(counter.far.reads) == 2


def test_a_check_is_named_where_two_are_open(sims: Stack, counter: Counter) -> None:
    counter.far.open_task("sim")
    second = {"task": "1d0f7a3e-6f0c-4b5e-9a52-1f6f0f3f4d11", "number": "SC-2026-0002"}
    counter.far.open_task("sim").update(second)
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        sims.insert("usim-cn20")
        assert agent.until("not_now")["reason"] == "several_tasks"
        assert ended(agent) == 0
    with counter.starts("run", "--once", "--task", "SC-2026-0002") as agent:
        assert agent.until("read_relayed")["number"] == "SC-2026-0002"
        assert agent.process.wait(20) == 0
    assert [read["task"] for read in counter.far.reads] == [second["task"]]


def test_a_card_waits_in_the_reader_for_its_task(sims: Stack, counter: Counter) -> None:
    sims.insert("usim-cn20")
    with counter.starts("run", "--once") as agent:
        assert agent.until("not_now")["reason"] == "no_task"
        counter.far.open_task("sim")
        agent.until("read_relayed")
        assert agent.process.wait(20) == 0


def test_a_read_without_a_network_takes_a_packed_challenge_and_goes_out_later(
    sims: Stack, tmp_path: Path
) -> None:
    with far_console() as far:
        cable = Cable(far.url)
        counter = Counter(far, tmp_path / "state")
        counter.pair(cable.url)
        task = far.open_task("sim")
        packed = counter.does("pack", "fetch", "--task", task["number"], "--count", "2")
        assert packed.code == 0, packed.complaint
        cable.pull()
        with counter.starts("run") as agent:
            counter.hears(agent, "console_away", "reader_found", "reader_found")
            sims.insert("usim-cn20")
            assert agent.until("read_kept")["waiting"] == 1
            cable.plug_in()
            counter.hears(agent, "console_back", "read_relayed")
            assert ended(agent) == 0
        cable.pull()
    (read,) = far.reads
    assert (read["offline"], read["card"]["iccid"]) == (True, CARD)
    assert read["challenge"] != task["challenge"]


def test_a_read_that_only_the_laptop_has_says_so_by_its_exit_code(
    sims: Stack, tmp_path: Path
) -> None:
    with far_console() as far:
        cable = Cable(far.url)
        counter = Counter(far, tmp_path / "state")
        counter.pair(cable.url)
        far.open_task("sim")
        with counter.starts("run", "--once") as agent:
            counter.hears(agent, *READY)
            cable.pull()
            sims.insert("usim-cn20")
            agent.until("read_kept")
            assert agent.process.wait(20) == 7
        assert [line["state"] for line in counter.does("spool", "list", "--json").lines] == [
            "waiting"
        ]
        assert counter.does("spool", "flush").code == 7
        cable.plug_in()
        assert counter.does("spool", "flush").code == 0
        cable.pull()
    assert len(far.reads) == 1


def test_an_answer_that_was_lost_makes_no_second_read(sims: Stack, counter: Counter) -> None:
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        asked = len(counter.far.asked)
        counter.far.moods.append(at_reads(lost))
        sims.insert("usim-cn20")
        agent.until("read_kept")
        agent.until("read_relayed")
        assert ended(agent) == 0
    assert len(counter.far.reads) == 1
    assert sum("reads" in one for one in counter.far.asked[asked:]) == 2


def test_what_the_console_refuses_is_kept_aside(sims: Stack, counter: Counter) -> None:
    counter.far.open_task("sim")
    with counter.starts("run", "--once") as agent:
        counter.hears(agent, *READY)
        counter.far.moods.append(at_reads(refuses(422, "reader.virtual_refused")))
        sims.insert("usim-cn20")
        assert agent.until("read_refused")["told"] == "reader.virtual_refused"
        assert agent.process.wait(20) == 6
    (entry,) = counter.does("spool", "list", "--json").lines
    assert (entry["state"], entry["code"]) == ("refused", "reader.virtual_refused")


def test_on_a_full_disk_nothing_is_read_until_there_is_room(sims: Stack, counter: Counter) -> None:
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        _, hard = resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        sims.insert("usim-cn20")
        agent.until("spool_full")
        sims.insert("usim-cn19")
        assert agent.until("not_now")["reason"] == "spool_full"
        assert counter.far.reads == []
        counter.far.open_task("sim").update(number="SC-2026-0003")
        del counter.far.tasks[0]
        resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        agent.until("end", end="read", iccid="898699…8907")
        agent.until("read_relayed")
        assert ended(agent) == 0
    assert [read["seq"] for read in counter.far.reads] == [1]


def test_a_quarantined_laptop_reads_nothing(sims: Stack, counter: Counter) -> None:
    counter.far.open_task("sim")
    for device in counter.far.devices.values():
        device.state = "quarantined"
    with counter.starts("run") as agent:
        counter.hears(agent, "stopped", "reader_found", "reader_found")
        sims.insert("usim-cn20")
        assert agent.until("not_now")["reason"] == "stopped"
        assert ended(agent) == 0
    assert counter.does("spool", "list", "--json").lines == []


def test_with_a_clock_that_is_off_no_card_is_read(sims: Stack, counter: Counter) -> None:
    counter.far.ahead = timedelta(minutes=-7)
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, "clock_off", "reader_found", "reader_found")
        sims.insert("usim-cn20")
        assert agent.until("not_now")["reason"] == "clock_off"
        counter.far.ahead = timedelta()
        counter.far.tasks.append(counter.far.task("id"))
        counter.far.changed.set()
        agent.until("clock_right")
        agent.until("read_relayed")
        assert ended(agent) == 0


def test_an_identity_card_is_compared_and_its_number_goes_nowhere(
    counter: Counter, tmp_path: Path
) -> None:
    person = PEOPLE["test-a"]
    counter.far.open_task("id")
    with (
        Simulator.running(tmp_path) as reader,
        counter.starts("run", "--port", reader.port) as agent,
    ):
        counter.hears(agent, "task_open", "port_up", "id_armed")
        reader.place("test-a")
        agent.until("end", end="read", kind="id")
        relayed = agent.until("read_relayed")
        reader("lift")
        assert ended(agent) == 0
    (read,) = counter.far.reads
    assert (read["kind"], read["card"]["doc"], read["card"]["no_check"]) == ("id", "resident", True)
    assert len(read["card"]["no_mac"]) == 64
    assert relayed["number"] == "SC-2026-0001"
    whole = json.dumps(read, ensure_ascii=False) + counter.log
    for secret in (person["no"], person["name"], person["birth"], person["address"]):
        assert secret not in whole
        for kept in (tmp_path / "state").iterdir():
            assert secret.encode() not in kept.read_bytes(), kept


def test_an_identity_card_that_is_put_down_too_soon_is_read_when_the_pause_is_over(
    sims: Stack, counter: Counter, tmp_path: Path
) -> None:
    counter.far.open_task("sim")
    counter.far.open_task("id")
    with (
        Simulator.running(tmp_path) as reader,
        counter.starts("run", "--port", reader.port) as agent,
    ):
        counter.hears(agent, "reader_found", "reader_found", "id_armed")
        sims.insert("usim-cn20")
        agent.until("read_relayed")
        reader.place("test-a")
        agent.until("read_relayed", reader=reader.port)
        reader("lift")
        assert ended(agent) == 0
    assert [read["kind"] for read in counter.far.reads] == ["sim", "id"]


@pytest.mark.parametrize(
    ("fault", "code"), [({"sw_read": "32"}, "id_forged"), ({"sw_read": "41"}, "id_read_failed")]
)
def test_a_card_that_the_identity_reader_refuses_is_a_finding_without_a_name(
    counter: Counter, tmp_path: Path, fault: dict[str, Any], code: str
) -> None:
    counter.far.open_task("id")
    with (
        Simulator.running(tmp_path) as reader,
        counter.starts("run", "--port", reader.port) as agent,
    ):
        counter.hears(agent, "task_open", "port_up", "id_armed")
        reader.fault(**fault)
        reader.place("test-a")
        agent.until("end", end=code)
        agent.until("read_relayed")
    (read,) = counter.far.reads
    assert read["fault"]["code"] == code


def test_the_agent_listens_nowhere_and_loads_no_card_library(sims: Stack, counter: Counter) -> None:
    del sims
    counter.far.open_task("sim")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        pid = agent.process.pid
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert "_scard" not in maps
        assert "pcsclite" not in maps
        listening = {
            line.split()[9]
            for table in ("tcp", "tcp6", "udp", "udp6")
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
            if line.split()[3] in {"0A", "07"}
        }
        family = [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        assert len(family) == 4, "the agent, the monitor and a worker for each reader"
        sockets = {
            link.name.removeprefix("socket:[").removesuffix("]")
            for one in family
            for link in open_files(one)
        }
        assert not sockets & listening
        assert ended(agent) == 0
    until(lambda: not any(Path(f"/proc/{one}").exists() for one in family))


def test_no_number_of_a_card_is_in_the_log(sims: Stack, counter: Counter) -> None:
    profiles: dict[str, dict[str, Any]] = json.loads(PROFILES.read_text())
    counter.far.open_task("sim", "imsi", "spn", "msisdn", "gid1")
    with counter.starts("run") as agent:
        counter.hears(agent, *READY)
        for profile in ("usim-cn20", "sim-2g", "usim-ucs2"):
            sims.insert(profile)
            agent.until("read_relayed")
        ended(agent)
    for profile in profiles.values():
        for name in ("iccid", "imsi", "msisdn"):
            assert not profile.get(name) or str(profile[name]) not in counter.log
    lines = [json.loads(line) for line in counter.log.splitlines()]
    assert {"read_id", "sha256", "iccid", "reader"} <= next(
        line.keys() for line in lines if line["event"] == "end"
    )


def test_a_read_here_is_shown_and_neither_kept_nor_sent(sims: Stack, counter: Counter) -> None:
    sims.insert("usim-cn20")
    asked = len(counter.far.asked)
    done = counter.does("read", "sim", "--fields", "iccid,imsi", "--json")
    card = done.lines[-1]["card"]
    assert (done.code, card["iccid"], card["imsi"]) == (0, CARD, IMSI)
    assert len(counter.far.asked) == asked
    assert counter.does("spool", "list", "--json").lines == []


def test_an_identity_card_read_here_shows_no_number(tmp_path: Path) -> None:
    with Simulator.running(tmp_path, "--card", "test-badcheck") as reader:
        counter = Counter(far=None, state=tmp_path / "state")  # pyright: ignore[reportArgumentType] - none is asked
        in_clear = counter.does("read", "id", "--fields", "no,name", "--port", reader.port)
        as_text = counter.does("read", "id", "--port", reader.port)
        reader("lift")
        reader.place("test-a")
        as_json = counter.does("read", "id", "--port", reader.port, "--json")
    assert (in_clear.code, as_text.code, as_json.code) == (2, 0, 0)
    assert "check digit: wrong" in as_text.said
    assert as_json.lines[-1]["card"] == {"doc": "resident", "expired": False, "no_check": True}
    for person in ("test-a", "test-badcheck"):
        for secret in (PEOPLE[person]["no"], PEOPLE[person]["name"]):
            assert secret not in as_text.said + as_text.complaint + as_json.said + counter.log
