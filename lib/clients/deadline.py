"""One deadline for a whole request: connecting, the TLS handshake, sending, status line, headers and body.

The timeout of a socket covers one wait for one piece. A server that sends a byte now and then never reaches it,
and http.client reads the status line and the headers piece by piece. So a timer shuts the connection down from
another thread: whatever is waiting on it wakes up at once, the handshake too.
"""

import contextlib
import os
import socket
import threading
from types import TracebackType
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_current = threading.local()


class Deadline:
    """The time one request of this thread may take. Use it with `with` around the request and the whole answer."""

    def __init__(self, seconds: float) -> None:
        self._lock = threading.Lock()
        self._wire: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True
        self.passed = False
        self.sent = False
        """True once a byte of the request may have left."""

    def __enter__(self) -> Self:
        _current.deadline = self
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        _current.deadline = None
        with self._lock:
            if self._wire is not None:
                self._wire.close()
            self._wire = None

    def watch(self, connected: socket.socket) -> None:
        """Shut down this socket's connection when the time is over."""
        # A duplicate: wrapping a socket in TLS detaches the first one, and a closed one has no file number.
        wire = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            if self._wire is not None:
                self._wire.close()
            self._wire = wire
            if self.passed:
                _shut(wire)

    @property
    def shakes_hands(self) -> bool:
        """True while there is a connection over which no byte of the request has left."""
        return self._wire is not None and not self.sent

    def check(self) -> None:
        """Check that there is time left: an answer that we cut off may look complete.

        Raises:
            requests.ConnectTimeout: no time is left, and nothing was sent.
            requests.ReadTimeout: no time is left, and the request may have arrived.
        """
        if self.passed:
            raise self.error()

    def error(self) -> requests.exceptions.Timeout:
        """The error that requests itself would raise."""
        return requests.exceptions.ReadTimeout() if self.sent else requests.exceptions.ConnectTimeout()

    def _pass(self) -> None:
        with self._lock:
            self.passed = True
            if self._wire is not None:
                _shut(self._wire)


def _shut(wire: socket.socket) -> None:
    with contextlib.suppress(OSError):
        wire.shutdown(socket.SHUT_RDWR)


def _deadline() -> Deadline | None:
    found: Deadline | None = getattr(_current, "deadline", None)
    return found


class _Watched(HTTPConnection):
    """A connection that the current request's deadline can end."""

    def _new_conn(self) -> socket.socket:
        deadline = _deadline()
        if deadline is not None:
            deadline.check()
        connected = super()._new_conn()
        if deadline is not None:
            deadline.watch(connected)
        return connected

    def request(self, *args: Any, **given: Any) -> None:
        """Send a request. A connection kept from an earlier request gets the deadline of this one."""
        deadline = _deadline()
        if deadline is not None and self.sock is not None:
            deadline.watch(self.sock)
        super().request(*args, **given)

    def send(self, data: Any) -> None:
        """Send a part of a request."""
        if self.sock is None:
            self.connect()
        deadline = _deadline()
        if deadline is not None:
            deadline.check()
            deadline.sent = True
        super().send(data)


class _WatchedTls(_Watched, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTls


class WatchedAdapter(HTTPAdapter):
    """Connections for a requests session, each under the deadline of the request that uses it."""

    def init_poolmanager(self, *args: Any, **given: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **given)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
