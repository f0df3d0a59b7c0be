"""Between a worker and the key: what no worker of ours says is not signed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reader_agent.counter.asks import Ask, Done
from reader_agent.counter.keeping import Keeper, Kept
from reader_agent.counter.states import FAULT_CODES, NEVER_SENT
from tests.reader.far_console import far_console, nonce
from tests.reader.laptop import AGENT, paired

_READER = {"name": "Reader 00 00", "usb": "", "serial": "", "sam_id": "", "virtual": True}


def kept(path: Path, code: str) -> tuple[list[str], list[Kept]]:
    """What is said of a fault of that code, and what then waits to be sent."""
    said: list[str] = []
    waiting: list[Kept] = []

    def tell(told: str, /, **_: object) -> None:
        said.append(told)

    ask = Ask("sim", [], task="0d0f7a3e-6f0c-4b5e-9a52-1f6f0f3f4d10", challenge=nonce())
    fault = {"code": code, "stage": "iccid"}
    with far_console() as far, paired(far, path) as laptop:
        keeper = Keeper(
            laptop.key,
            lambda: laptop.relay.console,
            AGENT,
            laptop.spool,
            tell,
            waiting.append,
            lambda _, why: said.append(why),
        )
        keeper.keep(Done(ask, code, _READER, datetime.now(UTC), 0, fault=fault))
        assert laptop.spool.count() == len(waiting)
    return said, waiting


@pytest.mark.parametrize("code", sorted(set(FAULT_CODES) - {NEVER_SENT}))
def test_a_fault_that_the_console_knows_is_signed_and_kept(tmp_path: Path, code: str) -> None:
    said, waiting = kept(tmp_path, code)
    assert (said, len(waiting)) == (["end"], 1)


def test_a_fault_that_nobody_knows_is_not_signed(tmp_path: Path) -> None:
    said, waiting = kept(tmp_path, "eaten")
    assert (said, waiting) == (["card_wrong", "card_wrong"], [])
