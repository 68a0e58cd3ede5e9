"""Every setting of the product, read from `AM_*` environment variables and `.env`.

`docs/settings.md` documents each of them; a test fails when one is missing there.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lib.patience import Patience

PROJECT = Path(__file__).resolve().parent.parent.parent
_ZUORA_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Environment(StrEnum):
    """Where this process runs. It decides which stand-ins are allowed."""

    DEMO = "demo"
    STAGING = "staging"
    PRODUCTION = "production"


class SettingsError(ValueError):
    """The process cannot start with these settings. The text names the setting and what to do."""


class Settings(BaseSettings):
    """The settings of one process. Build it with `load()`, which also checks them."""

    model_config = SettingsConfigDict(env_prefix="AM_", env_file=".env", extra="ignore", frozen=True)

    env: Environment = Environment.DEMO
    data_dir: Path = PROJECT / "var"
    address: str = "127.0.0.1"
    port: int = Field(default=8501, ge=1, le=65535)
    allowed_hosts: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    time_zone: str = "Australia/Melbourne"

    database_url: str = ""
    engine_database_url: str = ""
    executor_beat_seconds: float = Field(default=2.0, gt=0)
    executor_dead_seconds: float = Field(default=10.0, gt=0)
    step_attempts: int = Field(default=4, ge=1)
    step_retry_seconds: float = Field(default=1.0, gt=0)
    database_patience_minutes: float = Field(default=15.0, ge=0)
    plan_minutes: float = Field(default=5.0, gt=0)
    four_eyes: bool = False

    cookie_key: SecretStr = SecretStr("")
    sign_in_hours: float = Field(default=8.0, gt=0, le=24)
    sign_in_attempts: int = Field(default=8, ge=1)
    sign_in_address_attempts: int = Field(default=40, ge=1)
    sign_in_lock_minutes: float = Field(default=15.0, gt=0)

    zuora_url: str = ""
    zuora_web_url: str = ""
    zuora_client_id: str = ""
    zuora_client_secret: SecretStr = SecretStr("")
    zuora_version: str = "2025-08-12"
    zuora_connect_seconds: float = Field(default=5.0, gt=0)
    zuora_read_seconds: float = Field(default=60.0, gt=0)
    zuora_page_seconds: float = Field(default=10.0, gt=0)
    zuora_attempts: int = Field(default=4, ge=1)
    zuora_retry_seconds: float = Field(default=60.0, gt=0)
    zuora_concurrency: int = Field(default=20, ge=1)
    zuora_read_back_seconds: float = Field(default=5.0, gt=0)
    zuora_entity_id: str = ""
    zuora_org_ids: str = ""
    zuora_cache_seconds: float = Field(default=30.0, ge=0)
    page_wait_seconds: float = Field(default=0.8, ge=0)

    sbc_url: str = ""
    sbc_token: SecretStr = SecretStr("")
    sbc_ca_file: str = ""
    sbc_certificate: str = ""
    sbc_key: str = ""
    sbc_connect_seconds: float = Field(default=5.0, gt=0)
    sbc_read_seconds: float = Field(default=30.0, gt=0)
    sbc_page_seconds: float = Field(default=10.0, gt=0)
    sbc_attempts: int = Field(default=4, ge=1)
    sbc_retry_seconds: float = Field(default=30.0, gt=0)
    sbc_concurrency: int = Field(default=8, ge=1)
    suspend_after_days: int = Field(default=7, ge=0)

    mail_host: str = ""
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["none", "starttls", "tls"] = "starttls"
    mail_username: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_from: str = "Account Manager <no-reply@example.com>"
    mail_contact: str = "our billing team"
    mail_ca_file: str = ""
    mail_connect_seconds: float = Field(default=5.0, gt=0)
    mail_read_seconds: float = Field(default=30.0, gt=0)

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the Hub database; a SQLite file under `data_dir` when none is set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hub.db'}"

    @property
    def engine_database(self) -> str:
        """SQLAlchemy URL of the step engine's own tables: the Hub's server on PostgreSQL, else a file."""
        if self.engine_database_url:
            return self.engine_database_url
        if self.database_url and not self.database_url.startswith("sqlite"):
            return self.database_url
        return f"sqlite:///{self.data_dir / 'engine.db'}"

    @property
    def uses_standin_zuora(self) -> bool:
        """True when this process has to start the Zuora stand-in itself."""
        return not self.zuora_url

    @property
    def uses_standin_sbc(self) -> bool:
        """True when this process has to start the SBC stand-in itself."""
        return not self.sbc_url

    @property
    def uses_standin_mail(self) -> bool:
        """True when this process has to start the mail stand-in itself: the demo sends no real e-mail."""
        return not self.mail_host

    @property
    def zuora_patience(self) -> Patience:
        """How long the Zuora client waits in a run."""
        return Patience(
            connect_seconds=self.zuora_connect_seconds,
            read_seconds=self.zuora_read_seconds,
            attempts=self.zuora_attempts,
            retry_seconds=self.zuora_retry_seconds,
            concurrency=self.zuora_concurrency,
        )

    @property
    def sbc_patience(self) -> Patience:
        """How long the SBC client waits in a run."""
        return Patience(
            connect_seconds=self.sbc_connect_seconds,
            read_seconds=self.sbc_read_seconds,
            attempts=self.sbc_attempts,
            retry_seconds=self.sbc_retry_seconds,
            concurrency=self.sbc_concurrency,
        )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("it is not the name of a time zone, such as Australia/Melbourne") from error
        return name

    @field_validator("zuora_entity_id")
    @classmethod
    def _one_entity(cls, text: str) -> str:
        text = text.strip()
        if text and not _ZUORA_ID.fullmatch(text):
            raise ValueError("it must be the id of one entity: letters, digits and hyphens")
        return text

    @field_validator("zuora_org_ids")
    @classmethod
    def _organisations(cls, text: str) -> str:
        ids = [part.strip() for part in text.split(",")] if text.strip() else []
        if not all(_ZUORA_ID.fullmatch(one) for one in ids):
            raise ValueError(
                "it must be the id of an organisation, or several with commas: letters, digits and hyphens"
            )
        return ",".join(dict.fromkeys(ids))

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        # Child processes and the step engine must use the same files, whatever their working folder is.
        object.__setattr__(self, "data_dir", self.data_dir.expanduser().absolute())
        return self
