"""What stands before every route: who may come in, how much they may send, and what leaves."""

from console.web.guard.door import Door, GuardRules, Login
from console.web.guard.logs import hide_session_ids, keep_quiet
from console.web.guard.middleware import Guard

__all__ = ["Door", "Guard", "GuardRules", "Login", "hide_session_ids", "keep_quiet"]
