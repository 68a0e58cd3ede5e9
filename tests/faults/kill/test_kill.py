"""kill -9 at every point of a rename. A server with no page open finishes the run; Hub and Zuora agree."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from lib.settings import PROJECT
from lib.standins.zuora.manners.faults import Fault
from lib.store import audit, runs
from lib.store.schema import account, action_run
from tests.actions.conftest import CLIENT_ID, CLIENT_SECRET, SBC_TOKEN, fill, make_client, wait_for, zuora_id
from tests.faults.kill.process import NEW, carry_on, hang

POINTS = [
    "written",
    "before:zuora",
    "sent",
    "after:zuora",
    "recorded:zuora",
    "before:hub",
    "after:hub",
    "recorded:hub",
    "closed",
]


ON_POSTGRESQL = ["sent", "recorded:zuora"]
"""Where the step engine keeps its records in the same database, so a kill between the two is another case."""


@pytest.fixture
def settings(database_url, standin, sbc_standin, mail_standin, tmp_path):
    return {
        "data_dir": tmp_path,
        "database_url": database_url,
        "engine_database_url": f"sqlite:///{tmp_path / 'engine.db'}" if "sqlite" in database_url else "",
        "zuora_url": standin.url,
        "zuora_client_id": CLIENT_ID,
        "zuora_client_secret": CLIENT_SECRET,
        "sbc_url": sbc_standin.url,
        "sbc_token": SBC_TOKEN,
        "mail_host": mail_standin.host,
        "mail_port": mail_standin.port,
        "mail_security": "none",
        "executor_beat_seconds": 0.2,
        "executor_dead_seconds": 1,
    }


@pytest.fixture
def environment(settings):
    given = {name: value for name, value in os.environ.items() if not name.startswith("AM_")}
    return given | {f"AM_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def process(environment, *command, **how):
    """A child in its own process group, ended at the end whatever happens."""
    child = subprocess.Popen(
        [sys.executable, *command], cwd=PROJECT, env=environment, start_new_session=True, text=True, **how
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait(timeout=10)
        for stream in (child.stdin, child.stdout):
            if stream:
                stream.close()


@contextmanager
def forked(target, settings, *given):
    """A process that has already loaded everything; yields the pipe it writes to. It is killed at the end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([target.__module__])
    ours, theirs = context.Pipe()
    child = context.Process(target=target, args=(settings, settings["data_dir"] / "server.log", theirs, *given))
    child.start()
    theirs.close()
    try:
        yield ours
    finally:
        child.kill()
        child.join(10)
        ours.close()


@contextmanager
def quiet_server(environment, tmp_path):
    """The real server, with no browser."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ("-m", "streamlit", "run", "server.py", "--server.address=127.0.0.1", f"--server.port={port}")
    with (tmp_path / "server.log").open("a") as log, process(environment, *command, stdout=log, stderr=log) as child:
        yield child


def only_run(engine):
    with engine.connect() as connection:
        return runs.get_run(connection, connection.execute(select(action_run.c.id)).scalar_one())


CASES = [("sqlite", point) for point in POINTS] + [
    pytest.param("postgresql", point, marks=pytest.mark.postgres) for point in ON_POSTGRESQL
]


@pytest.mark.parametrize(("database_url", "point"), CASES, indirect=["database_url"])
def test_a_rename_survives_kill_9(engine, settings, standin, point):
    fill(engine, standin)
    with forked(hang, settings, point) as pipe:
        assert pipe.poll(40), f"it did not come to {point}"
        assert pipe.recv() == point
    with forked(carry_on, settings):
        wait_for(lambda: only_run(engine).state, lambda state: state != "running", seconds=40)
    run = only_run(engine)
    assert run.state == "done", run.error
    with engine.connect() as connection:
        events = audit.events_of_run(connection, run.id)
        name = connection.execute(select(account.c.name).where(account.c.number == "1001")).scalar_one()
        assert runs.open_run(connection, "1001") is None
        assert audit.verify_chain(connection) is None
    client = make_client(standin.url)
    assert (name, client.account(zuora_id("1001")).name) == (NEW, NEW)
    client.close()
    # Once or twice: only the step under way is done again.
    begun = [event.step for event in events if event.phase == "begin"]
    assert set(begun) == {"zuora", "hub"}
    assert len(begun) <= 3
    # A step that is repeated after its work was done still says "done", not "nothing to do".
    assert {event.details["outcome"] for event in events if event.phase == "ok"} == {"done"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_that_nobody_looks_at_finishes_the_run(engine, settings, environment, standin, tmp_path):
    fill(engine, standin)
    with forked(hang, settings, "sent") as pipe:
        assert pipe.poll(40)
    with quiet_server(environment, tmp_path):
        wait_for(lambda: only_run(engine).state, lambda state: state != "running", seconds=40)
    assert only_run(engine).state == "done"


def test_of_three_processes_one_starts_and_the_others_are_told_who(engine, environment, standin):
    fill(engine, standin)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    race = ("-m", "tests.faults.kill.process")
    with (
        process(environment, *race, **pipes) as one,
        process(environment, *race, **pipes) as two,
        process(environment, *race, **pipes) as three,
    ):
        racers = (one, two, three)
        assert [racer.stdout.readline().strip() for racer in racers] == ["ready"] * 3
        standin.state.faults.add(slow_zuora())
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        answers = [racer.stdout.readline().strip() for racer in racers]
        wait_for(lambda: only_run(engine).state, lambda state: state != "running")
    assert sum(answer.startswith("started") for answer in answers) == 1, answers
    refused = [answer for answer in answers if not answer.startswith("started")]
    assert all(
        answer.startswith("AccountBusy") and "Lee Lead has a running action on" in answer for answer in refused
    ), answers
    assert only_run(engine).state == "done"


def slow_zuora():
    return Fault(match="PUT /v1/accounts", kind="latency", seconds=1)
