"""Mail over `smtp://`: nothing of it, nor the password, leaves before the line is sealed."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from integrations.mail import Mail, Mailer
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable
from tests.public.test_calendar_feed import certificate

MAIL = Mail("chen.ming@example.com", "今日待办 3 项", "案件 CASE-2026-000001 今日到期")
NAME, PASSWORD = "channel", "p@ss:word"
END = b"\r\n.\r\n"


@dataclass
class Server:
    """A submission server (RFC 6409) on loopback that seals its line by STARTTLS (RFC 3207)."""

    context: ssl.SSLContext
    offers: bool = True
    answer: str = "220 go ahead"
    login: str = "235 ok"
    port: int = 0
    plain: list[str] = field(default_factory=list[str])
    """What it heard in the clear, and then what it heard sealed."""
    sealed: list[str] = field(default_factory=list[str])
    taken: list[EmailMessage] = field(default_factory=list[EmailMessage])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has hung up
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard, is_sealed = self.plain, False
        writer.write(b"220 mail.example ESMTP\r\n")
        while line := await reader.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            heard.append(words)
            match verb:
                case "EHLO":
                    more = "AUTH PLAIN" if is_sealed else "STARTTLS" if self.offers else "HELP"
                    said = f"250-mail.example\r\n250-8BITMIME\r\n250 {more}"
                case "STARTTLS":
                    said = self.answer
                case "AUTH":
                    said = self.login
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    body = await reader.readuntil(END)
                    self.taken.append(
                        message_from_bytes(body.removesuffix(END), policy=policy.default)
                    )
                    said = "250 taken"
                case _:
                    said = "250 ok"
            writer.write(f"{said}\r\n".encode())
            await writer.drain()
            if verb == "STARTTLS" and said.startswith("220"):
                await writer.start_tls(self.context)
                heard, is_sealed = self.sealed, True
            if verb == "QUIT":
                return


@contextmanager
def listening(server: Server) -> Generator[Server]:
    loop, up = asyncio.new_event_loop(), threading.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        open_ = loop.run_until_complete(asyncio.start_server(server.serve, "127.0.0.1", 0))
        server.port = open_.sockets[0].getsockname()[1]
        up.set()
        loop.run_forever()
        open_.close()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@pytest.fixture
def sealed(tmp_path: Path) -> Generator[tuple[Server, Path]]:
    root, context = certificate(tmp_path)
    with listening(Server(context)) as server:
        yield server, root


def mailer(server: Server, root: Path | None, host: str = "localhost") -> Mailer:
    url = f"smtp://{NAME}:p%40ss%3Aword@{host}:{server.port}"
    return Mailer(url, "channel@example.com", root)


def refused(server: Server, root: Path | None, host: str = "localhost") -> SourceError:
    with pytest.raises(SourceError) as no:
        mailer(server, root, host).send(MAIL)
    assert server.taken == []
    return no.value


def test_mail_goes_over_a_line_that_is_sealed_first(sealed: tuple[Server, Path]) -> None:
    server, root = sealed
    mailer(server, root).send(MAIL)
    (taken,) = server.taken
    (auth,) = [one for one in server.sealed if one.startswith("AUTH")]

    assert [one.split(" ")[0].upper() for one in server.plain] == ["EHLO", "STARTTLS"]
    assert server.sealed[0].upper().startswith("EHLO")
    assert base64.b64decode(auth.split(" ")[-1]).decode().split("\0") == ["", NAME, PASSWORD]
    assert (taken["To"], taken["Subject"]) == (MAIL.to, MAIL.subject)
    assert taken.get_content().strip() == MAIL.text


def test_a_server_without_starttls_gets_neither_password_nor_mail(
    sealed: tuple[Server, Path],
) -> None:
    """As somebody on the way makes it look who strips the offer."""
    server, root = sealed
    server.offers = False
    no = refused(server, root)

    assert isinstance(no, TurnedDown)
    assert "no_tls" in str(no.reason)
    assert {one.split(" ")[0].upper() for one in server.plain} <= {"EHLO", "QUIT"}
    assert server.sealed == []


def test_a_server_that_can_not_seal_just_now_is_asked_again_later(
    sealed: tuple[Server, Path],
) -> None:
    server, root = sealed
    server.answer = "454 TLS not available due to temporary reason"
    no = refused(server, root)

    assert isinstance(no, Unreachable)
    assert not any(one.startswith(("AUTH", "MAIL", "mail")) for one in server.plain)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_that_is_strange_or_of_another_host_gets_no_password(
    sealed: tuple[Server, Path], host: str
) -> None:
    server, root = sealed
    no = refused(server, None if host == "localhost" else root, host)

    assert isinstance(no, TurnedDown)
    assert "certificate" in str(no.reason)
    assert server.sealed == []


def test_what_was_put_into_the_clear_line_is_no_answer(sealed: tuple[Server, Path]) -> None:
    """An answer that follows the go-ahead in the clear is somebody else's (CVE-2011-0411)."""
    server, root = sealed
    server.answer = "220 go ahead\r\n250 AUTH LOGIN"
    try:
        mailer(server, root).send(MAIL)
    except SourceError:
        assert server.sealed == []
    else:
        assert "AUTH" in " ".join(server.sealed)
        assert len(server.taken) == 1


def test_a_wrong_password_is_said_so_for_good(sealed: tuple[Server, Path]) -> None:
    server, root = sealed
    server.login = "535 5.7.8 authentication failed"
    no = refused(server, root)

    assert isinstance(no, TurnedDown)
    assert PASSWORD not in str(no.reason)
