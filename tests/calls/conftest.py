"""An SBC with real servers around it, and callers on both of its sides."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.calls.wire import Peer, ask, peers, request
from tests.kamailio import HOST, Kamailio, require_kamailio
from tests.sipp import Call, Caller, Server, require_sipp

SOMEBODY = "+61270100001"
"""A number in the outside world."""

# Each test takes numbers that no other test has, so that they may run in any order.
_fresh = itertools.count()


def fresh_number() -> str:
    """A number without a rule, reserved for fiction."""
    return f"+6125550{next(_fresh):04}"


def rule(number: str, state: str, *, trunk: str = "syd-1", account: str = "1001", rev: int = 1) -> dict[str, Any]:
    """An auth rule as the API takes it."""
    return {"number": number, "account": account, "state": state, "trunk": trunk, "rev": rev}


@dataclass
class Around:
    """The servers around the SBC. `rings` is a PBX where nobody answers, behind the trunk syd-2."""

    pbx: Server
    rings: Server
    voicemail: Server
    carrier: Server
    announcement: Server

    def forget(self) -> None:
        """Ignore what they have received so far."""
        for server in (self.pbx, self.rings, self.voicemail, self.carrier, self.announcement):
            server.news()


@dataclass
class Lab:
    """One SBC and what a test does with it."""

    sbc: Kamailio
    folder: Path

    def put(self, *rules: dict[str, Any]) -> None:
        """Write rules, all of which must be accepted."""
        status, answer = self.sbc.call("PUT", "/v1/rules", list(rules))
        assert (status, answer) == (200, {"received": len(rules), "applied": len(rules)})

    def number(self, state: str, **more: Any) -> str:
        """A fresh number with a rule in this state."""
        number = fresh_number()
        self.put(rule(number, state, **more))
        return number

    def inbound(self, scenario: str, number: str, **more: Any) -> Caller:
        """Somebody calls the number, through the carrier."""
        return Caller(self.folder, scenario, self.sbc.carrier_port, called=number, calling=SOMEBODY, **more)

    def outbound(self, scenario: str, number: str, **more: Any) -> Caller:
        """The number calls somebody."""
        given = {"called": SOMEBODY, "calling": number, **more}
        return Caller(self.folder, scenario, self.sbc.customer_port, **given)

    def answered_in(self, number: str) -> Call:
        """An inbound call that is answered and ends well."""
        return _passed(self.inbound("caller_talks", number))

    def answered_out(self, number: str) -> Call:
        """An outbound call that is answered and ends well."""
        return _passed(self.outbound("caller_talks", number))

    def refused_in(self, number: str, status: int) -> Call:
        """An inbound call that is refused, and never answered."""
        return _passed(self.inbound("caller_is_refused", number, status=status))

    def refused_out(self, number: str, status: int, **more: Any) -> Call:
        """An outbound call that is refused, and never answered."""
        return _passed(self.outbound("caller_is_refused", number, status=status, **more))


def _passed(caller: Caller) -> Call:
    call = caller.result()
    assert call.passed, f"{call.statuses}\n{call.output[-3000:]}"
    return call


@pytest.fixture(scope="session")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Around]:
    """The servers, which every SBC of this process may use."""
    require_kamailio()
    require_sipp()
    folder = tmp_path_factory.mktemp("servers")
    scenarios = {
        "pbx": "server_answers",
        "rings": "server_rings",
        "voicemail": "server_answers",
        "carrier": "server_answers",
        "announcement": "server_announces",
    }
    with ExitStack() as running:
        yield Around(
            **{role: running.enter_context(Server(folder, scenario, role)) for role, scenario in scenarios.items()}
        )


def make_lab(folder: Path, around: Around, database: str = "sqlite") -> Lab:
    """An SBC, not yet started, between the servers."""
    sbc = Kamailio(
        folder,
        database,
        pbx=around.pbx.address,
        voicemail=around.voicemail.address,
        carrier=around.carrier.address,
        announcement=around.announcement.address,
        trunks=f"syd-1 syd-2=sip:{around.rings.address} mel-1",
    )
    return Lab(sbc, folder)


@pytest.fixture(scope="session")
def _lab(around: Around, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = make_lab(tmp_path_factory.mktemp("sbc"), around)
    with made.sbc:
        yield made


@pytest.fixture
def lab(_lab: Lab, around: Around) -> Lab:
    """An SBC on SQLite between servers that answer."""
    around.forget()
    return _lab


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """An SBC whose servers are all down."""
    require_kamailio()
    require_sipp()
    folder = tmp_path_factory.mktemp("alone")
    with Kamailio(folder) as sbc:
        yield Lab(sbc, folder)


@dataclass
class Wire:
    """An SBC between servers of plain text. Trunk syd-1 calls from 127.0.0.1, syd-2 from 127.0.0.2; 9 gets a line."""

    lab: Lab
    carrier: Peer
    emergency: Peer
    pbx: Peer
    announcement: Peer
    voicemail: Peer

    @property
    def peers(self) -> list[Peer]:
        return [self.carrier, self.emergency, self.pbx, self.announcement, self.voicemail]

    def out(self, uri: str, *more: str, method: str = "INVITE", host: str = HOST, **given: str) -> str:
        """The reply to a request on the customers' side."""
        return ask(self.lab.sbc.customer_port, request(method, uri, *more, **given), host=host)

    def into(self, uri: str, *more: str, **given: str) -> str:
        """The reply to an INVITE on the carrier's side."""
        return ask(self.lab.sbc.carrier_port, request("INVITE", uri, *more, **given))


@pytest.fixture(scope="session")
def _wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    require_kamailio()
    folder = tmp_path_factory.mktemp("wire")
    for carrier, emergency, pbx, announcement, voicemail in peers(5):
        sbc = Kamailio(
            folder,
            carrier=carrier.address,
            pbx=pbx.address,
            announcement=announcement.address,
            voicemail=voicemail.address,
            settings={
                "SBC_EMERGENCY_CARRIER": emergency.address,
                "SBC_EMERGENCY_SECONDS": "5",
                "SBC_TRUNK_SOURCES": "syd-2=127.0.0.2,192.0.2.0/24",
                "SBC_OUTSIDE_LINE": "9",
            },
        )
        with sbc:
            yield Wire(Lab(sbc, folder), carrier, emergency, pbx, announcement, voicemail)


@pytest.fixture
def wire(_wire: Wire) -> Wire:
    """An SBC with an emergency carrier of its own, whose servers have got nothing yet and answer."""
    for peer in _wire.peers:
        peer.news()
        peer.says = "answer"
        peer.routes = []
    return _wire
