"""What an account owes in Zuora, and who else pays for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import cast

from lib.clients.errors import NotFound, RemoteError
from lib.clients.together import read_side_by_side
from lib.clients.zuora import ZuoraAccount
from lib.clients.zuora.invoices import overdue_sums
from lib.clients.zuora.subscriptions.models import ZuoraSubscription
from lib.domain.accounts import Account
from lib.domain.emails import InvalidEmail, check_address
from lib.domain.words import counted
from lib.services import Services
from lib.store import accounts


@dataclass(frozen=True)
class Debt:
    """What an account owes after the due date, in one currency."""

    amount: Decimal
    currency: str
    since: date
    days: int
    invoices: int
    payer: str | None = None
    """Number and name of the other account that owes it and pays for this one; None when it is the account itself."""

    def __str__(self) -> str:
        invoices = counted(self.invoices, "invoice")
        days = counted(self.days, "day")
        words = f"{self.amount:,.2f} {self.currency} overdue, {invoices}, the oldest for {days}"
        return words if self.payer is None else f"{words}, owed by {self.payer}, who pays for this account"


@dataclass(frozen=True)
class Payer:
    """Another account that gets the invoices of subscriptions of this one."""

    zuora_id: str
    name: str
    """Its number, the Hub's if the Hub has the account, and its name."""
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class Billing:
    """What Zuora says about an account that somebody wants to suspend, enable or deactivate."""

    account: ZuoraAccount | None
    debts: tuple[Debt, ...] | None
    """The account's own debts, then those of its payers. None: not known. Empty: nothing is overdue."""
    problems: tuple[str, ...]
    subscriptions: tuple[ZuoraSubscription, ...] | None = None
    """The account's subscriptions, whoever pays for them. None: not known."""
    payers: tuple[Payer, ...] = ()
    complete: bool = True
    """False when `debts` may be incomplete: who pays for the account, or what they owe, is not known."""

    @property
    def own_debts(self) -> tuple[Debt, ...]:
        """What the account itself owes."""
        return tuple(debt for debt in self.debts or () if debt.payer is None)

    @property
    def recipient(self) -> str | None:
        """The bill-to contact's e-mail address, if it is valid."""
        contact = self.account.bill_to if self.account else None
        try:
            return check_address(contact.work_email) if contact and contact.work_email else None
        except InvalidEmail:
            return None


def read_billing(services: Services, account: Account) -> Billing:
    """The Zuora account, its subscriptions, and what it and its payers owe, for somebody who waits.

    Never raises: failures are among the `problems`. An invoice is a debt of the account that gets it: when a parent
    pays for a child, the parent owes what is overdue for the child.
    """
    key = account.zuora_id
    if key is None:
        return Billing(None, None, ("This account is not linked to Zuora, so what it owes is not known.",))
    quick = services.settings.zuora_page_seconds
    reads: list[Callable[[], object]] = [
        lambda: services.read_zuora(key),
        lambda: debts_of(services, key),
        lambda: services.zuora.subscriptions(key, quick_seconds=quick),
    ]
    found, debts, listed = read_side_by_side(*reads)
    if isinstance(found, NotFound):
        return Billing(None, None, (f"Zuora has no account {account.zuora_number}, so what it owes is not known.",))
    problems = []
    if failure := next((one for one in (found, debts) if isinstance(one, RemoteError)), None):
        problems.append(f"What the account owes could not be read from Zuora. {failure}")
    if isinstance(found, RemoteError):
        return Billing(None, None, tuple(problems))
    owned: tuple[ZuoraSubscription, ...] | None = None
    if isinstance(listed, RemoteError):
        problems.append(
            "Its subscriptions could not be read from Zuora, so it is not known whether another account pays for it. "
            f"{listed}"
        )
    else:
        # Only its own: no order may reach a subscription of another account.
        every = cast(list[ZuoraSubscription], listed)
        owned = tuple(one for one in every if one.account_id is None or one.account_id.lower() == key.lower())
    payers = _payers(services, owned or ())
    theirs, unknown = _debts_of_payers(services, payers)
    own = None if isinstance(debts, RemoteError) else cast(tuple[Debt, ...], debts)
    return Billing(
        cast(ZuoraAccount, found),
        None if own is None and not theirs else (*(own or ()), *theirs),
        (*problems, *unknown),
        owned,
        payers,
        complete=own is not None and owned is not None and not unknown,
    )


def _payers(services: Services, subscriptions: tuple[ZuoraSubscription, ...]) -> tuple[Payer, ...]:
    """The other accounts that pay for these subscriptions, also for ended ones: they may have unpaid invoices."""
    paid: dict[str, list[ZuoraSubscription]] = {}
    for one in subscriptions:
        if one.invoice_owner_id is not None and one.paid_by_another:
            paid.setdefault(one.invoice_owner_id, []).append(one)
    with services.engine.connect() as connection:
        known = accounts.numbers_by_zuora_id(connection, list(paid))
    return tuple(
        Payer(
            id_,
            " ".join(filter(None, (known.get(id_) or ones[0].invoice_owner_number or id_, ones[0].invoice_owner_name))),
            tuple(sorted(one.number for one in ones)),
        )
        for id_, ones in sorted(paid.items())
    )


def _debts_of_payers(services: Services, payers: tuple[Payer, ...]) -> tuple[list[Debt], list[str]]:
    """What the payers of the account owe, and in sentences what of it is not known."""
    read = read_side_by_side(*(lambda payer=payer: debts_of(services, payer.zuora_id) for payer in payers))
    debts: list[Debt] = []
    unknown: list[str] = []
    for payer, answer in zip(payers, read, strict=True):
        if isinstance(answer, RemoteError):
            unknown.append(
                f"{payer.name} pays for this account, and what it owes could not be read from Zuora. {answer}"
            )
        else:
            debts += [replace(debt, payer=payer.name) for debt in answer]
    return debts, unknown


def debts_of(services: Services, zuora_id: str) -> tuple[Debt, ...]:
    """What the account with this Zuora id owes now, one debt for each currency.

    Raises:
        RemoteError: Zuora could not be read.
    """
    today = services.today()
    quick = services.settings.zuora_page_seconds
    sums = overdue_sums(services.zuora.overdue_of(zuora_id, today, quick_seconds=quick))
    return tuple(Debt(one.balance, one.currency, one.oldest, (today - one.oldest).days, one.invoices) for one in sums)
