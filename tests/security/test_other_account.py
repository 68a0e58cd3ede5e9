"""A click in a dialog says which page it comes from, and the server compares, also for requests that no browser
sends."""

import pytest
from sqlalchemy import select

from lib.store.schema import action_run
from tests.pages.conftest import demo
from tests.server import Session, copy_demo, serving

OWN, OTHER = demo("rules_wrong").number, demo("child").number


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(copy_demo(tmp_path_factory.mktemp("server"))) as running:
        yield running


def refresh(server, named: str) -> list[str]:
    """Press the button in the dialog of OWN while the address names `named`; the accounts that have a run then."""
    with Session(server, token=server.cookie("lead")) as session:
        session.ask(page_name="account-details", query=f"account={OWN}")
        seen = session.take()
        opened, _ = seen.button("Refresh auth rules")
        session.click(opened, page_hash=seen.page_hash, query=f"account={OWN}")
        start, fragment = session.take().button(r"Refresh \d+ rules?")
        assert fragment
        session.click(start, fragment=fragment, page_hash=seen.page_hash, query=f"account={named}")
        session.take()
    with server.hub() as engine, engine.connect() as connection:
        return list(connection.execute(select(action_run.c.account)).scalars())


def test_a_dialog_starts_only_under_its_own_address(server):
    assert refresh(server, OTHER) == []
    assert refresh(server, "") == []
    assert refresh(server, OWN) == [OWN]
