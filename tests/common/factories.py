"""Values for tests that need no system. A test names only what is different."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from lib.actions.engine.action import Wish
from lib.clients.zuora import ZuoraAccount, ZuoraContact
from lib.domain.accounts import Account, AccountStatus
from lib.domain.emails import EmailKind, EmailState
from lib.domain.permissions import Identity, Role
from lib.store import emails, schema
from lib.store.runs import Run

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def make_account(**changes: Any) -> Account:
    """An active account that is linked to Zuora and has no parent."""
    values: dict[str, Any] = {
        "number": "1001",
        "name": "Wattle Plumbing",
        "status": AccountStatus.ACTIVE,
        "zuora_id": "z1001",
        "zuora_number": "A1001",
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Account(**(values | changes))


def put_account(connection: Connection, number: str = "1001", **changes: Any) -> int:
    """Write an active account without a link to Zuora into the Hub; returns its id."""
    values: dict[str, Any] = {
        "number": number,
        "name": "Wattle Plumbing",
        "status": AccountStatus.ACTIVE.value,
        "created_at": NOW,
        "changed_at": NOW,
    }
    made = insert(schema.account).values(values | changes).returning(schema.account.c.id)
    return connection.execute(made).scalar_one()


def make_zuora_account(**changes: Any) -> ZuoraAccount:
    """The same account in Zuora, active, with a bill-to contact."""
    values: dict[str, Any] = {
        "id": "z1001",
        "number": "A1001",
        "name": "Wattle Plumbing",
        "status": "Active",
        "bill_to": ZuoraContact(id="c1", first_name="Ada", last_name="Lane", work_email="ada@example.com"),
    }
    return ZuoraAccount(**(values | changes))


def make_wish(account: str = "1001", **params: Any) -> Wish:
    """What a support lead asks of an account."""
    lead = Identity(email="lead@example.com", name="Lee Lead", roles=frozenset({Role.SUPPORT_LEAD}), source="test")
    return Wish(account, params, lead)


def make_run(run_id: str, kind: str, account: str, **more: Any) -> Run:
    """A run under way; its plan has no facts unless `plan` gives some."""
    given: dict[str, Any] = {
        "actor": "lead@example.com",
        "actor_name": "Lee Lead",
        "params": {},
        "plan": {"title": kind, "facts": {}},
        "steps": [],
        "reason": None,
        "note": None,
        "state": "running",
        "error": None,
        "created_at": datetime.now(UTC),
        "closed_at": None,
        "touched": 0.0,
    }
    return Run(id=run_id, kind=kind, account=account, **given | more)


def make_email(connection: Connection, **changes: Any) -> bool:
    """Put an e-mail into the history of account 1001. False when its Message-ID is there already."""
    values: dict[str, Any] = {
        "account": "1001",
        "kind": EmailKind.SUSPENSION_NOTICE,
        "subject": "Your service is suspended",
        "recipient": "ada@example.com",
        "state": EmailState.ACCEPTED,
        "message_id": "<made@example.com>",
        "body": "Your service is suspended.",
        "sent_at": NOW,
    }
    return emails.record_sent(connection, **(values | changes))
