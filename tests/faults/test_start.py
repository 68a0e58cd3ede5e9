"""A start that cannot work ends with one sentence that names what to change: no traceback, and no server that half
works."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from lib.settings import PROJECT

STARTS = {
    "make run": ["-m", "lib", "serve"],
    "server.py": [
        *("-m", "streamlit", "run", "server.py", "--server.address=127.0.0.1"),
        # So that it does not look up the address of this machine.
        "--browser.serverAddress=localhost",
    ],
}


def unprivileged():
    """Words before a command that make it respect file modes when the tests run as root."""
    if os.geteuid() != 0:
        return []
    found = shutil.which("setpriv")
    if found is None:
        pytest.skip("root writes everywhere, and setpriv is not installed")
    gone = "-dac_override,-dac_read_search,-fowner"
    return [found, f"--inh-caps={gone}", f"--bounding-set={gone}"]


def start(how, folder, **settings):
    """The exit code of a start, and the end of its output."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {"data_dir": folder, "port": port, **settings}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AM_", "STREAMLIT_"))}
    environment |= {f"AM_{name.upper()}": str(value) for name, value in given.items()}
    more = [f"--server.port={port}"] if how == "server.py" else []
    command = [*unprivileged(), sys.executable, *STARTS[how], *more]
    ended = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    said = ended.stdout + ended.stderr
    assert ended.returncode not in (0, None)
    assert "Traceback" not in said, said
    (line,) = [line for line in said.splitlines() if "Not started" in line]
    return line


@pytest.fixture
def closed(tmp_path):
    """A folder that is not writable."""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("how", STARTS)
def test_a_folder_that_cannot_be_written_is_named(how, closed):
    said = start(how, closed)
    assert f"the folder {closed} cannot be written (Permission denied)" in said
    assert "AM_DATA_DIR" in said


def test_a_file_that_can_only_be_read_is_named(tmp_path):
    file = tmp_path / "kept" / "hub.db"
    file.parent.mkdir()
    file.touch(mode=0o444)
    said = start("make run", tmp_path, database_url=f"sqlite:///{file}")
    assert f"the file {file} cannot be written (Permission denied)" in said
    assert "AM_DATABASE_URL" in said


def test_a_database_that_does_not_answer_is_said_so(tmp_path):
    said = start("make run", tmp_path, database_url="postgresql://nobody@127.0.0.1:1/hub")
    assert "does not answer" in said
    assert "AM_DATABASE_URL" in said
