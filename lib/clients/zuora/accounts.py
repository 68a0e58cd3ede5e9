"""Accounts: reading one, its children, its name and its place in a family."""

from functools import partial
from typing import Any

from lib.clients.call import Call, Reply
from lib.clients.errors import Rejected, RemoteError, UnexpectedReply
from lib.clients.read_back import read_until
from lib.clients.zuora import replies
from lib.clients.zuora.models import Written, ZuoraAccount
from lib.clients.zuora.sender import Sender, further_track, path_of, plain_track, written

_BRIEFLY = 10
"""A tenth of the usual time to look, before another way is tried."""


class Accounts(Sender):
    """The methods of a tenant about accounts."""

    def account(self, key: str, *, quick_seconds: float | None = None) -> ZuoraAccount:
        """The account with this number or id. `quick_seconds` allows one attempt of that length, for a page."""
        call = Call(
            "GET",
            path_of("accounts", key, "read an account"),
            f"read account {key}",
            read_seconds=quick_seconds,
            attempts=None if quick_seconds is None else 1,
        )
        return self._send(call, partial(_read_account, key))

    def children(self, account_id: str) -> list[ZuoraAccount]:
        """All the accounts directly below the one with this id."""
        call = Call("GET", "/object-query/accounts", f"list the accounts below {account_id}")
        found: dict[str, ZuoraAccount] = {}
        for row in self._rows(call, [("filter[]", f"parentid.EQ:{account_id}")], _read_accounts):
            if row.parent_id is not None and row.parent_id.casefold() != account_id.casefold():
                raise UnexpectedReply(replies.SYSTEM, call.operation, detail="rows that were not asked for")
            found[row.id] = row
        return list(found.values())

    def rename_account(self, key: str, name: str, *, track: str) -> Written:
        """Give the account this name. Zuora's answer is not proof: read it back."""
        # Zuora's message may quote the name, which must not be logged.
        return self._put_account(key, {"name": name}, f"rename account {key}", track, private=(name,))

    def set_parent(self, key: str, parent_id: str | None, *, track: str) -> Written:
        """Put the account below the one with this id (not number); None takes it out of its family.

        A removal is read back, because Zuora does not document how to clear the field. When an empty text leaves
        the parent in place, it is cleared by an Actions update. `UnexpectedReply` when that fails, too.
        """
        if parent_id is not None:
            return self._put_account(key, {"parentId": parent_id}, f"set the parent of account {key}", track)
        operation = f"remove the parent of account {key}"
        done: Written | None = None
        try:
            done = self._put_account(key, {"parentId": ""}, operation, track)
        except Rejected as error:
            # A refusal of the empty text is a reason to try another way. A business rule is not.
            if not any(replies.Reason(code, "").category in replies.BAD_VALUES for code in error.codes):
                raise
        # A short look: it may have had no effect or not show yet, and clearing it twice does no harm.
        brief = self._config.read_back_seconds / _BRIEFLY if done is not None else 0
        account, cleared = self._until_no_parent(key, operation, tried=done is not None, seconds=brief)
        if done is not None and cleared:
            return done
        done = self._clear_parent(account.id, operation, track)
        patience = self._config.read_back_seconds
        if not self._until_no_parent(key, operation, tried=True, seconds=patience)[1]:
            raise UnexpectedReply(
                replies.SYSTEM,
                operation,
                writes=True,
                # It was accepted, so it may show later.
                maybe_done=True,
                detail="it accepted the change but still names a parent",
                request_id=done.request_id,
                track_id=done.track_id,
            )
        return done

    def _until_no_parent(self, key: str, operation: str, *, tried: bool, seconds: float) -> tuple[ZuoraAccount, bool]:
        return read_until(
            lambda: self._read_back(key, operation, tried=tried), lambda now: now.parent_id is None, seconds
        )

    def _put_account(
        self, key: str, body: dict[str, Any], operation: str, track: str, private: tuple[str, ...] = ()
    ) -> Written:
        # Sending these fields twice has the same effect as sending them once, so a lost answer does no harm.
        call = Call(
            "PUT",
            path_of("accounts", key, operation, writes=True),
            operation,
            writes=True,
            resend=True,
            body=body,
            track_id=plain_track(track),
            private=private,
        )
        return self._send(call, partial(_read_put, key))

    def _clear_parent(self, account_id: str, operation: str, track: str) -> Written:
        call = Call(
            "POST",
            "/v1/action/update",
            operation,
            writes=True,
            resend=True,
            body={"type": "Account", "objects": [{"Id": account_id, "fieldsToNull": ["ParentId"]}]},
            track_id=further_track(plain_track(track), "action"),
        )
        return self._send(call, partial(_read_action, account_id))

    def _read_back(self, key: str, operation: str, *, tried: bool) -> ZuoraAccount:
        """The account after a change was `tried`. When this fails, the change may have been made."""
        call = Call(
            "GET",
            path_of("accounts", key, operation, writes=True),
            operation,
            writes=True,
            harmless=True,
        )
        try:
            return self._send(call, partial(_read_account, key))
        except RemoteError as error:
            raise error.unsure() if tried else error from None


def _read_account(key: str, reply: Reply, call: Call) -> ZuoraAccount:
    body = replies.read_object(reply, call)
    account = replies.understood(lambda: ZuoraAccount.from_account(body), reply, call, "an account")
    replies.same_one(key, (account.number, account.id), reply, call)
    return account


def _read_put(key: str, reply: Reply, call: Call) -> Written:
    """Zuora answers with its success mark. Where it also names an account, it must be this one."""
    body = replies.read_object(reply, call)
    replies.same_one(key, (body.get("id"), body.get("accountId"), body.get("accountNumber")), reply, call)
    return written(reply, call)


def _read_accounts(reply: Reply, call: Call) -> tuple[list[ZuoraAccount], str | None]:
    rows, cursor = replies.read_rows(reply, call)
    return replies.understood(lambda: [ZuoraAccount.from_row(row) for row in rows], reply, call, "an account"), cursor


def _read_action(account_id: str, reply: Reply, call: Call) -> Written:
    replies.read_action(reply, call, account_id)
    return written(reply, call)
