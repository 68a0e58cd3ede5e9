"""The Hub database and the clients of the outside systems, for actions and live reads."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lib.clients.mail import Mailer
from lib.clients.sbc import Sbc
from lib.clients.zuora import Zuora, ZuoraAccount
from lib.settings import Settings


@dataclass(frozen=True)
class Services:
    """The Hub database and the outside systems."""

    settings: Settings
    engine: Engine
    zuora: Zuora
    sbc: Sbc
    mailer: Mailer

    def read_zuora(self, key: str) -> ZuoraAccount:
        """The account in Zuora, for somebody who waits: one attempt of at most `AM_ZUORA_PAGE_SECONDS`.

        Raises:
            RemoteError: Zuora did not answer in that time, or refused.
        """
        return self.zuora.account(key, quick_seconds=self.settings.zuora_page_seconds)

    def today(self) -> date:
        """Today in the time zone of the product (`AM_TIME_ZONE`)."""
        return datetime.now(ZoneInfo(self.settings.time_zone)).date()
