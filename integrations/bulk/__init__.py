"""Whole files worked through: listings screened, and use of industry cards monitored.

    screen_file("in.parquet", "out.parquet", register=agents, engine="local")
    monitor_file("use.parquet", "hits.parquet", scopes=scopes, limits=usage_limits(today))

Every engine runs the same function over the same batches and gives the same answers: `local` in
processes of this machine, `dask://host:port` on whatever workers that scheduler has.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from integrations.bulk.monitoring import MonitorSummary, monitor_file
from integrations.bulk.register import read_agents
from integrations.bulk.scope_files import read_scopes
from integrations.bulk.screening import Summary, screen_file

__all__ = [
    "MonitorSummary",
    "Summary",
    "monitor_file",
    "read_agents",
    "read_scopes",
    "screen_file",
]
