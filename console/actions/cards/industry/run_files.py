"""The files of a run of monitoring: all its hits, and the records that could not be read."""

from pathlib import Path
from uuid import UUID

from console.actions.cards.industry.runs import the_run
from console.actions.files import Download, put_on_record, whole
from console.desk import Desk
from integrations.evidence import Digest
from models.cards.monitoring import MonitoringRun
from models.refusals import Conflict, NotFound

_PARQUET = "application/vnd.apache.parquet"


def run_hits(desk: Desk, run_id: UUID | str) -> Download:
    """As Parquet, as they were judged."""
    run = the_run(desk, run_id)
    return _taken(desk, run, run.result_sha256, f"{run.number}-hits.parquet", _PARQUET)


def run_rejects(desk: Desk, run_id: UUID | str) -> Download:
    """Which records were bad, and why: the place and the fault, beside the file itself."""
    run = the_run(desk, run_id)
    name = f"{Path(run.file_name).stem}-rejects.csv"
    return _taken(desk, run, run.rejects_sha256, name, "text/csv; charset=utf-8")


def _taken(desk: Desk, run: MonitoringRun, sha256: str, name: str, media_type: str) -> Download:
    if not sha256:
        raise NotFound("file.not_found")
    if run.is_file_gone:
        raise Conflict("monitoring.files_deleted", number=run.number)
    path = whole(desk.house.evidence, Digest(sha256))
    with put_on_record(desk, "monitoring.file_taken", run, sha256=sha256, name=name):
        pass
    return Download(name, media_type, path)
