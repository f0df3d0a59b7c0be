"""From a card on a real reader to the console's page: agent, wire and house together."""

import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from console.actions.checks.card_reads import read_record
from console.actions.checks.spot_submit import submit_check
from models.checks.orders import OrderFacts, Route
from models.checks.reads import ReadKind, ReadState
from models.checks.spot_checks import CheckState
from tests.channel.stories import admitted
from tests.conftest import ONLY_SQLITE, Desks
from tests.e2e.between import Wire, wired
from tests.e2e.reader_world import Unit, files_of, for_tests, in_real_time
from tests.reader.counter import Program
from tests.reader.idreader import PEOPLE, Simulator
from tests.reader.stack import SLOTS, Stack, stack_running
from tests.serving import served
from tests.stock.files import iccid
from tests.stock.world import stocked

pytestmark = ONLY_SQLITE
PERSON = "test-a"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with stack_running() as stack:
        yield stack


@pytest.fixture
def sims(stack: Stack) -> Iterator[Stack]:
    yield stack
    stack.put_back()


@pytest.fixture
def wire() -> Iterator[Wire]:
    with wired() as wire:
        yield wire


@pytest.fixture
def unit(desks: Desks, wire: Wire, tmp_path: Path) -> Iterator[Unit]:
    """A paired laptop and the console behind the wire."""
    real = in_real_time(desks)
    for_tests(real)
    with served(real.house.house) as console:
        wire.console = console
        unit = Unit(real, Program(tmp_path / "laptop"))
        unit.pair(wire.base)
        yield unit


@pytest.mark.requirement("004-3.3-h")
def test_a_bought_card_on_the_reader_is_on_the_page_with_the_channel_that_it_came_from(
    unit: Unit, sims: Stack
) -> None:
    agent_no = admitted(unit.desks).agent_no
    stocked(unit.desks, agent_no=agent_no)
    check = unit.check(order=OrderFacts(route=Route.A, order_no="D-1", iccids=(iccid(150),)))
    with unit.counter.starts("run") as agent:
        unit.counter.hears(agent, "task_open", "reader_found")
        sims.insert("usim-cn20", iccid=iccid(150) + "1")
        agent.until("read_relayed")
        (read,) = unit.reads(check)
        assert (read.kind, read.state, read.iccid) == (
            ReadKind.SIM, ReadState.ACCEPTED, iccid(150) + "1",
        )  # fmt: skip
        agent.process.send_signal(signal.SIGTERM)
        assert agent.process.wait(20) == 0
    proofs = read_record(unit.desks.inspector, read.id).proofs
    assert [proof.step for proof in proofs if not proof.holds] == []
    # Nobody gave a reference of the comparison with the register (004-3.2-b).
    assert submit_check(unit.desks.inspector, check.id).state is CheckState.FAILED
    (view,) = unit.reads(check)
    assert view.trace is not None
    assert [one["code"] for one in view.trace["chain"]] == ["QD-02", "QD-00"]
    assert view.trace["chain"][0]["agent_no"] == agent_no


@pytest.mark.requirement("004-2.1-b", "004-2.1-c")
def test_an_identity_card_leaves_marks_and_nobodys_name_or_number(
    unit: Unit, wire: Wire, tmp_path: Path
) -> None:
    check = unit.check(identity=True)
    running = unit.counter.starts
    with Simulator.running(tmp_path) as reader, running("run", "--port", reader.port) as agent:
        agent.until("task_open", kind="id")
        reader.place(PERSON)
        assert agent.until("read_refused")["told"] == "reader.sam_unapproved"
        unit.allow_the_module()
        reader("lift")
        agent.until("id_armed")
        reader.place(PERSON)
        agent.until("read_relayed")
    first, second = unit.reads(check)
    assert (first.state, first.refusal) == (ReadState.REFUSED, "reader.sam_unapproved")
    assert (second.kind, second.state) == (ReadKind.ID, ReadState.ACCEPTED)
    assert (second.facts["doc"], second.facts["no_check"]) == ("resident", True)
    told = read_record(unit.desks.inspector, second.id)
    assert told.device is not None
    assert told.device.number == "RD-2026-000001"
    assert timedelta(0) < unit.now() - told.read.captured_at < timedelta(minutes=5)
    person = PEOPLE[PERSON]
    seen = [
        files_of(unit.counter.state), files_of(unit.desks.house.house.settings.data),
        *(body for _, body in wire.bodies),
    ]  # fmt: skip
    for planted in (person["name"], person["no"]):
        for coding in ("utf-8", "utf-16-le"):
            assert not any(planted.encode(coding) in one for one in seen)


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_console_that_goes_under_a_read_has_it_once_when_it_is_back(
    unit: Unit, wire: Wire, sims: Stack, *, is_kept: bool
) -> None:
    """It is gone before it could keep the read, or after, with its answer lost on the way."""
    check, alive = unit.check(), wire.console
    with unit.counter.starts("run") as agent:
        unit.counter.hears(agent, "task_open", "reader_found")
        if is_kept:
            wire.cut = lambda path: path.endswith("/reads")
        else:
            wire.console = NOBODY
        sims.insert("usim-cn20")
        agent.until("read_kept")
        assert len(unit.reads(check)) == is_kept
        wire.cut, wire.console = (lambda _: False), alive
        agent.until("read_relayed")
    assert len({body for path, body in wire.bodies if path.endswith("/reads")}) == 1
    assert [one.state for one in unit.reads(check)] == [ReadState.ACCEPTED]


@pytest.mark.usefixtures("sims")
def test_the_agent_and_its_children_listen_on_no_port(unit: Unit) -> None:
    with unit.counter.starts("run") as agent:
        unit.counter.hears(agent, "reader_found")
        told = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
        family = [agent.process.pid, *children(agent.process.pid)]
    assert len(family) > len(SLOTS)
    assert not [pid for pid in family if f"pid={pid}," in told]


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for task in tasks for one in task.read_text("ascii").split()]
