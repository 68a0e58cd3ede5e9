"""Plans that wait for a second person."""

import sqlalchemy as sa
from alembic import op

from lib.store.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plan_approval",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=6), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.String(length=254), nullable=False),
        sa.Column("asked_by_name", sa.String(length=120), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.String(length=254), nullable=True),
        sa.Column("approved_by_name", sa.String(length=120), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("used_by_run", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_plan_approval"),
    )
    op.create_index("ix_plan_approval_account", "plan_approval", ["account"], unique=False)
    op.create_index("ix_plan_approval_fingerprint", "plan_approval", ["fingerprint"], unique=False)


def downgrade() -> None:
    op.drop_table("plan_approval")
