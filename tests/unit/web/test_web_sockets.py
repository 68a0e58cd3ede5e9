"""How many sockets a client without a sign-in may hold, and what may go through them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.proto.BackMsg_pb2 import BackMsg

from lib.web import messages
from lib.web.messages import Malformed, is_wanted
from lib.web.sockets import Bounds, Sockets
from lib.web.who import cookies_of

HEARTBEAT = BackMsg(app_heartbeat=True).SerializeToString()
BOUNDS = Bounds(strangers=5, strangers_per_address=2, stranger_bytes=100)


async def _known(cookies) -> bool:
    if cookies.get("broken"):
        raise RuntimeError("the database is away")
    return cookies.get("session") == "alive"


class House:
    """The middleware around an app that keeps each socket open until the test ends it."""

    def __init__(self) -> None:
        self.held = 0
        self.ends = asyncio.Event()
        self.taken: list[bytes] = []
        self.sockets = Sockets(self._app, _known, BOUNDS)

    async def _app(self, _scope, receive, send) -> None:
        self.held += 1
        try:
            while (message := await receive())["type"] == "websocket.receive":
                self.taken.append(message["bytes"])
            await send({"type": "websocket.send", "bytes": b"too late"})
        finally:
            self.held -= 1

    async def open(self, address: str, cookie: str = "", sends: tuple[object, ...] = ()) -> list[dict]:
        """What the client at this address receives on a socket, if it sends these messages and then nothing."""
        sent: list[dict] = []
        waiting = [{"type": "websocket.receive", **one} for one in sends]

        async def receive():
            if waiting:
                return waiting.pop(0)
            await self.ends.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message) -> None:
            sent.append(message)

        headers = [(b"cookie", cookie.encode())] if cookie else []
        await self.sockets(
            {"type": "websocket", "path": "/", "client": (address, 1), "headers": headers},
            receive,
            send,
        )
        return sent


async def _hold(house: House, openings: list[tuple[str, str]]) -> list[bool]:
    """Open these sockets one after the other and keep them open: whether each was refused."""
    tasks = []
    for address, cookie in openings:
        tasks.append(asyncio.create_task(house.open(address, cookie)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    held = house.held
    house.ends.set()
    done = await asyncio.gather(*tasks)
    refused = [any(one["type"] == "websocket.close" for one in sent) for sent in done]
    assert held == refused.count(False)
    return refused


def test_strangers_are_bound_in_all_and_by_address_and_whoever_is_known_is_not():
    async def probe() -> None:
        house = House()
        many = [("a", ""), ("a", "session=dead"), ("a", "")]
        assert await _hold(house, many) == [False, False, True]
        # The places are free again.
        house.ends.clear()
        spread = [(str(number), "") for number in range(7)]
        assert await _hold(house, spread) == [False] * 5 + [True] * 2
        house.ends.clear()
        known = [("a", "session=alive")] * 9
        assert await _hold(house, [*spread, *known]) == [False] * 5 + [True] * 2 + [False] * 9
        house.ends.clear()
        assert await _hold(house, [("b", "broken=1")] * 3) == [False, False, True]
        assert house.sockets._open.total() == 0

    asyncio.run(probe())


@pytest.mark.parametrize(
    ("cookie", "sent", "code"),
    [
        ("", {"bytes": HEARTBEAT + b"\x5a" + bytes([98]) + b"\x00" * 98}, 1009),
        ("", {"text": "hello"}, 1003),
        ("session=alive", {"text": "hello"}, 1003),
        ("", {"bytes": b"\xff"}, 1002),
    ],
)
def test_what_no_page_sends_ends_the_socket(cookie, sent, code):
    async def probe() -> None:
        house = House()
        told = await house.open("a", cookie, (sent,))
        assert told == [{"type": "websocket.close", "code": code}], "nothing follows the end"
        assert house.taken == []

    asyncio.run(probe())


def test_a_known_persons_form_may_be_long():
    async def probe() -> None:
        house = House()
        long = BackMsg()
        long.rerun_script.query_string = "x" * 500
        house.ends.set()
        await house.open("a", "session=alive", ({"bytes": long.SerializeToString()},))
        assert house.taken == [long.SerializeToString()]

    asyncio.run(probe())


def test_the_numbers_of_the_messages_are_streamlits():
    fields = {one.name: one.number for one in BackMsg.DESCRIPTOR.fields}
    assert {fields[name] for name in ("stop_script", "rerun_script", "app_heartbeat")} == {
        messages.STOP,
        messages.RERUN,
        messages.HEARTBEAT,
    }
    assert fields["backend_operation_request"] == messages.OPERATION
    inner = {
        one.name: one.number
        for one in BackMsg.DESCRIPTOR.fields_by_name["backend_operation_request"].message_type.fields
    }
    assert inner["deferred_file"] == messages.DEFERRED_FILE
    assert inner["dataframe_chunk"] == messages.DATAFRAME_CHUNK


ALL = [one.name for one in BackMsg.DESCRIPTOR.fields if one.type == one.TYPE_BOOL]


@given(st.lists(st.sampled_from(ALL), min_size=1, max_size=4), st.text(max_size=300))
def test_a_message_is_wanted_when_all_it_asks_for_is(names, query):
    rerun = BackMsg()
    rerun.rerun_script.query_string = query
    parts = [BackMsg(**{name: True}).SerializeToString() for name in names]
    wanted = set(names) <= {"stop_script", "app_heartbeat"}
    assert is_wanted(b"".join([rerun.SerializeToString(), *parts])) is wanted


_MESSAGE = st.sampled_from(ALL).map(lambda name: BackMsg(**{name: True}).SerializeToString())


@given(st.binary(max_size=200) | st.builds(bytes.__add__, _MESSAGE, st.binary(max_size=8)))
def test_any_bytes_are_judged_and_what_streamlit_would_act_on_is_seen(content):
    try:
        wanted = is_wanted(content)
    except Malformed:
        return
    message = BackMsg()
    try:
        message.ParseFromString(content)
    except Exception:
        return
    if wanted and (kind := message.WhichOneof("type")):
        assert kind in {"stop_script", "rerun_script", "app_heartbeat", "backend_operation_request"}


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1; a=1", {"a": "1"}),
        ("a=1; a=2; b=3", {"b": "3"}),
        ("a", {}),
        ('a="x y"', {"a": "x y"}),
        ("a=b=c", {"a": "b=c"}),
        ("", {}),
    ],
)
def test_a_cookie_that_is_sent_twice_does_not_count(header, read):
    assert cookies_of({"headers": [(b"cookie", header.encode())]}) == read


def test_a_limited_number_of_strangers_a_minute():
    """Each leaves a session behind, and would displace the sessions of people at work."""
    house = House()
    house.ends.set()

    async def come():
        refused = 0
        for number in range(Bounds().strangers_a_minute + 20):
            sent = await house.open(f"192.0.2.{number % 200}")
            refused += sent == [{"type": "websocket.close", "code": 1008}]
        known = await house.open("192.0.2.1", "session=alive")
        return refused, known

    refused, known = asyncio.run(come())
    assert refused == 20
    assert known == [{"type": "websocket.send", "bytes": b"too late"}]
