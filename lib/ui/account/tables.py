"""What the Hub and Zuora say about an account, as pandas frames."""

from collections.abc import Iterable

import pandas as pd

from lib.app.live import Reading
from lib.clients.zuora import ZuoraAccount
from lib.domain.accounts import Account
from lib.domain.differences import Difference
from lib.domain.numbers import national
from lib.store.numbers import Quarantined
from lib.ui.widgets.tables import text_frame


def account_facts(account: Account, reading: Reading, payers: Iterable[str] = ()) -> pd.DataFrame:
    """The facts of an account, as the Hub and Zuora have them.

    `payers` are other accounts that pay for this one: its own balance does not include what they owe.
    """
    zuora = reading.value.account if reading.value else None
    absences = {"unlinked": "not linked", "missing": "no such account", "reading": "being read"}
    absent = absences.get(reading.state, "could not be read")

    def there(value: object) -> str:
        return absent if zuora is None else str(value)

    rows = [
        ("Name", account.name, there(zuora and zuora.name)),
        ("Status", account.status_words, there(zuora and zuora.status.value.lower().replace("canceled", "cancelled"))),
        ("Parent", parent_words(account), there(reading.value and (reading.value.parent or "none"))),
        ("Account number", account.number, there(zuora and zuora.number)),
        ("Balance", "—", there(_balance(zuora, payers))),
        ("E-mail", account.email or "none", "see the bill-to contact"),
        ("Communication profile", account.communication_profile or "none", "—"),
    ]
    return text_frame(rows, "Fact", "Hub", "Zuora")


def own_facts(account: Account, reading: Reading, payers: Iterable[str] = ()) -> pd.DataFrame:
    """The facts as the account's own customer sees them, without the names of systems.

    `payers` are the accounts that pay for this one, as a customer may know them.
    """
    zuora = reading.value.account if reading.value and reading.state != "missing" else None
    rows = [
        ("Account number", account.number),
        ("Name", account.name),
        ("Status", f"being {account.heading.value}" if account.changing_to else account.status.value),
        ("Parent", parent_words(account)),
        ("Balance", _balance(zuora, payers)),
        ("E-mail", account.email or "none"),
    ]
    return text_frame(rows, "Fact", "Your account")


def parent_words(account: Account) -> str:
    """Number and name of its parent, or `none`."""
    return f"{account.parent_number} - {account.parent_name}" if account.parent_number else "none"


def _balance(zuora: ZuoraAccount | None, payers: Iterable[str]) -> str:
    known = "none"
    if zuora is None:
        known = "not known at the moment"
    elif zuora.balance is not None:
        known = f"{zuora.balance:,.2f} {zuora.currency or ''}".strip()
    return "; ".join([known, *(f"{payer} pays for it" for payer in payers)])


def differences_frame(differences: Iterable[Difference]) -> pd.DataFrame:
    """Where Hub and Zuora differ, and what to do."""
    rows = [(one.field.capitalize(), one.hub, one.zuora, one.advice) for one in differences]
    return text_frame(rows, "Field", "Hub", "Zuora", "What to do")


def quarantine_frame(numbers: Iterable[Quarantined], *, staff: bool = True) -> pd.DataFrame:
    """Numbers in quarantine: until when, and for the staff why."""
    rows = [
        (national(one.number), f"{one.until:%-d %B %Y}" if one.until else "", (one.reason or "").replace("_", " "))
        for one in numbers
    ]
    frame = text_frame(rows, "Number", "In quarantine until", "Reason")
    if staff:
        return frame
    return frame.drop(columns="Reason").rename(columns={"In quarantine until": "Not in use until"})
