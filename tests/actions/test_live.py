"""What a page shows of Zuora: live, or the last snapshot with its time, never an empty value shown as a fact."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from lib.app.live import LiveReads
from lib.store import accounts
from lib.store.engine import writing
from lib.store.schema import account, snapshot
from tests.actions.conftest import wait_for, zuora_id


@pytest.fixture
def live(world):
    reads = LiveReads(world.services)
    yield reads
    reads.close()


def hub_account(world, number="1002"):
    with world.services.engine.connect() as connection:
        return accounts.get_account(connection, number)


def test_a_live_reading_names_the_parent_by_its_hub_number(world, live):
    reading = live.zuora(hub_account(world), wait=5)
    assert (reading.state, reading.value.account.name, reading.value.parent) == ("live", "Banksia Bakery", "1001")


def test_when_zuora_fails_the_last_reading_is_shown_with_its_time(world, live):
    first = live.zuora(hub_account(world), wait=5)
    live.forget("1002")
    world.fail("GET /v1/accounts", "drop_before")
    failed = live.zuora(hub_account(world), wait=5)
    assert failed.state == "failed"
    assert failed.value == first.value
    assert abs((failed.read_at - first.read_at).total_seconds()) < 2
    assert "Zuora" in failed.why


def test_when_zuora_never_answered_nothing_is_made_up(world, live):
    world.fail("GET /v1/accounts", "html504")
    failed = live.zuora(hub_account(world), wait=5)
    assert (failed.state, failed.value, failed.read_at) == ("failed", None, None)


def test_a_slow_zuora_does_not_hold_the_page(world, live):
    live.zuora(hub_account(world), wait=5)
    live.forget("1002")
    world.fail("GET /v1/accounts", "latency", seconds=1)
    reading = live.zuora(hub_account(world), wait=0.05)
    assert reading.state == "reading"
    assert reading.value.account.name == "Banksia Bakery"
    assert wait_for(lambda: live.zuora(hub_account(world), wait=0).state, lambda state: state == "live")


def test_a_reading_is_asked_for_once_however_many_pages_ask(world, live):
    world.standin.state.faults.forget_requests()
    for _ in range(5):
        live.zuora(hub_account(world, "1001"), wait=5)
    asked = [one for one in world.standin.state.faults.requests()[1] if one.startswith("GET /v1/accounts")]
    assert len(asked) == 1


def test_a_change_in_the_hub_makes_the_reading_stale(world, live):
    live.zuora(hub_account(world, "1001"), wait=5)
    world.services.zuora.rename_account(zuora_id("1001"), "New", track="test")
    world.catch_up()
    with writing(world.services.engine) as connection:
        accounts.rename_account(connection, "1001", before="Wattle Plumbing", after="New")
    assert live.zuora(hub_account(world, "1001"), wait=5).value.account.name == "New"


def test_accounts_that_zuora_does_not_have(world, live):
    with writing(world.services.engine) as connection:
        connection.execute(update(account).where(account.c.number == "1002").values(zuora_id=None))
        connection.execute(update(account).where(account.c.number == "1001").values(zuora_id="f" * 32))
    assert live.zuora(hub_account(world), wait=5).state == "unlinked"
    assert live.zuora(hub_account(world, "1001"), wait=5).state == "missing"


def test_a_reading_slower_than_it_is_kept_is_shown_all_the_same(world):
    settings = world.services.settings.model_copy(update={"zuora_cache_seconds": 0})
    reads = LiveReads(replace(world.services, settings=settings))
    world.fail("GET /v1/accounts", "latency", seconds=0.5)
    wait_for(lambda: reads.zuora(hub_account(world), wait=0).state, lambda state: state == "live", seconds=5)
    reads.close()


def test_a_reading_that_cannot_be_stored_is_shown_all_the_same(world, live):
    with writing(world.services.engine) as connection:
        snapshot.drop(connection)
    reading = live.zuora(hub_account(world, "1001"), wait=5)
    assert (reading.state, reading.value.account.name) == ("live", "Wattle Plumbing")
