"""Everything that is done by itself: each area adds its kinds of work and its sweeps here."""

from datetime import timedelta
from typing import Final

from console.actions import audit
from console.jobs import imports, notices, patrol
from console.jobs.base import Kind, Sweep

KINDS: Final[tuple[Kind, ...]] = (imports.IMPORTS, notices.NOTICES, patrol.PATROLS)

SWEEPS: Final[tuple[Sweep, ...]] = (
    # The record is sealed at most ten seconds after a deed (DESIGN 3.5).
    Sweep("audit.seal", timedelta(seconds=5), audit.seal),
)
