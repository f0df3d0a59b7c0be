"""The calendar feed and the digest: what is due for exactly one person, and for no one else."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.actions.cases.complaints.handling import accept_complaint
from console.actions.cases.complaints.lodging import Told, lodge
from console.actions.staff.people import close_organisation, disable_user
from console.actions.today.digests import (
    choose_digest,
    digest_of,
    my_choice,
    my_digest,
    send_digests,
)
from console.actions.today.feeds import make_feed, my_feed, revoke_feed
from console.actions.waiting import WorkState
from console.actions.work import work_items
from console.app import served
from console.desk import Desk, House
from console.settings import Settings
from console.web.guard.logs import hidden
from models.calendar import Component, Due, calendar
from models.cases.complaints import Complaint, ComplaintKind
from models.refusals import Conflict, Invalid
from models.rules import china_day
from models.today import HowOften
from tests.conftest import Clock, Desks
from tests.public.doors import visitor_of

Entry = dict[str, str]


def entries(data: bytes) -> list[Entry]:
    """What a strict reader of RFC 5545 makes of it: each entry's properties, by their names."""
    text = data.decode()
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = text.removesuffix("\r\n").split("\r\n")
    assert all(0 < len(line.encode()) <= 75 for line in lines)
    whole: list[str] = []
    for line in lines:
        if line.startswith(" "):
            whole[-1] += line[1:]
        else:
            whole.append(line)
    open_: list[str] = []
    found: list[Entry] = []
    for line in whole:
        name, colon, value = line.partition(":")
        assert colon, line
        assert all(one.isprintable() for one in line), line
        if name == "BEGIN":
            open_.append(value)
            if value in set(Component):
                found.append({})
        elif name == "END":
            assert open_.pop() == value
        elif open_[-1] in set(Component):
            assert name not in found[-1], line
            found[-1][name] = value
        elif open_[-1] == "VALARM":
            found[-1][f"alarm {name}"] = value
    assert open_ == []
    assert whole[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    return found


def complaint_for(desk: Desk, house: House) -> Complaint:
    told = Told(ComplaintKind.OTHER, "有人在卖电话卡", province="44")
    return accept_complaint(desk, lodge(house, told).id)


def path_of(address: str) -> str:
    assert address.startswith("http://127.0.0.1:8501/calendar/")
    return address.removeprefix("http://127.0.0.1:8501")


# The calendar


def test_a_feed_shows_what_is_due_for_exactly_its_owner(desks: Desks, house: House) -> None:
    row = complaint_for(desks.manager, house)
    visitor = visitor_of(house)
    mine = visitor.get(path_of(make_feed(desks.manager)))
    others = visitor.get(path_of(make_feed(desks.other_manager)))
    (entry,) = entries(mine.content)

    assert mine.headers["content-type"] == "text/calendar; charset=utf-8"
    assert mine.headers["cache-control"] == "no-store"
    assert "set-cookie" not in mine.headers
    assert entry["SUMMARY"] == f"投诉举报 {row.number} 待答复"
    assert entry["DTSTART;VALUE=DATE"] == "20260317"  # the last day in time, in China
    assert entry["DTEND;VALUE=DATE"] == "20260318"
    assert entry["URL"] == f"http://127.0.0.1:8501/console/complaints?id={row.id}"
    assert entry["alarm TRIGGER"] == "-PT15H"  # nine in the morning of the day before
    assert entry["DTSTAMP"] == "20260302T040000Z"
    assert entries(others.content) == []
    assert "有人在卖" not in mine.text
    todo = visitor.get(f"{path_of(make_feed(desks.manager))}?as=todo")
    assert entries(todo.content)[0]["DUE;VALUE=DATE"] == "20260317"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_entry_keeps_its_name_from_one_day_to_the_next(
    desks: Desks, house: House, clock: Clock
) -> None:
    complaint_for(desks.manager, house)
    path, visitor = path_of(make_feed(desks.manager)), visitor_of(house)
    first = {one["UID"] for one in entries(visitor.get(path).content)}
    clock.pass_(days=1)
    assert {one["UID"] for one in entries(visitor.get(path).content)} == first
    assert len(first) == 1


def test_an_address_is_of_no_use_once_it_is_revoked_or_its_owner_is_gone(
    desks: Desks, house: House
) -> None:
    visitor = visitor_of(house)
    old = path_of(make_feed(desks.manager))
    new = path_of(make_feed(desks.manager))
    assert [visitor.get(one).status_code for one in (old, new)] == [404, 200]
    assert old.split("/")[-1] not in repr(my_feed(desks.manager))
    revoke_feed(desks.manager)
    assert visitor.get(new).status_code == 404
    with pytest.raises(Conflict, match="none"):
        revoke_feed(desks.manager)
    other, gone = path_of(make_feed(desks.approver)), path_of(make_feed(desks.other_manager))
    assert desks.approver.actor.id
    disable_user(desks.admin, desks.approver.actor.id)
    close_organisation(desks.admin, "CU-44")
    answers = [visitor.get(one) for one in (other, gone, "/calendar/x.ics", "/calendar/%00.ics")]
    assert {(one.status_code, one.text) for one in answers} == {(404, "404 Not Found\n")}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_feed_is_asked_for_and_guessed_only_so_often(desks: Desks, house: House) -> None:
    visitor = visitor_of(house)
    path = path_of(make_feed(desks.iot))
    assert [visitor.get(path).status_code for _ in range(22)][-3:] == [200, 429, 429]
    guesses = [visitor.get(f"/calendar/{n}.ics").status_code for n in range(22)]
    assert (guesses[0], guesses[-1]) == (404, 429)


def test_words_of_any_kind_stay_one_line_of_text() -> None:
    summary = "店铺；a,b;c\\d\r\nBEGIN:VEVENT\nX:1 \x00\u202e" + "长" * 200
    due = Due("k", summary, china_day(datetime(2026, 3, 1, tzinfo=UTC)))
    (entry,) = entries(
        calendar("n", [due], datetime(2026, 3, 1, tzinfo=UTC), home="h", component=Component.EVENT)
    )
    assert entry["SUMMARY"].startswith("店铺；a\\,b\\;c\\\\d BEGIN:VEVENT X:1 长长")
    assert entry["SUMMARY"].endswith("长" * 200)


# The digest


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_digest_counts_and_names_the_most_urgent_first(
    desks: Desks, house: House, clock: Clock
) -> None:
    late = complaint_for(desks.manager, house)
    clock.pass_(days=16)
    for _ in range(22):
        complaint_for(desks.manager, house)
    digest = digest_of(desks.manager, china_day(clock()))
    text = my_digest(desks.manager)

    assert (digest.counts[WorkState.OVERDUE], digest.counts[WorkState.DUE]) == (1, 22)
    assert digest.lines[WorkState.OVERDUE] == [f"投诉举报 {late.number} 待答复（2026-03-17）"]
    assert "另有 2 项" in text
    assert text.index(late.number) < text.index("TS-2026-000002")
    assert "没有待办事项" in my_digest(desks.regulator) or work_items(desks.regulator)


@dataclass
class MailServer:
    """A mail server on loopback: it keeps what it takes, and says what it is told to say."""

    context: ssl.SSLContext
    taken: list[EmailMessage] = field(default_factory=list[EmailMessage])
    to: list[str] = field(default_factory=list[str])
    rcpt: str = "250 ok"
    data: str = "250 taken"
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        while line := await reader.readline():
            verb = line.split(b" ")[0].strip().upper()
            answer = {b"EHLO": "250-mail.example\r\n250 8BITMIME", b"RCPT": self.rcpt}.get(verb)
            if verb == b"RCPT":
                self.to.append(line.decode().split("<")[1].split(">")[0])
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                if not self.data:
                    break
                if self.data.startswith("250"):
                    message = message_from_bytes(body[:-3], policy=policy.default)
                    self.taken.append(message)
                answer = self.data
            writer.write(f"{answer or '250 ok'}\r\n".encode())
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()


@contextmanager
def mail_server(folder: Path) -> Generator[tuple[MailServer, Path]]:
    root, context = certificate(folder)
    server, loop, up = MailServer(context), asyncio.new_event_loop(), threading.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        listening = loop.run_until_complete(
            asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
        )
        server.port = listening.sockets[0].getsockname()[1]
        up.set()
        loop.run_forever()
        listening.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield server, root
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Of `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    root, private = folder / "root.pem", folder / "mail.key"
    root.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(root, private)
    return root, context


def mailing(house: House, server: MailServer, root: Path) -> Desk:
    """The house at its own work, with that mail server."""
    changed = {
        "smtp_url": f"smtps://localhost:{server.port}",
        "smtp_from": "channel@example.com",
        "smtp_ca": root,
    }
    own = replace(house, settings=house.settings.model_copy(update=changed))
    return own.desk()


def test_a_digest_is_mailed_in_the_morning_and_at_most_once_a_day(
    desks: Desks, house: House, clock: Clock, tmp_path: Path
) -> None:
    row = complaint_for(desks.manager, house)
    choose_digest(desks.manager, HowOften.DAILY, "chen.ming@example.com")
    choose_digest(desks.other_manager, HowOften.DAILY, "wang.fang@example.com")  # nothing waits
    choose_digest(desks.approver, HowOften.NEVER, "")
    assert send_digests(desks.house) == 0  # no mail server is set
    with mail_server(tmp_path) as (server, root):
        sweep = mailing(house, server, root)
        clock.at = datetime(2026, 3, 3, 0, 29, tzinfo=UTC)  # 08:29 in China
        assert send_digests(sweep) == 0
        clock.pass_(minutes=1)
        assert [send_digests(sweep), send_digests(sweep)] == [1, 0]
        clock.pass_(days=1)
        assert send_digests(sweep) == 1
    first, _ = server.taken

    assert server.to == ["chen.ming@example.com"] * 2
    assert first["Subject"] == "待办摘要 2026-03-03（1 项）"
    assert first["From"] == "channel@example.com"
    assert row.number in first.get_content()
    choice = my_choice(desks.manager)
    assert choice
    assert (choice.sent_on, choice.last_words) == (china_day(clock()), "")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_weekly_digest_comes_once_a_week(
    desks: Desks, house: House, clock: Clock, tmp_path: Path
) -> None:
    complaint_for(desks.manager, house)
    choose_digest(desks.manager, HowOften.WEEKLY, "chen.ming@example.com")
    with mail_server(tmp_path) as (server, root):
        sweep = mailing(house, server, root)
        assert [sent_then_a_day(sweep, clock) for _ in range(8)] == [1, 0, 0, 0, 0, 0, 0, 1]


def sent_then_a_day(desk: Desk, clock: Clock) -> int:
    sent = send_digests(desk)
    clock.pass_(days=1)
    return sent


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_the_mail_server_says_is_kept_and_what_may_pass_is_tried_again(
    desks: Desks, house: House, clock: Clock, tmp_path: Path
) -> None:
    complaint_for(desks.manager, house)
    choose_digest(desks.manager, HowOften.DAILY, "chen.ming@example.com")

    def words() -> str:
        choice = my_choice(desks.manager)
        return choice.last_words if choice else ""

    with mail_server(tmp_path) as (server, root):
        sweep = mailing(house, server, root)
        server.rcpt = "451 try later"
        assert send_digests(sweep) == 0
        assert "451" in words()
        server.rcpt = "550 no such user"
        assert [send_digests(sweep), send_digests(sweep)] == [0, 0]
        assert len(server.to) == 2  # it said no for good, for today
        assert "no such user" in words()
        clock.pass_(days=1)
        server.rcpt, server.data = "250 ok", ""
        assert [send_digests(sweep), send_digests(sweep)] == [0, 0]
        assert "broke_off" in words()
        clock.pass_(days=1)
        server.data = "250 taken"
        assert send_digests(sweep) == 1
        stranger = mailing(house, server, tmp_path / "none.pem")
        clock.pass_(days=1)
        assert send_digests(replace_root(stranger)) == 0
        assert "certificate" in words()
    clock.pass_(days=1)
    assert send_digests(sweep) == 0
    assert "no_connection" in words()


def replace_root(desk: Desk) -> Desk:
    """Without the server's own root its certificate is nobody's."""
    settings = desk.house.settings.model_copy(update={"smtp_ca": None})
    return replace(desk, house=replace(desk.house, settings=settings))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_address_is_an_address(desks: Desks) -> None:
    for wrong in ("", "x", "a@b\r\nBcc: c@d", "a b@c.example", "ä@example.com", "a" * 255 + "@b.c"):
        with pytest.raises(Invalid, match="bad_address"):
            choose_digest(desks.manager, HowOften.DAILY, wrong)
    assert my_choice(desks.manager) is None
    with pytest.raises(Invalid, match="nobody"):
        choose_digest(desks.house, HowOften.NEVER, "")


def test_mail_settings_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANNEL_SMTP_URL", "smtps://mail.example:465")
    with pytest.raises(Invalid, match="wrong"):
        Settings.load()
    monkeypatch.setenv("CHANNEL_SMTP_FROM", "channel@example.com")
    assert Settings.load().smtp_from == "channel@example.com"
    monkeypatch.setenv("CHANNEL_SMTP_URL", "http://mail.example")
    with pytest.raises(Invalid, match="wrong"):
        Settings.load()


def test_no_address_of_a_calendar_stands_in_a_log() -> None:
    line = '127.0.0.1 - "GET /calendar/Ab-_9.ics?as=todo HTTP/1.1" 200'
    assert hidden(line) == '127.0.0.1 - "GET /calendar/…?as=todo HTTP/1.1" 200'


def test_the_server_writes_no_log_of_requests(house: House) -> None:
    """Streamlit turns it on, whatever the server was told; who reported would stand in it."""
    served(house, console=False)
    assert not logging.getLogger("uvicorn.access").isEnabledFor(logging.CRITICAL)
