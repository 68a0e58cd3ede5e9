"""Downloads over HTTP, and addresses of pages that a person may not see."""

import json
import secrets

import pytest
from sqlalchemy import delete, insert, select, text
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lib.demo.world import world
from lib.store.engine import writing
from lib.store.schema import account, action_event, person, person_role, sent_email
from lib.ui.navigation import SECTIONS
from tests.server import Seen, Session, copy_demo, look, serving

OWN = world().notable["parent"]
STAFF_ONLY = ["account-contacts", "emergency-details", "account-activity", "accounts", "charge-map"]


@pytest.fixture(scope="module", params=["server.py", "Home.py"])
def server(request, tmp_path_factory):
    with serving(copy_demo(tmp_path_factory.mktemp("server")), script=request.param) as running:
        # Started from Home.py, Streamlit knows no page before the first visit.
        look(running)
        yield running


def boxes(seen: Seen) -> str:
    return "\n".join(one.alert.body for one in seen.elements if one.WhichOneof("type") == "alert").replace("*", "")


def is_box_of_streamlit(seen: Seen) -> bool:
    return any(message.WhichOneof("type") == "page_not_found" for message in seen.messages)


# ------------------------------------------------------------------ addresses
@pytest.mark.parametrize("address", STAFF_ONLY)
def test_a_customer_on_a_page_for_staff_gets_a_sentence_and_a_link(server, address):
    seen = look(server, token=server.cookie("customer"), page_name=address, query=f"account={OWN}")
    assert "This page is for our staff. Your account has its own pages." in boxes(seen)
    assert not is_box_of_streamlit(seen)
    (link,) = [one.page_link for one in seen.elements if one.WhichOneof("type") == "page_link"]
    own = next(one for one in world().accounts if one.number == world().notable["suspended"])
    assert (link.page, link.label.replace("\\", "")) == ("account-details", f"Go to {own.number} - {own.name}")
    assert not [one for one in seen.kinds if one in ("dataframe", "table", "metric")]


def test_staff_without_the_role_of_a_page_see_which_role_it_is_for(server):
    seen = look(server, token=server.cookie("viewer"), page_name="charge-map")
    assert "“Charge map” is for the role admin. You do not have this role, so nothing was loaded." in boxes(seen)
    assert not is_box_of_streamlit(seen)


@pytest.mark.parametrize("username", ["customer", "viewer", "admin", None])
def test_an_unknown_address_gives_our_own_sentence(server, username):
    with Session(server, token=server.cookie(username) if username else None) as session:
        session.ask(page_name="made-up")
        seen = session.take()
        assert not is_box_of_streamlit(seen)
        assert ("There is no page at this address." in boxes(seen)) == (username is not None)
        # A click made there is also a click on that page.
        session.ask(page_hash=seen.page_hash)
        assert boxes(session.take()) == boxes(seen)


def test_a_person_without_a_role_sees_that_at_every_address(server):
    with server.hub() as engine, writing(engine) as connection:
        row = {"username": "roleless", "email": "roleless@demo.example", "name": "Roleless"}
        if not connection.execute(select(person.c.id).where(person.c.username == "roleless")).first():
            connection.execute(insert(person).values(row))
    for address in ("", *(section.url for section in SECTIONS)):
        seen = look(server, token=server.cookie("roleless"), page_name=address, query=f"account={OWN}")
        assert "Your sign-in has no role" in boxes(seen), address
        assert not seen.holds([one.name for one in world().accounts])


# ------------------------------------------------------------------ tables
@pytest.mark.parametrize("username", ["viewer", "customer", "admin"])
def test_every_browser_gets_tables_without_a_download(server, username):
    seen = look(server, token=server.cookie(username))
    told = [one.new_session.config.disable_data_export for one in seen.messages if one.HasField("new_session")]
    assert told
    assert all(told)


# ------------------------------------------------------------------ downloads
def fetch(session: Session, seen: Seen) -> tuple[str, str]:
    """Press the page's download as the browser does; returns the address of the file, and the message without one."""
    asked = BackMsg()
    asked.backend_operation_request.request_id = secrets.token_hex(4)
    (asked.backend_operation_request.session_id,) = {
        one.new_session.initialize.session_id for one in seen.messages if one.HasField("new_session")
    }
    (asked.backend_operation_request.deferred_file.file_id,) = [
        one.download_button.deferred_file_id for one in seen.elements if one.WhichOneof("type") == "download_button"
    ]
    session._socket.send(asked.SerializeToString())
    while True:
        message = ForwardMsg()
        message.ParseFromString(session._socket.recv(timeout=20))
        if message.WhichOneof("type") == "backend_operation_response":
            reply = message.backend_operation_response
            return reply.deferred_file.url, reply.error_msg


def handed_out(server) -> list[tuple]:
    """The events of exports since the last call."""
    with server.hub() as engine, engine.connect() as connection:
        rows = connection.execute(
            select(action_event).where(action_event.c.kind == "export").order_by(action_event.c.sequence)
        ).all()
    fresh = [row for row in rows if row.sequence > _seen.get(server.port, 0)]
    _seen[server.port] = max((row.sequence for row in rows), default=0)
    return [(row.phase, row.actor, row.account, row.details) for row in fresh]


_seen: dict[int, int] = {}


def emails_page(session: Session) -> Seen:
    session.ask(page_name="sent-emails", query=f"account={OWN}&recipient=ada&email_kind=Suspension+notice")
    return session.take()


@pytest.fixture
def mailed(server):
    with server.hub() as engine, writing(engine) as connection:
        own = connection.execute(select(account.c.id).where(account.c.number == OWN)).scalar_one()
        row = {"kind": "suspension_notice", "subject": "Suspended", "state": "accepted", "body": "B"}
        connection.execute(delete(sent_email).where(sent_email.c.account_id == own))
        for position in range(3):
            sent = f"2026-11-2{position} 00:00:00.000000"
            connection.execute(
                text(
                    "insert into sent_email (account_id, sent_at, kind, subject, recipient, state, body)"
                    " values (:own, :sent, :kind, :subject, 'ada@customer.example', :state, :body)"
                ),
                {**row, "own": own, "sent": sent},
            )
    handed_out(server)


def test_an_export_is_an_event_before_it_is_a_file(server, mailed):
    token = server.cookie("billing")
    with Session(server, token=token) as session:
        url, problem = fetch(session, emails_page(session))
        assert not problem
        assert server.get(url, token=token)[1].count("ada@customer.example") == 3
    ((phase, actor, number, details),) = handed_out(server)
    assert (phase, actor, number) == ("done", "billing@demo.example", OWN)
    assert (details["what"], details["rows"], details["accounts"]) == ("sent_emails", 3, OWN)
    assert details["filter"] == {"kind": "suspension_notice", "recipient": True}
    assert "ada" not in json.dumps(details)


def test_a_permission_that_was_removed_since_the_page_was_drawn_is_checked_at_the_click(server, mailed):
    with Session(server, token=server.cookie("billing")) as session:
        page = emails_page(session)
        with server.hub() as engine, writing(engine) as connection:
            who = select(person.c.id).where(person.c.username == "billing").scalar_subquery()
            connection.execute(person_role.update().where(person_role.c.person_id == who).values(role="read_only"))
        try:
            assert fetch(session, page) == ("", "Failed to generate file for download")
        finally:
            with server.hub() as engine, writing(engine) as connection:
                connection.execute(person_role.update().where(person_role.c.person_id == who).values(role="billing"))
    ((phase, actor, number, details),) = handed_out(server)
    assert (phase, actor, number) == ("refused", "billing@demo.example", OWN)
    assert "Nothing was handed out" in details["text"]


def test_without_its_event_there_is_no_file(server, mailed):
    with Session(server, token=server.cookie("billing")) as session:
        page = emails_page(session)
        with server.hub() as engine, writing(engine) as connection:
            refuse = "create trigger full before insert on action_event begin select raise(abort, 'disk full'); end"
            connection.execute(text(refuse))
        try:
            assert fetch(session, page) == ("", "Failed to generate file for download")
        finally:
            with server.hub() as engine, writing(engine) as connection:
                connection.execute(text("drop trigger full"))
        assert not handed_out(server)
        assert fetch(session, page)[0]
