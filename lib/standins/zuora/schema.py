"""The tables of the stand-in's file, and how a file of an earlier version gets its missing columns."""

import dataclasses
import json
import sqlite3
from datetime import date
from decimal import Decimal
from typing import Any

from lib.standins.zuora.records import ContactRecord, InvoiceRecord, SubscriptionRecord, ZuoraRecord

Row = dict[str, Any]
CONTACT_FIELDS = tuple(f.name for f in dataclasses.fields(ContactRecord))
_ACCOUNT_COLUMNS = {
    "id": "TEXT PRIMARY KEY COLLATE NOCASE",
    "account_number": "TEXT NOT NULL UNIQUE COLLATE NOCASE",
    "name": "TEXT NOT NULL COLLATE NOCASE",
    "status": "TEXT NOT NULL COLLATE NOCASE",
    "parent_id": "TEXT COLLATE NOCASE",
    "currency": "TEXT NOT NULL",
    "balance": "TEXT NOT NULL",
    "bill_to_id": "TEXT NOT NULL",
    "sold_to_id": "TEXT NOT NULL",
    "notes": "TEXT NOT NULL",
    "communication_profile_id": "TEXT",
    "bill_cycle_day": "INTEGER NOT NULL",
    "payment_term": "TEXT NOT NULL",
    "additional_email_addresses": "TEXT NOT NULL",
    "updated_at": "TEXT NOT NULL",
    "profile_number": "TEXT",
    "crm_id": "TEXT NOT NULL DEFAULT ''",
    "sales_rep": "TEXT NOT NULL DEFAULT ''",
    "batch": "TEXT NOT NULL DEFAULT 'Batch1'",
    "auto_pay": "INTEGER NOT NULL DEFAULT 0",
    "purchase_order_number": "TEXT NOT NULL DEFAULT ''",
    "invoice_delivery_prefs_email": "INTEGER NOT NULL DEFAULT 1",
    "invoice_delivery_prefs_print": "INTEGER NOT NULL DEFAULT 0",
}
_SUBSCRIPTION_COLUMNS = {
    "id": "TEXT PRIMARY KEY COLLATE NOCASE",
    "number": "TEXT NOT NULL COLLATE NOCASE",
    "account_id": "TEXT NOT NULL COLLATE NOCASE",
    "invoice_owner_id": "TEXT COLLATE NOCASE",
    "status": "TEXT NOT NULL COLLATE NOCASE",
    "version": "INTEGER NOT NULL",
    "is_latest": "INTEGER NOT NULL",
    "original_id": "TEXT NOT NULL",
    "previous_id": "TEXT",
    "term_type": "TEXT NOT NULL",
    "contract_effective_date": "TEXT NOT NULL",
    "subscription_start_date": "TEXT NOT NULL",
    "subscription_end_date": "TEXT",
    "term_start_date": "TEXT NOT NULL",
    "term_end_date": "TEXT",
    "initial_term": "INTEGER NOT NULL",
    "current_term": "INTEGER NOT NULL",
    "renewal_term": "INTEGER NOT NULL",
    "term_period_type": "TEXT NOT NULL",
    "auto_renew": "INTEGER NOT NULL",
    "renewal_setting": "TEXT NOT NULL",
    "currency": "TEXT NOT NULL",
    "notes": "TEXT NOT NULL",
    "cancel_reason": "TEXT",
    "scheduled_cancel_date": "TEXT",
    "scheduled_suspend_date": "TEXT",
    "scheduled_resume_date": "TEXT",
    "cancelled_date": "TEXT",
    "order_number": "TEXT",
    "rate_plans": "TEXT NOT NULL",
    "updated_at": "TEXT NOT NULL",
}
_INVOICE_COLUMNS = {
    "id": "TEXT PRIMARY KEY COLLATE NOCASE",
    "number": "TEXT NOT NULL UNIQUE COLLATE NOCASE",
    "account_id": "TEXT NOT NULL COLLATE NOCASE",
    "amount": "TEXT NOT NULL",
    "balance": "TEXT NOT NULL",
    "invoice_date": "TEXT NOT NULL",
    "due_date": "TEXT NOT NULL",
    "status": "TEXT NOT NULL COLLATE NOCASE",
    "currency": "TEXT NOT NULL",
    "payment_term": "TEXT NOT NULL",
    "updated_at": "TEXT NOT NULL",
}
_TABLES = {
    "contact": {"id": "TEXT PRIMARY KEY"} | dict.fromkeys(CONTACT_FIELDS[1:], "TEXT NOT NULL DEFAULT ''"),
    "account": _ACCOUNT_COLUMNS,
    "subscription": _SUBSCRIPTION_COLUMNS,
    "invoice": _INVOICE_COLUMNS,
    "answer": {
        "key": "TEXT PRIMARY KEY",
        "asked": "TEXT NOT NULL",
        "status": "INTEGER NOT NULL",
        "body": "BLOB NOT NULL",
        "at": "REAL NOT NULL",
    },
    "completed_order": {"number": "TEXT PRIMARY KEY", "body": "TEXT NOT NULL"},
    "counter": {"name": "TEXT PRIMARY KEY", "value": "INTEGER NOT NULL"},
}
TABLES = tuple(_TABLES)
_INDEXES = """
CREATE INDEX IF NOT EXISTS account_parent ON account (parent_id);
CREATE INDEX IF NOT EXISTS account_name ON account (name);
CREATE INDEX IF NOT EXISTS account_bill_to ON account (bill_to_id);
CREATE INDEX IF NOT EXISTS account_sold_to ON account (sold_to_id);
CREATE INDEX IF NOT EXISTS subscription_account ON subscription (account_id, is_latest, updated_at);
CREATE UNIQUE INDEX IF NOT EXISTS subscription_latest ON subscription (number) WHERE is_latest;
CREATE INDEX IF NOT EXISTS subscription_scheduled ON subscription (scheduled_cancel_date)
  WHERE scheduled_cancel_date IS NOT NULL;
CREATE INDEX IF NOT EXISTS invoice_account ON invoice (account_id);
CREATE INDEX IF NOT EXISTS invoice_due ON invoice (due_date);
"""


def create(db: sqlite3.Connection) -> None:
    """Create the tables, or add missing columns to those of an earlier version."""
    for table, columns in _TABLES.items():
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({listed}) WITHOUT ROWID")
        there = {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
        for name in columns:
            if name not in there:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]}")
    db.executescript(_INDEXES)


def insertion(table: str) -> str:
    """The statement that adds a row or replaces the one with the same key, with values by name."""
    columns = _TABLES[table]
    return (
        f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) "  # noqa: S608 (columns are ours)
        f"VALUES ({', '.join(f':{name}' for name in columns)})"
    )


def account_row(record: ZuoraRecord, now: str) -> Row:
    """The account as its table has it."""
    return vars(record) | {
        "balance": _decimal(record.balance),
        "bill_to_id": record.bill_to.id,
        "sold_to_id": record.sold_to.id,
        "additional_email_addresses": json.dumps(record.additional_email_addresses),
        "updated_at": now,
    }


def subscription_row(record: SubscriptionRecord, now: str) -> Row:
    """The subscription as its table has it, with its rate plans as JSON."""
    row = {name: _plain(getattr(record, name, None)) for name in _SUBSCRIPTION_COLUMNS}
    begin = record.contract_effective_date or record.subscription_start_date or record.term_start_date
    cancelled = record.status == "Cancelled"
    return row | {
        "is_latest": 1,
        "original_id": record.id,
        "contract_effective_date": _plain(begin),
        "subscription_start_date": _plain(record.subscription_start_date or begin),
        "subscription_end_date": _plain(record.subscription_end_date or record.term_end_date),
        "cancelled_date": _plain(record.subscription_end_date or record.term_end_date) if cancelled else None,
        "rate_plans": json.dumps([dataclasses.asdict(plan) for plan in record.rate_plans], default=_plain),
        "updated_at": record.updated_at or now,
    }


def invoice_row(record: InvoiceRecord, now: str) -> Row:
    """The invoice as its table has it."""
    row = {name: _plain(getattr(record, name, None)) for name in _INVOICE_COLUMNS}
    return row | {"amount": _decimal(record.amount), "balance": _decimal(record.balance), "updated_at": now}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return _decimal(value) if isinstance(value, Decimal) else value


def _decimal(value: Decimal | str) -> str:
    return format(Decimal(value), "f")
