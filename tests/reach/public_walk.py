"""The pages for anyone, as addresses of the sample: each kind of answer once."""

from dataclasses import dataclass

from sqlmodel import col, select

from console.desk import House
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge
from models.permissions import Permission
from models.tokens import digits_of

_ALWAYS = (
    "/", "/agents", "/agents?q=通信", "/agents?q=没有这一家", "/agents/none", "/badge?text=no",
    "/b/123456789", "/lookup", "/lookup?platform=lanhai&shop=none", "/register",
    "/register/changes", "/log", "/log/entries/0", "/report", "/report?kind=device_card",
    "/report/status", "/signin", "/no-such-page",
)  # fmt: skip
OWN = ("/account", "/account/password", "/account/codes")
"""Of somebody who is signed in."""


@dataclass(frozen=True, slots=True)
class Known:
    agent_no: str
    digits: str
    """Of a badge's token, as its code has them."""


def known_of(house: House) -> Known:
    with house.desk().begin(Permission.AGENT_READ) as work:
        agent = work.session.exec(select(Agent).where(Agent.state == AgentState.ACTIVE)).first()
        badge = work.session.exec(select(Badge).where(col(Badge.token).is_not(None))).first()
    assert agent is not None
    assert badge is not None
    assert badge.token is not None
    return Known(agent.agent_no, digits_of(badge.token))


def addresses(house: House) -> list[str]:
    known = known_of(house)
    return [*_ALWAYS, f"/agents/{known.agent_no}", f"/b/{known.digits}"]
