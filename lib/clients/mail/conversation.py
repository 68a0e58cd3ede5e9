"""One conversation with the mail server, step by step, so that we know how far it got."""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from types import TracebackType
from typing import Self

from lib.clients.errors import Rejected, RemoteError, Unreachable
from lib.clients.mail.compose import Composed
from lib.clients.mail.config import MailConfig
from lib.clients.mail.refusals import Operation, Reply

_PATIENCE = 4
_MECHANISMS = {"CRAM-MD5", "PLAIN", "LOGIN"}
_LINE_STARTS_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)


class Conversation:
    """Enter it to connect. Methods raise `RemoteError` for a refusal; errors of smtplib and sockets come as they are.

    `handed_over` becomes true when the whole message was sent: a lost answer then leaves the outcome unknown.
    """

    def __init__(self, config: MailConfig, operation: Operation) -> None:
        self.handed_over = False
        self.overdue = False
        self._config = config
        self._operation = operation
        self._smtp = _Smtp(config.host)
        self._watch = threading.Timer(_PATIENCE * config.read_seconds, self._cut_off)
        self._watch.daemon = True

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, RemoteError):
            # Everything is done by then: no answer to the goodbye changes it.
            with contextlib.suppress(smtplib.SMTPException, OSError, ValueError):
                if self._smtp.sock is not None:
                    self._smtp.sock.settimeout(self._config.connect_seconds)
                self._smtp.docmd("QUIT")
        self._close()

    def greet(self) -> None:
        """Say hello, start TLS and sign in, as the configuration asks."""
        self._expect(220, "connection refused", self._smtp.getreply())
        self._say_hello()
        if self._config.security == "starttls":
            self._go_over_to_tls()
            self._say_hello()
        if self._config.username:
            self._sign_in()

    def look(self) -> None:
        """Send a command that does nothing, to see that the server answers."""
        self._expect(250, "answer refused", self._smtp.noop())

    def hand_over(self, mail: Composed) -> bytes:
        """Send the message and return what the server says when it accepts it."""
        self._expect(250, "sender refused", self._smtp.mail(mail.sender, self._options(mail)))
        self._expect(250, "recipient refused", self._smtp.rcpt(mail.recipient))
        self._expect(354, "e-mail refused", self._smtp.docmd("DATA"))
        # The end of the message is sent last: when this raises, the server cannot have seen it.
        self._smtp.send(_LINE_STARTS_WITH_DOT.sub(b"..", mail.content) + b".\r\n")
        self.handed_over = True
        reply = self._smtp.getreply()
        self._expect(250, "e-mail refused", reply)
        return reply[1]

    def _open(self) -> None:
        config = self._config
        context = self._context() if config.security == "tls" else None
        wire = socket.create_connection((config.host, config.port), config.connect_seconds)
        self._smtp.sock = wire
        self._smtp.local_hostname = _own_name(wire)
        self._watch.start()
        wire.settimeout(config.read_seconds)
        if context is not None:
            self._smtp.sock = context.wrap_socket(wire, server_hostname=config.host)

    def _close(self) -> None:
        self._watch.cancel()
        self._smtp.close()

    def _cut_off(self) -> None:
        """End a conversation that sends bytes in time and never ends."""
        self.overdue = True
        if self._smtp.sock is not None:
            with contextlib.suppress(OSError):
                # The plain socket's method: that of a TLS socket would first end TLS.
                socket.socket.shutdown(self._smtp.sock, socket.SHUT_RDWR)

    def _context(self) -> ssl.SSLContext:
        with contextlib.suppress(OSError):
            return ssl.create_default_context(cafile=self._config.ca_file)
        raise self._operation.error(Unreachable, "TLS: the file of trusted authorities cannot be read")

    def _say_hello(self) -> None:
        code, _ = self._smtp.ehlo()
        if not 200 <= code <= 299:
            self._expect(250, "greeting refused", self._smtp.helo())

    def _go_over_to_tls(self) -> None:
        # Otherwise the server, or somebody in between, could make us send without encryption.
        if not self._smtp.has_extn("starttls"):
            raise self._operation.error(Unreachable, "TLS: the server does not offer STARTTLS")
        context = self._context()
        try:
            # It discards what came unencrypted before: anybody may have sent that.
            self._smtp.starttls(context=context)
            return
        except smtplib.SMTPResponseException as error:
            refused = self._refused("STARTTLS refused", error)
        raise refused

    def _sign_in(self) -> None:
        offered = str(self._smtp.esmtp_features.get("auth", "")).upper().split()
        if not _MECHANISMS.intersection(offered):
            raise self._operation.sign_in_error("it offers no way to sign in that we support")
        try:
            self._smtp.login(self._config.username, self._config.password)
            return
        except smtplib.SMTPResponseException as error:
            failure = self._refused("sign-in refused", error)
        except UnicodeError:
            failure = self._operation.sign_in_error("the user name or password has characters that cannot be sent")
        if isinstance(failure, Rejected):
            failure = self._operation.sign_in_error("", failure.codes)
        raise failure

    def _options(self, mail: Composed) -> list[str]:
        options = []
        if self._smtp.has_extn("size"):
            options.append(f"SIZE={len(mail.content)}")
        if mail.needs_utf8:
            if not self._smtp.has_extn("smtputf8"):
                detail = "recipient refused: the address has characters that this server cannot carry"
                raise self._operation.error(Rejected, detail)
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _expect(self, hoped: int, refused: str, reply: Reply) -> None:
        code = reply[0]
        if code == hoped or (hoped == 250 and 200 <= code <= 299):
            return
        raise self._operation.refusal(refused, reply, maybe_done=self.handed_over)

    def _refused(self, what: str, error: smtplib.SMTPResponseException) -> RemoteError:
        text = error.smtp_error
        return self._operation.refusal(what, (error.smtp_code, text if isinstance(text, bytes) else b""))


class _Smtp(smtplib.SMTP):
    """A connection not made yet, which knows the name that the server's certificate must have."""

    def __init__(self, host: str) -> None:
        # Without a host it does not connect; with a name for this machine it does not ask the DNS for one.
        super().__init__(local_hostname="[127.0.0.1]")
        self._host = host


def _own_name(wire: socket.socket) -> str:
    """The machine's full name, else its address, as EHLO wants it. The DNS is not asked."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = wire.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
