"""The HTTP client for every outside system: timeouts, a concurrency limit, retries.

A client builds a `Call` and passes a function that reads the `Reply`, and raises from `errors` when it is a
refusal. Whatever goes wrong below that is raised from `errors` too: no exception of requests or urllib3 leaves
this module.
"""

import json
import logging
import random
import ssl
import threading
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Literal, TypeVar

import requests
import stamina
import stamina.instrumentation

from lib.clients.call import Call, HttpConfig, Reply
from lib.clients.deadline import Deadline, WatchedAdapter
from lib.clients.errors import Busy, RemoteError, Unreachable
from lib.clients.translate import BELOW, translate
from lib.clients.waits import asked_wait

T = TypeVar("T")
log = logging.getLogger(__name__)
# The library would log the text of each error it retries, which may quote the outside system's message.
stamina.instrumentation.set_on_retry_hooks(())

BODY_LIMIT = 64 * 1024 * 1024
WAIT_LIMIT = 60.0
_CHUNK = 64 * 1024


class HttpClient:
    """One system's connections, shared by all threads of the process.

    Raises:
        ValueError: the files of certificates that the configuration names cannot be used.
    """

    def __init__(self, system: str, config: HttpConfig) -> None:
        self.system = system
        self.config = config
        self._slots = threading.BoundedSemaphore(config.patience.concurrency)
        self._session = requests.Session()
        # A proxy or .netrc of the machine must not see or replace our credentials.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        _check_files(system, config)
        if config.verify:
            self._session.verify = config.verify
        if config.client_certificate and config.client_key:
            self._session.cert = (config.client_certificate, config.client_key)
        adapter = WatchedAdapter(pool_connections=2, pool_maxsize=config.patience.concurrency, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def send(self, call: Call, read: Callable[[Reply, Call], T]) -> T:
        """Send the request, as often as allowed, and return what `read` makes of the reply.

        Only `Busy` is tried again, and `Unreachable` where sending twice does no harm.

        Raises:
            RemoteError: the last failure. Its `maybe_done` takes the attempts before it into account.
        """
        failures: list[RemoteError] = []
        started = time.monotonic()

        def wait(error: Exception) -> bool | float:
            return self.wait(call, error, len(failures), time.monotonic() - started)

        attempts = call.attempts or self.config.patience.attempts
        final: RemoteError
        try:
            for attempt in stamina.retry_context(on=wait, attempts=attempts, timeout=None):
                with attempt:
                    try:
                        return self._attempt(call, read)
                    except RemoteError as error:
                        failures.append(error)
                        raise
        except RemoteError as error:
            final = error
        lost = any(isinstance(f, Unreachable) and f.maybe_done for f in failures[:-1])
        if lost:
            raise final.unsure()
        if any(failure.maybe_done for failure in failures):
            final.maybe_done = True
        raise final

    def wait(self, call: Call, error: Exception, tried: int, elapsed: float) -> float | Literal[False]:
        """Seconds until the next attempt, after `tried` of them in `elapsed` seconds, or False for none."""
        if not isinstance(error, Busy | Unreachable) or (error.maybe_done and not call.resend):
            return False
        left = self.config.patience.retry_seconds - elapsed
        asked = error.retry_after or 0.0
        if asked >= left:
            return False
        # Full jitter, so that many sessions do not try again at the same moment. Never before the time asked for.
        ceiling = min(WAIT_LIMIT, self.config.patience.backoff_seconds * 2 ** (tried - 1), left - asked)
        return asked + random.uniform(0, ceiling)  # noqa: S311 (spreads load, guards nothing)

    def _attempt(self, call: Call, read: Callable[[Reply, Call], T]) -> T:
        seconds = call.read_seconds or self.config.patience.read_seconds
        if not self._slots.acquire(timeout=seconds):
            raise Busy(self.system, call.operation, writes=call.writes, detail="all its connections were in use")
        try:
            reply = self._exchange(call, seconds)
        finally:
            self._slots.release()
        try:
            return read(reply, call)
        except Busy as error:
            error.retry_after = asked_wait(reply.headers, reply.status)
            raise

    def _exchange(self, call: Call, seconds: float) -> Reply:
        """One request on the wire.

        Ours is raised after the except block, so the library's exception is not chained to it: it may quote customer
        data.
        """
        began = time.monotonic()
        failure: RemoteError
        try:
            with Deadline(seconds) as deadline:
                try:
                    reply = self._request(call, seconds, began)
                except BELOW as error:
                    # When we cut a connection off, it may end in any of a dozen ways. They all mean: too slow.
                    deadline.check()
                    if deadline.shakes_hands and isinstance(error, requests.exceptions.Timeout):
                        # The library's own limit was a moment faster. It reports a handshake as reading, too.
                        raise deadline.error() from None
                    raise
                deadline.check()
                return reply
        except BELOW as error:
            failure = translate(error, self.system, call)
            cause = type(error).__name__
        took = (time.monotonic() - began) * 1000
        log.debug("%s: %s %s failed after %.0f ms: %s", self.system, call.method, call.path, took, cause)
        raise failure

    def _request(self, call: Call, seconds: float, began: float) -> Reply:
        headers = {"Accept": "application/json", **call.headers}
        data: Any = call.form
        if call.body is not None:
            data = json.dumps(call.body)
            headers["Content-Type"] = "application/json"
        response = self._session.request(
            call.method,
            self.config.url.rstrip("/") + call.path,
            params=list(call.params),
            data=data,
            headers=headers,
            timeout=(min(self.config.patience.connect_seconds, seconds), seconds),
            # A redirect would send the token to any host it names.
            allow_redirects=False,
            stream=True,
        )
        with response:
            content = _read_body(response)
        took = (time.monotonic() - began) * 1000
        log.debug("%s: %s %s %d in %.0f ms", self.system, call.method, call.path, response.status_code, took)
        return Reply(response.status_code, response.headers, content)


def _check_files(system: str, config: HttpConfig) -> None:
    """Load them once at the start: at the first request, a wrong file would look like a system out of reach."""
    if bool(config.client_certificate) != bool(config.client_key):
        raise ValueError(f"Set the certificate for {system} and its key together, or neither.")
    try:
        # Without the machine's certificates, which are fine and take a tenth of a second to load.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if config.verify:
            context.load_verify_locations(cafile=config.verify)
        if config.client_certificate:
            # If no password were given, it would ask for one at the terminal.
            context.load_cert_chain(config.client_certificate, config.client_key, password="")
    except OSError as error:
        reason = f"The certificate files for {system} cannot be used: {error.strerror or type(error).__name__}."
        raise ValueError(reason) from None


def _read_body(response: requests.Response) -> bytes:
    """The whole body, up to a size that no real answer has."""
    parts: list[bytes] = []
    size = 0
    while part := response.raw.read1(_CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > BODY_LIMIT:
            raise requests.exceptions.ContentDecodingError("reply too large")
    return b"".join(parts)
