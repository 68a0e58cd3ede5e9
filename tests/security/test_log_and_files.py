"""The files of a running server, and its log when something breaks or does not start."""

import os
import re
import stat
import subprocess
import sys

import pytest
from sqlalchemy import text

from lib.demo.world import world
from lib.settings import PROJECT
from lib.store.engine import writing
from tests.raw import ask, handshake
from tests.server import COOKIE_KEY, Server, copy_demo, look, serving

ACCOUNT = world().accounts[0]
PUBLIC = "hub.example.com"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server on a folder that everybody can read, as an earlier version left it, with a umask that hides nothing."""
    folder = copy_demo(tmp_path_factory.mktemp("files"))
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    before = os.umask(0)
    try:
        with serving(folder, allowed_hosts=f"127.0.0.1, {PUBLIC}") as running:
            yield running
    finally:
        os.umask(before)


def test_only_the_owner_can_read_the_files_next_to_the_database(server: Server):
    look(server, token=server.cookie("lead"))
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.folder.iterdir()}
    # The log belongs to this test, and was there before.
    assert {"hub.db", "hub.db-wal", "hub.db-shm", "engine.db", "zuora.db", "sbc.db", "server.log"} <= found.keys()
    assert {name: mode for name, mode in found.items() if mode != 0o600} == {}
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700


def test_a_page_that_breaks_is_one_line_with_the_id_that_was_shown(server: Server):
    before = len(server.log.read_text())
    with server.hub() as engine, writing(engine) as connection:
        connection.execute(text("alter table account rename to elsewhere"))
    try:
        seen = look(server, token=server.cookie("lead"), page_name="account-details", query=f"account={ACCOUNT.number}")
    finally:
        with server.hub() as engine, writing(engine) as connection:
            connection.execute(text("alter table elsewhere rename to account"))
    (told,) = [one.alert.body for one in seen.elements if "Something went wrong on this page" in one.alert.body]
    quote = told.split("**")[1]
    lines = [line for line in server.log.read_text()[before:].splitlines() if "level='error'" in line or quote in line]
    page = [line for line in lines if "page broke" in line or quote in line]
    assert len(page) == 1
    assert f"id='{quote}'" in page[0]
    assert "no such table: account" in page[0]
    assert re.search(r"where='Home\.py:\d+ .* > lib/store/\w+\.py:\d+ ", page[0])
    said = server.log.read_text()[before:]
    for word in ("Traceback", "\x1b", "╭", "────", ACCOUNT.number, ACCOUNT.name, "SELECT", "select "):
        assert word not in said, word
    assert all(line.startswith("timestamp=") for line in said.splitlines()), said


@pytest.mark.parametrize(
    ("host", "origin", "tls", "status"),
    [
        (PUBLIC, f"https://{PUBLIC}", False, 101),
        (PUBLIC, f"https://{PUBLIC}", True, 101),
        (f"{PUBLIC.upper()}.:443", f"https://{PUBLIC}", True, 101),
        (f"{PUBLIC}:8443", f"https://{PUBLIC}:8443", True, 101),
        (PUBLIC, f"http://{PUBLIC}", True, 403),
        (PUBLIC, f"https://{PUBLIC}:8443", True, 403),
        (PUBLIC, f"https://evil.{PUBLIC}", True, 403),
        (f"evil.{PUBLIC}", f"https://evil.{PUBLIC}", True, 403),
        ("localhost", "http://localhost", False, 403),
    ],
)
def test_behind_a_proxy_that_ends_tls_pages_of_the_public_host_open_sockets(server, host, origin, tls, status):
    """The proxy passes Host and Origin on unchanged, and says which protocol the browser used."""
    given = [*handshake([host], [origin]), *([("X-Forwarded-Proto", "https")] if tls else [])]
    assert ask(server, "/_stcore/stream", given).status == status
    assert "external IP" not in server.log.read_text()


@pytest.mark.parametrize(
    ("script", "settings", "named"),
    [
        (
            "Home.py",
            {
                "AM_ENV": "staging",
                "AM_ZUORA_URL": "https://rest.example.com",
                "AM_ZUORA_CLIENT_ID": "c" * 36,
                "AM_ZUORA_CLIENT_SECRET": "s",
                "AM_SBC_URL": "https://sbc.example.com",
                "AM_SBC_TOKEN": "t" * 24,
                "AM_MAIL_HOST": "mail.example.com",
            },
            "AM_ALLOWED_HOSTS is not set",
        ),
        ("server.py", {"AM_DATA_DIR": "{shared}"}, "AM_DATA_DIR must be a folder of its own"),
        ("server.py", {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}, "--server.address is 0.0.0.0"),
    ],
    ids=["no hosts", "shared folder", "open demo"],
)
def test_a_start_that_is_refused_is_said_in_one_sentence(tmp_path, script, settings, named):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AM_", "STREAMLIT_"))}
    environment |= {"AM_DATA_DIR": str(tmp_path / "var"), "AM_COOKIE_KEY": COOKIE_KEY}
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", script, "--server.port=0"],
        cwd=PROJECT,
        env=environment | {name: value.format(shared=shared) for name, value in settings.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert len(re.findall(r"^Not started: ", said, re.MULTILINE)) == 1
    assert named in said
    assert "Traceback" not in said
    assert COOKIE_KEY not in said
