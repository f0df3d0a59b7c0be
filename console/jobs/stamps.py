"""Each run's list of evidence is shown to a timestamp authority by itself."""

from typing import Final

from console.actions.patrol.stamps import advance_stamp, waiting_stamps
from console.jobs.base import Kind

STAMPS: Final = Kind("stamp", waiting_stamps, advance_stamp)
