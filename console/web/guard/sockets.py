"""Open sockets: whose they are, what may pass, and how they end."""

import asyncio
import re
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from console.web.guard.door import Door, GuardRules, Login

PASSED: Final = frozenset(
    {"rerun_script", "stop_script", "file_urls_request", "app_heartbeat"},
)
OPERATIONS: Final = frozenset({"deferred_file", "dataframe_chunk"})
"""Asking the server to install things or to forget advice is not among them."""
MEDIA: Final = re.compile(rb"/media/([0-9a-f]{16,128})\b")
SIGNED_OUT: Final = 4401
NOT_BINARY: Final = 1003
MALFORMED: Final = 1002


class Owners:
    """Which logins were given a key. Forgets the oldest, and what it forgot is nobody's."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._logins: OrderedDict[str, set[str]] = OrderedDict()

    def claim(self, key: str, session: str) -> None:
        self._logins.setdefault(key, set()).add(session)
        self._logins.move_to_end(key)
        if len(self._logins) > self._limit:
            self._logins.popitem(last=False)

    def is_known(self, key: str) -> bool:
        return key in self._logins

    def has(self, key: str, session: str) -> bool:
        return session in self._logins.get(key, ())

    def forget(self, session: str) -> None:
        for key in [key for key, logins in self._logins.items() if session in logins]:
            self._logins[key].discard(session)
            if not self._logins[key]:
                del self._logins[key]


class Ledger:
    """Streamlit's sessions and files, by the login that got them."""

    def __init__(self) -> None:
        self.sessions = Owners(20_000)
        self.media = Owners(100_000)

    def forget(self, session: str) -> None:
        self.sessions.forget(session)
        self.media.forget(session)


@dataclass(frozen=True, slots=True)
class Pass:
    """With what a socket came in."""

    login: Login
    token: str
    address: str


class Socket:
    def __init__(self, given: Pass, door: Door, ledger: Ledger, touch_every: float) -> None:
        self.given = given
        self._door = door
        self._ledger = ledger
        self._touch_every = touch_every
        self._touched = 0.0
        self._is_fresh = True
        self._is_named = False
        self._ended = asyncio.Event()
        self._code = SIGNED_OUT

    def end(self, code: int = SIGNED_OUT) -> None:
        self._code = code
        self._ended.set()

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def give() -> Message:
            while not self._ended.is_set():
                message = await self._heard(receive)
                if message is None:
                    break
                if message["type"] != "websocket.receive" or await self._passes(message):
                    return message
            await send({"type": "websocket.close", "code": self._code})
            return {"type": "websocket.disconnect", "code": self._code}

        async def take(message: Message) -> None:
            if self._ended.is_set():
                return
            data: bytes | None = message.get("bytes")
            if data:
                self._learn(data)
            await send(message)

        await app(scope, give, take)

    async def _heard(self, receive: Receive) -> Message | None:
        """What the client says next, or nothing once the socket has ended."""
        message = asyncio.ensure_future(receive())
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({message, ended}, return_when=asyncio.FIRST_COMPLETED)
            return None if self._ended.is_set() else message.result()
        finally:
            message.cancel()
            ended.cancel()

    async def _passes(self, message: Message) -> bool:
        data: bytes | None = message.get("bytes")
        if data is None:
            self.end(NOT_BINARY)
            return False
        try:
            said = BackMsg.FromString(data)
        except DecodeError:
            self.end(MALFORMED)
            return False
        kind = said.WhichOneof("type")
        if kind == "backend_operation_request":
            return said.backend_operation_request.WhichOneof("payload") in OPERATIONS
        if kind == "rerun_script":
            return await self._may_run(by_hand=not said.rerun_script.is_auto_rerun)
        return kind in PASSED

    async def _may_run(self, *, by_hand: bool) -> bool:
        login = await asyncio.to_thread(self._door.login_of, self.given.token)
        if login != self.given.login:
            self.end()
            return False
        # A socket's first run is asked for by the page itself, each time it reconnects.
        if by_hand and not self._is_fresh and time.monotonic() > self._touched + self._touch_every:
            self._touched = time.monotonic()
            await asyncio.to_thread(self._door.touch, self.given.login.session)
        self._is_fresh = False
        return True

    def _learn(self, data: bytes) -> None:
        session = self.given.login.session
        for found in MEDIA.finditer(data):
            self._ledger.media.claim(found[1].decode(), session)
        if self._is_named:
            return
        name = ForwardMsg.FromString(data).new_session.initialize.session_id
        if name:
            self._is_named = True
            self._ledger.sessions.claim(name, session)


class Sockets:
    """All open sockets. A login's end closes its own at once, asked from any thread."""

    def __init__(self, door: Door, rules: GuardRules, ledger: Ledger) -> None:
        self._door = door
        self._rules = rules
        self._ledger = ledger
        self._open: set[Socket] = set()
        self._by_address: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._round: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def has_room(self, address: str) -> bool:
        return (
            len(self._open) < self._rules.sockets_total
            and self._by_address[address] < self._rules.sockets_per_address
        )

    def admit(self, given: Pass) -> Socket:
        """Count it in, without a pause after `has_room`, so that a crowd cannot slip through."""
        socket = Socket(given, self._door, self._ledger, self._rules.touch_every)
        self._open.add(socket)
        self._by_address[given.address] += 1
        self._loop = asyncio.get_running_loop()
        if self._round is None:
            self._round = self._loop.create_task(self._look_again())
        return socket

    def release(self, socket: Socket) -> None:
        self._open.discard(socket)
        self._by_address[socket.given.address] -= 1
        if not self._by_address[socket.given.address]:
            del self._by_address[socket.given.address]

    def close(self, session: str) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._close_now, session)

    def _close_now(self, session: str) -> None:
        self._ledger.forget(session)
        for socket in self._open:
            if socket.given.login.session == session:
                socket.end()

    async def _look_again(self) -> None:
        """Close what lost its login meanwhile; goes on after a failed look-up, ends when empty."""
        try:
            await asyncio.sleep(self._rules.check_every)
            for token in {socket.given.token for socket in self._open}:
                login = await asyncio.to_thread(self._door.login_of, token)
                for socket in self._open:
                    if socket.given.token == token and socket.given.login != login:
                        socket.end()
        finally:
            self._round = None
            if self._open and self._loop is not None and self._loop.is_running():
                self._round = self._loop.create_task(self._look_again())
