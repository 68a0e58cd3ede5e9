"""Search terms are folded: accents, quotes and dashes make no difference to the search and the filters."""

import sqlalchemy as sa
from alembic import op

from lib.domain.searching import terms_of
from lib.store.folding import NAME, on_postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHUNK = 5_000
TERM = sa.table("search_term", sa.column("id"), sa.column("account_id"), sa.column("kind"), sa.column("term"))


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.execute(on_postgresql())
    last = 0
    while True:
        some = sa.select(TERM).where(TERM.c.id > last, TERM.c.kind != "phone").order_by(TERM.c.id).limit(CHUNK)
        rows = connection.execute(some).all()
        if not rows:
            return
        last = rows[-1].id
        _fold(connection, rows)


def _fold(connection: sa.Connection, rows: list) -> None:
    changed, more = [], []
    for row in rows:
        first, *others = sorted(terms_of(row.kind, row.term), key=len, reverse=True) or [row.term]
        if first != row.term:
            changed.append({"own": row.id, "folded": first})
        more += [{"account_id": row.account_id, "kind": row.kind, "term": term} for term in others]
    if changed:
        renew = sa.update(TERM).where(TERM.c.id == sa.bindparam("own")).values(term=sa.bindparam("folded"))
        connection.execute(renew, changed)
    if more:
        connection.execute(sa.insert(TERM), more)


def downgrade() -> None:
    # The terms stay folded. An older program finds a little less, and writes its own at the next change.
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"drop function {NAME}(text)")
