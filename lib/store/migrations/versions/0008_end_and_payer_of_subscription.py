"""A subscription keeps the day on which it ends for good, and who else pays for it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscription", sa.Column("ends", sa.Date(), nullable=True))
    op.add_column("subscription", sa.Column("payer", sa.String(length=100), nullable=True))


def downgrade() -> None:
    op.drop_column("subscription", "payer")
    op.drop_column("subscription", "ends")
