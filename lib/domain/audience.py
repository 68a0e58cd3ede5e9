"""Who reads a page: the staff, or a customer, who sees what concerns them of their own account.

What the staff did (runs, receipts, reasons, notes, names) and what the outside systems say is for people with
`run:see`. Only this module decides who is one of them.
"""

from lib.domain.accounts import Account
from lib.domain.permissions import Identity, Permission

OTHER_PAYER = "another account"
"""What a customer reads when only the payer's number in Zuora is known."""


def is_staff(reader: Identity, account: str | None = None) -> bool:
    """True when this person may read what the staff does on the account. False for a customer's account admin."""
    return reader.may(Permission.RUN_SEE, account)


def as_seen_by(reader: Identity, account: Account) -> Account:
    """The account, for a customer without the pinned note."""
    if is_staff(reader, account.number):
        return account
    return account.model_copy(update={"pinned_note": None, "pinned_until": None})
