"""Who a shop is: an agent's own, one that passes for an agent, or nobody that the register knows.

A shop is an agent's by the platform's own id or by its address, exactly. What else speaks for an
agent is a name, and names are taken: so a name that is an agent's or nearly is a suspicion, with
the word for how the one comes from the other, and only where it is hardly chance.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from models.patrol.matching.alike import Reason
from models.patrol.matching.index import COLUMNS, AgentIndex, AgentShop
from models.patrol.matching.shops import Candidate, Matcher, ShopMatch, candidates, match_shops

__all__ = [
    "COLUMNS",
    "AgentIndex",
    "AgentShop",
    "Candidate",
    "Matcher",
    "Reason",
    "ShopMatch",
    "candidates",
    "match_shops",
]
