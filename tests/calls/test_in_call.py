"""During a call: both sides change, hold and end it, and nobody can make another call from it."""

import re

import pytest

from tests.calls.conftest import SOMEBODY, Lab, fresh_number
from tests.calls.wire import Phone, request
from tests.kamailio import HOST, Kamailio

NO_SUCH_CALL = "SIP/2.0 481 Call Does Not Exist"
IN_CALL = ("INVITE", "UPDATE", "INFO", "PRACK", "OPTIONS", "BYE")


class Talk:
    """A call from a phone that rings or was answered, seen from both ends."""

    def __init__(self, phone, call_id, *, uri=f"sip:{SOMEBODY}@example.com", from_, status=200, contact="", hop=""):
        self.phone = phone
        self.call_id = call_id
        self._cseq = 1
        self.from_ = from_
        self._contact = contact
        text = self._text(request("INVITE", uri, *([hop] if hop else []), **self._given("<sip:somebody@example.com>")))
        phone.send(text)
        told = phone.wait_for(status)
        [self.to] = told.headers("To")
        self.target = told.headers("Contact")[0].strip("<>")
        self.routes = ", ".join(reversed(", ".join(told.headers("Record-Route")).split(", ")))

    def say(self, method, uri="", *, to="", more="", cseq=0, phone=None):
        """The reply to a request within the call, from the phone or from somewhere else."""
        self._cseq = cseq or self._cseq + 1
        given = self._given(to or self.to)
        text = self._text(request(method, uri or self.target, f"Route: {self.routes}{more}", **given))
        return (phone or self.phone).final(text)

    def _given(self, to):
        return {"from_": self.from_, "to": to, "call_id": self.call_id, "via": self.phone.protocol, "cseq": self._cseq}

    def _text(self, text):
        return text.replace("<sip:caller@@HOST@:@PORT@>", self._contact) if self._contact else text


def answered_by(phone, method):
    """The phone accepts the request of this method that it gets."""
    while (message := phone.next()) is not None:
        if message.first_line.startswith(f"{method} "):
            lines = ["SIP/2.0 200 Yes"]
            for name in ("Via", "From", "To", "Call-ID", "CSeq"):
                lines += [f"{name}: {value}" for value in message.headers(name)]
            transport = ";transport=tcp" if phone.protocol == "TCP" else ""
            lines += [f"Contact: <sip:caller@@HOST@:@PORT@{transport}>", "Content-Length: 0"]
            phone.send("\r\n".join(lines) + "\r\n\r\n")
            return message
    raise AssertionError(f"no {method} came")


def from_far_end(port, server, invite, method, cseq=1):
    """The far end's request within the call whose INVITE it got: a phone that has sent it."""
    far = Phone(port)
    [target] = re.findall(r"<(.*)>", invite.headers("Contact")[0])
    routes = ", ".join(invite.headers("Record-Route"))
    [caller], [called] = invite.headers("From"), invite.headers("To")
    [call_id] = invite.headers("Call-ID")
    given = {"from_": f"{called};tag=peer", "to": caller, "call_id": call_id, "cseq": cseq}
    text = request(method, target, f"Route: {routes}", **given)
    far.send(text.replace("<sip:caller@@HOST@:@PORT@>", f"<sip:peer@{server.address}>"))
    return far


def everywhere(wire):
    return [message.first_line for peer in wire.peers for message in peer.news()]


@pytest.fixture
def help_call(wire):
    """An answered call to 000 of a suspended number, whose servers have got nothing since."""
    number = wire.lab.number("suspended")
    with Phone(wire.lab.sbc.customer_port) as phone:
        talk = Talk(phone, f"help-{number}", uri="sip:000@example.com", from_=f"<sip:{number}@x>;tag=help")
        everywhere(wire)
        yield talk


@pytest.mark.parametrize("method", ["INVITE", "BYE", "INFO", "OPTIONS", "MESSAGE", "REGISTER", "REFER", "SUBSCRIBE"])
def test_an_emergency_call_opens_no_other_call(wire, help_call, method):
    for peer in wire.peers:
        for more in ("", f", <sip:{wire.carrier.address};lr>"):
            told = help_call.say(method, f"sip:{SOMEBODY}@{peer.address}", to="<sip:000@x>;tag=made-up", more=more)
            known = method in ("INVITE", "BYE", "INFO", "OPTIONS")
            if method != "BYE":
                assert told == (NO_SUCH_CALL if known else "SIP/2.0 405 Method Not Allowed")
    # A BYE of a call that is not known may end one from before a restart, and no more.
    assert [line for line in everywhere(wire) if not line.startswith("BYE ")] == []


@pytest.mark.parametrize("method", IN_CALL)
def test_the_caller_does_not_decide_where_it_goes(wire, help_call, method):
    more = f", <sip:{wire.carrier.address};lr>"
    assert help_call.say(method, f"sip:{SOMEBODY}@{wire.pbx.address}", more=more) == "SIP/2.0 200 Said"
    [got] = wire.emergency.news()
    assert got.first_line == f"{method} sip:peer@{wire.emergency.address} SIP/2.0"
    assert got.headers("Route") == []
    assert everywhere(wire) == []


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_a_connected_call_keeps_its_number(wire, help_call, method):
    names = [f"{name}: <sip:{SOMEBODY}@x>" for name in ("P-Asserted-Identity", "Remote-Party-ID", "Diversion")]
    assert help_call.say(method, more="\r\n" + "\r\n".join(names)) == "SIP/2.0 200 Said"
    assert SOMEBODY not in wire.emergency.news()[0].text


def test_an_emergency_call_that_was_given_up_opens_no_other_call(wire):
    wire.emergency.says = "ring"
    number = fresh_number()
    with Phone(wire.lab.sbc.customer_port) as phone:
        talk = Talk(phone, f"up-{number}", uri="sip:000@x", from_=f"<sip:{number}@x>;tag=a", status=180)
        wire.emergency.says = "answer"
        for to in ("<sip:000@x>;tag=made-up", talk.to):
            everywhere(wire)
            talk.say("INVITE", f"sip:{SOMEBODY}@{wire.carrier.address}", to=to)
            assert [line for line in everywhere(wire) if wire.emergency.address not in line] == []


@pytest.mark.parametrize("method", IN_CALL)
def test_another_source_or_side_cannot_change_it(wire, help_call, method):
    with Phone(wire.lab.sbc.customer_port, host="127.0.0.2") as other:
        assert help_call.say(method, phone=other) == NO_SUCH_CALL
    with Phone(wire.lab.sbc.carrier_port) as other:
        assert help_call.say(method, phone=other) == NO_SUCH_CALL
    assert everywhere(wire) == []


@pytest.mark.parametrize("protocol", ["UDP", "TCP"])
@pytest.mark.parametrize("direction", ["out", "in", "000"])
def test_both_sides_change_and_end_a_call(wire, direction, protocol):
    number = wire.lab.number("suspended" if direction == "000" else "allowed")
    near, far = wire.lab.sbc.customer_port, wire.lab.sbc.carrier_port
    if direction == "in":
        near, far = far, near
    server = {"out": wire.carrier, "in": wire.pbx, "000": wire.emergency}[direction]
    calling = SOMEBODY if direction == "in" else number
    called = {"out": SOMEBODY, "in": number, "000": "000"}[direction]
    transport = ";transport=tcp" if protocol == "TCP" else ""
    for ends in ("caller", "callee"):
        with Phone(near, protocol=protocol) as phone:
            talk = Talk(
                phone,
                f"{direction}-{protocol}-{ends}",
                uri=f"sip:{called}@example.com",
                from_=f"<sip:{calling}@example.com>;tag=a",
                contact=f"<sip:caller@@HOST@:@PORT@{transport}>",
            )
            invite = server.news()[0]
            for method in ("INVITE", "UPDATE"):
                assert talk.say(method) == "SIP/2.0 200 Said"
            with from_far_end(far, server, invite, "INVITE", 1) as other:
                answered_by(phone, "INVITE")
                other.wait_for(200)
            if ends == "caller":
                assert talk.say("BYE", cseq=9) == "SIP/2.0 200 Said"
            else:
                with from_far_end(far, server, invite, "BYE", 2) as other:
                    answered_by(phone, "BYE")
                    other.wait_for(200)
        expected = ["INVITE", "UPDATE"] + (["BYE"] if ends == "caller" else [])
        assert [one.first_line for one in server.news()] == [
            f"{one} sip:peer@{server.address} SIP/2.0" for one in expected
        ]


def test_a_contact_that_is_a_name_is_reached_where_it_came_from(wire):
    number = wire.lab.number("allowed")
    with Phone(wire.lab.sbc.customer_port) as phone:
        Talk(phone, "name", from_=f"<sip:{number}@x>;tag=a", contact='"A" <sip:desk@pbx.example.com>')
        invite = wire.carrier.news()[0]
        with from_far_end(wire.lab.sbc.carrier_port, wire.carrier, invite, "BYE") as other:
            assert answered_by(phone, "BYE").first_line == "BYE sip:desk@pbx.example.com SIP/2.0"
            other.wait_for(200)


def test_the_proxies_of_both_sides_stay_in_the_route(wire):
    number = wire.lab.number("allowed")
    with Phone(wire.lab.sbc.customer_port) as phone:
        port = phone._socket.getsockname()[1]
        wire.carrier.routes = [f"<sip:far2@{HOST}:9;lr>", f"<sip:near@{wire.carrier.address};lr>"]
        contact = "<sip:desk@192.0.2.77>"
        hop = f"Record-Route: <sip:mine@{HOST}:{port};lr>, <sip:deep@{HOST}:9;lr>"
        talk = Talk(phone, "proxies", from_=f"<sip:{number}@x>;tag=a", contact=contact, hop=hop)
        invite = wire.carrier.news()[0]
        # What the phone's own proxies have removed, and what is behind us.
        talk.routes = talk.routes.split(f"<sip:mine@{HOST}:{port};lr>, ", 1)[-1]
        assert talk.say("INFO", more=f", <sip:{wire.pbx.address};lr>") == "SIP/2.0 200 Said"
        [info] = wire.carrier.news()
        routes = ",".join(info.headers("Route")).replace(" ", "")
        assert routes == f"<sip:near@{wire.carrier.address};lr>,<sip:far2@{HOST}:9;lr>"
        with from_far_end(wire.lab.sbc.carrier_port, wire.carrier, invite, "BYE") as other:
            bye = answered_by(phone, "BYE")
            other.wait_for(200)
        assert bye.first_line == "BYE sip:desk@192.0.2.77 SIP/2.0"
        assert ",".join(bye.headers("Route")).replace(" ", "") == hop.split(": ")[1].replace(" ", "")


def test_after_a_restart_a_call_can_be_ended_and_not_changed(wire, tmp_path):
    with Kamailio(tmp_path, carrier=wire.carrier.address) as sbc, Phone(sbc.customer_port) as phone:
        number = Lab(sbc, tmp_path).number("allowed")
        talk = Talk(phone, "restart", from_=f"<sip:{number}@x>;tag=a")
        sbc.stop()
        sbc.start()
        assert talk.say("INVITE") == NO_SUCH_CALL
        assert talk.say("BYE", "sip:peer@slow.example.com") == NO_SUCH_CALL
        assert talk.say("BYE") == "SIP/2.0 200 Said"
    assert [one.first_line.split()[0] for one in wire.carrier.news()] == ["INVITE", "BYE"]
