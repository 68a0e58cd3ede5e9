"""Account state as pandas frames, ready for a table. Nothing here draws, and nothing here writes."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pandas as pd

from lib.actions.action import Plan
from lib.actions.progress import Progress
from lib.actions.receipt import STATES
from lib.domain.accounts import Account
from lib.domain.differences import Difference
from lib.live import Reading

UNKNOWN = "could not be read"


def account_facts(account: Account, reading: Reading) -> pd.DataFrame:
    """One row a fact: what the Hub says beside what Zuora says. A fact Zuora did not give says so, never blank."""
    zuora = reading.value.account if reading.value else None
    absent = {"unlinked": "not linked", "missing": "no such account", "reading": "being read"}.get(
        reading.state, UNKNOWN
    )

    def there(value: object) -> str:
        return absent if zuora is None else str(value)

    parent = f"{account.parent_number} - {account.parent_name}" if account.parent_number else "none"
    balance = f"{zuora.balance:,.2f} {zuora.currency or ''}".strip() if zuora and zuora.balance is not None else "none"
    rows = [
        ("Name", account.name, there(zuora and zuora.name)),
        ("Status", account.status.value, there(zuora and zuora.status.value.lower())),
        ("Parent", parent, there(reading.value and (reading.value.parent or "none"))),
        ("Account number", account.number, there(zuora and zuora.number)),
        ("Balance", "kept in Zuora", there(balance)),
        ("E-mail", account.email or "none", "see the bill-to contact"),
        ("Communication profile", account.communication_profile or "none", "kept as an id"),
    ]
    return pd.DataFrame(rows, columns=["Fact", "Hub", "Zuora"], dtype="string")


def accounts_frame(accounts: Iterable[Account]) -> pd.DataFrame:
    """A list of accounts: number, name, status, parent."""
    return pd.DataFrame(
        [(one.number, one.name, one.status.value, one.parent_number or "") for one in accounts],
        columns=["Number", "Name", "Status", "Parent"],
        dtype="string",
    )


def differences_frame(differences: Iterable[Difference]) -> pd.DataFrame:
    """Where Hub and Zuora disagree, and what to do."""
    return pd.DataFrame(
        [(one.field.capitalize(), one.hub, one.zuora, one.advice) for one in differences],
        columns=["Field", "Hub", "Zuora", "What to do"],
        dtype="string",
    )


def effects_frame(plan: Plan) -> pd.DataFrame:
    """What a plan would change: system, what, before, after."""
    return pd.DataFrame(
        [(one.system, one.text, one.before or "", one.after or "") for one in plan.effects],
        columns=["System", "What changes", "Before", "After"],
        dtype="string",
    )


def steps_frame(progress: Progress, zone: str) -> pd.DataFrame:
    """How each step of a run stands: result, before and after, and when it ended."""
    there = ZoneInfo(zone)
    return pd.DataFrame(
        [
            (
                step.title,
                STATES[step.state] + (f" ({step.count})" if step.state == "done" else ""),
                step.before or "",
                step.after or "",
                step.ended_at.astimezone(there).strftime("%H:%M:%S") if step.ended_at else "",
                ", ".join(step.request_ids),
            )
            for step in progress.steps
        ],
        columns=["Step", "Result", "Before", "After", "Ended", "Request id"],
        dtype="string",
    )
