"""Lists long enough that nobody takes them alone."""

from datetime import timedelta
from typing import Final

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from console.desk import Desk
from models.base import new_ids
from models.channel.agents import Agent, AgentState
from tests.channel.stories import uscc
from tests.conftest import Desks

FREE: Final = 1000


def many_agents(desks: Desks, count: int, of: Desk | None = None, name: str = "") -> None:
    """Agents of a carrier (of CT-44 where none is said), written at once."""
    (carrier,) = (of or desks.manager).actor.carriers
    with Session(desks.house.house.engine) as session:
        first = (session.exec(select(func.max(Agent.serial))).one() or 0) + 1
        rows: list[dict[str, object]] = [
            {
                "id": row_id,
                "serial": first + at,
                "carrier_id": carrier,
                "agent_no": f"CT-44-2026-{first + at:06d}-0",
                "name": name or f"网络代理 {first + at} 号",
                "uscc": uscc(first + at),
                "province": "44",
                "legal_representative": "陈启明",
                "contact": "",
                "is_realname_ready": False,
                "is_protection_ready": False,
                "attempt": 1,
                "cleared": [],
                "state": AgentState.ACTIVE if at % 2 else AgentState.DRAFT,
                "late_reason": "",
                "failures": 0,
                "reasons": [],
                "remark": "",
                "terms": "",
                "version": 1,
                "created_at": desks.house.now() - timedelta(days=at % 30),
            }
            for at, row_id in enumerate(new_ids(count))
        ]
        session.connection().execute(insert(Agent), rows)
        session.commit()


def count_agents(desks: Desks) -> int:
    with Session(desks.house.house.engine) as session:
        return session.exec(select(func.count(col(Agent.id)))).one()
