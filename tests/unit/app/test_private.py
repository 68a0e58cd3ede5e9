"""Only their owner can read the product's files, with any umask and after any earlier version."""

import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from lib.app import start
from lib.private import close_to_others, make_file
from lib.settings import PROJECT, SettingsError, load
from lib.standins.mail.inbox import Inbox
from lib.standins.sbc import SbcStandin
from lib.standins.zuora import ZuoraStandin
from lib.store import migrate
from lib.store.engine import make_engine, writing
from lib.store.presence import Presence


@contextmanager
def umask(mask: int):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_can_read_the_files_of_a_database(tmp_path):
    folder = tmp_path / "var"
    with umask(0):
        url = f"sqlite:///{folder / 'hub.db'}"
        migrate.upgrade(url)
        engine = make_engine(url)
        presence = Presence(engine, "here:1")
        presence.hold()
        with writing(engine) as connection:
            connection.exec_driver_sql("create table x (y)")
            found = modes(folder)
        presence.release()
        engine.dispose()
    assert {"hub.db", "hub.db-wal", "hub.db-shm", "hub.db-migrate", "hub.db-here_1.alive"} <= found.keys()
    assert set(found.values()) == {0o600}
    assert mode(folder) == 0o700


def test_only_the_owner_can_read_the_files_of_the_stand_ins(tmp_path):
    folder = tmp_path / "var"
    with umask(0), ZuoraStandin(folder, "c" * 36, "s"), SbcStandin(folder, "t" * 24):
        Inbox(folder / "mail.db").close()
        found = modes(folder)
    assert len(found) >= 5
    assert set(found.values()) == {0o600}
    assert mode(folder) == 0o700


def test_what_an_earlier_version_left_open_is_closed_at_the_start(tmp_path):
    folder = tmp_path / "var"
    with umask(0):
        migrate.upgrade(f"sqlite:///{folder / 'hub.db'}")
        for name in ("hub.db", "engine.db", "hub.db-wal", "hub.db-shm", "zuora.db", "notes.txt"):
            (folder / name).touch()
            (folder / name).chmod(0o644)
        (folder / "below").mkdir()
        folder.chmod(0o755)
        start.close_files(load(data_dir=folder))
    assert mode(folder) == 0o700
    files = {name: given for name, given in modes(folder).items() if name != "below"}
    assert set(files.values()) == {0o600}
    assert mode(folder / "below") == 0o777


def test_opening_a_database_elsewhere_closes_it_and_leaves_its_folder_alone(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    path = folder / "hub.db"
    path.touch()
    path.chmod(0o644)
    make_engine(f"sqlite:///{path}").dispose()
    assert (mode(path), mode(folder)) == (0o600, 0o755)


def test_a_link_is_not_followed(tmp_path):
    folder, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.touch()
    elsewhere.chmod(0o644)
    (folder / "hub.db").symlink_to(elsewhere)
    assert close_to_others(folder) == []
    assert mode(elsewhere) == 0o644


@pytest.mark.parametrize("shared", ["sticky", "root"])
def test_a_folder_that_others_use_is_refused_and_left_as_it_is(tmp_path, shared):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    before = Path("/").stat().st_mode
    with pytest.raises(SettingsError, match="AM_DATA_DIR must be a folder of its own"):
        start.close_files(
            load(data_dir=tmp_path).model_copy(update={"data_dir": folder if shared == "sticky" else Path("/")})
        )
    assert (mode(folder), Path("/").stat().st_mode) == (0o1777, before)


def test_a_file_instead_of_a_folder_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    settings = load(data_dir=tmp_path).model_copy(update={"data_dir": tmp_path / "file" / "var"})
    with pytest.raises(SettingsError, match="cannot be used"):
        start.close_files(settings)


def test_a_file_is_not_emptied(tmp_path):
    path = tmp_path / "kept"
    path.write_text("kept")
    make_file(path)
    assert path.read_text() == "kept"


@pytest.mark.process
def test_make_run_keeps_the_demo_to_its_owner(tmp_path):
    folder = tmp_path / "var"
    program = "import os; os.umask(0); from lib.app import serve; from lib.settings import load; serve._prepare(load())"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AM_")}
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment | {"AM_DATA_DIR": str(folder)},
        timeout=120,
        check=True,
    )
    assert set(modes(folder).values()) == {0o600}
    assert mode(folder) == 0o700
