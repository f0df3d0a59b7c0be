"""When things are done: work that outlives a killed process, and sweeps by the clock.

A row that waits in the database is the promise; the engine of durable work (DBOS) keeps it. Each
area has one module here that says which of its rows wait (`Kind`) and what is due (`Sweep`).
"""
