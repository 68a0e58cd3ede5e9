"""Clicks in a real Chromium, timed inside the page: from the click to the first frame that shows the whole new page."""

import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from tests.bench.samples import Report, Samples
from tests.bench.targets import DETAILS_LARGE, DETAILS_SMALL, EVERYTHING, SECTIONS, Target
from tests.server import COOKIE, Server, Session, serving

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WARM_UP = 3
ROUNDS = 15
SETTLE_MS = 200
REPLAY_BUDGET = 1.5
REPLAY = "tests/bench/replay.py"
BYTES_BUDGET = 300_000

# A frame counts when the script has ended, nothing on the page is left from the one before, the text that only the
# new page has is there, and so are its tables (a canvas with a width, not its skeleton) and its charts.
_CLICK = """
([link, marker, tables, charts]) => new Promise((resolve, reject) => {
  const target = [...document.querySelectorAll('[data-testid=stSidebarNavLink]')]
    .find(one => one.textContent.includes(link));
  if (!target) { reject(new Error('no link ' + link)); return; }
  const main = () => document.querySelector('[data-testid=stMain]');
  const stands = () => {
    const app = document.querySelector('[data-testid=stApp]');
    if (!app || app.dataset.testScriptState !== 'notRunning') return false;
    if (!main() || !main().innerText.includes(marker)) return false;
    if (main().querySelector('[data-stale=true]')) return false;
    const drawn = [...main().querySelectorAll('[data-testid=stDataFrame] canvas')].filter(one => one.width > 50);
    return drawn.length >= tables && main().querySelectorAll('.js-plotly-plot .main-svg').length >= charts;
  };
  if (main().innerText.includes(marker)) { reject(new Error('already there: ' + marker)); return; }
  const began = performance.now();
  target.click();
  const look = () => {
    if (stands()) { resolve(performance.now() - began); return; }
    if (performance.now() - began > 15000) { reject(new Error('not there after 15 s: ' + marker)); return; }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})
"""


class Tab:
    """One browser tab with its own session, and the bytes its websocket received."""

    def __init__(self, browser: Browser, address: str, token: str | None) -> None:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        if token:
            context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        self.page: Page = context.new_page()
        self.received = 0
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._count))
        self.page.goto(address)

    def _count(self, payload: str | bytes) -> None:
        self.received += len(payload)

    def click(self, target: Target) -> tuple[float, int]:
        """Milliseconds and bytes of one navigation; bytes that come after the page is shown are counted too."""
        self.page.bring_to_front()
        before = self.received
        took = float(self.page.evaluate(_CLICK, [target.link, target.marker, target.tables, target.charts]))
        self.page.wait_for_timeout(SETTLE_MS)
        return took, self.received - before


def record(product: Server, account: str, target: Target) -> list[bytes]:
    """What the product sends to draw this page, in order, without what names the page or ends the script."""
    with Session(product, token=product.cookie("lead")) as session:
        session.ask(page_name=target.path, query=f"account={account}")
        # Again: the first time the page reads Zuora, and until then it draws something else.
        session.take()
        session.ask(page_name=target.path, query=f"account={account}")
        sent = session.take().messages
    return [one.SerializeToString() for one in sent if one.WhichOneof("type") == "delta"]


@contextmanager
def replaying(recorded: dict[str, list[bytes]]) -> Iterator[Server]:
    """A server with one page for each recording, which sends it again."""
    with tempfile.TemporaryDirectory(prefix="am-replay-") as folder:
        file = Path(folder, "recorded")
        file.write_bytes(pickle.dumps(recorded))
        with serving(Path(folder), script=REPLAY, wait_for="/_stcore/health", replay=file) as server:
            yield server


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def measure_pages(product: Server, empty: Server, small: str, large: str, report: Report) -> None:
    """Click through the product's pages, the same pages replayed and empty ones in turn, in one browser."""
    ones = Target("empty page", "Empty one", "one", "empty page one")
    twos = Target("empty page", "Empty two", "two", "empty page two")
    own = {"small": [DETAILS_SMALL, EVERYTHING], "large": [DETAILS_LARGE, *SECTIONS, EVERYTHING]}
    accounts = {"small": small, "large": large}
    pages = {target.name: (tab, target) for tab, targets in own.items() for target in targets}
    took = {name: Samples(name) for name in ("empty page", *pages)}
    replayed = {name: Samples(name) for name in pages}
    with ExitStack() as stack:
        recorded = {name: record(product, accounts[tab], target) for name, (tab, target) in pages.items()}
        copy = stack.enter_context(replaying(recorded))
        browser = stack.enter_context(chromium())
        tabs = {
            "empty": Tab(browser, f"{empty.url}/two", None),
            "replay": Tab(browser, copy.url, None),
            "small": Tab(browser, f"{product.url}/account-details?account={small}", product.cookie("lead")),
            "large": Tab(browser, f"{product.url}/account-details?account={large}", product.cookie("lead")),
        }
        tabs["empty"].page.get_by_text("empty page two").wait_for()
        for name in ("small", "large", "replay"):
            tabs[name].page.get_by_test_id("stMain").get_by_text("Phone users").wait_for()
        # More links than the sidebar shows at first.
        with suppress(TimeoutError):
            tabs["replay"].page.get_by_text("View more").click(timeout=1000)
        for name in ("small", "large"):
            tabs[name].click(EVERYTHING)
        tabs["replay"].click(replace(EVERYTHING, link=EVERYTHING.name))
        for turn in range(WARM_UP + ROUNDS):
            for name, targets in (("empty", [ones, twos]), *own.items()):
                # The first clicks in an idle tab are slow, whatever it shows.
                for target in (targets[0], targets[-1]):
                    tabs[name].click(target)
                for target in targets:
                    clicks = [(took, name, target)]
                    if name != "empty":
                        clicks.append((replayed, "replay", replace(target, link=target.name)))
                    for samples, where, what in clicks:
                        milliseconds, size = tabs[where].click(what)
                        if turn >= WARM_UP:
                            samples[what.name].add(milliseconds, size)
    _print(took, replayed, report)


def _print(took: dict[str, Samples], replayed: dict[str, Samples], report: Report) -> None:
    empty = took["empty page"].median
    report.heading(
        f"Pages: a click in the sidebar, at least {ROUNDS} each in turn, in milliseconds. "
        f"Budget: {REPLAY_BUDGET} times the same page replayed, {BYTES_BUDGET // 1000} kB a navigation. "
        "The ratio to the empty page is printed for comparison."
    )
    report.line(f"{'page':<32} {'median':>7} {'p95':>7} {'replayed':>9} {'ratio':>6} {'of empty':>9} {'kB':>7}")
    report.line(f"{'empty page':<32} {empty:>7.0f} {took['empty page'].p95:>7.0f}")
    for name, copy in replayed.items():
        one = took[name]
        ratio = one.median / copy.median
        mark = report.judge(f"{name}: {ratio:.2f} times the page replayed", ratio, REPLAY_BUDGET)
        mark = report.judge(f"{name}: {one.size / 1000:.0f} kB", one.size, BYTES_BUDGET) or mark
        report.line(
            f"{name:<32} {one.median:>7.0f} {one.p95:>7.0f} {copy.median:>9.0f} {ratio:>6.2f} "
            f"{one.median / empty:>9.2f} {one.size / 1000:>7.1f}{mark}"
        )
