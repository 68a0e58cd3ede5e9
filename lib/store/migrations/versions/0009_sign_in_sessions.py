"""A sign-in is a row that can be ended. Failed sign-ins are counted in a table of their own."""

import sqlalchemy as sa
from alembic import op

from lib.store.types import BigId, UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", BigId, nullable=False),
        sa.Column("password_mark", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sign_in_session_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_session"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_session_token_hash"),
    )
    op.create_index("ix_sign_in_session_person_id", "sign_in_session", ["person_id"], unique=False)
    op.create_index("ix_sign_in_session_began_at", "sign_in_session", ["began_at"], unique=False)
    op.create_table(
        "sign_in_try",
        sa.Column("counter", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("counter", name="pk_sign_in_try"),
    )
    op.create_index("ix_sign_in_try_since", "sign_in_try", ["since"], unique=False)
    op.drop_column("person", "failed_sign_ins")
    op.drop_column("person", "locked_until")
    op.drop_column("person", "signed_out_at")


def downgrade() -> None:
    op.add_column("person", sa.Column("signed_out_at", UtcDateTime(), nullable=True))
    op.add_column("person", sa.Column("locked_until", UtcDateTime(), nullable=True))
    op.add_column("person", sa.Column("failed_sign_ins", sa.Integer(), server_default="0", nullable=False))
    op.drop_table("sign_in_try")
    op.drop_table("sign_in_session")
