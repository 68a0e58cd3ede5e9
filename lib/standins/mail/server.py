"""The mail server, to start and stop."""

import asyncio
import logging
import ssl
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from aiosmtpd.smtp import SMTP

from lib.standins.mail.faults import Faults
from lib.standins.mail.handler import Handler, end_connection
from lib.standins.mail.inbox import Inbox, ReceivedMail

HOST = "127.0.0.1"
FILE = "mail.db"
# aiosmtpd logs every command with its addresses.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate and its key, in PEM."""

    certificate: Path
    key: Path


class MailStandin:
    """A mail server on a port of this machine, with its messages in the folder `data`.

    With `credentials` (user, password) it accepts e-mail only after a sign-in. With a `certificate` it speaks TLS
    from the first byte, or with `starttls` after that command and not before. `latency` is how many seconds it waits
    after a complete message; it may be changed at any time.

    Port 0 takes a free port and keeps it for later starts. Use `start` and `stop`, or `with`.
    """

    def __init__(
        self,
        data: Path,
        port: int = 0,
        *,
        credentials: tuple[str, str] | None = None,
        certificate: Certificate | None = None,
        security: Literal["tls", "starttls"] = "starttls",
        smtputf8: bool = True,
    ) -> None:
        self.latency = 0.0
        self._port = port
        self._credentials = credentials
        self._smtputf8 = smtputf8
        self._context = _context(certificate) if certificate else None
        self._starttls = certificate is not None and security == "starttls"
        self._inbox = Inbox(data / FILE)
        self._faults = Faults()
        self._handler = Handler(self._inbox, self._faults, lambda: self.latency, credentials)
        self._open: weakref.WeakSet[SMTP] = weakref.WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def host(self) -> str:
        """The address it listens on."""
        return HOST

    @property
    def port(self) -> int:
        """The port, once it was started."""
        return self._port

    def messages(self) -> list[ReceivedMail]:
        """Every message it accepted, in the order of arrival."""
        return self._inbox.messages()

    def count(self, message_id: str) -> int:
        """How often a message with this Message-ID arrived."""
        return self._inbox.count(message_id)

    def clear(self) -> None:
        """Delete every message and switch off every fault."""
        self._inbox.clear()
        self._faults.clear()
        self.latency = 0.0

    def fail(self, kind: str, times: int | None = 1) -> None:
        """Let the fault happen the next `times` times, None for until `clear`. The kinds are in `FAULTS`.

        Raises:
            ValueError: there is no such fault.
        """
        self._faults.add(kind, times)

    def start(self) -> None:
        """Start serving. Returns when it accepts connections.

        Raises:
            OSError: the port is taken.
        """
        if self._thread is not None:
            return
        # A plain loop: with uvloop, which the dashboard uses, STARTTLS works differently.
        loop = asyncio.SelectorEventLoop()
        # In a thread without a loop: the caller may be inside one.
        with ThreadPoolExecutor(1) as starter:
            server = starter.submit(self._listen, loop).result()
        self._port = server.sockets[0].getsockname()[1]
        self._loop = loop
        self._thread = threading.Thread(target=self._run, args=(loop, server), name="standin-mail", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and cut open connections. The messages stay for another start."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._thread = self._loop = None

    def close(self) -> None:
        """Stop serving for good and close the file."""
        self.stop()
        self._inbox.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> asyncio.Protocol:
        if self._faults.strikes("connect"):
            return _Closed()
        # `auth_required` warns when there is no TLS, so the handler asks for the sign-in itself.
        connection = _Connection(
            self._handler,
            faults=self._faults,
            loop=asyncio.get_running_loop(),
            hostname="mail.example.com",
            ident="stand-in",
            enable_SMTPUTF8=self._smtputf8,
            tls_context=self._context if self._starttls else None,
            require_starttls=self._starttls,
            auth_require_tls=self._starttls,
            authenticator=self._handler.authenticate,
        )
        self._open.add(connection)
        return connection

    def _listen(self, loop: asyncio.AbstractEventLoop) -> asyncio.Server:
        immediate = None if self._starttls else self._context
        try:
            return loop.run_until_complete(
                loop.create_server(self._serve, HOST, self._port, ssl=immediate, reuse_address=True)
            )
        except OSError:
            loop.close()
            raise

    def _run(self, loop: asyncio.AbstractEventLoop, server: asyncio.Server) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._end(server))
            asyncio.set_event_loop(None)
            loop.close()

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        for connection in list(self._open):
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The loop closes the sockets later, and only then does the client notice.
        for _ in range(100):
            if not any(connection.transport for connection in self._open):
                break
            await asyncio.sleep(0.01)


class _Connection(SMTP):
    def __init__(self, handler: Handler, *, faults: Faults, **given: object) -> None:
        super().__init__(handler, **given)  # type: ignore[arg-type]
        self._faults = faults

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        # aiosmtpd asks the handler only when it has the message, which is too late for `drop_before`.
        if self._faults.strikes("drop_before"):
            await end_connection(self)
        await super().smtp_DATA(arg)


class _Closed(asyncio.Protocol):
    """A connection that ends as soon as it is made."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
        transport.close()


def _context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context
