"""The most dangerous button from the click to the calls: plan, typed number, a killed server, receipt, 404."""

import contextlib
import os
import signal
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import expect

from lib.clients.sbc import AuthRule, KamailioSbc, SbcConfig
from lib.standins.zuora.manners.faults import Fault
from lib.store import account_status, accounts, audit
from tests.browser.conftest import House, choose_first, heading, settled
from tests.calls.conftest import SOMEBODY
from tests.kamailio import Kamailio
from tests.pages.conftest import plain_accounts
from tests.server import copy_demo, serving, zuora_of
from tests.sipp import Caller, Server

pytestmark = pytest.mark.browser
SECONDS = 40


def account_to_close(engine):
    """One with numbers, a PBX and no children."""
    with engine.connect() as connection:
        return next(
            one
            for one in plain_accounts()
            if 2 <= len(one.has.numbers) <= 8
            and one.has.pbxs
            and one.has.subscriptions
            and not any(number.state == "porting" for number in one.has.numbers)
            and not accounts.list_children(connection, one.number)
        )


@pytest.fixture
def sbc(tmp_path) -> Iterator[tuple[Kamailio, KamailioSbc, Server]]:
    with Server(tmp_path, "server_answers", "pbx") as pbx, Kamailio(tmp_path / "sbc", pbx=pbx.address) as running:
        client = KamailioSbc(SbcConfig(url=running.url, token=running.token))
        yield running, client, pbx
        client.close()


def statuses(folder, sbc, number, scenario, **more):
    call = Caller(folder, scenario, sbc.carrier_port, called=number, calling=SOMEBODY, **more).result()
    assert call.passed, call.output[-2000:]
    return call.statuses


def settings_of(sbc):
    return {"sbc_url": sbc.url, "sbc_token": sbc.token, "executor_beat_seconds": 0.3, "executor_dead_seconds": 2}


def test_deactivate_from_the_click_to_the_calls(tmp_path, _browser, sbc):
    running, rules, _ = sbc
    folder = copy_demo(tmp_path / "hub")
    with zuora_of(folder) as zuora, contextlib.ExitStack() as first_server:
        server = first_server.enter_context(serving(folder, zuora=zuora, **settings_of(running)))
        with server.hub() as engine:
            own = account_to_close(engine)
        numbers = [number.e164 for number in own.has.numbers if number.state != "quarantined"]
        rules.put_rules(
            [AuthRule(number.e164, own.number, "allowed", number.trunk, 1) for number in own.has.numbers],
            actor="test",
            track="test",
        )
        assert statuses(tmp_path, running, numbers[0], "caller_talks")[-1] == 200

        house = House(server, zuora, _browser)
        with house.contexts:
            page = house.open("lead", f"/account-details?account={own.number}")
            page.get_by_role("button", name="Deactivate", exact=True).click()
            expect(page.get_by_text("This cannot be reversed.")).to_be_visible()
            page.get_by_text("Cancel them at the end of the invoice period").click()
            # The new plan drops the sentence about subscriptions that go on.
            expect(page.get_by_text("until billing closes")).to_have_count(0)
            settled(page)
            start = page.get_by_role("button", name=f"Deactivate account {own.number}")
            expect(start).to_be_visible()
            choose_first(page, "Reason", "Asked for by the customer")
            typed = page.get_by_label(f"Type the account number {own.number}")
            expect(typed).to_have_attribute("autocomplete", "off")
            expect(typed).to_have_js_property("spellcheck", False)
            typed.fill("123456")
            typed.press("Enter")
            start.click()
            expect(page.get_by_text("“123456” is not the number of this account")).to_be_visible()

            # Zuora is slow to cancel, and the server is killed while it waits.
            zuora.state.faults.add(Fault(match="POST /v1/orders", kind="latency", seconds=4, times=1))
            typed.fill(own.number)
            typed.press("Enter")
            settled(page)
            start.click()
            expect(page.get_by_text("of 15 steps").first).to_be_visible()
            expect(page.get_by_text("Cancel the subscriptions in Zuora: Under way")).to_be_visible()
            os.killpg(server.process.pid, signal.SIGKILL)
            server.process.wait(10)
            house.complaints.clear()

            with serving(folder, zuora=zuora, port=server.port, **settings_of(running)):
                page.goto(f"{server.url}/account-details?account={own.number}")
                page.reload()
                expect(page.get_by_text("This account is deactivated.")).to_be_visible(timeout=SECONDS * 1000)
                assert house.strays == []
                with server.hub() as engine, engine.connect() as connection:
                    run_id = account_status.last_status_change(connection, own.number).run_id
                    begun = [event.step for event in audit.events_of_run(connection, run_id) if event.phase == "begin"]
                # One kill, one step begun again.
                assert len(begun) == len(set(begun)) + 1
                page.goto(f"{server.url}/account-details?account={own.number}&run={run_id}")
                expect(page.get_by_role("strong").filter(has_text="Done: Deactivate")).to_be_visible()
                with page.expect_download() as download:
                    page.get_by_role("button", name="Download the receipt").click()
                kept = download.value.path().read_text()
                assert run_id in kept
                assert "Quarantine all phone numbers" in kept
                assert own.has.pbxs[0].group_name in kept
                for number in numbers:
                    assert statuses(tmp_path, running, number, "caller_is_refused", status=404)[-1] == 404
                _told_on_activity(page, server, own)
        orders = [line for line in requests_of(zuora) if line.startswith("POST /v1/orders")]
        assert len(orders) <= 2 * len(own.has.subscriptions)
        assert requests.get(f"{zuora.url}/_standin/health", timeout=5).status_code < 500


def requests_of(zuora) -> list[str]:
    return zuora.state.faults.requests()[1]


def _told_on_activity(page, server, own) -> None:
    page.goto(f"{server.url}/account-activity?account={own.number}")
    expect(heading(page, f"{own.number} - {own.name}")).to_be_visible()
    expect(page.get_by_text(f"Deactivate {own.number} - {own.name}").first).to_be_visible()
