"""Overdue invoices of one account or of the whole tenant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self

from pydantic import Field

from lib.clients.call import Call, Reply
from lib.clients.errors import UnexpectedReply
from lib.clients.zuora import replies
from lib.clients.zuora.models import Model, Ref
from lib.clients.zuora.sender import Sender, filter_value


class OverdueInvoice(Model):
    """A posted invoice with something left to pay after its due date."""

    id: str = Field(min_length=1)
    number: str = Field(min_length=1)
    account_id: str = Field(min_length=1)
    currency: str = Field(min_length=1)
    balance: Decimal = Field(allow_inf_nan=False)
    due: date
    status: Ref = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From a row of an object query with its account expanded.

        Raises:
            ValueError, TypeError, LookupError: something that an overdue invoice must have is missing.
        """
        account = row.get("account") or {}
        if isinstance(row["balance"], bool) or not isinstance(row["dueDate"], str):
            raise ValueError("no balance or no due date")  # noqa: TRY004
        return cls(
            id=row["id"],
            number=row["invoiceNumber"],
            account_id=row["accountId"],
            currency=row.get("currency") or account.get("currency"),
            balance=row["balance"],
            due=row["dueDate"][:10],
            status=row.get("status"),
        )


@dataclass(frozen=True)
class Overdue:
    """The overdue sum of one account in one currency."""

    account_id: str
    currency: str
    balance: Decimal
    invoices: int
    oldest: date


def overdue_sums(invoices: Iterable[OverdueInvoice]) -> list[Overdue]:
    """One sum for each account and currency, in the order of their first invoice."""
    sums: dict[tuple[str, str], Overdue] = {}
    for invoice in invoices:
        key = (invoice.account_id, invoice.currency)
        so_far = sums.get(key, Overdue(*key, Decimal(0), 0, invoice.due))
        sums[key] = Overdue(
            *key, so_far.balance + invoice.balance, so_far.invoices + 1, min(so_far.oldest, invoice.due)
        )
    return list(sums.values())


class Invoices(Sender):
    """The methods of a tenant about invoices."""

    def overdue(self, today: date) -> Iterator[OverdueInvoice]:
        """Every invoice of the tenant due before `today`, read page by page during the iteration.

        The iteration raises `RemoteError`. What came before it is not a complete list.
        """
        return self._overdue("list the overdue invoices", today, None)

    def overdue_of(self, account_id: str, today: date, *, quick_seconds: float | None = None) -> list[OverdueInvoice]:
        """The invoices of the account with this id (not number) due before `today`.

        `quick_seconds` allows one attempt of that length for each page of the answer, for a person who is waiting.
        """
        operation = f"list the overdue invoices of account {account_id}"
        return list(self._overdue(operation, today, filter_value(account_id, operation), quick_seconds))

    def _overdue(
        self, operation: str, today: date, account_id: str | None, quick_seconds: float | None = None
    ) -> Iterator[OverdueInvoice]:
        filters = ["status.EQ:Posted", "balance.GT:0", f"duedate.LT:{today.isoformat()}"]
        if account_id is not None:
            filters.append(f"accountid.EQ:{account_id}")
        params = [("filter[]", text) for text in filters] + [("expand[]", "account")]
        attempts = None if quick_seconds is None else 1
        call = Call("GET", "/object-query/invoices", operation, read_seconds=quick_seconds, attempts=attempts)
        seen: set[str] = set()
        for invoice in self._rows(call, params, _read_invoices):
            # If Zuora ignored the filter, accounts that owe nothing would be shown as overdue.
            other = account_id is not None and invoice.account_id.lower() != account_id.lower()
            if other or invoice.balance <= 0 or invoice.due >= today or invoice.status not in (None, "Posted"):
                raise UnexpectedReply(replies.SYSTEM, operation, detail="rows that were not asked for")
            # An invoice that appears on two pages counts once.
            if invoice.id not in seen:
                seen.add(invoice.id)
                yield invoice


def _read_invoices(reply: Reply, call: Call) -> tuple[list[OverdueInvoice], str | None]:
    rows, cursor = replies.read_rows(reply, call)
    found = replies.understood(lambda: [OverdueInvoice.from_row(row) for row in rows], reply, call, "an invoice")
    return found, cursor
