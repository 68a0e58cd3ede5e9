"""The adapter for the reference SBC: Kamailio with an HTTP API of its own for auth rules."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from lib.clients.call import Call, HttpConfig
from lib.clients.errors import RemoteError
from lib.clients.http import HttpClient
from lib.clients.sbc import replies
from lib.clients.sbc.checks import SYSTEM, checked_account, checked_numbers, checked_revisions, checked_rules
from lib.clients.sbc.port import RULES_A_REQUEST, AuthRule, Health, HeldRule, PutResult
from lib.patience import Patience

T = TypeVar("T")
Item = TypeVar("Item")
_TRACK_LIMIT = 64
ROWS_A_PAGE = 1000
"""Rules on one page of the API. A page with fewer is the last one."""


@dataclass(frozen=True)
class SbcConfig:
    """How to reach the SBC's API and how long to wait for it.

    `ca_file` has the only certificate authorities to trust for the SBC. `client_certificate` and `client_key` are
    files with our own certificate and its key.
    """

    url: str
    token: str = field(repr=False)
    patience: Patience = Patience(read_seconds=30, concurrency=8)
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


class KamailioSbc:
    """One SBC. Make one for the process: it shares connections and the limit on concurrency."""

    def __init__(self, config: SbcConfig) -> None:
        self._token = config.token
        self._http = HttpClient(
            SYSTEM,
            HttpConfig(
                url=config.url,
                patience=config.patience,
                verify=config.ca_file,
                client_certificate=config.client_certificate,
                client_key=config.client_key,
            ),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get_rules(self, numbers: Iterable[str], *, quick_seconds: float | None = None) -> dict[str, AuthRule | None]:
        """What calls use now for each of the numbers, None where there is no rule."""
        wanted = checked_numbers(numbers, "read auth rules")
        found: dict[str, AuthRule | None] = {}
        for part in _in_parts(wanted):
            call = self._read("/v1/rules/query", f"read {_count(wanted)}", _items(part), quick_seconds)
            found |= self._http.send(call, partial(replies.read_rules, part))
        # In the order asked for: the SBC's order means nothing.
        return {number: found[number] for number in wanted}

    def rules_of_account(self, account: str, *, quick_seconds: float | None = None) -> list[HeldRule]:
        """Every rule that the SBC has for this account, by number, each with what calls use now."""
        checked_account(account, "read the auth rules of an account")
        held: list[HeldRule] = []
        while True:
            after = held[-1].rule.number if held else ""
            body = {"account": account, "after": after}
            call = self._read("/v1/rules/by-account", f"read the auth rules of account {account}", body, quick_seconds)
            page = self._http.send(call, partial(replies.read_page, account, after))
            held += page
            if len(page) < ROWS_A_PAGE:
                return held

    def put_rules(self, rules: Iterable[AuthRule], *, actor: str, track: str) -> PutResult:
        """Create or replace the rules of these numbers. A rule with a newer revision on the SBC stays."""
        wanted = checked_rules(rules, "write auth rules")

        def put(part: Sequence[AuthRule]) -> PutResult:
            body = [_rule_body(rule) for rule in part]
            call = self._write("PUT", "/v1/rules", f"write {_count(wanted)}", body, actor, track)
            return self._http.send(call, partial(replies.read_put, part))

        done = _one_after_another(wanted, put)
        return PutResult(sum(part.received for part in done), sum(part.applied for part in done))

    def delete_rules(
        self, numbers: Iterable[str], *, actor: str, track: str, revisions: Mapping[str, int] | None = None
    ) -> None:
        """Delete the rules of these numbers; with a revision, only rules up to it. See `Sbc.delete_rules`."""
        wanted = checked_numbers(numbers, "delete auth rules", writes=True)
        stated = checked_revisions(revisions or {}, "delete auth rules")

        def delete(part: Sequence[str]) -> None:
            body = [{"number": number} | ({"rev": stated[number]} if number in stated else {}) for number in part]
            call = self._write("POST", "/v1/rules/delete", f"delete {_count(wanted)}", body, actor, track)
            self._http.send(call, partial(replies.read_deleted, part))

        _one_after_another(wanted, delete)

    def forget_rules(self, numbers: Iterable[str], *, actor: str, track: str) -> None:
        """Delete these rules and what the SBC keeps of their revisions."""
        wanted = checked_numbers(numbers, "forget auth rules", writes=True)

        def forget(part: Sequence[str]) -> None:
            call = self._write("POST", "/v1/rules/forget", f"forget {_count(wanted)}", _items(part), actor, track)
            self._http.send(call, partial(replies.read_forgotten, part))

        _one_after_another(wanted, forget)

    def kept_revisions(self, numbers: Iterable[str]) -> dict[str, int]:
        """The highest revision that the SBC keeps of each number. A number without one is left out."""
        wanted = checked_numbers(numbers, "read revisions of auth rules")
        kept: dict[str, int] = {}
        for part in _in_parts(wanted):
            operation = f"read the revisions of {_count(wanted)}"
            call = self._read("/v1/rules/revisions", operation, _items(part), None)
            kept |= self._http.send(call, partial(replies.read_revisions, part))
        return kept

    def health(self, *, quick_seconds: float | None = None) -> Health:
        """See `Sbc.health`. One attempt: an answer after several would be late."""
        call = Call(
            "GET", "/v1/health", "report its health", headers=self._headers(), read_seconds=quick_seconds, attempts=1
        )
        return self._http.send(call, replies.read_health)

    def _read(self, path: str, operation: str, body: Any, quick_seconds: float | None) -> Call:
        track = f"read-{uuid4().hex}"
        return Call(
            "POST",
            path,
            operation,
            body=body,
            headers=self._headers() | {"X-Request-Id": track},
            track_id=track,
            read_seconds=quick_seconds,
            attempts=None if quick_seconds is None else 1,
        )

    def _write(self, method: str, path: str, operation: str, body: Any, actor: str, track: str) -> Call:
        # A rule is set as a whole and by its revision, so sending it twice has no further effect.
        track = _plain_track(track)
        return Call(
            method,
            path,
            operation,
            writes=True,
            resend=True,
            body=body,
            headers=self._headers() | {"X-Request-Id": track, "X-Actor": _opaque(actor)},
            track_id=track,
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def _one_after_another(items: Sequence[Item], send: Callable[[Sequence[Item]], T]) -> list[T]:
    """Send the items in requests of the allowed size. After an error a part of them may be in force."""
    done: list[T] = []
    for part in _in_parts(items):
        try:
            done.append(send(part))
        except RemoteError as error:
            raise error.unsure() if done else error from None
    return done


def _items(numbers: Iterable[str]) -> list[dict[str, str]]:
    return [{"number": number} for number in numbers]


def _rule_body(rule: AuthRule) -> dict[str, Any]:
    return {
        "number": rule.number,
        "account": rule.account,
        "state": rule.state,
        "trunk": rule.trunk,
        "rev": rule.revision,
    }


def _count(items: Sequence[object]) -> str:
    return "an auth rule" if len(items) == 1 else f"{len(items)} auth rules"


def _in_parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + RULES_A_REQUEST] for start in range(0, len(items), RULES_A_REQUEST))


def _opaque(actor: str) -> str:
    """A stable name for a person that hides who it is: e-mail addresses do not belong in the SBC's log."""
    return hashlib.sha256(actor.encode(errors="replace")).hexdigest()[:12]


def _plain_track(text: str) -> str:
    """`text` with only the characters allowed in a header and in the SBC's log."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:_TRACK_LIMIT]
