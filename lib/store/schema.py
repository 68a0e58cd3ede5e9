"""The tables of the Hub, as code uses them. Alembic creates them (`lib/store/migrations`).

The full-text index of `search_term` (SQLite FTS5, PostgreSQL trigrams) is only in the migration.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)

from lib.store.types import BigId, UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigId, primary_key=True)


def _account(*, index: bool = True) -> Column[int]:
    return Column("account_id", BigId, ForeignKey("account.id"), nullable=False, index=index)


# ------------------------------------------------------------------ accounts and what belongs to them
account = Table(
    "account",
    metadata,
    _id(),
    Column("number", String(6), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("status", String(12), nullable=False),
    Column("email", String(254)),
    Column("parent_id", BigId, ForeignKey("account.id"), index=True),
    Column("zuora_id", String(32), unique=True),
    Column("zuora_number", String(50), unique=True),
    Column("communication_profile", String(60)),
    Column("pinned_note", Text),
    Column("pinned_until", Date),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # The status it is changing to: until the SBC confirms it, it is not shown as the status.
    Column("changing_to", String(12)),
    CheckConstraint("status in ('active', 'suspended', 'deactivated')", name="status"),
    CheckConstraint("changing_to in ('active', 'suspended', 'deactivated')", name="changing_to"),
    CheckConstraint("parent_id <> id", name="not_own_parent"),
    Index("ix_account_name", "name", "number"),
    Index("ix_account_status", "status", "name", "number"),
)

status_change = Table(
    "status_change",
    metadata,
    _id(),
    _account(),
    Column("from_status", String(12), nullable=False),
    Column("to_status", String(12), nullable=False),
    Column("reason", String(60)),
    Column("note", Text),
    Column("actor", String(254), nullable=False),
    Column("run_id", String(80)),
    Column("at", UtcDateTime, nullable=False),
)

pbx = Table(
    "pbx",
    metadata,
    _id(),
    _account(),
    Column("name", String(120), nullable=False),
    Column("group_name", String(63), nullable=False, unique=True),
    Column("subscription_id", BigId, ForeignKey("subscription.id"), index=True),
)

phone_number = Table(
    "phone_number",
    metadata,
    _id(),
    _account(),
    Column("e164", String(16), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("state", String(12), nullable=False, server_default="in_use"),
    Column("trunk", String(32), nullable=False),
    Column("rule_revision", Integer, nullable=False, server_default="1"),
    Column("subscription_id", BigId, ForeignKey("subscription.id"), index=True),
    Column("quarantined_at", UtcDateTime),
    Column("quarantined_until", Date),
    Column("quarantine_reason", String(30)),
    CheckConstraint("state in ('in_use', 'porting', 'quarantined')", name="state"),
)

# Numbers whose auth rule may be wrong. Triggers on phone_number fill it (in the migration), whichever program
# makes the change. The rule keeper empties it.
rule_change = Table("rule_change", metadata, _id(), Column("e164", String(16), nullable=False, index=True))

phone_user = Table(
    "phone_user",
    metadata,
    _id(),
    _account(),
    Column("pbx_id", BigId, ForeignKey("pbx.id"), nullable=False, index=True),
    Column("extension", String(10), nullable=False),
    Column("display_name", String(120), nullable=False),
    Column("email", String(254)),
    Column("kind", String(16), nullable=False),
    Column("login", String(80), nullable=False, unique=True),
    UniqueConstraint("pbx_id", "extension"),
    CheckConstraint("kind in ('desk_phone', 'cloud_mobile', 'jet_phone')", name="kind"),
)

call_queue = Table("call_queue", metadata, _id(), _account(), Column("name", String(120), nullable=False))

queue_member = Table(
    "queue_member",
    metadata,
    Column("queue_id", BigId, ForeignKey("call_queue.id"), primary_key=True),
    Column("phone_user_id", BigId, ForeignKey("phone_user.id"), primary_key=True, index=True),
)

call_parking = Table("call_parking", metadata, _id(), _account(), Column("name", String(120), nullable=False))

music_on_hold = Table("music_on_hold", metadata, _id(), _account(), Column("name", String(120), nullable=False))

callflow = Table(
    "callflow",
    metadata,
    _id(),
    _account(),
    Column("name", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("phone_number_id", BigId, ForeignKey("phone_number.id"), index=True),
    Column("target_phone_user_id", BigId, ForeignKey("phone_user.id"), index=True),
)

integration = Table(
    "integration",
    metadata,
    _id(),
    _account(),
    Column("name", String(120), nullable=False),
    Column("vendor", String(60), nullable=False),
)

web_tracker_code = Table(
    "web_tracker_code",
    metadata,
    _id(),
    _account(),
    Column("code", String(40), nullable=False, unique=True),
    Column("site", String(253), nullable=False),
)

portal_user = Table(
    "portal_user",
    metadata,
    _id(),
    _account(),
    Column("email", String(254), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("is_admin", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("account_id", "email"),
)

# ------------------------------------------------------------------ billing
subscription = Table(
    "subscription",
    metadata,
    _id(),
    _account(),
    Column("number", String(100), nullable=False, unique=True),
    Column("name", String(120)),
    Column("status", String(20)),
    Column("term_start", Date),
    Column("term_end", Date),
    Column("version", Integer),
    Column("refreshed_at", UtcDateTime),
    Column("ends", Date),
    Column("payer", String(100)),
)

allowance = Table(
    "allowance",
    metadata,
    _id(),
    _account(),
    Column("subscription_id", BigId, ForeignKey("subscription.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("granted", Integer, nullable=False),
    UniqueConstraint("subscription_id", "kind"),
)

charge_map = Table(
    "charge_map",
    metadata,
    _id(),
    Column("charge_number", String(50), unique=True),
    Column("charge_name", String(120)),
    Column("allowance_kind", String(40), nullable=False),
    Column("changed_by", String(254)),
    Column("changed_at", UtcDateTime),
    CheckConstraint("charge_number is not null or charge_name is not null", name="names_a_charge"),
)

# ------------------------------------------------------------------ emergency details, e-mails
emergency_record = Table(
    "emergency_record",
    metadata,
    _id(),
    _account(index=False),
    Column("version", Integer, nullable=False),
    Column("details", JSON, nullable=False),
    Column("saved_by", String(254), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    UniqueConstraint("account_id", "version"),
)

sent_email = Table(
    "sent_email",
    metadata,
    _id(),
    _account(index=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("state", String(12), nullable=False),
    Column("message_id", String(255), unique=True),
    Column("body", Text),
    Column("resent_from", BigId, ForeignKey("sent_email.id")),
    Column("run_id", String(80)),
    CheckConstraint("state in ('accepted', 'failed', 'unknown')", name="state"),
)
# Covering: the first page of an account with many e-mails is read from the index alone. SQLite has no INCLUDE.
Index(
    "ix_sent_email_account_newest",
    sent_email.c.account_id,
    sent_email.c.sent_at.desc(),
    sent_email.c.id.desc(),
    postgresql_include=["kind", "subject", "recipient", "state"],
)
_BY_RUN = sent_email.c.run_id.is_not(None)
Index("ix_sent_email_run", sent_email.c.run_id, postgresql_where=_BY_RUN, sqlite_where=_BY_RUN)

# ------------------------------------------------------------------ search, snapshots
search_term = Table(
    "search_term",
    metadata,
    _id(),
    _account(),
    Column("kind", String(12), nullable=False),
    # Byte order, as on SQLite, so that one index serves both `like 'text%'` and the order of the result.
    Column("term", String(255).with_variant(String(255, collation="C"), "postgresql"), nullable=False),
    CheckConstraint("kind in ('number', 'name', 'phone', 'email', 'subscription')", name="kind"),
    # The kind comes first: "61" begins every phone term, but few account numbers.
    Index("ix_search_term_kind_term", "kind", "term"),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("account_id", BigId, ForeignKey("account.id"), primary_key=True),
    Column("system", String(10), primary_key=True),
    Column("subject", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)

# ------------------------------------------------------------------ people
person = Table(
    "person",
    metadata,
    _id(),
    Column("username", String(60), nullable=False, unique=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("password_hash", String(100)),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("demo", Boolean, nullable=False, server_default=text("false")),
    Column("account_id", BigId, ForeignKey("account.id")),
)

# One sign-in of a person in one browser. The cookie holds a random token, and here is only the token's hash.
sign_in_session = Table(
    "sign_in_session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person_id", BigId, ForeignKey("person.id"), nullable=False, index=True),
    # A hash of the password it was made with: another password ends it.
    Column("password_mark", String(64), nullable=False),
    Column("address", String(45), nullable=False),
    Column("began_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
)

# Failed sign-ins, counted by address, by name, and by name and address. `counter` is a hash of those.
sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("counter", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False, index=True),
)

person_role = Table(
    "person_role",
    metadata,
    Column("person_id", BigId, ForeignKey("person.id"), primary_key=True),
    Column("role", String(20), primary_key=True),
)

# ------------------------------------------------------------------ actions
action_event = Table(
    "action_event",
    metadata,
    Column("sequence", BigId, primary_key=True, autoincrement=False),
    Column("run_id", String(80), index=True),
    Column("account", String(6), index=True),
    Column("kind", String(40), nullable=False),
    Column("step", String(60)),
    Column("phase", String(12), nullable=False),
    Column("actor", String(254), nullable=False),
    Column("details", JSON, nullable=False),
    Column("executor", String(120)),
    Column("at", String(32), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

_NEXT_SEQUENCE = select(func.coalesce(func.max(action_event.c.sequence), 0) + 1).scalar_subquery()

action_run = Table(
    "action_run",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("account", String(6), nullable=False),
    Column("actor", String(254), nullable=False),
    Column("actor_name", String(120), nullable=False),
    Column("params", JSON, nullable=False),
    Column("plan", JSON, nullable=False),
    Column("steps", JSON, nullable=False),
    Column("reason", String(60)),
    Column("note", Text),
    Column("state", String(12), nullable=False),
    Column("error", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    # Seconds since 1970 on the database's clock, with which the sweeper of every replica compares it.
    Column("touched", Float, nullable=False),
    # 'contacts' for a run that may start while another one waits, else 'account'.
    Column("lane", String(10), nullable=False, server_default="account"),
    # Where it begins in the audit, so that a clock that was set back does not change the order of runs.
    Column("sequence", BigInteger, nullable=False, server_default="0", default=_NEXT_SEQUENCE),
    CheckConstraint("state in ('running', 'failed', 'done', 'abandoned')", name="state"),
    Index("ix_action_run_account_newest", "account", "sequence", "created_at"),
)
# One open run for each account and lane, in all processes, even while a failed one waits for Resume or Abandon.
Index(
    "uq_action_run_open_account",
    action_run.c.account,
    action_run.c.lane,
    unique=True,
    sqlite_where=action_run.c.closed_at.is_(None),
    postgresql_where=action_run.c.closed_at.is_(None),
)

# Every account that an open run may change, with its own: a change of parent also claims the families it joins.
action_claim = Table(
    "action_claim",
    metadata,
    Column("account", String(6), primary_key=True),
    Column("lane", String(10), primary_key=True, server_default="account"),
    Column("run_id", String(80), ForeignKey("action_run.id"), nullable=False, index=True),
)

# A plan that waits for a second person, who approves this fingerprint and no other.
plan_approval = Table(
    "plan_approval",
    metadata,
    _id(),
    Column("kind", String(40), nullable=False),
    Column("account", String(6), nullable=False, index=True),
    Column("fingerprint", String(64), nullable=False, index=True),
    Column("params", JSON, nullable=False),
    Column("asked_by", String(254), nullable=False),
    Column("asked_by_name", String(120), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("approved_by", String(254)),
    Column("approved_by_name", String(120)),
    Column("approved_at", UtcDateTime),
    Column("used_by_run", String(80)),
)

# What a step did to each of its items, where that is too long for the audit. The event has their hash.
action_item = Table(
    "action_item",
    metadata,
    _id(),
    Column("run_id", String(80), ForeignKey("action_run.id"), nullable=False),
    Column("step", String(60), nullable=False),
    Column("item", String(255), nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("run_id", "step", "item"),
)

executor = Table(
    "executor",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("beat", Float, nullable=False),
)

# ------------------------------------------------------------------ forms
# What somebody has typed into a form of an account and not sent yet. Only they see it, for a day.
form_draft = Table(
    "form_draft",
    metadata,
    Column("account", String(6), primary_key=True),
    Column("person", String(254), primary_key=True),
    Column("form", String(60), primary_key=True),
    Column("typed", JSON, nullable=False),
    # The values of the record when the person began, to see whether somebody has changed them since.
    Column("began_with", JSON, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False, index=True),
)
