"""What every request to Zuora needs: token, minor version, track id, and how a list is read to its end."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import SplitResult, parse_qsl, quote, urljoin, urlsplit
from uuid import uuid4

from lib.clients.call import Call, HttpConfig, Reply
from lib.clients.errors import AuthFailed, Rejected, RemoteError, UnexpectedReply
from lib.clients.http import HttpClient
from lib.clients.zuora import replies
from lib.clients.zuora.models import Written
from lib.clients.zuora.token import TokenSource

T = TypeVar("T")
ROWS_PER_PAGE = 99
TRACK_LIMIT = 64
_PORTS = {"http": 80, "https": 443}
_FILTER_VALUE = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True)
class ZuoraConfig:
    """How to reach a tenant and how patient to be with it. Times are in seconds.

    `action_seconds` replaces `read_seconds` for cancelling: Zuora itself gives up after 120, and a client that
    leaves earlier never learns the outcome.
    """

    url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    version: str = "2025-08-12"
    connect_seconds: float = 5
    read_seconds: float = 60
    attempts: int = 4
    retry_seconds: float = 60
    concurrency: int = 20
    backoff_seconds: float = 1
    action_seconds: float = 125


class Sender:
    """The road to one tenant, on which the methods of each subject are built."""

    def __init__(self, config: ZuoraConfig) -> None:
        self._config = config
        self._http = HttpClient(
            replies.SYSTEM,
            HttpConfig(
                url=config.url,
                connect_seconds=config.connect_seconds,
                read_seconds=config.read_seconds,
                attempts=config.attempts,
                retry_seconds=config.retry_seconds,
                backoff_seconds=config.backoff_seconds,
                concurrency=config.concurrency,
            ),
        )
        self._token = TokenSource(self._http, config.client_id, config.client_secret)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, call: Call, read: Callable[[Reply, Call], T]) -> T:
        """Send with a token; a token Zuora no longer takes is replaced once. Every call can be tracked."""
        if call.track_id is None:
            call = replace(call, track_id=f"read-{uuid4().hex}")
        token = self._token.get(call)
        try:
            return self._http.send(self._signed(call, token), read)
        except AuthFailed as error:
            if not error.signed_out:
                raise
            maybe_done = error.maybe_done
        self._token.forget(token)
        try:
            return self._http.send(self._signed(call, self._token.get(call)), read)
        except RemoteError as error:
            raise error.unsure() if maybe_done else error from None

    def _signed(self, call: Call, token: str) -> Call:
        headers = {
            **call.headers,
            "Authorization": f"Bearer {token}",
            "Zuora-Version": self._config.version,
            "Zuora-Track-Id": call.track_id or "",
        }
        return replace(call, headers=headers, private=(*call.private, token, self._config.client_secret))

    def _rows(
        self,
        call: Call,
        params: list[tuple[str, str]],
        read: Callable[[Reply, Call], tuple[list[T], str | None]],
    ) -> Iterator[T]:
        """Every row of an object query, page by page, by the cursor each page names for the next."""
        params = [*params, ("pageSize", str(ROWS_PER_PAGE))]
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            page = replace(call, params=[*params, *([("cursor", cursor)] if cursor else [])])
            rows, cursor = self._send(page, read)
            yield from rows
            if cursor is None:
                return
            if cursor in seen:
                raise again_and_again(call)
            seen.add(cursor)

    def _pages(self, call: Call, read: Callable[[Reply, Call], tuple[list[T], str | None]]) -> Iterator[list[T]]:
        """Every page of a v1 list, by the address each page names for the next.

        The address is mostly a path without a host. One that names another host is not followed: the token
        would go there.
        """
        seen = {(call.path, tuple(call.params))}
        while True:
            rows, following = self._send(call, read)
            yield rows
            if following is None:
                return
            call = self._turned(call, following)
            if (call.path, tuple(call.params)) in seen:
                raise again_and_again(call)
            seen.add((call.path, tuple(call.params)))

    def _turned(self, call: Call, following: str) -> Call:
        base = self._config.url.rstrip("/")
        try:
            target = urlsplit(urljoin(base + call.path, following))
            same = _origin(target) == _origin(urlsplit(base)) and target.path.startswith("/")
        except ValueError:
            same = False
        if not same:
            raise UnexpectedReply(replies.SYSTEM, call.operation, detail="a next page at another address")
        path = target.path.removeprefix(urlsplit(base).path)
        return replace(call, path=path, params=parse_qsl(target.query, keep_blank_values=True))


def plain_track(text: str) -> str:
    """`text` as Zuora takes a track id: at most 64 ASCII characters, none of `: ; " '`, no blank."""
    return re.sub(r"[^!-~]|[:;\"']", "-", text)[:TRACK_LIMIT]


def path_of(what: str, key: str, operation: str, *, writes: bool = False) -> str:
    """The path of one resource: `what` is its collection, "accounts".

    Raises:
        Rejected: the key is empty, or a step in the path.
    """
    # "." and ".." would be taken as steps in the path, an empty key as the whole collection.
    if not key.strip(". "):
        raise Rejected(replies.SYSTEM, operation, writes=writes, detail="its number is empty")
    return f"/v1/{what}/{quote(key, safe='')}"


def filter_value(value: str, operation: str) -> str:
    """An id as it may stand in a filter of an object query.

    Raises:
        Rejected: it holds what a filter would take for more than a value.
    """
    if not _FILTER_VALUE.fullmatch(value):
        raise Rejected(replies.SYSTEM, operation, detail="the id is none")
    return value


def again_and_again(call: Call) -> UnexpectedReply:
    """The error for a list whose next page is one already read."""
    return UnexpectedReply(replies.SYSTEM, call.operation, detail="the same page again and again")


def read_written(reply: Reply, call: Call) -> Written:
    """The ids of a change that Zuora answers with `success: true`.

    Raises:
        RemoteError: it says otherwise.
    """
    replies.read_object(reply, call)
    return written(reply, call)


def written(reply: Reply, call: Call) -> Written:
    """The ids under which Zuora's support finds the change."""
    return Written(replies.request_id(reply), replies.track_id(reply) or call.track_id)


def _origin(parts: SplitResult) -> tuple[str | None, int | None]:
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)
