"""Turns what the mail server, a socket or TLS say into `lib.clients.errors`.

Of a server's answer only codes are kept: its words often quote addresses and parts of the message.
"""

import re
import smtplib
import socket
import ssl
from dataclasses import dataclass

from lib.clients.errors import AuthFailed, Busy, Rejected, RemoteError, UnexpectedReply, Unreachable

SYSTEM = "Mail server"
BELOW = (smtplib.SMTPException, OSError, ValueError)
"""Everything that smtplib, a socket or TLS can raise in a conversation."""
Reply = tuple[int, bytes]

_ENHANCED = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# RFC 3463, without the first digit: 5.1.1 and 4.1.1 mean the same, one for ever and one for now.
_MEANINGS = {
    "1.1": "it knows no such mailbox",
    "1.2": "it does not find the domain",
    "1.3": "it does not accept the address",
    "1.6": "the mailbox has moved",
    "1.10": "the domain accepts no mail",
    "2.1": "the mailbox is closed",
    "2.2": "the mailbox is full",
    "2.3": "it is too large",
    "3.4": "it is too large",
    "4.4": "it cannot reach the domain's mail server",
    "7.1": "its rules do not allow it",
}


@dataclass(frozen=True)
class Operation:
    """What is being done, as an imperative phrase, and whether it changes something."""

    phrase: str
    writes: bool

    def error(
        self,
        kind: type[RemoteError],
        detail: str,
        *,
        codes: tuple[str, ...] = (),
        maybe_done: bool = False,
        status: int | None = None,
    ) -> RemoteError:
        """An error of this operation."""
        return kind(
            SYSTEM,
            self.phrase,
            writes=self.writes,
            maybe_done=maybe_done and self.writes,
            detail=detail,
            codes=codes,
            status=status,
        )

    def refusal(self, what: str, reply: Reply, *, maybe_done: bool = False) -> RemoteError:
        """The error for a reply other than the expected one; `what` says what was refused.

        `maybe_done` counts only when the reply says neither yes nor no.
        """
        code, text = reply
        if not 400 <= code <= 599:
            return self.error(UnexpectedReply, f"{what}, not a valid answer", maybe_done=maybe_done)
        enhanced = _enhanced(text)
        codes = (str(code), enhanced) if enhanced else (str(code),)
        if code in (530, 534, 535):
            return self.sign_in_error("", codes)
        meaning = _MEANINGS.get(enhanced.partition(".")[2], "")
        detail = f"{what}: {meaning}" if meaning else what
        return self.error(Rejected if code >= 500 else Busy, detail, codes=codes)

    def sign_in_error(self, detail: str, codes: tuple[str, ...] = ()) -> RemoteError:
        """The error for a sign-in that was refused or could not be tried."""
        # By the 401 AuthFailed knows a refused sign-in from a missing permission.
        return self.error(AuthFailed, detail, codes=codes, status=401)


def translate(error: Exception, operation: Operation, *, handed_over: bool, overdue: bool) -> RemoteError:
    """Our error for what smtplib, the socket or TLS raised.

    `handed_over`: the whole message was sent, so it may be accepted. `overdue`: we cut the conversation off because
    it took too long.
    """
    kind: type[RemoteError] = Unreachable
    match error:
        case ssl.SSLCertVerificationError():
            detail = f"TLS: {error.verify_message}"
        case ssl.SSLError():
            detail = "TLS could not be agreed on"
        case smtplib.SMTPResponseException():
            kind, detail = UnexpectedReply, "not a valid answer"
        case socket.gaierror():
            detail = "no server has this name"
        case ConnectionRefusedError():
            detail = "connection refused"
        case _ if overdue:
            detail = "it took too long"
        case TimeoutError():
            detail = "no answer in time"
        case OSError():
            detail = "the connection ended, or no answer came in time"
        case _:
            kind, detail = Rejected, f"the request could not be built, {type(error).__name__}"
    if handed_over:
        detail += "; the e-mail may have been accepted before"
    return operation.error(kind, detail, maybe_done=handed_over)


def _enhanced(text: bytes) -> str:
    found = _ENHANCED.match(text)
    return found[1].decode("ascii") if found else ""
