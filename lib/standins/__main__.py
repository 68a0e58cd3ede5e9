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
from pathlib import Path

from lib.standins.zuora import ZuoraStandin

CREDENTIALS = "zuora-credentials.json"


def main(arguments: list[str] | None = None) -> int:
    """Start what was asked for, print where it is, and serve until interrupted."""
    options = _parser().parse_args(arguments)
    options.data.mkdir(parents=True, exist_ok=True)
    client_id, client_secret = _credentials(options.data, options.client_id, options.client_secret)
    standin = ZuoraStandin(options.data, client_id, client_secret, options.port)
    if options.demo and standin.state.is_empty():
        # Only here: the demo's data takes a while to make and is not needed otherwise.
        importlib.import_module("lib.standins.demo").load_zuora(standin.state)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with standin:
        sys.stdout.write(f"Zuora stand-in: {standin.url}\nclient id:      {client_id}\n")
        sys.stdout.write(f"client secret:  {client_secret}\n")
        sys.stdout.flush()
        ended.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lib.standins", description=__doc__)
    parser.add_argument("which", choices=["zuora", "all"], help="the system to stand in for")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--data", type=Path, required=True, help="folder for its state and credentials")
    content = parser.add_mutually_exclusive_group(required=True)
    content.add_argument("--empty", action="store_true", help="load nothing; what DATA holds stays")
    content.add_argument("--demo", action="store_true", help="load the demo's accounts if DATA holds none")
    parser.add_argument("--client-id", help="36 characters; made and kept in DATA when not given")
    parser.add_argument("--client-secret", help="up to 42 characters; made and kept in DATA when not given")
    return parser


def _credentials(data: Path, client_id: str | None, client_secret: str | None) -> tuple[str, str]:
    """Those given, else those kept in the folder, else new ones, kept where only the owner can read them."""
    path = data / CREDENTIALS
    if client_id and client_secret:
        return client_id, client_secret
    if path.exists():
        kept = json.loads(path.read_text())
    else:
        kept = {"client_id": str(uuid.uuid4()), "client_secret": secrets.token_urlsafe(30)}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(kept, file)
    return client_id or kept["client_id"], client_secret or kept["client_secret"]


if __name__ == "__main__":
    sys.exit(main())
