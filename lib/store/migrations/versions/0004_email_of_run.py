"""A sent e-mail names the run that sent it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sent_email", sa.Column("run_id", sa.String(length=80), nullable=True))
    sent = sa.text("run_id IS NOT NULL")
    op.create_index("ix_sent_email_run", "sent_email", ["run_id"], postgresql_where=sent, sqlite_where=sent)


def downgrade() -> None:
    op.drop_index("ix_sent_email_run", table_name="sent_email")
    op.drop_column("sent_email", "run_id")
