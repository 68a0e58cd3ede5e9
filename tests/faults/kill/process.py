"""A separate process that carries out runs, for tests that kill it or race it.

`hang`: start a rename, say when it gets to a point, and hang there until killed.
`carry_on`: take over what others left, until killed.
`python -m tests.faults.kill.process`: plan a rename, print `ready`, wait for a line on standard input, start it, and
print the outcome.
"""

import os
import sys
import threading
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from lib import logs
from lib.actions.account.rename import Rename
from lib.actions.engine.durable import stepping
from lib.actions.engine.errors import ActionError
from lib.actions.engine.runner import Runner
from lib.actions.engine.starting import begin
from lib.clients.zuora import Zuora
from lib.settings import Settings
from lib.store.engine import make_engine
from tests.actions.conftest import LEAD, make_runner, make_services

NEW = "Wattle after the kill"


def arm(point: str, pipe: Pipe) -> None:
    """Make the product hang at one point. Nothing else of it is changed."""

    def stand_still(point: str) -> None:
        pipe.send(point)
        threading.Event().wait()

    where, _, step_name = point.partition(":")
    if point == "written":
        begin.hand_over = lambda _run: stand_still(point)
    elif point == "sent":
        real_rename = Zuora.rename_account

        def rename_account(self, *given, **more):
            real_rename(self, *given, **more)
            stand_still(point)

        Zuora.rename_account = rename_account
    elif where in ("before", "after"):
        steps = {step.name: step for step in Rename.steps}
        step = steps[step_name]
        real_run = step.run

        def run(context):
            if where == "before":
                stand_still(point)
            real_run(context)
            stand_still(point)

        object.__setattr__(step, "run", run)
    elif where == "recorded":
        real_end = stepping.Stepper._end

        def end(self, run, step, phase, details):
            elsewhere = real_end(self, run, step, phase, details)
            if (step, phase) == (step_name, "ok"):
                stand_still(point)
            return elsewhere

        stepping.Stepper._end = end
    elif point == "closed":
        real_finish = stepping.Stepper.finish

        def finish(self, run_id):
            real_finish(self, run_id)
            stand_still(point)

        stepping.Stepper.finish = finish
    else:
        raise ValueError(point)


def hang(settings: dict[str, Any], log: Path, pipe: Pipe, point: str) -> None:
    """Start a rename that hangs at the point."""
    runner = _runner(settings, log)
    arm(point, pipe)
    runner.open()
    runner.start(runner.plan("rename", "1001", {"name": NEW, "base": "Wattle Plumbing"}, LEAD), LEAD)
    threading.Event().wait()


def carry_on(settings: dict[str, Any], log: Path, _pipe: Pipe) -> None:
    """Do what a server does when nobody has a page open."""
    _runner(settings, log).open()
    threading.Event().wait()


def _runner(settings: dict[str, Any], log: Path) -> Runner:
    # Its own process group, so that a kill ends everything it may have started.
    os.setsid()
    with log.open("a") as output:
        os.dup2(output.fileno(), sys.stderr.fileno())
    logs.configure("ERROR")
    given = Settings(_env_file=None, **settings)
    return make_runner(make_services(given, make_engine(given.database)))


def main() -> None:
    logs.configure("ERROR")
    settings = Settings(_env_file=None)
    engine = make_engine(settings.database)
    services = make_services(settings, engine)
    runner = make_runner(services)
    runner.open()
    plan = runner.plan("rename", "1001", {"name": f"Wattle {os.getpid()}", "base": "Wattle Plumbing"}, LEAD)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print("started", runner.start(plan, LEAD), flush=True)
    except ActionError as error:
        print(type(error).__name__, str(error), flush=True)
    sys.stdin.readline()
    runner.close()


if __name__ == "__main__":
    Path(os.environ["AM_DATA_DIR"]).mkdir(parents=True, exist_ok=True)
    main()
