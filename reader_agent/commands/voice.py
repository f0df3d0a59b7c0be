"""What people hear: a sentence they can act on, or a line of JSON for a program."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from reader_agent.commands.log import Log, masked
from reader_agent.commands.words import Words
from reader_agent.plain import plain

_QUIET: Final = frozenset({"service_up", "reader_found", "worker_died"})
"""In the log and in JSON; on the screen they would only hide what matters."""
_SHOWN_IN_WORDS: Final = {
    "reason": "reason",
    "why": "reason",
    "told": "reason",
    "fault": "end",
    "kind": "kind",
}
"""Facts that are codes, and the table of their words."""


@dataclass(slots=True)
class Out:
    """Where a command speaks."""

    words: Words
    as_json: bool = False
    log: Log | None = None
    _turn: Lock = field(default_factory=Lock)

    def line(self, text: str) -> None:
        """A title or a reader's name that would command the terminal is printed without that."""
        with self._turn:
            sys.stdout.write(plain(text) + "\n")
            sys.stdout.flush()

    def say(self, key: str, /, **facts: object) -> None:
        """A sentence under its full key; nothing in JSON, which has `give` for what was found."""
        if not self.as_json:
            self.line(self.words(key, **facts))

    def give(self, found: Mapping[str, object]) -> None:
        """One line of JSON, where that is wanted."""
        if self.as_json:
            self.line(json.dumps(found, ensure_ascii=False, sort_keys=True))

    def refuse(self, code: str, facts: Mapping[str, object]) -> None:
        """Why a command ends without what it was asked for."""
        if self.log is not None:
            self.log.note("refused", {"code": code, **facts})
        if self.as_json:
            self.give({"refused": code, **facts})
        else:
            sys.stderr.write(plain(self.told(f"refusal.{code}", facts)) + "\n")

    def told(self, code: str, facts: Mapping[str, object]) -> str:
        """The sentence of a code, its facts put into words."""
        shown = {
            name: self.words.of(_SHOWN_IN_WORDS[name], str(fact))
            if name in _SHOWN_IN_WORDS
            else fact
            for name, fact in facts.items()
        }
        return self.words(code, **shown)


@dataclass(slots=True)
class Running:
    """The voice of the agent at work: to the log, and to whoever watches the screen."""

    out: Out

    def __call__(self, code: str, /, **facts: object) -> None:
        if self.out.log is not None:
            self.out.log.note(code, facts)
        iccid = facts.get("iccid")
        if self.out.as_json:
            told = {name: fact for name, fact in facts.items() if fact not in {"", None}}
            if isinstance(iccid, str):
                told["iccid"] = masked(iccid)
            self.out.give({"event": code, **told})
        elif code == "end":
            self.out.line(self._end(facts))
        elif code not in _QUIET:
            self.out.line(self.out.told(f"told.{code}", facts))
            if notice := facts.get(f"notice_{self.out.words.language}"):
                self.out.line(self.out.words("told.notice", notice=notice))

    def _end(self, facts: Mapping[str, object]) -> str:
        end = str(facts["end"])
        if end == "read":
            end = "read_id" if facts["kind"] == "id" else "read_sim"
        return self.out.words(f"end.{end}", **{"iccid": "", **facts})
