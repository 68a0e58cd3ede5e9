"""What only a write can show: that a change is permitted, can be seen, and can be undone. For a sandbox.

The notes of one account are changed and restored. Restoring is tried whatever goes wrong before it.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lib.clients.call import Call, Reply
from lib.clients.errors import RemoteError
from lib.clients.zuora import replies
from lib.clients.zuora.check.reading import Finding, Tenant
from lib.clients.zuora.models import ZuoraAccount, ZuoraStatus
from lib.clients.zuora.sender import path_of

MARK = "Account Manager write check"
NOTES_LIMIT = 65535
SANDBOXES = ("127.0.0.1", "localhost", "::1")


def is_sandbox(url: str) -> bool:
    """True for a host of Zuora's sandboxes or of this machine. Any other host counts as production."""
    host = urlsplit(url).hostname or ""
    parts = host.lower().split(".")
    zuora = host.lower().endswith(".zuora.com")
    return host in SANDBOXES or (zuora and bool({"sandbox", "apisandbox", "test"} & set(parts)))


@dataclass(frozen=True)
class _Noted:
    account: ZuoraAccount
    notes: str


class WriteCheck(Tenant):
    """The tenant in which one field is changed and restored."""

    def check_writing(self, key: str, *, on_production: bool = False) -> Iterator[Finding]:
        """Change the notes of the account with this number or id, read them, restore them and read them again.

        Nothing is written on a host that is not a known sandbox, unless `on_production` says so.
        """
        if not is_sandbox(self._config.url) and not on_production:
            yield Finding(
                False,
                f"{self._config.url} is not a known sandbox, so nothing was written. To write to a production tenant, "
                "add --on-production and name an account that is there for tests.",
            )
            return
        try:
            before = self._noted(key)
        except RemoteError as error:
            yield Finding(False, f"The account cannot be read, so nothing was written. {error}")
            return
        number = before.account.number
        if before.account.status is ZuoraStatus.CANCELED:
            yield Finding(False, f"Account {number} is cancelled, and Zuora refuses to change it. Name another one.")
            return
        mark = f"{MARK} {uuid.uuid4().hex[:8]}"
        written = f"{before.notes}\n{mark}" if before.notes else mark
        if len(written) > NOTES_LIMIT:
            yield Finding(False, f"The notes of account {number} are full. Name another one.")
            return
        stopped: BaseException | None = None
        try:
            yield from self._change(key, number, written)
        except GeneratorExit:
            # Nobody reads the findings any more.
            list(self._restore(key, number, before.notes, written, mark))
            raise
        except BaseException as error:  # noqa: BLE001 (raised again below)
            stopped = error
        yield from self._restore(key, number, before.notes, written, mark)
        if stopped is not None:
            raise stopped

    def _change(self, key: str, number: str, written: str) -> Iterator[Finding]:
        try:
            self._put_account(key, {"notes": written}, f"change the notes of account {number}", "write-check")
        except RemoteError as error:
            yield Finding(False, f"The notes of account {number} cannot be changed. {error}")
            return
        yield Finding(True, f"Zuora accepted a change of the notes of account {number}.")
        try:
            looks = 0

            def look() -> _Noted:
                nonlocal looks
                looks += 1
                return self._noted(key)

            seen = self._until(look, lambda now: now.notes == written)[1]
        except RemoteError as error:
            yield Finding(False, f"The change of account {number} cannot be read back. {error}")
            return
        if not seen:
            yield Finding(False, f"Zuora accepted the change of account {number}, but does not show it.")
        elif looks == 1:
            yield Finding(True, "The change can be seen at once.")
        else:
            yield Finding(None, f"The change can be seen at look {looks}: reads of this tenant lag behind its writes.")

    def _restore(self, key: str, number: str, notes: str, written: str, mark: str) -> Iterator[Finding]:
        by_hand = f"Open its notes in Zuora and delete the line “{mark}”."
        try:
            if self._noted(key).notes not in (written, notes):
                changed = f"Somebody else changed the notes of account {number}, so they were not restored."
                yield Finding(False, f"{changed} {by_hand}")
                return
            # Even when the old text shows: the change may show later.
            self._put_account(key, {"notes": notes}, f"restore the notes of account {number}", "write-check")
            if not self._until(lambda: self._noted(key), lambda now: now.notes == notes)[1]:
                unseen = f"Zuora accepted the old notes of account {number}, but does not show them."
                yield Finding(False, f"{unseen} {by_hand}")
                return
        except RemoteError as error:
            yield Finding(False, f"The notes of account {number} may not have been restored. {by_hand} {error}")
            return
        yield Finding(True, f"The notes of account {number} are as they were before.")

    def _noted(self, key: str) -> _Noted:
        operation = f"read the notes of account {key}"
        return self._send(Call("GET", path_of("accounts", key, operation), operation), _read_notes)


def _read_notes(reply: Reply, call: Call) -> _Noted:
    body: dict[str, Any] = replies.read_object(reply, call)
    account = replies.understood(lambda: ZuoraAccount.from_account(body), reply, call, "an account")
    notes = body["basicInfo"].get("notes")
    if notes is not None and not isinstance(notes, str):
        raise replies.unexpected(reply, call, "with notes that are not a text")
    return _Noted(account, notes or "")
