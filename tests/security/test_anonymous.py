"""What somebody without a sign-in gets from a fresh server, for any request and with any cookie or header."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from sqlalchemy import text, update
from websockets.exceptions import InvalidStatus

from lib.demo.world import world
from lib.settings import PROJECT
from lib.store.engine import writing
from lib.store.schema import person
from lib.ui.navigation import SECTIONS
from lib.web import Bounds
from tests.server import SIGN_IN_HOURS, Seen, Server, Session, copy_demo, look, serving

SCRIPTS = sorted(path.relative_to(PROJECT) for path in (PROJECT / "pages").rglob("*.py") if path.name != "__init__.py")
ACCOUNTS = [one.name for one in world().accounts] + [one.number for one in world().accounts]
CUSTOMERS_OWN = next(one for one in world().accounts if one.number == world().notable["suspended"])
CUSTOMER = {"Account details", "Billing details", "PBX", "Sent e-mail history"}
STAFF = CUSTOMER | {"Account contacts", "Emergency details", "Activity", "All accounts"}
ADMIN = STAFF | {"Charge map"}
BODIES = {
    "Choose a row to open the account.",
    "Account facts",
    "Children",
    "Phone users",
    "Find an account",
    "Sign out",
}
STRANGERS = Bounds().strangers_per_address - 1
SHUT = ["alert", "html"]


def _hash(text_: str) -> str:
    return hashlib.md5(text_.encode(), usedforsecurity=False).hexdigest()


def everything_to_ask() -> list[dict[str, str]]:
    """Each page by each name that Streamlit knows it by, with an account, and addresses that are not pages."""
    asked = [{"page_name": "made-up"}, {"page_hash": _hash("made-up")}, {"page_name": "../Home"}]
    for path in SCRIPTS:
        asked += [{"page_name": path.stem}, {"page_name": str(path)}, {"page_hash": _hash(str(PROJECT / path))}]
    for section in SECTIONS:
        asked += [{"page_name": section.url}, {"page_hash": _hash(section.url)}]
    asked += [{**one, "query": f"account={CUSTOMERS_OWN.number}"} for one in asked]
    return [*asked, {}, {"page_hash": _hash("")}]


def sections(seen: Seen) -> set[str]:
    """The pages that the browser got; the bare address, which leads to one of them, does not count."""
    return seen.page_titles - {"Account Manager"}


def is_shut(seen: Seen, query: str = "") -> bool:
    """A redirect to the sign-in and back to the requested address, with nothing from an account or a page in it."""
    leaked = seen.holds([*ACCOUNTS, *BODIES, *STAFF])
    assert not leaked, f"leaked: {sorted(leaked)[:5]}"
    # "Home" is Streamlit's name for the start script before it has run once.
    assert sections(seen) - {"Home"} == {"Sign in"}
    back = f"?next={quote(f'/?{query}', safe='')}" if query else ""
    return (seen.kinds, seen.left_for) == (SHUT, f"/sign-in{back}")


@pytest.mark.parametrize("script", ["server.py", "Home.py"])
def test_the_first_visitors_of_a_fresh_server_are_sent_to_the_sign_in_whatever_page_they_ask_for(tmp_path, script):
    """As many as allowed are connected before the first one asks, so none finds a server that is warmed up."""
    asked = everything_to_ask()
    with serving(copy_demo(tmp_path), script=script, wait_for=None) as server, ExitStack() as open_:
        sessions = [open_.enter_context(Session(server)) for _ in range(STRANGERS)]
        for first in range(0, len(asked), STRANGERS):
            pages = asked[first : first + STRANGERS]
            for session, page in zip(sessions, pages, strict=False):
                session.ask(**page)
            for session, page in zip(sessions, pages, strict=False):
                assert is_shut(session.take(60), page.get("query", "")), page


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    with serving(copy_demo(tmp_path_factory.mktemp("server"))) as running:
        yield running


def change_person(server: Server, username: str, **values: object) -> None:
    with server.hub() as engine, writing(engine) as connection:
        connection.execute(update(person).where(person.c.username == username).values(**values))


def test_the_same_look_finds_the_accounts_when_signed_in(server):
    """The tests above search for text that exists."""
    seen = look(server, token=server.cookie("lead"))
    assert len(seen.holds(ACCOUNTS)) >= 200
    assert seen.holds(BODIES) == {"Choose a row to open the account.", "Find an account", "Sign out"}
    assert sections(seen) == STAFF
    details = look(
        server, token=server.cookie("lead"), page_name="account-details", query=f"account={CUSTOMERS_OWN.number}"
    )
    assert details.holds(ACCOUNTS) == {CUSTOMERS_OWN.name, CUSTOMERS_OWN.number}


@pytest.mark.parametrize("shown", ["x", "a.b.c", "", "None", "%00", "lead", "' or 1=1 --", 4000 * "a", "\u00e4\u00f6"])
def test_a_cookie_that_nobody_was_given_is_sent_to_the_sign_in(server, shown):
    token = shown.encode("utf-8").decode("latin-1")
    query = f"account={CUSTOMERS_OWN.number}"
    assert is_shut(look(server, token=token, page_name="account-details", query=query), query)


def test_a_cookie_that_is_cut_off_or_too_old_is_sent_to_the_sign_in(server):
    assert is_shut(look(server, token=server.cookie("lead")[:-2]))
    assert is_shut(look(server, token=server.cookie("lead", age=SIGN_IN_HOURS * 3600 + 1)))


def test_a_cookie_of_ours_signs_in(server):
    assert "text_input" in look(server, token=server.cookie("viewer")).kinds
    assert sections(look(server, token=server.cookie("viewer"))) == STAFF


def test_the_cookie_of_a_person_who_became_inactive_is_sent_to_the_sign_in(server):
    token = server.cookie("billing")
    assert sections(look(server, token=token)) == STAFF
    change_person(server, "billing", active=False)
    assert is_shut(look(server, token=token))


def test_a_customer_gets_their_own_account_whatever_they_ask_for(server):
    other = world().notable["parent"]
    for asked in everything_to_ask():
        seen = look(server, token=server.cookie("customer"), **{**asked, "query": f"account={other}"})
        assert sections(seen) == CUSTOMER, asked
        # They wrote the address, so the requested number may be in it, but not the account's name.
        assert seen.holds(ACCOUNTS) - {other} == {CUSTOMERS_OWN.name, CUSTOMERS_OWN.number}, asked
        assert not seen.holds(["Edit", "Find an account", "Choose a row to open the account."]), asked


@pytest.mark.parametrize(
    ("username", "titles"),
    [("lead", STAFF), ("billing", STAFF), ("viewer", STAFF), ("admin", ADMIN), ("customer", CUSTOMER)],
)
def test_each_role_gets_only_its_own_sections(server, username, titles):
    change_person(server, username, active=True)
    assert sections(look(server, token=server.cookie(username))) == titles


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1.evil.example", "null"])
def test_a_page_of_another_site_cannot_open_a_session(server, origin):
    with pytest.raises(InvalidStatus) as refused, Session(server, token=server.cookie("lead"), origin=origin):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-Email", "X-Forwarded-User", "X-Auth-Request-Email", "Remote-User"])
def test_a_header_that_claims_to_be_somebody_is_not_believed(server, header):
    with Session(server, headers={header: "lead@demo.example"}) as session:
        session.ask()
        assert is_shut(session.take())


def test_no_file_of_the_product_is_served(server):
    token = server.cookie("lead")
    app = server.get("/", token=token)
    assert (app[0], "<!doctype html>" in app[1].lower()) == (200, True)
    database = (server.folder / "hub.db").name
    for path, signed_in in {
        # For a possible name of a page the server sends the app, which then says that there is no such page.
        "/.env": app,
        "/server.py": app,
        "/Home.py": app,
        f"/{database}": app,
        "/lib/ui/auth.py": (303, ""),
        "/pages/account/details.py": (303, ""),
        f"/var/{database}": (303, ""),
        "/../Home.py": (303, ""),
    }.items():
        assert server.get(path) == (303, ""), path
        assert server.get(path, token=token) == signed_in, path


def test_an_error_of_a_page_shows_an_id_and_nothing_of_its_cause(tmp_path):
    with serving(copy_demo(tmp_path)) as server:
        assert look(server, token=server.cookie("lead")).holds(ACCOUNTS)
        with server.hub() as engine, writing(engine) as connection:
            connection.execute(text("alter table account rename to elsewhere"))
        for page in ({}, {"page_name": "account-details", "query": f"account={CUSTOMERS_OWN.number}"}):
            seen = look(server, token=server.cookie("lead"), **page)
            (told,) = [one.alert.body for one in seen.elements if "Something went wrong on this page" in one.alert.body]
            quote = told.split("**")[1]
            assert len(quote) == 8
            for word in ("Traceback", "Error", "sqlite", "no such table", "select", "SELECT", ".py", str(tmp_path)):
                assert word not in seen.shown, word
            log = server.log.read_text()
            assert quote in log
            assert "no such table" in log
