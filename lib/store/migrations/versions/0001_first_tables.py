"""The first tables, and the index that finds an account from part of a name or number."""

import sqlalchemy as sa
from alembic import op

from lib.store.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:  # noqa: PLR0915 - one statement per table and index
    op.create_table(
        "account",
        sa.Column("id", ID, nullable=False),
        sa.Column("number", sa.String(length=6), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("parent_id", ID, nullable=True),
        sa.Column("zuora_id", sa.String(length=32), nullable=True),
        sa.Column("zuora_number", sa.String(length=50), nullable=True),
        sa.Column("communication_profile", sa.String(length=60), nullable=True),
        sa.Column("pinned_note", sa.Text(), nullable=True),
        sa.Column("pinned_until", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("status in ('active', 'suspended', 'deactivated')", name=op.f("ck_account_status")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_account_not_own_parent")),
        sa.ForeignKeyConstraint(["parent_id"], ["account.id"], name="fk_account_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("number", name="uq_account_number"),
        sa.UniqueConstraint("zuora_id", name="uq_account_zuora_id"),
        sa.UniqueConstraint("zuora_number", name="uq_account_zuora_number"),
    )
    op.create_index("ix_account_parent_id", "account", ["parent_id"], unique=False)
    op.create_index("ix_account_name", "account", ["name", "number"], unique=False)
    op.create_index("ix_account_status", "account", ["status", "name", "number"], unique=False)
    op.create_table(
        "action_event",
        sa.Column("sequence", ID, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.String(length=80), nullable=True),
        sa.Column("account", sa.String(length=6), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=True),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("executor", sa.String(length=120), nullable=True),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_action_event"),
    )
    op.create_index("ix_action_event_account", "action_event", ["account"], unique=False)
    op.create_index("ix_action_event_run_id", "action_event", ["run_id"], unique=False)
    op.create_table(
        "action_run",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=6), nullable=False),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("actor_name", sa.String(length=120), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("touched", sa.Float(), nullable=False),
        sa.CheckConstraint("state in ('running', 'failed', 'done', 'abandoned')", name=op.f("ck_action_run_state")),
        sa.PrimaryKeyConstraint("id", name="pk_action_run"),
    )
    op.create_index("ix_action_run_account_newest", "action_run", ["account", "created_at"], unique=False)
    op.create_index(
        "uq_action_run_open_account",
        "action_run",
        ["account"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "charge_map",
        sa.Column("id", ID, nullable=False),
        sa.Column("charge_number", sa.String(length=50), nullable=True),
        sa.Column("charge_name", sa.String(length=120), nullable=True),
        sa.Column("allowance_kind", sa.String(length=40), nullable=False),
        sa.Column("changed_by", sa.String(length=254), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "charge_number is not null or charge_name is not null", name=op.f("ck_charge_map_names_a_charge")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_charge_map"),
        sa.UniqueConstraint("charge_number", name="uq_charge_map_charge_number"),
    )
    op.create_table(
        "executor",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("beat", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_executor"),
    )
    op.create_table(
        "action_claim",
        sa.Column("account", sa.String(length=6), nullable=False),
        sa.Column("run_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["action_run.id"], name="fk_action_claim_run_id"),
        sa.PrimaryKeyConstraint("account", name="pk_action_claim"),
    )
    op.create_index("ix_action_claim_run_id", "action_claim", ["run_id"], unique=False)
    op.create_table(
        "call_parking",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_call_parking_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_call_parking"),
    )
    op.create_index("ix_call_parking_account_id", "call_parking", ["account_id"], unique=False)
    op.create_table(
        "call_queue",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_call_queue_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_call_queue"),
    )
    op.create_index("ix_call_queue_account_id", "call_queue", ["account_id"], unique=False)
    op.create_table(
        "emergency_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("saved_by", sa.String(length=254), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_emergency_record_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_emergency_record"),
        sa.UniqueConstraint("account_id", "version", name="uq_emergency_record_account_id_version"),
    )
    op.create_table(
        "integration",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("vendor", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_integration_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_integration"),
    )
    op.create_index("ix_integration_account_id", "integration", ["account_id"], unique=False)
    op.create_table(
        "music_on_hold",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_music_on_hold_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_music_on_hold"),
    )
    op.create_index("ix_music_on_hold_account_id", "music_on_hold", ["account_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=100), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("failed_sign_ins", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("signed_out_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_person_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email", name="uq_person_email"),
        sa.UniqueConstraint("username", name="uq_person_username"),
    )
    op.create_table(
        "portal_user",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_admin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_portal_user_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_portal_user"),
        sa.UniqueConstraint("account_id", "email", name="uq_portal_user_account_id_email"),
    )
    op.create_index("ix_portal_user_account_id", "portal_user", ["account_id"], unique=False)
    op.create_index("ix_portal_user_email", "portal_user", ["email"], unique=False)
    op.create_table(
        "search_term",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column(
            "term",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('number', 'name', 'phone', 'email', 'subscription')", name=op.f("ck_search_term_kind")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_search_term_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_search_term"),
    )
    op.create_index("ix_search_term_account_id", "search_term", ["account_id"], unique=False)
    op.create_index("ix_search_term_kind_term", "search_term", ["kind", "term"], unique=False)
    op.create_table(
        "sent_email",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("resent_from", ID, nullable=True),
        sa.CheckConstraint("state in ('accepted', 'failed')", name=op.f("ck_sent_email_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_sent_email_account_id"),
        sa.ForeignKeyConstraint(["resent_from"], ["sent_email.id"], name="fk_sent_email_resent_from"),
        sa.PrimaryKeyConstraint("id", name="pk_sent_email"),
        sa.UniqueConstraint("message_id", name="uq_sent_email_message_id"),
    )
    op.create_index(
        "ix_sent_email_account_newest",
        "sent_email",
        ["account_id", sa.literal_column("sent_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_include=["kind", "subject", "recipient", "state"],
    )
    op.create_table(
        "snapshot",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("system", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_snapshot_account_id"),
        sa.PrimaryKeyConstraint("account_id", "system", "subject", name="pk_snapshot"),
    )
    op.create_table(
        "status_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("from_status", sa.String(length=12), nullable=False),
        sa.Column("to_status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("actor", sa.String(length=254), nullable=False),
        sa.Column("run_id", sa.String(length=80), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_status_change_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_status_change"),
    )
    op.create_index("ix_status_change_account_id", "status_change", ["account_id"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("term_start", sa.Date(), nullable=True),
        sa.Column("term_end", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("refreshed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_subscription_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("number", name="uq_subscription_number"),
    )
    op.create_index("ix_subscription_account_id", "subscription", ["account_id"], unique=False)
    op.create_table(
        "web_tracker_code",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("site", sa.String(length=253), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_web_tracker_code_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_web_tracker_code"),
        sa.UniqueConstraint("code", name="uq_web_tracker_code_code"),
    )
    op.create_index("ix_web_tracker_code_account_id", "web_tracker_code", ["account_id"], unique=False)
    op.create_table(
        "allowance",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_allowance_account_id"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_allowance_subscription_id"),
        sa.PrimaryKeyConstraint("id", name="pk_allowance"),
        sa.UniqueConstraint("subscription_id", "kind", name="uq_allowance_subscription_id_kind"),
    )
    op.create_index("ix_allowance_account_id", "allowance", ["account_id"], unique=False)
    op.create_index("ix_allowance_subscription_id", "allowance", ["subscription_id"], unique=False)
    op.create_table(
        "pbx",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("group_name", sa.String(length=63), nullable=False),
        sa.Column("subscription_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_pbx_account_id"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_pbx_subscription_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pbx"),
        sa.UniqueConstraint("group_name", name="uq_pbx_group_name"),
    )
    op.create_index("ix_pbx_account_id", "pbx", ["account_id"], unique=False)
    op.create_index("ix_pbx_subscription_id", "pbx", ["subscription_id"], unique=False)
    op.create_table(
        "person_role",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_role_person_id"),
        sa.PrimaryKeyConstraint("person_id", "role", name="pk_person_role"),
    )
    op.create_table(
        "phone_number",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="in_use", nullable=False),
        sa.Column("trunk", sa.String(length=32), nullable=False),
        sa.Column("rule_revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("subscription_id", ID, nullable=True),
        sa.Column("quarantined_at", UtcDateTime(), nullable=True),
        sa.Column("quarantined_until", sa.Date(), nullable=True),
        sa.Column("quarantine_reason", sa.String(length=30), nullable=True),
        sa.CheckConstraint("state in ('in_use', 'porting', 'quarantined')", name=op.f("ck_phone_number_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_phone_number_account_id"),
        sa.ForeignKeyConstraint(["subscription_id"], ["subscription.id"], name="fk_phone_number_subscription_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_number"),
        sa.UniqueConstraint("e164", name="uq_phone_number_e164"),
    )
    op.create_index("ix_phone_number_account_id", "phone_number", ["account_id"], unique=False)
    op.create_index("ix_phone_number_subscription_id", "phone_number", ["subscription_id"], unique=False)
    op.create_table(
        "phone_user",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("pbx_id", ID, nullable=False),
        sa.Column("extension", sa.String(length=10), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.CheckConstraint("kind in ('desk_phone', 'cloud_mobile', 'jet_phone')", name=op.f("ck_phone_user_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_phone_user_account_id"),
        sa.ForeignKeyConstraint(["pbx_id"], ["pbx.id"], name="fk_phone_user_pbx_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_user"),
        sa.UniqueConstraint("login", name="uq_phone_user_login"),
        sa.UniqueConstraint("pbx_id", "extension", name="uq_phone_user_pbx_id_extension"),
    )
    op.create_index("ix_phone_user_account_id", "phone_user", ["account_id"], unique=False)
    op.create_index("ix_phone_user_pbx_id", "phone_user", ["pbx_id"], unique=False)
    op.create_table(
        "callflow",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("phone_number_id", ID, nullable=True),
        sa.Column("target_phone_user_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_callflow_account_id"),
        sa.ForeignKeyConstraint(["phone_number_id"], ["phone_number.id"], name="fk_callflow_phone_number_id"),
        sa.ForeignKeyConstraint(["target_phone_user_id"], ["phone_user.id"], name="fk_callflow_target_phone_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_callflow"),
    )
    op.create_index("ix_callflow_account_id", "callflow", ["account_id"], unique=False)
    op.create_index("ix_callflow_phone_number_id", "callflow", ["phone_number_id"], unique=False)
    op.create_index("ix_callflow_target_phone_user_id", "callflow", ["target_phone_user_id"], unique=False)
    op.create_table(
        "queue_member",
        sa.Column("queue_id", ID, nullable=False),
        sa.Column("phone_user_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["phone_user_id"], ["phone_user.id"], name="fk_queue_member_phone_user_id"),
        sa.ForeignKeyConstraint(["queue_id"], ["call_queue.id"], name="fk_queue_member_queue_id"),
        sa.PrimaryKeyConstraint("queue_id", "phone_user_id", name="pk_queue_member"),
    )
    op.create_index("ix_queue_member_phone_user_id", "queue_member", ["phone_user_id"], unique=False)
    _search_on_sqlite() if op.get_bind().dialect.name == "sqlite" else _search_on_postgresql()


def _search_on_sqlite() -> None:
    """Trigrams over `search_term.term`. The text stays in that table, and triggers keep the index up to date."""
    op.execute(
        "create virtual table search_term_fts using fts5("
        "term, content='search_term', content_rowid='id', tokenize='trigram')"
    )
    add = "insert into search_term_fts(rowid, term) values (new.id, new.term);"
    remove = "insert into search_term_fts(search_term_fts, rowid, term) values ('delete', old.id, old.term);"
    for name, moment, work in (
        ("added", "after insert", add),
        ("removed", "after delete", remove),
        ("changed", "after update", remove + " " + add),
    ):
        op.execute(f"create trigger search_term_{name} {moment} on search_term begin {work} end")


def _search_on_postgresql() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute("create index ix_search_term_trigram on search_term using gin (term gin_trgm_ops)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("drop table search_term_fts")
    for table in (
        "queue_member",
        "callflow",
        "phone_user",
        "phone_number",
        "person_role",
        "pbx",
        "allowance",
        "web_tracker_code",
        "subscription",
        "status_change",
        "snapshot",
        "sent_email",
        "search_term",
        "portal_user",
        "person",
        "music_on_hold",
        "integration",
        "emergency_record",
        "call_queue",
        "call_parking",
        "action_claim",
        "executor",
        "charge_map",
        "action_run",
        "action_event",
        "account",
    ):
        op.drop_table(table)
