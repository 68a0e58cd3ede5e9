"""A real Chromium in front of a real server. Each test also checks what it requested and which errors it logged."""

import contextlib
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from lib.demo.model import DemoAccount
from lib.standins.zuora import ZuoraStandin
from tests.pages.conftest import plain_accounts
from tests.server import CLIENT_ID, CLIENT_SECRET, COOKIE, Server, copy_demo, serving, zuora_of

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = {"127.0.0.1", "localhost"}
SECONDS = 20

TOO_WIDE = """
() => [document.documentElement, document.body, document.querySelector('[data-testid=stMain]')]
    .filter(one => one.scrollWidth > Math.min(window.innerWidth, one.clientWidth + 1))
    .map(one => `${one.tagName} ${one.scrollWidth}`)
"""

expect.set_options(timeout=SECONDS * 1000)


@dataclass
class House:
    """The running dashboard with its Zuora, and ways to open its pages."""

    server: Server
    zuora: ZuoraStandin
    browser: Browser
    strays: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    contexts: ExitStack = field(default_factory=ExitStack)

    def context(self, **how) -> BrowserContext:
        """A new browser context: no cookie, nothing in its cache."""
        made = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
        self.contexts.callback(made.close)
        made.on("page", self._watch)
        return made

    def visit(self, path: str = "/", context: BrowserContext | None = None, **how) -> Page:
        """A tab on that address."""
        page = (context or self.context(**how)).new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.goto(self.server.url + path)
        return page

    def open(self, username: str, path: str = "/", **how) -> Page:
        """A tab of a person who signed in a while ago."""
        context = self.context(**how)
        context.add_cookies([{"name": COOKIE, "value": self.server.cookie(username), "url": self.server.url}])
        page = self.visit(path, context)
        expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
        settled(page)
        return page

    def zuora_name(self, zuora_id: str) -> str:
        """The account's name as Zuora answers it over HTTP."""
        body = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "client_credentials"}
        token = requests.post(f"{self.zuora.url}/oauth/token", data=body, timeout=5).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        reply = requests.get(f"{self.zuora.url}/v1/accounts/{zuora_id}", headers=headers, timeout=5)
        return reply.json()["basicInfo"]["name"]

    def _watch(self, page: Page) -> None:
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, said: ConsoleMessage) -> None:
        # On an address with a path, Streamlit's page asks for these under the path first, and then where they are.
        probes = ("/_stcore/health", "/_stcore/host-config")
        if said.type == "error" and not said.location["url"].endswith(probes):
            self.complaints.append(f"{said.text} {said.location['url']}")

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.hostname not in HERE:
            self.strays.append(url)


# For the tests of one file: while Playwright is open an event loop runs, and no run can be started in this process.
@pytest.fixture(scope="session")
def _unused() -> Iterator[DemoAccount]:
    """From the end: tests that look for an account of a certain kind find it at the beginning."""
    return reversed(plain_accounts())


@pytest.fixture
def own(_unused) -> DemoAccount:
    """An account that no other test in this browser has changed."""
    return next(_unused)


@pytest.fixture(scope="module")
def _browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def _running(tmp_path_factory, _browser) -> Iterator[tuple[Server, ZuoraStandin]]:
    folder = copy_demo(tmp_path_factory.mktemp("browser"))
    with zuora_of(folder) as zuora, serving(folder, zuora=zuora) as server:
        yield server, zuora


@pytest.fixture
def house(_running, _browser) -> Iterator[House]:
    """The dashboard; checks at the end that the browser sent nothing to another machine and logged no error."""
    server, zuora = _running
    made = House(server, zuora, _browser)
    with made.contexts:
        yield made
    zuora.state.faults.clear()
    assert made.strays == []
    assert made.complaints == []


def fill_sign_in(page: Page, username: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(f"{username}-demo")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def until(page: Page, expression: str) -> None:
    """Wait until the expression is true in the page. Playwright's own wait needs `eval`, which the page forbids."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        # A page that is being left cannot be asked.
        with contextlib.suppress(PlaywrightError):
            if page.evaluate(expression):
                return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def cookie_of(page: Page) -> str | None:
    return next((one["value"] for one in page.context.cookies() if one["name"] == COOKIE), None)


def settled(page: Page) -> None:
    """Wait until the script has run and the page shows its result."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def fits(page: Page, picture: Path) -> None:
    """Nothing is wider than the window, on a desktop and on a phone; a picture of each, light and dark, is kept."""
    for width in (1280, 420):
        page.set_viewport_size({"width": width, "height": 1000})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            settled(page)
            page.screenshot(path=picture.with_name(f"{picture.name}-{scheme}-{width}.png"))
        assert page.evaluate(TOO_WIDE) == [], picture


def choose_first(page: Page, name: str, option: str) -> None:
    """Choose the first option of a select box, and try again until the box shows it."""
    box = page.get_by_role("combobox", name=name)

    def chosen() -> bool:
        # A page that is drawn again at this moment loses the key press.
        with contextlib.suppress(PlaywrightError, AssertionError):
            box.click(timeout=3000)
            page.get_by_role("option", name=option, exact=True).click(timeout=3000)
            settled(page)
            expect(box).to_have_value(option, timeout=3000)
            return True
        return False

    assert any(chosen() for _ in range(5)), f"{name}: {box.input_value()!r}"


def follow(page: Page, link: Locator, address: str | re.Pattern[str]) -> None:
    """Press a link until the page is there: a page that is drawn again at that moment can lose the click."""
    for _ in range(3):
        link.click()
        with contextlib.suppress(PlaywrightError):
            page.wait_for_url(address, timeout=6000)
            return
    page.wait_for_url(address)


def picker(page: Page):
    return page.get_by_role("searchbox", name="Find an account")


def heading(page: Page, text: str):
    return page.get_by_role("heading", name=text, exact=True)
