"""000, 106 and 112 connect: from every number, in every spelling, whatever else is wrong."""

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import threading
import time

import psycopg
import pytest
from sqlalchemy import make_url

from tests.calls.conftest import Lab, fresh_number, rule
from tests.calls.wire import SILENCE_SECONDS, WAIT_SECONDS, Phone, ask, request
from tests.kamailio import HOST, Kamailio, free_port, sbc_database

SPELLINGS = {
    "000": [
        "sip:000@example.com",
        "sip:000@127.0.0.1:5071;user=phone",
        "SIP:000@EXAMPLE.COM",
        "sips:000@example.com",
        "tel:000",
        "TEL:000;phone-context=+61",
        "tel:000;phone-context=example.com",
        "sip:000;phone-context=+61@example.com",
        "sip:000@example.com;phone-context=+61;user=phone",
        "sip:%30%30%30@example.com",
        "sip:%300%30@example.com",
        "sip:0-0-0@example.com",
        "tel:0-00",
        "sip:(0)00@example.com",
        "sip:0.0.0@example.com",
        "sip:0%2000@example.com",
        "sip:+000@example.com",
        "sip:+61000@example.com",
        "sip:%2B61000@example.com",
        "sip:+61-000@example.com",
        "sip:61000@example.com",
        "sip:001161000@example.com",
        "sip:9000@example.com",
        "sip:9-000@example.com",
        "sip:1831000@example.com",
        "sip:*31%23000@example.com",
        "sip:000:secret@example.com",
        "sip:000",
        "000",
        "sip:000@",
        "sip:000@example.com:port",
        "sip:000%23@example.com",
        "sip:000;user=phone",
        "sip:000@example.com;user=dialstring",
        "tel:+61-000",
        "sip:0061000@example.com",
        "sip:000@[::",
        "urn:service:sos",
        "URN:SERVICE:SOS",
        "urn:service:sos.police",
        "urn:service:sos.ambulance.children",
        "urn:nena:service:sos",
        "urn:service:sos.",
        "urn:service:sos;x=y",
        "urn:service:sos.police;x=y",
        "urn:service:sos?x=y",
    ],
    "106": ["sip:106@example.com", "tel:106", "sip:+61106@example.com", "sip:1-06@example.com", "sip:9106@example.com"],
    "112": ["sip:112@example.com", "tel:112;phone-context=+61", "sip:+112@example.com", "sip:%31%31%32@example.com"],
}
FROMS = [
    "<sip:anonymous@anonymous.invalid>;tag=a",
    '"Nobody" <sip:not-a-number@example.com>;tag=a',
    "<sip:example.com>;tag=a",
    "<tel:000>;tag=a",
    "sip:@;tag=a",
    "<>;tag=a",
    '"unterminated <sip:1@example.com>;tag=a',
    "<sip:1@example.com;tag=a",
    "000",
    "<sip:+61255500001@example.com>",
    "<sip:\u00fc@example.com>;tag=a",
    "<http://example.com>;tag=a",
]

WITHOUT = "\r\nMax-Forwards: 70"
# The replacement of a header of an INVITE.
HEADERS = [
    *((WITHOUT, f"\r\nMax-Forwards: {value}") for value in ("0", "", "abc", "-1", "99999999999")),
    (WITHOUT, ""),
    ("somebody@example.com>", "somebody@example.com>;tag=made-up"),
    ("somebody@example.com>", "somebody@example.com>;tag="),
    *(("Content-Length: 0", f"Content-Length: {value}") for value in ("abc", "-1", "")),
    ("Content-Length: 0", "l: abc"),
    ("Content-Length: 0", "Content-Length: 0\r\na line that is not one"),
    ("Content-Length: 0", "a line that is not one\r\nContent-Length: x"),
]
IDLE = 350


class Gate:
    """A way to a PostgreSQL server that can be closed: then nothing listens there."""

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self._port = free_port()
        self.url = self._target.set(host=HOST, port=self._port).render_as_string(hide_password=False)
        self._held = contextlib.ExitStack()
        self.open()

    def open(self) -> None:
        listening = socket.create_server((HOST, self._port))
        self._held.callback(_end, listening)
        threading.Thread(target=self._let_in, args=(listening,), daemon=True).start()

    def shut(self) -> None:
        self._held.close()

    close = shut

    def _let_in(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near = listening.accept()[0]
                far = socket.create_connection((self._target.host, self._target.port))
                for one in (near, far):
                    self._held.callback(_end, one)
                for ways in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=ways, daemon=True).start()


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def wait_until(ask_again):
    """Its first answer."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if answer := ask_again():
                return answer
        time.sleep(0.02)
    raise AssertionError("no answer")


def emergency_only(wire, number):
    """It went to the emergency carrier with this number, and nowhere else."""
    [invite] = wire.emergency.news()
    assert invite.first_line == f"INVITE sip:{number}@{wire.emergency.address} SIP/2.0"
    assert [peer.news() for peer in (wire.carrier, wire.pbx, wire.announcement, wire.voicemail)] == [[]] * 4
    return invite


@pytest.mark.parametrize(
    ("number", "uri"), [(number, uri) for number, uris in SPELLINGS.items() for uri in uris], ids=lambda text: text
)
def test_every_spelling_connects_without_a_rule(wire, number, uri):
    assert wire.out(uri) == "SIP/2.0 200 Said"
    emergency_only(wire, number)


@pytest.mark.parametrize("uri", ["sip:0000@example.com", "sip:0001@example.com", "sip:1000@example.com", "tel:00"])
def test_what_only_resembles_one_is_a_call_like_any_other(wire, uri):
    assert wire.out(uri).startswith("SIP/2.0 403 ")
    assert wire.emergency.news() == []


@pytest.mark.parametrize("from_", FROMS)
def test_a_badly_written_caller_connects(wire, from_):
    assert wire.out("sip:000@example.com", from_=from_) == "SIP/2.0 200 Said"
    emergency_only(wire, "000")


@pytest.mark.parametrize(("was", "becomes"), HEADERS)
def test_badly_written_headers_connect(wire, was, becomes):
    text = request("INVITE", "sip:000@example.com")
    assert was in text
    assert ask(wire.lab.sbc.customer_port, text.replace(was, becomes)) == "SIP/2.0 200 Said"
    assert int(emergency_only(wire, "000").headers("Max-Forwards")[0]) in range(10, 71)


def test_an_emergency_call_does_not_loop(wire):
    """A call that comes back with its hops used up is not sent on again."""
    port = wire.lab.sbc.customer_port
    text = request("INVITE", "sip:000@example.com", call_id="circle")
    assert ask(port, text) == "SIP/2.0 200 Said"
    routes = emergency_only(wire, "000").headers("Record-Route")
    again = text.replace("branch=z9hG4bK", "branch=z9hG4bKagain").replace(
        WITHOUT, "".join(f"\r\nRecord-Route: {route}" for route in routes) + "\r\nMax-Forwards: 0"
    )
    assert ask(port, again) == "SIP/2.0 483 Too Many Hops"
    assert wire.emergency.news() == []


def test_an_ordinary_call_keeps_its_hops(wire):
    from_ = f"<sip:{wire.lab.number('allowed')}@x>;tag=a"
    for hops in ("0", "abc"):
        text = request("INVITE", "sip:0270100001@x", from_=from_).replace(WITHOUT, f"\r\nMax-Forwards: {hops}")
        assert ask(wire.lab.sbc.customer_port, text) == "SIP/2.0 483 Too Many Hops"
    assert wire.carrier.news() == []


@pytest.mark.parametrize("host", [HOST, "127.0.0.2", "127.0.0.77"], ids=["its own", "another trunk", "unknown trunk"])
@pytest.mark.parametrize("state", ["allowed", "suspended", "deleted", "without a rule"])
def test_every_state_connects_from_everywhere(wire, state, host):
    number = fresh_number()
    if state != "without a rule":
        number = wire.lab.number("allowed" if state == "deleted" else state)
    if state == "deleted":
        wire.lab.sbc.call("POST", "/v1/rules/delete", [{"number": number}])
    assert wire.out("sip:000@example.com", from_=f"<sip:{number}@example.com>;tag=a", host=host) == "SIP/2.0 200 Said"
    asserted = emergency_only(wire, "000").headers("P-Asserted-Identity")
    # A number of another trunk is not asserted. From still has what was written.
    known = state in ("deleted", "without a rule") or host == HOST
    assert asserted == ([f"<sip:{number}@127.0.0.1>"] if known else [])


def test_the_number_is_sent_in_plain_form_and_the_asserted_one_first(wire):
    wire.out("tel:112", from_='"Reception" <sip:0255507001@pbx.example.com>;tag=a')
    invite = emergency_only(wire, "112")
    assert invite.headers("P-Asserted-Identity") == ["<sip:+61255507001@127.0.0.1>"]
    assert invite.headers("From") == ['"Reception" <sip:+61255507001@pbx.example.com>;tag=a']
    wire.out("tel:112", 'P-Asserted-Identity: "a, b" <tel:0255507002>', "Privacy: id")
    invite = emergency_only(wire, "112")
    assert invite.headers("P-Asserted-Identity") == ["<sip:+61255507002@127.0.0.1>"]
    assert "anonymous" in invite.headers("From")[0]


@pytest.mark.parametrize("says", ["refuse", "silence", "hold"])
def test_the_ordinary_carrier_is_tried_when_the_emergency_carrier_does_not_take_it(wire, says):
    wire.emergency.says = says
    assert wire.out("sip:000@example.com") == "SIP/2.0 200 Said"
    assert wire.carrier.news()[0].first_line == f"INVITE sip:000@{wire.carrier.address} SIP/2.0"
    wire.lab.sbc.logged("the ordinary carrier is tried")
    if says == "hold":
        wire.emergency.wait_for("CANCEL")


@pytest.mark.parametrize("carrier", ["", "sip:{}"], ids=["none of its own", "the same"])
def test_the_only_carrier_may_take_its_time(wire, tmp_path, carrier):
    """It would refuse a second try as a copy of the first."""
    settings = {"SBC_EMERGENCY_CARRIER": carrier.format(wire.carrier.address), "SBC_EMERGENCY_SECONDS": "5"}
    wire.carrier.says = "hold"
    with Kamailio(tmp_path, carrier=wire.carrier.address, settings=settings) as sbc, Phone(sbc.customer_port) as phone:
        phone.send(request("INVITE", "sip:000@example.com", call_id="slow"))
        phone.wait_for(100)
        assert phone.next(6.5) is None
        wire.carrier.tell("slow", 180)
        wire.carrier.tell("slow", 200)
        phone.wait_for(200)
        assert "emergency       to sip:" + wire.carrier.address + "\n" in sbc.log.read_text()
    assert [one.first_line for one in wire.carrier.news()] == [f"INVITE sip:000@{wire.carrier.address} SIP/2.0"]


def test_idle_connections_and_ringing_calls_leave_room(wire):
    port = wire.lab.sbc.customer_port
    from_ = f"<sip:{wire.lab.number('allowed')}@x>;tag=a"
    wire.carrier.says = "ring"
    with contextlib.ExitStack() as held, Phone(port) as phone:
        for _ in range(IDLE):
            held.enter_context(socket.create_connection((HOST, port), 10, ("127.0.0.9", 0)))
        for n in range(IDLE):
            given = {"from_": from_, "call_id": f"room-{n}", "branch": f"room{n}"}
            phone.send(request("INVITE", "sip:0270100001@x", **given))
            phone.wait_for(180)
        for protocol in ("UDP", "TCP"):
            assert ask(port, request("INVITE", "sip:000@x", via=protocol), protocol=protocol) == "SIP/2.0 200 Said"
        for n in range(IDLE):
            given = {"from_": from_, "call_id": f"room-{n}", "branch": f"room{n}"}
            phone.send(request("CANCEL", "sip:0270100001@x", **given))
            phone.wait_for(487)


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
def test_it_can_be_given_up_and_hung_up(wire, protocol):
    port = wire.lab.sbc.customer_port
    given = {"call_id": f"emergency-{protocol}", "branch": f"emergency{protocol}", "via": protocol}
    given["from_"] = "sip:@;tag=a"
    wire.emergency.says = "ring"
    with Phone(port, protocol=protocol) as phone:
        phone.send(request("INVITE", "urn:service:sos", **given))
        phone.wait_for(180)
        phone.send(request("CANCEL", "urn:service:sos", **given))
        phone.wait_for(487)
        wire.emergency.wait_for("CANCEL")
        wire.emergency.says = "answer"
        given |= {"call_id": f"again-{protocol}", "branch": f"again{protocol}"}
        phone.send(request("INVITE", "sip:000@example.com", **given))
        answered = phone.wait_for(200, "INVITE")
        routes = ", ".join(reversed(", ".join(answered.headers("Record-Route")).split(", ")))
        to, contact = answered.headers("To")[0], answered.headers("Contact")[0].strip("<>")
        bye = request("BYE", contact, f"Route: {routes}", **{**given, "branch": "bye", "to": to}, cseq=2)
        assert phone.final(bye) == "SIP/2.0 200 Said"
        wire.emergency.wait_for("BYE")
    assert wire.carrier.news() == []


def test_only_the_customers_sources_may_call(wire, tmp_path):
    settings = {"SBC_CUSTOMER_SOURCES": "127.0.0.1", "SBC_CARRIER_SOURCES": "127.0.0.1"}
    with Kamailio(tmp_path, carrier=wire.carrier.address, settings=settings) as sbc:
        for protocol in ("UDP", "TCP"):
            text = request("INVITE", "sip:000@example.com", via=protocol)
            with contextlib.suppress(ConnectionError):
                told = ask(sbc.customer_port, text, protocol=protocol, host="127.0.0.2", seconds=SILENCE_SECONDS)
                assert told == ""
        assert wire.carrier.news() == []
        # Without a carrier of their own, they go to the ordinary one.
        assert ask(sbc.customer_port, request("INVITE", "sip:000@example.com")) == "SIP/2.0 200 Said"
        # The carrier's side has no customers.
        assert ask(sbc.carrier_port, request("INVITE", "sip:000@example.com")).startswith("SIP/2.0 484 ")
        assert len(wire.carrier.news()) == 1
        assert "switched off" not in sbc.log.read_text()


def test_without_rules_and_with_a_locked_database_it_connects(wire):
    path = wire.lab.sbc.folder / "data" / "rules.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("begin exclusive")
        assert wire.out("sip:000@example.com") == "SIP/2.0 200 Said"
        connection.execute("rollback")
    emergency_only(wire, "000")


def test_switched_off_it_is_a_call_by_the_rules_with_a_warning_at_each_start(wire, tmp_path):
    off = Kamailio(tmp_path, carrier=wire.carrier.address, settings={"SBC_EMERGENCY_CALLS": "off"})
    with off:
        for start in (1, 2):
            assert len(off.logged("emergency calls are switched off", start)) == start
            assert ask(off.customer_port, request("INVITE", "sip:000@example.com")).startswith("SIP/2.0 403 ")
            assert off.call("GET", "/v1/health")[1]["emergency"] == []
            off.stop()
            off.start()
    assert wire.carrier.news() == []


@pytest.mark.parametrize("number", ["000", "106", "112"])
def test_a_suspended_phone_talks_to_the_emergency_services(lab, around, number):
    """With sipp, and without a carrier of their own."""
    call = lab.outbound("caller_talks", lab.number("suspended"), called=number).result()
    assert call.passed, call.output
    assert call.last.headers("Server") == ["carrier"]
    requests = around.carrier.news()
    assert [message.first_line.split()[0] for message in requests] == ["INVITE", "ACK", "BYE"]
    assert requests[0].first_line.startswith(f"INVITE sip:{number}@")
    assert around.announcement.news() == []


@pytest.mark.postgres
def test_an_sbc_that_starts_while_its_database_is_away_connects_emergency_calls(wire, tmp_path, postgres_url):
    with sbc_database(postgres_url) as url, contextlib.closing(Gate(url)) as gate:
        sbc = Kamailio(tmp_path, gate.url, carrier=wire.carrier.address)
        with sbc:
            lab = Lab(sbc, tmp_path)
            number = lab.number("allowed")
            sbc.kill()
            gate.shut()
            # As `start` would, which waits for the rules.
            sbc._launch()
            sbc.logged("only emergency calls are connected")
            assert wait_until(lambda: ask(sbc.customer_port, request("OPTIONS", "sip:x"), seconds=0.5)).endswith("OK")
            assert ask(sbc.customer_port, request("INVITE", "sip:000@x")) == "SIP/2.0 200 Said"
            text = request("INVITE", "sip:0270100001@x", from_=f"<sip:{number}@x>;tag=a")
            assert ask(sbc.customer_port, text) == "SIP/2.0 503 Rules Not Loaded"
            assert wait_until(lambda: sbc.call("GET", "/v1/health")) == (503, {"db": False})
            assert sbc.call("PUT", "/v1/rules", [rule(number, "allowed", rev=2)]) == (503, {"error": "database"})
            gate.open()
            assert sbc._wait()
            assert sbc.call("POST", "/v1/rules/query", [{"number": number}])[1][0]["rule"]["rev"] == 1
            assert ask(sbc.customer_port, text) == "SIP/2.0 200 Said"


@contextlib.contextmanager
def without_rules(sbc: Kamailio):
    """An SBC that starts for the first time and gets no rules still connects emergency calls."""
    sbc.folder.mkdir(exist_ok=True)
    sbc.choose_ports()
    sbc._launch()
    try:
        sbc.logged("only emergency calls are connected")
        assert wait_until(lambda: sbc.call("GET", "/v1/health")) == (503, {"db": False})
        assert ask(sbc.customer_port, request("INVITE", "sip:000@x")) == "SIP/2.0 200 Said"
        yield
        assert len(sbc.logged("only emergency calls are connected")) == 1
    finally:
        sbc.stop()


def test_a_silent_database_delays_no_emergency_call(wire, tmp_path):
    """Connections are accepted and nothing comes back, as with a stopped server or a disk that hangs."""
    with socket.create_server((HOST, 0)) as silent:
        url = f"postgres://sbc@{HOST}:{silent.getsockname()[1]}/sbc"
        with without_rules(Kamailio(tmp_path, url, carrier=wire.carrier.address)) as _:
            pass


@pytest.mark.postgres
def test_while_the_database_has_no_tables_emergency_calls_connect(wire, tmp_path, postgres_url):
    with sbc_database(postgres_url) as url, contextlib.closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute("alter table sbc_rule rename to away")
        sbc = Kamailio(tmp_path, url, carrier=wire.carrier.address)
        with without_rules(sbc):
            assert "sbc_rule" in "".join(sbc.logged("PostgreSQL does not give the rules"))
            groups = sbc.process_groups()
            # Long enough for it to have checked.
            wait_until(lambda: len(sbc.process_groups()) > 1)
            wait_until(lambda: len(sbc.process_groups()) == 1)
            assert sbc.process_groups() == groups
            connection.execute("alter table away rename to sbc_rule")
            assert sbc._wait()


def test_an_unreadable_file_of_rules_stops_no_emergency_call(wire, tmp_path):
    rules = tmp_path / "data" / "rules.db"
    rules.parent.mkdir()
    rules.write_text("no database at all" * 100)
    sbc = Kamailio(tmp_path, carrier=wire.carrier.address)
    with without_rules(sbc):
        assert sbc.logged("rules.db cannot be used as the database of rules")
        rules.unlink()
        assert sbc._wait()


@pytest.mark.postgres
def test_on_a_full_disk_it_starts_with_its_rules(wire, tmp_path, postgres_url):
    """No file can grow, not even the log, as when the disk is full."""
    with sbc_database(postgres_url) as url:
        sbc = Kamailio(tmp_path, url, carrier=wire.carrier.address)
        with sbc:
            number = Lab(sbc, tmp_path).number("allowed")
            sbc.kill()
            written = (tmp_path / "data" / "kamailio.cfg").read_text()
            sbc.prefix = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh"]
            sbc._launch()
            assert wait_until(lambda: sbc.call("GET", "/v1/health"))[0] == 200
            assert ask(sbc.customer_port, request("INVITE", "sip:000@x")) == "SIP/2.0 200 Said"
            assert sbc.call("PUT", "/v1/rules", [rule(number, "suspended", rev=2)])[0] == 200
            assert (tmp_path / "data" / "kamailio.cfg").read_text() == written
            os.kill(sbc.launcher, signal.SIGTERM)
            assert sbc.ended() == 0
