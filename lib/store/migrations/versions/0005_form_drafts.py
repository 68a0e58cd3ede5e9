"""What a person has typed into a form and not sent yet."""

import sqlalchemy as sa
from alembic import op

from lib.store.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_draft",
        sa.Column("account", sa.String(length=6), nullable=False),
        sa.Column("person", sa.String(length=254), nullable=False),
        sa.Column("form", sa.String(length=60), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("began_with", sa.JSON(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "person", "form", name="pk_form_draft"),
    )
    op.create_index("ix_form_draft_saved_at", "form_draft", ["saved_at"], unique=False)


def downgrade() -> None:
    op.drop_table("form_draft")
