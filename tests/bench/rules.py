"""A refresh of 10,000 auth rules on a real SBC, compared with the same requests without the Hub."""

import gc
import time
from pathlib import Path
from uuid import uuid4

from sqlalchemy import delete, insert

from lib.actions.engine.action import Job
from lib.actions.numbers.refresh_rules import refresh_rules, verify_rules
from lib.clients.mail import MailConfig, Mailer
from lib.clients.sbc import AuthRule, KamailioSbc, SbcConfig
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.domain.chunks import chunks
from lib.services import Services
from lib.settings import Settings
from lib.store import migrate, schema
from lib.store.engine import make_engine, writing
from tests.bench.samples import Report, Samples
from tests.common.factories import make_run, put_account
from tests.kamailio import Kamailio

MANY = 10_000
ROUNDS = 3
CHUNK = 200
BUDGET = 1.5


def measure_refresh(folder: Path, report: Report) -> None:
    """Both in turn, each time from an SBC without a rule of the account."""
    numbers = [f"+6{area}7010{last:04}" for area in ("12", "13", "17", "18") for last in range(2500)]
    with Kamailio(folder / "sbc") as running:
        sbc = KamailioSbc(SbcConfig(url=running.url, token=running.token))
        services = _hub(folder, running, sbc, numbers)
        product, raw = Samples("refresh"), Samples("raw")
        # As lib/app/start.py does. Without it the garbage collector would visit what was measured before again and
        # again.
        gc.collect()
        gc.freeze()
        for turn in range(1 + ROUNDS):
            for samples, work in ((raw, _by_hand), (product, _by_step)):
                # Forgotten, not only deleted: the SBC keeps the revision of a deleted rule, and refuses an older write.
                sbc.delete_rules(numbers, actor="bench", track="bench")
                sbc.forget_rules(numbers, actor="bench", track="bench")
                began = time.perf_counter()
                work(services, numbers, turn)
                if turn:
                    samples.add((time.perf_counter() - began) * 1000)
        sbc.close()
    ratio = product.median / raw.median
    report.heading(f"Refresh of {MANY:,} missing auth rules, {ROUNDS} times each in turn, in milliseconds.")
    report.line(f"raw requests, {CHUNK} rules each     median {raw.median:>8.0f}")
    mark = report.judge(f"refresh of {MANY:,} rules: {ratio:.2f}x the raw requests", ratio, BUDGET)
    report.line(f"the action's two steps            median {product.median:>8.0f}   {ratio:.2f}x{mark}")


def _hub(folder: Path, running: Kamailio, sbc: KamailioSbc, numbers: list[str]) -> Services:
    url = f"sqlite:///{folder / 'bench.db'}"
    migrate.upgrade(url)
    engine = make_engine(url)
    with writing(engine) as connection:
        owner = put_account(connection, name="Bench")
        connection.execute(
            insert(schema.phone_number),
            [{"account_id": owner, "e164": number, "kind": "local", "trunk": "syd-1"} for number in numbers],
        )
        connection.execute(delete(schema.rule_change))
    nowhere = MailConfig(host="127.0.0.1", port=9, security="none", sender="bench@example.com")
    zuora = Zuora(ZuoraConfig(url="http://127.0.0.1:9", client_id="", client_secret=""))
    settings = Settings(data_dir=folder, sbc_url=running.url)
    return Services(settings=settings, engine=engine, zuora=zuora, sbc=sbc, mailer=Mailer(nowhere))


def _by_step(services: Services, _numbers: list[str], _turn: int) -> None:
    key = uuid4().hex
    context = Job(services, make_run(key, "refresh_rules", "1001"), "rules", key=key)
    assert refresh_rules(context).count == MANY
    assert verify_rules(context).count == MANY


def _by_hand(services: Services, numbers: list[str], turn: int) -> None:
    """The same requests in the same order, with nothing between them."""
    sbc = services.sbc
    sbc.rules_of_account("1001")
    sbc.get_rules(numbers)
    for piece in chunks(numbers, CHUNK):
        wanted = [AuthRule(number, "1001", "allowed", "syd-1", turn + 1) for number in piece]
        sbc.put_rules(wanted, actor="bench", track="bench")
        sbc.get_rules(piece)
    sbc.rules_of_account("1001")
    sbc.get_rules(numbers)
