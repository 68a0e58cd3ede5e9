"""What the help article promises, by real calls: the product on one side of a real SBC, callers on the other."""

import pytest
from sqlalchemy import update

from lib.actions.engine.plan import Confirmation
from lib.domain.numbers import national
from lib.settings import Settings
from lib.store.engine import make_engine, writing
from lib.store.numbers import quarantine_numbers
from lib.store.schema import phone_number
from tests.actions.conftest import (  # noqa: F401 - the same stand-ins, with the same accounts
    LEAD,
    NUMBERS,
    World,
    _running,
    _running_mail,
    fill,
    mail_standin,
    make_runner,
    make_sbc,
    make_services,
    standin,
    wait_for,
)
from tests.other_writers import add_number

WHY = Confirmation(reason="non_payment")
PAID = Confirmation(reason="paid")
FIRST, SECOND, _ = NUMBERS["1001"]


@pytest.fixture
def world(_sqlite_template, tmp_path, standin, mail_standin, lab):  # noqa: F811 (fixtures from above)
    """A Hub with a real SBC, which has no rules yet."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    (tmp_path / "hub.db").write_bytes(_sqlite_template.read_bytes())
    engine = make_engine(url)
    fill(engine, standin)
    settings = Settings(
        data_dir=tmp_path,
        database_url=url,
        zuora_url=standin.url,
        sbc_url=lab.sbc.url,
        mail_host=mail_standin.host,
        mail_port=mail_standin.port,
        executor_beat_seconds=0.2,
    )
    services = make_services(settings, engine, token=lab.sbc.token)
    owned = [number for numbers in NUMBERS.values() for number in numbers]
    held = [one.rule.number for account in NUMBERS for one in services.sbc.rules_of_account(account)]
    services.sbc.forget_rules([*owned, *held], actor="test", track="test")
    runner = make_runner(services)
    runner.open()
    yield World(services, standin, None, mail_standin, runner)
    runner.close()
    services.zuora.close()
    services.sbc.close()
    engine.dispose()


def act(world, kind, params=None, given=None):
    run = world.finish(world.runner.start(world.runner.plan(kind, "1001", params or {}, LEAD), LEAD, given), 30)
    assert run.run.state == "done", run.run.error
    return run


def from_pbx(call) -> list[str]:
    return call.last.headers("Server")


def test_a_number_without_a_rule_connects_after_a_refresh(world, lab):
    lab.refused_in(FIRST, 404)
    lab.refused_out(FIRST, 403)
    done = act(world, "refresh_rules")
    assert (national(FIRST), "was missing, now created") in world.runner.items(done.run.id, "rules")
    assert from_pbx(lab.answered_in(FIRST)) == ["pbx"]
    assert from_pbx(lab.answered_out(FIRST)) == ["carrier"]


def test_suspended_is_heard_and_enabled_connects_again(world, lab):
    act(world, "refresh_rules")
    act(world, "suspend", {"mail": False}, WHY)
    for number in NUMBERS["1001"]:
        assert from_pbx(lab.answered_in(number)) == ["voicemail"]
        assert lab.refused_out(number, 403).statuses == [183, 403]
    act(world, "enable", {"mail": False}, PAID)
    for number in NUMBERS["1001"]:
        assert from_pbx(lab.answered_in(number)) == ["pbx"]
        assert from_pbx(lab.answered_out(number)) == ["carrier"]


def test_a_number_that_joins_or_leaves_a_suspended_account_is_heard_at_once(world, lab):
    act(world, "refresh_rules")
    act(world, "suspend", {"mail": False}, WHY)
    joined = "+61370100055"
    with writing(world.services.engine) as connection:
        add_number(connection, joined, account_number="1001", trunk="syd-1")
        quarantine_numbers(connection, [SECOND], until=world.services.today(), reason="disconnected")
    wait_for(lambda: world.services.sbc.get_rules([joined, SECOND]), lambda now: now[joined] and not now[SECOND])
    assert from_pbx(lab.answered_in(joined)) == ["voicemail"]
    lab.refused_in(SECOND, 404)
    world.services.sbc.delete_rules([joined], actor="test", track="test")


def test_a_rule_on_the_wrong_trunk_rings_elsewhere_until_the_refresh(world, lab):
    act(world, "refresh_rules")
    with writing(world.services.engine) as connection:
        connection.execute(update(phone_number).where(phone_number.c.e164 == FIRST).values(trunk="mel-1"))
    wait_for(lambda: world.services.sbc.get_rules([FIRST])[FIRST], lambda rule: rule and rule.trunk == "mel-1")
    assert from_pbx(lab.answered_in(FIRST)) == ["pbx"]


def test_a_wrong_token_is_a_sentence_without_the_token(world, lab):
    stranger = make_sbc(lab.sbc.url, token="another-token-of-some-length")
    object.__setattr__(world.services, "sbc", stranger)
    plan = world.runner.plan("refresh_rules", "1001", {}, LEAD)
    assert "did not accept the Account Manager's sign-in" in plan.blockers[0]
    assert "another-token" not in plan.blockers[0]
    stranger.close()
