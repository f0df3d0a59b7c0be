"""What platforms are told of licences goes to their servers by itself."""

from typing import Final

from console.actions.channel.tellings import advance_telling, waiting_tellings
from console.jobs.base import Kind

TELLINGS: Final = Kind("telling", waiting_tellings, advance_telling)
