"""`python -m lib audit`: check the audit, or export it."""

from typing import Annotated

import typer

app = typer.Typer(help="Check the audit, or export it.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def verify(
    expect: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="SEQUENCE HASH",
            help="A head noted earlier. The check then also finds events removed at the end, or a chain written again.",
        ),
    ] = None,
) -> None:
    """Recompute the hash of every event, and say whether the audit holds. Changes nothing.

    Prints the number and the hash of the newest event (the head). Keep that line outside the database.

    Example: python -m lib audit verify --expect 1204 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef

    Exit codes: 0 the audit holds, 1 it does not, 2 it could not be read, or wrong arguments.
    """
    from lib.store import audit_command

    try:
        noted = audit_command.read_head(*expect) if expect is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expect") from None
    raise typer.Exit(audit_command.verify(noted))


@app.command()
def export(
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="Where to write; - is the screen.")] = "-",
) -> None:
    """Write every event of the audit as a line of JSON. Changes nothing in the database.

    Only its owner can read the file. It gets its name when it is complete, and replaces a file of that name.

    Example: python -m lib audit export audit.jsonl

    Exit codes: 0 exported, 2 the audit could not be read or the file not written, or wrong arguments.
    """
    from lib.store import audit_command

    raise typer.Exit(audit_command.export(file))
