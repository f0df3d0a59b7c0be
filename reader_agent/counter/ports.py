"""Which serial port an identity reader is behind, where nobody named one.

The library that knows is loaded by a child: this process never has it.
"""

import json
import subprocess
import sys
from typing import Any, Final

_LISTING: Final = (
    "import json; from reader_agent.documents.serial_ports import ports; print(json.dumps("
    "[{'path': p.path, 'usb': p.usb, 'virtual': p.is_virtual} for p in ports()]))"
)
_PATIENCE: Final = 10.0


def usb_ports() -> list[dict[str, Any]]:
    """`path`, `usb`, `virtual` of each USB serial port, known readers' first."""
    command = [sys.executable, "-P", "-c", _LISTING]
    try:
        found = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, timeout=_PATIENCE, check=True
        )
        return json.loads(found.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def the_port() -> str | None:
    """The one port that a known bridge or reader is at; of two of them somebody names one."""
    known = [str(one["path"]) for one in usb_ports() if not one["virtual"]]
    return known[0] if len(known) == 1 else None
