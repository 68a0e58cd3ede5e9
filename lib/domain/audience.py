"""For whom a page is drawn: the staff, or a customer, who reads of their own account what concerns them.

What the staff did (runs, receipts, reasons, notes, names), the words it has for it, and what the systems behind the
pages say of themselves go to those who hold `run:see`. Whether somebody does is asked here and nowhere else.
"""

from lib.domain.accounts import Account
from lib.domain.permissions import Identity, Permission

OTHER_PAYER = "another account"
"""What a customer reads where the payer is known only by its number in Zuora."""


def is_staff(reader: Identity, account: str | None = None) -> bool:
    """True when this person may read what the staff does on the account; False for a customer's account admin."""
    return reader.may(Permission.RUN_SEE, account)


def as_seen_by(reader: Identity, account: Account) -> Account:
    """The account without the pinned note, where a customer reads it."""
    if is_staff(reader, account.number):
        return account
    return account.model_copy(update={"pinned_note": None, "pinned_until": None})
