"""How the mail server answers: it accepts everything, unless there is a fault or no sign-in."""

import asyncio
import hmac
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lib.standins.mail.faults import Faults
from lib.standins.mail.inbox import Inbox


class Handler:
    """The hooks that aiosmtpd calls, one for each command."""

    def __init__(
        self, inbox: Inbox, faults: Faults, latency: Callable[[], float], credentials: tuple[str, str] | None
    ) -> None:
        self._inbox = inbox
        self._faults = faults
        self._latency = latency
        self._credentials = credentials

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        """True when user and password are right."""
        good = isinstance(given, LoginPassword) and self._credentials is not None
        if good and self._credentials is not None:
            wanted = tuple(text.encode() for text in self._credentials)
            good = all(hmac.compare_digest(*pair) for pair in zip(wanted, given, strict=True))
        if good and not self._faults.strikes("auth"):
            return AuthResult(success=True, auth_data=given)
        return AuthResult(success=False, handled=False)

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer the sign-in only when there is one."""
        session.host_name = hostname
        return [line for line in responses if self._credentials or not line.startswith("250-AUTH")]

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """The sender: here it may be busy, or refuse without a sign-in."""
        if self._credentials and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self._faults.strikes("busy"):
            return f"451 4.3.2 Cannot take mail of {address} now, try again later"
        if not address.isascii() and "SMTPUTF8" not in options:
            return "553 5.6.7 Address needs SMTPUTF8"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient."""
        if self._faults.strikes("recipient"):
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if not address.isascii() and not envelope.smtp_utf8:
            return "553 5.6.7 Address needs SMTPUTF8"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """A complete message: keep it and confirm."""
        if self._faults.strikes("data"):
            return f"554 5.7.1 Message to {', '.join(envelope.rcpt_tos)} rejected as spam"
        content = envelope.original_content or b""
        number = self._inbox.keep(envelope.mail_from or "", envelope.rcpt_tos, content)
        if self._faults.strikes("drop_after"):
            await end_connection(server)
        if seconds := self._latency():
            await asyncio.sleep(seconds)
        return f"250 2.0.0 OK: queued as STANDIN{number:06d}"

    async def handle_exception(self, _error: Exception) -> str:
        """Mostly a client that disconnected. aiosmtpd would log it with what the client had sent."""
        return "451 4.3.0 Local error"


async def end_connection(server: SMTP) -> None:
    """Cut the connection. Never returns, because a lost connection ends the caller's task."""
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
    await asyncio.get_running_loop().create_future()
