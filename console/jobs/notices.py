"""Notices and messages that the other side has not received yet go out by themselves."""

from typing import Final

from console.actions.cases.notices.delivering import advance_notice, waiting_notices
from console.actions.cases.notices.outgoing import advance_message, waiting_messages
from console.jobs.base import Kind

NOTICES: Final = Kind("notice", waiting_notices, advance_notice)
MESSAGES: Final = Kind("message", waiting_messages, advance_message)
