"""Notices that a platform has not received yet go out again by themselves."""

from typing import Final

from console.actions.cases.notices.delivering import advance_notice, waiting_notices
from console.jobs.base import Kind

NOTICES: Final = Kind("notice", waiting_notices, advance_notice)
