"""Screening of whole files: listings in, the same listings with what they offer and by whom out.

    screen_file("in.parquet", "out.parquet", register=agents, engine="local")

Every engine runs the same function over the same batches and gives the same answers: `local` in
processes of this machine, `dask://host:port` on whatever workers that scheduler has.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from integrations.bulk.register import read_agents
from integrations.bulk.screening import Summary, screen_file

__all__ = ["Summary", "read_agents", "screen_file"]
