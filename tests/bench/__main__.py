"""`make bench`: measure pages, scripts, search, a rename and a refresh of auth rules, and print ratios.

One run measures everything in turn, in one browser and on one machine. Do not compare figures of two runs or of two
machines. A figure over its budget is marked but does not fail the run: a busy machine is not a bug.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from lib.demo import notable
from lib.store import accounts
from lib.store.engine import make_engine
from tests.bench.browser import CHROMIUM, measure_pages
from tests.bench.crowd import crowd
from tests.bench.rules import measure_refresh
from tests.bench.samples import Report
from tests.bench.server_side import measure_rename, measure_scripts, measure_search
from tests.server import copy_demo, serving, zuora_of

EMPTY = "tests/bench/empty.py"


def main() -> int:
    if not Path(CHROMIUM).exists():
        print(f"Nothing was measured: there is no {CHROMIUM}. Install Chromium with apt.", file=sys.stderr)
        return 1
    small, large = notable()["same_contact"], notable()["five_thousand"]
    report = Report()
    with tempfile.TemporaryDirectory(prefix="am-bench-") as folder:
        data, yardstick, alone = (Path(folder, name) for name in ("product", "empty", "rename"))
        yardstick.mkdir()
        filled = make_engine(f"sqlite:///{copy_demo(data) / 'hub.db'}")
        crowd(filled, large)
        filled.dispose()
        busy, cores = os.getloadavg()[0], os.cpu_count() or 1
        print(f"This machine has {cores} cores and a load of {busy:.1f} before the start.", flush=True)
        if busy > cores / 4:
            # The empty page needs hardly any processor time, so competition for it raises every ratio.
            print("It is busy with something else: the ratios below are too high.", flush=True)
        with (
            # In its own process, as Zuora runs on another machine: the stand-in would take time from the server.
            zuora_of(data) as zuora,
            serving(data, zuora=zuora) as product,
            serving(yardstick, script=EMPTY, wait_for="/_stcore/health") as empty,
        ):
            measure_pages(product, empty, small, large, report)
            measure_scripts(product, empty, small, large, report)
            with product.hub() as engine:
                with engine.connect() as connection:
                    name = accounts.get_account(connection, small).name
                measure_search(engine, small, name, report)
        measure_rename(copy_demo(alone), small, report)
        if shutil.which("kamailio", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"):
            measure_refresh(Path(folder), report)
        else:
            print("\nThe refresh of auth rules was not measured: Kamailio is not installed.")
    print()
    for one in report.over:
        print(f"OVER BUDGET: {one}")
    if not report.over:
        print("Everything is within its budget.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
