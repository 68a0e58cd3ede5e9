"""What a call does under each rule, by real calls."""

import contextlib
import sqlite3

import pytest

from tests.calls.conftest import Around, Lab, fresh_number, rule
from tests.sipp import Call

SUSPENDED = ['Q.850;cause=21;text="Account suspended"'], ['399 sbc "account is not allowed to make calls"']


def server_of(call: Call) -> list[str]:
    return call.last.headers("Server")


def reason_of(call: Call) -> tuple[list[str], list[str]]:
    return call.last.headers("Reason"), call.last.headers("Warning")


def test_an_allowed_number_is_reached(lab, around):
    number = lab.number("allowed")
    call = lab.answered_in(number)
    assert server_of(call) == ["pbx"]
    requests = [message.first_line.split()[0] for message in around.pbx.news()]
    assert requests == ["INVITE", "ACK", "BYE"]
    assert around.voicemail.news() == []


def test_an_allowed_number_calls_out(lab, around):
    call = lab.answered_out(lab.number("allowed"))
    assert server_of(call) == ["carrier"]
    assert around.announcement.news() == []


def test_each_trunk_has_its_own_destination(lab, around):
    rings, answers = lab.number("allowed", trunk="syd-2"), lab.number("allowed", trunk="mel-1")
    call = lab.inbound("caller_gives_up", rings).result()
    assert call.passed, call.output
    assert server_of(lab.answered_in(answers)) == ["pbx"]
    assert [number in message.first_line for message in around.rings.news() for number in [rings]] == [True] * 3


def test_a_suspended_number_is_answered_by_its_voicemail(lab, around):
    number = lab.number("suspended")
    call = lab.answered_in(number)
    assert server_of(call) == ["voicemail"]
    invite = around.voicemail.news()[0]
    assert invite.first_line == f"INVITE sip:{number}@voicemail;target=sip:{number}%40sbc;cause=302 SIP/2.0"
    assert invite.headers("Diversion") == [f"<sip:{number}@127.0.0.1>;reason=unconditional;counter=1"]
    assert around.pbx.news() == []


def test_a_suspended_number_that_calls_out_hears_the_announcement_and_is_refused(lab, around):
    number = lab.number("suspended", account="1002")
    call = lab.refused_out(number, 403)
    assert call.statuses == [183, 403]
    announced = call.replies[0]
    assert announced.headers("P-Early-Media") == ["sendonly"]
    assert "m=audio" in announced.body
    assert call.last.first_line == "SIP/2.0 403 Account Not Allowed To Make Calls"
    assert reason_of(call) == SUSPENDED
    invite = around.announcement.news()[0]
    assert invite.first_line == "INVITE sip:account-suspended@announcement SIP/2.0"
    assert invite.headers("P-SBC-Account") == ["1002"]
    assert around.carrier.news() == []


def test_a_number_without_a_rule_is_not_found(lab, around):
    call = lab.refused_in(fresh_number(), 404)
    assert reason_of(call) == (['Q.850;cause=1;text="Unallocated number"'], [])
    assert around.pbx.news() == []


def test_a_number_without_a_rule_cannot_call(lab, around):
    call = lab.refused_out(fresh_number(), 403)
    assert reason_of(call) == (
        ['SIP;cause=403;text="No auth rule"'],
        ['399 sbc "no auth rule for calling number"'],
    )
    assert around.carrier.news() == []


def test_a_deleted_rule_is_a_missing_rule(lab):
    number = lab.number("allowed")
    assert lab.sbc.call("POST", "/v1/rules/delete", [{"number": number}]) == (200, {"deleted": 1})
    lab.refused_in(number, 404)
    lab.refused_out(number, 403)


def test_the_next_call_goes_by_the_new_rule(lab):
    number = lab.number("allowed")
    for rev, state, server in [(2, "suspended", "voicemail"), (3, "allowed", "pbx")]:
        lab.put(rule(number, state, rev=rev))
        assert server_of(lab.answered_in(number)) == [server]


@pytest.mark.parametrize("called", ["+0255500001", "+61", "+61255500001x", "anonymous"])
def test_a_called_number_that_is_not_a_number_is_refused(lab, around, called):
    call = lab.refused_in(called, 484)
    assert reason_of(call)[0] == ['Q.850;cause=28;text="Invalid number format"']
    assert around.pbx.news() == []


@pytest.mark.parametrize("calling", ["0255509998", "61255509998", "anonymous", "+61255500001%0a"])
def test_a_calling_number_without_a_rule_or_that_is_not_a_number_is_refused(lab, around, calling):
    lab.refused_out(calling, 403)
    assert around.carrier.news() == []


@pytest.mark.parametrize("form", ["<sip:{}@example.com>", '"Wattle" <sip:{}@example.com;user=phone>', "<tel:{}>"])
def test_the_asserted_number_decides_before_the_one_in_from(lab, form):
    allowed, suspended = lab.number("allowed"), lab.number("suspended")

    def asserted(number: str) -> str:
        return "P-Asserted-Identity: " + form.format(number)

    call = lab.outbound("caller_talks", "anonymous", headers=asserted(allowed)).result()
    assert call.passed, call.output
    assert reason_of(lab.refused_out(allowed, 403, headers=asserted(suspended))) == SUSPENDED


def test_an_asserted_identity_without_a_number_does_not_fall_back_to_from(lab, around):
    lab.refused_out(lab.number("allowed"), 403, headers="P-Asserted-Identity: <sip:example.com>")
    assert around.carrier.news() == []


def test_a_rule_with_an_unknown_trunk_reaches_nobody_and_calls_nobody(lab, around):
    lab.refused_out(lab.number("allowed", trunk="per-9"), 403)
    lab.refused_in(lab.number("allowed", trunk="per-9"), 503)
    # The names of our own servers are not trunks.
    for name in ("voicemail", "carrier", "announcement", "pbx"):
        lab.refused_in(lab.number("allowed", trunk=name), 503)
    assert [message for server in vars(around).values() for message in server.news()] == []


def test_a_rule_with_an_unknown_state_lets_nobody_through(lab, around):
    """Only somebody who writes directly into a database without checks can make such a row."""
    number = fresh_number()
    with contextlib.closing(sqlite3.connect(lab.sbc.folder / "data" / "rules.db")) as connection:
        connection.execute("pragma ignore_check_constraints = on")
        connection.execute("insert into sbc_rule values (?, '1003', 'Allowed', 'syd-1', 1)", [number])
        connection.commit()
    assert lab.sbc.call("POST", "/v1/reload") == (200, {"reloaded": True})
    lab.refused_in(number, 403)
    lab.refused_out(number, 403)
    assert around.pbx.news() + around.carrier.news() == []


def test_a_connected_call_goes_on_when_its_number_is_suspended(lab, around):
    number = lab.number("allowed")
    caller = lab.inbound("caller_talks", number, talk_ms=400)
    caller.wait_for(200)
    lab.put(rule(number, "suspended", rev=2))
    call = caller.result()
    assert call.passed, call.output
    assert [message.first_line.split()[0] for message in around.pbx.news()] == ["INVITE", "ACK", "BYE"]
    assert server_of(lab.answered_in(number)) == ["voicemail"]


def test_giving_up_while_it_rings_reaches_the_pbx(lab, around):
    call = lab.inbound("caller_gives_up", lab.number("allowed", trunk="syd-2")).result()
    assert call.passed, call.output
    assert call.statuses == [180, 487]
    assert [message.first_line.split()[0] for message in around.rings.news()] == ["INVITE", "CANCEL", "ACK"]


def test_after_a_kill_the_rules_are_the_same(lab: Lab, around: Around):
    allowed, suspended, deleted = lab.number("allowed"), lab.number("suspended"), lab.number("allowed")
    assert lab.sbc.call("POST", "/v1/rules/delete", [{"number": deleted}]) == (200, {"deleted": 1})
    lab.sbc.kill()
    lab.sbc.start()
    assert server_of(lab.answered_in(allowed)) == ["pbx"]
    assert server_of(lab.answered_in(suspended)) == ["voicemail"]
    assert reason_of(lab.refused_out(suspended, 403)) == SUSPENDED
    lab.refused_in(deleted, 404)
    assert around.carrier.news() == []


@pytest.fixture(scope="module")
def unanswered(alone: Lab) -> dict[str, Call]:
    """A call to each of the servers of an SBC, all of which are down. At the same time, as each takes a while."""
    made = {
        "voicemail": alone.inbound("caller_is_refused", alone.number("suspended"), status=480),
        "announcement": alone.outbound("caller_is_refused", alone.number("suspended"), status=403),
        "carrier": alone.outbound("caller_is_refused", alone.number("allowed"), status=408),
        "pbx": alone.inbound("caller_is_refused", alone.number("allowed"), status=408),
    }
    return {role: caller.result() for role, caller in made.items()}


def test_without_voicemail_a_suspended_number_is_unavailable(unanswered):
    call = unanswered["voicemail"]
    assert call.statuses == [480]
    assert reason_of(call)[0] == ['Q.850;cause=20;text="Subscriber absent"']


def test_without_the_announcement_a_suspended_number_is_still_refused(unanswered):
    call = unanswered["announcement"]
    assert call.statuses == [403]
    assert reason_of(call) == SUSPENDED


@pytest.mark.parametrize("role", ["carrier", "pbx"])
def test_without_the_far_end_no_call_is_connected(unanswered, role):
    call = unanswered[role]
    assert call.passed, call.output
    assert call.statuses == [408]
