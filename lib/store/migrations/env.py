"""How Alembic reaches the Hub database. It does not change the logging of the process."""

from alembic import context
from sqlalchemy import Connection

from lib.store.migrate import OPTIONS, migrating
from lib.store.schema import metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Offline SQL is not supported: run against a database.")

_given = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:
    from lib.settings import load

    with migrating(load().database) as _own:
        _run(_own)
