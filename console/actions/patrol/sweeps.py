"""What patrols owe by the clock: runs that nobody has handed in, said to be late."""

from sqlmodel import col, select

from console.actions.patrol.plan import UNDER_WAY
from console.desk import Desk
from models.patrol.runs import PatrolRun
from models.permissions import Permission

_AT_ONCE = 200


def note_overdue_runs(desk: Desk) -> int:
    """Mark each run whose deadline has passed, once; it goes on all the same. How many were new."""
    with desk.begin(Permission.PATROL_READ) as work:
        late = work.session.exec(
            select(PatrolRun.id)
            .where(col(PatrolRun.state).in_(UNDER_WAY), col(PatrolRun.overdue_at).is_(None))
            .where(col(PatrolRun.due_at) <= work.at)
            .order_by(col(PatrolRun.due_at))
            .limit(_AT_ONCE)
        ).all()
    for run_id in late:
        with desk.begin(Permission.SWEEP) as work:
            run = work.get(PatrolRun, run_id)
            if run.state in UNDER_WAY and run.overdue_at is None and run.due_at is not None:
                run.overdue_at = work.at
                work.record("patrol.overdue", run, due_at=run.due_at.isoformat())
    return len(late)
