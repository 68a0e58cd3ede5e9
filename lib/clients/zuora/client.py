"""The Zuora client: each method one question or one change, each failure one of `lib.clients.errors`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote

from lib.clients.call import Call, HttpConfig, Reply
from lib.clients.errors import AuthFailed, Rejected, RemoteError, UnexpectedReply
from lib.clients.http import HttpClient
from lib.clients.zuora import replies
from lib.clients.zuora.models import Written, ZuoraAccount
from lib.clients.zuora.token import TokenSource

T = TypeVar("T")
PAGE_SIZE = 99
TRACK_LIMIT = 64


@dataclass(frozen=True)
class ZuoraConfig:
    """How to reach a tenant and how patient to be with it. Times are in seconds."""

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


class Zuora:
    """A tenant. Make one for the process: it shares connections, token and the limit on concurrency.

    Every method raises `RemoteError` and nothing else.
    """

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

    def account(self, key: str, *, quick_seconds: float | None = None) -> ZuoraAccount:
        """The account with this number or id. `quick_seconds` makes one attempt that long, for a page."""
        call = Call(
            "GET",
            _account_path(key),
            f"read account {key}",
            read_seconds=quick_seconds,
            attempts=None if quick_seconds is None else 1,
        )
        return self._send(call, _read_account)

    def children(self, account_id: str) -> list[ZuoraAccount]:
        """The accounts directly below the one with this id, all of them."""
        call = Call("GET", "/object-query/accounts", f"list the accounts below {account_id}")
        filters = [("filter[]", f"parentid.EQ:{account_id}"), ("pageSize", str(PAGE_SIZE))]
        found: dict[str, ZuoraAccount] = {}
        for row in self._rows(call, filters):
            if row.parent_id is not None and row.parent_id != account_id:
                raise UnexpectedReply(replies.SYSTEM, call.operation, detail="rows that were not asked for")
            found[row.id] = row
        return list(found.values())

    def rename_account(self, key: str, name: str, *, track: str) -> Written:
        """Give the account this name. Zuora's word is not yet proof: read it back."""
        # The name may well be part of Zuora's message about it, and belongs into no log.
        return self._put_account(key, {"name": name}, f"rename account {key}", track, private=(name,))

    def set_parent(self, key: str, parent_id: str | None, *, track: str) -> Written:
        """Put the account below the one with this id (not number); None takes it out of its family.

        A removal is read back, because the way to clear the field is not documented for certain: when the
        empty text leaves the parent in place, it is cleared as an Actions update, and `UnexpectedReply` says
        so if that fails as well.
        """
        if parent_id is not None:
            return self._put_account(key, {"parentId": parent_id}, f"set the parent of account {key}", track)
        operation = f"remove the parent of account {key}"
        written: Written | None = None
        try:
            written = self._put_account(key, {"parentId": ""}, operation, track)
        except Rejected as error:
            # Not taking an empty text is a reason to clear it otherwise; a business rule is not.
            if not any(replies.Reason(code, "").category in replies.BAD_VALUES for code in error.codes):
                raise
        account = self._read_back(key, operation, track, tried=written is not None)
        if written is not None and account.parent_id is None:
            return written
        written = self._clear_parent(account.id, operation, track)
        if self._read_back(key, operation, track, tried=True).parent_id is not None:
            raise UnexpectedReply(
                replies.SYSTEM,
                operation,
                writes=True,
                detail="it accepted the change but still names a parent",
                request_id=written.request_id,
                track_id=written.track_id,
            )
        return written

    def _put_account(
        self, key: str, body: dict[str, Any], operation: str, track: str, private: tuple[str, ...] = ()
    ) -> Written:
        # Sending these fields twice leaves them as sending them once, so a lost answer does no harm.
        call = Call(
            "PUT",
            _account_path(key, writes=True, operation=operation),
            operation,
            writes=True,
            resend=True,
            body=body,
            track_id=plain_track(track),
            private=private,
        )

        return self._send(call, _read_update)

    def _clear_parent(self, account_id: str, operation: str, track: str) -> Written:
        call = Call(
            "POST",
            "/v1/action/update",
            operation,
            writes=True,
            resend=True,
            body={"type": "Account", "objects": [{"Id": account_id, "fieldsToNull": ["ParentId"]}]},
            track_id=plain_track(track),
        )

        return self._send(call, _read_action)

    def _read_back(self, key: str, operation: str, track: str, *, tried: bool) -> ZuoraAccount:
        """The account after a change was `tried`: when this fails, the change may have been made."""
        call = Call(
            "GET",
            _account_path(key),
            operation,
            writes=True,
            harmless=True,
            track_id=plain_track(track),
        )
        try:
            return self._send(call, _read_account)
        except RemoteError as error:
            raise error.unsure() if tried else error from None

    def _rows(self, call: Call, filters: list[tuple[str, str]]) -> Iterator[ZuoraAccount]:
        cursor: str | None = None
        seen: set[str] = set()
        while True:
            page = replace(call, params=[*filters, *([("cursor", cursor)] if cursor else [])])
            rows, cursor = self._send(page, _read_accounts)
            yield from rows
            if cursor is None:
                return
            if cursor in seen:
                raise UnexpectedReply(replies.SYSTEM, call.operation, detail="the same page again and again")
            seen.add(cursor)

    def _send(self, call: Call, read: Callable[[Reply, Call], T]) -> T:
        """Send with a token; a token Zuora no longer takes is replaced once."""
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
        headers = {"Authorization": f"Bearer {token}", "Zuora-Version": self._config.version}
        if call.track_id:
            headers["Zuora-Track-Id"] = call.track_id
        return replace(call, headers=headers, private=(*call.private, token, self._config.client_secret))


def plain_track(text: str) -> str:
    """`text` as Zuora takes a track id: at most 64 ASCII characters, none of `: ; " '`, no blank."""
    return re.sub(r"[^!-~]|[:;\"']", "-", text)[:TRACK_LIMIT]


def _account_path(key: str, *, writes: bool = False, operation: str | None = None) -> str:
    # "." and ".." would be taken as steps in the path, an empty key as the list of accounts.
    if not key.strip(". "):
        raise Rejected(
            replies.SYSTEM,
            operation or "read an account",
            writes=writes,
            detail="the account number is empty",
        )
    return f"/v1/accounts/{quote(key, safe='')}"


def _read_account(reply: Reply, call: Call) -> ZuoraAccount:
    body = replies.read_object(reply, call)
    try:
        return ZuoraAccount.from_account(body)
    except (ValueError, TypeError, LookupError, AttributeError):
        problem = replies.unexpected(reply, call, "without what an account must have")
    raise problem


def _read_accounts(reply: Reply, call: Call) -> tuple[list[ZuoraAccount], str | None]:
    rows, cursor = replies.read_rows(reply, call)
    try:
        return [ZuoraAccount.from_row(row) for row in rows], cursor
    except (ValueError, TypeError, LookupError, AttributeError):
        problem = replies.unexpected(reply, call, "with a row that lacks what an account must have")
    raise problem


def _read_update(reply: Reply, call: Call) -> Written:
    replies.read_object(reply, call)
    return _written(reply, call)


def _read_action(reply: Reply, call: Call) -> Written:
    replies.read_action(reply, call)
    return _written(reply, call)


def _written(reply: Reply, call: Call) -> Written:
    return Written(replies.request_id(reply), replies.track_id(reply) or call.track_id)
