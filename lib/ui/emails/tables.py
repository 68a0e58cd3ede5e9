"""The table of the sent e-mail history, and its words."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pandas as pd

from lib.actions.emails.resend_email import kind_of
from lib.domain.emails import EmailState
from lib.store.emails import EmailRow

COLUMNS = ("Sent", "Subject", "Recipient", "Kind", "State")


def emails_frame(emails: Iterable[EmailRow], zone: str) -> pd.DataFrame:
    """One row for each e-mail."""
    return pd.DataFrame([row_of(one, zone) for one in emails], columns=list(COLUMNS), dtype="string")


def row_of(email: EmailRow, zone: str) -> tuple[str, str, str, str, str]:
    """The cells of one e-mail, with its time in that time zone."""
    sent = f"{email.sent_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    return sent, email.subject, email.recipient, kind_label(email.kind), state_label(email.state)


def kind_label(kind: str) -> str:
    """The kind in words; a kind that this version does not know keeps its name."""
    known = kind_of(kind)
    return known.label if known else kind.replace("_", " ").capitalize()


def state_label(state: str) -> str:
    """The state in words; a state that this version does not know keeps its name."""
    return EmailState(state).label if state in list(EmailState) else state
