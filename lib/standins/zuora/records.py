"""What one loads into the stand-in: accounts with their contacts."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class ContactRecord:
    """A bill-to or sold-to contact. `id` is 32 hexadecimal digits."""

    id: str
    first_name: str
    last_name: str
    work_email: str = ""
    personal_email: str = ""
    work_phone: str = ""
    mobile_phone: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class ZuoraRecord:
    """An account. `id` is 32 hexadecimal digits, `status` Active, Draft or Canceled.

    The same contact id as bill-to and sold-to is one shared contact: changing one changes both.
    """

    id: str
    account_number: str
    name: str
    bill_to: ContactRecord
    sold_to: ContactRecord
    status: str = "Active"
    parent_id: str | None = None
    currency: str = "AUD"
    balance: Decimal | str = "0"
    notes: str = ""
    communication_profile_id: str | None = None
    bill_cycle_day: int = 1
    payment_term: str = "Net 30"
    additional_email_addresses: tuple[str, ...] = ()
