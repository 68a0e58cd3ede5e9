"""`python -m lib migrate` and `python -m lib reindex`: the Hub database and its search."""

from typing import Annotated

import typer

from lib.commands.answers import FAILED, hub_database


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; list the differences.")] = False,
) -> None:
    """Bring the Hub database to the newest schema.

    `serve` does the same at each start. Processes that migrate at the same time wait for each other. Make a backup
    first: an upgrade cannot be undone.

    Example: python -m lib migrate --check

    Exit codes: 0 the database is at the newest schema, 1 it differs or was not reached, 2 wrong arguments.
    """
    from lib.settings import load
    from lib.store import migrate as migrations

    url = load().database
    if not check:
        migrations.upgrade(url)
        return
    differences = migrations.check(url)
    typer.echo("\n".join(differences) or "The database is up to date.")
    raise typer.Exit(FAILED if differences else 0)


def reindex() -> None:
    """Write the search index again, from the accounts as they are.

    Needed only after somebody changed accounts, numbers or e-mail addresses in the database by hand. It changes
    nothing else. Stop the servers first: the search may miss what they change while it runs.

    Example: python -m lib reindex

    Exit codes: 0 done, 1 the database was not reached, 2 wrong arguments.
    """
    from lib.store.search import reindex_all

    with hub_database() as engine:
        count = reindex_all(engine)
    typer.echo(f"Search terms written for {count:,} accounts.")
