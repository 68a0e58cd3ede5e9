"""Start everything a process needs, once: settings, database, stand-ins of the demo, clients, runner.

`server.py` does it before the first request, so that unfinished runs go on without a browser. With
`streamlit run Home.py` the first page does it; the lock makes sure that there is only one start.
"""

import gc
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import Engine

from lib import logs
from lib.actions.catalogue import ACTIONS
from lib.actions.engine.runner import Runner
from lib.actions.numbers.keeper import RuleKeeper
from lib.app.live import LiveReads
from lib.clients.mail import MailConfig, Mailer
from lib.clients.sbc import KamailioSbc, SbcConfig
from lib.clients.zuora import Zuora, ZuoraConfig
from lib.private import close_to_others, make_folder
from lib.services import Services
from lib.settings import Environment, Settings, SettingsError, load
from lib.store import migrate, people
from lib.store.engine import make_engine
from lib.store.ready import WriteCheck

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class App:
    """The started process and what it holds, as pages and tests use it."""

    services: Services
    runner: Runner
    live: LiveReads
    writable: WriteCheck

    @property
    def settings(self) -> Settings:
        """The settings this process was started with."""
        return self.services.settings

    def problem(self) -> str | None:
        """Why this process cannot do its work now; None when both databases can be written to."""
        return self.writable.problem()


_lock = threading.Lock()
_app: App | None = None
_undo = ExitStack()


def start(settings: Settings | None = None) -> App:
    """The started app; the first call starts it, later calls return the same one.

    Raises:
        SettingsError: the settings do not allow a start.
    """
    global _app, _undo
    with _lock:
        if _app is None:
            # When a part fails to start, the parts before it are ended, so that the next try starts clean.
            with ExitStack() as undo:
                _app = _start(settings or load(), undo)
                _undo = undo.pop_all()
            # What is loaded now stays: the garbage collector need not look at it again.
            gc.collect()
            gc.freeze()
        return _app


def started() -> App | None:
    """The started app, without waiting for a start; None before the start and after the stop."""
    return _app


def stop() -> None:
    """Stop what `start` started, in reverse order. Runs under way go on in another process or at the next start."""
    global _app
    with _lock:
        _app = None
        _undo.close()


def _start(settings: Settings, undo: ExitStack) -> App:
    logs.configure(settings.log_level)
    close_files(settings)
    migrate.upgrade(settings.database)
    engine = make_engine(settings.database)
    undo.callback(engine.dispose)
    if settings.env is Environment.DEMO:
        from lib.demo import seed_hub

        seed_hub(engine)
    if settings.env is Environment.PRODUCTION:
        with engine.connect() as connection:
            if people.has_demo_people(connection):
                raise SettingsError(
                    "AM_DATABASE_URL names a database with the demo's sign-ins, whose passwords are published. "
                    "Give production a database of its own."
                )
    zuora_url = _start_zuora_standin(settings, undo) if settings.uses_standin_zuora else settings.zuora_url
    zuora = Zuora(
        ZuoraConfig(
            url=zuora_url,
            client_id=settings.zuora_client_id,
            client_secret=settings.zuora_client_secret.get_secret_value(),
            version=settings.zuora_version,
            patience=settings.zuora_patience,
            read_back_seconds=settings.zuora_read_back_seconds,
            entity_id=settings.zuora_entity_id,
            org_ids=settings.zuora_org_ids,
        )
    )
    undo.callback(zuora.close)
    sbc = _connect_sbc(settings, undo)
    mailer = _connect_mail(settings, undo)
    services = Services(settings=settings, engine=engine, zuora=zuora, sbc=sbc, mailer=mailer)
    live = LiveReads(services)
    undo.callback(live.close)
    runner = Runner(services, ACTIONS, background=[RuleKeeper])
    runner.open()
    undo.callback(runner.close)
    log.info("started", env=settings.env.value, executor=runner.executor_id)
    return App(services=services, runner=runner, live=live, writable=_watch_databases(settings, engine, undo))


def _watch_databases(settings: Settings, engine: Engine, undo: ExitStack) -> WriteCheck:
    engines = {"the Hub database": engine}
    if settings.engine_database != settings.database:
        engines["the step engine's database"] = make_engine(settings.engine_database)
        undo.callback(engines["the step engine's database"].dispose)
    writable = WriteCheck(engines)
    undo.callback(writable.close)
    return writable


def close_files(settings: Settings) -> None:
    """Close the files in `AM_DATA_DIR` to everybody but their owner, also those of an earlier version.

    Raises:
        SettingsError: others use the folder as well, or it cannot be used.
    """
    try:
        make_folder(settings.data_dir)
        still_open = close_to_others(settings.data_dir)
    except ValueError as error:
        raise SettingsError(f"AM_DATA_DIR must be a folder of its own: {error}.") from None
    except OSError as error:
        raise SettingsError(f"AM_DATA_DIR ({settings.data_dir}) cannot be used: {error.strerror}.") from None
    if still_open:
        log.warning("files are open to others", folder=str(settings.data_dir), names=still_open)


def _start_zuora_standin(settings: Settings, undo: ExitStack) -> str:
    from lib.demo import load_zuora
    from lib.standins.zuora import ZuoraStandin

    folder = Path(settings.data_dir)
    standin = ZuoraStandin(
        folder,
        client_id=settings.zuora_client_id,
        client_secret=settings.zuora_client_secret.get_secret_value(),
    )
    if standin.state.is_empty():
        load_zuora(standin.state)
    standin.start()
    undo.callback(standin.close)
    return standin.url


def _connect_sbc(settings: Settings, undo: ExitStack) -> KamailioSbc:
    token = settings.sbc_token.get_secret_value()
    url = settings.sbc_url
    if settings.uses_standin_sbc:
        from lib.demo import load_sbc
        from lib.standins.sbc import SbcStandin

        standin = SbcStandin(Path(settings.data_dir), token)
        if standin.state.is_empty():
            load_sbc(standin.state)
        standin.start()
        undo.callback(standin.close)
        url = standin.url
    sbc = KamailioSbc(
        SbcConfig(
            url=url,
            token=token,
            patience=settings.sbc_patience,
            ca_file=settings.sbc_ca_file or None,
            client_certificate=settings.sbc_certificate or None,
            client_key=settings.sbc_key or None,
        )
    )
    undo.callback(sbc.close)
    return sbc


def _connect_mail(settings: Settings, undo: ExitStack) -> Mailer:
    host, port = settings.mail_host, settings.mail_port
    if settings.uses_standin_mail:
        from lib.standins.mail import MailStandin

        standin = MailStandin(Path(settings.data_dir))
        standin.start()
        undo.callback(standin.close)
        host, port = standin.host, standin.port
    try:
        config = MailConfig(
            host=host,
            port=port,
            security=settings.mail_security,
            username=settings.mail_username,
            password=settings.mail_password.get_secret_value(),
            sender=settings.mail_from,
            connect_seconds=settings.mail_connect_seconds,
            read_seconds=settings.mail_read_seconds,
            ca_file=settings.mail_ca_file or None,
        )
    except ValueError as error:
        raise SettingsError(f"the AM_MAIL_ settings do not fit together: {error}.") from error
    return Mailer(config)
