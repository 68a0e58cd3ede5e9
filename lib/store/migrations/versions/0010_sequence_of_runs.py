"""Runs are sorted by the audit, not by a clock that may have been set back."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("action_run", sa.Column("sequence", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "update action_run set sequence = coalesce("
        "(select min(sequence) from action_event where action_event.run_id = action_run.id), 0)"
    )
    op.drop_index("ix_action_run_account_newest", table_name="action_run")
    op.create_index("ix_action_run_account_newest", "action_run", ["account", "sequence", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_action_run_account_newest", table_name="action_run")
    op.create_index("ix_action_run_account_newest", "action_run", ["account", "created_at"], unique=False)
    op.drop_column("action_run", "sequence")
