"""The table of the sent e-mail history as a pandas frame, and its words."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pandas as pd

from lib.actions.emails.resend_email import kind_of
from lib.domain.emails import EmailState
from lib.store.emails import EmailRow

COLUMNS = ("Sent", "Subject", "Recipient", "Kind", "State")


def emails_frame(emails: Iterable[EmailRow], zone: str) -> pd.DataFrame:
    """When, subject, recipient, kind, state."""
    return pd.DataFrame([row_of(one, zone) for one in emails], columns=list(COLUMNS), dtype="string")


def row_of(email: EmailRow, zone: str) -> tuple[str, str, str, str, str]:
    """The cells of one e-mail, its time as the clocks of that zone showed it."""
    sent = f"{email.sent_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    return sent, email.subject, email.recipient, kind_label(email.kind), state_label(email.state)


def kind_label(kind: str) -> str:
    """The kind in words; one that this version does not know goes by its own name."""
    known = kind_of(kind)
    return known.label if known else kind.replace("_", " ").capitalize()


def state_label(state: str) -> str:
    """How far it came, in words."""
    return EmailState(state).label if state in list(EmailState) else state
