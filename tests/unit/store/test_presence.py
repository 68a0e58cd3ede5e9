"""A process counts as alive exactly until it ends, however it ends."""

import subprocess
import sys
import threading

import pytest

from lib.settings import PROJECT
from lib.store.engine import make_engine
from lib.store.presence import Presence, is_known, is_present

ID = "host:123:ab/../c"
HOLD = """
import sys, time
from lib.store.engine import make_engine
from lib.store.presence import Presence
Presence(make_engine(sys.argv[1]), sys.argv[2]).hold()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def sqlite(tmp_path):
    engine = make_engine(f"sqlite:///{tmp_path / 'hub.db'}")
    yield engine
    engine.dispose()


def test_a_process_counts_as_alive_until_it_stops_cleanly(sqlite, tmp_path):
    assert not is_present(sqlite, ID)
    held = Presence(sqlite, ID)
    held.hold()
    held.hold()
    assert is_present(sqlite, ID)
    assert not is_present(sqlite, "host:124:ab")
    held.release()
    held.release()
    assert not is_present(sqlite, ID)
    assert list(tmp_path.glob("*.alive")) == []


@pytest.mark.process
def test_after_kill_9_it_is_gone_and_nothing_is_left(sqlite, tmp_path):
    command = [sys.executable, "-c", HOLD, str(sqlite.url), ID]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "held\n"
            assert is_present(sqlite, ID)
        finally:
            child.kill()
    assert not is_present(sqlite, ID)
    assert list(tmp_path.glob("*.alive")) == []


def test_a_removed_file_is_created_again(sqlite, tmp_path):
    held = Presence(sqlite, ID)
    held.hold()
    for left in tmp_path.glob("*.alive"):
        left.unlink()
    assert not is_present(sqlite, ID)
    held.hold()
    assert is_present(sqlite, ID)
    held.release()


def test_who_looks_at_the_moment_of_the_start_does_not_keep_it_from_being_held(sqlite):
    """A check takes the lock for a moment, and removes the file of a dead process."""
    done = threading.Event()

    def look():
        while not done.is_set():
            is_present(sqlite, ID)

    looking = [threading.Thread(target=look) for _ in range(3)]
    for one in looking:
        one.start()
    try:
        for _ in range(200):
            held = Presence(sqlite, ID)
            held.hold()
            assert is_present(sqlite, ID)
            held.release()
    finally:
        done.set()
        for one in looking:
            one.join()


@pytest.mark.postgres
def test_on_postgresql_nothing_is_known(postgres_url):
    engine = make_engine(postgres_url)
    held = Presence(engine, ID)
    held.hold()
    assert not is_present(engine, ID)
    assert not is_known(engine)
    held.release()
    engine.dispose()
