"""A counter: a paired laptop with card readers, the console that it dials, and the agent itself."""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from tests.reader.far_console import FarConsole
from tests.reader.stack import ROOT, Child

CODE = "ABCDE23456"


@dataclass(frozen=True)
class Ended:
    code: int
    said: str
    complaint: str

    @property
    def lines(self) -> Sequence[dict[str, Any]]:
        return [json.loads(line) for line in self.said.splitlines()]


class Cable:
    """The way to the console, which can be pulled and plugged in again."""

    def __init__(self, url: str) -> None:
        self._there = ("127.0.0.1", urlsplit(url).port or 0)
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._here = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self._here[1]}"
        self.plug_in()

    def plug_in(self) -> None:
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(self._here)
        Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def pull(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._there)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(65536):
                other.sendall(piece)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)


class Program:
    """The agent of one laptop, whatever console that is paired with."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def does(self, *words: str, lang: str = "en") -> Ended:
        """One command from start to end."""
        command = [sys.executable, "-m", "reader_agent", "--lang", lang, "--state", str(self.state)]
        done = subprocess.run(
            [*command, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def starts(self, *words: str) -> Child:
        """A command that goes on, with its lines of JSON as they come."""
        return Child("commands.cli", "--json", "--state", str(self.state), *words)

    @staticmethod
    def hears(agent: Child, *wanted: str) -> None:
        """Each of these, in whatever order."""
        left = list(wanted)
        while left:
            event = agent.next()["event"]
            if event in left:
                left.remove(event)

    @property
    def log(self) -> str:
        return (self.state / "agent.log").read_text("utf-8")


class Counter(Program):
    """One that the console of this folder's tests knows."""

    def __init__(self, far: FarConsole, state: Path) -> None:
        super().__init__(state)
        self.far = far

    def pair(self, url: str = "") -> None:
        self.far.codes.add(CODE)
        done = self.does("enrol", "--console", url or self.far.url, "--code", CODE)
        assert done.code == 0, done.complaint
