"""What is left of a child process that crashes while it has a card's data in its memory."""

from pathlib import Path
from queue import SimpleQueue

import pytest

from reader_agent.counter.child import Child, Message, module


@pytest.mark.requirement("000-3-c")
@pytest.mark.parametrize(
    "words",
    [("cards.watch",), ("cards.sim_worker", "no such reader"), ("documents.id_worker", "/none")],
)
def test_a_crash_leaves_no_memory_on_the_disk(words: tuple[str, ...]) -> None:
    heard: SimpleQueue[Message] = SimpleQueue()
    child = Child(module(*words), lambda _, message: heard.put(message))
    try:
        assert heard.get(timeout=15)["event"] != "ended"
        limits = Path(f"/proc/{child.pid}/limits").read_text("ascii")
    finally:
        child.end()
    [cores] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert cores.split()[4:6] == ["0", "0"]
