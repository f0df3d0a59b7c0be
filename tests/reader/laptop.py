"""A laptop that is paired with the far console, and reads of fictitious cards."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reader_agent.build import Agent
from reader_agent.kept.device_key import DeviceKey
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.spool import Entry, Spool
from reader_agent.wire.envelope import Reader, ReadFacts, Signed, read_token
from reader_agent.wire.pairing import Console
from reader_agent.wire.relay import Relay
from tests.reader.far_console import FarConsole

AGENT: Final = Agent("0.1.0", "0" * 64)
ICCID: Final = "89869926010000000018"
NAME, NUMBER = "测试甲", "110199199001010017"
CARDS: Final[Mapping[str, Mapping[str, object]]] = {
    "sim": {
        "kind": "uicc",
        "atr": "3b9f",
        "iccid": ICCID,
        "iccid_raw": "98689962100000000081",
        "iccid_luhn": None,
        "pin1": "disabled",
        "imsi_state": "not_asked",
        "apdus": 4,
    },
    "id": {
        "doc": "resident",
        "no_check": True,
        "expired": False,
        "no_mac": "00" * 32,
        "name_mac": "11" * 32,
        "name": NAME,
        "no": NUMBER,
    },
}
READERS: Final[Mapping[str, Reader]] = {
    "sim": Reader("Virtual PCD 00 00", virtual=True),
    "id": Reader("pty", virtual=True, sam_id="05.03-20260101-0000012345-0987654321"),
}


def facts(challenge: str, kind: str = "sim", **others: object) -> ReadFacts:
    told = ReadFacts(
        task="0d0f7a3e-6f0c-4b5e-9a52-1f6f0f3f4d10",
        challenge=challenge,
        captured_at=datetime.now(UTC),
        clock_skew_ms=0,
        uptime_ms=1,
        offline=False,
        kind=kind,
        reader=READERS.get(kind, READERS["sim"]),
        agent=AGENT,
        card=CARDS.get(kind),
        fault={"code": "mute", "stage": "iccid"} if kind == "fault" else None,
    )
    return replace(told, **others)  # pyright: ignore[reportArgumentType] - a test's own names


@dataclass
class Laptop:
    far: FarConsole
    folder: StateFolder
    key: DeviceKey
    spool: Spool
    relay: Relay

    def signed(self, seq: int, prev: str, kind: str = "sim", **others: object) -> Signed:
        told = facts(str(others.pop("challenge", self.far.challenge())), kind, **others)
        return read_token(self.key, self.relay.console, told, seq, prev)

    def read(self, kind: str = "sim", **others: object) -> Entry:
        """Of a card that the console wants read."""
        return self.spool.add(lambda seq, prev: self.signed(seq, prev, kind, **others))

    def again(self, patience: float = 15) -> Relay:
        """Another process's way to the same console."""
        console = Console.read(self.folder.console_path)
        self.relay.close()
        self.relay = Relay(
            console, self.key, AGENT, path=self.folder.console_path, patience=patience
        )
        return self.relay


@contextmanager
def paired(far: FarConsole, path: Path, ca: Path | None = None) -> Generator[Laptop]:
    folder = StateFolder.open(path)
    key = DeviceKey.create(folder.key_path)
    far.codes.add("ABCDE23456")
    enrolled = Relay.enrol(far.url, "ABCDE23456", ca, key=key, agent=AGENT, host="laptop")
    enrolled.console.write(folder.console_path)
    relay = Relay(enrolled.console, key, AGENT, path=folder.console_path)
    laptop = Laptop(far, folder, key, Spool.open(folder.spool_path), relay)
    try:
        yield laptop
    finally:
        laptop.spool.close()
        laptop.relay.close()
