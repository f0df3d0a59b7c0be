"""From the end of a read to a signed entry in the spool: cut down, sign, keep, wake the sender."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from reader_agent.build import Agent
from reader_agent.counter.asks import Done, Voice
from reader_agent.counter.states import FAULT_CODES, NEVER_SENT
from reader_agent.kept.device_key import DeviceKey
from reader_agent.outbox.spool import Entry, Spool
from reader_agent.policy import reduced
from reader_agent.refusals import CardWrong, SpoolDamaged, SpoolFull
from reader_agent.wire.envelope import Reader, ReadFacts, Signed, read_token
from reader_agent.wire.pairing import Console


@dataclass(frozen=True, slots=True)
class Kept:
    """A read that waits to be sent, and what is told when it is."""

    done: Done
    entry: Entry


@dataclass(slots=True)
class Keeper:
    key: DeviceKey
    console: Callable[[], Console]
    """As it is today: its keys may be renewed while the agent runs."""
    agent: Agent
    spool: Spool
    tell: Voice
    hand_over: Callable[[Kept], None]
    ended: Callable[[Done, str], None]
    """A read that goes no further, and why."""

    def keep(self, done: Done) -> None:
        """Called with what a reader gave. A read that cannot be kept is said to have failed."""
        if done.end == NEVER_SENT:
            self._told_end(done)
            self.ended(done, done.end)
            return
        try:
            entry = self.spool.add(lambda seq, prev: self._signed(done, seq, prev))
        except (CardWrong, SpoolFull, SpoolDamaged) as refusal:
            self.tell(refusal.code, reader=done.reader["name"], **refusal.facts)
            self.ended(done, refusal.code)
            return
        self._told_end(done, entry)  # before the sender can tell of its arrival
        self.hand_over(Kept(done, entry))

    def _told_end(self, done: Done, entry: Entry | None = None) -> None:
        card, fault = done.card or {}, done.fault or {}
        facts: dict[str, object] = {"iccid": card["iccid"]} if card.get("iccid") else {}
        if entry is not None:
            facts |= {"read_id": entry.read_id, "sha256": entry.sha256}
        self.tell(
            "end",
            end=done.end,
            kind=done.ask.kind,
            reader=done.reader["name"],
            number=done.ask.number,
            stage=fault.get("stage", ""),
            sw=fault.get("sw", ""),
            **facts,
        )

    def _signed(self, done: Done, seq: int, prev: str) -> Signed:
        if done.fault is not None and done.fault.get("code") not in FAULT_CODES:
            raise CardWrong(field="code")
        console = self.console()
        card = None
        if done.card is not None:
            card = reduced(done.ask.kind, done.card, done.ask.fields)
        facts = ReadFacts(
            task=done.ask.task,
            challenge=done.ask.challenge,
            captured_at=done.begun_at,
            clock_skew_ms=console.skew_ms,
            uptime_ms=time.monotonic_ns() // 1_000_000,
            offline=done.ask.offline,
            kind="fault" if card is None else done.ask.kind,
            reader=Reader(**done.reader),
            agent=self.agent,
            card=card,
            fault=done.fault,
        )
        return read_token(self.key, console, facts, seq, prev)
