"""`python -m lib standin`: run the stand-ins of Zuora, the SBC and the mail server, in the foreground."""

import json
import os
import secrets
import signal
import threading
import uuid
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lib.commands.answers import NotDone

CREDENTIALS = "zuora-credentials.json"
SBC_TOKEN = "sbc-token"  # noqa: S105 (the name of its file)


class Which(StrEnum):
    """The systems that have a stand-in."""

    ZUORA = "zuora"
    SBC = "sbc"
    MAIL = "mail"
    ALL = "all"


def standin(
    which: Annotated[Which, typer.Argument(help="The system to stand in for.")],
    data: Annotated[Path, typer.Option(help="Folder for its state and credentials; made if it is missing.")],
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65533, help="0 takes a free port. With `all`: Zuora's; SBC and mail take the next two."
        ),
    ] = 0,
    demo: Annotated[
        bool, typer.Option("--demo/--empty", help="Load the data of the demo if DATA is empty, or load nothing.")
    ] = True,
    client_id: Annotated[
        str | None, typer.Option(help="Zuora: 36 characters. If not given, made and kept in DATA.")
    ] = None,
    client_secret_file: Annotated[
        Path | None,
        typer.Option(help="Zuora: file with up to 42 characters. If not given, made and kept in DATA."),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="SBC: file with printable characters. If not given, made and kept in DATA.")
    ] = None,
) -> None:
    """Run a stand-in of Zuora, the SBC or mail, until Ctrl+C.

    Prints where it listens and its credentials. It changes only the files in DATA. In the demo, `serve` starts its own
    stand-ins; this one is for trials and tests.

    Example: python -m lib standin zuora --data var/zuora-alone --port 9000

    Exit codes: 0 stopped, 1 not started, 2 wrong arguments.
    """
    from lib.private import make_folder

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as running:
        try:
            make_folder(data)
            if which in (Which.ZUORA, Which.ALL):
                given = _kept_or_made(data, client_id, _text_of(client_secret_file))
                _start_zuora(running, data, port, given, demo=demo)
            if which in (Which.SBC, Which.ALL):
                _start_sbc(running, data, _next(port, which, 1), _text_of(token_file), demo=demo)
            if which in (Which.MAIL, Which.ALL):
                _start_mail(running, data, _next(port, which, 2))
        except (OSError, ValueError) as error:
            raise NotDone(f"The stand-in was not started: {error}.") from error
        ended.wait()


def _start_zuora(running: ExitStack, data: Path, port: int, given: tuple[str, str], *, demo: bool) -> None:
    from lib.standins.zuora import ZuoraStandin

    client_id, client_secret = given
    zuora = ZuoraStandin(data, client_id, client_secret, port)
    running.callback(zuora.close)
    if demo and zuora.state.is_empty():
        # Imported here: the demo's data takes a while to make.
        from lib.demo import load_zuora

        load_zuora(zuora.state)
    zuora.start()
    typer.echo(f"Zuora stand-in: {zuora.url}\nclient id:      {client_id}\nclient secret:  {client_secret}")


def _start_sbc(running: ExitStack, data: Path, port: int, token: str | None, *, demo: bool) -> None:
    from lib.standins.sbc import SbcStandin

    token = token or _kept(data / SBC_TOKEN, secrets.token_urlsafe(24))
    sbc = SbcStandin(data, token, port)
    running.callback(sbc.close)
    if demo and sbc.state.is_empty():
        from lib.demo import load_sbc

        load_sbc(sbc.state)
    sbc.start()
    typer.echo(f"SBC stand-in:   {sbc.url}\ntoken:          {token}")


def _start_mail(running: ExitStack, data: Path, port: int) -> None:
    from lib.standins.mail import MailStandin

    mail = MailStandin(data, port)
    running.callback(mail.close)
    mail.start()
    typer.echo(f"Mail stand-in:  {mail.host}:{mail.port}")


def _next(port: int, which: Which, after: int) -> int:
    """The port of a later stand-in: with `all`, the given port is the first one's."""
    return port + after if port and which is Which.ALL else port


def _text_of(file: Path | None) -> str | None:
    return None if file is None else file.read_text().strip()


def _kept_or_made(data: Path, client_id: str | None, client_secret: str | None) -> tuple[str, str]:
    """The credentials given, else those kept in the folder, else new ones."""
    if client_id and client_secret:
        return client_id, client_secret
    new = {"client_id": str(uuid.uuid4()), "client_secret": secrets.token_urlsafe(30)}
    kept = json.loads(_kept(data / CREDENTIALS, json.dumps(new)))
    return client_id or kept["client_id"], client_secret or kept["client_secret"]


def _kept(path: Path, new: str) -> str:
    """The text of the file; a new file gets `new`, and only its owner can read it."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new)
    return path.read_text()
