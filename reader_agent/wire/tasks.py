"""What the console wants read: a task's kind, its fields, and a challenge for one read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from reader_agent.wire.answer import Answer, Misshapen

KINDS: Final = ("sim", "id")


@dataclass(frozen=True, slots=True)
class Notice:
    """What the holder is told before an identity card is read (PIPL 17)."""

    version: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Challenge:
    challenge: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Task:
    task: str
    number: str
    kind: str
    title: str
    fields: tuple[str, ...]
    expires_at: datetime
    challenge: str
    challenge_until: datetime
    salt: str = field(default="", repr=False)
    """Of kind `id`: base64url, for the MACs that the worker computes."""
    notice: Notice | None = None

    @classmethod
    def of(cls, told: Answer) -> "Task":
        kind = told.text("kind")
        if kind not in KINDS:
            raise Misshapen("kind")
        return cls(
            task=told.text("task"),
            number=told.text("number"),
            kind=kind,
            title=told.text("title"),
            fields=told.texts("fields"),
            expires_at=told.moment("expires_at"),
            challenge=told.nonce("challenge"),
            challenge_until=told.moment("challenge_until"),
            salt=told.nonce("salt") if kind == "id" else "",
            notice=_notice(told.maybe("notice")),
        )


@dataclass(frozen=True, slots=True)
class Pack:
    """Challenges of one task for reads without a network."""

    task: Task
    challenges: tuple[Challenge, ...]
    told: Mapping[str, Any] = field(repr=False)
    """The task as it came, to be kept."""

    @classmethod
    def of(cls, told: Answer) -> "Pack":
        task = told.part("task")
        challenges = tuple(challenge_of(one, "until") for one in told.parts("challenges"))
        return cls(Task.of(task), challenges, task.found)


def challenge_of(told: Answer, until: str) -> Challenge:
    return Challenge(told.nonce("challenge"), told.moment(until))


def _notice(told: Answer | None) -> Notice | None:
    if told is None:
        return None
    version = told.found.get("version")
    return Notice(str(version), told.text("zh"), told.text("en"))
