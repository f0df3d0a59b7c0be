"""Mail by SMTP (RFC 5321) over TLS: one message to one person, and the three ways it can fail.

`smtps://` speaks TLS from the first byte (RFC 8314); `smtp://` goes over to it by STARTTLS and
sends nothing when that is not to be had.
"""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from integrations.marketplaces.base import TurnedDown, Unreachable, Unreadable

_SECONDS: Final = 10.0
_LONGEST_WORDS: Final = 500
_FOR_GOOD: Final = 500
"""From here on the server says no for good (RFC 5321 4.2.1)."""
_PORTS: Final = {"smtps": 465, "smtp": 587}


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server and the address that mail comes from."""

    url: str
    sender: str
    root: Path | None = None
    """The root certificate of an own server, in PEM."""

    def send(self, mail: Mail) -> None:
        """`Unreachable`: not sent, may pass later. `TurnedDown`: they will not take it.
        `Unreadable`: it broke off after the text was on its way, so nobody knows.
        """
        message = self._message(mail)
        try:
            server = self._opened()
        except (OSError, smtplib.SMTPException) as error:
            raise _before(error) from error
        try:
            self._greet(server, mail)
            code, words = server.data(message.as_bytes(policy=SMTP))
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise Unreadable("broke_off", words=str(error)[:_LONGEST_WORDS]) from error
        finally:
            _leave(server)
        if code != 250:  # noqa: PLR2004 - RFC 5321: taken
            raise _refused(code, words)

    def _opened(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        context = ssl.create_default_context(cafile=self.root)
        server: smtplib.SMTP
        if parts.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(host, port, timeout=_SECONDS)
        try:
            if parts.scheme == "smtp":
                server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP, mail: Mail) -> None:
        """Everything up to the text: what fails here was not sent."""
        try:
            for code, words in (server.mail(self.sender), server.rcpt(mail.to)):
                if code not in {250, 251}:
                    raise _refused(code, words)
        except (smtplib.SMTPException, OSError) as error:
            raise _before(error) from error

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = self.sender, mail.to, mail.subject
        message["Date"], message["Message-ID"] = (
            formatdate(),
            make_msgid(domain=self.sender.rpartition("@")[2]),
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="base64")
        return message


def _before(error: Exception) -> Unreachable | TurnedDown:
    """Why nothing was sent: their word for good, or a fault that may pass."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _refused(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return TurnedDown("no_tls", words=str(error)[:_LONGEST_WORDS])
    if isinstance(error, ssl.SSLCertVerificationError):
        return TurnedDown("certificate", words=error.verify_message[:_LONGEST_WORDS])
    return Unreachable("no_connection", words=str(error)[:_LONGEST_WORDS])


def _refused(code: int, words: bytes | str) -> Unreachable | TurnedDown:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    kind = TurnedDown if code >= _FOR_GOOD else Unreachable
    return kind("answer", code=code, words=said[:_LONGEST_WORDS])


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()
