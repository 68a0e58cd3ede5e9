"""What fails again and again is logged once, then counted; a database that is away is one line."""

import sys
from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from lib import logs
from lib.actions.engine.durable.sweeper import Sweeper
from lib.actions.engine.durable.trouble import Trouble
from lib.actions.numbers.keeper import RuleKeeper
from lib.services import Services
from lib.settings import load
from lib.store.engine import make_engine
from tests.actions.conftest import wait_for


@pytest.fixture
def logged():
    """The lines of the log as the product writes them."""
    before = structlog.get_config()
    logs.configure("INFO")
    written = []

    def keep(_logger, _name, line):
        written.append(line)
        raise structlog.DropEvent

    structlog.configure(processors=[*structlog.get_config()["processors"], keep])
    yield written
    structlog.configure(**before)


@pytest.fixture
def away(tmp_path):
    """The engine of a database whose file cannot be opened."""
    engine = make_engine(f"sqlite:///{tmp_path / 'away.db'}")
    (tmp_path / "away.db").unlink()
    (tmp_path / "away.db").mkdir()
    yield engine
    engine.dispose()


def away_error(engine):
    with pytest.raises(Exception, match="unable to open") as caught, engine.connect() as connection:
        connection.execute(text("select secret from nowhere where name = :name"), {"name": "Ada Lane"})
    return caught.value


def test_it_is_logged_once_and_then_at_ten_and_a_hundred(away, logged):
    trouble = Trouble("sweep")
    error = away_error(away)
    for _ in range(250):
        trouble.failed(error)
    assert [line.split("failures=")[1].split()[0] for line in logged] == ["1", "10", "100"]
    assert all("event='sweep failed'" in line and "\n" not in line for line in logged)
    assert all("unable to open" in line and "Ada" not in line and "select" not in line for line in logged)
    trouble.works()
    trouble.works()
    assert len(logged) == 4
    assert "works again" in logged[3]
    assert "failures=250" in logged[3]
    trouble.failed(error)
    assert "failures=1" in logged[4]


def test_another_reason_is_logged_too_and_only_a_bug_has_its_place(away, logged):
    trouble = Trouble("sweep")
    trouble.failed(away_error(away))
    with pytest.raises(KeyError) as bug:
        {}["Ada Lane"]
    for _ in range(5):
        trouble.failed(bug.value)
    trouble.failed(away_error(away))
    assert ["where=" in line for line in logged] == [False, True, False]
    assert all("\n" not in line and "Ada" not in line for line in logged)


def test_a_database_that_answers_with_an_error_is_not_away(tmp_path, logged):
    engine = make_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(Exception, match="no such table") as caught, engine.connect() as connection:
        connection.execute(text("select secret from nowhere"))
    engine.dispose()
    Trouble("sweep").failed(caught.value)
    assert "where=" in logged[0]
    assert "select" not in logged[0]


def test_the_threads_of_a_process_say_it_once_while_the_database_is_away(away, tmp_path, logged):
    settings = load(data_dir=tmp_path, executor_beat_seconds=0.001)
    services = Services(settings=settings, engine=away, zuora=None, sbc=None, mailer=None)
    threads = [Sweeper(services, "host:1"), RuleKeeper(services, "host:1")]
    for one in threads:
        one.start()
    wait_for(lambda: sum("failures=10 " in line + " " for line in logged), lambda many: many >= 3)
    for one in threads:
        one.stop()
    told = [line for line in logged if "failures=1 " in line + " "]
    assert sorted(line.split("event=")[1].split("'")[1] for line in told) == [
        "heartbeat failed",
        "rule keeper failed",
        "sweep failed",
    ]
    assert len(logged) <= 4 * 3
    assert not any("\n" in line for line in logged)


def test_a_log_that_cannot_be_written_stops_nothing(monkeypatch):
    before = structlog.get_config()
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - closing it fails, too
    with pytest.raises(OSError, match="No space"):
        full.write("a line\n")
    monkeypatch.setattr(sys, "stderr", full)
    logs.configure("INFO")
    try:
        structlog.get_logger("any").warning("run taken over", run="1")
        Trouble("sweep").failed(OSError("no space"))
    finally:
        structlog.configure(**before)
        monkeypatch.undo()
        with pytest.raises(OSError, match="No space"):
            full.close()
