"""A server that the soak kills: it opens a runner, carries out runs, and starts deactivations until it is killed.

It is forked from a process that has already loaded everything, so that a restart does not take two seconds.
"""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lib import logs
from lib.actions.account import deactivate
from lib.actions.engine.durable.stepping import Stepper
from lib.actions.engine.errors import AccountBusy, Blocked, PlanChanged, PlanExpired
from lib.actions.engine.plan import Confirmation
from lib.actions.engine.runner import Runner
from lib.clients.mail import MailConfig, Mailer
from lib.clients.sbc import KamailioSbc, SbcConfig
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.services import Services
from lib.settings import Settings
from lib.store import runs
from lib.store.away import is_away
from lib.store.engine import make_engine
from lib.store.schema import account, action_claim
from tests.actions.conftest import LEAD, make_runner
from tests.faults import machine  # noqa: F401 - so that `sleep` works while the clock is set

CLOSING = "Closing"
"""The first word of the names of accounts that are to be deactivated."""
OPEN = "open"
"""What a server sends once it has started, unless it is to hang somewhere."""
AT_ONCE = 2
"""How many of its own runs a server has under way; those it takes over from a dead server are extra."""
POINTS: dict[str, tuple[Any, str]] = {
    "begin": (deactivate, "begin"),  # the Hub says where the account is going, the end of the step is not recorded
    "recorded": (Stepper, "_end"),  # the end of that step is in the audit, the step engine does not know
    "cancel": (Zuora, "cancel_subscription"),  # Zuora has cancelled the first one, nothing here says so
    "rules": (KamailioSbc, "delete_rules"),  # the SBC has removed the first rules, nothing here says so
    "queues": (deactivate, "keep_items"),  # removed and kept, in a transaction that is not committed
    "hub": (deactivate, "arrive"),  # the Hub says deactivated, the end of the step is not recorded
}
"""Where a server can be made to hang until it is killed, in the order of a run: after its first such call."""


def serve(settings: dict[str, Any], log: Path, pipe: Pipe, point: str | None = None) -> None:
    """Run until killed. Sends its executor id, and `point` when it hangs there."""
    # Its own process group, so that the kill ends everything it may have started.
    os.setsid()
    with log.open("a") as output:
        os.dup2(output.fileno(), sys.stderr.fileno())
    logs.configure("WARNING")
    services = _services(Settings(_env_file=None, **settings))
    runner = make_runner(services)
    if point is not None:
        _stand_still_after(*POINTS[point], lambda: pipe.send(point))
    pipe.send(runner.executor_id)
    runner.open()
    if point is None:
        pipe.send(OPEN)
    chance = random.Random(runner.executor_id)
    mine: list[str] = []
    while True:
        try:
            mine = _still_open(services, mine)
            if len(mine) < AT_ONCE and (started := _start_one(runner, chance)) is not None:
                mine.append(started)
        except Exception as error:
            # On a page the person sees this and tries again.
            if not is_away(error):
                raise
            time.sleep(0.5)
        time.sleep(0.05)


def _start_one(runner: Runner, chance: random.Random) -> str | None:
    """Deactivate an account that nobody has begun with. None when all are begun, or another server was faster."""
    with runner.services.engine.connect() as connection:
        waiting = list(
            connection.execute(
                select(account.c.number).where(
                    account.c.name.like(f"{CLOSING}%"),
                    account.c.status == "active",
                    account.c.changing_to.is_(None),
                    account.c.number.not_in(select(action_claim.c.account)),
                )
            ).scalars()
        )
    if not waiting:
        return None
    number = chance.choice(waiting)
    plan = runner.plan("deactivate", number, {"zuora": "invoice_period"}, LEAD)
    try:
        return runner.start(plan, LEAD, Confirmation(typed=number, reason="customer_request", note="Closed the shop."))
    except (AccountBusy, Blocked, PlanChanged, PlanExpired):
        return None


def _still_open(services: Services, run_ids: list[str]) -> list[str]:
    with services.engine.connect() as connection:
        known = {run_id: runs.get_run(connection, run_id) for run_id in run_ids}
    return [run_id for run_id, run in known.items() if run is not None and run.is_open]


def _stand_still_after(owner: Any, name: str, tell: Callable[[], None]) -> None:
    """Make the first call of this function hang after its work. Nothing else of the product is changed."""
    real = getattr(owner, name)

    def call(*given: Any, **more: Any) -> None:
        real(*given, **more)
        tell()
        threading.Event().wait()

    setattr(owner, name, call)


def _services(settings: Settings) -> Services:
    """With the product's time limits: on a busy machine the stand-ins may take seconds, and no run may fail because of
    that.
    """
    return Services(
        settings=settings,
        engine=make_engine(settings.database),
        zuora=Zuora(
            ZuoraConfig(
                url=settings.zuora_url,
                client_id=settings.zuora_client_id,
                client_secret=settings.zuora_client_secret.get_secret_value(),
            )
        ),
        sbc=KamailioSbc(SbcConfig(url=settings.sbc_url, token=settings.sbc_token.get_secret_value())),
        mailer=Mailer(
            MailConfig(
                host=settings.mail_host,
                port=settings.mail_port,
                security="none",
                username="",
                password="",
                sender=settings.mail_from,
                connect_seconds=settings.mail_connect_seconds,
                read_seconds=settings.mail_read_seconds,
            )
        ),
    )
