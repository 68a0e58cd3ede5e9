"""`python -m lib.standins zuora --data DIR --demo`: the stand-ins in the foreground."""

import argparse
import importlib
import json
import os
import secrets
import signal
import sys
import threading
import uuid
from contextlib import ExitStack
from pathlib import Path

from lib.private import make_folder
from lib.standins.sbc import SbcStandin
from lib.standins.zuora import ZuoraStandin

CREDENTIALS = "zuora-credentials.json"
SBC_TOKEN = "sbc-token"  # noqa: S105 (the name of its file)


def main(arguments: list[str] | None = None) -> int:
    """Start what was asked for, print where it is, and serve until interrupted."""
    options = _parser().parse_args(arguments)
    make_folder(options.data)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as running:
        if options.which in ("zuora", "all"):
            _start_zuora(options, running)
        if options.which in ("sbc", "all"):
            _start_sbc(options, running)
        sys.stdout.flush()
        ended.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.standins", description=__doc__)
    parser.add_argument("which", choices=["zuora", "sbc", "all"], help="the system to stand in for")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; with `all`, the SBC has the next")
    parser.add_argument("--data", type=Path, required=True, help="folder for its state and credentials")
    content = parser.add_mutually_exclusive_group(required=True)
    content.add_argument("--empty", action="store_true", help="load nothing; what DATA holds stays")
    content.add_argument("--demo", action="store_true", help="load the demo's data if DATA holds none")
    parser.add_argument("--client-id", help="Zuora: 36 characters; made and kept in DATA when not given")
    parser.add_argument("--client-secret", help="Zuora: up to 42 characters; made and kept in DATA when not given")
    parser.add_argument("--token", help="SBC: printable characters; made and kept in DATA when not given")
    return parser


def _start_zuora(options: argparse.Namespace, running: ExitStack) -> None:
    client_id, client_secret = _credentials(options.data, options.client_id, options.client_secret)
    standin = ZuoraStandin(options.data, client_id, client_secret, options.port)
    running.callback(standin.close)
    if options.demo and standin.state.is_empty():
        # Only here: the demo's data takes a while to make and is not needed otherwise.
        importlib.import_module("lib.demo").load_zuora(standin.state)
    standin.start()
    sys.stdout.write(f"Zuora stand-in: {standin.url}\nclient id:      {client_id}\n")
    sys.stdout.write(f"client secret:  {client_secret}\n")


def _start_sbc(options: argparse.Namespace, running: ExitStack) -> None:
    token = options.token or _kept(options.data / SBC_TOKEN, secrets.token_urlsafe(24))
    port = options.port + 1 if options.port and options.which == "all" else options.port
    standin = SbcStandin(options.data, token, port)
    running.callback(standin.close)
    if options.demo and standin.state.is_empty():
        importlib.import_module("lib.demo").load_sbc(standin.state)
    standin.start()
    sys.stdout.write(f"SBC stand-in:   {standin.url}\ntoken:          {token}\n")


def _credentials(data: Path, client_id: str | None, client_secret: str | None) -> tuple[str, str]:
    """Those given, else those kept in the folder, else new ones."""
    if client_id and client_secret:
        return client_id, client_secret
    new = {"client_id": str(uuid.uuid4()), "client_secret": secrets.token_urlsafe(30)}
    kept = json.loads(_kept(data / CREDENTIALS, json.dumps(new)))
    return client_id or kept["client_id"], client_secret or kept["client_secret"]


def _kept(path: Path, new: str) -> str:
    """What the file holds; when there is none yet, `new` is put there for its owner alone to read."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new)
    return path.read_text()


if __name__ == "__main__":
    sys.exit(main())
