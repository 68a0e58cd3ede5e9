"""The disk becomes full during a step: the run goes on by itself once there is space, in the same process."""

import os
import shutil
import sqlite3

import pytest
from sqlalchemy import select

from lib.settings import Settings
from lib.store import audit
from lib.store.engine import make_engine
from lib.store.schema import action_run
from tests.actions.conftest import LEAD, fill, fill_sbc, make_client, make_runner, make_services, wait_for, zuora_id
from tests.faults import machine
from tests.faults.kill.test_kill import slow_zuora

NEW = "Wattle New"


@pytest.fixture
def runner(_sqlite_template, standin, sbc_standin, mail_standin, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    with machine.small_disk(tmp_path, megabytes=16):
        shutil.copy(_sqlite_template, tmp_path / "hub.db")
        settings = Settings(
            data_dir=tmp_path,
            zuora_url=standin.url,
            sbc_url=sbc_standin.url,
            mail_host=mail_standin.host,
            mail_port=mail_standin.port,
            executor_beat_seconds=0.2,
            executor_dead_seconds=1.5,
            step_retry_seconds=0.1,
        )
        engine = make_engine(settings.database)
        fill(engine, standin)
        fill_sbc(sbc_standin)
        services = make_services(settings, engine)
        runner = make_runner(services)
        runner.open()
        yield runner
        runner.close()
        services.zuora.close()
        services.sbc.close()
        engine.dispose()


def test_a_step_ends_while_the_disk_is_full(runner, standin, tmp_path):
    standin.state.faults.add(slow_zuora())
    run_id = runner.start(runner.plan("rename", "1001", {"name": NEW, "base": "Wattle Plumbing"}, LEAD), LEAD)
    wait_for(lambda: runner.progress(run_id).steps[0].state, lambda state: state == "running")
    for name in ("hub.db", "engine.db"):
        # What was written fits in the file; the next write needs more space.
        database = sqlite3.connect(tmp_path / name, timeout=30)
        wait_for(lambda at=database: at.execute("pragma wal_checkpoint(truncate)").fetchone()[0], lambda busy: not busy)
        database.close()
    with machine.full(tmp_path):
        wait_for(lambda: standin.state.faults.requests()[1], lambda sent: any(one.startswith("PUT") for one in sent))
        with runner.services.engine.connect() as connection:
            state = select(action_run.c.state).where(action_run.c.id == run_id)
            assert connection.execute(state).scalar_one() == "running"
    done = wait_for(lambda: runner.progress(run_id), lambda now: now.run.state != "running")
    assert (done.run.state, done.run.error) == ("done", None)
    with runner.services.engine.connect() as connection:
        told = audit.events_of_run(connection, run_id)
        assert audit.verify_chain(connection) is None
    assert [event.step for event in told if event.phase == "ok"] == ["zuora", "hub"]
    sent = standin.state.faults.requests()[1]
    assert sum(one.startswith("PUT /v1/accounts") for one in sent) == 1
    client = make_client(standin.url)
    assert client.account(zuora_id("1001")).name == NEW
    client.close()
