"""The one door to a mail server. A mail carries notices; it never signs anybody in."""

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

from hub.problems import Unavailable
from hub.settings import RESERVED, Settings

SECONDS = 10.0  # a mail server takes its time; nobody waits behind it


class MailNotTaken(Unavailable):
    """The mail server cannot be reached, or did not take the mail."""

    title = "The mail server did not take the mail"


def possible(settings: Settings) -> bool:
    """Whether this installation sends mail at all."""
    return settings.smtp_url is not None


def send(settings: Settings, to: str, subject: str, text: str, at: datetime) -> None:
    """Hand a plain text over for one receiver. Raises MailNotTaken."""
    assert settings.smtp_url
    message = EmailMessage()
    message["From"] = settings.mail_from or f"no-reply@{urlsplit(settings.issuer_url).hostname}"
    message["To"], message["Subject"] = to, subject
    message["Date"], message["Message-ID"] = (
        format_datetime(at),
        make_msgid(domain=urlsplit(settings.issuer_url).hostname),
    )
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    message.set_content(text)
    try:
        with _connected(settings.smtp_url.get_secret_value()) as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise MailNotTaken(type(error).__name__) from error


def _connected(url: str) -> smtplib.SMTP:
    """A connection in TLS (RFC 8314, RFC 3207); without it only to this machine and to names that are never real."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=SECONDS)
        if not host.endswith((*RESERVED, "127.0.0.1")):
            server.starttls(context=ssl.create_default_context())
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server
