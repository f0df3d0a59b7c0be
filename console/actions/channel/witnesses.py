"""Witnesses are shown each new head of the public log, and what they sign is kept."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog
from sqlmodel import func, select

from console.actions import trees
from console.actions.channel.log import PUBLIC, extension
from console.desk import Desk
from integrations.cosigning import Cosigned, Offer, Witness, witness_of
from integrations.marketplaces.base import SourceError
from models.channel.log import Cosignature, LogCheckpoint
from models.permissions import Permission
from models.refusals import Invalid

AT_ONCE: Final = 8
_MOST_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of showing the newest head to a witness."""

    witness: str
    size: int
    is_cosigned: bool
    words: str
    """What it said when it did not sign."""


def show_to_witnesses(desk: Desk) -> list[Shown]:
    """Have the newest head cosigned by all who have not; no transaction is open while they look."""
    settings = desk.house.settings
    witnesses = [
        witness_of(words, settings.agent, settings.fetch_allowed_networks)
        for words in settings.witnesses
    ]
    with desk.begin(Permission.LOG_READ) as work:
        head = trees.last_head(work.session.connection(), PUBLIC)
        latest = select(Cosignature.witness, func.max(Cosignature.size))
        rows = work.session.exec(latest.group_by(Cosignature.witness)).all()
        known = dict[str, int]((name, size) for name, size in rows)
    if head is None:
        return []
    asked = [one for one in witnesses if known.get(one.key.name, 0) < head.size]
    if not asked:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(asked))) as hands:
        sizes = [known.get(one.key.name, 0) for one in asked]
        return list(hands.map(partial(_show, desk, head), asked, sizes))


def _show(desk: Desk, head: trees.Head, witness: Witness, old: int) -> Shown:
    log = structlog.get_logger(__name__).bind(witness=witness.key.name, size=head.size)
    name = witness.key.name
    try:
        for _ in range(_MOST_TRIES):
            path = extension(desk.house, old, head.size).path
            answer = witness.cosign(Offer(old, path, head.note))
            if isinstance(answer, Cosigned):
                _keep(desk, name, head.size, answer)
                return Shown(name, head.size, is_cosigned=True, words="")
            old = answer.size
    except SourceError as no:
        words = str(no.reason.facts.get("words") or no.reason)
        log.warning("log.not_cosigned", words=words)
        return Shown(name, head.size, is_cosigned=False, words=words)
    except Invalid:
        # It has signed more than we have: our own past was cut.
        log.error("log.witness_knows_more", known=old)  # noqa: TRY400 - the trace says nothing more
        return Shown(name, head.size, is_cosigned=False, words=f"knows {old} entries")
    return Shown(name, head.size, is_cosigned=False, words=f"knows {old} entries")


def _keep(desk: Desk, witness: str, size: int, answer: Cosigned) -> None:
    at = datetime.fromtimestamp(answer.at, UTC)
    with desk.begin(Permission.SWEEP) as work:
        work.no_deed()
        head = work.session.get_one(LogCheckpoint, size, with_for_update=True)
        if work.session.get(Cosignature, (size, witness)) is None:
            row = Cosignature(size=size, witness=witness, line=answer.line, at=at)
            work.session.add(row)
        if head.cosigned_at is None or at < head.cosigned_at:
            head.cosigned_at = at


def cosigners(desk: Desk, size: int) -> Sequence[Cosignature]:
    """Who cosigned that head, and when."""
    with desk.begin(Permission.LOG_READ) as work:
        return work.session.exec(
            select(Cosignature).where(Cosignature.size == size).order_by("at", "witness")
        ).all()
