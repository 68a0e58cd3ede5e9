"""The whole dashboard in this process, without a browser; it is started once for each file of tests."""

import functools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pandas as pd
import pytest
import streamlit as st
from sqlalchemy import update
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from lib.app import start
from lib.app.sign_in import signed_in
from lib.app.start import App
from lib.demo import notable
from lib.demo.model import DemoAccount
from lib.demo.world import world
from lib.domain.permissions import Identity
from lib.settings import PROJECT
from lib.settings import load as load_settings
from lib.standins.sbc import SbcStandin
from lib.standins.zuora import ZuoraStandin
from lib.standins.zuora.manners.faults import Fault
from lib.store.engine import writing
from lib.store.schema import account
from lib.ui import auth
from lib.ui.navigation import ACCOUNTS, DETAILS
from lib.ui.selection import load
from lib.ui.visit import Visit
from tests.server import CLIENT_ID, CLIENT_SECRET, COOKIE_KEY, SBC_TOKEN, copy_demo, sbc_of, sign_in_as, zuora_of

HOME = str(PROJECT / "Home.py")
SECONDS = 20
TOKEN = "cookie_of_the_test"
"""The session key with the cookie: there is no browser that could send one."""
READ = ("Name", "Status", "Parent", "Account number", "Balance")
"""The facts that are read from Zuora."""

# Each run of an AppTest searches every installed package for components. They never change, and the search took a third
# of the time of these tests.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)

auth.KEPT.add(TOKEN)
auth.presented_cookie = lambda _name: st.session_state.get(TOKEN)


@dataclass
class House:
    """The started dashboard, and what a test can do with it."""

    app: App
    zuora: ZuoraStandin
    sbc: SbcStandin

    def visit(self, **query: str) -> AppTest:
        """Somebody who is not signed in."""
        app = AppTest.from_file(HOME, default_timeout=SECONDS)
        for name, value in query.items():
            app.query_params[name] = value
        return sound(app.run())

    def open(self, username: str, path: str | None = None, **query: str) -> AppTest:
        """Open the section with this script, or the start page, as somebody who is signed in."""
        app = AppTest.from_file(HOME, default_timeout=SECONDS)
        app.session_state[TOKEN] = sign_in_as(self.app.services.engine, username)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if path is not None:
            app.switch_page(path).run()
        return sound(app)

    def identity(self, username: str) -> Identity:
        """Somebody who is signed in, as pages give them to the engine; for an unknown name, somebody who is not."""
        try:
            token = sign_in_as(self.app.services.engine, username)
        except KeyError:
            return Identity(email=f"{username}@demo.example", name=username, roles=frozenset(), source="made up")
        found = signed_in(self.app, token)
        assert found is not None
        return found

    def at(self, number: str, who: str | Identity) -> Visit:
        """The visit of this person on a page of the account."""
        identity = self.identity(who) if isinstance(who, str) else who
        visit = Visit(self.app, identity)
        return replace(visit, opened=load(visit, number))

    def seat(self, app: AppTest, username: str) -> AppTest:
        """Somebody else signs in, in the same tab."""
        app.session_state[TOKEN] = sign_in_as(self.app.services.engine, username)
        return sound(app.run())

    def details(self, number: str, username: str = "lead", **query: str) -> AppTest:
        return self.open(username, DETAILS.path, account=number, **query)

    def accounts(self, username: str = "lead", **query: str) -> AppTest:
        return self.open(username, ACCOUNTS.path, **query)

    def fail(self, kind: str, match: str = "GET /v1/accounts", **how) -> None:
        """From now on Zuora fails these requests in this way."""
        self.zuora.state.faults.add(Fault(match=match, kind=kind, **how))

    def change(self, number: str, **values) -> None:
        """Change the account in the database, without the dashboard."""
        with writing(self.app.services.engine) as connection:
            connection.execute(update(account).where(account.c.number == number).values(**values))


def sound(app: AppTest) -> AppTest:
    """The same page; a bug in it fails the test."""
    assert not app.exception, [error.value for error in app.exception]
    return app


@pytest.fixture(scope="module")
def settings() -> dict:
    """Settings that are different for a file of tests; files override it."""
    return {}


@pytest.fixture(scope="module")
def _house(tmp_path_factory, settings) -> Iterator[House]:
    folder = copy_demo(tmp_path_factory.mktemp("house"))
    with zuora_of(folder) as zuora, sbc_of(folder) as sbc:
        given = {
            "data_dir": folder,
            "cookie_key": COOKIE_KEY,
            "zuora_url": zuora.url,
            "zuora_client_id": CLIENT_ID,
            "zuora_client_secret": CLIENT_SECRET,
            "zuora_attempts": 1,
            "sbc_url": sbc.url,
            "sbc_token": SBC_TOKEN,
            "sbc_attempts": 1,
            "zuora_cache_seconds": 0,
            "page_wait_seconds": 10,
            "step_attempts": 1,
            "log_level": "WARNING",
            **settings,
        }
        start.stop()
        hub = start.start(load_settings(**given))
        try:
            yield House(hub, zuora, sbc)
        finally:
            start.stop()


@pytest.fixture
def house(_house) -> Iterator[House]:
    yield _house
    _house.zuora.state.faults.clear()
    _house.sbc.state.faults.clear()


def demo(role: str) -> DemoAccount:
    """The demo account with this role."""
    return next(one for one in world().accounts if one.number == notable()[role])


def plain_accounts() -> list[DemoAccount]:
    """Accounts in good order, of the same name in the Hub and in Zuora, each test may take one for its own."""
    special = set(notable().values())
    return [
        one
        for one in world().accounts
        if one.number not in special
        and one.status == "active"
        and one.linked
        and one.parent is None
        and one.in_zuora is not None
        and (one.in_zuora.name, one.in_zuora.status, one.in_zuora.parent) == (one.name, "Active", None)
    ]


@pytest.fixture(scope="module")
def fits() -> Callable[[DemoAccount], object]:
    """Which accounts the tests of a file can use; files override it."""
    return lambda _account: True


@pytest.fixture(scope="module")
def _unused(fits) -> Iterator[DemoAccount]:
    return iter([one for one in plain_accounts() if fits(one)])


@pytest.fixture
def own(_unused) -> DemoAccount:
    """An account that no other test of this file has changed."""
    found = next(_unused, None)
    assert found is not None, "this file has more tests than there are accounts that fit"
    return found


def unmarked(text: str) -> str:
    """Customer text as it was before it was escaped or set in bold."""
    text = re.sub(r"^:red\[\*\*(.*)\*\*\]$", r"\1", text)
    return re.sub(r":small\[\\?(.)\]", r"\1", text).replace("\\", "")


def tables(app: AppTest, *columns: str) -> list[pd.DataFrame]:
    """The tables with these first columns, without the characters that keep customer text plain."""
    shown = [one.value for one in app.dataframe]
    shown += [one.value.map(unmarked) for one in app.table]
    return [frame for frame in shown if tuple(frame.columns[: len(columns)]) == columns]


def facts(app: AppTest) -> dict[str, tuple[str, str]]:
    """Fact -> what the Hub says, what Zuora says."""
    (frame,) = tables(app, "Fact")
    return {row.Fact: (row.Hub, row.Zuora) for row in frame.itertuples()}


def own_facts(app: AppTest) -> dict[str, str]:
    """Fact -> what it is, as a customer reads it."""
    (frame,) = tables(app, "Fact", "Your account")
    return dict(frame.itertuples(index=False))


def differences(app: AppTest) -> dict[str, tuple[str, str]]:
    """Field -> what the Hub says, what Zuora says, for the fields that differ."""
    return {row.Field: (row.Hub, row.Zuora) for frame in tables(app, "Field") for row in frame.itertuples()}


def shown_facts(app: AppTest) -> list[tuple[str, str]]:
    """Each label with the value below it, where they are lines of text."""
    found = (re.fullmatch(r":small\[:gray\[(.+)\]\]  \n\*\*(.*)\*\*", one.value) for one in app.markdown)
    return [(one[1], unmarked(one[2])) for one in found if one]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def said(app: AppTest) -> str:
    """Every sentence in a coloured box, without the characters that keep customer text plain."""
    boxes = [*app.error, *app.warning, *app.info, *app.success]
    return "\n".join(box.value for box in boxes).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    """Click the button with this label."""
    found = [button for button in app.button if button.label == label]
    assert found, f"no button {label!r} among {[button.label for button in app.button]}"
    return sound(found[-1].click().run())


def rerun_until(app: AppTest, enough: Callable[[AppTest], bool], seconds: float = 20) -> AppTest:
    """Draw the page again and again, as the browser does while something changes."""
    end = time.monotonic() + seconds
    while not enough(app):
        assert time.monotonic() < end, f"still: {said(app)}"
        time.sleep(0.1)
        sound(app.run())
    return app


def the_one(value: str | list[str]) -> str:
    """The value of a parameter that is in the address once."""
    return value if isinstance(value, str) else value[-1]
