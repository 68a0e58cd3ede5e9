"""The status an account is changing to, the numbers whose auth rule may be wrong, and the items of a step."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "changing_to in ('active', 'suspended', 'deactivated')"
MOVED = "old.e164 <> new.e164 or old.account_id <> new.account_id or old.state <> new.state or old.trunk <> new.trunk"


def upgrade() -> None:
    with op.batch_alter_table("account") as batch:
        batch.add_column(sa.Column("changing_to", sa.String(length=12), nullable=True))
        batch.create_check_constraint(op.f("ck_account_changing_to"), STATES)
    # We do not always know whether a mail server accepted an e-mail.
    with op.batch_alter_table("sent_email") as batch:
        batch.drop_constraint(op.f("ck_sent_email_state"), type_="check")
        batch.create_check_constraint(op.f("ck_sent_email_state"), "state in ('accepted', 'failed', 'unknown')")
    op.create_table(
        "rule_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("e164", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rule_change"),
    )
    op.create_index("ix_rule_change_e164", "rule_change", ["e164"], unique=False)
    op.create_table(
        "action_item",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("item", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["action_run.id"], name="fk_action_item_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_action_item"),
        sa.UniqueConstraint("run_id", "step", "item", name="uq_action_item_run_id_step_item"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _watch_on_sqlite()
    else:
        _watch_on_postgresql()


def _watch_on_sqlite() -> None:
    note = "insert into rule_change (e164) values ({}.e164);"
    for moment, when, work in (
        ("insert", "", note.format("new")),
        ("delete", "", note.format("old")),
        ("update", f"when {MOVED}", note.format("old") + note.format("new")),
    ):
        op.execute(f"create trigger phone_number_rule_{moment} after {moment} on phone_number {when} begin {work} end")


def _watch_on_postgresql() -> None:
    op.execute(
        """
        create function phone_number_rule() returns trigger language plpgsql as $$
        begin
          if tg_op in ('DELETE', 'UPDATE') then insert into rule_change (e164) values (old.e164); end if;
          if tg_op in ('INSERT', 'UPDATE') then insert into rule_change (e164) values (new.e164); end if;
          return null;
        end $$
        """
    )
    for moment, when in (("insert", ""), ("delete", ""), ("update", f"when ({MOVED})")):
        op.execute(
            f"create trigger phone_number_rule_{moment} after {moment} on phone_number "
            f"for each row {when} execute function phone_number_rule()"
        )


def downgrade() -> None:
    for moment in ("insert", "delete", "update"):
        table = "" if op.get_bind().dialect.name == "sqlite" else " on phone_number"
        op.execute(f"drop trigger phone_number_rule_{moment}{table}")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("drop function phone_number_rule()")
    op.drop_table("action_item")
    with op.batch_alter_table("sent_email") as batch:
        batch.drop_constraint(op.f("ck_sent_email_state"), type_="check")
        batch.create_check_constraint(op.f("ck_sent_email_state"), "state in ('accepted', 'failed')")
    op.drop_table("rule_change")
    with op.batch_alter_table("account") as batch:
        batch.drop_constraint(op.f("ck_account_changing_to"), type_="check")
        batch.drop_column("changing_to")
