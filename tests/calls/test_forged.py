"""SIP that tries to get past the rules: invented calls in progress, routes, headers, and the wrong socket."""

import re
import socket
import uuid

import pytest

from tests.calls.conftest import SOMEBODY, Lab, fresh_number
from tests.kamailio import HOST, Kamailio, require_kamailio

SILENCE_SECONDS = 0.5


def invite(calling: str, *more: str, to_tag: str = "", uri: str = "", call_id: str = "", cseq: int = 1) -> str:
    """An INVITE without a body, with more header lines."""
    lines = [
        f"INVITE {uri or f'sip:{SOMEBODY}@example.com'} SIP/2.0",
        f"Via: SIP/2.0/UDP {HOST}:@PORT@;branch=z9hG4bK{uuid.uuid4().hex}",
        *more,
        "Max-Forwards: 70",
        f"From: <sip:{calling}@example.com>;tag=forged",
        f"To: <sip:{SOMEBODY}@example.com>{f';tag={to_tag}' if to_tag else ''}",
        f"Call-ID: {call_id or uuid.uuid4().hex}",
        f"CSeq: {cseq} INVITE",
        f"Contact: <sip:caller@{HOST}:@PORT@>",
        "Content-Length: 0",
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def answer(port: int, text: str, seconds: float = 5.0) -> str:
    """The first line of the final reply, "" without one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.bind((HOST, 0))
        caller.settimeout(seconds)
        caller.sendto(text.replace("@PORT@", str(caller.getsockname()[1])).encode(), (HOST, port))
        try:
            while True:
                line = caller.recv(65535).decode().split("\r\n", 1)[0]
                if not line.startswith("SIP/2.0 1"):
                    return line
        except TimeoutError:
            return ""


def routes_of(call) -> list[str]:
    """The routes that a caller got, in the order of use."""
    header = ",".join(call.last.headers("Record-Route"))
    return list(reversed(re.findall(r"<[^>]*>", header)))


@pytest.mark.parametrize("mark", ["", ";mark=", ";mark=0", ";mark=" + 64 * "0"])
@pytest.mark.parametrize("state", ["suspended", "missing"])
def test_an_invented_call_in_progress_does_not_get_past_the_rule(lab, around, state, mark):
    number = lab.number(state) if state != "missing" else fresh_number()
    routes = [f"Route: <sip:{HOST}:{lab.sbc.customer_port};lr;ftag=forged{mark}>"]
    for headers in (routes, []):
        forged = invite(number, *headers, to_tag="made-up", uri=f"sip:{SOMEBODY}@{around.carrier.address}")
        assert answer(lab.sbc.customer_port, forged) == "SIP/2.0 481 Call Does Not Exist"
    assert around.carrier.news() == []


def test_the_mark_of_one_call_does_not_serve_another(lab, around):
    number = lab.number("allowed")
    routes = routes_of(lab.answered_out(number))
    around.forget()
    assert all(";mark=" in route for route in routes)
    forged = invite(
        number, f"Route: {', '.join(routes)}", to_tag="made-up", uri=f"sip:{SOMEBODY}@{around.carrier.address}"
    )
    assert answer(lab.sbc.customer_port, forged) == "SIP/2.0 481 Call Does Not Exist"
    assert around.carrier.news() == []


def test_a_suspended_caller_gets_no_mark_with_the_announcement(lab, around):
    call = lab.refused_out(lab.number("suspended"), 403)
    assert around.announcement.news()[0].headers("Record-Route") == []
    assert [reply.headers("Record-Route") for reply in call.replies] == [[], []]


def test_a_route_that_the_caller_made_up_leads_nowhere(lab, around):
    elsewhere = f"Route: <sip:{HOST}:{lab.sbc.customer_port};lr>, <sip:{around.rings.address};lr>"
    assert "403" in answer(lab.sbc.customer_port, invite(lab.number("suspended"), elsewhere))
    call = lab.outbound("caller_talks", lab.number("allowed"), headers=elsewhere).result()
    assert call.passed, call.output
    first = around.carrier.news()[0]
    assert first.headers("Route") == []
    assert around.rings.news() == []


def test_a_caller_cannot_say_which_account_is_suspended(lab, around):
    lab.refused_out(lab.number("suspended", account="1004"), 403, headers="P-SBC-Account: 9999")
    assert around.announcement.news()[0].headers("P-SBC-Account") == ["1004"]


def test_a_call_on_the_carrier_side_is_never_an_outbound_one(lab, around):
    """Even with the number of a customer as its sender."""
    reply = answer(lab.sbc.carrier_port, invite(lab.number("allowed"), uri=f"sip:{SOMEBODY}@{HOST}"))
    assert reply == "SIP/2.0 404 Not Found"
    assert around.carrier.news() == []


def test_the_socket_of_the_api_takes_no_calls(lab, around):
    number = lab.number("allowed")
    with socket.create_connection((HOST, lab.sbc.http_port), timeout=5) as connection:
        text = invite(SOMEBODY, uri=f"sip:{number}@{HOST}").replace("SIP/2.0/UDP", "SIP/2.0/TCP")
        connection.sendall(text.replace("@PORT@", str(connection.getsockname()[1])).encode())
        connection.settimeout(SILENCE_SECONDS)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert around.pbx.news() == []


def test_only_the_named_sources_may_send_sip(around, tmp_path):
    require_kamailio()
    sources = {"SBC_CARRIER_SOURCES": "192.0.2.0/24, 198.51.100.7", "SBC_CUSTOMER_SOURCES": "192.0.2.1 127.0.0.0/8"}
    with Kamailio(tmp_path, carrier=around.carrier.address, settings=sources) as sbc:
        around.forget()
        strict = Lab(sbc, tmp_path)
        number = strict.number("allowed")
        assert strict.answered_out(number).last.headers("Server") == ["carrier"]
        assert answer(sbc.carrier_port, invite(SOMEBODY, uri=f"sip:{number}@{HOST}"), SILENCE_SECONDS) == ""
        sbc.logged("not one of its addresses")
