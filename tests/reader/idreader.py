"""An identity reader on a pty, the process that reads from it, and what both say."""

import json
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from socket import AF_UNIX, socket
from typing import IO, Any, Final, cast

SHARED: Final = Path(__file__).parents[3] / "shared/reader"
PEOPLE: Final[dict[str, dict[str, str]]] = json.loads(
    (SHARED / "fixtures/id_people.json").read_text(encoding="utf-8")
)
SALT: Final = bytes(range(32))
_PATIENCE: Final = 15.0

Message = dict[str, Any]


class Simulator:
    """The simulated reader, and the hand that puts cards on it."""

    def __init__(self, folder: Path) -> None:
        self.port = str(folder / "reader")
        self._control = str(folder / "control")

    def __call__(self, deed: str, **facts: object) -> Message:
        with socket(AF_UNIX) as control:
            control.settimeout(_PATIENCE)
            control.connect(self._control)
            control.sendall(json.dumps({"cmd": deed, **facts}).encode() + b"\n")
            answer: Message = json.loads(control.makefile("r", encoding="utf-8").readline())
        assert answer["ok"], answer
        return answer

    def place(self, person: str) -> None:
        self("place", person=person)

    def fault(self, **faults: object) -> None:
        self("fault", faults=faults)

    def wait(self, figure: str, least: int) -> None:
        """Until it has been asked so often."""
        until = time.monotonic() + _PATIENCE
        while self("stats")[figure] < least:
            assert time.monotonic() < until, figure
            threading.Event().wait(0.02)

    @classmethod
    @contextmanager
    def running(cls, folder: Path, *options: str) -> Generator["Simulator"]:
        own = cls(folder)
        command = [sys.executable, str(SHARED / "idreader_sim.py"), "serve"]
        places = ["--link", own.port, "--ctl", own._control]
        with subprocess.Popen([*command, *places, *options], stdout=subprocess.PIPE) as process:
            try:
                assert cast("IO[bytes]", process.stdout).readline().startswith(b"ready")
                yield own
                assert own("stats")["read_finger"] == 0, "nobody takes fingerprints"
            finally:
                process.terminate()


class IdWorker:
    """`reader_agent.documents.id_worker` as the agent starts it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._heard: SimpleQueue[Message] = SimpleQueue()
        self.lines: list[Message] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def say(self, **order: object) -> None:
        stdin = cast("IO[bytes]", self._process.stdin)
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()

    def arm(self, number: int, fields: Sequence[str] = ()) -> None:
        salt = urlsafe_b64encode(SALT).decode().rstrip("=")
        self.say(do="arm", id=number, fields=fields, salt=salt)

    def hear(self, event: str) -> Message:
        """The next line; it has to be of this event."""
        try:
            message = self._heard.get(timeout=_PATIENCE)
        except Empty:
            raise AssertionError(f"no {event} came after {self.lines}") from None
        assert message["event"] == event, message
        return message

    def has_said_nothing(self) -> bool:
        return self._heard.empty()

    def end(self) -> None:
        """It leaves when stdin ends, in peace, and without a word on stderr."""
        cast("IO[bytes]", self._process.stdin).close()
        code = self._process.wait(_PATIENCE)
        assert (code, cast("IO[bytes]", self._process.stderr).read()) == (0, b"")
        self._listener.join()

    def _listen(self) -> None:
        for line in cast("IO[bytes]", self._process.stdout):
            message: Message = json.loads(line)
            self.lines.append(message)
            self._heard.put(message)


@contextmanager
def reading(port: str) -> Generator[IdWorker]:
    """A worker whose port is up, or not; its first line has not been heard yet."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-P", "-m", "reader_agent.documents.id_worker", port]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        worker = IdWorker(process)
        try:
            yield worker
            worker.end()
        finally:
            process.kill()
