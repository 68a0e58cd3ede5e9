"""`python -m lib people`: who may sign in, and what they may do."""

import sys
from typing import Annotated

import typer

from lib.commands.answers import NotDone, hub_database, terminal_user
from lib.domain.permissions import Role

app = typer.Typer(help="Add, list and change people who may sign in.", no_args_is_help=True, rich_markup_mode=None)

_Username = Annotated[str, typer.Argument(metavar="USERNAME", help="The user name they sign in with.")]
_Roles = Annotated[
    list[Role],
    typer.Option("--role", metavar="ROLE", help=f"{', '.join(Role)} (docs/roles.md). Repeat it for a second role."),
]
_FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it twice.")
]


@app.command()
def add(
    username: _Username,
    email: Annotated[str, typer.Option(help="Their e-mail address. The audit names them by it.")],
    name: Annotated[str, typer.Option(help="Their name, as colleagues read it.")],
    role: _Roles,
    account: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="For an account admin: the one account they see.")
    ] = None,
    password_stdin: _FromInput = False,
) -> None:
    """Add a person who may sign in at once. Asks for their password twice; it is stored as a bcrypt hash.

    Example: python -m lib people add ada --email ada@example.com --name "Ada Lane" --role support_lead

    Exit codes: 0 added, 1 not added (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import people

    people.check_username(username)
    new = people.NewPerson(username, email, name, frozenset(role), account)
    with hub_database() as engine:
        stored = people.add(engine, new, _password(password_stdin), actor=terminal_user())
    typer.echo(f"Added {stored}: {', '.join(sorted(role))}.")


@app.command("list")
def list_() -> None:
    """List everybody with a sign-in: user name, whether active, roles, e-mail address, name. Changes nothing.

    Example: python -m lib people list

    Exit codes: 0 listed, 1 the database was not reached, 2 wrong arguments.
    """
    from lib.store.people_changes import list_people

    with hub_database() as engine, engine.connect() as connection:
        found = list_people(connection)
    for one in found:
        roles = ",".join(sorted(one.roles)) + (f"({one.account})" if one.account else "")
        state = "active" if one.active else "disabled"
        typer.echo(f"{one.username:<20} {state:<9} {roles or 'no role':<24} {one.email:<32} {one.name}")
    if not found:
        typer.echo("Nobody can sign in yet. Add the first person with `people add`.")


@app.command()
def roles(username: _Username, role: _Roles) -> None:
    """Give a person exactly these roles instead of the ones they have, and end their sign-ins.

    The last active admin stays an admin.

    Example: python -m lib people roles ada --role billing --role support_lead

    Exit codes: 0 changed, 1 not changed (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import people

    with hub_database() as engine:
        ended = people.change_roles(engine, username, role, actor=terminal_user())
    typer.echo(f"Roles are now: {', '.join(sorted(set(role)))}. {_ended(ended)}")


@app.command()
def disable(username: _Username) -> None:
    """Disable a person and end their sign-ins. What they did stays in the audit; `enable` lets them in again.

    The last active admin cannot be disabled.

    Example: python -m lib people disable ada

    Exit codes: 0 disabled, 1 not disabled (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import people

    with hub_database() as engine:
        ended = people.disable(engine, username, actor=terminal_user())
    typer.echo(f"Disabled. {_ended(ended)}")


@app.command()
def enable(username: _Username) -> None:
    """Let a disabled person sign in again, with their old password and roles.

    Example: python -m lib people enable ada

    Exit codes: 0 enabled, 1 not enabled (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import people

    with hub_database() as engine:
        people.enable(engine, username, actor=terminal_user())
    typer.echo("Enabled.")


@app.command()
def password(username: _Username, password_stdin: _FromInput = False) -> None:
    """Set a new password for a person, and end their sign-ins. Asks for it twice.

    Example: python -m lib people password ada

    Exit codes: 0 changed, 1 not changed (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import people

    with hub_database() as engine:
        ended = people.change_password(engine, username, _password(password_stdin), actor=terminal_user())
    typer.echo(f"The password is changed. {_ended(ended)}")


@app.command()
def unlock(username: _Username) -> None:
    """Forget a person's failed sign-ins, so that they need not wait after too many.

    An IP address with too many failed sign-ins stays locked until its time is over.

    Example: python -m lib people unlock ada

    Exit codes: 0 done, 1 not done (a line on standard error says why), 2 wrong arguments.
    """
    from lib.app import people

    with hub_database() as engine:
        counters = people.unlock(engine, username, actor=terminal_user())
    typer.echo("Unlocked." if counters else "There were no failed sign-ins to forget.")


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    if not sys.stdin.isatty():
        raise NotDone("There is no terminal to ask for the password. Give it on standard input with --password-stdin.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _ended(count: int) -> str:
    return f"{count} sign-in{'' if count == 1 else 's'} ended."
