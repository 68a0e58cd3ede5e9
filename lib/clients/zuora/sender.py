"""What every request to Zuora needs: token, minor version, track id, and reading lists to their end."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl, quote, urljoin, urlsplit, urlunsplit
from uuid import uuid4

from lib.clients.call import Call, HttpConfig, Reply
from lib.clients.errors import AuthFailed, Rejected, RemoteError, UnexpectedReply
from lib.clients.http import HttpClient
from lib.clients.read_back import read_until
from lib.clients.zuora import replies
from lib.clients.zuora.models import Written
from lib.clients.zuora.token import TokenSource
from lib.patience import Patience


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
Row = TypeVar("Row", bound=_HasId)
ROWS_PER_PAGE = 50
"""Zuora's reference says 99. Its SDK and one of its guides say that more than 50 are refused."""
TRACK_LIMIT = 64
_FILTER_VALUE = re.compile(r"[A-Za-z0-9-]+")
_NOT_IN_A_PAGE = re.compile(r"[^!-~]|\\|%(?:2e|2f|5c|[01]|7f)|//|/\.{1,2}(?:/|$)", re.IGNORECASE)
"""What can leave a path or hide where it leads: spaces, controls, backslashes and dots, percent-encoded too."""


@dataclass(frozen=True)
class ZuoraConfig:
    """How to reach a tenant and how long to wait for it. Times are in seconds.

    `action_seconds` replaces `patience.read_seconds` for cancelling: Zuora itself gives up after 120, and a client
    that leaves earlier never learns the outcome. `read_back_seconds` is how long to look for a written value before
    it counts as not seen. A list with more than `page_limit` pages counts as endless. `entity_id` and `org_ids` are
    sent with each request, for a tenant with several entities or organisations.
    """

    url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    version: str = "2025-08-12"
    patience: Patience = Patience()
    action_seconds: float = 125
    read_back_seconds: float = 5
    page_limit: int = 2000
    entity_id: str = ""
    org_ids: str = ""


class Sender:
    """Sends every request to one tenant. The classes of each subject build on it."""

    def __init__(self, config: ZuoraConfig) -> None:
        self._config = config
        self._http = HttpClient(replies.SYSTEM, HttpConfig(config.url, config.patience))
        self._of_tenant = {
            name: value
            for name, value in (("Zuora-Entity-Ids", config.entity_id), ("Zuora-Org-Ids", config.org_ids))
            if value
        }
        self._token = TokenSource(self._http, config.client_id, config.client_secret, self._of_tenant)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, call: Call, read: Callable[[Reply, Call], T]) -> T:
        """Send with a token and a track id. A token that Zuora no longer accepts is replaced once.

        Raises:
            UnexpectedReply: the answer has the track id of another request.
        """
        if call.track_id is None:
            call = replace(call, track_id=f"read-{uuid4().hex}")

        def read_own(reply: Reply, call: Call) -> T:
            track = replies.track_id(reply)
            if track and call.track_id and track.strip().lower() != call.track_id.lower():
                raise replies.unexpected(reply, call, "with the answer to another request")
            return read(reply, call)

        token = self._token.get(call)
        try:
            return self._http.send(self._signed(call, token), read_own)
        except AuthFailed as error:
            if not error.signed_out:
                raise
            maybe_done = error.maybe_done
        self._token.forget(token)
        try:
            return self._http.send(self._signed(call, self._token.get(call)), read_own)
        except RemoteError as error:
            raise error.unsure() if maybe_done else error from None

    def _signed(self, call: Call, token: str) -> Call:
        headers = {
            **call.headers,
            **self._of_tenant,
            "Authorization": f"Bearer {token}",
            "Zuora-Version": self._config.version,
            "Zuora-Track-Id": call.track_id or "",
        }
        return replace(call, headers=headers, private=(*call.private, token, self._config.client_secret))

    def _until(self, read: Callable[[], T], enough: Callable[[T], bool]) -> tuple[T, bool]:
        """Read until it is `enough` or time is up: reads of Zuora can lag behind a write.

        Returns the last value read, and whether it was enough.
        """
        return read_until(read, enough, self._config.read_back_seconds)

    def _rows(
        self,
        call: Call,
        params: list[tuple[str, str]],
        read: Callable[[Reply, Call], tuple[list[Row], str | None]],
    ) -> Iterator[Row]:
        """Every row of an object query, page by page. Each page has the cursor of the next one.

        Raises:
            UnexpectedReply: a cursor is repeated, two pages in a row have nothing new, or there is no end.
        """
        params = [*params, ("pageSize", str(ROWS_PER_PAGE))]
        cursor: str | None = None
        cursors: set[str] = set()
        ids: set[str] = set()
        stale = False
        for _ in range(self._config.page_limit):
            page = replace(call, params=[*params, *([("cursor", cursor)] if cursor else [])])
            rows, cursor = self._send(page, read)
            fresh = {row.id for row in rows} - ids
            # When rows are added during the reading, one page may have nothing new, but never two.
            if stale and not fresh:
                raise again_and_again(call)
            stale = not fresh
            ids |= fresh
            yield from rows
            if cursor is None:
                return
            if cursor in cursors:
                raise again_and_again(call)
            cursors.add(cursor)
        raise never_ends(call)

    def _pages(self, call: Call, read: Callable[[Reply, Call], tuple[list[T], str | None]]) -> Iterator[list[T]]:
        """Every page of a v1 list. Each page has the address of the next one.

        The address may be a path or name any host: Zuora's own samples name internal ones. Only its path and query
        are used, on the tenant's host, so the token goes nowhere else.

        Raises:
            UnexpectedReply: a page is repeated, there is no end, or the address is not one of the API.
        """
        seen = {(call.path, tuple(call.params))}
        for _ in range(self._config.page_limit):
            rows, following = self._send(call, read)
            yield rows
            if following is None:
                return
            call = self._turned(call, following)
            if (call.path, tuple(call.params)) in seen:
                raise again_and_again(call)
            seen.add((call.path, tuple(call.params)))
        raise never_ends(call)

    def _turned(self, call: Call, following: str) -> Call:
        """The call for the next page: `following` without scheme, host and port, on the tenant's host."""
        prefix = urlsplit(self._config.url.rstrip("/")).path
        try:
            parts = urlsplit(following)
            target = urlsplit(urljoin(prefix + call.path, urlunsplit(("", "", parts.path, parts.query, ""))))
            usable = parts.scheme in ("", "http", "https") and parts.path[:1] in ("", "/")
        except ValueError:
            usable = False
        if usable:
            # An address on another host lacks the prefix under which we reach the API.
            path = target.path.removeprefix(prefix)
            plain = path.startswith("/v1/") and not _NOT_IN_A_PAGE.search(parts.path)
            # The list's own path may look suspicious, as with an account number that has a slash, so it is not checked.
            # Tabs and line ends are dropped from an address when it is parsed, so the whole text is searched for them.
            usable = (plain or path == call.path) and not re.search(r"[^!-~]|\\", following)
        if not usable:
            raise UnexpectedReply(replies.SYSTEM, call.operation, detail="a next page at another address")
        return replace(call, path=path, params=parse_qsl(target.query, keep_blank_values=True))


def plain_track(text: str) -> str:
    """`text` as a track id that Zuora accepts: at most 64 ASCII characters, without `: ; " '` and spaces."""
    return re.sub(r"[^!-~]|[:;\"']", "-", text)[:TRACK_LIMIT]


def further_track(track: str | None, part: str) -> str | None:
    """The track id of a further request of an operation, so that its answer is not taken for an earlier one."""
    return track and f"{track[: TRACK_LIMIT - len(part) - 1]}-{part}"


def path_of(what: str, key: str, operation: str, *, writes: bool = False) -> str:
    """The path of one resource: `what` is its collection, "accounts".

    Raises:
        Rejected: the key is empty, or "." or "..".
    """
    # "." and ".." would change the path, and an empty key would mean the whole collection.
    if not key.strip(". "):
        raise Rejected(replies.SYSTEM, operation, writes=writes, detail="its number is empty")
    return f"/v1/{what}/{quote(key, safe='')}"


def filter_value(value: str, operation: str) -> str:
    """An id that may be used in a filter of an object query.

    Raises:
        Rejected: it contains a character with a meaning in filters.
    """
    if not _FILTER_VALUE.fullmatch(value):
        raise Rejected(replies.SYSTEM, operation, detail="this is not an id")
    return value


def again_and_again(call: Call) -> UnexpectedReply:
    """The error for a list whose next page was read before."""
    return UnexpectedReply(replies.SYSTEM, call.operation, detail="the same page again and again")


def never_ends(call: Call) -> UnexpectedReply:
    """The error for a list with more pages than any real list has."""
    return UnexpectedReply(replies.SYSTEM, call.operation, detail="a list that never ends")


def written(reply: Reply, call: Call) -> Written:
    """The ids under which Zuora's support finds the change."""
    return Written(replies.request_id(reply), replies.track_id(reply) or call.track_id)
