"""`python -m tests.faults.soak`: run the tests at random moments, with as many kills each as asked for."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from lib.settings import PROJECT
from tests.faults import machine

TESTS = ("test_deactivate_kill.py", "databases.py")


def main() -> int:
    """The exit code of pytest; the tests print a table."""
    parser = argparse.ArgumentParser(description="Kill servers amid deactivations, and check what is left.")
    parser.add_argument("--kills", type=int, default=100, help="on each database, with one server and with two")
    parser.add_argument("--seed", type=int, help="of the random moments; otherwise each test has one of its own")
    parser.add_argument("--only", default="", metavar="WORDS", help="as pytest's -k, such as 'sqlite and two'")
    given = parser.parse_args()
    environment = os.environ | {"SOAK_KILLS": str(given.kills)}
    if given.seed is not None:
        environment["SOAK_SEED"] = str(given.seed)
    tests = [Path(__file__).with_name(name) for name in TESTS]
    command = [sys.executable, "-m", "pytest", "-s", "-p", "no:randomly", "-k", _selection(given.only), *tests]
    with machine.prepared() as (troubles, preload):
        print(f"Besides kills: {', '.join(troubles) or 'nothing; see tests/faults/machine.py'}", flush=True)
        environment |= preload | {"SOAK_TROUBLES": " ".join(troubles)}
        return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


def _selection(only: str) -> str:
    every = "(random_moments or come_and_go)"
    return f"{every} and ({only})" if only else every


if __name__ == "__main__":
    sys.exit(main())
