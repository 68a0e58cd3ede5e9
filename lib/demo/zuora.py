"""Loads the made-up world into the Zuora stand-in."""

from collections.abc import Iterator

from lib.demo.billing import zuora_invoices, zuora_subscriptions
from lib.demo.companies import STREET_TYPES
from lib.demo.model import COMMUNICATION_PROFILES, Contact
from lib.demo.world import world
from lib.standins.zuora.records import ContactRecord, ZuoraRecord
from lib.standins.zuora.state import ZuoraState


def load_zuora(state: ZuoraState) -> None:
    """Load everything that Zuora has into the stand-in's state."""
    state.load(zuora_records())
    state.load_subscriptions(zuora_subscriptions())
    state.load_invoices(zuora_invoices())


def zuora_records() -> Iterator[ZuoraRecord]:
    """Every account in Zuora. Parents are named by their Zuora id."""
    accounts = world().accounts
    id_of = {account.number: account.zuora_id for account in accounts}
    for account in accounts:
        seen = account.in_zuora
        if seen is None:
            continue
        yield ZuoraRecord(
            id=account.zuora_id,
            account_number=account.zuora_number,
            name=seen.name,
            status=seen.status,
            parent_id=None if seen.parent is None else id_of[seen.parent],
            balance=seen.balance,
            currency=seen.currency,
            bill_to=_contact(account.bill_to),
            sold_to=_contact(account.sold_to),
            communication_profile_id=COMMUNICATION_PROFILES[account.profile],
            bill_cycle_day=1 + int(account.number) % 28,
            payment_term="Net 14" if int(account.number) % 3 else "Net 30",
            additional_email_addresses=() if int(account.number) % 4 else (f"accounts@{account.site}.example",),
        )


def _contact(contact: Contact) -> ContactRecord:
    return ContactRecord(
        id=contact.id,
        first_name=contact.first_name,
        last_name=contact.last_name,
        work_email=contact.email,
        work_phone=contact.phone,
        address1=f"{contact.house_number} {contact.street_name} {STREET_TYPES[contact.street_type]}",
        city=contact.locality,
        state=contact.state,
        zip_code=contact.postcode,
        country="Australia",
    )
