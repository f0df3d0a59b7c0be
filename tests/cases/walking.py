"""Any order of steps: what state machines of batches, cases, notices and rectifications share."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from console.desk import Desk
from models.refusals import Refusal
from tests.conftest import Clock, Desks

MANY: Final = 15
"""Half of the rarest that was measured on both databases: 83 steps of a batch, 60 of a case, 34 of
a notice and 29 of a rectification were done, and more were refused. A walk that hardly ever comes
off the ground, or that is never stopped, shows nothing."""


class Walk(RuleBasedStateMachine):
    """Steps of several people, and a tally of those that were done and that were refused."""

    desks: Desks
    clock: Clock
    tally: Counter[str]

    def _desk(self, who: str) -> Desk:
        return getattr(self.desks, who)

    def _refusal(self, act: Callable[[], object]) -> Refusal | None:
        """Of a step that was not done."""
        try:
            act()
        except Refusal as no:
            self.tally["refused"] += 1
            return no
        self.tally["done"] += 1
        return None


class WalkOfOne(Walk):
    """Of one record, by a model that knows of each step whether it may be done."""

    if TYPE_CHECKING:

        def _now(self) -> Any: ...  # noqa: ANN401 - the record, which has state and version

    def _tried(self, may: bool, act: Callable[[], object]) -> bool:
        """Whether it was done; it is exactly when it may be, and a refusal changes nothing."""
        before = self._now()
        refused = self._refusal(act)
        assert (refused is None) == may, (refused, refused and refused.facts, before)
        assert refused is None or self._now().version == before.version
        return refused is None


def walked(machine: type[Walk], desks: Desks, clock: Clock, **limits: Any) -> Counter[str]:  # noqa: ANN401 - hypothesis' own
    """How many steps were done and how many refused; it fails at the first that broke a rule."""
    tally = Counter[str]()
    here: Any = type("Here", (machine,), {"desks": desks, "clock": clock, "tally": tally})
    run_state_machine_as_test(
        here,
        settings=settings(
            deadline=None,
            database=None,
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
            ],
            **limits,
        ),
    )
    return tally
