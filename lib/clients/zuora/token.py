"""The OAuth token: one for the whole process, renewed before it expires."""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from lib.clients.call import Call, Reply
from lib.clients.errors import AuthFailed, NotFound, Rejected, Unreachable
from lib.clients.http import HttpClient
from lib.clients.zuora import replies

EARLY_SECONDS = 60.0
SHORT_LIFE_SECONDS = 60.0
"""The life of a token that comes without a usable one."""
LONGEST_LIFE_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class _Held:
    text: str = field(repr=False)
    until: float


class TokenSource:
    """Gives out the current token. Zuora limits how many can be requested, so threads share one."""

    def __init__(
        self, http: HttpClient, client_id: str, client_secret: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._http = http
        self._headers = dict(headers or {})
        self._client_id = client_id
        self._client_secret = client_secret
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def get(self, call: Call) -> str:
        """A token for `call`, requested with its timeouts. A failure is reported as one of that call.

        Raises:
            RemoteError: `AuthFailed` when the credentials are refused.
        """
        held = self._held
        if held is not None and time.monotonic() < held.until:
            return held.text
        # Another thread is requesting it: wait no longer for that than for a request of our own.
        if not self._lock.acquire(timeout=call.read_seconds or self._http.config.patience.retry_seconds):
            raise Unreachable(replies.SYSTEM, call.operation, writes=call.writes, detail="no sign-in yet")
        try:
            held = self._held
            if held is None or time.monotonic() >= held.until:
                held = self._held = self._take(call)
            return held.text
        finally:
            self._lock.release()

    def forget(self, token: str) -> None:
        """Do not give out this token again. A newer one stays."""
        with self._lock:
            if self._held is not None and self._held.text == token:
                self._held = None

    def _take(self, call: Call) -> _Held:
        began = time.monotonic()
        sign_in = replace(
            call,
            method="POST",
            path="/oauth/token",
            harmless=True,
            params=(),
            body=None,
            form={
                "grant_type": "client_credentials",
                "client_id": self._client_id,
                "client_secret": self._client_secret,
            },
            headers=self._headers,
            private=(*call.private, self._client_id, self._client_secret),
        )
        return self._http.send(sign_in, partial(_read_token, began))


def _read_token(began: float, reply: Reply, call: Call) -> _Held:
    try:
        body = replies.read(reply, call)
    except (Rejected, NotFound) as error:
        # Here they are about the client, not about an account. A wrong data centre looks the same.
        refused = AuthFailed.like(error)
    else:
        text = body.get("access_token") if isinstance(body, dict) else None
        seconds = body.get("expires_in") if isinstance(body, dict) else None
        if not isinstance(text, str) or not text.isascii() or not text.isprintable() or " " in text or not text:
            raise replies.unexpected(reply, call, "without a token")
        life = _life(seconds)
        return _Held(text, began + max(life - EARLY_SECONDS, life / 2))
    refused.status = 401
    raise refused


def _life(value: object) -> float:
    """Seconds, from a whole number, a fraction or a text. A short life when there is no usable one."""
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool) else 0.0
        )
    except (ValueError, OverflowError):
        seconds = 0.0
    if not math.isfinite(seconds) or seconds <= 0:
        return SHORT_LIFE_SECONDS
    return min(seconds, LONGEST_LIFE_SECONDS)
