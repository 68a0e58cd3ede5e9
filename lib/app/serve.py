"""Start the server: check the settings and the port, print the address and how to sign in, then become Streamlit."""

import os
import socket
import sys
from pathlib import Path

from lib.app.hosts import allowed_hosts
from lib.app.not_started import why_not_started
from lib.settings import PROJECT, Environment, Settings, SettingsError, load


def serve() -> int:  # noqa: RET503 - execv does not return
    """Serve the app; returns only when it could not start."""
    try:
        settings = load()
        allowed_hosts(settings)
        _refuse_taken_port(settings)
        _prepare(settings)
    except Exception as error:
        if not _print_reason(error):
            raise
        return 1
    _announce(settings)
    os.chdir(PROJECT)
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "server.py",
        f"--server.address={settings.address}",
        f"--server.port={settings.port}",
    ]
    # This process becomes the server, so that signals reach it and there is no second process to stop.
    os.execv(sys.executable, command)  # noqa: S606


def reset_demo() -> int:
    """Remove everything that was done in the demo; returns the exit code."""
    try:
        settings = load()
    except SettingsError as error:
        _print_reason(error)
        return 1
    return _reset_demo(settings)


def _print_reason(error: Exception) -> bool:
    """Print why it was not started; False for a bug, for which there is no sentence."""
    why = why_not_started(error)
    if why is not None:
        print(why, file=sys.stderr)
    return why is not None


def _refuse_taken_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.address, settings.port))
        except OSError as error:
            raise SettingsError(
                f"port {settings.port} on {settings.address} cannot be used ({error.strerror}). "
                f"Stop what uses it, or choose another: AM_PORT={settings.port + 1} make run"
            ) from error


def _prepare(settings: Settings) -> None:
    """Prepare the database and the demo data before the address is printed, so that the first click finds them."""
    from lib.app.start import close_files
    from lib.store import migrate
    from lib.store.engine import make_engine

    close_files(settings)
    migrate.upgrade(settings.database)
    if settings.env is Environment.DEMO:
        from lib.demo import seed_hub

        engine = make_engine(settings.database)
        seed_hub(engine)
        engine.dispose()


def _announce(settings: Settings) -> None:
    shown = "localhost" if settings.address in {"127.0.0.1", "::1"} else settings.address
    lines = [f"Account Manager ({settings.env}): http://{shown}:{settings.port}"]
    if settings.env is Environment.DEMO:
        from lib.demo import DEMO_SIGN_INS

        lines.append("Sign in as:")
        lines += [f"  {one.username:<10} {one.password:<20} {one.what}" for one in DEMO_SIGN_INS]
    print("\n".join(lines), flush=True)


def _reset_demo(settings: Settings) -> int:
    if settings.env is not Environment.DEMO or settings.database_url or settings.data_dir == Path("/"):
        print(f"Not reset: AM_ENV is {settings.env} or AM_DATABASE_URL is set; only the demo's own files are removed.")
        return 1
    try:
        _refuse_taken_port(settings)
    except SettingsError:
        print(f"Not reset: a server still uses port {settings.port}. Stop it first.", file=sys.stderr)
        return 1
    for pattern in ("*.db", "*.db-wal", "*.db-shm", "*.db-migrate"):
        for path in settings.data_dir.glob(pattern):
            path.unlink()
    print("The demo is reset. It starts with new data at the next `make run`.")
    return 0
