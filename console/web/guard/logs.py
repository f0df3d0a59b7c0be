"""A Streamlit session id is half a key, and a calendar's address a whole one: not in the logs."""

import logging
import re
from typing import Final

SESSION_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
FEED: Final = re.compile(r"(?<=/calendar/)[^/\s?]+")
TALKERS: Final = (
    "uvicorn.access",
    "uvicorn.error",
    "streamlit.runtime.websocket_session_manager",
    "streamlit.runtime.app_session",
    "streamlit.web.server.starlette.starlette_routes",
)


def _without_ids(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(map(_hidden, record.args))
    record.msg = _hidden(record.msg)
    return True


def _hidden(part: object) -> object:
    return hidden(part) if isinstance(part, str) else part


def hidden(text: str) -> str:
    """The text without what opens anything."""
    return FEED.sub("…", SESSION_ID.sub("…", text))


def hide_session_ids() -> None:
    """Idempotent, and survives uvicorn's own `dictConfig`, which keeps filters of loggers."""
    for name in TALKERS:
        logging.getLogger(name).addFilter(_without_ids)


def keep_quiet() -> None:
    """No log of requests: who reports something without a name is in no file of ours.

    Streamlit turns it on by being imported, whatever uvicorn was told.
    """
    hide_session_ids()
    logging.getLogger("uvicorn.access").disabled = True
