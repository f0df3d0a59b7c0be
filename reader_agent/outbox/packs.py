"""Challenges that were fetched beforehand, for reads where there is no network."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from reader_agent.outbox.spool import Spool
from reader_agent.refusals import SpoolFull
from reader_agent.wire.answer import Answer, written
from reader_agent.wire.tasks import Challenge, Pack, Task


class Packs:
    """Kept beside the reads, in the spool's file. `now` is the console's time."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def forget(self, now: datetime) -> None:
        """Those that are past: with its last challenge goes a task's salt, from the disk too.

        A full disk is no reason to fail here; they are of no use, and the next call tries again.
        """
        with suppress(SpoolFull):
            with self._spool.change() as change:
                past = change.execute("delete from packs where until <= ?", (written(now),))
            if past.rowcount:
                self._spool.shred()

    def keep(self, pack: Pack, now: datetime) -> None:
        self.forget(now)
        task, told = pack.task, json.dumps(pack.told)
        rows = [
            (one.challenge, task.task, task.kind, written(one.until), told)
            for one in pack.challenges
        ]
        with self._spool.change() as change:
            change.executemany("insert or ignore into packs values (?, ?, ?, ?, ?)", rows)

    def take(self, task: str, kind: str, now: datetime) -> Challenge | None:
        """The one that ends first; it is used up hereby, whatever comes of the read."""
        self.forget(now)
        with self._spool.change() as change:
            found = change.execute(
                "delete from packs where challenge = (select challenge from packs"
                " where task = ? and kind = ? and until > ? order by until limit 1)"
                " returning challenge, until",
                (task, kind, written(now)),
            ).fetchall()
        if not found:
            return None
        self._spool.shred()
        return Challenge(found[0][0], datetime.fromisoformat(found[0][1]))

    def has(self, task: str, kind: str, now: datetime) -> bool:
        return any((one.task, one.kind) == (task, kind) for one in self.tasks(now))

    def tasks(self, now: datetime) -> Sequence[Task]:
        """Each with the challenge that would be taken next."""
        return [task for task, _ in self.left(now)]

    def left(self, now: datetime) -> Sequence[tuple[Task, int]]:
        """What can be read without a network, and how many times yet."""
        self.forget(now)
        with self._spool.looking() as look:
            found = look.execute(
                "select challenge, min(until), told, count(*) from packs where until > ?"
                " group by task, kind",
                (written(now),),
            ).fetchall()
        return [(_task(challenge, until, told), left) for challenge, until, told, left in found]


def _task(challenge: str, until: str, told: str) -> Task:
    task = Task.of(Answer.read(told.encode()))
    return replace(task, challenge=challenge, challenge_until=datetime.fromisoformat(until))
