"""Who may call with which number, what the far end learns about the caller, and other rules of SIP."""

import socket
import struct
import threading

import pytest

from tests.calls.conftest import SOMEBODY, fresh_number, rule
from tests.calls.wire import Phone, ask, request
from tests.kamailio import HOST

CALLED = f"sip:{SOMEBODY}@example.com"
NOT_ITS_TRUNK = "SIP/2.0 403 Calling Number Not On This Trunk"
SUSPENDED = "SIP/2.0 403 Account Not Allowed To Make Calls"


def caller(number: str) -> str:
    return f"<sip:{number}@example.com>;tag=a"


# ---- The source is the rule's trunk


@pytest.mark.parametrize("where", ["From", "P-Asserted-Identity"])
def test_a_number_of_another_account_cannot_be_used_from_another_trunk(wire, where):
    """It does not help a suspended phone to write that number."""
    other = wire.lab.number("allowed", trunk="syd-2", account="1002")
    more = [f"P-Asserted-Identity: <sip:{other}@example.com>"] if where != "From" else []
    from_ = caller(other if where == "From" else wire.lab.number("suspended"))
    assert wire.out(CALLED, *more, from_=from_) == NOT_ITS_TRUNK
    assert wire.carrier.news() == []
    assert wire.out(CALLED, *more, from_=from_, host="127.0.0.2") == "SIP/2.0 200 Said"
    assert len(wire.carrier.news()) == 1


def test_a_trunk_without_a_source_of_its_own_calls_from_where_its_calls_go(wire):
    number = wire.lab.number("allowed", trunk="mel-1")
    assert wire.out(CALLED, from_=caller(number)) == "SIP/2.0 200 Said"
    assert wire.out(CALLED, from_=caller(number), host="127.0.0.2") == NOT_ITS_TRUNK


def test_an_unknown_trunk_has_no_source(wire):
    assert wire.out(CALLED, from_=caller(wire.lab.number("allowed", trunk="per-9"))) == NOT_ITS_TRUNK
    assert wire.carrier.news() == []


def test_a_stranger_does_not_learn_that_a_number_is_suspended(wire):
    number = wire.lab.number("suspended", trunk="syd-2")
    assert wire.out(CALLED, from_=caller(number)) == NOT_ITS_TRUNK
    assert wire.announcement.news() == []


# ---- Two asserted identities


@pytest.mark.parametrize("form", ["two headers", "one header", "names with commas"])
@pytest.mark.parametrize("second", ["suspended", "no rule", "no number", "another trunk", "allowed"])
@pytest.mark.parametrize("turned", [False, True])
def test_of_two_identities_each_must_be_allowed(wire, form, second, turned):
    wire.announcement.says = "refuse"
    made = {
        "suspended": lambda: wire.lab.number("suspended"),
        "no rule": fresh_number,
        "no number": lambda: "alice",
        "another trunk": lambda: wire.lab.number("allowed", trunk="syd-2"),
        "allowed": lambda: wire.lab.number("allowed"),
    }
    numbers = [wire.lab.number("allowed"), made[second]()]
    first, other = reversed(numbers) if turned else numbers
    headers = {
        "two headers": [f"P-Asserted-Identity: <sip:{first}@a>", f"P-Asserted-Identity: <sip:{other}@a>"],
        "one header": [f"P-Asserted-Identity: <sip:{first}@a>, <tel:{other}>"],
        "names with commas": [f'p-asserted-identity: "A, \\"<sip:1@a>" <sip:{first}@a>,B<sip:{other}@a>;x=1'],
    }[form]
    told = {
        "suspended": SUSPENDED,
        "no rule": "SIP/2.0 403 Calling Number Not Authorised",
        "no number": "SIP/2.0 403 Caller Number Not Valid",
        "another trunk": NOT_ITS_TRUNK,
        "allowed": "SIP/2.0 200 Said",
    }[second]
    assert wire.out(CALLED, *headers) == told
    invites = wire.carrier.news()
    assert len(invites) == (1 if second == "allowed" else 0)
    for invite in invites:
        assert invite.headers("P-Asserted-Identity") == [f"<sip:{first}@127.0.0.1>, <sip:{other}@127.0.0.1>"]


@pytest.mark.parametrize("value", ["", ",", '"', '"<sip:{}@a>', "<sip:{}@a", "<sip:{}@a>,", "<sip:{}@a> <sip:{}@a>"])
def test_a_broken_identity_is_not_used(wire, value):
    number = wire.lab.number("allowed")
    told = wire.out(CALLED, f"P-Asserted-Identity: {value.format(number, number)}", from_=caller(number))
    assert told.startswith("SIP/2.0 40"), told
    assert wire.carrier.news() == []


# ---- Other names for the caller

UNCHECKED = ("Remote-Party-ID", "P-Charge-Info", "P-Preferred-Identity", "History-Info")


@pytest.mark.parametrize("called", [CALLED, "sip:000@example.com"], ids=["ordinary", "000"])
def test_what_nobody_has_checked_does_not_reach_the_carrier(wire, called):
    number = wire.lab.number("allowed")
    names = [f"{name}: <sip:{SOMEBODY}@example.com>" for name in UNCHECKED]
    assert wire.out(called, *names, "Identity: x;info=<https://x>", from_=caller(number)) == "SIP/2.0 200 Said"
    [invite] = wire.carrier.news() + wire.emergency.news()
    assert SOMEBODY not in invite.text.partition("\n")[2].replace(invite.headers("To")[0], "")
    assert invite.headers("Identity") == []


@pytest.mark.parametrize("form", ["one", "two headers", "one header"])
@pytest.mark.parametrize("known", ["its own", "another trunk", "no rule", "no number"])
def test_a_diversion_stays_where_its_numbers_are_of_the_trunk(wire, known, form):
    number = wire.lab.number("allowed")
    made = {
        "its own": lambda: wire.lab.number("allowed"),
        "another trunk": lambda: wire.lab.number("allowed", trunk="syd-2"),
        "no rule": fresh_number,
        "no number": lambda: "alice",
    }
    values = [f'"A, B" <sip:{made[known]()}@example.com>;reason=unconditional']
    if form != "one":
        values.insert(0, f"<tel:{wire.lab.number('allowed')}>;reason=no-answer")
    lines = (
        [f"Diversion: {value}" for value in values] if form == "two headers" else [f"Diversion: {', '.join(values)}"]
    )
    assert wire.out(CALLED, *lines, from_=caller(number)) == "SIP/2.0 200 Said"
    [invite] = wire.carrier.news()
    assert invite.headers("Diversion") == ([line.partition(": ")[2] for line in lines] if known == "its own" else [])
    assert invite.headers("P-Asserted-Identity") == [f"<sip:{number}@127.0.0.1>"]


# ---- Privacy


@pytest.mark.parametrize("privacy", ["id", "user;id", "id;critical", "user", "ID"])
def test_a_caller_who_hides_is_hidden_from_the_customer_s_pbx(wire, privacy):
    number = wire.lab.number("allowed")
    call = {"call_id": f"hidden-{privacy}", "from_": f'"Rita" <sip:{SOMEBODY}@example.com>;tag=secret'}
    names = [
        f"P-Asserted-Identity: <sip:{SOMEBODY}@example.com>",
        f"P-Asserted-Identity: <tel:{SOMEBODY}>",
        f"Remote-Party-ID: <sip:{SOMEBODY}@example.com>",
    ]
    with Phone(wire.lab.sbc.carrier_port) as phone:
        phone.send(request("INVITE", f"sip:{number}@example.com", f"Privacy: {privacy}", *names, **call))
        answered = phone.wait_for(200)
        routes = ", ".join(reversed(", ".join(answered.headers("Record-Route")).split(", ")))
        to = answered.headers("To")[0]
        uri = answered.headers("Contact")[0].strip("<>")
        assert phone.final(request("BYE", uri, f"Route: {routes}", names[0], **call, to=to, cseq=2)).endswith("Said")
    requests = wire.pbx.news()
    assert [one.first_line.split()[0] for one in requests] == ["INVITE", "BYE"]
    for one in requests:
        assert SOMEBODY not in one.text
        assert "Rita" not in one.text
        assert one.headers("From") == ['"Anonymous" <sip:anonymous@anonymous.invalid>;tag=secret']
    assert requests[0].headers("Privacy") == [privacy]


def test_who_does_not_hide_is_shown(wire):
    number = wire.lab.number("allowed")
    wire.into(f"sip:{number}@x", "Privacy: none", f"P-Asserted-Identity: <sip:{SOMEBODY}@x>", from_=caller(SOMEBODY))
    [invite] = wire.pbx.news()
    assert SOMEBODY in invite.headers("From")[0] + invite.headers("P-Asserted-Identity")[0]


def test_the_carrier_gets_a_hidden_number(wire):
    """It is part of the network that keeps the secret, and needs the number."""
    number = wire.lab.number("allowed")
    wire.out(CALLED, "Privacy: id", f"P-Asserted-Identity: <sip:{number}@x>")
    [invite] = wire.carrier.news()
    assert (invite.headers("Privacy"), number in invite.headers("P-Asserted-Identity")[0]) == (["id"], True)


# ---- Other rules of SIP


@pytest.mark.parametrize("uri", ["sip:example.com", "sip:ping@example.com", "sip:+61255509901@example.com"])
@pytest.mark.parametrize("side", ["carrier_port", "customer_port"])
def test_options_is_answered_with_or_without_a_user(wire, side, uri):
    with Phone(getattr(wire.lab.sbc, side)) as phone:
        phone.send(request("OPTIONS", uri))
        assert "INVITE" in phone.wait_for(200).headers("Allow")[0]


@pytest.mark.parametrize("method", ["REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH", "NOTIFY", "REFER"])
def test_a_method_that_is_not_allowed_gets_the_list_of_allowed_ones(wire, method):
    with Phone(wire.lab.sbc.customer_port) as phone:
        phone.send(request(method, CALLED))
        allowed = phone.wait_for(405).headers("Allow")
        assert allowed == ["INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO"]


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("method", ["CANCEL", "BYE"])
def test_ending_an_unknown_call_is_refused(wire, method, protocol):
    for port in (wire.lab.sbc.customer_port, wire.lab.sbc.carrier_port):
        told = ask(port, request(method, CALLED, via=protocol), protocol=protocol)
        assert told == "SIP/2.0 481 Call Does Not Exist"


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("when", ["ringing in", "ringing out", "announcement"])
def test_giving_up_ends_both_legs(wire, when, protocol):
    number = wire.lab.number("suspended" if when == "announcement" else "allowed")
    inbound = when == "ringing in"
    far = {"ringing in": wire.pbx, "ringing out": wire.carrier, "announcement": wire.announcement}[when]
    far.says = "early" if when == "announcement" else "ring"
    uri = f"sip:{number}@example.com" if inbound else CALLED
    call = {"call_id": f"{when}-{protocol}".replace(" ", "-"), "via": protocol, "from_": caller(number)}
    call["branch"] = call["call_id"]
    with Phone(wire.lab.sbc.carrier_port if inbound else wire.lab.sbc.customer_port, protocol=protocol) as phone:
        phone.send(request("INVITE", uri, **call))
        phone.wait_for(183 if when == "announcement" else 180)
        phone.send(request("CANCEL", uri, **call))
        ended = phone.wait_for(487)
        phone.send(request("ACK", uri, **call, to=ended.headers("To")[0]))
    far.wait_for("CANCEL")
    far.wait_for("ACK")
    assert [one.first_line.split()[0] for one in far.news()] == ["INVITE", "CANCEL", "ACK"]


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize("scenario", ["caller_talks", "caller_gives_up"])
def test_a_phone_calls_through_either_transport(lab, around, scenario, transport):
    """With sipp."""
    trunk = "syd-2" if scenario == "caller_gives_up" else "syd-1"
    call = lab.inbound(scenario, lab.number("allowed", trunk=trunk), transport=transport).result()
    assert call.passed, call.output
    server = around.rings if scenario == "caller_gives_up" else around.pbx
    # The ACK of a call that was given up may still be coming.
    ended = ["CANCEL"] if scenario == "caller_gives_up" else ["ACK", "BYE"]
    assert [message.first_line.split()[0] for message in server.news()][: 1 + len(ended)] == ["INVITE", *ended]


def test_two_hundred_calls_at_twenty_a_second_while_rules_are_written(lab):
    numbers = [fresh_number() for _ in range(100)]
    lab.put(*(rule(number, "allowed") for number in numbers))
    done = threading.Event()
    written = []

    def provision() -> None:
        rev = 2
        while not done.is_set():
            others = [rule(number, ("suspended", "allowed")[rev % 2], rev=rev) for number in numbers[1:]]
            status, answer = lab.sbc.call("PUT", "/v1/rules", others)
            gone = lab.sbc.call("POST", "/v1/rules/delete", [{"number": numbers[1]}])[0]
            read = lab.sbc.call("POST", "/v1/rules/query", [{"number": number} for number in numbers])[0]
            written.append((status, gone, read, answer.get("received")))
            rev += 1

    thread = threading.Thread(target=provision)
    thread.start()
    try:
        half = {"calls": 100, "rate": 10}
        callers = [lab.inbound("caller_talks", numbers[0], **half), lab.outbound("caller_talks", numbers[0], **half)]
        calls = [one.result() for one in callers]
    finally:
        done.set()
        thread.join()
    for call in calls:
        assert call.passed, call.output[-3000:]
    assert set(written) == {(200, 200, 200, 99)}
    assert len(written) > 20


def test_a_connection_that_a_stranger_cuts_off_disturbs_no_call(wire):
    with socket.create_connection((HOST, wire.lab.sbc.customer_port)) as rude:
        rude.sendall(b"INVITE sip:000@exa")
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert ask(wire.lab.sbc.customer_port, request("OPTIONS", "sip:x", via="TCP"), protocol="TCP").endswith("OK")
