"""A server in its own process that gives a PBX another group name, for a test that kills it."""

import os
import sys
import threading
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from lib import logs
from lib.actions.engine.durable.stepping import Stepper
from lib.actions.engine.plan import Confirmation
from lib.actions.pbx import rename_pbx
from lib.clients.mail import Mailer
from lib.settings import Settings
from lib.store.engine import make_engine
from tests.actions.conftest import LEAD, make_runner, make_services

ACCOUNT, PBX, OLD, NEW = "1001", 1, "wattle", "wattle-gas"
PATIENCE = 30.0
"""Seconds for the mail server: a busy machine must not make an e-mail be sent again."""
POINTS: dict[str, tuple[Any, str, int]] = {
    "uncommitted": (rename_pbx, "keep_items", 1),  # every login written, in a transaction that is not committed
    "changed": (Stepper, "_do", 1),  # every login is changed, nothing says that the step has ended
    "between": (Stepper, "_end", 1),  # the end of the first step is in the audit, nobody has been mailed
    "taken": (Mailer, "send", 2),  # the mail server took the second e-mail, nothing here says so
    "mailed": (rename_pbx, "send_mail", 2),  # two e-mails are sent and on record, the others are not sent
    "told": (Stepper, "_end", 1),  # everybody is mailed and that is in the audit, the step engine does not know
}
"""Where a server that begins the run or takes it over can be made to hang until it is killed, in the order of the run:
after which call, as this server counts them."""


def serve(settings: dict[str, Any], log: Path, pipe: Pipe, point: str | None) -> None:
    """Run until killed; send the name of the point when it hangs there. The first of these servers starts the
    rename."""
    # Its own process group, so that the kill ends everything it may have started.
    os.setsid()
    with log.open("a") as output:
        os.dup2(output.fileno(), sys.stderr.fileno())
    logs.configure("WARNING")
    given = Settings(_env_file=None, **settings)
    services = make_services(given, make_engine(given.database))
    patient = replace(services.mailer.config, connect_seconds=PATIENCE, read_seconds=PATIENCE)
    services = replace(services, mailer=Mailer(patient))
    runner = make_runner(services)
    if point is not None:
        stand_still_after(*POINTS[point], pipe, point)
    pipe.send(runner.executor_id)
    runner.open()
    if point == next(iter(POINTS)):
        plan = runner.plan("rename_pbx", ACCOUNT, {"pbx": PBX, "group_name": NEW, "base": OLD}, LEAD)
        runner.start(plan, LEAD, Confirmation(typed=ACCOUNT))
    threading.Event().wait()


def stand_still_after(owner: Any, name: str, count: int, pipe: Pipe, point: str) -> None:
    """Make the `count`th call of this function hang after its work. Nothing else of the product is changed."""
    real = getattr(owner, name)
    made = 0

    def call(*given: Any, **more: Any) -> Any:
        nonlocal made
        answer = real(*given, **more)
        made += 1
        if made == count:
            pipe.send(point)
            threading.Event().wait()
        return answer

    setattr(owner, name, call)
