"""What the person who sets up the Account Manager wants to know of a tenant. Nothing is changed."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from time import time as now

from lib.clients.call import Call, Reply
from lib.clients.errors import AuthFailed, NotFound, RemoteError, Unreachable
from lib.clients.zuora import replies
from lib.clients.zuora.client import Zuora
from lib.clients.zuora.models import ZuoraAccount
from lib.clients.zuora.subscriptions.cancel_answers import orders_missing

SKEW_SECONDS = 60
REAL_STATUSES = "2024-05-20"
"""From this minor version on, a refusal has an HTTP status of its own."""
UNIFIED_QUERY_ERRORS = "2025-08-12"
"""From this one on, object queries refuse in the same shape as everything else, without a success mark."""
DATA_CENTRES = (
    "rest.na.zuora.com",
    "rest.zuora.com",
    "rest.eu.zuora.com",
    "rest.ap.zuora.com",
    "rest.sandbox.na.zuora.com",
    "rest.apisandbox.zuora.com",
    "rest.test.zuora.com",
    "rest.sandbox.eu.zuora.com",
    "rest.test.eu.zuora.com",
    "rest.test.ap.zuora.com",
)


@dataclass(frozen=True)
class Finding:
    """One sentence of the check. `good` has no value (None) for what is worth knowing but not an obstacle.

    `warns` marks one that somebody should look into before the Account Manager is used.
    """

    good: bool | None
    sentence: str
    warns: bool = False


class Tenant(Zuora):
    """The tenant that is checked."""

    def check(self, account_key: str | None = None) -> Iterator[Finding]:
        """Every finding, as soon as it is known. Without `account_key` the first account found is read."""
        finding = self._sign_in()
        yield finding
        if not finding.good:
            return
        yield from self._clock()
        yield self._minor_version()
        yield from self._query_version()
        account, finding = self._some_account(account_key)
        yield finding
        if account is not None:
            yield from self._permissions(account)
        yield self._orders()

    def _sign_in(self) -> Finding:
        url = self._config.url
        try:
            self._token.get(Call("GET", "/", "sign in"))
        except AuthFailed as error:
            return Finding(
                False,
                f"{url} can be reached. {error} The wrong data centre refuses in the same way, so check that "
                f"AM_ZUORA_URL is the one of your tenant. Zuora's are {', '.join(DATA_CENTRES)}.",
            )
        except Unreachable as error:
            return Finding(False, f"{url} cannot be reached. {error}")
        except RemoteError as error:
            return Finding(False, f"The server at {url} does not behave like Zuora. {error}")
        return Finding(True, f"{url} can be reached and gives the Account Manager a token.")

    def _clock(self) -> Iterator[Finding]:
        began = now()
        try:
            call = Call("GET", "/object-query/accounts", "read its clock", params=(("pageSize", "1"),))
            at = self._send(call, _date_of)
        except RemoteError:
            return  # the check of accounts, below, reports the same more clearly
        if at is None:
            yield Finding(None, "Zuora did not say what time it is.")
            return
        skew = at.timestamp() - (began + now()) / 2
        if abs(skew) > SKEW_SECONDS:
            yield Finding(False, f"This machine's clock is {abs(skew):.0f} s {'behind' if skew > 0 else 'ahead'}.")
        else:
            yield Finding(True, "This machine's clock agrees with Zuora's.")

    def _minor_version(self) -> Finding:
        version = self._config.version
        try:
            self.account(f"none-{uuid.uuid4().hex}")
        except NotFound as error:
            if error.status == 404:
                return Finding(True, f"Minor version {version} is in force: a refusal has an HTTP status of its own.")
            if promises(version, REAL_STATUSES):
                return Finding(
                    None,
                    f"AM_ZUORA_VERSION {version} is not in force: Zuora answered a question for an account that does "
                    f"not exist with HTTP {error.status} instead of 404, as before {REAL_STATUSES}. That works, "
                    "too. Check that the version exists and that nothing on the way removes the header.",
                    warns=True,
                )
            return Finding(
                None, f"With minor version {version} Zuora refuses with HTTP {error.status}. That works, too."
            )
        except RemoteError as error:
            return Finding(None, f"The behaviour of minor version {version} is not known. {error}")
        return Finding(None, "Zuora found an account for a number that does not exist.")

    def _query_version(self) -> Iterator[Finding]:
        """Whether object queries refuse as the version promises."""
        version = self._config.version
        if not promises(version, UNIFIED_QUERY_ERRORS):
            return
        params = (("filter[]", "no-such-field.EQ:1"), ("pageSize", "1"))
        call = Call("GET", "/object-query/accounts", "refuse a wrong filter", params=params)
        try:
            unified = self._send(call, _refuses_in_one_shape)
        except RemoteError as error:
            yield Finding(None, f"How minor version {version} refuses object queries is not known. {error}")
            return
        if unified:
            yield Finding(True, f"Minor version {version} is in force for object queries.")
            return
        yield Finding(
            None,
            f"AM_ZUORA_VERSION {version} is not in force for object queries: they refuse as before "
            f"{UNIFIED_QUERY_ERRORS}. That works, too.",
            warns=True,
        )

    def _some_account(self, key: str | None) -> tuple[ZuoraAccount | None, Finding]:
        try:
            number = key or self._first_number()
            if number is None:
                return None, Finding(None, "The tenant has no account to read. Name one with --account.")
            return self.account(number), Finding(True, "Accounts can be read.")
        except RemoteError as error:
            return None, Finding(False, f"Accounts cannot be read. {error}")

    def _first_number(self) -> str | None:
        call = Call("GET", "/object-query/accounts", "list accounts", params=(("pageSize", "1"),))
        rows, _ = self._send(call, replies.read_rows)
        return str(rows[0].get("accountNumber")) if rows else None

    def _permissions(self, account: ZuoraAccount) -> Iterator[Finding]:
        def hierarchy() -> object:
            return self.children(account.id)

        def subscriptions() -> object:
            return list(islice(self.iter_subscriptions(account.number), 1))

        def invoices() -> object:
            return self.overdue_of(account.id, datetime.now(UTC).date())

        yield _tried("Customer Hierarchy: children can be listed.", "Customer Hierarchy", hierarchy)
        yield _tried("Subscriptions can be read.", "Subscriptions", subscriptions)
        yield _tried("Invoices can be read.", "Invoices", invoices)
        contact_id = account.bill_to_id
        if contact_id is None:
            yield Finding(None, "The account has no bill-to contact, so reading contacts was not tried.")
        else:
            yield _tried("Contacts can be read.", "Contacts", lambda: self.contact(contact_id))

    def _orders(self) -> Finding:
        call = Call("GET", "/v1/orders", "list orders", params=(("page", "1"), ("pageSize", "1")))
        try:
            self._send(call, replies.read_object)
        except RemoteError as error:
            if orders_missing(error):
                return Finding(None, "Orders are not enabled: subscriptions are cancelled without protection by a key.")
            if isinstance(error, AuthFailed):
                return Finding(False, f"Orders cannot be read. {error}")
            return Finding(None, f"Whether Orders are enabled is not known. {error}")
        return Finding(True, "Orders are enabled.")


def promises(version: str, since: str) -> bool:
    """True when a dated minor version is from that day or later. The numbered ones, such as 211.0, are older."""
    return re.fullmatch(r"\d{4}-\d\d-\d\d", version) is not None and version >= since


def _refuses_in_one_shape(reply: Reply, call: Call) -> bool:
    """True for a refusal as it is from 2025-08-12 on: with reasons, and without a success mark."""
    try:
        body = reply.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("reasons"), list):
        raise replies.unexpected(reply, call, "without reasons")
    return "success" not in body


def _tried(good: str, what: str, read: Callable[[], object]) -> Finding:
    try:
        read()
    except RemoteError as error:
        return Finding(False, f"{what} cannot be read. {error}")
    return Finding(True, good)


def _date_of(reply: Reply, call: Call) -> datetime | None:
    replies.read(reply, call)
    try:
        at = parsedate_to_datetime(reply.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
