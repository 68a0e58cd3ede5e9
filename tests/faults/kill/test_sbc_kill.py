"""kill -9 of the SBC during a refresh of 2,000 numbers: the run resumes, and nothing that was acknowledged is lost."""

import threading
import time

import pytest
from sqlalchemy import delete, insert, select

from lib.settings import Settings
from lib.store.engine import make_engine, writing
from lib.store.schema import account, phone_number, rule_change
from tests.actions.conftest import (  # noqa: F401 - the same stand-ins, with the same accounts
    LEAD,
    World,
    _running_mail,
    fill,
    mail_standin,
    make_runner,
    make_services,
)
from tests.kamailio import Kamailio, sbc_database

MANY = [f"+61255{50_0000 + last}" for last in range(2000)]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def sbc(request, tmp_path):
    if request.param == "sqlite":
        with Kamailio(tmp_path / "sbc") as running:
            yield running
    else:
        with sbc_database(request.getfixturevalue("postgres_url")) as url, Kamailio(tmp_path / "sbc", url) as running:
            yield running


@pytest.fixture
def world(_sqlite_template, tmp_path, standin, mail_standin, sbc):  # noqa: F811 (fixture from above)
    (tmp_path / "hub.db").write_bytes(_sqlite_template.read_bytes())
    settings = Settings(
        data_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'hub.db'}",
        zuora_url=standin.url,
        sbc_url=sbc.url,
        mail_host=mail_standin.host,
        mail_port=mail_standin.port,
        executor_beat_seconds=0.2,
    )
    engine = make_engine(settings.database)
    fill(engine, standin)
    with writing(engine) as connection:
        owner = connection.execute(select(account.c.id).where(account.c.number == "1002")).scalar_one()
        connection.execute(
            insert(phone_number),
            [{"account_id": owner, "e164": number, "kind": "local", "trunk": "syd-1"} for number in MANY],
        )
        connection.execute(delete(rule_change))
    services = make_services(settings, engine, token=sbc.token)
    runner = make_runner(services)
    runner.open()
    yield World(services, standin, None, mail_standin, runner)
    runner.close()
    services.zuora.close()
    services.sbc.close()
    engine.dispose()


def test_a_refresh_survives_the_sbc(world, sbc):
    acknowledged: list[str] = []
    real = world.services.sbc.put_rules
    enough, killing, killed = threading.Event(), threading.Event(), threading.Event()

    def put_rules(rules, **how):
        rules = list(rules)
        # The fourth request and the kill happen at the same time; none of the others may be done before the kill.
        if len(acknowledged) == 600:
            enough.set()
            assert killing.wait(20)
        elif len(acknowledged) > 600:
            assert killed.wait(20)
        result = real(rules, **how)
        acknowledged.extend(rule.number for rule in rules)
        return result

    # The real call on the real socket; the test only keeps what was acknowledged.
    world.services.sbc.put_rules = put_rules
    run_id = world.runner.start(world.runner.plan("refresh_rules", "1002", {}, LEAD), LEAD)
    assert enough.wait(20)
    killing.set()
    sbc.kill()
    killed.set()
    killed_at = len(acknowledged)
    failed = world.finish(run_id, 60)
    assert failed.run.state == "failed"
    assert "SBC" in failed.run.error
    assert killed_at < len(MANY)

    sbc.start()
    found = world.services.sbc.get_rules(acknowledged)
    assert [number for number, rule in found.items() if rule is None] == []
    world.runner.resume(run_id, LEAD)
    done = world.finish(run_id, 60)
    assert done.run.state == "done", done.run.error
    found = world.services.sbc.get_rules(MANY)
    assert {(rule.account, rule.state, rule.trunk) for rule in found.values()} == {("1002", "allowed", "syd-1")}
    assert len(world.runner.items(run_id, "rules")) == len(MANY)
    # And again after a restart: calls use what was stored.
    sbc.kill()
    sbc.start()
    assert world.runner.plan("refresh_rules", "1002", {}, LEAD).verdict is not None


def test_a_refresh_finds_the_sbc_again_by_itself(world, sbc):
    run_id = world.runner.start(world.runner.plan("refresh_rules", "1002", {}, LEAD), LEAD)
    sbc.kill()
    time.sleep(0.2)
    sbc.start()
    finished = world.finish(run_id, 60)
    if finished.run.state == "failed":
        world.runner.resume(run_id, LEAD)
        finished = world.finish(run_id, 60)
    assert finished.run.state == "done", finished.run.error
    assert all(world.services.sbc.get_rules(MANY).values())
