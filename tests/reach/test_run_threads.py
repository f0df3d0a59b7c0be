"""Runs of the console stand in a line: two at a time, and nobody behind somebody's long one."""

from queue import SimpleQueue
from typing import Final

from console.web.run_threads import Line

SOON: Final = 10.0
"""Seconds in which a machine that is busy starts a run."""


class Run:
    """Says when it begins, and whether it holds one of the two places."""

    def __init__(self, begun: SimpleQueue[tuple[str, bool]], name: str) -> None:
        self.begun, self.name = begun, name

    def go(self, *, holds_place: bool) -> None:
        self.begun.put((self.name, holds_place))


def line_of(*names: str, longest_wait: float) -> tuple[Line, SimpleQueue[tuple[str, bool]]]:
    begun: SimpleQueue[tuple[str, bool]] = SimpleQueue()
    line = Line(longest_wait)
    line.begin()
    for name in names:
        line.join(Run(begun, name))
    return line, begun


def test_two_begin_at_once_and_the_third_when_one_has_ended() -> None:
    line, begun = line_of("first", "second", "third", longest_wait=60)
    assert begun.get(timeout=SOON) == ("first", True)
    assert begun.get(timeout=SOON) == ("second", True)
    assert begun.empty()
    line.leave()
    assert begun.get(timeout=SOON) == ("third", True)


def test_whoever_waited_long_enough_begins_beside_two_long_ones() -> None:
    _, begun = line_of("long", "longer", "short", "shorter", longest_wait=0.05)
    assert [begun.get(timeout=SOON) for _ in range(4)] == [
        ("long", True),
        ("longer", True),
        ("short", False),
        ("shorter", False),
    ]
