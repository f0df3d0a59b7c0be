"""The guard itself: a pure ASGI layer, because a websocket never reaches any other kind."""

import asyncio
import json
import secrets
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.guard.door import LOGIN_HEADER, MIB, USER_HEADER, Door, GuardRules, Login
from console.web.guard.headers import Headers, Outgoing
from console.web.guard.requests import (
    MESSAGES,
    Refused,
    head_refused,
    is_forged,
    is_navigation,
    is_own_origin,
    to_sign_in,
    token_of,
    value_of,
    values_of,
    without_trusted,
)
from console.web.guard.sockets import Ledger, Pass, Sockets

MEDIA_LIMIT: Final = MIB
"""Past this, Streamlit names a file by samples of it, so two files may share one address."""
MULTIPLE: Final = 300
POLICY_VIOLATION: Final = 1008
RESUME_AT: Final = 2
"""The place of the session id in Sec-WebSocket-Protocol: subprotocol, XSRF token, session."""


class Answer:
    """One response on its way out, dressed, and replaced when it may not leave."""

    def __init__(self, send: Send, scope: Scope, outgoing: Outgoing, media: str) -> None:
        self._send = send
        self._path: str = scope["path"]
        self._request_id: bytes = scope["state"]["request_id"].encode()
        self._outgoing = outgoing
        self._is_media = self._path.startswith(media)
        self._is_replaced = False
        self.is_started = False

    async def send(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            headers: Headers = list(message.get("headers", ()))
            if self._is_media and message["status"] < MULTIPLE and not _is_small(headers):
                await self.refuse(Refused(403, "guard.not_yours"))
                return
            self.is_started = True
            dressed = self._outgoing.dressed(headers, self._path, self._request_id)
            message = {**message, "headers": dressed}
        await self._send(message)

    async def refuse(self, no: Refused) -> None:
        """Say no in place of whatever else would be said."""
        told = {"code": no.code, "message": MESSAGES[no.code], "facts": dict(no.facts)}
        body = b"" if no.location else json.dumps(told, ensure_ascii=False).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if no.location:
            headers.append((b"location", no.location.encode()))
        if no.code == "guard.body":
            headers.append((b"connection", b"close"))
        self.is_started = self._is_replaced = True
        dressed = self._outgoing.dressed(headers, self._path, self._request_id)
        await self._send({"type": "http.response.start", "status": no.status, "headers": dressed})
        await self._send({"type": "http.response.body", "body": body})


class Body:
    """Counts what comes in, and breaks off when it is too much."""

    def __init__(self, receive: Receive, limit: int, answer: Answer) -> None:
        self._receive = receive
        self._left = limit
        self._refusal = Refused(413, "guard.body", {"limit": limit})
        self._answer = answer
        self.is_over = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0:
            return message
        if not self.is_over and not self._answer.is_started:
            await self._answer.refuse(self._refusal)
        self.is_over = True
        return {"type": "http.disconnect"}

    def is_announced_too_big(self, scope: Scope) -> Refused | None:
        length = value_of(scope, "content-length") or "0"
        return self._refusal if not length.isdigit() or int(length) > self._left else None


class Guard:
    def __init__(self, app: ASGIApp, door: Door, rules: GuardRules) -> None:
        self._app = app
        self._door = door
        self._rules = rules
        self._ledger = Ledger()
        self._outgoing = Outgoing(rules)
        self.sockets = Sockets(door, rules, self._ledger)

    def close(self, session: str) -> None:
        """End every socket of a login session now; from any thread."""
        self.sockets.close(session)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        token = token_of(scope, self._rules.cookie)
        state = {**scope.get("state", {}), "request_id": secrets.token_hex(8), "token": token}
        refused = head_refused(scope, self._rules)
        scope = {**scope, "headers": without_trusted(scope), "state": state}
        if scope["type"] == "http":
            await self._http(scope, receive, send, refused)
        elif refused or not await self._websocket(scope, receive, send):
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    async def _login(self, scope: Scope) -> Login | None:
        token: str | None = scope["state"]["token"]
        return await asyncio.to_thread(self._door.login_of, token) if token else None

    async def _http(
        self, scope: Scope, receive: Receive, send: Send, refused: Refused | None
    ) -> None:
        answer = Answer(send, scope, self._outgoing, self._rules.media)
        body = Body(receive, self._rules.limit_of(scope["path"]), answer)
        refused = refused or body.is_announced_too_big(scope) or await self._refused(scope)
        if refused:
            await answer.refuse(refused)
            return
        if scope["path"].startswith(self._rules.media):
            scope = _uncompressed(scope)
        try:
            await self._app(scope, body.receive, answer.send)
        except ClientDisconnect:
            if not body.is_over:
                raise

    async def _refused(self, scope: Scope) -> Refused | None:
        console, path = self._rules.console, str(scope["path"])
        if is_forged(scope, self._rules):
            return Refused(403, "guard.origin")
        if path == console or path.startswith(f"{console}/"):
            return await self._console_refused(scope, path)
        return None

    async def _console_refused(self, scope: Scope, path: str) -> Refused | None:
        rules = self._rules
        if path.startswith(rules.closed_paths):
            return Refused(403, "guard.closed")
        if values_of(scope, "origin") and not is_own_origin(scope, rules):
            # Streamlit would ask an outside service for our address to judge it.
            return Refused(403, "guard.origin")
        if path.startswith(rules.open_paths):
            return None
        login = await self._login(scope)
        if login is None:
            is_page = is_navigation(scope, rules)
            return to_sign_in(scope, rules) if is_page else Refused(401, "guard.sign_in")
        if is_navigation(scope, rules):
            await asyncio.to_thread(self._door.touch, login.session)
        return None if self._is_owner(path, login) else Refused(403, "guard.not_yours")

    def _is_owner(self, path: str, login: Login) -> bool:
        if path.startswith(self._rules.uploads):
            session = path.removeprefix(self._rules.uploads).partition("/")[0]
            return self._ledger.sessions.has(session, login.session)
        if path.startswith(self._rules.media):
            name = path.removeprefix(self._rules.media).partition(".")[0]
            return self._ledger.media.has(name, login.session)
        return True

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Serve the socket, or say false before it was accepted."""
        if scope["path"] != self._rules.stream or not is_own_origin(scope, self._rules):
            return False
        address = str((scope.get("client") or ("",))[0])
        login = await self._login(scope)
        if login is None or not self.sockets.has_room(address):
            return False
        protocols = self._protocols(scope, login)
        if protocols is None:
            return False
        token: str = scope["state"]["token"]
        socket = self.sockets.admit(Pass(login, token, address))
        try:
            await socket.run(self._app, _introduced(scope, protocols, login), receive, send)
        finally:
            self.sockets.release(socket)
        return True

    def _protocols(self, scope: Scope, login: Login) -> str | None:
        """What to ask Streamlit for; none when the session to resume is another login's.

        A session that nobody is known to own (we restarted, or its login signed out) is not
        resumed: its id is taken out and Streamlit opens a new one.
        """
        offers = values_of(scope, "sec-websocket-protocol")
        if len(offers) > 1:
            return None
        words = [word.strip() for offer in offers for word in offer.split(",")]
        for wanted in filter(None, words[RESUME_AT:]):
            if self._ledger.sessions.has(wanted, login.session):
                continue
            if self._ledger.sessions.is_known(wanted):
                return None
            words = words[:RESUME_AT]
        return ", ".join(words)


def _introduced(scope: Scope, protocols: str, login: Login) -> Scope:
    """The handshake as Streamlit may see it: who this is, in headers that only we can send."""
    headers: Headers = [
        pair for pair in scope["headers"] if pair[0].lower() != b"sec-websocket-protocol"
    ]
    if protocols:
        headers.append((b"sec-websocket-protocol", protocols.encode("latin-1")))
    headers.append((LOGIN_HEADER.encode(), login.session.encode()))
    headers.append((USER_HEADER.encode(), login.user.encode()))
    return {**scope, "headers": headers}


def _is_small(headers: Headers) -> bool:
    """Whether the whole file, of which this may be a range, is named by all of its bytes."""
    found = {name.lower(): value for name, value in headers}
    whole = found.get(b"content-range", b"").rpartition(b"/")[2] or found.get(b"content-length")
    return bool(whole and whole.isdigit()) and int(whole or 0) <= MEDIA_LIMIT


def _uncompressed(scope: Scope) -> Scope:
    """Ask for the file as it is, so that the answer's length is the file's."""
    headers: Headers = scope["headers"]
    return {**scope, "headers": [pair for pair in headers if pair[0] != b"accept-encoding"]}
