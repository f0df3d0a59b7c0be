"""Files of records of use are judged by themselves."""

from typing import Final

from console.actions.cards.industry.runs import advance_run, lane_of, waiting_runs
from console.jobs.base import Kind

MONITORING: Final = Kind("monitoring", waiting_runs, advance_run, lane_of)
