"""A Streamlit session, a dialog in it and a link to a file do not work without the sign-in they belong to."""

import re

import pytest
from sqlalchemy import delete, func, insert, select, update

from lib.store.engine import writing
from lib.store.schema import action_run, person, person_role
from lib.store.sessions import end_sessions_of
from tests.pages.conftest import demo
from tests.server import Session, copy_demo, serving

OWN = demo("rules_wrong")
DOWNLOAD = "download_button"
QUERY = f"account={OWN.number}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(copy_demo(tmp_path_factory.mktemp("server"))) as running:
        yield running


def write(server, *queries):
    with server.hub() as engine, writing(engine) as connection:
        for query in queries:
            connection.execute(query)


def runs(server):
    with server.hub() as engine, engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(action_run)).scalar_one()


def id_of(username):
    return select(person.c.id).where(person.c.username == username).scalar_subquery()


def change(username, **values):
    return update(person).where(person.c.username == username).values(**values)


def _end(server):
    with server.hub() as engine, writing(engine) as connection:
        end_sessions_of(connection, "lead")


SHUT_OUT = {
    "signed out elsewhere": (_end, None),
    "inactive": (lambda server: write(server, change("lead", active=False)), change("lead", active=True)),
    "another password": (lambda server: write(server, change("lead", password_hash="new")), None),
    "without the role": (
        lambda server: write(
            server,
            delete(person_role).where(person_role.c.person_id == id_of("lead")),
            insert(person_role).values(person_id=id_of("lead"), role="read_only"),
        ),
        update(person_role).where(person_role.c.person_id == id_of("lead")).values(role="support_lead"),
    ),
}


@pytest.mark.parametrize("way", SHUT_OUT)
def test_a_click_in_a_dialog_of_somebody_who_lost_access_does_nothing(server, way):
    end, put_back = SHUT_OUT[way]
    with Session(server, token=server.cookie("lead")) as session:
        session.ask(page_name="account-details", query=QUERY)
        seen = session.take()
        opened, _ = seen.button("Refresh auth rules")
        session.click(opened, page_hash=seen.page_hash, query=QUERY)
        start, fragment = session.take().button(r"Refresh \d+ rules?")
        assert fragment
        end(server)
        try:
            session.click(start, fragment=fragment, page_hash=seen.page_hash, query=QUERY)
            after = session.take()
            assert runs(server) == 0
            if way == "without the role":
                # The fragment asks for the whole page, which is drawn with the person's present permissions.
                assert "Sign out" in after.shown
                assert "Refresh auth rules" not in after.shown
            else:
                assert after.left_for.startswith("/sign-in")
                assert not after.holds([OWN.name])
        finally:
            if put_back is not None:
                write(server, put_back)


def test_after_signing_out_in_the_tab_a_fragment_of_it_starts_nothing(server):
    with Session(server, token=server.cookie("lead")) as session:
        session.ask(page_name="account-details", query=QUERY)
        seen = session.take()
        opened, _ = seen.button("Refresh auth rules")
        session.click(opened, page_hash=seen.page_hash, query=QUERY)
        dialog = session.take()
        start, fragment = dialog.button(r"Refresh \d+ rules?")
        leave, _ = seen.button("Sign out")
        session.click(leave, page_hash=seen.page_hash, query=QUERY)
        assert session.take().left_for == "/sign-in"
        session.click(start, fragment=fragment, page_hash=seen.page_hash, query=QUERY)
        assert session.take().left_for.startswith("/sign-in")
    assert runs(server) == 0


@pytest.mark.parametrize("thief", [None, "viewer", "customer", "made-up"])
@pytest.mark.parametrize("connected", [True, False], ids=["while it is connected", "after it was left"])
def test_the_id_of_a_session_opens_nothing_without_its_cookie(server, thief, connected):
    shown = {None: None, "made-up": 43 * "x"}
    token = shown[thief] if thief in shown else server.cookie(thief)
    with Session(server, token=server.cookie("lead")) as owner:
        owner.ask(page_name="account-details", query=QUERY)
        seen = owner.take()
        opened, _ = seen.button("Refresh auth rules")
        owner.click(opened, page_hash=seen.page_hash, query=QUERY)
        start, fragment = owner.take().button(r"Refresh \d+ rules?")
        if connected:
            assert_stranger(server, token, seen, start, fragment)
            # The owner's session still works.
            owner.ask(page_name="account-details", query=QUERY)
            assert "Sign out" in owner.take().shown
    if not connected:
        assert_stranger(server, token, seen, start, fragment)
    assert runs(server) == 0


def assert_stranger(server, token, seen, start, fragment):
    with Session(server, token=token, session_id=seen.session_id) as stolen:
        # A session that does not know the fragment does not answer.
        stolen.click(start, fragment=fragment, page_hash=seen.page_hash, query=QUERY)
        stolen.ask(page_name="account-details", query=QUERY)
        got = stolen.take()
        assert got.session_id != seen.session_id
        assert "Demo lead" not in got.shown
        assert not re.search(r"Refresh \d+ rules?", got.shown), "the dialog of the other"


def test_the_same_browser_comes_back_to_its_session(server):
    token = server.cookie("lead")
    with Session(server, token=token) as session:
        session.ask(page_name="account-details", query=QUERY)
        seen = session.take()
    with Session(server, token=token, session_id=seen.session_id) as again:
        again.ask(page_name="account-details", query=QUERY)
        assert again.take().session_id == seen.session_id


def test_a_link_to_a_file_serves_the_sign_in_it_was_given_to_and_ends_with_it(server):
    token = server.cookie("lead")
    with Session(server, token=token) as session:
        session.ask(page_name="account-activity", query=QUERY)
        seen = session.take()
        kinds = [(one.WhichOneof("type"), one) for one in seen.elements]
        button = next(one.download_button.deferred_file_id for kind, one in kinds if kind == DOWNLOAD)
        link = session.download(button, seen.session_id)
        assert re.match(r"/media/\w+", link)
        assert server.get(link, token=token)[0] == 200
        for other in (None, server.cookie("admin"), server.cookie("lead"), "made-up"):
            status, body = server.get(link, token=other)
            assert status == 404
            assert body == "There is no such file, or it is not yours."
        _end(server)
        assert server.get(link, token=token)[0] == 404
    assert server.get("/media/" + 56 * "0" + ".csv", token=server.cookie("lead"))[0] == 404


def test_a_file_address_in_the_pages_address_does_not_give_a_link(server):
    token, other = server.cookie("lead"), server.cookie("viewer")
    with Session(server, token=token) as session:
        session.ask(page_name="account-activity", query=QUERY)
        seen = session.take()
        kinds = [(one.WhichOneof("type"), one) for one in seen.elements]
        button = next(one.download_button.deferred_file_id for kind, one in kinds if kind == DOWNLOAD)
        link = session.download(button, seen.session_id)
        with Session(server, token=other) as stranger:
            stranger.ask(page_name="sent-emails", query=f"{QUERY}&recipient={link}&subject={link}")
            shown = stranger.take()
            assert link in shown.text, "the page repeats it"
            assert server.get(link, token=other)[0] == 404
            # And nobody can make a file with the id of another person's button.
            with pytest.raises(TimeoutError):
                stranger.download(button, shown.session_id, seconds=2)
        assert server.get(link, token=token)[0] == 200
