"""How Streamlit's pages come back after the server was away: one after the other.

A server that starts again answers a hundred pages best one after the other. Streamlit's own
pages wait alike, so they come back within a second or two; here they come over eight. Whoever
lost but the socket is back after the first two tries, as ever.
"""

import re
from typing import Final

_PINGS: Final = re.compile(
    r"(?P<tries>\w+)===1\?(?P<wait>\w+):Math\.floor\((?P=wait)\*\(\.7\+Math\.random\(\)\*\.3\)\)"
)
_SPREAD: Final = r"\g<tries><3?\g<wait>:Math.floor(500+Math.random()*7500)"
"""How long a page that lost the server waits until it asks again, in milliseconds."""


def spread_out(script: str) -> str:
    """The bundle that asks again, with its waiting spread; every other one as it is."""
    return _PINGS.sub(_SPREAD, script)
