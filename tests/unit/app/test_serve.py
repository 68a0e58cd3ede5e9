"""What `make run` says when it cannot start: one line that says what to do."""

import os
import re
import socket
import subprocess
import sys

import pytest

from lib.settings import PROJECT
from tests.unit.app.test_settings import REAL

pytestmark = pytest.mark.process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(tmp_path, *arguments, **settings):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AM_")}
    return subprocess.run(
        [sys.executable, "-m", "lib", "serve", *arguments],
        cwd=PROJECT,
        env=environment | {"AM_DATA_DIR": str(tmp_path / "var")} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_said_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve(tmp_path, AM_PORT=str(port))
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert f"port {port}" in line
    assert f"AM_PORT={port + 1} make run" in line


def test_a_setting_that_is_not_allowed_is_named_in_one_line(tmp_path):
    done = serve(tmp_path, AM_ENV="production")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "AM_COOKIE_KEY" in line


def test_hosts_that_are_not_named_are_said_before_the_address(tmp_path):
    real = {f"AM_{name.upper()}": value for name, value in REAL.items()}
    done = serve(tmp_path, AM_ENV="staging", **real)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.strip().splitlines()
    assert "AM_ALLOWED_HOSTS is not set" in line


def test_an_old_python_is_said_in_one_line(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "-s", "python", f"PYTHON={old}"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stdout.strip().count("\n") == 0
    assert "needs Python 3.11 or newer" in done.stdout
    assert "Python 3.9.2" in done.stdout


def test_resetting_the_demo_removes_its_data_and_keeps_its_secrets(tmp_path):
    folder = tmp_path / "var"
    folder.mkdir()
    for name in ("hub.db", "hub.db-wal", "engine.db", "zuora.db", "demo-secrets.json", "notes.txt"):
        (folder / name).write_text("{}" if name.endswith("json") else "")
    (folder / "demo-secrets.json").write_text('{"cookie_key": "k", "zuora_client_id": "i", "zuora_client_secret": "s"}')
    done = serve(tmp_path, "--reset-demo", AM_PORT=str(free_port()))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["demo-secrets.json", "notes.txt"]


def test_a_database_outside_the_demo_is_never_reset(tmp_path):
    done = serve(tmp_path, "--reset-demo", AM_DATABASE_URL=f"sqlite:///{tmp_path / 'mine.db'}")
    assert done.returncode == 1
    assert "Not reset" in done.stdout


@pytest.mark.parametrize("command", ["serve", "migrate", "people list", "reindex"])
def test_a_database_that_does_not_answer_is_one_line_without_a_traceback(tmp_path, command):
    done = subprocess.run(
        [sys.executable, "-m", "lib", *command.split()],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith("AM_")}
        | {"AM_DATA_DIR": str(tmp_path / "var"), "AM_DATABASE_URL": "postgresql://somebody:secret@127.0.0.1:1/hub"}
        | {"AM_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert re.match(r"Not (started|done): the database does not answer", line)
    assert "somebody" not in line
