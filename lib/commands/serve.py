"""`python -m lib serve`."""

from typing import Annotated

import typer


def serve(
    reset_demo: Annotated[
        bool, typer.Option("--reset-demo", help="Remove everything that was done in the demo, then stop.")
    ] = False,
) -> None:
    """Start the server in the foreground, and print its address.

    Brings the database to the newest schema first. With AM_ENV=demo it also fills an empty database with made-up
    accounts and prints the sign-ins. Stop it with Ctrl+C or SIGTERM; runs under way go on at the next start.

    Example: AM_PORT=8600 python -m lib serve

    Exit codes: 0 stopped, 1 not started (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import serve as server

    raise typer.Exit(server.reset_demo() if reset_demo else server.serve())
