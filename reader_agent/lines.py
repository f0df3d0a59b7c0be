"""What a child process and its parent say to each other: JSON lines, one message each."""

import json
import os
import sys
from queue import SimpleQueue
from threading import Thread
from typing import Any

Message = dict[str, Any]


class Line:
    """The child's end. A process has one."""

    def __init__(self) -> None:
        _leave_no_core()
        self._out = os.fdopen(os.dup(1), "wb")
        # A native library that prints (pyscard does, where libpcsclite is broken) spoils no line.
        os.dup2(2, 1)
        self.heard: SimpleQueue[Message] = SimpleQueue()
        """What the parent says, as it comes."""
        Thread(target=self._listen, daemon=True).start()

    def say(self, event: str, **facts: object) -> None:
        line = json.dumps({"event": event, **facts}, ensure_ascii=False, separators=(",", ":"))
        self._out.write(line.encode() + b"\n")
        self._out.flush()

    def _listen(self) -> None:
        # Not `sys.stdin`, which a process that crashes would want to close meanwhile.
        with os.fdopen(os.dup(0), "rb") as orders:
            for line in orders:
                self.heard.put(json.loads(line))
        # The parent is gone, perhaps while this process hangs in a card's command.
        os._exit(0)


def _leave_no_core() -> None:
    """What a crash writes down would hold what was on the card."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
