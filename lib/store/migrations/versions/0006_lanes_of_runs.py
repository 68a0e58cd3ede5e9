"""Open runs have lanes, so that a contact can be corrected while another run of its account waits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.add_column("action_run", _lane())
    op.drop_index("uq_action_run_open_account", table_name="action_run")
    op.create_index(
        "uq_action_run_open_account",
        "action_run",
        ["account", "lane"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    _claims(_lane())
    op.execute("insert into action_claim (account, run_id) select account, run_id from old_claim")
    op.drop_table("old_claim")


def downgrade() -> None:
    _claims()
    # Without lanes one run can claim an account: the one in the lane 'account', else the one of a contact.
    op.execute("insert into action_claim select account, run_id from old_claim where lane = 'account'")
    op.execute(
        "insert into action_claim select account, run_id from old_claim "
        "where account not in (select account from action_claim)"
    )
    op.drop_table("old_claim")
    op.drop_index("uq_action_run_open_account", table_name="action_run")
    op.execute(
        "update action_run set state = 'abandoned', closed_at = created_at "
        "where closed_at is null and id not in (select run_id from action_claim)"
    )
    op.create_index(
        "uq_action_run_open_account",
        "action_run",
        ["account"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.drop_column("action_run", "lane")


def _lane() -> sa.Column[str]:
    return sa.Column("lane", sa.String(length=10), nullable=False, server_default="account")


def _claims(*lane: sa.Column[str]) -> None:
    """Create the table of claims again. Its rows are in `old_claim`."""
    op.drop_index("ix_action_claim_run_id", table_name="action_claim")
    op.rename_table("action_claim", "old_claim")
    if op.get_bind().dialect.name == "postgresql":
        # On PostgreSQL the names of constraints are unique in a schema.
        op.execute("alter table old_claim drop constraint pk_action_claim")
        op.execute("alter table old_claim drop constraint fk_action_claim_run_id")
    op.create_table(
        "action_claim",
        sa.Column("account", sa.String(length=6), nullable=False),
        *lane,
        sa.Column("run_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["action_run.id"], name="fk_action_claim_run_id"),
        sa.PrimaryKeyConstraint("account", *(one.name for one in lane), name="pk_action_claim"),
    )
    op.create_index("ix_action_claim_run_id", "action_claim", ["run_id"], unique=False)
