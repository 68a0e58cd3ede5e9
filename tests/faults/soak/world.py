"""The accounts that are deactivated in a soak, and the outside systems around them."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from lib.domain.numbers import national
from lib.standins.mail import MailStandin
from lib.standins.sbc import RuleRecord, SbcStandin
from lib.standins.zuora import ContactRecord, SubscriptionRecord, ZuoraRecord, ZuoraStandin
from lib.store import audit, belongings, runs, schema
from lib.store.engine import writing
from tests.actions.conftest import CLIENT_ID, CLIENT_SECRET, LEAD, SBC_TOKEN, zuora_id
from tests.faults.soak.belongings import NUMBERS, SUBSCRIPTIONS, furnish
from tests.faults.soak.process import CLOSING
from tests.people import let_in

RESERVED = [
    f"+61{area}{block}{last:04}" for area in (2, 3, 7, 8) for block in ("5550", "7010") for last in range(10_000)
]
"""Numbers reserved for fiction."""
BEAT_SECONDS = 0.25


@dataclass
class World:
    """A Hub with accounts that are all alike, the outside systems, and what each account had, by step."""

    engine: Engine
    database_url: str
    folder: Path
    zuora: ZuoraStandin
    sbc: SbcStandin
    mail: MailStandin
    dead_seconds: float = 10.0
    """As in the product: on a busy machine a heartbeat may be seconds late, and a living process must not count as
    dead.
    """
    had: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    bystanders: set[str] = field(default_factory=set)
    troubles: tuple[str, ...] = ()
    """What happens to the machine besides kills."""
    hurt: dict[str, list[int]] = field(default_factory=dict)
    """Server that ran while the disk was full -> the newest event when that began, for each time."""

    def __post_init__(self) -> None:
        let_in(self.engine, LEAD)

    @property
    def closing(self) -> set[str]:
        """The accounts that are to be deactivated."""
        return self.had.keys() - self.bystanders

    def add(self, *, closing: bool = True) -> str:
        """Add an account with hundreds of things, and return its number. Servers see it only when it is complete in
        every system.
        """
        position = len(self.had)
        number = str(3001 + position)
        name = f"{CLOSING if closing else 'Staying'} {number}"
        owned = RESERVED[position * NUMBERS : (position + 1) * NUMBERS]
        assert len(owned) == NUMBERS, "there are no more reserved numbers: fewer kills"
        subscriptions = [f"SUB-{number}-{last}" for last in range(SUBSCRIPTIONS)]
        person = ContactRecord(id=zuora_id(f"person {number}"), first_name="Ada", last_name="Lane")
        self.zuora.state.load(
            [ZuoraRecord(id=zuora_id(number), account_number=f"A{number}", name=name, bill_to=person, sold_to=person)]
        )
        self.zuora.state.load_subscriptions(
            SubscriptionRecord(
                id=zuora_id(subscription),
                number=subscription,
                account_id=zuora_id(number),
                term_start_date=date(2026, 1, 1),
                term_end_date=date(2026, 12, 31),
            )
            for subscription in subscriptions
        )
        self.sbc.state.load(RuleRecord(number=e164, account=number) for e164 in owned)
        with writing(self.engine) as connection:
            furnish(connection, number, name, owned, subscriptions)
            had = {what: set(belongings.list_labels(connection, number, what)) for what in belongings.KINDS}
        had["cancel"] = set(subscriptions)
        had["rules"] = had["numbers"] = {national(e164) for e164 in owned}
        had["portal_users"] |= {f"sign-in owner{number}"}
        self.had[number] = had
        if not closing:
            self.bystanders.add(number)
        return number

    @property
    def log(self) -> Path:
        """The log of the servers. It is not on the disk that is filled, so nothing of it is lost."""
        return (self.folder.parent if "disk" in self.troubles else self.folder) / "server.log"

    def settings(self) -> dict[str, Any]:
        """The settings of a server of this world."""
        local = self.database_url.startswith("sqlite")
        return {
            "data_dir": self.folder,
            "database_url": self.database_url,
            "engine_database_url": f"sqlite:///{self.folder / 'engine.db'}" if local else "",
            "zuora_url": self.zuora.url,
            "zuora_client_id": CLIENT_ID,
            "zuora_client_secret": CLIENT_SECRET,
            "sbc_url": self.sbc.url,
            "sbc_token": SBC_TOKEN,
            "mail_host": self.mail.host,
            "mail_port": self.mail.port,
            "executor_beat_seconds": BEAT_SECONDS,
            "executor_dead_seconds": self.dead_seconds,
        }

    def waiting(self) -> int:
        """How many accounts no server has begun with."""
        with self.engine.connect() as connection:
            begun = connection.execute(select(func.count()).select_from(schema.action_run)).scalar_one()
        return len(self.closing) - int(begun)

    def settled(self) -> bool:
        """True when nothing is left to do: every account has a run, all have ended, no number waits for its rule."""
        with self.engine.connect() as connection:
            states = list(connection.execute(select(schema.action_run.c.state)).scalars())
            noted = connection.execute(select(func.count()).select_from(schema.rule_change)).scalar_one()
        return "failed" in states or (states == ["done"] * len(self.closing) and not noted)

    def newest(self) -> int:
        """The number of the newest event of the audit."""
        with self.engine.connect() as connection:
            return audit.head(connection).sequence

    def age(self, executor: str) -> None:
        """Forget a killed server, as if it had stopped by itself, so that the soak need not wait until it counts as
        dead.
        """
        with writing(self.engine) as connection:
            runs.forget_executor(connection, executor)
