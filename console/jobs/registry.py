"""Everything that is done by itself: each area adds its kinds of work and its sweeps here."""

from datetime import timedelta
from typing import Final

from console.actions import audit
from console.actions.channel.badges import finish_badges
from console.actions.channel.endings import sweep_expired
from console.actions.channel.review import sweep_lapsed
from console.jobs import imports, notices, patrol
from console.jobs.base import Kind, Sweep

KINDS: Final[tuple[Kind, ...]] = (imports.IMPORTS, notices.NOTICES, patrol.PATROLS)

SWEEPS: Final[tuple[Sweep, ...]] = (
    # The record is sealed at most ten seconds after a deed (DESIGN 3.5).
    Sweep("audit.seal", timedelta(seconds=5), audit.seal),
    # Days end at midnight in China, not at a round of ours: a minute is soon enough.
    Sweep("licences.expire", timedelta(minutes=1), sweep_expired),
    Sweep("agents.lapse", timedelta(minutes=1), sweep_lapsed),
    # Badges that a crash left requested.
    Sweep("badges.finish", timedelta(seconds=30), finish_badges),
)
