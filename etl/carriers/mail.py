"""E-mail by SMTP: ``security`` is ``starttls`` (usual), ``tls`` from the first byte, or ``none`` for a server of one's own."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from etl.carriers.config import CarrierSettings
from geogrid.domain.notices import Delivery
from geogrid.errors import CarrierDown, CarrierError, CarriersInvalid

SECURITIES = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
OF_A_SUBJECT = 60  # characters of the text that stand in the subject


def message_of(delivery: Delivery, settings: CarrierSettings) -> EmailMessage:
    """Return the message; its Message-ID is the same at every try, so that mail programs show it once.

    Raises
    ------
    CarrierError
        where the address is none
    """
    text = delivery.notice.texts.get(settings.get("language", "zh"), "")
    sender = settings.values["sender"]
    message = EmailMessage()
    try:
        message["From"], message["To"] = sender, delivery.to.address
        message["Subject"] = " ".join(f"{settings.get('subject', '')} {text[:OF_A_SUBJECT]}".split())
        message["Message-ID"] = f"<{delivery.id}@{sender.rpartition('@')[2].rstrip('>')}>"
        message["Idempotency-Key"] = str(delivery.id)
        message["Auto-Submitted"] = "auto-generated"
    except ValueError as error:
        raise CarrierError(carrier=settings.name, reason=str(error)) from error
    message.set_content(text)
    return message


def send(delivery: Delivery, settings: CarrierSettings) -> None:
    """Hand the message to the server; a recipient it refuses for good is not tried again."""
    message = message_of(delivery, settings)
    try:
        with _opened(settings) as server:
            if settings.get("user", ""):
                server.login(settings.values["user"], settings.secret(settings.get("password", "mail_password")))
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        kind = CarrierError if codes and min(codes) >= 500 else CarrierDown
        raise kind(carrier=settings.name, reason=f"the recipient was refused ({codes})") from error
    except smtplib.SMTPResponseException as error:
        kind = CarrierError if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500 else CarrierDown
        raise kind(carrier=settings.name, reason=f"the server said {error.smtp_code}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise CarrierDown(carrier=settings.name, reason=f"{type(error).__name__}: {error}") from error


def _opened(settings: CarrierSettings) -> smtplib.SMTP:
    security = settings.get("security", "starttls")
    if security not in SECURITIES:
        raise CarriersInvalid(name="carriers.toml", reason=f"mail.security is {security}; known: {', '.join(SECURITIES)}")
    host, port, timeout_s = settings.values["host"], settings.get("port", PORTS[security]), settings.get("timeout_s", 20)
    if security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=timeout_s, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=timeout_s)
    if security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server
