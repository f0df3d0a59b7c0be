"""The guarded fetcher: every foreign address is asked through it, and through nothing else."""

from integrations.fetch.client import Fetcher, FetchSettings, Outcome, outcome_of
from integrations.fetch.recorder import Noted, Recorder

__all__ = ["FetchSettings", "Fetcher", "Noted", "Outcome", "Recorder", "outcome_of"]
