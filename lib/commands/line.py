"""The command line: its commands, and what is printed when one fails.

Each command imports what it needs only when it runs, so that `--help` is fast.
"""

from collections.abc import Sequence

import typer
from typer.main import get_command

from lib.commands import audit, check, database, people, serve, standins
from lib.commands.answers import FAILED, sentence_for

PROGRAM = "python -m lib"

app = typer.Typer(
    name=PROGRAM,
    help="The Account Manager, from a terminal. Settings come from AM_* variables and .env (see docs/settings.md).",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("migrate")(database.migrate)
app.command("reindex")(database.reindex)
app.add_typer(check.app, name="check")
app.add_typer(audit.app, name="audit")
app.add_typer(people.app, name="people")
app.command("standin")(standins.standin)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out the command line; returns the exit code. What a person can correct is printed as a sentence."""
    try:
        # Not `app()`, which replaces the hook that keeps customer data of an uncaught error out of the log.
        get_command(app).main(args=arguments, prog_name=PROGRAM)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else FAILED
    except Exception as error:
        sentence = sentence_for(error)
        if sentence is None:
            raise
        typer.echo(f"Not done: {sentence}", err=True)
        return FAILED
    return 0
