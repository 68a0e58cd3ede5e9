"""`python -m lib check`: whether the outside systems let the Account Manager do its work."""

from typing import Annotated

import typer

app = typer.Typer(help="Check an outside system.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Check an outside system."""


@app.command()
def zuora(
    account: Annotated[
        str | None, typer.Option(metavar="KEY", help="Number or id of the account to read; without it, any account.")
    ] = None,
    write: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Number or id of a TEST account whose notes are changed and restored."),
    ] = None,
    on_production: Annotated[bool, typer.Option("--on-production", help="Allow --write outside a sandbox.")] = False,
) -> None:
    """Check what the Account Manager may do in its Zuora tenant. Changes nothing without --write.

    Prints one line for each finding: ok, note, warn or FAIL. docs/zuora.md says what to do about each.

    Example: python -m lib check zuora --account A00000001

    Exit codes: 0 everything works, 1 something is missing, 2 wrong arguments.
    """
    from lib.commands.zuora import check_tenant

    raise typer.Exit(check_tenant(account, write, on_production=on_production))
