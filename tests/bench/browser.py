"""Clicks in a real Chromium, timed inside the page: from the click to the first frame in which the new page stands."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.samples import Report, Samples
from tests.server import COOKIE, Server, cookie

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
RATIO_BUDGET = 1.8
CHART_RATIO_BUDGET = 2.3
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


@dataclass(frozen=True)
class Target:
    """A page to click to: the link of the sidebar, a text that only this page has, what it draws."""

    name: str
    link: str
    marker: str
    tables: int
    charts: int = 0

    @property
    def budget(self) -> float:
        """How many times the empty page it may take."""
        return CHART_RATIO_BUDGET if self.charts else RATIO_BUDGET


SECTIONS = (
    Target("billing details", "Billing details", "Allowances of the account", 1, charts=1),
    Target("account contacts", "Account contacts", "Additional invoice addresses", 0),
    Target("PBX, 5,000 phone users", "PBX", "Find an extension", 1),
    Target("emergency details", "Emergency details", "Download by number", 0),
    Target("sent e-mails, 300,000", "Sent e-mail history", "followed from here", 1),
    Target("activity, 300,000 e-mails", "Activity", "Check the audit", 0),
)
"""The other sections, of an account that has far more than any other."""


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
        """Milliseconds and bytes of one navigation; whatever trails in afterwards is counted too."""
        self.page.bring_to_front()
        before = self.received
        took = float(self.page.evaluate(_CLICK, [target.link, target.marker, target.tables, target.charts]))
        self.page.wait_for_timeout(SETTLE_MS)
        return took, self.received - before


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def measure_pages(product: Server, empty: Server, small: str, large: str, report: Report) -> None:
    """Click through the product's pages and the empty ones in turn, in one browser, and compare their medians."""
    ones = Target("empty page", "Empty one", "empty page one", 0)
    twos = Target("empty page", "Empty two", "empty page two", 0)
    everything = Target("all accounts", "All accounts", "Choose a row to open", 1)
    details_small = Target("account details, small account", "Account details", "Phone users", 1)
    details_large = Target("account details, 5,000 numbers", "Account details", "Phone users", 1)
    targets = {one.name: one for one in (ones, details_small, details_large, everything, *SECTIONS)}
    samples = {name: Samples(name) for name in targets}
    with chromium() as browser:
        tabs = {
            "empty": Tab(browser, f"{empty.url}/two", None),
            "small": Tab(browser, f"{product.url}/account-details?account={small}", cookie("lead")),
            "large": Tab(browser, f"{product.url}/account-details?account={large}", cookie("lead")),
        }
        tabs["empty"].page.get_by_text("empty page two").wait_for()
        for name in ("small", "large"):
            tabs[name].page.get_by_text("Phone users").wait_for()
            tabs[name].click(everything)
        turns = [
            ("empty", ones),
            ("small", details_small),
            ("large", details_large),
            ("empty", twos),
            ("small", everything),
            *(("large", section) for section in SECTIONS),
            ("large", everything),
        ]
        for turn in range(WARM_UP + ROUNDS):
            for tab, target in turns:
                took, size = tabs[tab].click(target)
                if turn >= WARM_UP:
                    samples[target.name].add(took, size)
    _print(targets, samples, ones.name, report)


def _print(targets: dict[str, Target], samples: dict[str, Samples], empty: str, report: Report) -> None:
    report.heading(
        f"Pages: a click in the sidebar, at least {ROUNDS} each in turn, in milliseconds. "
        f"Budget: {RATIO_BUDGET} times the empty page, {CHART_RATIO_BUDGET} with a chart, "
        f"{BYTES_BUDGET // 1000} kB a navigation."
    )
    report.line(f"{'page':<32} {'median':>7} {'p95':>7} {'ratio':>6} {'kB':>7}")
    for one in samples.values():
        ratio = one.median / samples[empty].median
        mark = ""
        if one.name != empty:
            mark = report.judge(f"{one.name}: {ratio:.2f} times the empty page", ratio, targets[one.name].budget)
            mark = report.judge(f"{one.name}: {one.size / 1000:.0f} kB", one.size, BYTES_BUDGET) or mark
        report.line(f"{one.name:<32} {one.median:>7.0f} {one.p95:>7.0f} {ratio:>6.2f} {one.size / 1000:>7.1f}{mark}")
