"""What the server does without a browser: a script run over a raw websocket, the search, a rename."""

import secrets
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Engine

from lib import logs
from lib.actions.catalogue import ACTIONS
from lib.actions.engine.runner import Runner
from lib.clients.mail import MailConfig, Mailer
from lib.clients.sbc import KamailioSbc, SbcConfig
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.domain.permissions import Identity, Role
from lib.services import Services
from lib.settings import Settings
from lib.standins.zuora import ZuoraStandin
from lib.store import accounts, search
from lib.store.engine import make_engine, writing
from tests.bench.samples import Report, Samples
from tests.bench.targets import DETAILS_LARGE, DETAILS_SMALL, EVERYTHING, SECTIONS
from tests.people import let_in, somebody
from tests.server import CLIENT_ID, CLIENT_SECRET, Server, Session

SCRIPT_ROUNDS = 30
SEARCH_ROUNDS = 40
RENAMES = 6
SCRIPT_BUDGET_MS = 40
SEARCH_BUDGET_MS = 10
WARM_UP = 3


def measure_scripts(product: Server, empty: Server, small: str, large: str, report: Report) -> None:
    """From the request of a page to the end of its script, in one session per page, in turn."""
    token = product.cookie("lead")
    asked = {"empty page": (Session(empty), {"page_name": "one"})}
    for target in (DETAILS_SMALL, DETAILS_LARGE, EVERYTHING, *SECTIONS):
        question = {"page_name": target.path, "query": f"account={small if target is DETAILS_SMALL else large}"}
        asked[target.name] = (Session(product, token=token), question)
    samples = {name: Samples(name) for name in asked}
    with ExitStack() as open_sessions:
        for session, _ in asked.values():
            open_sessions.enter_context(session)
        for turn in range(WARM_UP + SCRIPT_ROUNDS):
            for name, (session, question) in asked.items():
                began = time.perf_counter()
                session.ask(**question)
                session.take()
                if turn >= WARM_UP:
                    samples[name].add((time.perf_counter() - began) * 1000)
    report.heading(
        f"Scripts: request to end of script over a raw websocket, {SCRIPT_ROUNDS} each in turn, in milliseconds. "
        f"Budget: median {SCRIPT_BUDGET_MS}."
    )
    for one in samples.values():
        mark = report.judge(f"script of {one.name}: {one.median:.0f} ms", one.median, SCRIPT_BUDGET_MS)
        report.line(f"{one.name:<32} median {one.median:>6.1f}   p95 {one.p95:>6.1f}{mark}")


def measure_search(engine: Engine, number: str, name: str, report: Report) -> None:
    """Every kind of text people type, in turn."""
    texts = {
        "account number": number,
        "part of a number": number[:3],
        "name": name[:6],
        "part of a phone number": "0491 57",
        "part of an e-mail": "accounts@",
        "two letters": "co",
        "nothing there": "zzzz qqqq",
    }
    samples = {kind: Samples(kind) for kind in texts}
    with engine.connect() as connection:
        for turn in range(WARM_UP + SEARCH_ROUNDS):
            for kind, text in texts.items():
                began = time.perf_counter()
                search.search(connection, text, limit=8)
                if turn >= WARM_UP:
                    samples[kind].add((time.perf_counter() - began) * 1000)
    report.heading(
        f"Search in the demo's data, {SEARCH_ROUNDS} times each, in milliseconds. Budget: p95 {SEARCH_BUDGET_MS}."
    )
    for one in samples.values():
        mark = report.judge(f"search for {one.name}: p95 {one.p95:.1f} ms", one.p95, SEARCH_BUDGET_MS)
        report.line(f"{one.name:<32} median {one.median:>6.2f}   p95 {one.p95:>6.2f}{mark}")


def measure_rename(folder: Path, number: str, report: Report) -> None:
    """A rename by the runner, from the click to the end of the run, compared with its two writes alone."""
    logs.configure("WARNING")
    engine = make_engine(f"sqlite:///{folder / 'hub.db'}")
    actor = somebody("bench@demo.example", "Bench", Role.SUPPORT_LEAD)
    let_in(engine, actor)
    with ZuoraStandin(folder, CLIENT_ID, CLIENT_SECRET) as standin:
        zuora = Zuora(ZuoraConfig(url=standin.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
        settings = Settings(data_dir=folder, zuora_url=standin.url)
        sbc = KamailioSbc(SbcConfig(url="http://127.0.0.1:9", token="not-used-by-a-rename"))
        mailer = Mailer(
            MailConfig(host="127.0.0.1", port=9, security="none", username="", password="", sender=settings.mail_from)
        )
        services = Services(settings=settings, engine=engine, zuora=zuora, sbc=sbc, mailer=mailer)
        runner = Runner(services, ACTIONS)
        runner.open()
        try:
            planned, ran, raw = Samples("plan"), Samples("run"), Samples("writes")
            for turn in range(1 + RENAMES):
                plan_ms, run_ms = _by_runner(runner, number, actor)
                raw_ms = _by_hand(services, number)
                if turn:
                    planned.add(plan_ms)
                    ran.add(run_ms)
                    raw.add(raw_ms)
        finally:
            runner.close()
            zuora.close()
            engine.dispose()
    report.heading(f"Rename, {RENAMES} times in turn with its bare writes, in milliseconds. No budget.")
    for name, one in (
        ("plan (reads both systems)", planned),
        ("run, click to done", ran),
        ("its two writes alone", raw),
    ):
        report.line(f"{name:<32} median {one.median:>6.0f}   p95 {one.p95:>6.0f}")
    report.line(f"{'run / writes':<32} {ran.median / raw.median:>13.1f}")


def _by_runner(runner: Runner, number: str, actor: Identity) -> tuple[float, float]:
    began = time.perf_counter()
    plan = runner.plan("rename", number, {"name": _new_name()}, actor)
    planned = time.perf_counter()
    run_id = runner.start(plan, actor)
    while (state := runner.progress(run_id).run.state) == "running":
        time.sleep(0.005)
    assert state == "done", state
    return (planned - began) * 1000, (time.perf_counter() - planned) * 1000


def _by_hand(services: Services, number: str) -> float:
    with services.engine.connect() as connection:
        account = accounts.get_account(connection, number)
    assert account.zuora_id is not None
    name = _new_name()
    began = time.perf_counter()
    services.zuora.rename_account(account.zuora_id, name, track="bench")
    with writing(services.engine) as connection:
        accounts.rename_account(connection, number, before=account.name, after=name)
    return (time.perf_counter() - began) * 1000


def _new_name() -> str:
    return f"Bench {secrets.token_hex(4)}"
