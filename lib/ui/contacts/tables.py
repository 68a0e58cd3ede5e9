"""The tables of the contacts page."""

import pandas as pd

from lib.actions.contacts.edit_contact import values_of
from lib.clients.zuora import ZuoraContact
from lib.domain.contacts import LABELS


def contact_frame(contact: ZuoraContact) -> pd.DataFrame:
    """One row for each field that has a value."""
    rows = [(LABELS[field], value) for field, value in values_of(contact).items() if value]
    return pd.DataFrame(rows, columns=["Field", "In Zuora"])


def newer_frame(base: dict[str, str], now: dict[str, str], shown: dict[str, str]) -> pd.DataFrame:
    """The fields that somebody changed in Zuora since the form began: my values and theirs."""
    rows = [
        (LABELS[field], base[field], shown[field], theirs) for field, theirs in now.items() if theirs != base[field]
    ]
    return pd.DataFrame(rows, columns=["Field", "You began with", "Yours", "Theirs"])
